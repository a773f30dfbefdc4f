/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_answers.c - following a server's answers, packet by packet.
 *
 * What is not expected loses the thread for good: then nothing is taken for a file.
 */
#include "relay/mysql_answers.h"

#include <assert.h>

#include "relay/mysql_guard.h"
#include "relay/mysql_packet.h"

#define LOCAL_FILES    (1u << 7) /* CLIENT_LOCAL_FILES */
#define FILE_WANTED    0xfb
#define MORE_RESULTS   0x0008 /* SERVER_MORE_RESULTS_EXISTS */
#define CURSOR_IS_OPEN 0x0040 /* SERVER_STATUS_CURSOR_EXISTS */
#define BODY_MAX       0xffffff
#define END_MAX        9      /* bytes: a packet of this first byte that is longer is a row */
#define PROGRESS       0xffff /* MariaDB's; the number of no error */

/* What follows a command. */
enum answer {
    ANSWER_NONE,
    ANSWER_PACKET,
    ANSWER_RESULTS, /* OK, a file or rows, one after the other */
    ANSWER_ROWS,    /* up to their end, without a head */
    ANSWER_PREPARED,
    ANSWER_UNKNOWN, /* or without an end */
};

enum place { AT_BEGINNING, AT_DEFINITIONS, AT_ROWS, AT_FILE };

static enum answer answer_to(uint8_t command)
{
    switch (command) {
    case MYSQL_COM_QUIT:
    case 0x18: /* COM_STMT_SEND_LONG_DATA */
    case 0x19: /* COM_STMT_CLOSE */
        return ANSWER_NONE;
    case MYSQL_COM_QUERY:
    case 0x0a: /* COM_PROCESS_INFO */
    case 0x17: /* COM_STMT_EXECUTE */
    case 0xfa: /* MariaDB's COM_STMT_BULK_EXECUTE */
        return ANSWER_RESULTS;
    case 0x04: /* COM_FIELD_LIST */
    case 0x1c: /* COM_STMT_FETCH */
        return ANSWER_ROWS;
    case MYSQL_COM_PREPARE:
        return ANSWER_PREPARED;
    case MYSQL_COM_CHANGE_USER:
    case MYSQL_COM_BINLOG_DUMP:
    case MYSQL_COM_BINLOG_DUMP_GTID:
    case MYSQL_COM_TABLE_DUMP:
        return ANSWER_UNKNOWN;
    default:
        return command < 0x20 ? ANSWER_PACKET : ANSWER_UNKNOWN;
    }
}

struct mysql_answers mysql_answers(uint32_t capabilities)
{
    return (struct mysql_answers){.is_followed = (capabilities & LOCAL_FILES) != 0,
                                  .has_ends = (capabilities & MYSQL_DEPRECATE_EOF) == 0};
}

static enum answer present(const struct mysql_answers *answers)
{
    return answers->owed[answers->first];
}

static void begin_answer(struct mysql_answers *answers)
{
    bool has_head = answers->count == 0 || present(answers) != ANSWER_ROWS;
    answers->place = has_head ? AT_BEGINNING : AT_ROWS;
}

bool mysql_answers_want_file(const struct mysql_answers *answers)
{
    return answers->is_followed && answers->count > 0 && answers->place == AT_FILE;
}

void mysql_answers_owe(struct mysql_answers *answers, uint8_t command)
{
    enum answer answer = answer_to(command);
    if (answer == ANSWER_NONE || !answers->is_followed)
        return;
    /* What was said before the request was heard is the file's, and was no command. */
    if (answer == ANSWER_UNKNOWN || answers->count == MYSQL_OWED_MAX ||
        mysql_answers_want_file(answers)) {
        answers->is_followed = false;
        return;
    }
    answers->owed[(answers->first + answers->count++) % MYSQL_OWED_MAX] = (uint8_t)answer;
    if (answers->count == 1)
        begin_answer(answers);
}

void mysql_answers_file_ends(struct mysql_answers *answers)
{
    answers->place = AT_BEGINNING; /* of what comes of it */
}

/* ---- one packet ---- */

static void end_answer(struct mysql_answers *answers)
{
    answers->first = (answers->first + 1) % MYSQL_OWED_MAX;
    answers->count--;
    begin_answer(answers);
}

static void end_result(struct mysql_answers *answers, uint16_t status)
{
    if (present(answers) == ANSWER_RESULTS && (status & MORE_RESULTS))
        answers->place = AT_BEGINNING;
    else
        end_answer(answers);
}

