/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_pgsql_message.c - startup packets and messages, whole and damaged. */
#include "tests/lib/sm_test.h"

#include "relay/pgsql_message.h"

/* A startup packet around `options` (its NULs included); returns its length. */
static size_t packet_of(uint8_t *packet, uint32_t version, struct sm_bytes options)
{
    size_t len = 8 + options.len;
    const uint8_t head[8] = {(uint8_t)(len >> 24),     (uint8_t)(len >> 16),
                             (uint8_t)(len >> 8),      (uint8_t)len,
                             (uint8_t)(version >> 24), (uint8_t)(version >> 16),
                             (uint8_t)(version >> 8),  (uint8_t)version};
    memcpy(packet, head, sizeof head);
    if (options.len > 0)
        memcpy(packet + 8, options.data, options.len);
    return len;
}

#define PACKET(packet, version, text) packet_of(packet, version, sm_bytes(text, sizeof text - 1))

static enum smcred_status parse(const uint8_t *packet, size_t len, struct pgsql_startup *startup,
                                const char *sqlstate)
{
    struct relay_error error = {.sqlstate = ""};
    enum smcred_status status = pgsql_startup_parse(sm_bytes(packet, len), startup, &error);
    assert_string_equal(error.sqlstate, sqlstate);
    assert_int_equal(status == SMCRED_OK, error.text[0] == '\0');
    return status;
}

static void reads_what_a_client_wants(void **state)
{
    (void)state;
    uint8_t packet[256];
    struct pgsql_startup startup;
    size_t len =
        PACKET(packet, 0x30000, "user\0alice\0database\0orders\0application_name\0psql\0x\0y\0");
    packet[len++] = 0;
    packet[3] = (uint8_t)len;
    assert_int_equal(parse(packet, len, &startup, ""), SMCRED_OK);
    assert_string_equal(startup.user, "alice");
    assert_string_equal(startup.database, "orders");
    assert_string_equal(startup.application_name, "psql");
    assert_true(startup.has_user && startup.has_database && startup.has_application_name);
    assert_false(startup.has_replication);
}

static void takes_a_packet_without_any_name(void **state)
{
    (void)state;
    uint8_t packet[64];
    struct pgsql_startup startup;
    size_t len = PACKET(packet, 0x30002, "\0");
    assert_int_equal(parse(packet, len, &startup, ""), SMCRED_OK);
    assert_false(startup.has_user);
    assert_string_equal(startup.user, "");
    assert_int_equal(startup.options.len, 0);
}

static void replaces_names_and_keeps_the_rest(void **state)
{
    (void)state;
    uint8_t packet[256];
    struct pgsql_startup startup;
    struct relay_buffer out = relay_buffer(1024);
    size_t len =
        PACKET(packet, 0x30000,
               "user\0alice\0options\0-c x=1\0Application_Name\0me\0database\0d\0_pq_.a\0b\0\0");
    assert_int_equal(parse(packet, len, &startup, ""), SMCRED_OK);
    assert_int_equal(pgsql_startup_write(&out, &startup, "app", NULL, "psql alice"), SMCRED_OK);
    uint8_t wanted[256];
    len = PACKET(wanted, 0x30000,
                 "options\0-c x=1\0_pq_.a\0b\0user\0app\0application_name\0psql alice\0\0");
    assert_int_equal(out.len, len);
    assert_memory_equal(relay_buffer_view(&out).data, wanted, len);
    relay_buffer_clear(&out);
}

static void refuses_a_packet_without_its_end(void **state)
{
    (void)state;
    uint8_t packet[64];
    struct pgsql_startup startup;
    static const struct {
        const char *text;
        size_t len;
    } bad[] = {{"", 0},          {"user", 4},         {"user\0", 5},      {"user\0a", 6},
               {"user\0a\0", 7}, {"user\0a\0\0x", 9}, {"user\0a\0x\0", 9}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t len = packet_of(packet, 0x30000, sm_bytes(bad[i].text, bad[i].len));
        assert_int_equal(parse(packet, len, &startup, RELAY_PROTOCOL_BROKEN), SMCRED_PROTOCOL);
    }
}

