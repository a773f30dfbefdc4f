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
    int values, maps, lists; /* calls */
    enum smcred_status list_status;
    const char *unseen; /* in lists */
    int refused;        /* times that the watch has said so */
    const char *current, *pending;
    int64_t next_rotation_ms;
} service;

static struct cache *cache;
static struct watch *watch;

static int64_t wall_ahead_ms; /* of the clock since boot */

static int64_t wall_now(void)
{
    return world.now_ms + wall_ahead_ms;
}

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

static enum smcred_status read_maps(void *arg, const char *const *ids, size_t count,
                                    int64_t deadline_ms, struct sm_stage_map *out_maps,
                                    bool *out_found, struct sm_error *err)
{
    service.lists++;
    if (service.list_status != SMCRED_OK)
        return sm_error_set(err, service.list_status, "no list");
    int maps = service.maps;
    for (size_t i = 0; i < count; i++) {
        out_found[i] = !service.unseen || strcmp(ids[i], service.unseen) != 0;
        struct sm_source_query query = {.secret_id = ids[i], .deadline_ms = deadline_ms};
        (void)read_map(arg, &query, &out_maps[i], err);
    }
    service.maps = maps;
    return SMCRED_OK;
}

static void refused(enum smcred_status status, const struct sm_error *err)
{
    assert_int_equal(status, service.list_status);
    assert_string_equal(err->text, "no list");
    service.refused++;
}

static int setup(void **state)
{
    (void)state;
    world_begin(1, 1000);
    service = (struct service){.current = "v1"};
    struct cache_options options = {
        .base = world.base,
        .workers = world.workers,
        .source = {.fetch = fetch, .read_map = read_map, .read_maps = read_maps},
        .limits = cache_limits_default(),
        .now_ms = world_now,
        .random = world_random};
    options.limits.ttl_ms = 100 * MINUTE_MS; /* so that every map is the watch's */
    assert_int_equal(cache_new(&options, &cache), SMCRED_OK);
    wall_ahead_ms = 0;
    struct watch_options how = {cache, world_now, wall_now, refused};
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
    watch_set_limits(watch, &(struct watch_limits){every_ms, calls_per_minute, false});
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

static void clocks_that_jump_cost_no_more(void **state)
{
    (void)state;
    limits(0, 60);
    service.next_rotation_ms = world.now_ms + 60 * MINUTE_MS;
    use(ID);
    use(ID);
    cache_stages(cache, &(struct cache_query){.id = ID, .deadline_ms = world.now_ms + 10000},
                 answered, NULL, NULL);
    world_settle();
    wall_ahead_ms = 60 * MINUTE_MS; /* it is due, then */
    assert_in_range(pass(MINUTE_MS), 28, 31);
    wall_ahead_ms = INT64_C(365) * 24 * 60 * MINUTE_MS; /* long past */
    assert_int_equal(pass(MINUTE_MS), 0);
    wall_ahead_ms = -wall_ahead_ms; /* far ahead */
    assert_int_equal(pass(MINUTE_MS), 0);
    wall_ahead_ms = 0;
    limits(30000, 60);
    use(ID);
    world.now_ms += 5 * MINUTE_MS; /* the host slept; what it missed is not made up for */
    assert_in_range(pass(MINUTE_MS), 1, 3);
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

static char many[10][8];

/* Ten secrets in use, whose maps are known. */
static void use_many(void)
{
    watch_set_limits(watch, &(struct watch_limits){30000, 600, true});
    for (int i = 0; i < 10; i++) {
        snprintf(many[i], sizeof many[i], "s%d", i);
        use(many[i]);
    }
    (void)pass(MINUTE_MS);
    for (int i = 0; i < 10; i++)
        use(many[i]);
    service.lists = service.maps = 0;
}

static void looks_at_many_in_one_call(void **state)
{
    (void)state;
    use_many();
    assert_int_equal(pass(5 * MINUTE_MS), 0);
    assert_in_range(service.lists, 9, 11);
    assert_int_equal(service.values, 10);
    for (int i = 0; i < 10; i++)
        use(many[i]);
    service.current = "v2";
    assert_int_equal(pass(MINUTE_MS), 10); /* each gets its own look, and only that is believed */
    assert_int_equal(service.values, 20);
    assert_int_equal(pass(MINUTE_MS), 0);
}

static void who_is_not_in_the_list_is_looked_at_alone(void **state)
{
    (void)state;
    use_many();
    service.unseen = "s7";
    assert_in_range(pass(5 * MINUTE_MS), 9, 11);
    assert_in_range(service.lists, 9, 11);
}

static void a_rotation_under_way_is_not_looked_at_in_lists(void **state)
{
    (void)state;
    use_many();
    service.pending = "v2";
    (void)pass(31000);
    service.lists = 0;
    assert_in_range(pass(10000), 30, 60);
    assert_int_equal(service.lists, 0);
}

static void a_refused_list_is_said_once_and_done_without(void **state)
{
    (void)state;
    use_many();
    service.list_status = SMCRED_DENIED;
    assert_in_range(pass(5 * MINUTE_MS), 90, 110);
    assert_int_equal(service.lists, 1);
    assert_int_equal(service.refused, 1);
    service.list_status = SMCRED_OK;
    watch_set_limits(watch, &(struct watch_limits){30000, 600, true}); /* a reload */
    for (int i = 0; i < 10; i++)
        use(many[i]);
    assert_int_equal(pass(5 * MINUTE_MS), 0);
}

static void a_list_that_does_not_come_costs_no_other_call(void **state)
{
    (void)state;
    use_many();
    service.list_status = SMCRED_UNAVAILABLE;
    assert_int_equal(pass(5 * MINUTE_MS), 0);
    assert_in_range(service.lists, 9, 11);
    assert_int_equal(service.refused, 0);
}

static void who_is_forgotten_while_the_list_is_read_is_forgotten(void **state)
{
    (void)state;
    use_many();
    while (service.lists == 0) { /* one is under way */
        world.now_ms += TICK_MS;
        watch_tick(watch);
        if (workers_pending(world.workers) > 0)
            break;
    }
    assert_true(workers_pending(world.workers) > 0);
    for (int i = 0; i < 5; i++)
        (void)cache_revoke(cache, many[i], NULL);
    watch_tick(watch);
    world_settle();
    (void)pass(MINUTE_MS);
    world.now_ms += 30000;
    watch_tick(watch); /* and one more, which ends after the watch does */
    watch_free(watch);
    watch = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
SM_TEST_MAIN(TEST(looks_at_what_is_in_use_and_only_then),
             TEST(fetches_a_new_version_before_anybody_asks),
             TEST(looks_closely_while_a_rotation_is_under_way),
             TEST(looks_closely_when_a_rotation_is_due), TEST(clocks_that_jump_cost_no_more),
             TEST(never_costs_more_than_it_may), TEST(looks_at_many_in_one_call),
             TEST(who_is_not_in_the_list_is_looked_at_alone),
             TEST(a_rotation_under_way_is_not_looked_at_in_lists),
             TEST(a_refused_list_is_said_once_and_done_without),
             TEST(a_list_that_does_not_come_costs_no_other_call),
             TEST(who_is_forgotten_while_the_list_is_read_is_forgotten))
