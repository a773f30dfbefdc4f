/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_attempts.c - three wrong passwords in ten minutes, and no more. */
#include "tests/lib/sm_test.h"

#include "keeper/attempts.h"

#define WINDOW_MS 600000

static int64_t now_ms;
static struct attempts *attempts;
static const struct attempts_account orders = {"app", "orders-db.internal:5432"};

static int64_t now(void)
{
    return now_ms;
}

static int setup(void **state)
{
    (void)state;
    now_ms = 1000;
    struct attempts_options options = {.now_ms = now, .accounts_max = 2};
    return attempts_new(&options, &attempts) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    attempts_free(attempts);
    return 0;
}

static bool allowed(struct attempts_account account)
{
    int64_t until = 0;
    return attempts_allowed(attempts, account, "v1", &until);
}

static void wrong(struct attempts_account account)
{
    assert_int_equal(attempts_wrong(attempts, account, "v1"), SMCRED_OK);
}

static void the_fourth_is_refused_and_told_when(void **state)
{
    (void)state;
    int64_t until = 0;
    for (int i = 0; i < 3; i++) {
        assert_true(allowed(orders));
        wrong(orders);
        now_ms += 1000;
    }
    assert_int_equal(attempts_count(attempts, orders), 3);
    assert_false(attempts_allowed(attempts, orders, "v1", &until));
    assert_int_equal(until, 1000 + WINDOW_MS);
}

static void the_window_slides(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        wrong(orders);
        now_ms += 1000;
    }
    now_ms = 1000 + WINDOW_MS;
    assert_true(allowed(orders)); /* the first is out, */
    assert_int_equal(attempts_count(attempts, orders), 2);
    wrong(orders);
    assert_false(allowed(orders)); /* and another in */
    now_ms = 2000 + WINDOW_MS;
    assert_true(allowed(orders));
}

static void success_makes_the_budget_whole(void **state)
{
    (void)state;
    wrong(orders);
    wrong(orders);
    attempts_right(attempts, orders);
    assert_int_equal(attempts_count(attempts, orders), 0);
    wrong(orders);
    wrong(orders);
    assert_true(allowed(orders));
}

static void accounts_have_budgets_of_their_own(void **state)
{
    (void)state;
    static const struct attempts_account other_user = {"app2", "orders-db.internal:5432"};
    static const struct attempts_account other_place = {"app", "orders-db.internal:5433"};
    static const struct attempts_account run_together = {"apporders-db.internal:5432", ""};
    for (int i = 0; i < 3; i++)
        wrong(orders);
    assert_true(allowed(other_user));
    assert_true(allowed(other_place));
    assert_true(allowed(run_together));
    assert_false(allowed(orders));
}

static void too_many_accounts_forget_the_longest_quiet(void **state)
{
    (void)state;
    static const struct attempts_account second = {"b", "x:1"}, third = {"c", "x:1"};
    for (int i = 0; i < 3; i++) {
        wrong(second);
        wrong(orders);
    }
    wrong(third);
    assert_true(allowed(second));
    assert_false(allowed(orders));
}

static void overlong_names_share_a_budget(void **state)
{
    (void)state;
    static char name[2][1000];
    memset(name[0], 'u', 999);
    memset(name[1], 'u', 998);
    for (int i = 0; i < 3; i++)
        wrong((struct attempts_account){name[0], "x:1"});
    assert_false(allowed((struct attempts_account){name[1], "x:1"}));
}

static void a_version_never_tried_is_not_held_back(void **state)
{
    (void)state;
    int64_t until = 0;
    for (int i = 0; i < 3; i++)
        wrong(orders);
    assert_false(allowed(orders));
    assert_true(attempts_allowed(attempts, orders, "v2", &until));
    assert_int_equal(attempts_wrong(attempts, orders, "v2"), SMCRED_OK);
    assert_false(attempts_allowed(attempts, orders, "v2", &until)); /* it had its try, */
    assert_false(allowed(orders));                                  /* which was for it alone */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(the_fourth_is_refused_and_told_when), TEST(the_window_slides),
             TEST(success_makes_the_budget_whole), TEST(accounts_have_budgets_of_their_own),
             TEST(too_many_accounts_forget_the_longest_quiet), TEST(overlong_names_share_a_budget),
             TEST(a_version_never_tried_is_not_held_back))
