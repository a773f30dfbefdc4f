/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_retry.c - pauses grow, stay within bounds, and failing clients fall silent. */
#include "tests/lib/sm_test.h"

#include "sources/retry.h"

static double chance;

static double loaded_die(void *context)
{
    (void)context;
    return chance;
}

static const struct retry_world world = {.random = loaded_die};

static void pauses_double_up_to_twenty_seconds(void **state)
{
    (void)state;
    static const int64_t usual[] = {50, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000};
    chance = 0.9999999999;
    for (unsigned i = 0; i < sizeof usual / sizeof *usual; i++)
        assert_in_range(retry_delay_ms(&world, i + 1, false, RETRY_NO_HINT), usual[i] - 1,
                        usual[i]);
    assert_in_range(retry_delay_ms(&world, 1, true, RETRY_NO_HINT), 999, 1000);
    assert_in_range(retry_delay_ms(&world, 2, true, RETRY_NO_HINT), 1999, 2000);
    assert_in_range(retry_delay_ms(&world, 4000000000u, true, RETRY_NO_HINT), 19999, 20000);
}

static void jitter_is_full(void **state)
{
    (void)state;
    chance = 0;
    assert_int_equal(retry_delay_ms(&world, 5, true, RETRY_NO_HINT), 0);
    chance = 0.5;
    assert_int_equal(retry_delay_ms(&world, 1, false, RETRY_NO_HINT), 25);
}

static void a_hint_adds_five_seconds_at_most_and_takes_nothing_away(void **state)
{
    (void)state;
    chance = 0.5;
    assert_int_equal(retry_delay_ms(&world, 1, true, 0), 500);
    assert_int_equal(retry_delay_ms(&world, 1, true, 100), 500);
    assert_int_equal(retry_delay_ms(&world, 1, true, 3000), 3000);
    assert_int_equal(retry_delay_ms(&world, 1, true, 999999999), 5500);
}

static void the_quota_ends_retries_and_success_fills_it(void **state)
{
    (void)state;
    struct retry_quota quota = RETRY_QUOTA_FULL;
    int taken = 0, retries = 0;
    while (retry_quota_take(&quota, false, &taken))
        retries++;
    assert_int_equal(retries, RETRY_QUOTA / 14);
    assert_int_equal(taken, 14);
    assert_true(retry_quota_take(&quota, true, &taken)); /* 10 are left */
    assert_int_equal(taken, 5);
    retry_quota_give_back(&quota, 14);
    assert_true(retry_quota_take(&quota, false, &taken));
    for (int i = 0; i < 2 * RETRY_QUOTA; i++)
        retry_quota_give_back(&quota, 0);
    assert_int_equal(quota.tokens, RETRY_QUOTA);
}

SM_TEST_MAIN(cmocka_unit_test(pauses_double_up_to_twenty_seconds), cmocka_unit_test(jitter_is_full),
             cmocka_unit_test(a_hint_adds_five_seconds_at_most_and_takes_nothing_away),
             cmocka_unit_test(the_quota_ends_retries_and_success_fills_it))
