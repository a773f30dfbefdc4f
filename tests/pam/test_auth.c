/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_auth.c - who is let in by a password, and that whatever goes wrong lets nobody in. */
#include "tests/pam/stack.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/clock.h"
#include "tests/lib/fake_page.h"

#define AUTH "auth required MODULE secret=bastion/users/%u "

static const struct fake_answer yes = {.fields = true};

/* One try to get in, with these lines of the service file. */
static int enter(struct stack *stack, const char *lines)
{
    stack_start(stack, lines);
    return pam_authenticate(stack->pamh, 0);
}

static struct fake_answer no(enum smcred_status status)
{
    return (struct fake_answer){.status = status, .text = "so it is", .rule = "a rule"};
}

static void the_right_password_is_let_in(void **state)
{
    struct stack *stack = *state;
    stack_keeper_says(stack, yes);
    stack_start(stack, AUTH);
    assert_int_equal(pam_set_item(stack->pamh, PAM_RHOST, "192.0.2.7"), PAM_SUCCESS);
    assert_int_equal(pam_set_item(stack->pamh, PAM_TTY, "ssh"), PAM_SUCCESS);
    assert_int_equal(pam_authenticate(stack->pamh, 0), PAM_SUCCESS);
    const struct stack_question *asked = &stack->asked[0];
    assert_int_equal(stack->asked_count, 1);
    assert_int_equal(asked->verb, CTL_PAM_CHECK);
    assert_string_equal(asked->name, "bastion/users/alice");
    assert_string_equal(asked->service, STACK_SERVICE);
    assert_string_equal(asked->user, STACK_USER);
    assert_string_equal(asked->password, "right");
    assert_string_equal(asked->rhost, "192.0.2.7");
    assert_string_equal(asked->tty, "ssh");
    assert_int_equal(asked->grace_s, 0);
    assert_string_equal(stack->prompts, "Password: \n");
    assert_string_equal(stack->heard, "");
}

static void grace_is_passed_on(void **state)
{
    struct stack *stack = *state;
    assert_int_equal(enter(stack, AUTH "grace=15m"), PAM_SUCCESS);
    assert_int_equal(stack->asked[0].grace_s, 900);
}

/* What the keeper says, what that is, and what it is under fail=ignore before pam_permit. */
static void every_answer_has_its_code(void **state)
{
    static const struct {
        enum smcred_status status;
        int closed, ignore;
    } rows[] = {
        {SMCRED_OK, PAM_SUCCESS, PAM_SUCCESS},
        {SMCRED_SYSTEM, PAM_AUTHINFO_UNAVAIL, PAM_SUCCESS},
        {SMCRED_NOT_FOUND, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN},
        {SMCRED_DENIED, PAM_AUTH_ERR, PAM_AUTH_ERR},
        {SMCRED_UNAVAILABLE, PAM_AUTHINFO_UNAVAIL, PAM_SUCCESS},
        {SMCRED_TIMED_OUT, PAM_AUTHINFO_UNAVAIL, PAM_SUCCESS},
        {SMCRED_INVALID, PAM_AUTH_ERR, PAM_AUTH_ERR},
        {SMCRED_TOO_LARGE, PAM_AUTH_ERR, PAM_AUTH_ERR},
        {SMCRED_NO_MEMORY, PAM_BUF_ERR, PAM_SUCCESS},
        {SMCRED_PROTOCOL, PAM_AUTHINFO_UNAVAIL, PAM_SUCCESS},
        {SMCRED_REVOKED, PAM_AUTH_ERR, PAM_AUTH_ERR},
        {SMCRED_LIMITED, PAM_MAXTRIES, PAM_MAXTRIES},
        {SMCRED_UNSUPPORTED, PAM_AUTHINFO_UNAVAIL, PAM_SUCCESS},
    };
    struct stack *stack = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_answer says = no(rows[i].status);
        says.fields = true;
        stack_keeper_says(stack, says);
        assert_int_equal(enter(stack, AUTH), rows[i].closed);
        assert_int_equal(enter(stack, AUTH "fail=closed\nauth required pam_permit.so"),
                         rows[i].closed);
        assert_int_equal(enter(stack, AUTH "fail=ignore\nauth required pam_permit.so"),
                         rows[i].ignore);
        /* By itself a line that is ignored lets nobody in. */
        int alone = enter(stack, AUTH "fail=ignore");
        assert_int_equal(alone,
                         rows[i].closed == rows[i].ignore ? rows[i].closed : PAM_PERM_DENIED);
    }
}

