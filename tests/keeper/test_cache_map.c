/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_cache_map.c - a value is not fetched again while its version has its label. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "keeper/cache.h"
#include "keeper/stages.h"
#include "tests/keeper/world.h"

#define TTL_MS 300000
#define ID     "prod/orders/db"

/* The service: one worker, and nobody looks before it is done. */
static struct service {
    int values, maps, rotations; /* calls */
    enum smcred_status value_status, map_status;
    const char *current, *pending; /* versions; NULL: none */
    bool fixed, deleted;
    int64_t next_rotation_ms; /* on the wall clock, which is a day ahead of the other */
} service;

#define DAY_MS 86400000

static int64_t wall_now(void)
{
    return world.now_ms + DAY_MS;
}

static struct cache *cache;

static enum smcred_status fetch(void *arg, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    const char *version = service.current;
    (void)arg;
    service.values++;
    if (strcmp(query->stage, "AWSPENDING") == 0)
        version = service.pending;
    if (service.value_status != SMCRED_OK)
        return sm_error_set(err, service.value_status, "no value");
    if (!version)
        return sm_error_set(err, SMCRED_NOT_FOUND, "no such stage");
    *out_snapshot = world_snapshot(version, "app", version);
    return SMCRED_OK;
}

static void put(struct sm_stage_map *map, const char *label, const char *version_id)
{
    struct sm_stage *stage = &map->list[map->count];
    if (!version_id)
        return;
    map->count++;
    snprintf(stage->label, sizeof stage->label, "%s", label);
    snprintf(stage->version_id, sizeof stage->version_id, "%s", version_id);
}

static enum smcred_status read_map(void *arg, const struct sm_source_query *query,
                                   struct sm_stage_map *out_map, struct sm_error *err)
{
    (void)arg;
    service.maps++;
    assert_string_equal(query->secret_id, ID);
    if (service.map_status != SMCRED_OK)
        return sm_error_set(err, service.map_status, "no map");
    out_map->count = 0;
    out_map->fixed = service.fixed;
    out_map->deleted = service.deleted;
    out_map->rotated_at_ms = 0;
    out_map->next_rotation_ms = service.next_rotation_ms;
    put(out_map, "AWSCURRENT", service.current);
    put(out_map, "AWSPENDING", service.pending);
    return SMCRED_OK;
}

static enum smcred_status rotate(void *arg, const struct sm_source_query *query,
                                 char out_version_id[CACHE_VERSION_MAX], struct sm_error *err)
{
    (void)arg;
    service.rotations++;
    assert_string_equal(query->secret_id, ID);
    assert_int_equal(query->deadline_ms, world.now_ms + 8000);
    if (service.pending)
        return sm_error_set(err, SMCRED_INVALID, "one is at work");
    service.pending = "v2";
    snprintf(out_version_id, CACHE_VERSION_MAX, "v2");
    return SMCRED_OK;
}

