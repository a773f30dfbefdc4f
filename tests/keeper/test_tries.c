/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_tries.c - guessing is slow, logging in is not. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "keeper/tries.h"

#define MINUTE 60000

static int64_t now_ms;
static struct tries *tries;
static const struct tries_limit five = {5, 10 * MINUTE};

static int64_t now(void)
{
    return now_ms;
}

static int setup(void **state)
{
    (void)state;
    now_ms = 1000;
    return tries_new(now, 8, &tries) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    tries_free(tries);
    return 0;
}

static bool begin(const char *key, int64_t *out_until_ms)
{
    return tries_begin(tries, sm_bytes_of(key), five, out_until_ms);
}

static void end(const char *key, bool wrong)
{
    tries_end(tries, sm_bytes_of(key), five, wrong);
}

static bool guess(const char *key)
{
    int64_t until;
    if (!begin(key, &until))
        return false;
    end(key, true);
    return true;
}

static void five_wrong_ones_and_then_one_in_two_minutes(void **state)
{
    (void)state;
    int64_t until = 0;
    for (int i = 0; i < 5; i++)
        assert_true(guess("alice"));
    assert_false(begin("alice", &until));
    assert_int_equal(until, now_ms + 2 * MINUTE);
    assert_true(guess("bob"));
    now_ms = until - 1;
    assert_false(guess("alice"));
    now_ms = until;
    assert_true(guess("alice"));
    assert_false(guess("alice"));
    now_ms += 10 * MINUTE;
    for (int i = 0; i < 5; i++)
        assert_true(guess("alice"));
    assert_false(guess("alice"));
}

static void who_is_right_owes_nothing(void **state)
{
    (void)state;
    int64_t until;
    for (int i = 0; i < 1000; i++) {
        assert_true(begin("alice", &until));
        end("alice", false);
    }
    assert_int_equal(tries_count(tries), 0);
    for (int i = 0; i < 4; i++)
        assert_true(guess("alice"));
    tries_forgive(tries, sm_bytes_of("alice"));
    for (int i = 0; i < 5; i++)
        assert_true(guess("alice"));
}

static void guesses_at_once_buy_nothing(void **state)
{
    (void)state;
    int64_t until;
    int begun = 0;
    assert_true(guess("alice")); /* now it is known that somebody guesses */
    while (begin("alice", &until))
        begun++;
    assert_int_equal(begun, 4);
    for (int i = 0; i < begun; i++)
        end("alice", true);
    assert_false(guess("alice"));
    now_ms += 2 * MINUTE;
    assert_true(guess("alice"));
    assert_false(guess("alice"));
}

static void many_may_log_in_at_once_and_pay_if_they_were_wrong(void **state)
{
    (void)state;
    int64_t until;
    for (int i = 0; i < TRIES_AT_ONCE; i++)
        assert_true(begin("robot", &until));
    assert_false(begin("robot", &until));
    for (int i = 0; i < TRIES_AT_ONCE; i++)
        end("robot", true);
    now_ms += TRIES_AT_ONCE / 5 * 5 * 2 * MINUTE - 10 * MINUTE;
    assert_false(begin("robot", &until)); /* each of them has its price */
}

static void forgets_the_oldest_and_nobody_who_guesses_now(void **state)
{
    (void)state;
    char name[16];
    int64_t until;
    assert_true(begin("busy", &until));
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "user%d", i);
        assert_true(guess(name));
    }
    assert_int_equal(tries_count(tries), 8);
    end("busy", true);
    for (int i = 0; i < 4; i++)
        assert_true(guess("busy"));
    assert_false(guess("busy"));
}

#define unit(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

SM_TEST_MAIN(unit(five_wrong_ones_and_then_one_in_two_minutes), unit(who_is_right_owes_nothing),
             unit(guesses_at_once_buy_nothing),
             unit(many_may_log_in_at_once_and_pay_if_they_were_wrong),
             unit(forgets_the_oldest_and_nobody_who_guesses_now))
