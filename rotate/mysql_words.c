/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_words.c - called by mysql_account.c.
 *
 * A session of ours has no sql_mode, so names stand in backquotes, texts in single quotes with
 * backslashes as escapes, and a quote in either is doubled.
 */
#include "rotate/mysql_words.h"

#include "common/bytes.h"

static const char blanks[] = " \t\r\n", marks[] = "@,().", quotes[] = "`'\"";

static bool is_one_of(char c, const char *list)
{
    return c && strchr(list, c);
}

/* Behind the quoted word that begins at `at`; the end of the text, if it never ends. */
static const char *behind_quotes(const char *at)
{
    char quote = *at++;
    for (; *at; at++) {
        if ((*at == '\\' && quote != '`' && at[1]) || (*at == quote && at[1] == quote))
            at++;
        else if (*at == quote)
            return at + 1;
    }
    return at;
}

struct mysql_word mysql_word_at(const char *at)
{
    at += strspn(at, blanks);
    const char *end = at;
    if (is_one_of(*at, quotes))
        end = behind_quotes(at);
    else if (is_one_of(*at, marks))
        end = at + 1;
    else
        while (*end && !is_one_of(*end, blanks) && !is_one_of(*end, marks) &&
               !is_one_of(*end, quotes))
            end++;
    return (struct mysql_word){at, (size_t)(end - at)};
}

struct mysql_word mysql_word_after(struct mysql_word word)
{
    return mysql_word_at(word.text + word.len);
}

bool mysql_word_is(struct mysql_word word, const char *bare)
{
    return strlen(bare) == word.len && strncasecmp(word.text, bare, word.len) == 0;
}

bool mysql_word_unquote(struct mysql_word word, char *out, size_t size)
{
    size_t len = 0;
    bool quoted = is_one_of(*word.text, quotes);
    const char *at = word.text + quoted, *end = word.text + word.len - (quoted && word.len > 1);
    for (; at < end; at++) {
        if (quoted && end - at > 1 && (*at == *word.text || (*at == '\\' && *word.text != '`')))
            at++;
        if (len + 1 >= size)
            return false;
        out[len++] = *at;
    }
    out[len] = '\0';
    return true;
}
