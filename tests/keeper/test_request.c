/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_request.c - requests of S1 are understood or refused, byte for byte. */
#include "tests/lib/sm_test.h"

#include "common/wire.h"
#include "keeper/control.h"

static uint8_t packet[CTL_REQUEST_MAX];
static struct sm_wire_out out;

static void begin(uint16_t verb)
{
    sm_wire_begin(&out, packet, sizeof packet, verb, SMCRED_OK, 7);
}

static enum smcred_status parse(struct control_request *request)
{
    const char *why = NULL;
    assert_int_equal(sm_wire_finish(&out), SMCRED_OK);
    enum smcred_status status = control_parse(sm_bytes(packet, out.len), request, &why);
    assert_int_equal(why == NULL, status == SMCRED_OK);
    assert_int_equal(request->id, 7);
    return status;
}

static void understands_each_verb(void **state)
{
    (void)state;
    struct control_request request;
    begin(CTL_CONNECT);
    sm_wire_put_text(&out, CTL_TARGET, "orders");
    assert_int_equal(parse(&request), SMCRED_OK);
    assert_string_equal(request.name, "orders");
    begin(CTL_RESOLVE);
    sm_wire_put_text(&out, CTL_NAME, "prod/orders/db");
    sm_wire_put_text(&out, CTL_STAGE, "AWSPENDING");
    assert_int_equal(parse(&request), SMCRED_OK);
    assert_string_equal(request.stage, "AWSPENDING");
    begin(CTL_EXPLAIN);
    sm_wire_put_text(&out, CTL_HOST, "h");
    sm_wire_put_u32(&out, CTL_PORT, 5432);
    assert_int_equal(parse(&request), SMCRED_OK);
    assert_int_equal(request.port, 5432);
    begin(CTL_REFRESH);
    sm_wire_put(&out, CTL_ALL, sm_bytes("", 0));
    assert_int_equal(parse(&request), SMCRED_OK);
    assert_true(request.all);
    begin(CTL_STATUS);
    assert_int_equal(parse(&request), SMCRED_OK);
}

static void refuses_what_is_missing_or_too_much(void **state)
{
    (void)state;
    struct control_request request;
    begin(CTL_CONNECT);
    assert_int_equal(parse(&request), SMCRED_INVALID);
    begin(CTL_EXPLAIN);
    sm_wire_put_text(&out, CTL_HOST, "h");
    sm_wire_put_u32(&out, CTL_PORT, 65536);
    assert_int_equal(parse(&request), SMCRED_INVALID);
    begin(CTL_EXPLAIN);
    sm_wire_put_text(&out, CTL_HOST, "h");
    sm_wire_put_text(&out, CTL_PORT, "5432");
    assert_int_equal(parse(&request), SMCRED_INVALID);
    begin(CTL_REFRESH); /* one, or all: not both, not none */
    assert_int_equal(parse(&request), SMCRED_INVALID);
    begin(CTL_REFRESH);
    sm_wire_put(&out, CTL_ALL, sm_bytes("", 0));
    sm_wire_put_text(&out, CTL_NAME, "x");
    assert_int_equal(parse(&request), SMCRED_INVALID);
    begin(CTL_STATUS);
    sm_wire_put_text(&out, CTL_NAME, "x");
    assert_int_equal(parse(&request), SMCRED_TOO_LARGE);
    begin(99);
    assert_int_equal(parse(&request), SMCRED_UNSUPPORTED);
}

static void refuses_every_truncation(void **state)
{
    (void)state;
    struct control_request request;
    const char *why;
    begin(CTL_CONNECT);
    sm_wire_put_text(&out, CTL_TARGET, "orders");
    assert_int_equal(sm_wire_finish(&out), SMCRED_OK);
    for (size_t cut = 0; cut < out.len; cut++)
        assert_int_equal(control_parse(sm_bytes(packet, cut), &request, &why), SMCRED_PROTOCOL);
}

/* What pam_smcred sends at most: every text at its end. */
static void begin_change(const char *name, const char *user)
{
    static char longest[CTL_PAM_PASSWORD_MAX];
    memset(longest, 'p', sizeof longest);
    begin(CTL_PAM_CHANGE);
    sm_wire_put_text(&out, CTL_NAME, name);
    sm_wire_put_text(&out, CTL_SERVICE, "sshd");
    sm_wire_put_text(&out, CTL_USER, user);
    sm_wire_put(&out, CTL_OLD, sm_bytes("", 0));
    sm_wire_put(&out, CTL_PASSWORD, sm_bytes(longest, sizeof longest));
}

