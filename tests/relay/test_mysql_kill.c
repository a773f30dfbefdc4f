/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_mysql_kill.c - KILL is found in every spelling, and nothing else is taken for it. */
#include "tests/lib/sm_test.h"

#include "relay/mysql_kill.h"
#include "relay/mysql_packet.h"

/* A command with this text; `words` are its bytes. */
static struct sm_bytes words_of(struct relay_buffer *words, uint8_t command, struct sm_bytes text)
{
    const struct sm_bytes pieces[] = {sm_bytes(&command, 1), text};
    *words = relay_buffer(1024);
    assert_int_equal(mysql_packet_write(words, 0, pieces, 2), SMCRED_OK);
    return relay_buffer_view(words);
}

/* The statement that comes of this one with another number; NULL: it is no KILL of 77. */
static const char *reworded(const char *statement)
{
    static char text[256];
    struct relay_buffer words, out = relay_buffer(1024);
    struct mysql_kill kill;
    struct mysql_packet packet;
    struct sm_bytes all = words_of(&words, 3, sm_bytes_of(statement));
    bool is_kill = mysql_kill_parse(all, &kill) && kill.thread_id == 77;
    if (is_kill) {
        assert_int_equal(mysql_kill_write(&out, all, &kill, 4294967295u), SMCRED_OK);
        assert_int_equal(mysql_packet_parse(relay_buffer_view(&out), &packet), SMCRED_OK);
        assert_int_equal(packet.whole.len, out.len);
        assert_int_equal(packet.sequence, 0);
        assert_int_equal(*(const uint8_t *)packet.body.data, 3);
        memcpy(text, (const char *)packet.body.data + 1, packet.body.len - 1);
        text[packet.body.len - 1] = '\0';
    }
    relay_buffer_clear(&out);
    relay_buffer_clear(&words);
    return is_kill ? text : NULL;
}

static void each_spelling_is_found(void **state)
{
    (void)state;
    assert_string_equal(reworded("KILL QUERY 77"), "KILL QUERY 4294967295");
    assert_string_equal(reworded("kill 77"), "kill 4294967295");
    assert_string_equal(reworded("Kill Hard Connection 77;"), "Kill Hard Connection 4294967295;");
    assert_string_equal(reworded("kill soft query 77 -- please"),
                        "kill soft query 4294967295 -- please");
    assert_string_equal(reworded("/* jdbc */ kill\nquery 77"), "/* jdbc */ kill\nquery 4294967295");
}

static void nothing_else_is_taken_for_one(void **state)
{
    (void)state;
    static const char *const statements[] = {
        "",          "kill",           "kill query",      "kill query id 77", "kill user app",
        "kill '77'", "kill @a",        "kill 77 + 1",     "kill 77, 78",      "kill 77x",
        "kill 7",    "killing 77",     "select 77",       "kill 4294967373",  "kill 77.0",
        "kill -77",  "kill query -77", "kill hard 77 78", "kill (77)",        "kill hard soft 77",
        "# kill 77", "-- kill 77",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (reworded(statements[i]))
            fail_msg("%s", statements[i]);
}

static void a_statement_behind_query_attributes_is_found(void **state)
{
    (void)state;
    struct relay_buffer words, out = relay_buffer(1024);
    struct mysql_kill kill;
    struct sm_bytes all = words_of(&words, 3, sm_bytes("\0\1KILL 77", 9));
    assert_true(mysql_kill_parse(all, &kill));
    assert_int_equal(mysql_kill_write(&out, all, &kill, 8), SMCRED_OK);
    assert_memory_equal(relay_buffer_view(&out).data, "\x9\0\0\0\3\0\1KILL 8", 13);
    relay_buffer_clear(&out);
    relay_buffer_clear(&words);
}

static void the_command_is_found_too(void **state)
{
    (void)state;
    struct relay_buffer words, out = relay_buffer(1024);
    struct mysql_kill kill;
    struct sm_bytes all = words_of(&words, 0x0c, sm_bytes("\4\3\2\1", 4));
    assert_true(mysql_kill_parse(all, &kill));
    assert_int_equal(kill.thread_id, 0x01020304);
    assert_int_equal(mysql_kill_write(&out, all, &kill, 0x0a0b0c0d), SMCRED_OK);
    assert_int_equal(out.len, 9);
    assert_memory_equal(relay_buffer_view(&out).data, "\5\0\0\0\x0c\x0d\x0c\x0b\x0a", 9);
    relay_buffer_clear(&out);
    relay_buffer_clear(&words);
    all = words_of(&words, 0x0c, sm_bytes("\4\3\2", 3));
    assert_false(mysql_kill_parse(all, &kill));
    assert_false(mysql_kill_parse(sm_bytes(all.data, 5), &kill));
    relay_buffer_clear(&words);
}

SM_TEST_MAIN(cmocka_unit_test(each_spelling_is_found),
             cmocka_unit_test(nothing_else_is_taken_for_one),
             cmocka_unit_test(a_statement_behind_query_attributes_is_found),
             cmocka_unit_test(the_command_is_found_too))
