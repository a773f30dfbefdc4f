/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_mysql_echo.c - the word is believed where it is all that the server says, and nowhere else.
 */
#include "tests/lib/sm_test.h"

#include "relay/mysql_echo.h"
#include "relay/mysql_packet.h"

#define WORD    "00112233445566778899aabbccddeeff"
#define OK      "\7\0\0\1\0\0\0\2\0\0\0"
#define COLUMN  "\1\0\0\1\1"
#define MEANING "\6\0\0\2\3def\0\0"
#define EOF(n)  "\5\0\0" n "\xfe\0\0\2\0"
#define ROW(n)  "\x21\0\0" n "\x20" WORD
#define END(n)  "\7\0\0" n "\xfe\0\0\2\0\0\0"
#define OLD     OK OK COLUMN MEANING EOF("\3") ROW("\4") EOF("\5")
#define NEW     OK OK COLUMN MEANING ROW("\3") END("\4")
#define IS_NEW  MYSQL_DEPRECATE_EOF

static enum smcred_status heard(const char *bytes, size_t len, uint32_t capabilities)
{
    uint8_t *copy = malloc(len + 1); /* so that a read behind its end is seen */
    memcpy(copy, bytes, len);
    uint8_t *exact = realloc(copy, len > 0 ? len : 1);
    enum smcred_status status = mysql_echo_parse(sm_bytes(exact, len), capabilities, WORD);
    free(exact);
    return status;
}

#define HEARD(text, capabilities) heard(text, sizeof(text) - 1, capabilities)

static void asks_for_a_word_that_nobody_can_guess(void **state)
{
    (void)state;
    char one[MYSQL_ECHO_WORD], other[MYSQL_ECHO_WORD];
    struct relay_buffer out = relay_buffer(512);
    struct mysql_packet packet;
    assert_true(mysql_echo_make(one) && mysql_echo_make(other));
    assert_memory_not_equal(one, other, sizeof one);
    assert_int_equal(strspn(WORD, "0123456789abcdef"), sizeof one);
    assert_int_equal(mysql_echo_write(&out, 0, one), SMCRED_OK);
    assert_memory_equal(relay_buffer_view(&out).data, "\1\0\0\0\x1f", 5);
    relay_buffer_consume(&out, 5);
    assert_int_equal(mysql_packet_parse(relay_buffer_view(&out), &packet), SMCRED_OK);
    assert_true(sm_bytes_is(packet.body, "\3SET ROLE NONE"));
    relay_buffer_consume(&out, packet.whole.len);
    assert_int_equal(mysql_packet_parse(relay_buffer_view(&out), &packet), SMCRED_OK);
    assert_int_equal(packet.whole.len, out.len);
    assert_int_equal(packet.sequence, 0);
    assert_memory_equal(packet.body.data, "\3/* smcred", 10);
    assert_non_null(memmem(packet.body.data, packet.body.len, one, sizeof one));
    relay_buffer_clear(&out);
    out = relay_buffer(512);
    assert_int_equal(mysql_echo_write(&out, MYSQL_QUERY_ATTRIBUTES, one), SMCRED_OK);
    assert_memory_equal((const char *)relay_buffer_view(&out).data + 5 + MYSQL_HEADER, "\3\0\1SE",
                        5);
    relay_buffer_clear(&out);
}

static void believes_the_answers_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(HEARD(OLD, 0), SMCRED_OK);
    assert_int_equal(HEARD(NEW, IS_NEW), SMCRED_OK);
    assert_int_equal(HEARD(OK OK "\2\0\0\1\1\1" MEANING ROW("\3") END("\4"), IS_NEW), SMCRED_OK);
    assert_int_equal(HEARD(OK OK COLUMN MEANING "\5\0\0\3\xfe\1\0\2\0" ROW("\4") EOF("\5"), 0),
                     SMCRED_OK); /* with a warning */
    assert_int_equal(HEARD(OLD, IS_NEW), SMCRED_PROTOCOL);
    assert_int_equal(HEARD(NEW, 0), SMCRED_PROTOCOL);
}

