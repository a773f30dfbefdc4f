/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_mysql_answers.c - a server's answers are followed to the place where it asks for a file. */
#include "tests/lib/sm_test.h"

#include "relay/mysql_answers.h"

#define LOCAL_FILES 0x80u
#define NO_ENDS     0x1000000u
#define QUERY       0x03
#define PING        0x0e

#define OK               "\7\0\0\1\0\0\0\2\0\0\0"
#define OK_MORE          "\7\0\0\1\0\0\0\x0a\0\0\0"
#define OK_LARGE         "\x11\0\0\1\0\xfe\1\2\3\4\5\6\7\x08\xfc\1\1\x0a\0\0\0"
#define FILE_PLEASE      "\5\0\0\xff\xfb/tmp"
#define COLUMNS(n)       "\1\0\0\1" n
#define COLUMN           "\6\0\0\2\3def\1x"
#define END              "\5\0\0\3\xfe\0\0\2\0"
#define END_MORE         "\5\0\0\3\xfe\0\0\x0a\0"
#define END_CURSOR       "\5\0\0\3\xfe\0\0\x42\0"
#define NEW_END_MORE     "\7\0\0\3\xfe\0\0\x0a\0\0\0"
#define ROW              "\2\0\0\4\1x"
#define NULL_ROW         "\1\0\0\xff\xfb"
#define ERROR            "\x0b\0\0\1\xff\x19\4#42000no"
#define PROGRESS         "\6\0\0\1\xff\xff\xff\1\1\1"
#define PREPARED         "\x0c\0\0\1\0\1\0\0\0\1\0\1\0\0\0\0"
#define PREPARED_NOTHING "\x0c\0\0\1\0\1\0\0\0\0\0\0\0\0\0\0"

/* Is a file wanted after these words, which come in pieces of so many bytes? */
static bool wants_file(uint32_t capabilities, const char *commands, const char *words, size_t len,
                       size_t piece)
{
    struct mysql_answers answers = mysql_answers(capabilities | LOCAL_FILES);
    for (; *commands; commands++)
        mysql_answers_owe(&answers, (uint8_t)*commands);
    for (size_t at = 0; at < len; at += piece)
        mysql_answers_hear(&answers, sm_bytes(words + at, len - at < piece ? len - at : piece));
    return mysql_answers_want_file(&answers);
}

static bool wants(uint32_t capabilities, const char *commands, const char *words, size_t len)
{
    bool wanted = wants_file(capabilities, commands, words, len, len);
    for (size_t piece = 1; piece < len; piece++)
        assert_int_equal(wants_file(capabilities, commands, words, len, piece), wanted);
    return wanted;
}
#define WANTS(commands, words)     wants(0, commands, words, sizeof(words) - 1)
#define WANTS_NEW(commands, words) wants(NO_ENDS, commands, words, sizeof(words) - 1)

static void a_file_is_wanted_where_a_result_begins(void **state)
{
    (void)state;
    assert_true(WANTS("\3", FILE_PLEASE));
    assert_true(WANTS("\3", OK_MORE OK_LARGE OK_MORE FILE_PLEASE));
    assert_true(WANTS("\3", COLUMNS("\2") COLUMN COLUMN END ROW ROW END_MORE FILE_PLEASE));
    assert_true(WANTS_NEW("\3", COLUMNS("\1") COLUMN ROW NEW_END_MORE FILE_PLEASE));
    assert_true(WANTS("\3", PROGRESS FILE_PLEASE PROGRESS));
    assert_true(WANTS("\x0e\3", OK FILE_PLEASE));
}

static void a_row_asks_for_nothing(void **state)
{
    (void)state;
    assert_false(WANTS("\3", COLUMNS("\1") COLUMN END NULL_ROW));
    assert_false(WANTS("\3", COLUMNS("\1") COLUMN END ROW FILE_PLEASE));
    assert_false(WANTS_NEW("\3", COLUMNS("\1") COLUMN NULL_ROW));
    assert_false(WANTS_NEW("\3", COLUMNS("\2") "\0" COLUMN FILE_PLEASE));
    assert_false(WANTS("\x1c", FILE_PLEASE)); /* a cursor's, which has no head */
    assert_false(WANTS("\x0e", FILE_PLEASE));
}

static void nothing_is_wanted_when_the_file_has_come(void **state)
{
    (void)state;
    assert_false(WANTS("\3", FILE_PLEASE OK));
    assert_false(WANTS("\3", FILE_PLEASE ERROR));
    assert_true(WANTS("\3", FILE_PLEASE OK_MORE FILE_PLEASE));
    struct mysql_answers answers = mysql_answers(LOCAL_FILES);
    mysql_answers_owe(&answers, QUERY);
    mysql_answers_hear(&answers, sm_bytes(FILE_PLEASE, sizeof FILE_PLEASE - 1));
    mysql_answers_file_ends(&answers);
    assert_false(mysql_answers_want_file(&answers));
    assert_true(answers.is_followed);
}

