/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_password.c - a password is changed once, or it is said that nobody knows. */
#include "tests/pam/stack.h"

#define PASSWORD "password required MODULE secret=bastion/users/%u "
#define EXPIRED  PAM_CHANGE_EXPIRED_AUTHTOK /* root too is asked for the old one */

static const struct fake_answer yes = {.fields = true, .kind = CTL_WAY_CHOSEN};

static int change(struct stack *stack, const char *lines, int flags)
{
    stack_start(stack, lines);
    return pam_chauthtok(stack->pamh, flags);
}

static void types(struct stack *stack, const char *old, const char *new, const char *again)
{
    stack->typed[0] = old;
    stack->typed[1] = new;
    stack->typed[2] = again;
}

static void answers(struct stack *stack, struct fake_answer to_prepare,
                    struct fake_answer to_change)
{
    stack->answers[0] = to_prepare;
    stack->answers[1] = to_change;
    stack->answer_count = 2;
}

static void the_old_one_is_checked_and_the_new_one_made(void **state)
{
    struct stack *stack = *state;
    types(stack, "old one", "new one", "new one");
    assert_int_equal(change(stack, PASSWORD "grace=1h", EXPIRED), PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 2);
    assert_int_equal(stack->asked[0].verb, CTL_PAM_PREPARE);
    assert_string_equal(stack->asked[0].old, "old one");
    assert_int_equal(stack->asked[0].grace_s, 0); /* a former password changes nothing */
    assert_int_equal(stack->asked[1].verb, CTL_PAM_CHANGE);
    assert_string_equal(stack->asked[1].name, "bastion/users/alice");
    assert_string_equal(stack->asked[1].old, "old one");
    assert_string_equal(stack->asked[1].password, "new one");
    assert_string_equal(stack->prompts,
                        "Current password: \nNew password: \nRetype new password: \n");
    assert_string_equal(stack->heard, "");
}

static void root_needs_no_old_one(void **state)
{
    struct stack *stack = *state;
    if (getuid() != 0)
        skip();
    types(stack, "new one", "new one", NULL);
    assert_int_equal(change(stack, PASSWORD, 0), PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 2);
    assert_int_equal(stack->asked[1].verb, CTL_PAM_CHANGE);
    for (size_t i = 0; i < 2; i++) {
        assert_true(stack->asked[i].has_old);
        assert_string_equal(stack->asked[i].old, "");
    }
    assert_string_equal(stack->asked[1].password, "new one");
}

static void a_wrong_old_one_ends_it(void **state)
{
    struct stack *stack = *state;
    types(stack, "wrong", "new one", "new one");
    stack_keeper_says(stack, (struct fake_answer){.status = SMCRED_DENIED, .text = "it is wrong"});
    assert_int_equal(change(stack, PASSWORD, EXPIRED), PAM_PERM_DENIED);
    assert_int_equal(stack->asked_count, 1);
    assert_string_equal(stack->prompts, "Current password: \n");
    assert_string_equal(stack->heard, "it is wrong\n");
}

/* ---- whose rotation function makes it ---- */

#define NOT_TYPED                                                                                  \
    "This password is made by the secret's rotation function, which changes it at the database, "  \
    "too: no new one is asked for.\n"

static const struct fake_answer rotates = {.fields = true, .kind = CTL_WAY_ROTATED};
static const struct fake_answer done = {.fields = true, .kind = CTL_DONE};
static const struct fake_answer begun = {.fields = true, .kind = CTL_BEGUN};

static void what_a_function_makes_nobody_types(void **state)
{
    struct stack *stack = *state;
    types(stack, "old one", "new one", "new one");
    answers(stack, rotates, done);
    assert_int_equal(change(stack, PASSWORD, EXPIRED), PAM_SUCCESS);
    assert_string_equal(stack->prompts, "Current password: \n");
    assert_string_equal(stack->heard, NOT_TYPED "There is a new password. Secrets Manager has it; "
                                                "nobody is shown it here.\n");
    assert_int_equal(stack->asked_count, 2);
    assert_int_equal(stack->asked[1].verb, CTL_PAM_ROTATE);
    assert_string_equal(stack->asked[1].name, "bastion/users/alice");
    assert_string_equal(stack->asked[1].old, "old one");
    assert_string_equal(stack->asked[1].password, "");
    assert_in_range(stack->asked[1].wait_ms, 1, STACK_TIMEOUT);
}

