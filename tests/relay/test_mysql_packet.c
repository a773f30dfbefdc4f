/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_mysql_packet.c - MySQL's packets of a login, whole and damaged. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "relay/mysql_packet.h"

#define BYTES(text)   sm_bytes(text, sizeof(text) - 1)
#define NONCE         "abcdefghijklmnopqrst"
#define RESERVED      "\0\0\0\0\0\0"
#define FILLER        RESERVED RESERVED RESERVED "\0"
#define MARIADB_10_11 "5.5.5-10.11.19-MariaDB"

/* Capabilities 0xc1fff7fe, extended 0x1d, as MariaDB 10.11 says them without TLS. */
static const char mariadb[] = "\x0a" MARIADB_10_11 "\0\x07\x01\0\0"
                              "abcdefgh\0\xfe\xf7\x2d\x02\0\xff\xc1\x15" RESERVED "\x1d\0\0\0"
                              "ijklmnopqrst\0mysql_native_password";

static struct mysql_packet only_packet(const struct relay_buffer *out)
{
    struct mysql_packet packet;
    assert_int_equal(mysql_packet_parse(relay_buffer_view(out), &packet), SMCRED_OK);
    assert_int_equal(packet.whole.len, out->len);
    return packet;
}

static void is_written(const struct relay_buffer *out, uint8_t sequence, struct sm_bytes body)
{
    struct mysql_packet packet = only_packet(out);
    assert_int_equal(packet.sequence, sequence);
    assert_int_equal(packet.body.len, body.len);
    assert_memory_equal(packet.body.data, body.data, body.len);
}

/* ---- packets ---- */

static void takes_packets_apart(void **state)
{
    (void)state;
    struct mysql_packet packet;
    assert_int_equal(mysql_packet_parse(BYTES("\1\0\0\7xmore"), &packet), SMCRED_OK);
    assert_int_equal(packet.sequence, 7);
    assert_int_equal(packet.whole.len, 5);
    assert_true(sm_bytes_is(packet.body, "x"));
    assert_int_equal(mysql_packet_parse(BYTES("\0\0\0\0"), &packet), SMCRED_OK);
    assert_int_equal(packet.body.len, 0);
    assert_int_equal(mysql_packet_parse(BYTES("\1\0\0"), &packet), SMCRED_NOT_FOUND);
    assert_int_equal(mysql_packet_parse(BYTES("\2\0\0\0x"), &packet), SMCRED_NOT_FOUND);
    assert_int_equal(mysql_packet_parse(BYTES("\xff\xff\xff\0x"), &packet), SMCRED_PROTOCOL);
    assert_int_equal(mysql_packet_len((const uint8_t *)"\0\x20\1\0"), MYSQL_PACKET_MAX + 4);
    assert_int_equal(mysql_packet_len((const uint8_t *)"\1\x20\1\0"), 0);
}

static void writes_no_packet_that_is_too_long(void **state)
{
    (void)state;
    static const char text[MYSQL_PACKET_MAX + 1];
    struct relay_buffer out = relay_buffer(2 * sizeof text);
    struct sm_bytes piece = sm_bytes(text, sizeof text);
    assert_int_equal(mysql_packet_write(&out, 0, &piece, 1), SMCRED_TOO_LARGE);
    piece.len--;
    assert_int_equal(mysql_packet_write(&out, 0, &piece, 1), SMCRED_OK);
    assert_int_equal(only_packet(&out).body.len, MYSQL_PACKET_MAX);
    relay_buffer_clear(&out);
}

/* ---- greetings ---- */

static void reads_what_mariadb_says_first(void **state)
{
    (void)state;
    struct mysql_greeting greeting;
    assert_int_equal(mysql_greeting_parse(sm_bytes(mariadb, sizeof mariadb), &greeting), SMCRED_OK);
    assert_string_equal(greeting.version, MARIADB_10_11);
    assert_string_equal(greeting.plugin, "mysql_native_password");
    assert_int_equal(greeting.thread_id, 0x107);
    assert_int_equal(greeting.capabilities, 0xc1fff7fe);
    assert_int_equal(greeting.extended, 0x1d);
    assert_int_equal(greeting.charset, 45);
    assert_int_equal(greeting.status, 2);
    assert_memory_equal(greeting.nonce, NONCE, MYSQL_NONCE);
}

