/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch.h - knowing early: the stage maps of the secrets in use are read every now and then, so
 * that a rotation is noticed before a login has to find out.
 *
 * A map is one DescribeSecret and carries no value.  What one says is the cache's to act on
 * (cache_stages()).  With `batch` one ListSecrets looks at many of them first, and whose map has
 * changed, or was not to be seen, gets that look.
 */
#ifndef KEEPER_WATCH_H
#define KEEPER_WATCH_H

#include "keeper/cache.h"

struct watch;

/* All zero: nothing is watched. */
struct watch_limits {
    int64_t every_ms;          /* between two looks at one secret; 0: never */
    unsigned calls_per_minute; /* for all secrets together */
    bool batch;                /* many secrets in one call, where that is possible */
};

struct watch_options {
    struct cache *cache;
    int64_t (*now_ms)(void);  /* sm_boot_ms */
    int64_t (*wall_ms)(void); /* sm_wall_ms, in which Secrets Manager speaks of times */
    /* Many at once is not possible, and not tried again for an hour.  For the log; may be NULL. */
    void (*refused)(enum smcred_status status, const struct sm_error *err);
};

SM_MUST_CHECK enum smcred_status watch_new(const struct watch_options *options,
                                           struct watch **out_watch);
/* Before cache_free().  NULL is allowed. */
void watch_free(struct watch *watch);
/* For a reload. */
void watch_set_limits(struct watch *watch, const struct watch_limits *limits);

/* Looks at what is due: at secrets used within the last ten minutes, and every WATCH_CLOSE_MS at
 * those whose rotation is under way, or due by their NextRotationDate. */
#define WATCH_CLOSE_MS  2000
#define WATCH_CALLS_MAX 6000
void watch_tick(struct watch *watch);

#endif
