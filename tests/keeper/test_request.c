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

SM_TEST_MAIN(cmocka_unit_test(understands_each_verb),
             cmocka_unit_test(refuses_what_is_missing_or_too_much),
             cmocka_unit_test(refuses_every_truncation))
