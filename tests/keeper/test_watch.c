/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_watch.c - a rotation is known before a login has to find out, and what that costs. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "keeper/cache.h"
#include "keeper/stages.h"
#include "keeper/watch.h"
#include "tests/keeper/world.h"

#define TICK_MS   500
#define MINUTE_MS 60000
#define ID        "prod/orders/db"

static struct service {
    int values, maps; /* calls */
    const char *current, *pending;
    int64_t next_rotation_ms;
} service;

static struct cache *cache;
static struct watch *watch;

static enum smcred_status fetch(void *arg, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    (void)arg, (void)query, (void)err;
    service.values++;
    *out_snapshot = world_snapshot(service.current, "app", service.current);
    return SMCRED_OK;
}

static void put(struct sm_stage_map *map, const char *label, const char *version_id)
{
    if (!version_id)
        return;
    struct sm_stage *stage = &map->list[map->count++];
    snprintf(stage->label, sizeof stage->label, "%s", label);
    snprintf(stage->version_id, sizeof stage->version_id, "%s", version_id);
}

static enum smcred_status read_map(void *arg, const struct sm_source_query *query,
                                   struct sm_stage_map *out_map, struct sm_error *err)
{
    (void)arg, (void)query, (void)err;
    service.maps++;
    out_map->count = 0;
    out_map->fixed = true;
    out_map->deleted = false;
    out_map->rotated_at_ms = 0;
    out_map->next_rotation_ms = service.next_rotation_ms;
    put(out_map, "AWSCURRENT", service.current);
    put(out_map, "AWSPENDING", service.pending);
    return SMCRED_OK;
}

static int setup(void **state)
{
    (void)state;
    world_begin(1, 1000);
    service = (struct service){.current = "v1"};
    struct cache_options options = {.base = world.base,
                                    .workers = world.workers,
                                    .source = {fetch, NULL, NULL, read_map},
                                    .limits = cache_limits_default(),
                                    .now_ms = world_now,
                                    .random = world_random};
    options.limits.ttl_ms = 100 * MINUTE_MS; /* so that every map is the watch's */
    assert_int_equal(cache_new(&options, &cache), SMCRED_OK);
    struct watch_options how = {cache, world_now, world_now};
    assert_int_equal(watch_new(&how, &watch), SMCRED_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_stop_workers();
    watch_free(watch);
    cache_free(cache);
    world_end();
    return 0;
}

static void answered(void *arg, const struct cache_answer *answer)
{
    (void)arg;
    assert_int_equal(answer->status, SMCRED_OK);
}

static void use(const char *id)
{
    cache_get(cache, &(struct cache_query){.id = id, .deadline_ms = world.now_ms + 10000}, answered,
              NULL, NULL);
    world_settle();
}

static void limits(int64_t every_ms, unsigned calls_per_minute)
{
    watch_set_limits(watch, &(struct watch_limits){every_ms, calls_per_minute});
}

/* Time passes, tick by tick; returns the maps read meanwhile. */
static int pass(int64_t ms)
{
    int before = service.maps;
    for (int64_t until = world.now_ms + ms; world.now_ms < until;) {
        world.now_ms += TICK_MS;
        watch_tick(watch);
        world_settle();
    }
    return service.maps - before;
}

static void looks_at_what_is_in_use_and_only_then(void **state)
{
    (void)state;
    limits(30000, 60);
    use(ID);
    assert_in_range(pass(5 * MINUTE_MS), 9, 10);
    assert_int_equal(service.values, 1); /* nothing has changed */
    (void)pass(6 * MINUTE_MS);
    assert_int_equal(pass(10 * MINUTE_MS), 0);
    use(ID);
    assert_in_range(pass(5 * MINUTE_MS), 9, 10);
}

static void fetches_a_new_version_before_anybody_asks(void **state)
{
    (void)state;
    limits(30000, 60);
    use(ID);
    use(ID);
    service.current = "v2";
    (void)pass(31000);
    assert_int_equal(service.values, 2);
    use(ID);
    assert_int_equal(service.values, 2);
}

static void looks_closely_while_a_rotation_is_under_way(void **state)
{
    (void)state;
    limits(30000, 60);
    use(ID);
    service.pending = "v2";
    (void)pass(31000);
    assert_in_range(pass(MINUTE_MS), 29, 30);
    service.current = "v2";
    service.pending = NULL;
    (void)pass(3000);
    assert_in_range(pass(MINUTE_MS), 1, 2);
    service.pending = "v3"; /* and that never ends */
    for (int i = 0; i < 6; i++) {
        use(ID);
        (void)pass(6 * MINUTE_MS);
    }
    assert_in_range(pass(MINUTE_MS), 1, 2);
}

static void looks_closely_when_a_rotation_is_due(void **state)
{
    (void)state;
    limits(0, 60);
    service.next_rotation_ms = world.now_ms + 3 * MINUTE_MS;
    use(ID);
    use(ID);
    assert_int_equal(pass(MINUTE_MS), 0); /* nobody knows the date yet */
    cache_stages(cache, &(struct cache_query){.id = ID, .deadline_ms = world.now_ms + 10000},
                 answered, NULL, NULL);
    world_settle();
    assert_int_equal(pass(MINUTE_MS), 0);
    (void)pass(MINUTE_MS);
    service.current = "v2";
    assert_in_range(pass(10000), 3, 5);
    assert_int_equal(service.values, 2);
    service.next_rotation_ms = world.now_ms + 100 * MINUTE_MS;
    (void)pass(3000);
    assert_int_equal(pass(MINUTE_MS), 0);
}

static void never_costs_more_than_it_may(void **state)
{
    (void)state;
    char id[100][8];
    limits(2000, 20);
    service.pending = "v2";
    for (int i = 0; i < 100; i++) {
        snprintf(id[i], sizeof *id, "s%d", i);
        use(id[i]);
    }
    for (int minute = 0; minute < 9; minute++)
        assert_in_range(pass(MINUTE_MS), 19, 21);
    limits(2000, 0);
    assert_int_equal(pass(MINUTE_MS), 0);
    limits(2000, 20);
    assert_in_range(pass(10000), 1, 5); /* what was not used up is not saved */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
SM_TEST_MAIN(TEST(looks_at_what_is_in_use_and_only_then),
             TEST(fetches_a_new_version_before_anybody_asks),
             TEST(looks_closely_while_a_rotation_is_under_way),
             TEST(looks_closely_when_a_rotation_is_due), TEST(never_costs_more_than_it_may))
