/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sql_lexer.h - SQL token by token, as far as a guard needs it to know a statement from a string or
 * a comment that merely holds its words.
 *
 * What is not known here ends the search, and the server hears the statement.
 */
#ifndef RELAY_SQL_LEXER_H
#define RELAY_SQL_LEXER_H

#include "common/bytes.h"

#define SQL_NAME_MAX 129 /* bytes of a name, NUL included; MariaDB's user names have 128 */

enum sql_token_type {
    SQL_END,   /* of the statement, or something that is not known here */
    SQL_WORD,  /* a keyword or a name */
    SQL_NAME,  /* a quoted name: never a keyword */
    SQL_TEXT,  /* a string */
    SQL_OTHER, /* a number or a sign */
};

struct sql_token {
    enum sql_token_type type;
    char text[SQL_NAME_MAX]; /* of all but SQL_OTHER; longer ones are cut off */
};

/* In what the engines differ. */
struct sql_dialect {
    char name_quote;
    const char *text_quotes;
    size_t name_max;  /* bytes of a name; the server itself cuts off what is longer */
    bool folds_words; /* a word without quotes is meant in lower case */
    bool comments_nest;
    bool text_has_escapes; /* with a backslash, in every string; else in E'...' only */
    bool has_dollar_texts; /* $tag$ ... $tag$ */
    bool has_line_hash;    /* # comments to the end of the line */
};

struct sql_lexer {
    const char *at, *end;
    const struct sql_dialect *dialect;
};

struct sql_lexer sql_lexer(struct sm_bytes sql, const struct sql_dialect *dialect);
struct sql_token sql_next(struct sql_lexer *lexer);
/* Is it this keyword?  In any case of letters. */
bool sql_is_word(const struct sql_token *token, const char *word);
/* Is it one of these keywords?  NULL ends the list. */
bool sql_is_one_of(const struct sql_token *token, const char *const *words);

#endif
