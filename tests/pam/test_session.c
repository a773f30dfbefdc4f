/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_session.c - a login is opened once and closed once, by whoever opened it. */
#include "tests/pam/stack.h"

#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>

#define SESSION "session required MODULE "

static void opened(struct stack *stack, const char *lines)
{
    stack_start(stack, lines);
    assert_int_equal(pam_open_session(stack->pamh, 0), PAM_SUCCESS);
}

static struct fake_answer session(const char *id)
{
    return (struct fake_answer){.fields = true, .session_id = id};
}

/* How often the keeper was asked to close a session; NULL: any. */
static size_t closes_of(const struct stack *stack, const char *id)
{
    size_t count = 0;
    for (size_t i = 0; i < stack->asked_count; i++)
        count += stack->asked[i].verb == CTL_PAM_CLOSE &&
                 (!id || strcmp(stack->asked[i].session_id, id) == 0);
    return count;
}

static void opens_and_closes_the_same_session(void **state)
{
    struct stack *stack = *state;
    stack_start(stack, SESSION);
    assert_int_equal(pam_set_item(stack->pamh, PAM_RUSER, "carol"), PAM_SUCCESS);
    assert_int_equal(pam_open_session(stack->pamh, 0), PAM_SUCCESS);
    assert_int_equal(stack->asked[0].verb, CTL_PAM_OPEN);
    assert_string_equal(stack->asked[0].user, STACK_USER);
    assert_string_equal(stack->asked[0].service, STACK_SERVICE);
    assert_string_equal(stack->asked[0].ruser, "carol");
    assert_int_equal(pam_close_session(stack->pamh, 0), PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 2);
    assert_int_equal(closes_of(stack, "5e5510"), 1);
    assert_int_equal(pam_close_session(stack->pamh, 0), PAM_SUCCESS); /* nothing is open */
    assert_int_equal(stack->asked_count, 2);
}

static void tells_the_targets_in_lines(void **state)
{
    struct stack *stack = *state;
    struct fake_answer says = session("1");
    says.text = "orders: psql -h orders-db.internal\nbilling\x1b[2J";
    stack_keeper_says(stack, says);
    opened(stack, SESSION);
    assert_string_equal(stack->heard, "orders: psql -h orders-db.internal\nbilling?[2J\n");
    opened(stack, SESSION "quiet");
    assert_string_equal(stack->heard, "");
    stack_start(stack, SESSION);
    assert_int_equal(pam_open_session(stack->pamh, PAM_SILENT), PAM_SUCCESS);
    assert_string_equal(stack->heard, "");
    stack_start(stack, SESSION);
    stack->conversation_code = PAM_CONV_ERR; /* as cron's */
    assert_int_equal(pam_open_session(stack->pamh, 0), PAM_SUCCESS);
}

static void every_answer_has_its_code(void **state)
{
    struct stack *stack = *state;
    for (int status = SMCRED_SYSTEM; status <= SMCRED_UNSUPPORTED; status++) {
        bool failed = status != SMCRED_DENIED && status != SMCRED_NOT_FOUND &&
                      status != SMCRED_INVALID && status != SMCRED_TOO_LARGE &&
                      status != SMCRED_REVOKED && status != SMCRED_LIMITED;
        stack_keeper_says(stack, (struct fake_answer){.status = status, .text = "no"});
        stack_start(stack, SESSION);
        assert_int_equal(pam_open_session(stack->pamh, 0),
                         status == SMCRED_NO_MEMORY ? PAM_BUF_ERR : PAM_SESSION_ERR);
        assert_string_equal(stack->heard, failed ? "" : "no\n");
        stack_start(stack, SESSION "quiet");
        (void)pam_open_session(stack->pamh, 0);
        assert_string_equal(stack->heard, failed ? "" : "no\n");
        stack_start(stack, SESSION);
        (void)pam_open_session(stack->pamh, PAM_SILENT);
        assert_string_equal(stack->heard, "");
        stack_start(stack, SESSION "fail=ignore\nsession required pam_permit.so");
        assert_int_equal(pam_open_session(stack->pamh, 0), failed ? PAM_SUCCESS : PAM_SESSION_ERR);
        (void)pam_close_session(stack->pamh, 0); /* libpam remembers that it was never open */
        assert_int_equal(closes_of(stack, NULL), 0);
    }
}

