/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * world.h - what tests of the keeper's inner modules stand on: a clock that moves when told,
 * numbers that are no surprise, a loop, workers, and snapshots made up on the spot.
 *
 * Include after tests/lib/sm_test.h.  One test program has one world at a time.
 */
#ifndef TESTS_KEEPER_WORLD_H
#define TESTS_KEEPER_WORLD_H

#include <event2/event.h>

#include "common/snapshot.h"
#include "keeper/workers.h"

#define WORLD_START_MS 1000000

static struct world {
    int64_t now_ms;
    uint32_t random;
    struct event_base *base;
    struct workers *workers;
    struct sm_vault *vault;
} world;

static inline int64_t world_now(void)
{
    return world.now_ms;
}

static inline uint32_t world_random(void)
{
    return world.random;
}

static inline void world_begin(size_t threads, size_t queue_max)
{
    world = (struct world){.now_ms = WORLD_START_MS, .random = UINT32_MAX / 2};
    world.base = event_base_new();
    assert_non_null(world.base);
    assert_int_equal(sm_vault_new(&world.vault), SMCRED_OK);
    assert_int_equal(workers_new(world.base, threads, queue_max, &world.workers), SMCRED_OK);
}

/* Before the modules under test are freed. */
static inline void world_stop_workers(void)
{
    workers_free(world.workers);
    world.workers = NULL;
}

/* After they are; the vault checks that no secret is left. */
static inline void world_end(void)
{
    event_base_free(world.base);
    sm_vault_free(world.vault);
}

/* Runs the loop until every job that was submitted is done. */
static inline void world_settle(void)
{
    while (workers_pending(world.workers) > 0)
        assert_int_not_equal(event_base_loop(world.base, EVLOOP_ONCE), -1);
}

static inline struct sm_snapshot *world_snapshot(const char *version_id, const char *username,
                                                 const char *password)
{
    struct sm_snapshot *snapshot;
    struct sm_secret *value = NULL;
    if (password)
        assert_int_equal(sm_secret_new(world.vault, sm_bytes_of(password), &value), SMCRED_OK);
    struct sm_snapshot from = {.name = "prod/orders/db",
                               .arn = "arn:aws:secretsmanager:us-east-1:1:secret:prod/orders/db-a",
                               .version_id = version_id,
                               .stages = "AWSCURRENT",
                               .username = username,
                               .host = "orders-db.internal",
                               .dbname = "orders",
                               .engine = "postgres",
                               .port = 5432,
                               .password = value};
    assert_int_equal(sm_snapshot_new(&from, &snapshot), SMCRED_OK);
    return snapshot;
}

#endif
