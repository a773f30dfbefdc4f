/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_guard.c - finding commands and statements that are answered here, and the end of the
 * server's answers.
 */
#include "relay/mysql_guard.h"

#include <assert.h>

#include "relay/mysql_packet.h"

#define OK_LEN           7      /* bytes of an OK without a text */
#define ROWS_END_LEN     5      /* bytes of the end of rows, as older clients know it */
#define HAS_MORE_RESULTS 0x0008 /* SERVER_MORE_RESULTS_EXISTS */

enum mysql_command mysql_command_of(struct sm_bytes words)
{
    const uint8_t *at = words.data;
    bool is_whole = words.len > MYSQL_HEADER && at[3] == 0 && mysql_packet_len(at) == words.len;
    return is_whole ? (enum mysql_command)at[MYSQL_HEADER] : MYSQL_COM_NONE;
}

/* With the settings that a server has by itself. */
static const struct sql_dialect mysql = {
    .name_quote = '`',
    .text_quotes = "'\"",
    .name_max = SQL_NAME_MAX,
    .text_has_escapes = true,
    .has_line_hash = true,
};

struct sql_lexer mysql_sql_lexer(struct sm_bytes sql)
{
    return sql_lexer(sql, &mysql);
}

struct sm_bytes mysql_sql_of(struct sm_bytes words)
{
    const char *sql = (const char *)words.data + MYSQL_HEADER + 1;
    size_t len = words.len - MYSQL_HEADER - 1;
    size_t attributes_len = len >= 2 && sql[0] == 0 && sql[1] == 1 ? 2 : 0; /* MySQL 8: none */
    return sm_bytes(sql + attributes_len, len - attributes_len);
}

/* ---- commands that no server may hear ---- */

bool mysql_is_of_replication(enum mysql_command command)
{
    return command == MYSQL_COM_BINLOG_DUMP || command == MYSQL_COM_BINLOG_DUMP_GTID ||
           command == MYSQL_COM_REGISTER_REPLICA || command == MYSQL_COM_TABLE_DUMP ||
           command == MYSQL_COM_CLONE;
}

static void end_header(struct mysql_flow *flow)
{
    uint8_t sequence = flow->header[3];
    bool is_of_file = mysql_answers_want_file(&flow->answers);
    flow->left = mysql_body_len(flow->header);
    flow->is_command = sequence == 0 && !flow->is_wrapped && !is_of_file;
    flow->is_in_doubt = sequence == 0 && !flow->is_wrapped && is_of_file;
    flow->is_wrapped = sequence == UINT8_MAX && flow->left > 0; /* of LOAD DATA LOCAL */
    if (flow->left > 0)
        return;
    flow->header_len = 0;
    if (is_of_file)
        mysql_answers_file_ends(&flow->answers);
    else if (flow->is_command)
        mysql_answers_owe(&flow->answers, MYSQL_COM_SLEEP); /* as servers take it */
}

static bool is_denied(enum mysql_command command, bool may_replicate)
{
    return command == MYSQL_COM_CHANGE_USER || (!may_replicate && mysql_is_of_replication(command));
}

static void take_command(struct mysql_flow *flow, uint8_t *command, bool may_replicate)
{
    if (is_denied(*command, may_replicate))
        *command = MYSQL_COM_SLEEP;
    if (*command == MYSQL_COM_SET_OPTION || mysql_is_of_replication(*command))
        flow->leaves_traces = true;
    mysql_answers_owe(&flow->answers, *command);
}

bool mysql_deny(struct mysql_flow *flow, struct sm_bytes words, bool may_replicate)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)words.data; /* the pump's own */
    for (size_t at = 0; at < words.len;) {
        if (flow->header_len < MYSQL_HEADER) {
            flow->header[flow->header_len++] = bytes[at++];
            if (flow->header_len == MYSQL_HEADER)
                end_header(flow);
            continue;
        }
        if (flow->is_in_doubt && is_denied(bytes[at], may_replicate))
            return false;
        if (flow->is_command)
            take_command(flow, &bytes[at], may_replicate);
        flow->is_command = flow->is_in_doubt = false;
        size_t here = words.len - at < flow->left ? words.len - at : flow->left;
        at += here;
        flow->left -= (uint32_t)here;
        if (flow->left == 0)
            flow->header_len = 0;
    }
    return true;
}

