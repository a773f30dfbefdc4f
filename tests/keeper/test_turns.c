/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_turns.c - whoever has much done waits for himself. */
#include "tests/lib/sm_test.h"

#include <event2/event.h>

#include "keeper/turns.h"

static struct event_base *base;
static struct workers *workers;
static struct turns *turns;
static char order[2 * TURNS_WAITING_MAX]; /* whose jobs ran */
static size_t runs, dones, not_run;
static const char *again; /* for whom one more is submitted by the next that is done */

static void run(void *arg)
{
    order[runs++] = *(const char *)arg;
}

static void done(void *arg, bool ran);

static enum smcred_status submit(const char *key)
{
    return turns_submit(turns, sm_bytes_of(key), run, done, (void *)(uintptr_t)key);
}

static void done(void *arg, bool ran)
{
    (void)arg;
    dones++;
    not_run += !ran;
    if (!again)
        return;
    const char *key = again;
    again = NULL;
    assert_int_equal(submit(key), SMCRED_OK);
}

static int setup(void **state)
{
    (void)state;
    memset(order, 0, sizeof order);
    runs = dones = not_run = 0;
    again = NULL;
    base = event_base_new();
    assert_int_equal(workers_new_idle(base, 2, &workers), SMCRED_OK);
    return turns_new(workers, 1, &turns) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    workers_free(workers);
    turns_free(turns);
    event_base_free(base);
    return 0;
}

static size_t submit_all(const char *key)
{
    size_t count = 0;
    while (submit(key) == SMCRED_OK)
        count++;
    return count;
}

/* ---- */

static void they_take_turns(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(submit("mallory"), SMCRED_OK);
    assert_int_equal(submit("alice"), SMCRED_OK);
    assert_int_equal(submit("bob"), SMCRED_OK);
    assert_int_equal(submit("alice"), SMCRED_OK);
    workers_work(workers);
    assert_string_equal(order, "mmabmamm");
    assert_int_equal(dones, 8);
    assert_int_equal(not_run, 0);
}

static void one_leaves_room_for_others(void **state)
{
    (void)state;
    assert_in_range(submit_all("mallory"), TURNS_WAITING_MAX / 6, TURNS_WAITING_MAX / 4);
    assert_true(submit_all("eve") > TURNS_WAITING_MAX / 8);
    assert_int_equal(submit("alice"), SMCRED_OK);
    assert_int_equal(submit("mallory"), SMCRED_LIMITED);
    workers_work(workers);
    assert_int_equal(order[3], 'a'); /* behind one of each */
    assert_int_equal(submit("mallory"), SMCRED_OK);
    workers_work(workers);
    assert_int_equal(runs, dones);
}

static void who_is_done_may_ask_again(void **state)
{
    (void)state;
    again = "alice";
    assert_int_equal(submit("mallory"), SMCRED_OK);
    assert_int_equal(submit("mallory"), SMCRED_OK);
    workers_work(workers);
    assert_string_equal(order, "mma"); /* the next turn was given by then */
}

static void at_the_end_each_is_told(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(submit("mallory"), SMCRED_OK);
    again = "alice"; /* even who comes now */
    workers_free(workers);
    workers = NULL;
    assert_int_equal(runs, 0);
    assert_int_equal(dones, 4);
    assert_int_equal(not_run, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
SM_TEST_MAIN(TEST(they_take_turns), TEST(one_leaves_room_for_others),
             TEST(who_is_done_may_ask_again), TEST(at_the_end_each_is_told))
