/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_buffer.c - bytes wait in order, up to a maximum, and leave nothing behind. */
#include "tests/lib/sm_test.h"

#include "relay/buffer.h"

static uint8_t last_freed[4096]; /* what stood in memory at the moment it was given back */
static size_t last_freed_len;

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
    if (memory && last_freed_len > 0)
        memcpy(last_freed, memory, last_freed_len);
    __real_free(memory);
}

static void keeps_the_order(void **state)
{
    (void)state;
    struct relay_buffer buffer = relay_buffer(4096);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(relay_buffer_add(&buffer, sm_bytes("abcdefgh", 8)), SMCRED_OK);
        assert_memory_equal(relay_buffer_view(&buffer).data, "abcdefgh", 8);
        relay_buffer_consume(&buffer, i % 2 ? 0 : 8);
        if (buffer.len > 2000)
            relay_buffer_consume(&buffer, 8 * 200);
    }
    relay_buffer_clear(&buffer);
}

static void has_a_maximum(void **state)
{
    (void)state;
    struct relay_buffer buffer = relay_buffer(10);
    assert_int_equal(relay_buffer_add(&buffer, sm_bytes("0123456789", 10)), SMCRED_OK);
    assert_int_equal(relay_buffer_add(&buffer, sm_bytes("x", 1)), SMCRED_TOO_LARGE);
    relay_buffer_consume(&buffer, 1);
    assert_int_equal(relay_buffer_add(&buffer, sm_bytes("x", 1)), SMCRED_OK);
    relay_buffer_consume(&buffer, 10);
    assert_null(buffer.data);
    assert_int_equal(buffer.max, 10);
}

static void wipes_before_it_frees(void **state)
{
    (void)state;
    static const uint8_t nothing[512];
    struct relay_buffer buffer = relay_buffer(4096);
    assert_int_equal(relay_buffer_add(&buffer, sm_bytes("a password", 10)), SMCRED_OK);
    last_freed_len = 512;
    memset(last_freed, 'x', sizeof last_freed);
    relay_buffer_consume(&buffer, 10);
    assert_memory_equal(last_freed, nothing, 512);
    last_freed_len = 0;
    /* Growing moves: the old place is wiped too. */
    assert_int_equal(relay_buffer_add(&buffer, sm_bytes("a password", 10)), SMCRED_OK);
    uint8_t *room;
    last_freed_len = 512;
    memset(last_freed, 'x', sizeof last_freed);
    assert_int_equal(relay_buffer_reserve(&buffer, 1000, &room), SMCRED_OK);
    assert_memory_equal(last_freed, nothing, 512);
    last_freed_len = 0;
    assert_memory_equal(relay_buffer_view(&buffer).data, "a password", 10);
    relay_buffer_clear(&buffer);
}

SM_TEST_MAIN(cmocka_unit_test(keeps_the_order), cmocka_unit_test(has_a_maximum),
             cmocka_unit_test(wipes_before_it_frees))
