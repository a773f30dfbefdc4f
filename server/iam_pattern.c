/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iam_pattern.c - wildcards and variables in policies.  Called by iam_judge.c and iam_condition.c.
 */
#include <ctype.h>

#include "server/iam.h"
#include "server/json.h"

#define EXPANDED_MAX 4096
#define ANY          '\1' /* what `*` and `?` are once variables have been put in: a variable's */
#define ONE          '\2' /* value may hold these characters and means them */

/* A pattern being expanded; texts of policies are checked to have no control characters. */
struct expansion {
    char text[EXPANDED_MAX];
    size_t len;
    bool failed;
};

static void append(struct expansion *out, const char *text, size_t len)
{
    if (len >= sizeof out->text - out->len) {
        out->failed = true;
        return;
    }
    memcpy(out->text + out->len, text, len);
    out->len += len;
}

static const char *fact_of(const struct server_iam_question *question, const char *key, size_t len)
{
    char name[256];
    const cJSON *facts = question->facts ? question->facts(question->context) : NULL;
    if (len >= sizeof name)
        return NULL;
    memcpy(name, key, len);
    name[len] = '\0';
    return cJSON_GetStringValue(cJSON_GetObjectItem(facts, name)); /* keys have no case */
}

/* The inside of ${...}. */
static void append_variable(struct expansion *out, const char *inside, size_t len,
                            const struct server_iam_question *question)
{
    if (len == 1 && strchr("*?$", *inside)) {
        append(out, inside, 1);
        return;
    }
    const char *comma = memchr(inside, ',', len);
    size_t key_len = comma ? (size_t)(comma - inside) : len;
    const char *fact = fact_of(question, inside, key_len);
    if (fact) {
        append(out, fact, strlen(fact));
        return;
    }
    const char *open = comma ? memchr(comma, '\'', len - key_len) : NULL;
    const char *close = open ? memchr(open + 1, '\'', len - (size_t)(open + 1 - inside)) : NULL;
    if (close)
        append(out, open + 1, (size_t)(close - open - 1));
    else
        out->failed = true;
}

/* The end of the variable that the pattern begins with; NULL if it begins with none. */
static const char *variable_end(const char *pattern, const struct server_iam_question *question)
{
    return !question->literal && strncmp(pattern, "${", 2) == 0 ? strchr(pattern, '}') : NULL;
}

static void expand(const char *pattern, bool wild, const struct server_iam_question *question,
                   struct expansion *out)
{
    while (*pattern && !out->failed) {
        const char *end = variable_end(pattern, question);
        if (end) {
            append_variable(out, pattern + 2, (size_t)(end - pattern - 2), question);
            pattern = end + 1;
            continue;
        }
        char c = wild && *pattern == '*' ? ANY : wild && *pattern == '?' ? ONE : *pattern;
        append(out, &c, 1);
        pattern++;
    }
    if (!out->failed)
        out->text[out->len] = '\0';
}

static bool same(char a, char b, bool ignore_case)
{
    return a == b || (ignore_case && tolower((unsigned char)a) == tolower((unsigned char)b));
}

/* The length of one character, so that `?` stands for one of UTF-8 too. */
static size_t character_len(const char *text)
{
    size_t len = 1;
    while (((unsigned char)text[len] & 0xc0) == 0x80)
        len++;
    return len;
}

/* Goes back to the last ANY alone, so it takes at most pattern times text steps. */
static bool glob(const char *pattern, const char *text, bool ignore_case)
{
    const char *star = NULL, *resume = NULL;
    while (*text) {
        if (*pattern == ANY) {
            star = ++pattern;
            resume = text;
        } else if (*pattern == ONE) {
            pattern++;
            text += character_len(text);
        } else if (*pattern && same(*pattern, *text, ignore_case)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            resume += character_len(resume);
            text = resume;
        } else {
            return false;
        }
    }
    while (*pattern == ANY)
        pattern++;
    return *pattern == '\0';
}

bool server_iam_matches(const char *pattern, const char *text, unsigned how,
                        const struct server_iam_question *question)
{
    struct expansion expansion;
    if ((how & SERVER_IAM_WILD) && strcmp(pattern, "*") == 0)
        return true; /* the most common one */
    expansion.len = 0;
    expansion.failed = false;
    expand(pattern, how & SERVER_IAM_WILD, question, &expansion);
    return !expansion.failed && glob(expansion.text, text, how & SERVER_IAM_ANY_CASE);
}
