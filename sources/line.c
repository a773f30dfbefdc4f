/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * line.c - reads the `sources =` line.  Called by chain.c when a configuration is read.
 */
#include "sources/line.h"

#include <strings.h>

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_"
#define BLANKS     " \t"
#define WORD_MAX   48 /* bytes of a word that can be right */

static const char *const status_names[LINE_STATUS_COUNT] = {"SUCCESS", "NOTFOUND", "UNAVAIL",
                                                            "TRYAGAIN"};

/* One word of the line: a name, or what stands between brackets. */
struct word {
    char text[WORD_MAX];
};

/* Copies the word at `at` up to a blank or bracket, and answers where it ends. */
static const char *copy_word(const char *at, struct word *out_word)
{
    size_t len = strcspn(at, BLANKS "[]");
    size_t kept = len < WORD_MAX ? len : WORD_MAX - 1;
    memcpy(out_word->text, at, kept);
    out_word->text[kept] = '\0';
    return at + len;
}

static bool parse_status(const char *text, size_t len, enum line_status *out_status)
{
    for (size_t i = 0; i < LINE_STATUS_COUNT; i++) {
        if (strlen(status_names[i]) == len && strncasecmp(text, status_names[i], len) == 0) {
            *out_status = (enum line_status)i;
            return true;
        }
    }
    return false;
}

/* "NOTFOUND=continue" or "!SUCCESS=return" */
static enum smcred_status parse_action(const char *text, struct line_source *source,
                                       struct sm_error *err)
{
    const char *equal = strchr(text, '=');
    bool others = text[0] == '!';
    const char *name = others ? text + 1 : text;
    enum line_status status;
    if (!equal || !parse_status(name, (size_t)(equal - name), &status))
        return sm_error_set(err, SMCRED_INVALID,
                            "sources: \"%s\" is not STATUS=ACTION with one of SUCCESS, NOTFOUND, "
                            "UNAVAIL, TRYAGAIN",
                            text);
    bool returns = strcasecmp(equal + 1, "return") == 0;
    if (!returns && strcasecmp(equal + 1, "continue") != 0)
        return sm_error_set(err, SMCRED_INVALID,
                            "sources: in \"%s\" the action is neither return nor continue", text);
    for (size_t i = 0; i < LINE_STATUS_COUNT; i++)
        if ((i == (size_t)status) != others)
            source->returns[i] = returns;
    if (!source->returns[LINE_SUCCESS])
        return sm_error_set(err, SMCRED_INVALID,
                            "sources: \"%s\" would throw away what %s has found", text,
                            source->name);
    return SMCRED_OK;
}

/* What stands between brackets; *at is behind the opening one and ends behind the closing one. */
static enum smcred_status parse_actions(const char **at, struct line_source *source,
                                        struct sm_error *err)
{
    for (;;) {
        struct word word;
        *at += strspn(*at, BLANKS);
        if (**at == ']') {
            (*at)++;
            return SMCRED_OK;
        }
        if (**at == '\0' || **at == '[')
            return sm_error_set(err, SMCRED_INVALID, "sources: the bracket after %s is not closed",
                                source->name);
        *at = copy_word(*at, &word);
        enum smcred_status status = parse_action(word.text, source, err);
        if (status != SMCRED_OK)
            return status;
    }
}

static enum smcred_status parse_name(const char *text, struct source_line *line,
                                     struct sm_error *err)
{
    size_t len = strlen(text);
    if (len == 0 || len >= SOURCE_NAME_MAX || strspn(text, NAME_CHARS) != len)
        return sm_error_set(err, SMCRED_INVALID,
                            "sources: \"%s\" is not the name of a source (a-z, 0-9, _)", text);
    for (size_t i = 0; i < line->count; i++)
        if (strcmp(line->list[i].name, text) == 0)
            return sm_error_set(err, SMCRED_INVALID, "sources: %s stands there twice", text);
    if (line->count == SOURCE_CHAIN_MAX)
        return sm_error_set(err, SMCRED_INVALID, "sources: more than %d of them", SOURCE_CHAIN_MAX);
    struct line_source *source = &line->list[line->count++];
    *source = (struct line_source){.returns = {[LINE_SUCCESS] = true}};
    memcpy(source->name, text, len + 1);
    return SMCRED_OK;
}

enum smcred_status source_line_parse(const char *text, struct source_line *out_line,
                                     struct sm_error *err)
{
    struct source_line line = {.count = 0};
    const char *at = text;
    bool acted = true; /* no brackets before the first name, nor twice after one */
    for (at += strspn(at, BLANKS); *at; at += strspn(at, BLANKS)) {
        enum smcred_status status;
        if (*at == '[' && !acted) {
            at++;
            status = parse_actions(&at, &line.list[line.count - 1], err);
            acted = true;
        } else if (*at == '[' || *at == ']') {
            status =
                sm_error_set(err, SMCRED_INVALID, "sources: a bracket stands where a name should");
        } else {
            struct word word;
            at = copy_word(at, &word);
            status = parse_name(word.text, &line, err);
            acted = false;
        }
        if (status != SMCRED_OK)
            return status;
    }
    if (line.count == 0)
        return sm_error_set(err, SMCRED_INVALID, "sources: no source is named");
    *out_line = line;
    return SMCRED_OK;
}
