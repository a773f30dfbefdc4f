/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_options.c - each word of a service file's line, and what is none. */
#include "tests/lib/sm_test.h"

#include "common/control.h"
#include "pam/name.h"
#include "pam/options.h"

static struct sm_pam_options taken(const char *word)
{
    struct sm_pam_options options;
    const char *wrong = NULL;
    if (!sm_pam_options_parse(1, &word, &options, &wrong))
        fail_msg("%s is not taken", word);
    return options;
}

static void refused(const char *word)
{
    struct sm_pam_options options;
    const char *wrong = NULL;
    if (sm_pam_options_parse(1, &word, &options, &wrong))
        fail_msg("%s is taken", word);
    assert_string_equal(wrong, word);
}

static void no_word_means_closed_and_three_seconds(void **state)
{
    struct sm_pam_options options;
    const char *wrong;
    (void)state;
    assert_true(sm_pam_options_parse(0, NULL, &options, &wrong));
    assert_string_equal(options.socket, CTL_SOCKET_PATH);
    assert_int_equal(options.timeout_ms, 3000);
    assert_false(options.ignore_failure || options.debug || options.quiet || options.use_authtok);
    assert_false(options.supply_user || options.supply_authtok);
    assert_false(options.use_first_pass || options.try_first_pass);
    assert_null(options.name);
    assert_null(options.shim);
    assert_int_equal(options.grace_s, 0);
}

static void each_word_does_what_it_says(void **state)
{
    (void)state;
    assert_string_equal(taken("secret=a/%u/%s/%%").name, "a/%u/%s/%%");
    assert_string_equal(taken("target=orders").name, "orders");
    assert_string_equal(taken("socket=/run/x").socket, "/run/x");
    assert_string_equal(taken("shim=/lib/x.so").shim, "/lib/x.so");
    assert_non_null(taken("shim").shim);
    assert_true(taken("fail=ignore").ignore_failure);
    assert_false(taken("fail=closed").ignore_failure);
    assert_true(taken("supply").supply_authtok && !taken("supply").supply_user);
    assert_true(taken("supply=user").supply_user && !taken("supply=user").supply_authtok);
    assert_true(taken("supply=both").supply_user && taken("supply=both").supply_authtok);
    assert_true(taken("use_first_pass").use_first_pass);
    assert_true(taken("try_first_pass").try_first_pass);
    assert_true(taken("use_authtok").use_authtok);
    assert_true(taken("quiet").quiet);
    assert_true(taken("debug").debug);
}

static void durations_have_units_and_limits(void **state)
{
    (void)state;
    assert_int_equal(taken("timeout=2").timeout_ms, 2000);
    assert_int_equal(taken("timeout=100ms").timeout_ms, 100);
    assert_int_equal(taken("timeout=1m").timeout_ms, 60000);
    assert_int_equal(taken("grace=90").grace_s, 90);
    assert_int_equal(taken("grace=2h").grace_s, 7200);
    assert_int_equal(taken("grace=7d").grace_s, 604800);
    static const char *const words[] = {"timeout=0",
                                        "timeout=99ms",
                                        "timeout=61",
                                        "timeout=-1",
                                        "timeout= 1",
                                        "timeout=1.5",
                                        "timeout=1 s",
                                        "timeout=1S",
                                        "timeout=s",
                                        "timeout=",
                                        "timeout=9999999999999999999s",
                                        "grace=1500ms",
                                        "grace=8d",
                                        "grace=0"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        refused(words[i]);
}

static void other_words_are_refused(void **state)
{
    (void)state;
    static const char *const words[] = {
        "",           "secret",          "secret=",       "secret=%x",    "secret=a%",
        "target=%",   "nonsense",        "Quiet",         "quiet=no",     "quiet=",
        "fail",       "fail=",           "fail=open",     "socket=run/x", "socket=",
        "shim=x.so",  "shim=/a:/b",      "shim=/a /b",    "shim=",        "supply=",
        "supply=all", "use_first_pass=", "use_firstpass", "timeout",      "debug=1"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        refused(words[i]);
}

static void words_that_contradict_each_other_are_refused(void **state)
{
    struct sm_pam_options options;
    const char *wrong = NULL;
    (void)state;
    const char *two_names[] = {"secret=x", "target=y"};
    assert_false(sm_pam_options_parse(2, two_names, &options, &wrong));
    assert_string_equal(wrong, "target=y");
    const char *two_ways[] = {"use_first_pass", "try_first_pass"};
    assert_false(sm_pam_options_parse(2, two_ways, &options, &wrong));
}

/* Which of the two counts would be anybody's guess. */
static void words_that_stand_there_twice_are_refused(void **state)
{
    struct sm_pam_options options;
    const char *wrong = NULL;
    (void)state;
    static const char *const lines[][2] = {{"fail=closed", "fail=ignore"},
                                           {"timeout=2", "timeout=3"},
                                           {"supply=user", "supply"},
                                           {"socket=/a", "socket=/b"},
                                           {"shim", "shim=/x.so"},
                                           {"grace=1h", "grace=1d"},
                                           {"debug", "debug"}};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_false(sm_pam_options_parse(2, lines[i], &options, &wrong));
        assert_string_equal(wrong, lines[i][1]);
    }
}

static void expect_name(const char *pattern, const char *expected)
{
    char name[CTL_PAM_NAME_MAX + 1];
    assert_true(sm_pam_name_is_pattern(pattern));
    assert_int_equal(sm_pam_name_write(pattern, "alice", "sshd", name), SMCRED_OK);
    assert_string_equal(name, expected);
}

static void patterns_are_filled_in(void **state)
{
    char name[CTL_PAM_NAME_MAX + 1];
    (void)state;
    expect_name("orders", "orders");
    expect_name("bastion/%u", "bastion/alice");
    expect_name("%s/%u/%%u", "sshd/alice/%u");
    assert_int_equal(sm_pam_name_write("a/%u", "b/c", "sshd", name), SMCRED_NOT_FOUND);
    assert_int_equal(sm_pam_name_write("a/%u", "", "sshd", name), SMCRED_NOT_FOUND);
    assert_int_equal(sm_pam_name_write("a/%s", "alice", "../b", name), SMCRED_NOT_FOUND);
}

static void no_name_is_longer_than_the_keeper_takes(void **state)
{
    char pattern[CTL_PAM_NAME_MAX + 2], name[CTL_PAM_NAME_MAX + 1];
    (void)state;
    memset(pattern, 'x', sizeof pattern - 1);
    pattern[CTL_PAM_NAME_MAX + 1] = '\0';
    assert_false(sm_pam_name_is_pattern(pattern));
    pattern[CTL_PAM_NAME_MAX] = '\0';
    assert_true(sm_pam_name_is_pattern(pattern));
    assert_int_equal(sm_pam_name_write(pattern, "alice", "sshd", name), SMCRED_OK);
    assert_string_equal(name, pattern);
    memcpy(pattern, "%u", 2);
    assert_int_equal(sm_pam_name_write(pattern, "alice", "sshd", name), SMCRED_TOO_LARGE);
}

SM_TEST_MAIN(cmocka_unit_test(no_word_means_closed_and_three_seconds),
             cmocka_unit_test(each_word_does_what_it_says),
             cmocka_unit_test(durations_have_units_and_limits),
             cmocka_unit_test(other_words_are_refused),
             cmocka_unit_test(words_that_contradict_each_other_are_refused),
             cmocka_unit_test(words_that_stand_there_twice_are_refused),
             cmocka_unit_test(patterns_are_filled_in),
             cmocka_unit_test(no_name_is_longer_than_the_keeper_takes))