bool mysql_may_command(const struct mysql_flow *flow)
{
    return flow->header_len == 0 && !mysql_answers_want_file(&flow->answers);
}

/* ---- the own password ---- */

static bool is_user(const struct sql_token *token, const char *user)
{
    static const char *const own[] = {"current_user", "user", NULL};
    bool may_name = token->type == SQL_WORD || token->type == SQL_NAME || token->type == SQL_TEXT;
    return sql_is_one_of(token, own) || (may_name && strcmp(token->text, user) == 0);
}

/* SET PASSWORD, of the session's own user if it names none. */
static bool set_names(struct sql_lexer *lexer, const char *user)
{
    struct sql_token token = sql_next(lexer);
    if (!sql_is_word(&token, "password"))
        return false;
    token = sql_next(lexer);
    if (!sql_is_word(&token, "for"))
        return token.type == SQL_OTHER || sql_is_word(&token, "to"); /* =, TO RANDOM */
    token = sql_next(lexer);
    return is_user(&token, user);
}

/* ALTER USER [IF EXISTS] of the session's own, with a new way to identify itself. */
static bool alter_names(struct sql_lexer *lexer, const char *user)
{
    struct sql_token token = sql_next(lexer);
    if (!sql_is_word(&token, "user"))
        return false;
    token = sql_next(lexer);
    if (sql_is_word(&token, "if")) {
        (void)sql_next(lexer); /* EXISTS */
        token = sql_next(lexer);
    }
    if (!is_user(&token, user))
        return false;
    while (token.type != SQL_END && !sql_is_word(&token, "identified"))
        token = sql_next(lexer);
    return token.type != SQL_END;
}

bool mysql_sets_password(struct sm_bytes sql, const char *user)
{
    struct sql_lexer lexer = mysql_sql_lexer(sql);
    struct sql_token token = sql_next(&lexer);
    if (sql_is_word(&token, "set"))
        return set_names(&lexer, user);
    return sql_is_word(&token, "alter") && alter_names(&lexer, user);
}

bool mysql_says_sets_password(struct sm_bytes words, const char *user)
{
    enum mysql_command command = mysql_command_of(words);
    if (command != MYSQL_COM_QUERY && command != MYSQL_COM_PREPARE)
        return false;
    return mysql_sets_password(mysql_sql_of(words), user);
}

/* ---- the end of an answer ---- */

/* Do these bytes end with a packet of so many bytes whose first is one of these? */
static bool ends_with(const uint8_t tail[RELAY_TAIL], uint8_t len, uint8_t kind, uint8_t or_kind)
{
    const uint8_t *packet = &tail[RELAY_TAIL - MYSQL_HEADER - len];
    return packet[0] == len && packet[1] == 0 && packet[2] == 0 &&
           (packet[4] == kind || packet[4] == or_kind);
}

bool mysql_is_idle_after(const uint8_t tail[RELAY_TAIL])
{
    static_assert(RELAY_TAIL >= MYSQL_HEADER + OK_LEN, "an OK fits");
    const uint8_t *end = tail + RELAY_TAIL;
    if (ends_with(tail, OK_LEN, MYSQL_OK, MYSQL_SWITCH)) /* affected, insert id, status, warnings */
        return (end[-4] & HAS_MORE_RESULTS) == 0;
    if (ends_with(tail, ROWS_END_LEN, MYSQL_SWITCH, MYSQL_SWITCH)) /* warnings, status */
        return (end[-2] & HAS_MORE_RESULTS) == 0;
    return false;
}