static void understands_what_pam_says(void **state)
{
    (void)state;
    struct control_request request;
    char name[CTL_PAM_NAME_MAX + 1], user[CTL_PAM_USER_MAX + 1];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (size_t i = 0; i < sizeof user; i++) /* every byte that there is */
        user[i] = (char)(i + 1);
    begin_change(name, user);
    sm_wire_put_text(&out, CTL_RHOST, "2001:db8::7");
    sm_wire_put_text(&out, CTL_TTY, "pts/3");
    assert_int_equal(parse(&request), SMCRED_OK);
    assert_memory_equal(request.user, user, 255);
    assert_int_equal(request.password.len, CTL_PAM_PASSWORD_MAX);
    assert_int_equal(request.old_password.len, 0);
    assert_non_null(request.old_password.data);
    assert_string_equal(request.rhost, "2001:db8::7");
    begin(CTL_PAM_ROTATE);
    sm_wire_put_text(&out, CTL_NAME, "bastion/users/alice");
    sm_wire_put_text(&out, CTL_SERVICE, "passwd");
    sm_wire_put_text(&out, CTL_USER, "alice");
    sm_wire_put_u32(&out, CTL_WAIT_MS, 20000);
    assert_int_equal(parse(&request), SMCRED_INVALID); /* who asks does not say what he knows */
    begin(CTL_PAM_ROTATE);
    sm_wire_put_text(&out, CTL_NAME, "bastion/users/alice");
    sm_wire_put_text(&out, CTL_SERVICE, "passwd");
    sm_wire_put_text(&out, CTL_USER, "alice");
    sm_wire_put_text(&out, CTL_OLD, "old one");
    sm_wire_put_u32(&out, CTL_WAIT_MS, 20000);
    assert_int_equal(parse(&request), SMCRED_OK);
    assert_int_equal(request.wait_ms, 20000);
    begin(CTL_PAM_CLOSE);
    sm_wire_put_text(&out, CTL_SESSION_ID, "00000000000000ff");
    assert_int_equal(parse(&request), SMCRED_OK);
    assert_int_equal(request.session, 255);
    begin(CTL_PAM_CHECK);
    sm_wire_put_text(&out, CTL_NAME, "users/alice");
    sm_wire_put_text(&out, CTL_SERVICE, "sshd");
    sm_wire_put_text(&out, CTL_USER, "alice");
    sm_wire_put(&out, CTL_PASSWORD, sm_bytes("", 0));
    sm_wire_put_u32(&out, CTL_GRACE_S, 90);
    assert_int_equal(parse(&request), SMCRED_OK);
    assert_int_equal(request.grace_s, 90);
}

static void expect_invalid(uint16_t tag, const void *value, size_t len)
{
    struct control_request request;
    begin(CTL_PAM_CHECK);
    sm_wire_put(&out, tag, sm_bytes(value, len)); /* the first one counts */
    sm_wire_put_text(&out, CTL_NAME, "users/alice");
    sm_wire_put_text(&out, CTL_SERVICE, "sshd");
    sm_wire_put_text(&out, CTL_USER, "alice");
    sm_wire_put_text(&out, CTL_PASSWORD, "secret");
    assert_int_equal(parse(&request), SMCRED_INVALID);
}

static void refuses_what_pam_cannot_mean(void **state)
{
    (void)state;
    struct control_request request;
    char much[CTL_PAM_PASSWORD_MAX + 1];
    memset(much, 'm', sizeof much);
    expect_invalid(CTL_PASSWORD, "sec\0ret", 7);
    expect_invalid(CTL_PASSWORD, much, CTL_PAM_PASSWORD_MAX + 1);
    expect_invalid(CTL_NAME, much, CTL_PAM_NAME_MAX + 1);
    expect_invalid(CTL_USER, much, CTL_PAM_USER_MAX + 1);
    expect_invalid(CTL_USER, "al\0ice", 6);
    expect_invalid(CTL_SERVICE, much, CTL_PAM_SERVICE_MAX + 1);
    expect_invalid(CTL_RHOST, much, CTL_PAM_RHOST_MAX + 1);
    expect_invalid(CTL_TTY, much, CTL_PAM_TTY_MAX + 1);
    expect_invalid(CTL_GRACE_S, "90", 2);
    expect_invalid(CTL_SESSION_ID, "00000000000000FF", 16);
    expect_invalid(CTL_SESSION_ID, "0000000000000000", 16);
    begin(CTL_PAM_CHECK);
    sm_wire_put_text(&out, CTL_NAME, "users/alice");
    sm_wire_put_text(&out, CTL_SERVICE, "sshd");
    sm_wire_put_text(&out, CTL_USER, "alice");
    assert_int_equal(parse(&request), SMCRED_INVALID); /* no password */
    begin(CTL_PAM_OPEN);
    sm_wire_put_text(&out, CTL_USER, "alice");
    assert_int_equal(parse(&request), SMCRED_INVALID); /* no service */
    begin(CTL_PAM_CLOSE);
    assert_int_equal(parse(&request), SMCRED_INVALID);
}

SM_TEST_MAIN(cmocka_unit_test(understands_each_verb),
             cmocka_unit_test(refuses_what_is_missing_or_too_much),
             cmocka_unit_test(refuses_every_truncation),
             cmocka_unit_test(understands_what_pam_says),
             cmocka_unit_test(refuses_what_pam_cannot_mean))
