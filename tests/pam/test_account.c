/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_account.c - the keeper's rules decide, and its refusal is told in words. */
#include "tests/pam/stack.h"

#define ACCOUNT "account required MODULE "

static int may_enter(struct stack *stack, const char *lines, int flags)
{
    stack_start(stack, lines);
    return pam_acct_mgmt(stack->pamh, flags);
}

static const struct fake_answer refusal = {.status = SMCRED_DENIED,
                                           .text = "not at this hour",
                                           .rule = "pam bastion: hours",
                                           .audit_id = "a1"};

static void the_keeper_is_told_who_wants_what_from_where(void **state)
{
    struct stack *stack = *state;
    stack_start(stack, ACCOUNT);
    assert_int_equal(pam_set_item(stack->pamh, PAM_RHOST, "peer.example\x1b[2J"), PAM_SUCCESS);
    assert_int_equal(pam_acct_mgmt(stack->pamh, 0), PAM_SUCCESS);
    assert_int_equal(stack->asked[0].verb, CTL_PAM_ACCOUNT);
    assert_string_equal(stack->asked[0].user, STACK_USER);
    assert_string_equal(stack->asked[0].service, STACK_SERVICE);
    assert_string_equal(stack->asked[0].rhost, "peer.example\x1b[2J"); /* the keeper's to judge */
    assert_string_equal(stack->heard, "");
}

/* "rhost = local" is for who comes from nowhere else. */
static void a_host_with_too_long_a_name_is_not_this_one(void **state)
{
    struct stack *stack = *state;
    char name[CTL_PAM_RHOST_MAX + 2] = "";
    stack_start(stack, ACCOUNT);
    for (size_t len = CTL_PAM_RHOST_MAX; len <= CTL_PAM_RHOST_MAX + 1; len++) {
        memset(name, 'x', len);
        assert_int_equal(pam_set_item(stack->pamh, PAM_RHOST, name), PAM_SUCCESS);
        assert_int_equal(pam_acct_mgmt(stack->pamh, 0), PAM_SUCCESS);
    }
    assert_string_not_equal(stack->asked[0].rhost, stack->asked[1].rhost);
    name[CTL_PAM_RHOST_MAX] = '\0';
    assert_string_equal(stack->asked[0].rhost, name);
    name[CTL_PAM_RHOST_MAX - 1] = '?'; /* which no name in a rule has */
    assert_string_equal(stack->asked[1].rhost, name);
}

static void a_refusal_is_told_unless_silence_is_wanted(void **state)
{
    struct stack *stack = *state;
    stack_keeper_says(stack, refusal);
    assert_int_equal(may_enter(stack, ACCOUNT, 0), PAM_PERM_DENIED);
    assert_string_equal(stack->heard, "not at this hour (rule: pam bastion: hours; audit id a1)\n");
    assert_int_equal(may_enter(stack, ACCOUNT, PAM_SILENT), PAM_PERM_DENIED);
    assert_string_equal(stack->heard, "");
    assert_int_equal(may_enter(stack, ACCOUNT "quiet", 0), PAM_PERM_DENIED);
    assert_string_not_equal(stack->heard, ""); /* which is of the list of targets alone */
    stack->conversation_code = PAM_CONV_ERR;   /* as cron's */
    assert_int_equal(may_enter(stack, ACCOUNT, 0), PAM_PERM_DENIED);
}

static void every_answer_has_its_code(void **state)
{
    static const struct {
        enum smcred_status status;
        int closed, ignore;
    } rows[] = {
        {SMCRED_OK, PAM_SUCCESS, PAM_SUCCESS},
        {SMCRED_SYSTEM, PAM_AUTHINFO_UNAVAIL, PAM_SUCCESS},
        {SMCRED_NOT_FOUND, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN},
        {SMCRED_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED},
        {SMCRED_UNAVAILABLE, PAM_AUTHINFO_UNAVAIL, PAM_SUCCESS},
        {SMCRED_TIMED_OUT, PAM_AUTHINFO_UNAVAIL, PAM_SUCCESS},
        {SMCRED_INVALID, PAM_PERM_DENIED, PAM_PERM_DENIED},
        {SMCRED_TOO_LARGE, PAM_PERM_DENIED, PAM_PERM_DENIED},
        {SMCRED_NO_MEMORY, PAM_BUF_ERR, PAM_SUCCESS},
        {SMCRED_PROTOCOL, PAM_AUTHINFO_UNAVAIL, PAM_SUCCESS},
        {SMCRED_REVOKED, PAM_ACCT_EXPIRED, PAM_ACCT_EXPIRED},
        {SMCRED_LIMITED, PAM_PERM_DENIED, PAM_PERM_DENIED},
        {SMCRED_UNSUPPORTED, PAM_AUTHINFO_UNAVAIL, PAM_SUCCESS},
    };
    struct stack *stack = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        stack_keeper_says(stack, (struct fake_answer){.status = rows[i].status, .fields = true});
        assert_int_equal(may_enter(stack, ACCOUNT, 0), rows[i].closed);
        assert_int_equal(may_enter(stack, ACCOUNT "fail=ignore\naccount required pam_permit.so", 0),
                         rows[i].ignore);
    }
}

static void a_keeper_that_says_nothing_is_no_permission(void **state)
{
    struct stack *stack = *state;
    for (int gone = 0; gone < 2; gone++) {
        assert_int_equal(may_enter(stack, ACCOUNT, 0), gone ? PAM_AUTHINFO_UNAVAIL : PAM_SUCCESS);
        stack_keeper_says(stack, (struct fake_answer){.manner = FAKE_SILENT});
        if (gone)
            stack_keeper_goes(stack);
        int64_t begun_ms = stack_now_ms();
        assert_int_equal(may_enter(stack, ACCOUNT, 0), PAM_AUTHINFO_UNAVAIL);
        assert_true(stack_now_ms() - begun_ms < 20000);
        assert_string_equal(stack->heard, "");
    }
}

static void without_a_user_there_is_no_permission(void **state)
{
    struct stack *stack = *state;
    stack_start(stack, ACCOUNT);
    assert_int_equal(pam_set_item(stack->pamh, PAM_USER, NULL), PAM_SUCCESS);
    assert_int_equal(pam_acct_mgmt(stack->pamh, 0), PAM_USER_UNKNOWN);
    assert_int_equal(stack->asked_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stack_set_up, stack_tear_down)
SM_TEST_MAIN(TEST(the_keeper_is_told_who_wants_what_from_where),
             TEST(a_host_with_too_long_a_name_is_not_this_one),
             TEST(a_refusal_is_told_unless_silence_is_wanted), TEST(every_answer_has_its_code),
             TEST(a_keeper_that_says_nothing_is_no_permission),
             TEST(without_a_user_there_is_no_permission))
