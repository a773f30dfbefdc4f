/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pgsql_guard.c - finds ALTER ROLE ... PASSWORD of the session's own role.
 *
 * What sql_lexer.h does not know (U&"...", operators) ends the search, and the server hears the
 * statement.
 */
#include "relay/pgsql_guard.h"

#include "relay/pgsql_message.h"
#include "relay/sql_lexer.h"

static const struct sql_dialect postgres = {
    .name_quote = '"',
    .text_quotes = "'",
    .name_max = 63, /* NAMEDATALEN */
    .folds_words = true,
    .comments_nest = true,
    .has_dollar_texts = true,
};

static bool is_own_role(const struct sql_token *token, const char *role)
{
    static const char *const own[] = {"current_user", "current_role", "session_user", NULL};
    if (sql_is_one_of(token, own))
        return true;
    return (token->type == SQL_WORD || token->type == SQL_NAME) && strcmp(token->text, role) == 0;
}

/* The options of ALTER ROLE, of which PASSWORD may be any. */
static bool options_set_password(struct sql_lexer *lexer)
{
    static const char *const another_form[] = {"set", "reset", "in", "rename", NULL};
    struct sql_token token = sql_next(lexer);
    if (sql_is_one_of(&token, another_form))
        return false;
    while (token.type != SQL_END) {
        bool names_it = sql_is_word(&token, "password");
        token = sql_next(lexer);
        if (names_it)
            return token.type == SQL_TEXT || sql_is_word(&token, "null");
    }
    return false;
}

bool pgsql_sets_password(struct sm_bytes sql, const char *role)
{
    static const char *const objects[] = {"role", "user", NULL};
    struct sql_lexer lexer = sql_lexer(sql, &postgres);
    struct sql_token token = sql_next(&lexer);
    if (!sql_is_word(&token, "alter"))
        return false;
    token = sql_next(&lexer);
    if (!sql_is_one_of(&token, objects))
        return false;
    token = sql_next(&lexer);
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