static void waits_for_the_rest(void **state)
{
    (void)state;
    static const char whole[] = NEW;
    for (size_t len = 0; len < sizeof whole - 1; len++)
        assert_int_equal(heard(whole, len, IS_NEW), SMCRED_NOT_FOUND);
}

static void believes_no_server_that_had_more_to_say(void **state)
{
    (void)state;
    assert_int_equal(HEARD(OK NEW, IS_NEW), SMCRED_PROTOCOL); /* of a statement before */
    assert_int_equal(HEARD(COLUMN MEANING ROW("\3") END("\4") NEW, IS_NEW), SMCRED_PROTOCOL);
    assert_int_equal(HEARD(NEW OK, IS_NEW), SMCRED_PROTOCOL); /* and of one behind */
    assert_int_equal(HEARD(NEW "\7", IS_NEW), SMCRED_PROTOCOL);
    assert_int_equal(HEARD(OK OK COLUMN MEANING ROW("\3") ROW("\4") END("\5"), IS_NEW),
                     SMCRED_PROTOCOL);
    assert_int_equal(HEARD("\3\0\0\1\xff\x15\4", IS_NEW), SMCRED_PROTOCOL);
    assert_int_equal(HEARD(OK "\3\0\0\1\xff\x15\4", IS_NEW), SMCRED_PROTOCOL);
}

static void believes_no_server_that_has_no_word(void **state)
{
    (void)state;
    assert_int_equal(HEARD(OK OK COLUMN MEANING END("\3"), IS_NEW), SMCRED_PROTOCOL);
}

static void believes_no_other_word(void **state)
{
    (void)state;
    char other[sizeof NEW - 1];
    memcpy(other, NEW, sizeof other);
    char *at = memmem(other, sizeof other, WORD, MYSQL_ECHO_WORD);
    at[MYSQL_ECHO_WORD - 1] ^= 1;
    assert_int_equal(heard(other, sizeof other, IS_NEW), SMCRED_PROTOCOL);
}

static void believes_no_server_that_leaves_something_open(void **state)
{
    (void)state;
    assert_int_equal(HEARD("\7\0\0\1\0\0\0\3\0\0\0" OK COLUMN MEANING ROW("\3") END("\4"), IS_NEW),
                     SMCRED_PROTOCOL); /* a transaction */
    assert_int_equal(HEARD(OK OK COLUMN MEANING ROW("\3") "\7\0\0\4\xfe\0\0\3\0\0\0", IS_NEW),
                     SMCRED_PROTOCOL);
    assert_int_equal(HEARD(OK OK COLUMN MEANING ROW("\3") "\7\0\0\4\xfe\0\0\x0a\0\0\0", IS_NEW),
                     SMCRED_PROTOCOL); /* another result */
}

static void believes_no_packets_out_of_turn(void **state)
{
    (void)state;
    assert_int_equal(HEARD(OK OK COLUMN MEANING ROW("\4") END("\5"), IS_NEW), SMCRED_PROTOCOL);
    assert_int_equal(HEARD(OK OK COLUMN "\0\0\0\2", IS_NEW), SMCRED_PROTOCOL);
    assert_int_equal(HEARD("\7\0\0\0\0\0\0\2\0\0\0" OK, IS_NEW), SMCRED_PROTOCOL);
}

SM_TEST_MAIN(cmocka_unit_test(asks_for_a_word_that_nobody_can_guess),
             cmocka_unit_test(believes_the_answers_and_nothing_else),
             cmocka_unit_test(waits_for_the_rest),
             cmocka_unit_test(believes_no_server_that_had_more_to_say),
             cmocka_unit_test(believes_no_server_that_has_no_word),
             cmocka_unit_test(believes_no_other_word),
             cmocka_unit_test(believes_no_server_that_leaves_something_open),
             cmocka_unit_test(believes_no_packets_out_of_turn))
