/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pgsql_guard.c - finds ALTER ROLE ... PASSWORD of the session's own role.
 *
 * A statement is read token by token as PostgreSQL's lexer does, so that names, strings and
 * comments that merely hold such words are not taken for it.  What this lexer does not know
 * (U&"...", operators) ends the search, and the server hears the statement.
 */
#include "relay/pgsql_guard.h"

#include <ctype.h>
#include <strings.h>

#include "relay/pgsql_message.h"

#define NAME_MAX_LEN 64 /* bytes of a name, PostgreSQL's NAMEDATALEN */

enum token_type {
    TOKEN_END,   /* of the statement, or something that is not known here */
    TOKEN_WORD,  /* a keyword or a name, folded to lower case */
    TOKEN_NAME,  /* a quoted name: never a keyword */
    TOKEN_TEXT,  /* a string */
    TOKEN_OTHER, /* a number or a sign */
};

struct token {
    enum token_type type;
    char text[NAME_MAX_LEN]; /* of a word or a name; longer ones are cut off as PostgreSQL does */
};

struct lexer {
    const char *at, *end;
};

static bool stands_at(const struct lexer *lexer, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(lexer->end - lexer->at) >= len && memcmp(lexer->at, text, len) == 0;
}

static void skip_line(struct lexer *lexer)
{
    while (lexer->at < lexer->end && *lexer->at != '\n')
        lexer->at++;
}

/* A C comment; they nest. */
static void skip_comment(struct lexer *lexer)
{
    int depth = 0;
    do {
        int step = stands_at(lexer, "/*") ? 1 : stands_at(lexer, "*/") ? -1 : 0;
        depth += step;
        lexer->at += step != 0 ? 2 : 1;
    } while (depth > 0 && lexer->at < lexer->end);
}

static void skip_space(struct lexer *lexer)
{
    while (lexer->at < lexer->end) {
        if (isspace((unsigned char)*lexer->at))
            lexer->at++;
        else if (stands_at(lexer, "--"))
            skip_line(lexer);
        else if (stands_at(lexer, "/*"))
            skip_comment(lexer);
        else
            return;
    }
}

static bool goes_on_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80);
}

static void append(struct token *token, size_t *len, char c)
{
    if (*len < sizeof token->text - 1)
        token->text[(*len)++] = c;
}

static void take_word(struct lexer *lexer, struct token *token)
{
    size_t len = 0;
    token->type = TOKEN_WORD;
    for (; lexer->at < lexer->end && goes_on_word(*lexer->at); lexer->at++)
        append(token, &len, (char)tolower((unsigned char)*lexer->at));
}

/* Up to the closing quote, which doubled stands for itself; without one the statement is broken. */
static void take_quoted(struct lexer *lexer, struct token *token, enum token_type type,
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
        append(token, &len, *lexer->at);
    }
}

/* $tag$ ... $tag$ */
static void take_dollars(struct lexer *lexer, struct token *token)
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
    token->type = TOKEN_TEXT;
}

static struct token next_token(struct lexer *lexer)
{
    struct token token = {.type = TOKEN_END, .text = ""};
    skip_space(lexer);
    if (lexer->at >= lexer->end || *lexer->at == ';' || *lexer->at == '\0')
        return token;
    char c = *lexer->at;
    bool quote_follows = lexer->at + 1 < lexer->end && lexer->at[1] == '\'';
    if (c == '\'') {
        take_quoted(lexer, &token, TOKEN_TEXT, false);
    } else if ((c == 'e' || c == 'E') && quote_follows) {
        lexer->at++;
        take_quoted(lexer, &token, TOKEN_TEXT, true);
    } else if (c == '"') {
        take_quoted(lexer, &token, TOKEN_NAME, false);
    } else if (c == '$') {
        take_dollars(lexer, &token);
    } else if (goes_on_word(c) && !isdigit((unsigned char)c)) {
        take_word(lexer, &token);
    } else {
        lexer->at++;
        token.type = TOKEN_OTHER;
    }
    return token;
}

static bool is_word(const struct token *token, const char *word)
{
    return token->type == TOKEN_WORD && strcmp(token->text, word) == 0;
}

static bool is_one_of(const struct token *token, const char *const *words)
{
    for (; *words; words++) {
        if (is_word(token, *words))
            return true;
    }
    return false;
}

static bool is_own_role(const struct token *token, const char *role)
{
    static const char *const own[] = {"current_user", "current_role", "session_user", NULL};
    if (is_one_of(token, own))
        return true;
    return (token->type == TOKEN_WORD || token->type == TOKEN_NAME) &&
           strcmp(token->text, role) == 0;
}

/* The options of ALTER ROLE, of which PASSWORD may be any. */
static bool options_set_password(struct lexer *lexer)
{
    static const char *const another_form[] = {"set", "reset", "in", "rename", NULL};
    struct token token = next_token(lexer);
    if (is_one_of(&token, another_form))
        return false;
    while (token.type != TOKEN_END) {
        bool names_it = is_word(&token, "password");
        token = next_token(lexer);
        if (names_it)
            return token.type == TOKEN_TEXT || is_word(&token, "null");
    }
    return false;
}

bool pgsql_sets_password(struct sm_bytes sql, const char *role)
{
    static const char *const objects[] = {"role", "user", NULL};
    struct lexer lexer = {.at = sql.data, .end = (const char *)sql.data + sql.len};
    struct token token = next_token(&lexer);
    if (!is_word(&token, "alter"))
        return false;
    token = next_token(&lexer);
    if (!is_one_of(&token, objects))
        return false;
    token = next_token(&lexer);
    return is_own_role(&token, role) && options_set_password(&lexer);
}

/* Takes a whole message off the front.  False: it is cut off, or none. */
static bool take_message(struct sm_bytes *bytes, uint8_t *out_type, struct sm_bytes *out_body)
{
    const uint8_t *at = bytes->data;
    if (bytes->len < 5)
        return false;
    size_t len = pgsql_u32(at + 1);
    if (len < 4 || len > bytes->len - 1)
        return false;
    *out_type = at[0];
    *out_body = sm_bytes(at + 5, len - 4);
    *bytes = sm_bytes(at + 1 + len, bytes->len - 1 - len);
    return true;
}

static bool ends_with_sync(struct sm_bytes bytes)
{
    uint8_t type = 0;
    struct sm_bytes body;
    while (take_message(&bytes, &type, &body)) {
        if (type == 'S')
            return bytes.len == 0;
    }
    return false;
}

bool pgsql_says_sets_password(struct sm_bytes bytes, const char *role)
{
    uint8_t type = 0;
    struct sm_bytes body;
    if (!take_message(&bytes, &type, &body))
        return false;
    if (type == 'Q')
        return bytes.len == 0 && pgsql_sets_password(body, role);
    if (type != 'P')
        return false;
    const char *name_end = body.len > 0 ? memchr(body.data, 0, body.len) : NULL;
    if (!name_end)
        return false;
    size_t name_len = (size_t)(name_end + 1 - (const char *)body.data);
    return pgsql_sets_password(sm_bytes(name_end + 1, body.len - name_len), role) &&
           ends_with_sync(bytes);
}