static void refuses_a_name_said_twice(void **state)
{
    (void)state;
    uint8_t packet[64];
    struct pgsql_startup startup;
    size_t len = PACKET(packet, 0x30000, "user\0a\0user\0b\0\0");
    assert_int_equal(parse(packet, len, &startup, RELAY_PROTOCOL_BROKEN), SMCRED_PROTOCOL);
    len = PACKET(packet, 0x30000, "database\0a\0database\0a\0\0");
    assert_int_equal(parse(packet, len, &startup, RELAY_PROTOCOL_BROKEN), SMCRED_PROTOCOL);
    len = PACKET(packet, 0x30000, "options\0a\0options\0b\0\0");
    assert_int_equal(parse(packet, len, &startup, ""), SMCRED_OK);
}

static void refuses_impossible_lengths(void **state)
{
    (void)state;
    static const uint8_t small[4] = {0, 0, 0, 7}, large[4] = {0, 0, 0x27, 0x15},
                         huge[4] = {0xff, 0xff, 0xff, 0xff}, most[4] = {0, 0, 0x27, 0x14};
    assert_int_equal(pgsql_startup_len(small), 0);
    assert_int_equal(pgsql_startup_len(large), 0);
    assert_int_equal(pgsql_startup_len(huge), 0);
    assert_int_equal(pgsql_startup_len(most), PGSQL_STARTUP_MAX + 4);
    uint8_t packet[64];
    struct pgsql_startup startup;
    size_t len = PACKET(packet, 0x30000, "\0");
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(parse(packet, cut, &startup, RELAY_PROTOCOL_BROKEN), SMCRED_PROTOCOL);
}

static void speaks_version_three_alone(void **state)
{
    (void)state;
    uint8_t packet[64];
    struct pgsql_startup startup;
    size_t len = PACKET(packet, 0x20000, "\0");
    assert_int_equal(parse(packet, len, &startup, RELAY_NOT_SUPPORTED), SMCRED_UNSUPPORTED);
    len = PACKET(packet, 0x40000, "\0");
    assert_int_equal(parse(packet, len, &startup, RELAY_NOT_SUPPORTED), SMCRED_UNSUPPORTED);
    len = PACKET(packet, 0x3ffff, "\0");
    assert_int_equal(parse(packet, len, &startup, ""), SMCRED_OK);
}

static void tells_replication_from_none(void **state)
{
    (void)state;
    uint8_t packet[64];
    struct pgsql_startup startup;
    size_t len = PACKET(packet, 0x30000, "replication\0database\0\0");
    assert_int_equal(parse(packet, len, &startup, ""), SMCRED_OK);
    assert_true(pgsql_startup_replicates(&startup));
    len = PACKET(packet, 0x30000, "replication\0fAlse\0\0");
    assert_int_equal(parse(packet, len, &startup, ""), SMCRED_OK);
    assert_false(pgsql_startup_replicates(&startup));
    len = PACKET(packet, 0x30000, "replication\0of\0\0");
    assert_int_equal(parse(packet, len, &startup, ""), SMCRED_OK);
    assert_true(pgsql_startup_replicates(&startup)); /* who is in doubt asks */
}

static void reads_cancel_requests_of_both_key_lengths(void **state)
{
    (void)state;
    uint8_t packet[300], key[257];
    struct pgsql_startup startup;
    memset(key, 'k', sizeof key);
    memcpy(key, "\0\0\1\2", 4);
    size_t len = packet_of(packet, PGSQL_CANCEL_REQUEST, sm_bytes(key, 8));
    assert_int_equal(parse(packet, len, &startup, ""), SMCRED_OK);
    assert_int_equal(startup.backend_pid, 258);
    assert_int_equal(startup.key.len, 4);
    len = packet_of(packet, PGSQL_CANCEL_REQUEST, sm_bytes(key, 36));
    assert_int_equal(parse(packet, len, &startup, ""), SMCRED_OK);
    assert_int_equal(startup.key.len, 32);
    len = packet_of(packet, PGSQL_CANCEL_REQUEST, sm_bytes(key, 7));
    assert_int_equal(parse(packet, len, &startup, RELAY_PROTOCOL_BROKEN), SMCRED_PROTOCOL);
}

