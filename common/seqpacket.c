/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seqpacket.c - packets and descriptors over Unix sockets, always with a deadline.
 */
#include "common/seqpacket.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/clock.h"

void sm_fds_close(struct sm_fds *fds)
{
    for (size_t i = 0; i < fds->count; i++)
        sm_close_fd(&fds->fd[i]);
    fds->count = 0;
}

/* Waits until `fd` is ready for `events` or the deadline has passed. */
static enum smcred_status wait_for(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left = deadline_ms - sm_boot_ms();
        if (left <= 0)
            return SMCRED_TIMED_OUT;
        struct pollfd ready = {.fd = fd, .events = events};
        int count = poll(&ready, 1, left > 60000 ? 60000 : (int)left);
        if (count > 0)
            return SMCRED_OK; /* an error shows in the call that follows */
        if (count < 0 && errno != EINTR)
            return SMCRED_SYSTEM;
    }
}

static enum smcred_status status_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
    case ENOENT:
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
        return SMCRED_UNAVAILABLE;
    case EMSGSIZE:
        return SMCRED_TOO_LARGE;
    default:
        errno = error;
        return SMCRED_SYSTEM;
    }
}

enum smcred_status sm_seqpacket_connect(const char *path, int64_t deadline_ms, int *out_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return SMCRED_INVALID;
    memcpy(address.sun_path, path, strlen(path) + 1);
    sm_autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return SMCRED_SYSTEM;
    while (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return status_of(errno);
        /* The listener's queue is full, and poll() does not tell when it has room. */
        if (sm_boot_ms() >= deadline_ms)
            return SMCRED_TIMED_OUT;
        (void)poll(NULL, 0, 1); /* a pause */
    }
    *out_fd = sm_take_fd(&fd);
    return SMCRED_OK;
}

enum smcred_status sm_seqpacket_send(int fd, struct sm_bytes packet, const struct sm_fds *fds,
                                     int64_t deadline_ms)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int) * SM_WIRE_FDS_MAX)];
    } control = {0};
    struct iovec piece = {.iov_base = (void *)(uintptr_t)packet.data, .iov_len = packet.len};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (fds && fds->count > 0) {
        message.msg_control = control.space;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fds->count);
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        assert(rights); /* there is room for it */
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int) * fds->count);
        memcpy(CMSG_DATA(rights), fds->fd, sizeof(int) * fds->count);
    }
    for (;;) {
        if (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return SMCRED_OK;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return status_of(errno);
        enum smcred_status status = wait_for(fd, POLLOUT, deadline_ms);
        if (status != SMCRED_OK)
            return status;
    }
}

/* Moves the descriptors of a received message into `fds`; those that do not fit are closed. */
static bool take_rights(struct msghdr *message, struct sm_fds *fds)
{
    bool fits = !(message->msg_flags & MSG_CTRUNC);
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head; head = CMSG_NXTHDR(message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
            if (fds && fds->count < SM_WIRE_FDS_MAX) {
                fds->fd[fds->count++] = fd;
            } else {
                fits = false;
                sm_close_fd(&fd);
            }
        }
    }
    return fits;
}

enum smcred_status sm_seqpacket_receive(int fd, void *buffer, size_t size, struct sm_fds *fds,
                                        int64_t deadline_ms, size_t *out_len)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int) * SM_WIRE_FDS_MAX)];
    } control;
    struct iovec piece = {.iov_base = buffer, .iov_len = size};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    struct sm_fds arrived = {.count = 0};
    bool reset = false;
    for (;;) {
        message.msg_control = control.space;
        message.msg_controllen = sizeof control.space;
        ssize_t len = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (len < 0 && errno == ECONNRESET && !reset) {
            reset = true; /* what we sent was not read; an answer may lie behind that error */
            continue;
        }
        if (len == 0) { /* the end, or an empty packet, which may bring descriptors all the same */
            (void)take_rights(&message, &arrived);
            sm_fds_close(&arrived);
            return SMCRED_UNAVAILABLE;
        }
        if (len > 0) {
            bool fits = take_rights(&message, &arrived);
            if (!fits || (message.msg_flags & MSG_TRUNC) || (!fds && arrived.count > 0)) {
                sm_fds_close(&arrived);
                return SMCRED_PROTOCOL;
            }
            if (fds)
                *fds = arrived;
            *out_len = (size_t)len;
            return SMCRED_OK;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return status_of(errno);
        enum smcred_status status = wait_for(fd, POLLIN, deadline_ms);
        if (status != SMCRED_OK)
            return status;
    }
}
