/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connect.c - connect(), as every program's sockets call it.
 *
 * An address that is not in the index goes to libc at once.  One that is becomes a connection to
 * the target's relay, handed over by the keeper, or fails: never a connection to anywhere else.
 * What fails says why in the database protocol's own form.
 * Async-signal-safe, as POSIX wants of connect(): psql calls it in its SIGINT handler.
 */
#include "preload/shim.h"

#include <errno.h>
#include <netinet/in.h>

#include "common/last_words.h"
#include "common/raw.h"
#include "common/refusal.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static int libc_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    const struct shim_libc *libc = shim_libc();
    if (libc->connect)
        return libc->connect(fd, address, len);
    long result = RAW(SYS_connect, fd, address, len);
    return result < 0 ? shim_fail((int)-result) : 0;
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    return RAW(SYS_getsockopt, fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

/* True for what a database client connects with.  The rest is the kernel's to judge. */
static bool is_tcp_socket(int fd)
{
    int domain = option(fd, SO_DOMAIN), protocol = option(fd, SO_PROTOCOL);
    return (domain == AF_INET || domain == AF_INET6) && option(fd, SO_TYPE) == SOCK_STREAM &&
           (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

static bool is_connected(int fd)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    return RAW(SYS_getpeername, fd, &peer, &len) == 0;
}

static const char *sqlstate_of(int error)
{
    return error == -EACCES   ? REFUSAL_NOT_ALLOWED
           : error == -EUSERS ? REFUSAL_TOO_MANY
                              : REFUSAL_NOT_NOW;
}

/* There is no connection to be had: the client hears why, in its protocol, or else by errno. */
static int refuse(int fd, const struct shim_target *target, int error, const char *text)
{
    shim_debug("connect", target->entry.name, text);
    int instead = error == -EACCES || error == -ETIMEDOUT ? error : -ECONNREFUSED;
    char message[REFUSAL_MAX];
    size_t len = refusal_write(message, target->entry.engine, sqlstate_of(error), text);
    int last_words = len > 0 ? sm_last_words(message, len) : -1;
    return last_words < 0 ? instead : shim_take_over(fd, last_words);
}

static int connect_to_target(int fd, const struct shim_target *target)
{
    char text[REFUSAL_TEXT_MAX];
    if (is_connected(fd))
        return -EISCONN; /* hiredis asks this way whether its connect() is through */
    int given = shim_ask(target, text, sizeof text);
    if (given < 0)
        return refuse(fd, target, given, text);
    shim_debug("connect", target->entry.name, "connected by the keeper");
    return shim_take_over(fd, given);
}

/*
 * A Unix socket is libc's, as getaddrinfo() gave it to libpq.  Where that fails for a target's, the
 * client would see an errno: it is told the reason instead.
 */
static int connect_to_path(int fd, const struct sockaddr *address, socklen_t len)
{
    struct shim_target target;
    const struct sockaddr_un *path = (const struct sockaddr_un *)(const void *)address;
    if (shim_is_diverted(path, len)) {
        target.entry = (struct index_target){.name = "no target", .engine = INDEX_POSTGRES};
        int refused = refuse(fd, &target, -EACCES, SHIM_DIVERTED_TEXT);
        return refused < 0 ? shim_fail(-refused) : 0;
    }
    int result = libc_connect(fd, address, len);
    int error = result == 0 ? 0 : -shim_errno();
    bool absent = error == -ENOENT || error == -ECONNREFUSED || error == -EACCES;
    if ((!absent && error != -EAGAIN) || option(fd, SO_TYPE) != SOCK_STREAM ||
        !shim_find_path(path, len, &target))
        return result;
    if (error == -EAGAIN)
        error = shim_wait_in_queue(fd, path, len);
    if (error < 0)
        error = refuse(fd, &target, error, shim_sentence(error));
    return error < 0 ? shim_fail(-error) : 0;
}

int shim_connect(int fd, const struct sockaddr *address, socklen_t len) SHIM_INTERPOSE(connect);

int shim_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    struct index_address key;
    struct shim_target target;
    if (address && len > sizeof address->sa_family && address->sa_family == AF_UNIX)
        return connect_to_path(fd, address, len);
    if (!index_key(address, len, &key))
        return libc_connect(fd, address, len);
    enum index_match match = shim_find_address(&key, &target);
    if (match == INDEX_NOT_OURS || !is_tcp_socket(fd))
        return libc_connect(fd, address, len);
    if (match == INDEX_NO_SUCH_PORT) {
        shim_debug("connect", "127.x.y.z", "no target of this host has that port");
        return shim_fail(ECONNREFUSED);
    }
    int result = connect_to_target(fd, &target);
    return result < 0 ? shim_fail(-result) : 0;
}
