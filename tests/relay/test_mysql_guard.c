/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_mysql_guard.c - a client's commands, and the ends of a server's answers. */
#include "tests/lib/sm_test.h"

#include "relay/mysql_guard.h"

static enum mysql_command command_of(const char *bytes, size_t len)
{
    return mysql_command_of(sm_bytes(bytes, len));
}
#define COMMAND_OF(bytes) command_of(bytes, sizeof(bytes) - 1)

static void knows_a_whole_command(void **state)
{
    (void)state;
    assert_int_equal(COMMAND_OF("\1\0\0\0\1"), MYSQL_COM_QUIT);
    assert_int_equal(COMMAND_OF("\11\0\0\0\x03select 1"), MYSQL_COM_QUERY);
    assert_int_equal(COMMAND_OF("\7\0\0\0\x11root\0\0"), MYSQL_COM_CHANGE_USER);
    assert_int_equal(COMMAND_OF("\1\0\0\0\x0e"), 0x0e);
}

/* Data of LOAD DATA LOCAL, and packets in pieces, may look like anything. */
static void takes_nothing_else_for_one(void **state)
{
    (void)state;
    assert_int_equal(COMMAND_OF("\7\0\0\3\x11root\0\0"), MYSQL_COM_NONE);
    assert_int_equal(COMMAND_OF("\7\0\0\0\x11root\0"), MYSQL_COM_NONE);
    assert_int_equal(COMMAND_OF("\7\0\0\0\x11root\0\0\1"), MYSQL_COM_NONE);
    assert_int_equal(COMMAND_OF("\xff\xff\xff\0\x11root\0\0"), MYSQL_COM_NONE);
    assert_int_equal(COMMAND_OF("\0\0\0\0"), MYSQL_COM_NONE);
    assert_int_equal(COMMAND_OF("\1\0\0"), MYSQL_COM_NONE);
}

static bool is_idle_after(const char *bytes, size_t len)
{
    uint8_t tail[RELAY_TAIL] = {0};
    size_t part = len < sizeof tail ? len : sizeof tail;
    memcpy(tail + sizeof tail - part, bytes + len - part, part);
    return mysql_is_idle_after(tail);
}
#define IS_IDLE_AFTER(bytes) is_idle_after(bytes, sizeof(bytes) - 1)

static void knows_the_end_of_an_answer(void **state)
{
    (void)state;
    assert_true(IS_IDLE_AFTER("\7\0\0\1\0\0\0\2\0\0\0"));
    assert_true(IS_IDLE_AFTER("\1\0\0\1\2\7\0\0\5\xfe\0\0\x22\0\0\0"));
    assert_true(IS_IDLE_AFTER("\2\0\0\4\0011\5\0\0\5\xfe\0\0\2\0"));
}

static void says_nothing_where_more_may_come(void **state)
{
    (void)state;
    assert_false(IS_IDLE_AFTER("\7\0\0\1\0\0\0\x0a\0\0\0"));
    assert_false(IS_IDLE_AFTER("\5\0\0\5\xfe\0\0\x0a\0"));
    assert_false(IS_IDLE_AFTER("\7\0\0\1\1\0\0\2\0\0\0"));
    assert_false(IS_IDLE_AFTER("\2\0\0\4\0011"));
    assert_false(IS_IDLE_AFTER(""));
}

/* ---- the own password ---- */

static bool sets_password(const char *sql)
{
    return mysql_sets_password(sm_bytes_of(sql), "app");
}

static void finds_the_own_passwords_change(void **state)
{
    (void)state;
    static const char *const statements[] = {
        "SET PASSWORD = 'new'",
        "set password=password('new')",
        "set password to random",
        "SET PASSWORD FOR CURRENT_USER() = 'new'",
        "set password for 'app'@'%' = 'new'",
        "set password for app = 'new'",
        "ALTER USER USER() IDENTIFIED BY 'new'",
        "alter user current_user identified by 'new'",
        "alter user if exists 'app'@'10.0.0.%' identified via ed25519 using password('new')",
        "alter user `app`@localhost identified with caching_sha2_password by 'new'",
        "/* hello */ -- there\n# you\nalter user \"app\" identified by 'new';",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (!sets_password(statements[i]))
            fail_msg("missed: %s", statements[i]);
    }
}