static void says_what_it_has_read(void **state)
{
    (void)state;
    struct mysql_greeting greeting;
    struct relay_buffer out = relay_buffer(1024);
    assert_int_equal(mysql_greeting_parse(sm_bytes(mariadb, sizeof mariadb), &greeting), SMCRED_OK);
    assert_int_equal(mysql_greeting_write(&out, 0, &greeting), SMCRED_OK);
    is_written(&out, 0, sm_bytes(mariadb, sizeof mariadb));
    relay_buffer_clear(&out);
}

/* The bytes that MariaDB uses are nobody's at MySQL, which says so with the lowest flag. */
static void takes_no_reserved_bytes_for_flags(void **state)
{
    (void)state;
    char mysql[sizeof mariadb];
    struct mysql_greeting greeting;
    memcpy(mysql, mariadb, sizeof mysql);
    mysql[1 + sizeof MARIADB_10_11 + 13] = '\xff';
    assert_int_equal(mysql_greeting_parse(sm_bytes(mysql, sizeof mysql), &greeting), SMCRED_OK);
    assert_int_equal(greeting.capabilities, 0xc1fff7ff);
    assert_int_equal(greeting.extended, 0);
}

static void refuses_a_greeting_that_ends_early(void **state)
{
    (void)state;
    struct mysql_greeting greeting;
    size_t needed = sizeof mariadb - sizeof "mysql_native_password";
    for (size_t len = 0; len < sizeof mariadb; len++) {
        char *copy = malloc(len + 1); /* so that a sanitizer sees the end */
        assert_non_null(copy);
        memcpy(copy, mariadb, len);
        assert_int_equal(mysql_greeting_parse(sm_bytes(copy, len), &greeting),
                         len == needed ? SMCRED_OK : SMCRED_PROTOCOL);
        free(copy);
    }
}

static void speaks_version_10_only(void **state)
{
    (void)state;
    struct mysql_greeting greeting;
    char old[sizeof mariadb];
    assert_int_equal(mysql_greeting_parse(BYTES("\x09"
                                                "3.20\0"),
                                          &greeting),
                     SMCRED_UNSUPPORTED);
    memcpy(old, mariadb, sizeof old);
    old[1 + sizeof MARIADB_10_11 + 14] = 0; /* neither 4.1 nor its passwords */
    assert_int_equal(mysql_greeting_parse(sm_bytes(old, sizeof old), &greeting),
                     SMCRED_UNSUPPORTED);
}

static void refuses_a_version_without_end(void **state)
{
    (void)state;
    struct mysql_greeting greeting;
    char endless[1024];
    memset(endless, 'x', sizeof endless);
    endless[0] = 10;
    assert_int_equal(mysql_greeting_parse(sm_bytes(endless, sizeof endless), &greeting),
                     SMCRED_PROTOCOL);
    endless[200] = '\0'; /* longer than any */
    assert_int_equal(mysql_greeting_parse(sm_bytes(endless, sizeof endless), &greeting),
                     SMCRED_PROTOCOL);
}

/* ---- responses ---- */

/* Flags 4.1, secure, plugin, attributes, with database. */
#define CLIENT       "\x08\x82\x18\0\0\0\0\1\x2d" FILLER
#define ATTRIBUTES   "\4_pid\0011\014program_name\5mysql"
#define ALICE_BEGINS CLIENT "\0\0\0\0alice\0\3abcorders\0mysql_native_password\0"
static const char alice[] = ALICE_BEGINS "\x1a" ATTRIBUTES;

