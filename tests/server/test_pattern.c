/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_pattern.c - a caller's pattern matches whole values, and costs no more than is allowed. */
#include "tests/lib/sm_test.h"

#include "server/pattern.h"

static void matches_the_whole_value(void **state)
{
    (void)state;
    assert_int_equal(server_pattern_match("\\d+", "12"), SMCRED_OK);
    assert_int_equal(server_pattern_match("^[a-z]{2}$", "ab"), SMCRED_OK);
    assert_int_equal(server_pattern_match("\\d+", "12a"), SMCRED_DENIED);
    assert_int_equal(server_pattern_match("\\d+", "a12"), SMCRED_DENIED);
    assert_int_equal(server_pattern_match("a|ab", "ab"), SMCRED_OK);
    assert_int_equal(server_pattern_match(".", "\u00e4"), SMCRED_OK);
}

static void refuses_what_is_no_pattern(void **state)
{
    (void)state;
    assert_int_equal(server_pattern_match("(", "("), SMCRED_INVALID);
    assert_int_equal(server_pattern_match("((a{1,60000}){1,60000}){1,60000}", "a"), SMCRED_INVALID);
}

static void gives_up_on_what_explodes(void **state)
{
    (void)state;
    static char value[8193];
    memset(value, 'a', sizeof value - 1);
    assert_int_equal(server_pattern_match("(a|a)+b", value), SMCRED_DENIED);
    assert_int_equal(server_pattern_match("(a*)*\\1b", value), SMCRED_DENIED);
}

SM_TEST_MAIN(cmocka_unit_test(matches_the_whole_value),
             cmocka_unit_test(refuses_what_is_no_pattern),
             cmocka_unit_test(gives_up_on_what_explodes))
