/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * loop.c - one thread waits here for everything.
 *
 * Timers exist only while somebody logs in, so a list in order is enough, and the loop asks for the
 * time only while it is not empty.
 */
#include "relay/loop.h"

#include <limits.h>
#include <sys/epoll.h>
#include <time.h>

#include "common/clock.h"

#define EVENTS_MAX 64    /* of one round */
#define LONE_MIN   16    /* rounds of one event each, in a row: one conversation, going fast */
#define LINGER_NS  20000 /* shorter than falling asleep and being woken on another processor */

enum smcred_status relay_loop_init(struct relay_loop *loop)
{
    *loop = (struct relay_loop){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    return loop->epoll < 0 ? SMCRED_SYSTEM : SMCRED_OK;
}

void relay_loop_done(struct relay_loop *loop)
{
    sm_close_fd(&loop->epoll);
}

static struct epoll_event interest(struct relay_watch *watch)
{
    return (struct epoll_event){
        .events = EPOLLIN | EPOLLRDHUP | EPOLLET | (watch->wants_write ? (uint32_t)EPOLLOUT : 0),
        .data.ptr = watch,
    };
}

enum smcred_status relay_loop_watch(struct relay_loop *loop, struct relay_watch *watch, int fd,
                                    bool write)
{
    watch->wants_write = write;
    struct epoll_event event = interest(watch);
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return SMCRED_SYSTEM;
    watch->fd = fd;
    return SMCRED_OK;
}

static void leave_again_list(struct relay_loop *loop, struct relay_watch *watch)
{
    struct relay_watch **link = &loop->again;
    while (*link && *link != watch)
        link = &(*link)->next_again;
    if (*link)
        *link = watch->next_again;
    watch->again = false;
}

int relay_loop_forget(struct relay_loop *loop, struct relay_watch *watch)
{
    int fd = watch->fd;
    if (fd < 0)
        return -1;
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL); /* it was added */
    if (watch->again)
        leave_again_list(loop, watch);
    watch->fd = -1;
    return fd;
}

void relay_loop_want_write(struct relay_loop *loop, struct relay_watch *watch, bool write)
{
    if (watch->fd < 0 || watch->wants_write == write)
        return;
    watch->wants_write = write;
    struct epoll_event event = interest(watch);
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &event); /* it was added */
}

void relay_loop_again(struct relay_loop *loop, struct relay_watch *watch)
{
    if (watch->again || watch->fd < 0)
        return;
    struct relay_watch **link = &loop->again;
    while (*link)
        link = &(*link)->next_again;
    watch->again = true;
    watch->next_again = NULL;
    *link = watch;
}

void relay_loop_disarm(struct relay_loop *loop, struct relay_timer *timer)
{
    if (timer->at_ms == 0)
        return;
    if (timer->previous)
        timer->previous->next = timer->next;
    else
        loop->timers = timer->next;
    if (timer->next)
        timer->next->previous = timer->previous;
    timer->at_ms = 0;
    timer->next = timer->previous = NULL;
}

void relay_loop_arm(struct relay_loop *loop, struct relay_timer *timer, int64_t at_ms)
{
    struct relay_timer *before = NULL;
    relay_loop_disarm(loop, timer);
    struct relay_timer *after = loop->timers;
    while (after && after->at_ms <= at_ms) {
        before = after;
        after = after->next;
    }
    timer->at_ms = at_ms > 0 ? at_ms : 1;
    timer->previous = before;
    timer->next = after;
    if (before)
        before->next = timer;
    else
        loop->timers = timer;
    if (after)
        after->previous = timer;
}

static int wait_ms(const struct relay_loop *loop)
{
    if (loop->again)
        return 0;
    if (!loop->timers)
        return -1;
    int64_t left = loop->timers->at_ms - sm_boot_ms();
    if (left <= 0)
        return 0;
    return left > INT_MAX ? INT_MAX : (int)left;
}

/* One a round; those behind it keep the next epoll_wait(2) from waiting. */
static void give_second_turn(struct relay_loop *loop)
{
    struct relay_watch *watch = loop->again;
    if (!watch)
        return;
    leave_again_list(loop, watch);
    watch->ready(watch, 0);
}

static void expire_timers(struct relay_loop *loop)
{
    while (loop->timers && loop->timers->at_ms <= sm_boot_ms()) {
        struct relay_timer *timer = loop->timers;
        relay_loop_disarm(loop, timer);
        timer->expired(timer);
    }
}

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/*
 * The next event of a lone conversation is often nearer than sleep: looks for it a moment.  Not for
 * several sessions, whose events are better collected, nor again soon when it was in vain.
 */
static int linger(struct relay_loop *loop, struct epoll_event *events)
{
    int count = 0;
    if (loop->lone < LONE_MIN || loop->again)
        return 0;
    int64_t until_ns = now_ns() + LINGER_NS;
    do
        count = epoll_wait(loop->epoll, events, EVENTS_MAX, 0);
    while (count == 0 && now_ns() < until_ns);
    if (count == 0)
        loop->lone = 0;
    return count;
}

static int await(struct relay_loop *loop, struct epoll_event *events)
{
    int count = linger(loop, events);
    if (count == 0)
        count = epoll_wait(loop->epoll, events, EVENTS_MAX, wait_ms(loop));
    loop->lone = count == 1 ? loop->lone + 1 : 0;
    return count;
}

void relay_loop_run(struct relay_loop *loop)
{
    while (!loop->stop) {
        struct epoll_event events[EVENTS_MAX];
        int count = await(loop, events);
        for (int i = 0; i < count; i++) {
            struct relay_watch *watch = events[i].data.ptr;
            if (watch->fd >= 0) /* else somebody of this round ended it */
                watch->ready(watch, events[i].events);
        }
        give_second_turn(loop);
        expire_timers(loop);
        if (loop->after_round)
            loop->after_round(loop);
    }
}