static void reads_what_a_client_wants(void **state)
{
    (void)state;
    struct mysql_response response;
    char program[16];
    assert_int_equal(mysql_response_parse(BYTES(alice), &response), SMCRED_OK);
    assert_int_equal(response.capabilities, 0x188208);
    assert_int_equal(response.max_packet, 1 << 24);
    assert_int_equal(response.charset, 45);
    assert_string_equal(response.user, "alice");
    assert_string_equal(response.database, "orders");
    assert_string_equal(response.plugin, "mysql_native_password");
    assert_true(sm_bytes_is(response.proof, "abc"));
    assert_true(mysql_attribute(response.attributes, "program_name", program, sizeof program));
    assert_string_equal(program, "mysql");
    assert_false(mysql_attribute(response.attributes, "program", program, sizeof program));
    assert_false(mysql_attribute(response.attributes, "program_name", program, 5));
}

static void writes_what_it_has_read(void **state)
{
    (void)state;
    struct mysql_response response;
    struct relay_buffer out = relay_buffer(1024);
    assert_int_equal(mysql_response_parse(BYTES(alice), &response), SMCRED_OK);
    assert_int_equal(mysql_response_write(&out, 3, &response), SMCRED_OK);
    is_written(&out, 3, BYTES(alice));
    relay_buffer_clear(&out);
}

static void asks_for_tls_with_the_same_words(void **state)
{
    (void)state;
    struct mysql_response response;
    struct relay_buffer out = relay_buffer(1024);
    assert_int_equal(mysql_response_parse(BYTES(alice), &response), SMCRED_OK);
    assert_int_equal(mysql_tls_request_write(&out, 1, &response), SMCRED_OK);
    is_written(&out, 1, BYTES("\x08\x8a\x18\0\0\0\0\1\x2d" FILLER "\0\0\0\0"));
    relay_buffer_clear(&out);
}

static void knows_a_request_for_tls(void **state)
{
    (void)state;
#define REQUEST "\x08\x8a\x18\0\0\0\0\1\x2d" FILLER "\0\0\0\0"
    assert_true(mysql_is_tls_request(BYTES(REQUEST)));
    assert_false(mysql_is_tls_request(BYTES(REQUEST "\0")));
    assert_false(mysql_is_tls_request(sm_bytes(REQUEST, sizeof REQUEST - 2)));
    assert_false(mysql_is_tls_request(BYTES("\x08\x82\x18\0\0\0\0\1\x2d" FILLER "\0\0\0\0")));
    assert_false(mysql_is_tls_request(sm_bytes(NULL, 0)));
}

/* What a client leaves out at the end is empty; what it cuts off is no response. */
static void refuses_a_response_that_ends_inside_a_field(void **state)
{
    (void)state;
    static const size_t between[] = {sizeof CLIENT "\0\0\0\0alice\0\3abc" - 1,
                                     sizeof CLIENT "\0\0\0\0alice\0\3abcorders",
                                     sizeof ALICE_BEGINS - 1, sizeof alice - 1};
    for (size_t len = 0; len < sizeof alice; len++) {
        struct mysql_response response;
        bool is_whole = false;
        for (size_t i = 0; i < sizeof between / sizeof *between; i++)
            is_whole |= len == between[i];
        char *copy = malloc(len + 1);
        assert_non_null(copy);
        memcpy(copy, alice, len);
        assert_int_equal(mysql_response_parse(sm_bytes(copy, len), &response),
                         is_whole ? SMCRED_OK : SMCRED_PROTOCOL);
        free(copy);
    }
}

static void knows_old_clients(void **state)
{
    (void)state;
    struct mysql_response response;
    assert_int_equal(mysql_response_parse(BYTES("\x85\x24\0\0\0alice\0"), &response),
                     SMCRED_UNSUPPORTED);
    /* Neither plugins nor a length before the scramble. */
    assert_int_equal(
        mysql_response_parse(BYTES("\0\2\0\0\0\0\0\1\x08" FILLER "\0\0\0\0bob\0xyz\0"), &response),
        SMCRED_OK);
    assert_string_equal(response.user, "bob");
    assert_string_equal(response.plugin, "");
    assert_true(sm_bytes_is(response.proof, "xyz"));
    static const char mysqls[] = "\1\x82\0\0\0\0\0\1\x08" FILLER "\1\2\3\4bob\0\0";
    assert_int_equal(mysql_response_parse(BYTES(mysqls), &response), SMCRED_OK);
    assert_int_equal(response.extended, 0); /* reserved, but in MariaDB's */
}