/* Why somebody is refused is for the log: whoever types passwords is told nothing. */
static void a_refusal_is_not_explained(void **state)
{
    struct stack *stack = *state;
    stack_keeper_says(stack, no(SMCRED_DENIED));
    assert_int_equal(enter(stack, AUTH "debug"), PAM_AUTH_ERR);
    assert_string_equal(stack->heard, "");
}

static void expect_nobody_gets_in(struct stack *stack, const char *what)
{
    int64_t begun_ms = stack_now_ms();
    int code = enter(stack, AUTH);
    int64_t took_ms = stack_now_ms() - begun_ms;
    if (code != PAM_AUTHINFO_UNAVAIL)
        fail_msg("%s: code %d", what, code);
    for (int tries = 3; took_ms > STACK_TIMEOUT + 500;
         tries--) { /* it may be the machine's doing */
        if (tries == 0)
            fail_msg("%s: %lld ms", what, (long long)took_ms);
        begun_ms = stack_now_ms();
        (void)enter(stack, AUTH);
        took_ms = stack_now_ms() - begun_ms;
    }
    assert_int_equal(enter(stack, AUTH "fail=ignore\nauth required pam_permit.so"), PAM_SUCCESS);
    assert_int_equal(enter(stack, AUTH "fail=ignore\nauth required pam_deny.so"), PAM_AUTH_ERR);
}

static void a_lying_keeper_lets_nobody_in(void **state)
{
    struct stack *stack = *state;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int manner = FAKE_PROPER + 1; manner < FAKE_MANNER_COUNT; manner++) {
        char what[32];
        if (manner == FAKE_NO_DESCRIPTOR || manner == FAKE_REFUSAL_WITH_DESCRIPTOR)
            continue; /* the first is proper here; the second is a refusal all the same */
        (void)snprintf(what, sizeof what, "manner %d", manner);
        stack_keeper_says(stack, (struct fake_answer){.manner = manner, .fields = true, .fd = fd});
        expect_nobody_gets_in(stack, what);
    }
    stack_keeper_says(stack, (struct fake_answer){.fd = fd}); /* a yes with a descriptor */
    expect_nobody_gets_in(stack, "a descriptor");
    assert_int_equal(close(fd), 0);
}

static void a_keeper_that_is_gone_lets_nobody_in(void **state)
{
    struct stack *stack = *state;
    stack_keeper_goes(stack);
    expect_nobody_gets_in(stack, "no socket");
}

/* The kernel takes connections for a stopped process until its queue is full. */
static void a_keeper_that_is_stopped_lets_nobody_in(void **state)
{
    struct stack *stack = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    stack_keeper_goes(stack);
    (void)strcpy(address.sun_path, stack->socket);
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    expect_nobody_gets_in(stack, "nobody listens");
    assert_int_equal(listen(listener, 1), 0);
    expect_nobody_gets_in(stack, "nobody accepts");
    int crowd[2];
    for (int i = 0; i < 2; i++) {
        crowd[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(crowd[i], (struct sockaddr *)&address, sizeof address); /* fills the queue */
    }
    expect_nobody_gets_in(stack, "no room in the queue");
    (void)close(crowd[0]);
    (void)close(crowd[1]);
    (void)close(listener);
}

static void a_keeper_that_is_busy_or_restarts_is_asked_again(void **state)
{
    struct stack *stack = *state;
    stack->answers[0] = (struct fake_answer){.manner = FAKE_TURNED_AWAY, .fields = true};
    stack->answers[1] = (struct fake_answer){.manner = FAKE_CLOSE};
    stack->answers[2] = yes;
    stack->answer_count = 3;
    assert_int_equal(enter(stack, AUTH "timeout=30s"), PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 3);
    assert_string_equal(stack->prompts, "Password: \n");
}

static void what_cannot_be_a_password_is_never_sent(void **state)
{
    static char huge[65537];
    struct stack *stack = *state;
    memset(huge, 'x', sizeof huge - 1);
    const char *const words[] = {"", huge, huge + sizeof huge - 1 - 1025};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        stack->typed[0] = words[i];
        assert_int_equal(enter(stack, AUTH), PAM_AUTH_ERR);
        assert_int_equal(stack->asked_count, 0);
    }
    stack->typed[0] = huge + sizeof huge - 1 - 1024;
    assert_int_equal(enter(stack, AUTH), PAM_SUCCESS);
    assert_int_equal(strlen(stack->asked[0].password), 1024);
}

