/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_survey.c - where databases are is known before anybody has logged in. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "keeper/cache.h"
#include "keeper/config.h"
#include "keeper/keeper.h"
#include "keeper/places.h"
#include "keeper/survey.h"
#include "tests/keeper/world.h"

static struct keeper keeper;
static struct survey *survey;

/* Secrets Manager: what it says of each, and how often it was asked for it. */
static struct {
    enum smcred_status status;
    int calls;
} secrets[4]; /* "a", "b", "c", "d" */

static enum smcred_status fetch(void *arg, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    (void)arg;
    size_t at = (size_t)(query->secret_id[0] - 'a');
    secrets[at].calls++;
    if (secrets[at].status != SMCRED_OK)
        return sm_error_set(err, secrets[at].status, "no answer");
    *out_snapshot = world_snapshot("v1", "app", "secret");
    return SMCRED_OK;
}

static void on_changed(void *arg, const char *id, const char *stage,
                       const struct sm_snapshot *before, const struct sm_snapshot *now)
{
    (void)arg;
    (void)stage;
    (void)before;
    (void)places_note(keeper.places, id, now);
}

static struct config *parse(const char *text)
{
    struct config *config;
    struct config_problems problems;
    struct config_options how = {.file = "c.conf", .owner = 0, .without_files = true};
    assert_int_equal(config_parse(&how, sm_bytes_of(text), &config, &problems), SMCRED_OK);
    return config;
}

static int setup(void **state)
{
    (void)state;
    world_begin(1, 100);
    memset(secrets, 0, sizeof secrets);
    keeper = (struct keeper){.base = world.base, .vault = world.vault};
    keeper.config = parse("[target a]\nsecret = a\ntls = disable\n"
                          "[target b]\nsecret = b\ntls = disable\nhostaddr = 127.0.0.1\n"
                          "[target c]\nsecret = c\ntls = disable\nhost = 127.0.0.2\nport = 5433\n"
                          "[target d]\nsecret = d\ntls = disable\nport = 5433\n");
    struct cache_options options = {.base = world.base,
                                    .workers = world.workers,
                                    .source = {.fetch = fetch},
                                    .limits = cache_limits_default(),
                                    .now_ms = world_now,
                                    .random = world_random,
                                    .changed = on_changed};
    assert_int_equal(cache_new(&options, &keeper.cache), SMCRED_OK);
    assert_int_equal(places_new(&keeper.places), SMCRED_OK);
    assert_int_equal(survey_new(&(struct survey_options){&keeper, world_now}, &survey), SMCRED_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    survey_free(survey);
    world_stop_workers();
    cache_free(keeper.cache);
    places_free(keeper.places);
    config_unref(keeper.config);
    world_end();
    return 0;
}

static void walk(void)
{
    survey_begin(survey);
    world_settle();
}

static void pass(int64_t ms)
{
    world.now_ms += ms;
    survey_tick(survey);
    world_settle();
}

static void assert_calls(int a, int b, int c, int d)
{
    assert_int_equal(secrets[0].calls, a);
    assert_int_equal(secrets[1].calls, b);
    assert_int_equal(secrets[2].calls, c);
    assert_int_equal(secrets[3].calls, d);
}

static void reads_once_what_only_secrets_say(void **state)
{
    (void)state;
    walk();
    assert_calls(1, 1, 0, 1);
    assert_int_equal(places_of(keeper.places, "a").port, 5432);
    assert_true(places_of(keeper.places, "d").known);
    pass(3600 * 1000);
    assert_calls(1, 1, 0, 1);
    walk(); /* a reload */
    assert_calls(1, 1, 0, 1);
}

static void what_a_keeper_before_has_read_costs_nothing(void **state)
{
    (void)state;
    places_recall(keeper.places, "a", "", 5433);
    walk();
    assert_calls(0, 1, 0, 1);
}

static void asks_again_later_when_nothing_answers(void **state)
{
    (void)state;
    secrets[0].status = secrets[1].status = secrets[3].status = SMCRED_UNAVAILABLE;
    walk();
    assert_calls(1, 0, 0, 0); /* whoever does not answer for one does not for the others */
    pass(SURVEY_PAUSE_MIN_MS - 1);
    assert_calls(1, 0, 0, 0);
    secrets[1].status = secrets[3].status = SMCRED_OK;
    pass(1);
    assert_calls(2, 1, 0, 1);
    for (int i = 0; i < 100; i++)
        pass(SURVEY_PAUSE_MAX_MS);
    assert_true(secrets[0].calls > 20 && secrets[0].calls < 110);
    secrets[0].status = SMCRED_OK;
    pass(SURVEY_PAUSE_MAX_MS);
    assert_true(places_of(keeper.places, "a").known);
    int calls = secrets[0].calls;
    pass(10 * SURVEY_PAUSE_MAX_MS);
    assert_calls(calls, 1, 0, 1);
}

static void what_is_refused_is_not_asked_for_again(void **state)
{
    (void)state;
    secrets[0].status = SMCRED_NOT_FOUND;
    secrets[1].status = SMCRED_DENIED;
    walk();
    assert_calls(1, 1, 0, 1);
    pass(10 * SURVEY_PAUSE_MAX_MS);
    assert_calls(1, 1, 0, 1);
}

static void a_secret_that_hangs_ends_with_its_deadline(void **state)
{
    (void)state;
    survey_begin(survey); /* the worker is not looked at */
    world.now_ms += SURVEY_READ_MS;
    cache_tick(keeper.cache);
    survey_tick(survey);
    world_settle();
    assert_calls(1, 0, 0, 0);
    pass(SURVEY_PAUSE_MIN_MS);
    assert_calls(1, 1, 0, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(reads_once_what_only_secrets_say),
             TEST(what_a_keeper_before_has_read_costs_nothing),
             TEST(asks_again_later_when_nothing_answers),
             TEST(what_is_refused_is_not_asked_for_again),
             TEST(a_secret_that_hangs_ends_with_its_deadline))
