/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_filters.c - words are searched as AWS was seen to search them. */
#include "tests/lib/sm_test.h"

#include "server/filters.h"

static void finds_words_by_their_beginning(void **state)
{
    (void)state;
    assert_true(server_words_match("SecretOne", "secret"));
    assert_true(server_words_match("SecretOne", "One"));
    assert_true(server_words_match("AppBeta", "Beta"));
    assert_true(server_words_match("prod-COMPANY", "company"));
    assert_true(server_words_match("COMPANYthings", "Ythings"));
    assert_true(server_words_match("SecretABC", "abc")); /* a word begins after one, too */
    assert_true(server_words_match("Shop2021", "2021"));
    assert_true(server_words_match("myTestDB", "db test my"));
    assert_true(server_words_match("Desc two words", "d t"));
    assert_true(server_words_match("my_test", "test"));
}

static void finds_nothing_inside_words(void **state)
{
    (void)state;
    assert_false(server_words_match("SecretOne", "ret"));
    assert_false(server_words_match("COMPANYthings", "things"));
    assert_false(server_words_match("COMPANY", "pany"));
    assert_false(server_words_match("ABC", "bc"));
    assert_false(server_words_match("shop2021", "2021")); /* one word: nothing lower-case follows */
    assert_false(server_words_match("a+b", "+"));
    assert_false(server_words_match("prod-AppBeta/x", "beta")); /* two kinds: not split */
    assert_false(server_words_match("text", ""));
}

SM_TEST_MAIN(cmocka_unit_test(finds_words_by_their_beginning),
             cmocka_unit_test(finds_nothing_inside_words))
