/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * retry.c - pauses and prices of retries.  Called by awsclient.c.
 */
#include "sources/retry.h"

#include <sys/random.h>
#include <time.h>

#include "common/clock.h"

#define BASE_MS           50
#define BASE_THROTTLED_MS 1000
#define DELAY_MAX_MS      20000
#define HINT_ROOM_MS      5000 /* the server's hint may add this much */
#define PRICE             14
#define PRICE_THROTTLED   5

static int64_t real_now_ms(void *context)
{
    (void)context;
    return sm_boot_ms();
}

static int64_t real_wall_ms(void *context)
{
    (void)context;
    return sm_wall_ms();
}

static void real_sleep_ms(void *context, int64_t ms)
{
    (void)context;
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static double real_random(void *context)
{
    (void)context;
    uint32_t bits = 0;
    (void)!getrandom(&bits, sizeof bits, GRND_NONBLOCK); /* without entropy: no jitter */
    return bits / 4294967296.0;
}

const struct retry_world retry_real_world = {.now_ms = real_now_ms,
                                             .wall_ms = real_wall_ms,
                                             .sleep_ms = real_sleep_ms,
                                             .random = real_random};

int64_t retry_delay_ms(const struct retry_world *world, unsigned retry, bool throttled,
                       int64_t hint_ms)
{
    int64_t ceiling = throttled ? BASE_THROTTLED_MS : BASE_MS;
    for (unsigned i = 1; i < retry && ceiling < DELAY_MAX_MS; i++)
        ceiling *= 2;
    if (ceiling > DELAY_MAX_MS)
        ceiling = DELAY_MAX_MS;
    int64_t delay = (int64_t)(world->random(world->context) * (double)ceiling);
    if (hint_ms <= delay)
        return delay;
    return hint_ms < delay + HINT_ROOM_MS ? hint_ms : delay + HINT_ROOM_MS;
}

bool retry_quota_take(struct retry_quota *quota, bool throttled, int *out_taken)
{
    int price = throttled ? PRICE_THROTTLED : PRICE;
    (void)pthread_mutex_lock(&quota->lock); /* fails only when misused */
    bool enough = quota->tokens >= price;
    if (enough)
        quota->tokens -= price;
    (void)pthread_mutex_unlock(&quota->lock);
    if (enough)
        *out_taken = price;
    return enough;
}

void retry_quota_give_back(struct retry_quota *quota, int taken)
{
    (void)pthread_mutex_lock(&quota->lock); /* fails only when misused */
    quota->tokens += taken > 0 ? taken : 1;
    if (quota->tokens > RETRY_QUOTA)
        quota->tokens = RETRY_QUOTA;
    (void)pthread_mutex_unlock(&quota->lock);
}