/* Of no user name is another secret asked than the one in that very place. */
static void no_user_name_leads_to_another_secret(void **state)
{
    struct stack *stack = *state;
    for (int byte = 1; byte < 256; byte++) {
        const char user[] = {'a', (char)byte, 'b', '\0'};
        stack_start(stack, AUTH);
        assert_int_equal(pam_set_item(stack->pamh, PAM_USER, user), PAM_SUCCESS);
        int code = pam_authenticate(stack->pamh, 0);
        bool plain = strchr("_+=.@-", byte) || (byte >= '0' && byte <= '9') ||
                     ((byte | 32) >= 'a' && (byte | 32) <= 'z');
        assert_int_equal(code, plain ? PAM_SUCCESS : PAM_USER_UNKNOWN);
        assert_int_equal(stack->asked_count, plain);
        if (plain)
            assert_string_equal(stack->asked[0].name + strlen("bastion/users/"), user);
        else
            assert_string_equal(stack->prompts, "");
    }
    char user[300];
    memset(user, 'u', sizeof user - 1);
    for (size_t len = 0; len < sizeof user; len += 257) { /* none, and too long a one */
        user[len] = '\0';
        stack_start(stack, AUTH);
        assert_int_equal(pam_set_item(stack->pamh, PAM_USER, user), PAM_SUCCESS);
        assert_int_equal(pam_authenticate(stack->pamh, 0), PAM_USER_UNKNOWN);
        assert_int_equal(stack->asked_count, 0);
        user[len] = 'u';
    }
}

static void a_user_whom_nobody_has_named_is_asked_for(void **state)
{
    struct stack *stack = *state;
    stack->typed[0] = "bob";
    stack->typed[1] = "right";
    stack_start(stack, AUTH);
    assert_int_equal(pam_set_item(stack->pamh, PAM_USER, NULL), PAM_SUCCESS);
    assert_int_equal(pam_authenticate(stack->pamh, 0), PAM_SUCCESS);
    assert_string_equal(stack->asked[0].name, "bastion/users/bob");
}

static void a_broken_conversation_lets_nobody_in(void **state)
{
    struct stack *stack = *state;
    static const int codes[] = {PAM_CONV_ERR, PAM_ABORT, PAM_SYSTEM_ERR, 4711};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        stack->conversation_code = codes[i];
        assert_int_equal(enter(stack, AUTH "fail=ignore"), PAM_CONV_ERR);
    }
    stack->conversation_code = PAM_CONV_AGAIN;
    assert_int_equal(enter(stack, AUTH), PAM_INCOMPLETE);
    stack->conversation_code = PAM_SUCCESS;
    stack->types_nothing = true;
    assert_int_equal(enter(stack, AUTH "fail=ignore"), PAM_CONV_ERR);
    stack->types_nothing = false;
    stack->typed[0] = NULL;
    assert_int_equal(enter(stack, AUTH "fail=ignore"), PAM_CONV_ERR);
    const struct pam_conv none = {NULL, NULL};
    stack_start(stack, AUTH);
    assert_int_equal(pam_set_item(stack->pamh, PAM_CONV, &none), PAM_SUCCESS);
    assert_int_equal(pam_authenticate(stack->pamh, 0), PAM_CONV_ERR);
    assert_int_equal(stack->asked_count, 0);
}

static void use_first_pass_asks_nobody(void **state)
{
    struct stack *stack = *state;
    assert_int_equal(enter(stack, AUTH "use_first_pass"), PAM_AUTH_ERR);
    assert_int_equal(stack->asked_count, 0);
    assert_string_equal(stack->prompts, "");
}