static void what_was_typed_before_is_not_used_and_that_is_said(void **state)
{
    struct stack *stack = *state;
    types(stack, "old one", "new one", "new one");
    stack->answers[0] = yes; /* a secret whose password is chosen asks for one ... */
    stack->answers[1] = rotates;
    stack->answers[2] = yes;
    stack->answers[3] = done; /* ... that this one does not want */
    stack->answer_count = 4;
    assert_int_equal(
        change(stack, PASSWORD "\npassword required MODULE secret=prod/%u use_authtok", EXPIRED),
        PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 4);
    assert_int_equal(stack->asked[2].verb, CTL_PAM_CHANGE);
    assert_int_equal(stack->asked[3].verb, CTL_PAM_ROTATE);
    assert_string_equal(stack->asked[3].name, "prod/alice");
    assert_string_equal(stack->asked[3].password, "");
    assert_non_null(strstr(stack->heard, "the new one that was typed is not used.\n"));
}

/* Of the change, too: how long is its own timeout, after a check that took no time. */
static void a_change_waits_no_longer_than_it_may(void **state)
{
    struct stack *stack = *state;
    int64_t took_ms = INT64_MAX;
    types(stack, "old one", "new one", "new one");
    for (int tries = 0; tries < 3 && took_ms > STACK_TIMEOUT + 500; tries++) {
        answers(stack, tries % 2 ? rotates : yes, (struct fake_answer){.manner = FAKE_SILENT});
        int64_t begun_ms = stack_now_ms();
        assert_int_equal(change(stack, PASSWORD, EXPIRED), PAM_AUTHTOK_ERR);
        took_ms = stack_now_ms() - begun_ms;
    }
    assert_in_range(took_ms, STACK_TIMEOUT - 50, STACK_TIMEOUT + 500);
}

static void a_rotation_without_an_end_is_no_success(void **state)
{
    struct stack *stack = *state;
    types(stack, "old one", NULL, NULL);
    answers(stack, rotates, begun);
    assert_int_equal(
        change(stack, PASSWORD "fail=ignore\npassword required pam_permit.so", EXPIRED),
        PAM_AUTHTOK_ERR);
    assert_string_equal(stack->heard, NOT_TYPED
                        "A new password is being made, and it is not known to be finished: the old "
                        "one may still be the right one.\n");
}

static void a_rotation_is_asked_for_once_whatever_becomes_of_it(void **state)
{
    static const enum fake_manner manners[] = {FAKE_CLOSE, FAKE_SILENT, FAKE_GARBAGE};
    struct stack *stack = *state;
    types(stack, "old one", NULL, NULL);
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        answers(stack, rotates, (struct fake_answer){.manner = manners[i]});
        assert_int_equal(
            change(stack, PASSWORD "fail=ignore\npassword required pam_permit.so", EXPIRED),
            PAM_AUTHTOK_ERR);
        assert_int_equal(stack->asked_count, 2);
        assert_string_equal(stack->heard, NOT_TYPED "It is not known whether a new password is "
                                                    "being made. Try the old one first.\n");
    }
}

static void a_keeper_that_says_no_known_word_has_said_nothing(void **state)
{
    struct stack *stack = *state;
    types(stack, "old one", "new one", "new one");
    stack_keeper_says(stack, (struct fake_answer){.fields = true, .kind = "magic"});
    assert_int_equal(change(stack, PASSWORD, EXPIRED), PAM_TRY_AGAIN);
    answers(stack, rotates, rotates);
    assert_int_equal(change(stack, PASSWORD, EXPIRED), PAM_AUTHTOK_ERR);
}