static void waits_for_the_rest_of_a_message(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {'Z', 0, 0, 0, 5, 'I', 'x'};
    struct pgsql_message message;
    for (size_t len = 0; len < 6; len++)
        assert_int_equal(pgsql_message_parse(sm_bytes(bytes, len), &message), SMCRED_NOT_FOUND);
    assert_int_equal(pgsql_message_parse(sm_bytes(bytes, 7), &message), SMCRED_OK);
    assert_int_equal(message.type, 'Z');
    assert_int_equal(message.whole.len, 6);
    assert_int_equal(message.body.len, 1);
}

static void refuses_lengths_no_message_has(void **state)
{
    (void)state;
    static const uint8_t bad[][5] = {{'R', 0, 0, 0, 3},
                                     {'R', 0, 0, 0x75, 0x31},
                                     {'R', 0x7f, 0xff, 0xff, 0xff},
                                     {'R', 0xff, 0xff, 0xff, 0xff}};
    struct pgsql_message message;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(pgsql_message_parse(sm_bytes(bad[i], 5), &message), SMCRED_PROTOCOL);
}

static void finds_mechanisms_and_error_fields(void **state)
{
    (void)state;
    struct sm_bytes list = sm_bytes("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0", 35);
    assert_true(pgsql_sasl_offers(list, "SCRAM-SHA-256"));
    assert_true(pgsql_sasl_offers(list, "SCRAM-SHA-256-PLUS"));
    assert_false(pgsql_sasl_offers(list, "SCRAM-SHA-1"));
    assert_false(pgsql_sasl_offers(sm_bytes("SCRAM-SHA-256", 13), "SCRAM-SHA-256"));
    struct pgsql_message message = {.body = sm_bytes("SFATAL\0C28P01\0Mno\0\0", 19)};
    assert_string_equal(pgsql_error_field(&message, 'C'), "28P01");
    assert_string_equal(pgsql_error_field(&message, 'M'), "no");
    assert_string_equal(pgsql_error_field(&message, 'H'), "");
    message.body = sm_bytes("SFATAL\0C28P01", 13);
    assert_string_equal(pgsql_error_field(&message, 'C'), "");
    message.body = sm_bytes("\0C28P01\0", 8);
    assert_string_equal(pgsql_error_field(&message, 'C'), "");
}

static void writes_errors_that_it_can_read(void **state)
{
    (void)state;
    struct relay_buffer out = relay_buffer(2048);
    struct relay_error error = relay_error(RELAY_NOT_AUTHORIZED, "rule %s", "orders/allow");
    struct pgsql_message message;
    memcpy(error.hint, "ask", 4);
    assert_int_equal(pgsql_error_write(&out, &error), SMCRED_OK);
    assert_int_equal(pgsql_message_parse(relay_buffer_view(&out), &message), SMCRED_OK);
    assert_int_equal(message.whole.len, out.len);
    assert_string_equal(pgsql_error_field(&message, 'S'), "FATAL");
    assert_string_equal(pgsql_error_field(&message, 'C'), "28000");
    assert_string_equal(pgsql_error_field(&message, 'M'), "smcred: rule orders/allow");
    assert_string_equal(pgsql_error_field(&message, 'H'), "ask");
    relay_buffer_clear(&out);
}

SM_TEST_MAIN(cmocka_unit_test(reads_what_a_client_wants),
             cmocka_unit_test(takes_a_packet_without_any_name),
             cmocka_unit_test(replaces_names_and_keeps_the_rest),
             cmocka_unit_test(refuses_a_packet_without_its_end),
             cmocka_unit_test(refuses_a_name_said_twice),
             cmocka_unit_test(refuses_impossible_lengths),
             cmocka_unit_test(speaks_version_three_alone),
             cmocka_unit_test(tells_replication_from_none),
             cmocka_unit_test(reads_cancel_requests_of_both_key_lengths),
             cmocka_unit_test(waits_for_the_rest_of_a_message),
             cmocka_unit_test(refuses_lengths_no_message_has),
             cmocka_unit_test(finds_mechanisms_and_error_fields),
             cmocka_unit_test(writes_errors_that_it_can_read))