static void two_lines_share_what_was_typed(void **state)
{
    struct stack *stack = *state;
    assert_int_equal(enter(stack, AUTH "\n"
                                       "auth required MODULE target=orders use_first_pass"),
                     PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 2);
    assert_string_equal(stack->asked[1].name, "orders");
    assert_string_equal(stack->asked[1].password, "right");
    assert_string_equal(stack->prompts, "Password: \n");
}

static void try_first_pass_asks_when_the_first_is_wrong(void **state)
{
    struct stack *stack = *state;
    stack->typed[0] = "wrong";
    stack->typed[1] = "right";
    stack->answers[0] = yes;
    stack->answers[1] = no(SMCRED_DENIED);
    stack->answers[2] = yes;
    stack->answer_count = 3;
    assert_int_equal(enter(stack, AUTH "\n" AUTH "try_first_pass"), PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 3);
    assert_string_equal(stack->asked[1].password, "wrong");
    assert_string_equal(stack->asked[2].password, "right");
}

/* Whatever other words stand beside it. */
static void a_line_that_is_wrong_lets_nobody_in(void **state)
{
    struct stack *stack = *state;
    static const char *const words[] = {"secrets=x", "fail=open", "timeout=0",   "quiet=1",
                                        "secret",    "grace=-1",  "socket=here", "Debug"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char lines[512];
        const char *word = words[i];
        (void)snprintf(lines, sizeof lines,
                       "auth required MODULE target=x fail=ignore %s\n"
                       "auth required pam_permit.so\n"
                       "account required MODULE fail=ignore %s\n"
                       "session required MODULE fail=ignore %s\n"
                       "password required MODULE target=x fail=ignore %s",
                       word, word, word, word);
        assert_int_equal(enter(stack, lines), PAM_SERVICE_ERR);
        assert_int_equal(pam_acct_mgmt(stack->pamh, 0), PAM_SERVICE_ERR);
        assert_int_equal(pam_open_session(stack->pamh, 0), PAM_SERVICE_ERR);
        assert_int_equal(pam_close_session(stack->pamh, 0), PAM_SERVICE_ERR);
        assert_int_equal(pam_chauthtok(stack->pamh, 0), PAM_SERVICE_ERR);
        assert_int_equal(stack->asked_count, 0);
    }
    assert_int_equal(enter(stack, "auth required MODULE\npassword required MODULE"),
                     PAM_SERVICE_ERR);
    assert_int_equal(pam_chauthtok(stack->pamh, 0), PAM_SERVICE_ERR);
}

/* Whoever starts su may say what they like. */
static void the_environment_names_no_keeper(void **state)
{
    struct stack *stack = *state;
    assert_int_equal(setenv("SMCRED_SOCKET", stack->socket, 1), 0);
    char lines[256];
    (void)snprintf(lines, sizeof lines, "auth required %s secret=x timeout=100ms", STACK_MODULE);
    (void)enter(stack, lines); /* a keeper may run on this host */
    assert_int_equal(stack->asked_count, 0);
    assert_int_equal(unsetenv("SMCRED_SOCKET"), 0);
}

