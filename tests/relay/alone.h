/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * alone.h - a relay in this process and without a world: whoever includes this plays its parent,
 * its keeper, the clients and the servers.  test_session.c and fuzz_torelay.c do.
 *
 * No server is dialled: connect() gives the relay one end of a pair.  Nothing is waited for, and
 * every nonce is the same.  For programs that are linked with $(relay_alone); included once.
 */
#ifndef TESTS_RELAY_ALONE_H
#define TESTS_RELAY_ALONE_H

#include <openssl/rand.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/oracle.h"
#include "common/seqpacket.h"
#include "relay/relay.h"

#define ALONE_PEERS_MAX  8
#define ALONE_ROUNDS_MAX 10000 /* of one turn, which has a few KB to do at most */
#define ALONE_NONCE      "AAAAAAAAAAAAAAAAAAAAAAAA"

int __real_epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms);
int __wrap_epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_RAND_bytes(unsigned char *buffer, int len);

struct alone_peers {
    int fd[ALONE_PEERS_MAX]; /* our ends, in the order of their coming; -1: gone again */
    size_t count;
};

static struct alone {
    struct relay *relay;
    int parent, keeper; /* our ends */
    struct alone_peers clients, servers;
    struct sockaddr_storage dialled; /* the last one */
    void (*after_round)(struct relay_loop *loop);
    int events; /* of this round */
    int rounds;
} alone;

/* Returns the relay's end, or -1. */
static int alone_pair(struct alone_peers *peers)
{
    int pair[2];
    if (peers->count == ALONE_PEERS_MAX ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    peers->fd[peers->count++] = pair[0];
    return pair[1];
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    memcpy(&alone.dialled, address, len);
    sm_autoclose int theirs = alone_pair(&alone.servers);
    if (theirs < 0 || dup2(theirs, fd) != fd) {
        errno = ECONNREFUSED;
        return -1;
    }
    return 0;
}

int __wrap_RAND_bytes(unsigned char *buffer, int len)
{
    memset(buffer, 0, (size_t)len);
    return 1;
}

int __wrap_epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms)
{
    (void)timeout_ms; /* nobody else will say anything */
    alone.events = __real_epoll_wait(epoll, events, max, 0);
    return alone.events;
}

static void alone_after_round(struct relay_loop *loop)
{
    alone.after_round(loop);
    if (++alone.rounds > ALONE_ROUNDS_MAX)
        abort(); /* it is busy with nothing */
    loop->stop = alone.events <= 0 && !loop->again;
}

/* Until the relay has nothing more to do. */
static void alone_turn(void)
{
    alone.relay->loop.stop = false;
    alone.rounds = 0;
    relay_run(alone.relay);
}

static void alone_new_keeper(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        abort();
    sm_close_fd(&alone.keeper);
    alone.keeper = pair[0];
    relay_keeper_attach(alone.relay, pair[1]);
}

static void alone_begin(const struct relay_deadlines *deadlines)
{
    int pair[2];
    alone = (struct alone){.keeper = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0 ||
        relay_new(pair[1], deadlines, &alone.relay) != SMCRED_OK)
        abort();
    alone.parent = pair[0];
    alone.after_round = alone.relay->loop.after_round;
    alone.relay->loop.after_round = alone_after_round;
    alone_new_keeper();
}

static void alone_close(struct alone_peers *peers)
{
    for (size_t i = 0; i < peers->count; i++)
        sm_close_fd(&peers->fd[i]);
}

static void alone_end(void)
{
    alone.relay->loop.after_round = alone.after_round;
    relay_free(alone.relay);
    alone_close(&alone.clients);
    alone_close(&alone.servers);
    sm_close_fd(&alone.parent);
    sm_close_fd(&alone.keeper);
}

#endif