/* ---- what is typed ---- */

static void two_different_new_ones_change_nothing(void **state)
{
    struct stack *stack = *state;
    types(stack, "old one", "new one", "new two");
    assert_int_equal(change(stack, PASSWORD, EXPIRED), PAM_TRY_AGAIN);
    assert_int_equal(stack->asked_count, 1);
    assert_string_equal(stack->heard, "The two passwords are not the same.\n");
}

static void what_cannot_be_a_password_is_never_sent(void **state)
{
    static char huge[1026];
    struct stack *stack = *state;
    memset(huge, 'x', 1025);
    const char *const words[] = {"", huge};
    for (size_t i = 0; i < 2; i++) {
        types(stack, "old one", words[i], words[i]);
        assert_int_equal(change(stack, PASSWORD, EXPIRED), PAM_AUTHTOK_ERR);
        assert_int_equal(stack->asked_count, 1);
        assert_string_equal(stack->heard, i ? "The new password is too long.\n" : "");
    }
}

static void a_rule_that_is_broken_is_told(void **state)
{
    struct stack *stack = *state;
    types(stack, "old one", "short", "short");
    answers(stack, yes, (struct fake_answer){.status = SMCRED_INVALID, .text = "too short"});
    assert_int_equal(change(stack, PASSWORD, EXPIRED), PAM_AUTHTOK_ERR);
    assert_string_equal(stack->heard, "too short\n");
    answers(stack, yes, (struct fake_answer){.status = SMCRED_UNSUPPORTED, .text = "use rotate"});
    assert_int_equal(change(stack, PASSWORD "fail=ignore", EXPIRED), PAM_AUTHTOK_ERR);
    assert_string_equal(stack->heard, "use rotate\n");
}

static void a_change_is_asked_for_once_whatever_becomes_of_it(void **state)
{
    static const enum fake_manner manners[] = {FAKE_CLOSE, FAKE_SILENT, FAKE_GARBAGE};
    struct stack *stack = *state;
    types(stack, "old one", "new one", "new one");
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        answers(stack, yes, (struct fake_answer){.manner = manners[i]});
        assert_int_equal(
            change(stack, PASSWORD "fail=ignore\npassword required pam_permit.so", EXPIRED),
            PAM_AUTHTOK_ERR);
        assert_int_equal(stack->asked_count, 2);
        assert_string_equal(stack->heard, "It is not known whether the password was changed. Try "
                                          "the new one first, then the old one.\n");
    }
}

static void a_change_that_was_turned_away_unread_is_asked_for_again(void **state)
{
    struct stack *stack = *state;
    types(stack, "old one", "new one", "new one");
    answers(stack, yes, (struct fake_answer){.manner = FAKE_TURNED_AWAY, .fields = true});
    stack->answers[2] = yes;
    stack->answer_count = 3;
    assert_int_equal(change(stack, PASSWORD "timeout=30s", EXPIRED), PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 3);
    assert_string_equal(stack->heard, "");
}

static void without_a_keeper_nothing_is_changed(void **state)
{
    struct stack *stack = *state;
    stack_keeper_goes(stack);
    types(stack, "old one", "new one", "new one");
    assert_int_equal(change(stack, PASSWORD, EXPIRED), PAM_TRY_AGAIN);
    assert_string_equal(stack->prompts, "Current password: \n");
    assert_int_equal(
        change(stack, PASSWORD "fail=ignore\npassword required pam_permit.so", EXPIRED),
        PAM_SUCCESS);
    if (getuid() != 0)
        return;
    types(stack, "new one", "new one", NULL);
    assert_int_equal(change(stack, PASSWORD, 0), PAM_TRY_AGAIN);
    assert_string_equal(stack->prompts, "");
    assert_string_equal(stack->heard, ""); /* nothing was sent: it is known */
    assert_int_equal(change(stack, PASSWORD "fail=ignore\npassword required pam_permit.so", 0),
                     PAM_SUCCESS);
}

