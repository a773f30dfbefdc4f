/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_words.h - reads word by word what MySQL and MariaDB answer to SHOW CREATE USER and SHOW
 * GRANTS: statements, as they write them themselves.
 */
#ifndef ROTATE_MYSQL_WORDS_H
#define ROTATE_MYSQL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* A name or text in quotes, with them; a punctuation mark; or what stands between. */
struct mysql_word {
    const char *text; /* lent by the statement; at its end, its NUL */
    size_t len;       /* 0 at the end */
};

/* The word behind `at`. */
struct mysql_word mysql_word_at(const char *at);
struct mysql_word mysql_word_after(struct mysql_word word);

/* Bare words count in either case. */
bool mysql_word_is(struct mysql_word word, const char *bare);

/*
 * What stands in the quotes, or the bare word.
 * False: it does not fit.
 */
bool mysql_word_unquote(struct mysql_word word, char *out, size_t size);

#endif