static int setup(void **state)
{
    (void)state;
    world_begin(1, 100);
    service = (struct service){.current = "v1", .fixed = true};
    struct cache_options options = {
        .base = world.base,
        .workers = world.workers,
        .source = {.fetch = fetch, .read_map = read_map, .rotate = rotate},
        .limits = cache_limits_default(),
        .now_ms = world_now,
        .wall_ms = wall_now,
        .random = world_random};
    assert_int_equal(cache_new(&options, &cache), SMCRED_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_stop_workers();
    cache_free(cache);
    world_end();
    return 0;
}

struct told {
    int times;
    enum smcred_status status;
    bool stale, waited;
    char version[32]; /* a map's: the one that is pending */
};

static void note(void *arg, const struct cache_answer *answer)
{
    struct told *told = arg;
    told->times++;
    told->status = answer->status;
    told->stale = answer->stale;
    told->waited = answer->waited;
    const char *version = answer->snapshot ? answer->snapshot->version_id
                          : answer->stages ? stages_pending(answer->stages)
                                           : NULL;
    snprintf(told->version, sizeof told->version, "%s", version ? version : "");
}

static struct told ask_for(const char *stage)
{
    struct told told = {0};
    struct cache_query query = {.id = ID, .stage = stage, .deadline_ms = world.now_ms + 5000};
    cache_get(cache, &query, note, &told, NULL);
    world_settle();
    assert_int_equal(told.times, 1);
    return told;
}

static struct told ask(void)
{
    return ask_for("AWSCURRENT");
}

static struct told ask_map(int64_t fresh_from_ms)
{
    struct told told = {0};
    struct cache_query query = {
        .id = ID, .deadline_ms = world.now_ms + 5000, .fresh_from_ms = fresh_from_ms};
    cache_stages(cache, &query, note, &told, NULL);
    world_settle();
    return told;
}

static void pass(int64_t ms)
{
    world.now_ms += ms;
    cache_tick(cache);
    world_settle();
}

/* Used since it was read, and due for a refresh. */
static void use_until_due(void)
{
    (void)ask();
    (void)ask();
    pass(TTL_MS * 8 / 10 + 1);
}

static void a_cold_cache_asks_for_the_value_alone(void **state)
{
    (void)state;
    assert_int_equal(ask().status, SMCRED_OK);
    assert_int_equal(service.values, 1);
    assert_int_equal(service.maps, 0);
    assert_null(cache_known_stages(cache, ID));
}

static void a_version_that_is_still_current_is_not_read_again(void **state)
{
    (void)state;
    for (int i = 1; i <= 10; i++) {
        use_until_due();
        assert_int_equal(service.maps, i);
        assert_int_equal(service.values, 1);
    }
    world.now_ms += TTL_MS / 10; /* its time began anew each time */
    assert_false(ask().waited);
}

static void another_version_is_read_before_anybody_asks(void **state)
{
    (void)state;
    (void)ask();
    (void)ask();
    service.current = "v2";
    pass(TTL_MS * 8 / 10 + 1);
    assert_int_equal(service.maps, 1);
    assert_int_equal(service.values, 2);
    struct told told = ask();
    assert_string_equal(told.version, "v2");
    assert_false(told.waited);
}

static void who_waits_has_the_value_read_at_once(void **state)
{
    (void)state;
    (void)ask();
    pass(TTL_MS * 2); /* expired, for nobody used it */
    service.current = "v2";
    assert_string_equal(ask().version, "v2");
    assert_int_equal(service.maps, 0);
    assert_int_equal(service.values, 2);
}

static void a_map_that_is_asked_for_renews_what_it_finds_unchanged(void **state)
{
    (void)state;
    (void)ask();
    world.now_ms += 1000;
    assert_int_equal(ask_map(world.now_ms).status, SMCRED_OK);
    struct told told = {0};
    struct cache_query query = {
        .id = ID, .deadline_ms = world.now_ms + 5000, .fresh_from_ms = world.now_ms};
    cache_get(cache, &query, note, &told, NULL); /* as fresh as the map */
    assert_int_equal(told.times, 1);
    assert_int_equal(service.values, 1);
}

static void a_label_that_is_gone_takes_its_value_along(void **state)
{
    (void)state;
    service.pending = "v2";
    assert_string_equal(ask_for("AWSPENDING").version, "v2");
    service.pending = NULL;
    world.now_ms += 1000;
    (void)ask_map(world.now_ms);
    assert_int_equal(service.values, 1);
    assert_int_equal(ask_for("AWSPENDING").status, SMCRED_NOT_FOUND);
}

static void a_label_that_is_missing_is_believed_to_be_for_a_second(void **state)
{
    (void)state;
    assert_int_equal(ask_for("AWSPENDING").status, SMCRED_NOT_FOUND);
    service.pending = "v2";
    pass(999);
    assert_int_equal(ask_for("AWSPENDING").status, SMCRED_NOT_FOUND);
    pass(2);
    assert_string_equal(ask_for("AWSPENDING").version, "v2");
}

static void what_nobody_uses_is_read_when_it_is_asked_for(void **state)
{
    (void)state;
    (void)ask();
    service.current = "v2";
    world.now_ms += 1000;
    (void)ask_map(world.now_ms);
    assert_int_equal(service.values, 1);
    assert_string_equal(ask().version, "v2");
}

static void a_secret_that_is_deleted_is_gone(void **state)
{
    (void)state;
    (void)ask();
    (void)ask();
    service.deleted = true;
    service.value_status = SMCRED_INVALID; /* what AWS says of it */
    pass(TTL_MS * 8 / 10 + 1);
    assert_int_equal(ask().status, SMCRED_NOT_FOUND);
}

static void a_denial_is_noticed_within_an_hour(void **state)
{
    (void)state;
    service.current = "v1";
    for (int i = 0; i < 14; i++)
        use_until_due();
    assert_int_equal(service.values, 1);
    service.value_status = SMCRED_DENIED;
    use_until_due();
    assert_int_equal(service.values, 2);
    assert_int_equal(ask().status, SMCRED_DENIED);
}

static void who_may_not_read_maps_reads_values(void **state)
{
    (void)state;
    static const enum smcred_status verdicts[] = {SMCRED_DENIED, SMCRED_UNSUPPORTED,
                                                  SMCRED_TOO_LARGE, SMCRED_PROTOCOL};
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        service.map_status = verdicts[i];
        int values = service.values, maps = service.maps;
        for (int k = 0; k < 4; k++)
            use_until_due();
        assert_in_range(service.maps, maps + 1, maps + 2); /* ten minutes apart */
        assert_in_range(service.values, values + 4, values + 5);
        assert_false(ask().stale);
        pass(1000000);
    }
}