static void finds_nothing_else(void **state)
{
    (void)state;
    static const char *const statements[] = {
        "",
        "select 'set password = 1'",
        "set passwords = 1",
        "set @password = 1",
        "set password for other = 'new'",
        "set password for 'App'@'%' = 'new'",
        "alter user other identified by 'new'",
        "alter user app account lock",
        "alter user app comment 'identified'",
        "alter table app add identified int",
        "alter user 'app",
        "/* set password = 'new' */ select 1",
        "/*! set password = 'new' */",
        "# set password = 'new'",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (sets_password(statements[i]))
            fail_msg("taken for it: %s", statements[i]);
    }
}

static bool says_it(const char *bytes, size_t len)
{
    return mysql_says_sets_password(sm_bytes(bytes, len), "app");
}
#define SAYS_IT(bytes) says_it(bytes, sizeof(bytes) - 1)

static void hears_it_in_a_query(void **state)
{
    (void)state;
    assert_true(SAYS_IT("\x10\0\0\0\x03set password=''"));
    assert_true(SAYS_IT("\x10\0\0\0\x16set password=''"));
    assert_true(SAYS_IT("\x12\0\0\0\x03\0\1set password=''"));
    assert_false(SAYS_IT("\x10\0\0\0\x04set password=''"));
    assert_false(SAYS_IT("\x11\0\0\0\x03SET password=''"));
    assert_false(SAYS_IT("\1\0\0\0\x03"));
}

/* What the server hears of the client's words, which come in pieces of so many bytes. */
static void denies(const char *words, size_t len, const char *heard, bool may_replicate)
{
    for (size_t piece = len; piece > 0; piece--) {
        struct mysql_flow flow = {.left = 0};
        char copy[512];
        assert_true(len <= sizeof copy);
        memcpy(copy, words, len);
        for (size_t at = 0; at < len; at += piece)
            assert_true(mysql_deny(&flow, sm_bytes(copy + at, len - at < piece ? len - at : piece),
                                   may_replicate));
        assert_memory_equal(copy, heard, len);
        assert_true(mysql_may_command(&flow));
    }
}
#define DENIES(words, heard) denies(words, sizeof(words) - 1, heard, false)
#define PASSES(words)        DENIES(words, words)

static void no_server_hears_a_change_of_user(void **state)
{
    (void)state;
    DENIES("\7\0\0\0\x11root\0\0", "\7\0\0\0\0root\0\0");
    DENIES("\1\0\0\0\x0e\7\0\0\0\x11root\0\0\1\0\0\0\x0e",
           "\1\0\0\0\x0e\7\0\0\0\0root\0\0\1\0\0\0\x0e");
    DENIES("\0\0\0\0\1\0\0\0\x11", "\0\0\0\0\1\0\0\0\0");
    PASSES("\7\0\0\0\x03\2\0\0\0\x11\x11");
    PASSES("\7\0\0\3\x11root\0\0");
}

static void data_whose_number_begins_anew_is_no_command(void **state)
{
    (void)state;
    PASSES("\1\0\0\xff"
           "a\2\0\0\0\x11"
           "b\0\0\0\1");
    DENIES("\0\0\0\xff\1\0\0\0\x11", "\0\0\0\xff\1\0\0\0\0"); /* the data has ended */
}