static void setcred_succeeds_whatever_went_before(void **state)
{
    struct stack *stack = *state;
    stack_start(stack, AUTH);
    assert_int_equal(pam_setcred(stack->pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
    assert_int_equal(pam_authenticate(stack->pamh, 0), PAM_SUCCESS);
    assert_int_equal(pam_setcred(stack->pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
    assert_int_equal(pam_setcred(stack->pamh, PAM_DELETE_CRED), PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 1);
}

/* A later line of ours shows what libpam was given. */
#define SUPPLY       "auth required MODULE target=orders supply"
#define SHOW_AUTHTOK "\nauth required MODULE secret=shown/%u use_first_pass"

static void keeper_shares(struct stack *stack, const struct fake_page *page)
{
    stack->answers[0] = (struct fake_answer){.fd = page->fd};
    stack->answers[1] = yes;
    stack->answer_count = 2;
}

static void supply_hands_on_user_and_password(void **state)
{
    struct stack *stack = *state;
    struct fake_page page = fake_page_new(sm_boot_ms() + 3600000);
    fake_page_seal(&page);
    keeper_shares(stack, &page);
    assert_int_equal(enter(stack, SUPPLY SHOW_AUTHTOK), PAM_SUCCESS);
    assert_int_equal(stack->asked[0].verb, CTL_PAM_SUPPLY);
    assert_string_equal(stack->asked[0].name, "orders");
    assert_string_equal(stack->asked[1].password, FAKE_PAGE_PASSWORD);
    assert_string_equal(stack->asked[1].name, "shown/alice");
    assert_string_equal(stack->prompts, "");
    assert_int_equal(enter(stack, SUPPLY "=both" SHOW_AUTHTOK), PAM_SUCCESS);
    assert_string_equal(stack->asked[1].password, FAKE_PAGE_PASSWORD);
    assert_string_equal(stack->asked[1].name, "shown/orders_app");
    assert_int_equal(enter(stack, SUPPLY "=user" SHOW_AUTHTOK), PAM_AUTH_ERR);
    assert_int_equal(stack->asked_count, 1); /* a user, and no password to show */
    fake_page_free(&page);
}

static void supply_alone_lets_nobody_in(void **state)
{
    struct stack *stack = *state;
    struct fake_page page = fake_page_new(sm_boot_ms() + 3600000);
    fake_page_seal(&page);
    keeper_shares(stack, &page);
    assert_int_equal(enter(stack, SUPPLY), PAM_PERM_DENIED);
    assert_int_equal(enter(stack, "auth sufficient MODULE target=orders supply=both\n"
                                  "auth required pam_deny.so"),
                     PAM_AUTH_ERR);
    fake_page_free(&page);
}

static void supply_of_a_secret_without_password_is_none(void **state)
{
    struct stack *stack = *state;
    struct fake_page page = fake_page_new(sm_boot_ms() + 3600000);
    fake_page_write(&page, "", "v2");
    fake_page_seal(&page);
    keeper_shares(stack, &page);
    assert_int_equal(enter(stack, SUPPLY "=both" SHOW_AUTHTOK), PAM_AUTH_ERR);
    assert_int_equal(stack->asked_count, 1);
    fake_page_free(&page);
}

static void supply_takes_no_page_from_a_liar(void **state)
{
    struct stack *stack = *state;
    struct fake_page page = fake_page_new(sm_boot_ms() + 3600000);
    keeper_shares(stack, &page); /* not sealed */
    assert_int_equal(enter(stack, SUPPLY), PAM_AUTHINFO_UNAVAIL);
    fake_page_seal(&page);
    fake_page_set_state(&page, PAGE_REVOKED);
    assert_int_equal(enter(stack, SUPPLY), PAM_AUTH_ERR);
    stack_keeper_says(stack, yes); /* and no page */
    assert_int_equal(enter(stack, SUPPLY), PAM_AUTHINFO_UNAVAIL);
    stack_keeper_says(stack, no(SMCRED_DENIED));
    assert_int_equal(enter(stack, SUPPLY), PAM_AUTH_ERR);
    fake_page_free(&page);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stack_set_up, stack_tear_down)
SM_TEST_MAIN(
    TEST(the_right_password_is_let_in), TEST(grace_is_passed_on), TEST(every_answer_has_its_code),
    TEST(a_refusal_is_not_explained), TEST(a_lying_keeper_lets_nobody_in),
    TEST(a_keeper_that_is_gone_lets_nobody_in), TEST(a_keeper_that_is_stopped_lets_nobody_in),
    TEST(a_keeper_that_is_busy_or_restarts_is_asked_again),
    TEST(what_cannot_be_a_password_is_never_sent), TEST(no_user_name_leads_to_another_secret),
    TEST(a_user_whom_nobody_has_named_is_asked_for), TEST(a_broken_conversation_lets_nobody_in),
    TEST(use_first_pass_asks_nobody), TEST(two_lines_share_what_was_typed),
    TEST(try_first_pass_asks_when_the_first_is_wrong), TEST(a_line_that_is_wrong_lets_nobody_in),
    TEST(the_environment_names_no_keeper), TEST(setcred_succeeds_whatever_went_before),
    TEST(supply_hands_on_user_and_password), TEST(supply_alone_lets_nobody_in),
    TEST(supply_of_a_secret_without_password_is_none), TEST(supply_takes_no_page_from_a_liar))
