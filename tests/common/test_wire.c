/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_wire.c - frames survive the trip, and no damaged one is believed. */
#include "tests/lib/sm_test.h"

#include "common/wire.h"

static size_t write_example(uint8_t *buffer, size_t size)
{
    struct sm_wire_out out;
    sm_wire_begin(&out, buffer, size, 7, SMCRED_DENIED, 42);
    sm_wire_put_text(&out, 1, "orders");
    sm_wire_put_u32(&out, 2, 5432);
    sm_wire_put(&out, 3, sm_bytes("", 0));
    sm_wire_put_text(&out, 1, "billing");
    assert_int_equal(sm_wire_finish(&out), SMCRED_OK);
    return out.len;
}

static void says_what_was_written(void **state)
{
    (void)state;
    uint8_t buffer[256];
    struct sm_wire_in in;
    size_t len = write_example(buffer, sizeof buffer);
    assert_int_equal(sm_wire_parse(sm_bytes(buffer, len), &in), SMCRED_OK);
    assert_int_equal(in.header.verb, 7);
    assert_int_equal(in.header.status, SMCRED_DENIED);
    assert_int_equal(in.header.request_id, 42);
    char text[16];
    uint32_t number = 0;
    struct sm_bytes value = {NULL, 9};
    assert_true(sm_wire_get_text(&in, 1, text, sizeof text));
    assert_string_equal(text, "orders");
    assert_true(sm_wire_get_u32(&in, 2, &number));
    assert_int_equal(number, 5432);
    assert_true(sm_wire_get(&in, 3, &value));
    assert_int_equal(value.len, 0);
    assert_false(sm_wire_get(&in, 4, &value));
    assert_false(sm_wire_get_u32(&in, 1, &number));
    assert_false(sm_wire_get_text(&in, 1, text, 6));
}

static void walks_repeated_fields_in_order(void **state)
{
    (void)state;
    uint8_t buffer[256];
    struct sm_wire_in in;
    size_t len = write_example(buffer, sizeof buffer), cursor = 0;
    static const uint16_t tags[] = {1, 2, 3, 1};
    uint16_t tag;
    struct sm_bytes value;
    assert_int_equal(sm_wire_parse(sm_bytes(buffer, len), &in), SMCRED_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_true(sm_wire_next(&in, &cursor, &tag, &value));
        assert_int_equal(tag, tags[i]);
    }
    assert_true(sm_bytes_is(value, "billing"));
    assert_false(sm_wire_next(&in, &cursor, &tag, &value));
}

static void refuses_every_truncation(void **state)
{
    (void)state;
    uint8_t buffer[256];
    struct sm_wire_in in;
    size_t len = write_example(buffer, sizeof buffer);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(sm_wire_parse(sm_bytes(buffer, cut), &in), SMCRED_PROTOCOL);
}

static void refuses_lengths_that_point_outside(void **state)
{
    (void)state;
    static const uint32_t lies[] = {UINT32_MAX, UINT32_MAX - 7, SM_WIRE_MAX, 4096};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        uint8_t buffer[256];
        struct sm_wire_in in;
        size_t len = write_example(buffer, sizeof buffer);
        struct sm_wire_field field = {.tag = 1, .len = lies[i]};
        memcpy(buffer + sizeof in.header, &field, sizeof field);
        assert_int_equal(sm_wire_parse(sm_bytes(buffer, len), &in), SMCRED_PROTOCOL);
    }
}

static void answers_another_version_apart(void **state)
{
    (void)state;
    uint8_t buffer[256];
    struct sm_wire_in in;
    size_t len = write_example(buffer, sizeof buffer);
    buffer[4] = 99;
    assert_int_equal(sm_wire_parse(sm_bytes(buffer, len), &in), SMCRED_UNSUPPORTED);
    assert_int_equal(in.header.request_id, 42);
    assert_int_equal(in.body.len, 0);
}

static void says_when_it_does_not_fit(void **state)
{
    (void)state;
    uint8_t buffer[48];
    struct sm_wire_out out;
    sm_wire_begin(&out, buffer, sizeof buffer, 1, SMCRED_OK, 1);
    sm_wire_put_text(&out, 1, "seventeen letters");
    assert_int_equal(sm_wire_finish(&out), SMCRED_TOO_LARGE);
}

SM_TEST_MAIN(cmocka_unit_test(says_what_was_written),
             cmocka_unit_test(walks_repeated_fields_in_order),
             cmocka_unit_test(refuses_every_truncation),
             cmocka_unit_test(refuses_lengths_that_point_outside),
             cmocka_unit_test(answers_another_version_apart),
             cmocka_unit_test(says_when_it_does_not_fit))