/* Nobody types a new password for it, nor waits a second time. */
static void a_line_that_was_passed_over_is_passed_over_in_whole(void **state)
{
    struct stack *stack = *state;
    types(stack, "old one", "new one", "new one");
    answers(stack, (struct fake_answer){.manner = FAKE_SILENT}, yes);
    assert_int_equal(
        change(stack, PASSWORD "fail=ignore\npassword required pam_permit.so", EXPIRED),
        PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 1);
    assert_string_equal(stack->prompts, "Current password: \n");
    answers(stack, (struct fake_answer){.status = SMCRED_DENIED}, yes);
    (void)change(stack, "password optional MODULE secret=x\npassword required pam_permit.so",
                 EXPIRED); /* libpam's to decide */
    assert_int_equal(stack->asked_count, 1);
}

static void what_an_earlier_change_was_told_counts_no_more(void **state)
{
    struct stack *stack = *state;
    types(stack, "old one", "new one", "new one");
    stack_keeper_says(stack, yes);
    assert_int_equal(
        change(stack, PASSWORD "fail=ignore\npassword required pam_permit.so", EXPIRED),
        PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 2);
    stack->typed[3] = "new one";
    stack_keeper_says(stack, (struct fake_answer){.manner = FAKE_SILENT});
    assert_int_equal(pam_chauthtok(stack->pamh, EXPIRED), PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 3);
}

static void use_authtok_asks_for_no_new_one(void **state)
{
    struct stack *stack = *state;
    types(stack, "old one", "new one", "new one");
    assert_int_equal(change(stack, PASSWORD "use_authtok", EXPIRED), PAM_AUTHTOK_ERR);
    assert_int_equal(stack->asked_count, 1);
    types(stack, "old one", "new one", "new one");
    assert_int_equal(change(stack, PASSWORD "\n" PASSWORD "use_authtok", EXPIRED), PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 4);
    assert_string_equal(stack->asked[3].password, "new one");
    assert_string_equal(stack->asked[3].old, "old one");
}

static void a_broken_conversation_changes_nothing(void **state)
{
    struct stack *stack = *state;
    stack->conversation_code = PAM_CONV_ERR;
    assert_int_equal(change(stack, PASSWORD, EXPIRED), PAM_CONV_ERR);
    stack->conversation_code = PAM_SUCCESS;
    for (int words = 0; words < 3; words++) {
        types(stack, words > 0 ? "old one" : NULL, words > 1 ? "new one" : NULL, NULL);
        assert_int_equal(change(stack, PASSWORD, EXPIRED), PAM_CONV_ERR);
        assert_int_equal(stack->asked_count, words > 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stack_set_up, stack_tear_down)
SM_TEST_MAIN(TEST(the_old_one_is_checked_and_the_new_one_made), TEST(root_needs_no_old_one),
             TEST(a_wrong_old_one_ends_it), TEST(two_different_new_ones_change_nothing),
             TEST(what_cannot_be_a_password_is_never_sent), TEST(a_rule_that_is_broken_is_told),
             TEST(a_change_is_asked_for_once_whatever_becomes_of_it),
             TEST(a_change_that_was_turned_away_unread_is_asked_for_again),
             TEST(without_a_keeper_nothing_is_changed),
             TEST(a_line_that_was_passed_over_is_passed_over_in_whole),
             TEST(what_an_earlier_change_was_told_counts_no_more),
             TEST(use_authtok_asks_for_no_new_one), TEST(a_broken_conversation_changes_nothing),
             TEST(what_a_function_makes_nobody_types),
             TEST(what_was_typed_before_is_not_used_and_that_is_said),
             TEST(a_change_waits_no_longer_than_it_may),
             TEST(a_rotation_without_an_end_is_no_success),
             TEST(a_rotation_is_asked_for_once_whatever_becomes_of_it),
             TEST(a_keeper_that_says_no_known_word_has_said_nothing))