/* Every answer that comes before has its own end. */
static void each_commands_answer_is_followed_to_its_end(void **state)
{
    (void)state;
    assert_true(WANTS("\x16\3", PREPARED COLUMN END COLUMN END FILE_PLEASE));
    assert_true(WANTS_NEW("\x16\3", PREPARED COLUMN COLUMN FILE_PLEASE));
    assert_true(WANTS("\x16\3", PREPARED_NOTHING FILE_PLEASE));
    assert_true(WANTS("\x16\3", ERROR FILE_PLEASE));
    assert_true(WANTS("\x17\3", COLUMNS("\1") COLUMN END_CURSOR FILE_PLEASE));
    assert_true(WANTS("\x1c\3", NULL_ROW NULL_ROW END FILE_PLEASE));
    assert_true(WANTS("\x04\3", COLUMN COLUMN END FILE_PLEASE));
    assert_true(WANTS("\x09\3", "\6\0\0\1Uptime" FILE_PLEASE));
    assert_true(WANTS("\x18\x19\3", FILE_PLEASE));
    assert_true(WANTS("\3\3", COLUMNS("\1") COLUMN END ROW ERROR FILE_PLEASE));
    assert_true(WANTS("\x17\3", "\2\0\0\1\1\0" END ROW END FILE_PLEASE)); /* no definitions */
}

static void what_is_not_understood_is_lost_for_good(void **state)
{
    (void)state;
    assert_false(WANTS("", OK FILE_PLEASE));
    assert_false(WANTS("\x0e\3", OK OK OK FILE_PLEASE));
    assert_false(WANTS("\x12\3", OK FILE_PLEASE));
    assert_false(WANTS("\x7f\3", OK FILE_PLEASE));
    assert_false(WANTS("\3", "\0\0\0\1" FILE_PLEASE));
    assert_false(WANTS("\3\3", FILE_PLEASE)); /* the second one is not a command then */
    struct mysql_answers answers = mysql_answers(LOCAL_FILES);
    mysql_answers_owe(&answers, QUERY);
    mysql_answers_hear(&answers, sm_bytes(FILE_PLEASE, sizeof FILE_PLEASE - 1));
    mysql_answers_owe(&answers, PING); /* it had begun before */
    assert_false(mysql_answers_want_file(&answers));
    answers = mysql_answers(LOCAL_FILES);
    for (int i = 0; i <= MYSQL_OWED_MAX; i++)
        mysql_answers_owe(&answers, PING);
    assert_false(answers.is_followed);
}

static void who_sends_no_files_is_not_followed(void **state)
{
    (void)state;
    struct mysql_answers answers = mysql_answers(NO_ENDS);
    mysql_answers_owe(&answers, QUERY);
    mysql_answers_hear(&answers, sm_bytes(FILE_PLEASE, sizeof FILE_PLEASE - 1));
    assert_false(mysql_answers_want_file(&answers));
}

/* Rows of 16 MiB and more: what goes on is no packet of its own. */
static void a_packet_that_goes_on_is_one(void **state)
{
    (void)state;
    static uint8_t row[4 + 0xffffff] = {0xff, 0xff, 0xff, 4, 1};
    static const char begin[] = COLUMNS("\1") COLUMN END, rest[] = "\1\0\0\5\xfe";
    struct mysql_answers answers = mysql_answers(LOCAL_FILES);
    mysql_answers_owe(&answers, QUERY);
    mysql_answers_hear(&answers, sm_bytes(begin, sizeof begin - 1));
    mysql_answers_hear(&answers, sm_bytes(row, sizeof row));
    mysql_answers_hear(&answers, sm_bytes(rest, sizeof rest - 1));
    mysql_answers_hear(&answers, sm_bytes(END_MORE FILE_PLEASE, sizeof END_MORE FILE_PLEASE - 1));
    assert_true(mysql_answers_want_file(&answers));
}

SM_TEST_MAIN(cmocka_unit_test(a_file_is_wanted_where_a_result_begins),
             cmocka_unit_test(a_row_asks_for_nothing),
             cmocka_unit_test(nothing_is_wanted_when_the_file_has_come),
             cmocka_unit_test(each_commands_answer_is_followed_to_its_end),
             cmocka_unit_test(what_is_not_understood_is_lost_for_good),
             cmocka_unit_test(who_sends_no_files_is_not_followed),
             cmocka_unit_test(a_packet_that_goes_on_is_one))
