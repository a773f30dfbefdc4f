/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_word.c - what the keeper may say to the root parent, and what it may not. */
#include "tests/lib/sm_test.h"

#include <limits.h>

#include "common/wire.h"
#include "keeper/word.h"

static uint8_t buffer[128];
static struct sm_wire_out out;

static struct sm_bytes word_of(uint16_t verb, uint16_t tag, uint32_t number)
{
    sm_wire_begin(&out, buffer, sizeof buffer, verb, SMCRED_OK, 0);
    if (tag != 0)
        sm_wire_put_u32(&out, tag, number);
    assert_int_equal(sm_wire_finish(&out), SMCRED_OK);
    return sm_bytes(out.data, out.len);
}

static void is_no_word(struct sm_bytes packet)
{
    struct word word = {.pid = 4711};
    assert_false(word_parse(packet, &word));
    assert_int_equal(word.pid, 4711); /* untouched */
}

static void knows_four_words(void **state)
{
    (void)state;
    struct word word;
    assert_true(word_parse(word_of(PAR_READY, 0, 0), &word));
    assert_int_equal(word.verb, PAR_READY);
    assert_true(word_parse(word_of(PAR_ALIVE, 0, 0), &word));
    assert_int_equal(word.verb, PAR_ALIVE);
    assert_true(word_parse(word_of(PAR_SPAWN, PAR_T_UID, 1000), &word));
    assert_int_equal(word.verb, PAR_SPAWN);
    assert_int_equal(word.uid, 1000);
    assert_true(word_parse(word_of(PAR_SPAWN, PAR_T_UID, 0), &word)); /* root works, too */
    assert_int_equal(word.uid, 0);
    assert_true(word_parse(word_of(PAR_END, PAR_T_PID, INT_MAX), &word));
    assert_int_equal(word.verb, PAR_END);
    assert_int_equal(word.pid, INT_MAX);
}

static void nobody_in_particular_gets_no_relay(void **state)
{
    (void)state;
    is_no_word(word_of(PAR_SPAWN, PAR_T_UID, (uint32_t)-1));
    is_no_word(word_of(PAR_SPAWN, PAR_T_UID, 65534)); /* whoever a user namespace does not map */
    is_no_word(word_of(PAR_SPAWN, PAR_T_PID, 1000));
    is_no_word(word_of(PAR_SPAWN, 0, 0));
}

static void what_kill_takes_for_many_is_no_process(void **state)
{
    (void)state;
    is_no_word(word_of(PAR_END, PAR_T_PID, 0));
    is_no_word(word_of(PAR_END, PAR_T_PID, (uint32_t)-1));
    is_no_word(word_of(PAR_END, PAR_T_PID, (uint32_t)INT_MAX + 1));
    is_no_word(word_of(PAR_END, PAR_T_UID, 4711));
    is_no_word(word_of(PAR_END, 0, 0));
}

static void words_of_the_parents_own_are_not_the_keepers(void **state)
{
    (void)state;
    is_no_word(word_of(PAR_RELAY, PAR_T_UID, 1000));
    is_no_word(word_of(PAR_GONE, PAR_T_UID, 1000));
    is_no_word(word_of(PAR_KEEPER, 0, 0));
    is_no_word(word_of(0, 0, 0));
    is_no_word(word_of(99, 0, 0));
}

static void what_is_cut_or_garbage_is_no_word(void **state)
{
    (void)state;
    struct sm_bytes whole = word_of(PAR_SPAWN, PAR_T_UID, 1000);
    for (size_t len = 0; len < whole.len; len++)
        is_no_word(sm_bytes(whole.data, len));
    memset(buffer, 0xff, sizeof buffer);
    is_no_word(sm_bytes(buffer, sizeof buffer));
}

SM_TEST_MAIN(cmocka_unit_test(knows_four_words),
             cmocka_unit_test(nobody_in_particular_gets_no_relay),
             cmocka_unit_test(what_kill_takes_for_many_is_no_process),
             cmocka_unit_test(words_of_the_parents_own_are_not_the_keepers),
             cmocka_unit_test(what_is_cut_or_garbage_is_no_word))