/* A file's packets behind the 255th of an answer.  `passed`: they may be. */
static void sends_file(const char *words, size_t len, const char *heard, bool passed)
{
    static const char request[] = "\5\0\0\xff\xfb/tmp";
    for (size_t piece = len; piece > 0; piece--) {
        struct mysql_flow flow = {.answers = mysql_answers(0x80)};
        char query[] = "\2\0\0\0\x03x", copy[64];
        bool holds = mysql_deny(&flow, sm_bytes(query, sizeof query - 1), false);
        memcpy(copy, words, len);
        mysql_answers_hear(&flow.answers, sm_bytes(request, sizeof request - 1));
        assert_false(mysql_may_command(&flow));
        for (size_t at = 0; at < len; at += piece)
            holds =
                holds &&
                mysql_deny(&flow, sm_bytes(copy + at, len - at < piece ? len - at : piece), false);
        assert_int_equal(holds, passed);
        assert_memory_equal(copy, heard, len);
    }
}
#define SENDS(words, heard, passed) sends_file(words, sizeof(words) - 1, heard, passed)

static void a_file_is_data_whatever_its_numbers(void **state)
{
    (void)state;
    SENDS("\2\0\0\0\x03x\2\0\0\1\x12x\0\0\0\2\1\0\0\0\x12",
          "\2\0\0\0\x03x\2\0\0\1\x12x\0\0\0\2\1\0\0\0\0", true);
}

/* MariaDB says an error instead of reading it, for want of memory, and hears a command then. */
static void a_file_that_may_be_heard_as_a_command_is_not_passed_on(void **state)
{
    (void)state;
    SENDS("\2\0\0\0\x12x\0\0\0\1", "\2\0\0\0\x12x\0\0\0\1", false);
    SENDS("\2\0\0\0\x11x\0\0\0\1", "\2\0\0\0\x11x\0\0\0\1", false);
}

static void what_only_looks_like_a_file_is_a_command(void **state)
{
    (void)state;
    static const char row[] = "\1\0\0\1\1\6\0\0\2\3def\1x\5\0\0\3\xfe\0\0\2\0\1\0\0\xff\xfb";
    struct mysql_flow flow = {.answers = mysql_answers(0x80)};
    char query[] = "\2\0\0\0\x03x", dump[] = "\2\0\0\0\x12x\0\0\0\1";
    assert_true(mysql_deny(&flow, sm_bytes(query, sizeof query - 1), false));
    mysql_answers_hear(&flow.answers, sm_bytes(row, sizeof row - 1));
    assert_true(mysql_deny(&flow, sm_bytes(dump, sizeof dump - 1), false));
    assert_memory_equal(dump, "\2\0\0\0\0x\0\0\0\1", sizeof dump - 1);
}

static void replication_is_denied_where_it_is_not_permitted(void **state)
{
    static const char words[] = "\1\0\0\0\x0e\1\0\0\0\x12";
    (void)state;
    DENIES("\1\0\0\0\x0e\1\0\0\0\x12", "\1\0\0\0\x0e\1\0\0\0\0");
    DENIES("\1\0\0\0\x20", "\1\0\0\0\0"); /* a clone has all that a replica has */
    denies(words, sizeof words - 1, words, true);
}

SM_TEST_MAIN(cmocka_unit_test(knows_a_whole_command), cmocka_unit_test(takes_nothing_else_for_one),
             cmocka_unit_test(finds_the_own_passwords_change), cmocka_unit_test(finds_nothing_else),
             cmocka_unit_test(hears_it_in_a_query), cmocka_unit_test(knows_the_end_of_an_answer),
             cmocka_unit_test(says_nothing_where_more_may_come),
             cmocka_unit_test(no_server_hears_a_change_of_user),
             cmocka_unit_test(data_whose_number_begins_anew_is_no_command),
             cmocka_unit_test(a_file_is_data_whatever_its_numbers),
             cmocka_unit_test(a_file_that_may_be_heard_as_a_command_is_not_passed_on),
             cmocka_unit_test(what_only_looks_like_a_file_is_a_command),
             cmocka_unit_test(replication_is_denied_where_it_is_not_permitted))
