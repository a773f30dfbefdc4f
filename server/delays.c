/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * delays.c - one thread for each delay; they are few, and tests only.  Called by http.
 */
#include "server/delays.h"

#include <pthread.h>
#include <time.h>

struct server_delays {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned waiting;
    bool ending;
};

struct delay {
    struct server_delays *delays;
    struct timespec until; /* CLOCK_MONOTONIC */
    void (*done)(void *context);
    void *context;
};

struct server_delays *server_delays_new(void)
{
    struct server_delays *delays = calloc(1, sizeof *delays);
    pthread_condattr_t attributes;
    if (!delays)
        return NULL;
    (void)pthread_condattr_init(&attributes); /* these cannot fail on Linux */
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&delays->lock, NULL);
    (void)pthread_cond_init(&delays->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return delays;
}

static struct timespec in_ms(unsigned ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail */
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return until;
}

/* False if it has ended. */
static bool count_one(struct server_delays *delays)
{
    (void)pthread_mutex_lock(&delays->lock);
    bool counted = !delays->ending;
    if (counted)
        delays->waiting++;
    (void)pthread_mutex_unlock(&delays->lock);
    return counted;
}

static void count_back(struct server_delays *delays)
{
    (void)pthread_mutex_lock(&delays->lock);
    delays->waiting--;
    (void)pthread_cond_broadcast(&delays->changed);
    (void)pthread_mutex_unlock(&delays->lock);
}

static void *wait_and_do(void *argument)
{
    struct delay *delay = argument;
    struct server_delays *delays = delay->delays;
    (void)pthread_mutex_lock(&delays->lock); /* fails only when misused, as everywhere here */
    while (!delays->ending &&
           pthread_cond_timedwait(&delays->changed, &delays->lock, &delay->until) == 0)
        ;
    (void)pthread_mutex_unlock(&delays->lock);
    delay->done(delay->context);
    free(delay);
    count_back(delays);
    return NULL;
}

void server_delays_add(struct server_delays *delays, unsigned ms, void (*done)(void *context),
                       void *context)
{
    pthread_t thread;
    struct delay *delay = malloc(sizeof *delay);
    if (!delay || !count_one(delays)) {
        free(delay);
        done(context);
        return;
    }
    *delay = (struct delay){delays, in_ms(ms), done, context};
    if (pthread_create(&thread, NULL, wait_and_do, delay) == 0) {
        (void)pthread_detach(thread); /* counted instead of joined */
        return;
    }
    free(delay);
    done(context);
    count_back(delays);
}

void server_delays_end(struct server_delays *delays)
{
    if (!delays)
        return;
    (void)pthread_mutex_lock(&delays->lock);
    delays->ending = true;
    (void)pthread_cond_broadcast(&delays->changed);
    while (delays->waiting > 0)
        (void)pthread_cond_wait(&delays->changed, &delays->lock);
    (void)pthread_mutex_unlock(&delays->lock);
}

void server_delays_free(struct server_delays *delays)
{
    if (!delays)
        return;
    server_delays_end(delays);
    (void)pthread_cond_destroy(&delays->changed); /* nobody waits, nobody holds it */
    (void)pthread_mutex_destroy(&delays->lock);
    free(delays);
}