/* With the fields that the client has said at its login that it sends. */
static void reads_a_change_of_user(void **state)
{
    (void)state;
    static const char words[] = "\x11"
                                "bob\0\3xyzledger\0\x2d\0caching_sha2_password\0\4\1a\1b";
    struct mysql_response response = {.capabilities = 0x188208, .max_packet = 7, .charset = 8};
    struct mysql_response before = response;
    char value[8];
    assert_int_equal(mysql_change_user_parse(sm_bytes(words, sizeof words - 1), &response),
                     SMCRED_OK);
    assert_string_equal(response.user, "bob");
    assert_true(sm_bytes_is(response.proof, "xyz"));
    assert_string_equal(response.database, "ledger");
    assert_int_equal(response.charset, 45);
    assert_string_equal(response.plugin, "caching_sha2_password");
    assert_true(mysql_attribute(response.attributes, "a", value, sizeof value));
    assert_int_equal(response.max_packet, 7);
    for (size_t len = 1; len < sizeof words - 1; len++) { /* cut off, or empty at the end */
        struct mysql_response cut = before;
        char *copy = malloc(len);
        memcpy(copy, words, len);
        if (mysql_change_user_parse(sm_bytes(copy, len), &cut) == SMCRED_OK)
            assert_true(len == 1 || len == 5 || len == 9 || len == 16 || len == 18 || len == 40);
        else
            assert_memory_equal(&cut, &before, sizeof cut);
        free(copy);
    }
    response = before;
    assert_int_equal(mysql_change_user_parse(BYTES("\x11\0\0\0\x2f\1"), &response), SMCRED_OK);
    assert_int_equal(response.charset, 8); /* 303 is none that a login can say */
    assert_string_equal(response.user, "");
}

static void writes_a_change_of_user_that_it_can_read(void **state)
{
    (void)state;
    struct relay_buffer out = relay_buffer(MYSQL_PACKET_MAX);
    struct mysql_packet packet;
    struct mysql_response said = {.capabilities = 0x388208,
                                  .charset = 45,
                                  .user = "app",
                                  .database = "ledger",
                                  .plugin = "mysql_native_password",
                                  .proof = sm_bytes("12345678901234567890", 20),
                                  .attributes = sm_bytes("\1a\1b", 4)};
    struct mysql_response heard = {.capabilities = said.capabilities, .charset = 8};
    assert_int_equal(mysql_change_user_write(&out, &said), SMCRED_OK);
    assert_int_equal(mysql_packet_parse(relay_buffer_view(&out), &packet), SMCRED_OK);
    assert_int_equal(packet.sequence, 0);
    assert_int_equal(packet.whole.len, out.len);
    assert_int_equal(*(const uint8_t *)packet.body.data, 0x11);
    assert_int_equal(mysql_change_user_parse(packet.body, &heard), SMCRED_OK);
    assert_string_equal(heard.user, said.user);
    assert_string_equal(heard.database, said.database);
    assert_string_equal(heard.plugin, said.plugin);
    assert_int_equal(heard.charset, said.charset);
    assert_true(sm_bytes_equal(heard.proof, said.proof));
    assert_true(sm_bytes_equal(heard.attributes, said.attributes));
    static const char too_long[251];
    said.proof = sm_bytes(too_long, sizeof too_long);
    assert_int_equal(mysql_change_user_write(&out, &said), SMCRED_TOO_LARGE);
    relay_buffer_clear(&out);
}