static void an_end_that_cannot_be_told_is_an_error_unless_ignored(void **state)
{
    struct stack *stack = *state;
    opened(stack, SESSION);
    stack_keeper_goes(stack);
    assert_int_equal(pam_close_session(stack->pamh, 0), PAM_SESSION_ERR);
    stack_keeper_comes(stack);
    opened(stack, SESSION "fail=ignore\nsession required pam_permit.so");
    stack_keeper_goes(stack);
    assert_int_equal(pam_close_session(stack->pamh, 0), PAM_SUCCESS);
    stack_keeper_comes(stack);
    opened(stack, SESSION);
    stack_keeper_says(stack, (struct fake_answer){.status = SMCRED_NOT_FOUND});
    assert_int_equal(pam_close_session(stack->pamh, 0), PAM_SUCCESS); /* it had ended */
}

static void a_session_without_an_id_is_none(void **state)
{
    static char longest[65];
    struct stack *stack = *state;
    memset(longest, '1', sizeof longest - 1);
    const char *const ids[] = {NULL, "", longest};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        stack_keeper_says(stack, session(ids[i]));
        stack_start(stack, SESSION);
        assert_int_equal(pam_open_session(stack->pamh, 0), PAM_SESSION_ERR);
        (void)pam_close_session(stack->pamh, 0); /* libpam remembers that it was never open */
        assert_int_equal(stack->asked_count, 1);
    }
}

static void two_lines_have_two_sessions(void **state)
{
    struct stack *stack = *state;
    stack->answers[0] = session("a");
    stack->answers[1] = session("b");
    stack->answer_count = 2;
    opened(stack, SESSION "quiet\n" SESSION);
    assert_int_equal(stack->asked_count, 2);
    assert_int_equal(pam_close_session(stack->pamh, 0), PAM_SUCCESS);
    assert_int_equal(closes_of(stack, "a"), 1);
    assert_int_equal(closes_of(stack, "b"), 1);
    assert_int_equal(closes_of(stack, NULL), 2);
}

static void two_handles_do_not_know_each_other(void **state)
{
    struct stack *stack = *state;
    stack->answers[0] = session("a");
    stack->answers[1] = session("b");
    stack->answer_count = 2;
    opened(stack, SESSION);
    pam_handle_t *first = stack->pamh;
    const struct pam_conv none = {NULL, NULL};
    assert_int_equal(pam_start_confdir(STACK_SERVICE, "bob", &none, stack->directory, &stack->pamh),
                     PAM_SUCCESS);
    assert_int_equal(pam_open_session(stack->pamh, 0), PAM_SUCCESS);
    assert_int_equal(pam_close_session(first, 0), PAM_SUCCESS);
    assert_int_equal(closes_of(stack, "a"), 1);
    assert_int_equal(closes_of(stack, "b"), 0);
    assert_int_equal(pam_end(first, PAM_SUCCESS), PAM_SUCCESS);
    assert_int_equal(pam_close_session(stack->pamh, 0), PAM_SUCCESS);
    assert_int_equal(closes_of(stack, NULL), 2);
}

