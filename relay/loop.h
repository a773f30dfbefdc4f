/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * loop.h - the relay's event loop: edge-triggered epoll, timers, and a second turn for the busy.
 *
 * Edge-triggered, because then a transaction costs no epoll_ctl(2): a descriptor is registered
 * once, and whoever is called must read until there is no more, or ask for another turn.
 * Writability is watched only on request: Unix sockets report it at every read of the peer.
 */
#ifndef RELAY_LOOP_H
#define RELAY_LOOP_H

#include "common/bytes.h"
#include "libsmcred/smcred.h"

struct relay_watch {
    int fd;                                                    /* -1: not watched */
    void (*ready)(struct relay_watch *watch, uint32_t events); /* events as in epoll_wait(2) */
    bool wants_write;
    bool again; /* in the loop's list for another turn */
    struct relay_watch *next_again;
};

struct relay_timer {
    void (*expired)(struct relay_timer *timer);
    int64_t at_ms; /* 0: not armed */
    struct relay_timer *next, *previous;
};

struct relay_loop {
    int epoll;
    bool stop;
    unsigned lone; /* rounds of one event each, in a row */
    struct relay_watch *again;
    struct relay_timer *timers; /* by at_ms, soonest first */
    /* Called between two rounds, when no event of the last one is pending: the place to free. */
    void (*after_round)(struct relay_loop *loop);
};

/* Errors: SMCRED_SYSTEM. */
SM_MUST_CHECK enum smcred_status relay_loop_init(struct relay_loop *loop);
void relay_loop_done(struct relay_loop *loop);
/* Until somebody sets `stop`. */
void relay_loop_run(struct relay_loop *loop);

/* The watch's `ready` is set before.  The descriptor stays the caller's.  Errors: SMCRED_SYSTEM. */
SM_MUST_CHECK enum smcred_status relay_loop_watch(struct relay_loop *loop,
                                                  struct relay_watch *watch, int fd, bool write);
/* Forgets the descriptor, sets watch->fd to -1 and returns it, for the caller to close. */
int relay_loop_forget(struct relay_loop *loop, struct relay_watch *watch);
void relay_loop_want_write(struct relay_loop *loop, struct relay_watch *watch, bool write);
/* Another turn soon, with events 0: there may be more to read, and others wait too. */
void relay_loop_again(struct relay_loop *loop, struct relay_watch *watch);

/* At `at_ms` of sm_boot_ms(); arming again moves it. */
void relay_loop_arm(struct relay_loop *loop, struct relay_timer *timer, int64_t at_ms);
void relay_loop_disarm(struct relay_loop *loop, struct relay_timer *timer);

#endif
