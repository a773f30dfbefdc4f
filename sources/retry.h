/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * retry.h - when to try again: AWS's "standard" retry behaviour of November 2026.
 *
 * Three attempts by default; exponential delays with full jitter, 50 ms at first, 1 s when
 * throttled, 20 s at most; the server's x-amz-retry-after as a hint; and a quota, so that a client
 * whose every call fails stops doubling the load.
 */
#ifndef SM_SOURCES_RETRY_H
#define SM_SOURCES_RETRY_H

#include <pthread.h>

#include "common/bytes.h"

#define RETRY_ATTEMPTS 3   /* by default, the first included */
#define RETRY_QUOTA    500 /* tokens of one client */
#define RETRY_NO_HINT  (-1)

/* Time and chance; a test has its own. */
struct retry_world {
    int64_t (*now_ms)(void *context); /* sm_boot_ms()'s clock */
    int64_t (*wall_ms)(void *context);
    void (*sleep_ms)(void *context, int64_t ms);
    double (*random)(void *context); /* 0 <= x < 1 */
    void *context;
};
extern const struct retry_world retry_real_world;

struct retry_quota {
    pthread_mutex_t lock;
    int tokens;
};
#define RETRY_QUOTA_FULL                                                                           \
    (struct retry_quota)                                                                           \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER, .tokens = RETRY_QUOTA                                   \
    }

/*
 * The pause before retry number `retry` (1 is the first).
 *   hint_ms  x-amz-retry-after, or RETRY_NO_HINT
 */
int64_t retry_delay_ms(const struct retry_world *world, unsigned retry, bool throttled,
                       int64_t hint_ms);

/* Takes the price of one retry; false when there is too little left. */
SM_MUST_CHECK bool retry_quota_take(struct retry_quota *quota, bool throttled, int *out_taken);
/* After a success: gives back what its last retry took, or 1. */
void retry_quota_give_back(struct retry_quota *quota, int taken);

#endif