static void end_a_copy_of(struct stack *stack, int error_status)
{
    pid_t child = fork();
    if (child == 0)
        _exit(pam_end(stack->pamh, error_status) == PAM_SUCCESS ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_handle_that_ends_first_closes_its_session(void **state)
{
    struct stack *stack = *state;
    opened(stack, SESSION);
    assert_int_equal(pam_end(stack->pamh, PAM_SUCCESS), PAM_SUCCESS);
    stack->pamh = NULL;
    assert_int_equal(closes_of(stack, "5e5510"), 1);
}

/* The keeper hangs: it is told of each, and waited for once. */
static void a_handle_that_ends_waits_once(void **state)
{
    enum { COUNT = 16, TIMEOUT_MS = 1500 };
    struct stack *stack = *state;
    stack_start(stack, SESSION "timeout=1500ms");
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(pam_open_session(stack->pamh, 0), PAM_SUCCESS);
    stack_keeper_says(stack, (struct fake_answer){.manner = FAKE_SILENT});
    int64_t begun_ms = stack_now_ms();
    assert_int_equal(pam_end(stack->pamh, PAM_SUCCESS), PAM_SUCCESS);
    assert_in_range(stack_now_ms() - begun_ms, TIMEOUT_MS, COUNT * TIMEOUT_MS / 2);
    stack->pamh = NULL;
    for (int i = 0; i < 1000 && closes_of(stack, NULL) < COUNT; i++)
        (void)poll(NULL, 0, 20); /* what waits at its door */
    assert_int_equal(closes_of(stack, NULL), COUNT);
}

static void the_copy_of_a_child_closes_nothing(void **state)
{
    struct stack *stack = *state;
    opened(stack, SESSION);
    end_a_copy_of(stack, PAM_SUCCESS);
    end_a_copy_of(stack, PAM_SUCCESS | PAM_DATA_SILENT);
    assert_int_equal(closes_of(stack, NULL), 0);
    assert_int_equal(pam_end(stack->pamh, PAM_SUCCESS | PAM_DATA_SILENT), PAM_SUCCESS);
    stack->pamh = NULL;
    assert_int_equal(closes_of(stack, NULL), 0);
}

/* As systemd does with PAMName=: who opens becomes the service, and its child closes. */
static void a_child_that_is_told_to_close_does(void **state)
{
    struct stack *stack = *state;
    opened(stack, SESSION);
    pid_t child = fork();
    if (child == 0)
        _exit(pam_close_session(stack->pamh, 0) == PAM_SUCCESS ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(closes_of(stack, "5e5510"), 1);
}

static void sessions_without_end_are_refused_and_given_back(void **state)
{
    struct stack *stack = *state;
    stack_start(stack, SESSION);
    for (int i = 0; i < 16; i++)
        assert_int_equal(pam_open_session(stack->pamh, 0), PAM_SUCCESS);
    assert_int_equal(pam_open_session(stack->pamh, 0), PAM_BUF_ERR);
    assert_int_equal(closes_of(stack, NULL), 1);
    stack->asked_count = 0;
    for (int i = 0; i < 16; i++)
        (void)pam_close_session(stack->pamh, 0); /* libpam remembers the one that was refused */
    assert_int_equal(closes_of(stack, NULL), 16);
}

static void the_shim_is_put_behind_what_others_preload(void **state)
{
    struct stack *stack = *state;
    char line[128], list[128];
    (void)snprintf(line, sizeof line, SESSION "shim=%s", STACK_MODULE); /* any file will do */
    opened(stack, line);
    assert_string_equal(pam_getenv(stack->pamh, "LD_PRELOAD"), STACK_MODULE);
    assert_int_equal(pam_open_session(stack->pamh, 0), PAM_SUCCESS);
    assert_string_equal(pam_getenv(stack->pamh, "LD_PRELOAD"), STACK_MODULE);
    stack_start(stack, line);
    assert_int_equal(pam_putenv(stack->pamh, "LD_PRELOAD=/lib/others.so"), PAM_SUCCESS);
    assert_int_equal(pam_open_session(stack->pamh, 0), PAM_SUCCESS);
    (void)snprintf(list, sizeof list, "/lib/others.so:%s", STACK_MODULE);
    assert_string_equal(pam_getenv(stack->pamh, "LD_PRELOAD"), list);
}

static void without_a_shim_the_environment_stays(void **state)
{
    struct stack *stack = *state;
    opened(stack, SESSION);
    assert_null(pam_getenv(stack->pamh, "LD_PRELOAD"));
    opened(stack, SESSION "shim=/nonexistent/shim.so"); /* of which every program would complain */
    assert_null(pam_getenv(stack->pamh, "LD_PRELOAD"));
    stack_keeper_says(stack, (struct fake_answer){.status = SMCRED_DENIED});
    char line[128];
    (void)snprintf(line, sizeof line, SESSION "shim=%s", STACK_MODULE);
    stack_start(stack, line);
    assert_int_equal(pam_open_session(stack->pamh, 0), PAM_SESSION_ERR);
    assert_null(pam_getenv(stack->pamh, "LD_PRELOAD"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stack_set_up, stack_tear_down)
SM_TEST_MAIN(TEST(opens_and_closes_the_same_session), TEST(tells_the_targets_in_lines),
             TEST(every_answer_has_its_code),
             TEST(an_end_that_cannot_be_told_is_an_error_unless_ignored),
             TEST(a_session_without_an_id_is_none), TEST(two_lines_have_two_sessions),
             TEST(two_handles_do_not_know_each_other),
             TEST(a_handle_that_ends_first_closes_its_session), TEST(a_handle_that_ends_waits_once),
             TEST(the_copy_of_a_child_closes_nothing), TEST(a_child_that_is_told_to_close_does),
             TEST(sessions_without_end_are_refused_and_given_back),
             TEST(the_shim_is_put_behind_what_others_preload),
             TEST(without_a_shim_the_environment_stays))