static void a_file_is_read_whenever_it_is_due(void **state)
{
    (void)state;
    service.fixed = false;
    use_until_due();
    assert_int_equal(service.values, 2);
    use_until_due();
    assert_int_equal(service.values, 3);
    assert_int_equal(service.maps, 1); /* it was no help */
}

static void a_service_that_is_down_is_asked_for_one_thing(void **state)
{
    (void)state;
    (void)ask();
    (void)ask();
    service.map_status = service.value_status = SMCRED_UNAVAILABLE;
    pass(TTL_MS * 8 / 10 + 1);
    assert_int_equal(service.maps, 1);
    assert_int_equal(service.values, 1);
    assert_false(ask().stale);
    world.now_ms += TTL_MS;
    assert_true(ask().stale);
    service.map_status = service.value_status = SMCRED_OK;
    pass(2000);
    assert_false(ask().stale);
}

/* Maps read in an hour in which somebody logs in each minute. */
static int maps_in_an_hour(void)
{
    int before = service.maps;
    for (int i = 0; i < 60; i++) {
        (void)ask();
        pass(60000);
    }
    return service.maps - before;
}

static void a_rotation_that_is_due_is_looked_for_each_minute(void **state)
{
    (void)state;
    service.next_rotation_ms = wall_now() + 3 * 3600000;
    assert_in_range(maps_in_an_hour(), 8, 16);
    (void)maps_in_an_hour();
    assert_in_range(maps_in_an_hour(), 40, 60);
    assert_in_range(service.values, 3, 4); /* once an hour, as ever */
    (void)maps_in_an_hour();
    assert_in_range(maps_in_an_hour(), 8, 16); /* it did not come: no reason to ask for ever */
}

static void maps_have_single_flight(void **state)
{
    (void)state;
    struct told told[100] = {{0}};
    struct cache_query query = {.id = ID, .deadline_ms = world.now_ms + 5000};
    service.pending = "v2";
    for (int i = 0; i < 100; i++)
        cache_stages(cache, &query, note, &told[i], NULL);
    world_settle();
    for (int i = 0; i < 100; i++)
        assert_string_equal(told[i].version, "v2");
    assert_int_equal(service.maps, 1);
    assert_non_null(cache_known_stages(cache, ID));
}

static void maps_without_news_are_a_second_apart(void **state)
{
    (void)state;
    (void)ask_map(0);
    (void)ask_map(++world.now_ms);
    assert_int_equal(ask_map(++world.now_ms).times, 0);
    assert_int_equal(service.maps, 2);
}

static void no_value_goes_for_a_map(void **state)
{
    (void)state;
    struct cache_limits limits = cache_limits_default();
    limits.secrets_max = 1;
    cache_set_limits(cache, &limits);
    use_until_due();
    assert_int_equal(service.maps, 0);
    assert_int_equal(service.values, 2);
    assert_int_equal(cache_count(cache), 1);
}

static void a_new_version_makes_the_map_old(void **state)
{
    (void)state;
    (void)ask();
    (void)ask_map(0);
    service.current = "v2";
    struct told told = {0};
    cache_refresh(cache, ID, NULL, world.now_ms + 5000, note, &told, NULL);
    world_settle();
    (void)ask_map(0);
    assert_int_equal(service.maps, 2);
}

