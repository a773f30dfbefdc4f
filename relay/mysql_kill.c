/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_kill.c - KILL [HARD | SOFT] [CONNECTION | QUERY] number, and COM_PROCESS_KILL.
 */
#include "relay/mysql_kill.h"

#include <ctype.h>
#include <stdio.h>

#include "relay/mysql_guard.h"
#include "relay/mysql_packet.h"
#include "relay/sql_lexer.h"

#define BINARY_LEN 4 /* bytes of a number in COM_PROCESS_KILL */

/* Where the number begins, or NULL. */
static const char *find_number(struct sql_lexer *lexer)
{
    static const char *const modes[] = {"hard", "soft", NULL};
    static const char *const things[] = {"connection", "query", NULL};
    struct sql_token token = sql_next(lexer);
    if (!sql_is_word(&token, "kill"))
        return NULL;
    token = sql_next(lexer);
    if (sql_is_one_of(&token, modes))
        token = sql_next(lexer);
    if (sql_is_one_of(&token, things))
        token = sql_next(lexer);
    bool is_number = token.type == SQL_OTHER && isdigit((unsigned char)lexer->at[-1]);
    return is_number ? lexer->at - 1 : NULL;
}

/* Takes the digits; what follows must be the end. */
static bool parse_text(struct sm_bytes words, struct mysql_kill *out_kill)
{
    struct sql_lexer lexer = mysql_sql_lexer(mysql_sql_of(words));
    const char *number = find_number(&lexer);
    uint64_t value = 0;
    if (!number)
        return false;
    lexer.at = number;
    for (; lexer.at < lexer.end && isdigit((unsigned char)*lexer.at); lexer.at++) {
        value = 10 * value + (uint64_t)(*lexer.at - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *out_kill = (struct mysql_kill){.thread_id = (uint32_t)value,
                                    .at = (size_t)(number - (const char *)words.data),
                                    .len = (size_t)(lexer.at - number),
                                    .is_text = true};
    return sql_next(&lexer).type == SQL_END;
}

static bool parse_binary(struct sm_bytes words, struct mysql_kill *out_kill)
{
    const uint8_t *id = (const uint8_t *)words.data + MYSQL_HEADER + 1;
    if (words.len != MYSQL_HEADER + 1 + BINARY_LEN)
        return false;
    *out_kill = (struct mysql_kill){.thread_id = (uint32_t)id[0] | (uint32_t)id[1] << 8 |
                                                 (uint32_t)id[2] << 16 | (uint32_t)id[3] << 24,
                                    .at = MYSQL_HEADER + 1,
                                    .len = BINARY_LEN};
    return true;
}

bool mysql_kill_parse(struct sm_bytes words, struct mysql_kill *out_kill)
{
    struct mysql_kill kill;
    enum mysql_command command = mysql_command_of(words);
    bool is_kill = (command == MYSQL_COM_QUERY && parse_text(words, &kill)) ||
                   (command == MYSQL_COM_PROCESS_KILL && parse_binary(words, &kill));
    if (is_kill)
        *out_kill = kill;
    return is_kill;
}

enum smcred_status mysql_kill_write(struct relay_buffer *out, struct sm_bytes words,
                                    const struct mysql_kill *kill, uint32_t thread_id)
{
    const char *from = words.data;
    const uint8_t binary[BINARY_LEN] = {(uint8_t)thread_id, (uint8_t)(thread_id >> 8),
                                        (uint8_t)(thread_id >> 16), (uint8_t)(thread_id >> 24)};
    char text[16];
    int text_len = snprintf(text, sizeof text, "%u", thread_id);
    const struct sm_bytes pieces[] = {
        sm_bytes(from + MYSQL_HEADER, kill->at - MYSQL_HEADER),
        kill->is_text ? sm_bytes(text, (size_t)text_len) : sm_bytes(binary, sizeof binary),
        sm_bytes(from + kill->at + kill->len, words.len - kill->at - kill->len)};
    return mysql_packet_write(out, 0, pieces, sizeof pieces / sizeof *pieces);
}