static uint16_t two_bytes(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

/* Bytes of a length-encoded number that begins so. */
static size_t number_len(uint8_t first)
{
    return first < 0xfc ? 1 : first == 0xfc ? 3 : first == 0xfd ? 4 : 9;
}

/* Of an OK: behind two numbers.  A packet that is cut says 0, as `begin` is all of it. */
static uint16_t status_of_ok(const uint8_t *body)
{
    const uint8_t *at = body + 1;
    at += number_len(*at);
    return two_bytes(at + number_len(*at));
}

static void expect_definitions(struct mysql_answers *answers, uint32_t count)
{
    answers->definitions = count;
    answers->place = count > 0 ? AT_DEFINITIONS : AT_ROWS;
}

/* A number of columns; what may be behind it says whether their definitions follow. */
static void begin_rows(struct mysql_answers *answers, const uint8_t *body, uint32_t len)
{
    size_t count_len = number_len(*body);
    bool is_told = len <= count_len || body[count_len] != 0;
    uint32_t count = count_len == 1 ? *body : two_bytes(body + 1); /* 4096 at most */
    expect_definitions(answers, (is_told ? count : 0) + answers->has_ends);
}

static void begin_result(struct mysql_answers *answers, const uint8_t *body, uint32_t len)
{
    if (*body == MYSQL_OK)
        end_result(answers, status_of_ok(body));
    else if (*body == MYSQL_SWITCH || (*body == FILE_WANTED && answers->count > 1))
        answers->is_followed = false; /* who has said more cannot have been asked for a file */
    else if (*body == FILE_WANTED)
        answers->place = AT_FILE;
    else
        begin_rows(answers, body, len);
}

/* The OK of COM_STMT_PREPARE: of parameters, then of columns, if there are any. */
static void begin_prepared(struct mysql_answers *answers, const uint8_t *body, uint32_t len)
{
    bool is_told = len <= 12 || body[12] != 0;
    uint32_t columns = two_bytes(body + 5), parameters = two_bytes(body + 7);
    uint32_t count = columns + (columns > 0 && answers->has_ends) + parameters +
                     (parameters > 0 && answers->has_ends);
    if (count > 0 && is_told)
        expect_definitions(answers, count);
    else
        end_answer(answers);
}

static void begin(struct mysql_answers *answers, const uint8_t *body, uint32_t len)
{
    if (present(answers) == ANSWER_RESULTS)
        begin_result(answers, body, len);
    else if (present(answers) == ANSWER_PREPARED)
        begin_prepared(answers, body, len);
    else
        end_answer(answers);
}

/* A cursor's rows are asked for afterwards. */
static void take_definition(struct mysql_answers *answers, const uint8_t *body)
{
    bool is_end = answers->has_ends && *body == MYSQL_SWITCH;
    if (--answers->definitions > 0)
        return;
    if (present(answers) == ANSWER_PREPARED || (is_end && two_bytes(body + 3) & CURSOR_IS_OPEN))
        end_answer(answers);
    else
        answers->place = AT_ROWS;
}

static void take_row(struct mysql_answers *answers, const uint8_t *body, uint32_t len)
{
    if (*body == MYSQL_SWITCH && len < (answers->has_ends ? END_MAX : BODY_MAX))
        end_result(answers, answers->has_ends ? two_bytes(body + 3) : status_of_ok(body));
}

static void take(struct mysql_answers *answers, const uint8_t *body, uint32_t len)
{
    if (answers->count == 0 || len == 0) /* nothing was asked, or nothing is said */
        answers->is_followed = false;
    else if (*body == MYSQL_ERROR && two_bytes(body + 1) == PROGRESS)
        return;
    else if (*body == MYSQL_ERROR)
        end_answer(answers);
    else if (answers->place == AT_ROWS)
        take_row(answers, body, len);
    else if (answers->place == AT_DEFINITIONS)
        take_definition(answers, body);
    else
        begin(answers, body, len);
}

/* ---- packets out of bytes ---- */

/* Nothing but whole rows, or one that goes on in the next words. */
static const uint8_t *pass_rows(struct mysql_answers *answers, const uint8_t *at,
                                const uint8_t *end)
{
    while (end - at > MYSQL_HEADER) {
        uint32_t len = mysql_body_len(at), here = (uint32_t)(end - at) - MYSQL_HEADER;
        if (len == 0 || len == BODY_MAX || at[MYSQL_HEADER] >= MYSQL_SWITCH)
            return at;
        if (len > here) {
            answers->left = len - here;
            return end;
        }
        at += MYSQL_HEADER + len;
    }
    return at;
}

/* How much of the present packet is looked at. */
static size_t look_of(const struct mysql_answers *answers)
{
    if (answers->begin_len < MYSQL_HEADER)
        return MYSQL_HEADER;
    size_t len = MYSQL_HEADER + mysql_body_len(answers->begin);
    return len < MYSQL_LOOK ? len : MYSQL_LOOK;
}

static const uint8_t *look(struct mysql_answers *answers, const uint8_t *at, const uint8_t *end)
{
    static_assert(MYSQL_LOOK >= MYSQL_HEADER + 1 + 9 + 9 + 2, "an OK up to its status");
    size_t wanted = look_of(answers) - answers->begin_len, here = (size_t)(end - at);
    size_t len = wanted < here ? wanted : here;
    memcpy(answers->begin + answers->begin_len, at, len);
    answers->begin_len += (uint8_t)len;
    if (answers->begin_len < MYSQL_HEADER || answers->begin_len < look_of(answers))
        return at + len;
    uint32_t body_len = mysql_body_len(answers->begin);
    bool is_whole = !answers->continues;
    memset(answers->begin + answers->begin_len, 0, MYSQL_LOOK - answers->begin_len);
    answers->left = body_len - (answers->begin_len - MYSQL_HEADER);
    answers->begin_len = 0;
    answers->continues = body_len == BODY_MAX;
    if (is_whole)
        take(answers, answers->begin + MYSQL_HEADER, body_len);
    return at + len;
}

void mysql_answers_hear(struct mysql_answers *answers, struct sm_bytes words)
{
    const uint8_t *at = words.data, *end = at + words.len;
    while (at < end && answers->is_followed) {
        uint32_t here = (uint32_t)(end - at);
        uint32_t passed = answers->left < here ? answers->left : here;
        at += passed;
        answers->left -= passed;
        if (answers->place == AT_ROWS && answers->begin_len == 0 && !answers->continues)
            at = pass_rows(answers, at, end);
        if (at < end && answers->left == 0)
            at = look(answers, at, end);
    }
}