static void a_version_that_is_wanted_need_not_be_fresh(void **state)
{
    (void)state;
    struct told told = {0};
    (void)ask();
    struct cache_query query = {.id = ID,
                                .deadline_ms = world.now_ms + 5000,
                                .fresh_from_ms = world.now_ms + 1,
                                .version_id = "v1"};
    cache_get(cache, &query, note, &told, NULL);
    assert_int_equal(told.times, 1);
    query.version_id = "v2";
    service.current = "v2";
    told = (struct told){0};
    world.now_ms += 1;
    cache_get(cache, &query, note, &told, NULL);
    world_settle();
    assert_string_equal(told.version, "v2");
}

static void revoke_forgets_the_map(void **state)
{
    (void)state;
    (void)ask_map(0);
    (void)cache_revoke(cache, ID, NULL);
    assert_null(cache_known_stages(cache, ID));
}

static void note_rotation(void *arg, enum smcred_status status, const char *version_id,
                          const struct sm_error *err)
{
    struct told *told = arg;
    told->times++;
    told->status = status;
    snprintf(told->version, sizeof told->version, "%.31s",
             status == SMCRED_OK ? version_id : err->text);
}

static void a_rotation_that_is_asked_for_is_known_at_once(void **state)
{
    (void)state;
    struct told told = {0};
    (void)ask_map(0);
    assert_null(stages_pending(cache_known_stages(cache, ID)));
    assert_int_equal(cache_rotate(cache, ID, world.now_ms + 8000, note_rotation, &told), SMCRED_OK);
    assert_int_equal(told.times, 0); /* never on the loop */
    world_settle();
    assert_int_equal(told.times, 1);
    assert_string_equal(told.version, "v2");
    assert_int_equal(service.maps, 2);
    assert_string_equal(stages_pending(cache_known_stages(cache, ID)), "v2");
    assert_int_equal(cache_rotate(cache, ID, world.now_ms + 8000, note_rotation, &told), SMCRED_OK);
    world_settle();
    assert_int_equal(told.status, SMCRED_INVALID);
    assert_string_equal(told.version, "one is at work");
    assert_int_equal(service.rotations, 2);
    assert_int_equal(service.maps, 2); /* nothing has changed */
}

static void who_is_stopped_hears_that_it_was_not_rotated(void **state)
{
    (void)state;
    struct told told = {0};
    const struct cache_source without = {.fetch = fetch, .read_map = read_map};
    assert_int_equal(cache_set_source(cache, &without), SMCRED_OK);
    assert_int_equal(cache_rotate(cache, ID, world.now_ms + 8000, note_rotation, &told), SMCRED_OK);
    world_settle();
    assert_int_equal(told.status, SMCRED_UNSUPPORTED);
    assert_int_equal(cache_rotate(cache, ID, world.now_ms + 8000, note_rotation, &told), SMCRED_OK);
    world_stop_workers();
    assert_int_equal(told.times, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(a_cold_cache_asks_for_the_value_alone),
             TEST(a_version_that_is_still_current_is_not_read_again),
             TEST(another_version_is_read_before_anybody_asks),
             TEST(who_waits_has_the_value_read_at_once),
             TEST(a_map_that_is_asked_for_renews_what_it_finds_unchanged),
             TEST(a_label_that_is_gone_takes_its_value_along),
             TEST(a_label_that_is_missing_is_believed_to_be_for_a_second),
             TEST(what_nobody_uses_is_read_when_it_is_asked_for),
             TEST(a_secret_that_is_deleted_is_gone), TEST(a_denial_is_noticed_within_an_hour),
             TEST(who_may_not_read_maps_reads_values), TEST(a_file_is_read_whenever_it_is_due),
             TEST(a_service_that_is_down_is_asked_for_one_thing),
             TEST(a_rotation_that_is_due_is_looked_for_each_minute), TEST(maps_have_single_flight),
             TEST(maps_without_news_are_a_second_apart), TEST(no_value_goes_for_a_map),
             TEST(a_new_version_makes_the_map_old),
             TEST(a_version_that_is_wanted_need_not_be_fresh), TEST(revoke_forgets_the_map),
             TEST(a_rotation_that_is_asked_for_is_known_at_once),
             TEST(who_is_stopped_hears_that_it_was_not_rotated))
