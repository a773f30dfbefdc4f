/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * last_words.c - a loopback connection that says one thing and ends.
 *
 * Part of libcommon, and compiled into the shim as well: hence no libc.
 */
#include "common/last_words.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "common/raw.h"

/* A listening socket on a port of the kernel's choice. */
static int listen_on_loopback(struct sockaddr_in *out_address)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    uint8_t *loopback = (uint8_t *)&address.sin_addr;
    loopback[0] = 127;
    loopback[3] = 1;
    socklen_t len = sizeof address;
    long fd = RAW(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return (int)fd;
    const struct timeval patience = {.tv_sec = 1}; /* for accept(), whose peer is ourselves */
    (void)RAW(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    long result = RAW(SYS_bind, fd, &address, sizeof address);
    if (result == 0)
        result = RAW(SYS_listen, fd, 1);
    if (result == 0)
        result = RAW(SYS_getsockname, fd, &address, &len);
    if (result != 0) {
        (void)RAW(SYS_close, fd);
        return (int)result;
    }
    *out_address = address;
    return (int)fd;
}

/* Connects to `listener` and accepts: *out_far is the end we speak on, the result the caller's. */
static int connect_pair(int listener, const struct sockaddr_in *address, int *out_far)
{
    struct sockaddr_in near_name = {0}, peer = {0};
    socklen_t near_len = sizeof near_name, peer_len = sizeof peer;
    long near = RAW(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (near < 0)
        return (int)near;
    long result = RAW(SYS_connect, near, address, sizeof *address); /* loopback: at once */
    if (result == 0)
        result = RAW(SYS_getsockname, near, &near_name, &near_len);
    long far = -1;
    if (result == 0)
        result = far = RAW(SYS_accept4, listener, &peer, &peer_len, SOCK_CLOEXEC);
    if (result >= 0 && peer.sin_port != near_name.sin_port) { /* somebody else was here first */
        (void)RAW(SYS_close, far);
        result = -ECONNREFUSED;
    }
    if (result < 0) {
        (void)RAW(SYS_close, near);
        return (int)result;
    }
    *out_far = (int)far;
    return (int)near;
}

int sm_last_words(const char *message, size_t len)
{
    struct sockaddr_in address;
    int far = -1;
    int listener = listen_on_loopback(&address);
    if (listener < 0)
        return listener;
    int near = connect_pair(listener, &address, &far);
    (void)RAW(SYS_close, listener);
    if (near < 0)
        return near;
    /* A fresh socket has room for it; if not, the client sees a connection that ends. */
    (void)RAW(SYS_sendto, far, message, len, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
    (void)RAW(SYS_close, far);
    return near;
}
