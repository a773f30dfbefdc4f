/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_pam_policy.c - who may ask, what for, who comes in, and what is a new password. */
#include "tests/lib/sm_test.h"

#include "keeper/pam_policy.h"

static char sshd[] = "sshd", allow_text[] = "@ops", callers_text[] = "postgres";
static char secrets_text[] = "bastion/users/* etc", one[] = "bastion/users/*", two[] = "etc";
static char hours_text[] = "Mon 08:00-18:00", rhost_text[] = "10.0.0.0/8";
static struct config_grant ops[] = {{true, 500}}, postgres[] = {{false, 107}};
static char *patterns[] = {one, two};
static struct hours_span monday[] = {{.days = 2, .from = 480, .to = 1080}};
static struct rhost ten[1];

static struct config_pam rules = {.service = sshd,
                                  .allow = {ops, 1, allow_text},
                                  .callers = {postgres, 1, callers_text},
                                  .secrets = {patterns, 2, secrets_text},
                                  .password_length = 8,
                                  .require_each_type = true};
static struct config config = {.pam = &rules, .pam_count = 1};

static struct sm_peer peer(uid_t uid, gid_t gid)
{
    return (struct sm_peer){.uid = uid, .gid = gid, .pidfd = -1};
}

static void root_and_callers_may_ask(void **state)
{
    (void)state;
    struct sm_peer root = peer(0, 0), caller = peer(107, 107), alice = peer(1000, 500);
    assert_true(pam_policy_caller(&config, "sshd", &root).allowed);
    assert_true(pam_policy_caller(&config, "sshd", &caller).allowed);
    struct policy_decision decision = pam_policy_caller(&config, "sshd", &alice);
    assert_false(decision.allowed);
    assert_string_equal(decision.rule, "pam sshd: callers = postgres");
    decision = pam_policy_caller(&config, "sudo", &root); /* no rules: not even root */
    assert_false(decision.allowed);
    assert_string_equal(decision.rule, "pam: no section");
    assert_false(pam_policy_caller(&config, "ss\nhd", &root).allowed);
    assert_false(pam_policy_caller(&config, "", &root).allowed);
    assert_true(pam_policy_asks(&config, &root));
    assert_true(pam_policy_asks(&config, &caller));
    assert_false(pam_policy_asks(&config, &alice));
}

static bool may_check(const char *name)
{
    return pam_policy_name(&rules, "sshd", PAM_USE_CHECK, name).allowed;
}

static void a_pattern_stays_in_its_directory(void **state)
{
    (void)state;
    assert_true(may_check("bastion/users/alice"));
    assert_true(may_check("etc"));
    assert_false(may_check("bastion/users/alice/../../../prod/db"));
    assert_false(may_check("bastion/users/x/y"));
    assert_false(may_check("bastion/users/.."));
    assert_false(may_check("bastion/users/."));
    assert_false(may_check("prod/orders/db"));
    assert_false(may_check("ETC"));
    assert_false(pam_policy_name(&rules, "sshd", PAM_USE_SUPPLY, "etc").allowed);
}

static void every_byte_of_a_name_is_only_a_byte(void **state)
{
    (void)state;
    char name[] = "bastion/users/?";
    for (int byte = 1; byte < 256; byte++) {
        name[sizeof name - 2] = (char)byte;
        assert_int_equal(may_check(name), byte != '/' && byte != '.');
    }
}

static struct policy_decision come_in(gid_t gid, int day, const char *rhost)
{
    static struct sm_peer account;
    static struct tm now;
    account = peer(1000, gid);
    now = (struct tm){.tm_wday = day, .tm_hour = 12};
    struct pam_visitor visitor = {&account, "alice", "sshd", rhost, &now};
    return pam_policy_account(&rules, &visitor);
}

static void group_hour_and_place_must_all_fit(void **state)
{
    (void)state;
    assert_true(come_in(500, 3, "anywhere").allowed);
    assert_string_equal(come_in(501, 3, "").text,
                        "\"alice\" may not come in by sshd, by rule \"pam sshd: allow = @ops\"");
    assert_null(rhosts_parse("10.0.0.0/8", &ten[0]));
    rules.hours = (struct config_hours){monday, 1, hours_text};
    rules.rhost = (struct config_rhosts){ten, 1, rhost_text};
    assert_true(come_in(500, 1, "10.1.2.3").allowed);
    assert_string_equal(come_in(500, 2, "10.1.2.3").rule, "pam sshd: hours = Mon 08:00-18:00");
    assert_string_equal(come_in(500, 1, "192.0.2.1").rule, "pam sshd: rhost = 10.0.0.0/8");
    assert_false(come_in(500, 1, "").allowed);
    rules.allow = (struct config_grants){NULL, 0, NULL};
    assert_string_equal(come_in(500, 1, "10.1.2.3").rule, "pam sshd: no allow");
    rules.allow = (struct config_grants){ops, 1, allow_text};
}

static void words_are_cut_however_long_the_names(void **state)
{
    (void)state;
    char longest[257];
    memset(longest, '\x01', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    struct sm_peer account = peer(1000, 501);
    struct tm now = {.tm_wday = 1};
    struct pam_visitor visitor = {&account, longest, "sshd", longest, &now};
    struct policy_decision decision = pam_policy_account(&rules, &visitor);
    assert_true(strlen(decision.text) < sizeof decision.text);
    assert_null(strchr(decision.text, '\x01'));
}

static const char *judge(const char *password)
{
    static char text[POLICY_TEXT_MAX];
    return pam_policy_password(&rules, sm_bytes_of(password), text);
}

static void a_new_password_has_every_type_and_its_length(void **state)
{
    (void)state;
    assert_null(judge("aB3-efgh"));
    assert_string_equal(judge("aB3-efg"), "the new password is shorter than 8 characters");
    assert_non_null(judge("aB3\xc3\xa4\xc3\xa4\xc3\xa4")); /* bytes are no characters */
    assert_non_null(judge("ab3-efgh"));
    assert_non_null(judge("AB3-EFGH"));
    assert_non_null(judge("aBc-efgh"));
    assert_non_null(judge("aB3defgh"));
    assert_non_null(judge("aB3-efgh\n"));
    char excluded[] = "\"@/";
    rules.exclude_characters = excluded;
    assert_non_null(judge("aB3@efgh"));
    assert_null(judge("aB3-efgh"));
    rules.require_each_type = false;
    assert_null(judge("abcdefgh"));
}

SM_TEST_MAIN(cmocka_unit_test(root_and_callers_may_ask),
             cmocka_unit_test(a_pattern_stays_in_its_directory),
             cmocka_unit_test(every_byte_of_a_name_is_only_a_byte),
             cmocka_unit_test(group_hour_and_place_must_all_fit),
             cmocka_unit_test(words_are_cut_however_long_the_names),
             cmocka_unit_test(a_new_password_has_every_type_and_its_length))
