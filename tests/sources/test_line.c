/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_line.c - the `sources =` line reads like nsswitch.conf's. */
#include "tests/lib/sm_test.h"

#include "sources/line.h"

static struct source_line parse(const char *text)
{
    struct source_line line;
    struct sm_error err = {.text = ""};
    if (source_line_parse(text, &line, &err) != SMCRED_OK)
        fail_msg("%s: %s", text, err.text);
    return line;
}

static void success_returns_and_the_others_continue(void **state)
{
    (void)state;
    struct source_line line = parse("  secretsmanager\tfile ");
    assert_int_equal(line.count, 2);
    assert_string_equal(line.list[0].name, "secretsmanager");
    assert_string_equal(line.list[1].name, "file");
    for (size_t i = 0; i < 2; i++) {
        assert_true(line.list[i].returns[LINE_SUCCESS]);
        assert_false(line.list[i].returns[LINE_NOTFOUND]);
        assert_false(line.list[i].returns[LINE_UNAVAIL]);
        assert_false(line.list[i].returns[LINE_TRYAGAIN]);
    }
}

static void actions_belong_to_the_source_before_them(void **state)
{
    (void)state;
    struct source_line line =
        parse("a[NOTFOUND=continue UNAVAIL=return] b [ tryagain=RETURN ]c [!success=return]");
    assert_int_equal(line.count, 3);
    assert_false(line.list[0].returns[LINE_NOTFOUND]);
    assert_true(line.list[0].returns[LINE_UNAVAIL]);
    assert_false(line.list[0].returns[LINE_TRYAGAIN]);
    assert_true(line.list[1].returns[LINE_TRYAGAIN]);
    assert_false(line.list[1].returns[LINE_UNAVAIL]);
    assert_true(line.list[2].returns[LINE_NOTFOUND]);
    assert_true(line.list[2].returns[LINE_UNAVAIL]);
    assert_true(line.list[2].returns[LINE_TRYAGAIN]);
}

static void refuses_and_says_at_which_word(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *word;
    } cases[] = {
        {"", "no source"},
        {"  ", "no source"},
        {"[NOTFOUND=return] file", "bracket"},
        {"file ]", "bracket"},
        {"file [NOTFOUND=return", "not closed"},
        {"file [NOTFOUND=return [", "not closed"},
        {"file [] []", "bracket"},
        {"file [NOTFOUND]", "NOTFOUND"},
        {"file [MAYBE=return]", "MAYBE"},
        {"file [NOTFOUND=merge]", "merge"},
        {"file [=return]", "=return"},
        {"file [SUCCESS=continue]", "throw away"},
        {"file [!NOTFOUND=continue]", "throw away"},
        {"file file", "twice"},
        {"File", "File"},
        {"../evil", "../evil"},
        {"a.b", "a.b"},
        {"a b c d e f g h i", "more than 8"},
        {"abcdefghijklmnopqrstuvwxyz0123456789", "abcdefghij"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct source_line line;
        struct sm_error err = {.text = ""};
        assert_int_equal(source_line_parse(cases[i].text, &line, &err), SMCRED_INVALID);
        if (!strstr(err.text, cases[i].word))
            fail_msg("\"%s\": %s", cases[i].text, err.text);
    }
}

SM_TEST_MAIN(cmocka_unit_test(success_returns_and_the_others_continue),
             cmocka_unit_test(actions_belong_to_the_source_before_them),
             cmocka_unit_test(refuses_and_says_at_which_word))
