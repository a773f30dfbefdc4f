/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sql_lexer.c - taking SQL apart, as each server's own lexer does.
 */
#include "relay/sql_lexer.h"

#include <ctype.h>
#include <strings.h>

static bool stands_at(const struct sql_lexer *lexer, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(lexer->end - lexer->at) >= len && memcmp(lexer->at, text, len) == 0;
}

static void skip_line(struct sql_lexer *lexer)
{
    while (lexer->at < lexer->end && *lexer->at != '\n')
        lexer->at++;
}

/* A C comment. */
static void skip_comment(struct sql_lexer *lexer)
{
    int depth = 0;
    do {
        int step = stands_at(lexer, "/*") ? 1 : stands_at(lexer, "*/") ? -1 : 0;
        depth = depth > 0 && step > 0 && !lexer->dialect->comments_nest ? depth : depth + step;
        lexer->at += step != 0 ? 2 : 1;
    } while (depth > 0 && lexer->at < lexer->end);
}

/* MySQL executes what is in such a comment, so it is none. */
static bool is_executed(const struct sql_lexer *lexer)
{
    return !lexer->dialect->comments_nest && (stands_at(lexer, "/*!") || stands_at(lexer, "/*M!"));
}

static void skip_space(struct sql_lexer *lexer)
{
    while (lexer->at < lexer->end) {
        if (isspace((unsigned char)*lexer->at))
            lexer->at++;
        else if (stands_at(lexer, "--") || (lexer->dialect->has_line_hash && *lexer->at == '#'))
            skip_line(lexer);
        else if (stands_at(lexer, "/*") && !is_executed(lexer))
            skip_comment(lexer);
        else
            return;
    }
}

static bool goes_on_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80);
}

static void append(const struct sql_lexer *lexer, struct sql_token *token, size_t *len, char c)
{
    if (*len < lexer->dialect->name_max && *len < sizeof token->text - 1)
        token->text[(*len)++] = c;
}

static void take_word(struct sql_lexer *lexer, struct sql_token *token)
{
    size_t len = 0;
    token->type = SQL_WORD;
    for (; lexer->at < lexer->end && goes_on_word(*lexer->at); lexer->at++) {
        char c = *lexer->at;
        append(lexer, token, &len,
               lexer->dialect->folds_words ? (char)tolower((unsigned char)c) : c);
    }
}

/* Up to the closing quote, which doubled stands for itself; without one the statement is broken. */
static void take_quoted(struct sql_lexer *lexer, struct sql_token *token, enum sql_token_type type,
                        bool with_escapes)
{
    char quote = *lexer->at++;
    size_t len = 0;
    for (; lexer->at < lexer->end; lexer->at++) {
        bool is_double = *lexer->at == quote && lexer->at + 1 < lexer->end && lexer->at[1] == quote;
        bool is_escape = with_escapes && *lexer->at == '\\' && lexer->at + 1 < lexer->end;
        if (*lexer->at == quote && !is_double) {
            lexer->at++;
            token->type = type;
            return;
        }
        lexer->at += is_double || is_escape;
        append(lexer, token, &len, *lexer->at);
    }
}

/* $tag$ ... $tag$ */
static void take_dollars(struct sql_lexer *lexer, struct sql_token *token)
{
    const char *tag = lexer->at;
    do
        lexer->at++;
    while (lexer->at < lexer->end && goes_on_word(*lexer->at) && *lexer->at != '$');
    if (lexer->at == lexer->end || *lexer->at != '$')
        return; /* a parameter, which no ALTER ROLE has */
    lexer->at++;
    size_t tag_len = (size_t)(lexer->at - tag);
    const char *close = memmem(lexer->at, (size_t)(lexer->end - lexer->at), tag, tag_len);
    if (!close)
        return;
    lexer->at = close + tag_len;
    token->type = SQL_TEXT;
}

/* E'...', whose escapes are no matter of settings. */
static bool is_escape_text(const struct sql_lexer *lexer)
{
    return !lexer->dialect->text_has_escapes && (stands_at(lexer, "e'") || stands_at(lexer, "E'"));
}

struct sql_token sql_next(struct sql_lexer *lexer)
{
    const struct sql_dialect *dialect = lexer->dialect;
    struct sql_token token = {.type = SQL_END, .text = ""};
    skip_space(lexer);
    if (lexer->at >= lexer->end || *lexer->at == ';' || *lexer->at == '\0')
        return token;
    char c = *lexer->at;
    if (strchr(dialect->text_quotes, c)) {
        take_quoted(lexer, &token, SQL_TEXT, dialect->text_has_escapes);
    } else if (is_escape_text(lexer)) {
        lexer->at++;
        take_quoted(lexer, &token, SQL_TEXT, true);
    } else if (c == dialect->name_quote) {
        take_quoted(lexer, &token, SQL_NAME, false);
    } else if (c == '$' && dialect->has_dollar_texts) {
        take_dollars(lexer, &token);
    } else if (goes_on_word(c) && !isdigit((unsigned char)c)) {
        take_word(lexer, &token);
    } else {
        lexer->at++;
        token.type = SQL_OTHER;
    }
    return token;
}

struct sql_lexer sql_lexer(struct sm_bytes sql, const struct sql_dialect *dialect)
{
    return (struct sql_lexer){
        .at = sql.data, .end = (const char *)sql.data + sql.len, .dialect = dialect};
}

bool sql_is_word(const struct sql_token *token, const char *word)
{
    return token->type == SQL_WORD && strcasecmp(token->text, word) == 0;
}

bool sql_is_one_of(const struct sql_token *token, const char *const *words)
{
    for (; *words; words++) {
        if (sql_is_word(token, *words))
            return true;
    }
    return false;
}