static void reads_a_proof_of_any_length(void **state)
{
    (void)state;
    struct mysql_response response;
    uint8_t long_proof[32 + 4 + 3 + 300] = {0, 0x82, 0x20};
    memcpy(long_proof + 32, "bob", 4);
    memcpy(long_proof + 36, "\xfc\x2c\1", 3);
    assert_int_equal(mysql_response_parse(sm_bytes(long_proof, sizeof long_proof), &response),
                     SMCRED_OK);
    assert_int_equal(response.proof.len, 300);
    memcpy(long_proof + 36, "\xfc\x2d\1", 3);
    assert_int_equal(mysql_response_parse(sm_bytes(long_proof, sizeof long_proof), &response),
                     SMCRED_PROTOCOL);
    memcpy(long_proof + 36, "\xfb\0\0", 3);
    assert_int_equal(mysql_response_parse(sm_bytes(long_proof, sizeof long_proof), &response),
                     SMCRED_PROTOCOL);
    memcpy(long_proof + 36, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff", 9);
    assert_int_equal(mysql_response_parse(sm_bytes(long_proof, sizeof long_proof), &response),
                     SMCRED_PROTOCOL);
}

static void writes_no_proof_that_needs_a_longer_length(void **state)
{
    (void)state;
    static const char proof[251];
    struct mysql_response response = {
        .user = "", .database = "", .plugin = "", .proof = sm_bytes(proof, sizeof proof)};
    struct relay_buffer out = relay_buffer(1024);
    assert_int_equal(mysql_response_write(&out, 1, &response), SMCRED_TOO_LARGE);
    assert_int_equal(out.len, 0);
}

/* ---- attributes ---- */

#define STAMP   "smcred_operator"
#define STAMPED "\17" STAMP "\5alice"

static void stamps_before_the_clients_own(void **state)
{
    (void)state;
    struct relay_buffer out = relay_buffer(1024);
    assert_int_equal(mysql_attributes_write(&out, BYTES(ATTRIBUTES), STAMP, "alice"), SMCRED_OK);
    assert_true(sm_bytes_equal(relay_buffer_view(&out), BYTES(STAMPED ATTRIBUTES)));
    relay_buffer_clear(&out);
}

static void passes_on_no_attribute_that_could_be_ours(void **state)
{
    (void)state;
    static const char *const names[] = {STAMP,           "SMCRED_Operator", " smcred_operator",
                                        STAMP "\xff",    STAMP " ",         "smcred",
                                        "\xffsmcred_it", "_smcred",         "smcred_operator_id"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct relay_buffer out = relay_buffer(1024);
        char attributes[64];
        int len = snprintf(attributes, sizeof attributes, "%c%s%s", (int)strlen(names[i]), names[i],
                           "\3eve\4smcr\2ok");
        assert_int_equal(
            mysql_attributes_write(&out, sm_bytes(attributes, (size_t)len), STAMP, "alice"),
            SMCRED_OK);
        assert_true(sm_bytes_equal(relay_buffer_view(&out), BYTES(STAMPED "\4smcr\2ok")));
        relay_buffer_clear(&out);
    }
}

static void leaves_out_attributes_that_have_no_room(void **state)
{
    (void)state;
    struct relay_buffer out = relay_buffer(sizeof STAMPED - 1 + 7);
    struct sm_bytes attributes = BYTES("\1a\1b\1c\7toolong\1d\0");
    assert_int_equal(mysql_attributes_write(&out, attributes, STAMP, "alice"), SMCRED_OK);
    assert_true(sm_bytes_equal(relay_buffer_view(&out), BYTES(STAMPED "\1a\1b\1d\0")));
    relay_buffer_clear(&out);
    out.max = sizeof STAMPED - 2;
    assert_int_equal(mysql_attributes_write(&out, attributes, STAMP, "alice"), SMCRED_TOO_LARGE);
    assert_int_equal(out.len, 0);
}

static void refuses_attributes_that_are_cut_off(void **state)
{
    (void)state;
    struct mysql_response response;
    assert_int_equal(mysql_response_parse(BYTES(ALICE_BEGINS "\4\1a\2b"), &response),
                     SMCRED_PROTOCOL);
    assert_int_equal(mysql_response_parse(BYTES(ALICE_BEGINS "\2\1a"), &response), SMCRED_PROTOCOL);
}

/* ---- auth switches, errors ---- */

static void switches(void **state)
{
    (void)state;
    struct mysql_switch it;
    struct relay_buffer out = relay_buffer(1024);
    assert_int_equal(mysql_switch_write(&out, 2, "caching_sha2_password", BYTES(NONCE)), SMCRED_OK);
    is_written(&out, 2,
               BYTES("\xfe"
                     "caching_sha2_password\0" NONCE "\0"));
    assert_true(mysql_switch_parse(only_packet(&out).body, &it));
    assert_string_equal(it.plugin, "caching_sha2_password");
    assert_int_equal(it.data.len, MYSQL_NONCE + 1);
    relay_buffer_clear(&out);
    assert_true(mysql_switch_parse(BYTES("\xfe"), &it)); /* the old passwords of 4.0 */
    assert_string_equal(it.plugin, "");
    assert_false(mysql_switch_parse(BYTES("\xfe"
                                          "endless"),
                                    &it));
    char huge[300] = "\xfe"
                     "plugin";
    assert_false(mysql_switch_parse(sm_bytes(huge, sizeof huge), &it));
}

static void reads_errors_with_and_without_a_state(void **state)
{
    (void)state;
    struct mysql_error error;
    assert_true(mysql_error_parse(BYTES("\xff\x15\x04#28000Access denied"), &error));
    assert_int_equal(error.code, 1045);
    assert_string_equal(error.sqlstate, "28000");
    assert_string_equal(error.text, "Access denied");
    assert_true(mysql_error_parse(BYTES("\xff\x10\x04Too many connections"), &error));
    assert_int_equal(error.code, 1040);
    assert_string_equal(error.sqlstate, "HY000");
    assert_true(mysql_error_parse(BYTES("\xff\x10\x04#0800"), &error)); /* a text, and no state */
    assert_string_equal(error.sqlstate, "HY000");
    assert_string_equal(error.text, "#0800");
    assert_true(mysql_error_parse(BYTES("\xff\x10\x04"), &error));
    assert_string_equal(error.text, "");
    assert_false(mysql_error_parse(BYTES("\xff\x10"), &error));
}

static void says_errors_of_its_own(void **state)
{
    (void)state;
    struct relay_buffer out = relay_buffer(4096);
    struct relay_error error = relay_error(RELAY_NOT_AUTHORIZED, "no");
    assert_int_equal(mysql_error_write(&out, 2, &error, true), SMCRED_OK);
    is_written(&out, 2, BYTES("\xff\x15\x04#28000smcred: no"));
    relay_buffer_clear(&out);
    memcpy(error.hint, "ask", 4);
    assert_int_equal(mysql_error_write(&out, 0, &error, false), SMCRED_OK);
    is_written(&out, 0, BYTES("\xff\x15\x04smcred: no - ask"));
    relay_buffer_clear(&out);
}

SM_TEST_MAIN(
    cmocka_unit_test(takes_packets_apart), cmocka_unit_test(writes_no_packet_that_is_too_long),
    cmocka_unit_test(reads_what_mariadb_says_first), cmocka_unit_test(says_what_it_has_read),
    cmocka_unit_test(takes_no_reserved_bytes_for_flags),
    cmocka_unit_test(refuses_a_greeting_that_ends_early), cmocka_unit_test(speaks_version_10_only),
    cmocka_unit_test(refuses_a_version_without_end), cmocka_unit_test(reads_what_a_client_wants),
    cmocka_unit_test(writes_what_it_has_read), cmocka_unit_test(asks_for_tls_with_the_same_words),
    cmocka_unit_test(knows_a_request_for_tls),
    cmocka_unit_test(refuses_a_response_that_ends_inside_a_field),
    cmocka_unit_test(knows_old_clients), cmocka_unit_test(reads_a_proof_of_any_length),
    cmocka_unit_test(reads_a_change_of_user),
    cmocka_unit_test(writes_a_change_of_user_that_it_can_read),
    cmocka_unit_test(writes_no_proof_that_needs_a_longer_length),
    cmocka_unit_test(stamps_before_the_clients_own),
    cmocka_unit_test(passes_on_no_attribute_that_could_be_ours),
    cmocka_unit_test(leaves_out_attributes_that_have_no_room),
    cmocka_unit_test(refuses_attributes_that_are_cut_off), cmocka_unit_test(switches),
    cmocka_unit_test(reads_errors_with_and_without_a_state),
    cmocka_unit_test(says_errors_of_its_own))
