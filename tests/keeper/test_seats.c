/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_seats.c - whoever takes all he gets leaves room for the others. */
#include "tests/lib/sm_test.h"

#include "keeper/seats.h"

#define SEATS    8192
#define POSTGRES 70
#define MALLORY  1001
#define EVE      1002
#define ALICE    1003

static struct seats *seats;

static int setup(void **state)
{
    (void)state;
    return seats_new(SEATS, &seats) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    seats_free(seats);
    return 0;
}

static size_t take_all(uid_t uid, bool asks_for_pam)
{
    size_t count = 0;
    while (seats_take(seats, uid, asks_for_pam))
        count++;
    return count;
}

static void one_has_a_fifth_at_most(void **state)
{
    (void)state;
    assert_in_range(take_all(MALLORY, false), SEATS / 7, SEATS / 5);
}

static void two_together_leave_more_than_half(void **state)
{
    (void)state;
    size_t taken = take_all(MALLORY, false) + take_all(EVE, false);
    while (seats_take(seats, MALLORY, false) || seats_take(seats, EVE, false))
        taken++;
    assert_true(taken < SEATS / 2);
    assert_true(take_all(ALICE, false) > SEATS / 10);
}

static void nor_do_thirty_keep_anybody_out(void **state)
{
    (void)state;
    for (uid_t uid = 2000; uid < 2030; uid++)
        assert_true(take_all(uid, false) > 0);
    assert_true(seats_take(seats, ALICE, false));
}

static void logins_find_room_whatever_users_do(void **state)
{
    (void)state;
    for (uid_t uid = 2000; uid < 12000; uid++) /* everybody there is */
        (void)take_all(uid, false);
    assert_false(seats_take(seats, ALICE, false));
    assert_true(take_all(POSTGRES, true) >= SEATS / 8 / 5);
    assert_true(seats_take(seats, POSTGRES + 1, true)); /* nor does one service keep another out */
    for (int i = 0; i < SEATS; i++)
        assert_true(seats_take(seats, 0, true));
}

static void who_leaves_makes_room(void **state)
{
    (void)state;
    size_t most = take_all(MALLORY, false);
    seats_leave(seats, MALLORY);
    assert_true(seats_take(seats, MALLORY, false));
    assert_false(seats_take(seats, MALLORY, false));
    for (size_t i = 0; i < most; i++)
        seats_leave(seats, MALLORY);
    seats_leave(seats, MALLORY); /* who has none has none */
    assert_int_equal(take_all(EVE, false), most);
}

static void few_are_enough_for_one_each(void **state)
{
    (void)state;
    seats_free(seats);
    assert_int_equal(seats_new(8, &seats), SMCRED_OK);
    assert_true(seats_take(seats, MALLORY, false));
    assert_true(take_all(MALLORY, false) < 4);
    assert_true(seats_take(seats, EVE, false));
    assert_true(seats_take(seats, ALICE, false));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
SM_TEST_MAIN(TEST(one_has_a_fifth_at_most), TEST(two_together_leave_more_than_half),
             TEST(nor_do_thirty_keep_anybody_out), TEST(logins_find_room_whatever_users_do),
             TEST(who_leaves_makes_room), TEST(few_are_enough_for_one_each))
