/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filters.c - what selects a secret in ListSecrets.  Called by list.c.
 *
 * Names and tags are compared by prefix; "description" and "all" are searched by words, split as
 * AWS was seen to do it: at one kind of special character (with two kinds the text stays whole), at
 * blanks, and around a character that is not a lower-case letter and has lower-case ones after it.
 */
#include "server/filters.h"

#include <ctype.h>

#include "server/json.h"

#define WORDS_MAX 512 /* words of one text that are looked at */

/* One attribute of a secret against one value of a filter. */
typedef bool compare_attribute(const char *attribute, const char *value);

static bool has_prefix(const char *attribute, const char *value)
{
    return strncmp(attribute, value, strlen(value)) == 0;
}

/* --- words ------------------------------------------------------------------------------------ */

struct words {
    struct sm_bytes at[WORDS_MAX];
    size_t count;
};

static void add_word(struct words *words, const char *from, const char *to)
{
    if (to > from && words->count < WORDS_MAX)
        words->at[words->count++] = sm_bytes(from, (size_t)(to - from));
}

/* A character that is not a-z and those of a-z after it are a word: "myTestDB" is my, Test, DB. */
static void split_case(struct words *words, const char *from, const char *to)
{
    const char *start = from;
    for (const char *at = from; at + 1 < to; at++) {
        if (islower((unsigned char)*at) || !islower((unsigned char)at[1]))
            continue;
        add_word(words, start, at);
        start = at++;
        while (at < to && islower((unsigned char)*at))
            at++;
        add_word(words, start, at);
        start = at--;
    }
    add_word(words, start, to);
}

/* The one special character of the text; a blank where it has none, or several kinds. */
static char separator_of(const char *text)
{
    static const char specials[] = "/-_+=.@";
    char found = ' ';
    for (; *text; text++) {
        if (!strchr(specials, *text))
            continue;
        if (found != ' ' && found != *text)
            return ' ';
        found = *text;
    }
    return found;
}

static bool has_two_specials(const char *text)
{
    return separator_of(text) == ' ' && strpbrk(text, "/-_+=.@") != NULL;
}

static void split(struct words *words, const char *text)
{
    const char separators[] = {separator_of(text), ' ', '\0'};
    bool whole = has_two_specials(text);
    words->count = 0;
    while (*text) {
        size_t len = strcspn(text, separators);
        if (whole)
            add_word(words, text, text + len);
        else if (len > 0)
            split_case(words, text, text + len);
        text += len;
        text += strspn(text, separators);
    }
}

static bool begins_one_of(const struct words *words, struct sm_bytes wanted)
{
    for (size_t i = 0; i < words->count; i++) {
        if (words->at[i].len >= wanted.len &&
            strncasecmp(words->at[i].data, wanted.data, wanted.len) == 0)
            return true;
    }
    return false;
}

bool server_words_match(const char *text, const char *query)
{
    struct words have, want;
    split(&have, text);
    split(&want, query);
    for (size_t i = 0; i < want.count; i++) {
        if (!begins_one_of(&have, want.at[i]))
            return false;
    }
    return want.count > 0;
}

/* --- attributes ------------------------------------------------------------------------------- */

/* A search under way through the attributes of one secret. */
struct search {
    compare_attribute *compare;
    const char *value;
    bool keys, values; /* which half of the tags */
    bool found;
    bool any; /* there was an attribute to look at */
};

static void look_at(struct search *search, const char *attribute)
{
    search->any = true;
    search->found = search->found || search->compare(attribute, search->value);
}

static void look_at_tag(void *context, const char *key, const char *value)
{
    struct search *search = context;
    if (search->keys)
        look_at(search, key);
    if (search->values)
        look_at(search, value);
}

static enum smcred_status look(struct server_call *call, const struct server_secret *secret,
                               const char *key, struct search *search)
{
    bool all = strcmp(key, "all") == 0;
    if (all || strcmp(key, "name") == 0)
        look_at(search, secret->name);
    if ((all || strcmp(key, "description") == 0) && *secret->description)
        look_at(search, secret->description);
    if (strcmp(key, "primary-region") == 0 && *secret->primary_region)
        look_at(search, secret->primary_region);
    search->keys = all || strcmp(key, "tag-key") == 0;
    search->values = all || strcmp(key, "tag-value") == 0;
    if (!search->keys && !search->values) /* nor is there an owning service */
        return SMCRED_OK;
    return server_store_tags(call->server->store, secret->row, look_at_tag, search);
}

/* Any value of the filter selects; one that begins with '!' selects what does not match the rest.
 */
static enum smcred_status match_filter(struct server_call *call, const struct server_secret *secret,
                                       const cJSON *filter, bool *out_match)
{
    const char *key = server_json_text(filter, "Key");
    bool by_words = strcmp(key, "all") == 0 || strcmp(key, "description") == 0;
    const cJSON *value;
    cJSON_ArrayForEach(value, server_json_get(filter, "Values"))
    {
        bool negated = value->valuestring[0] == '!';
        struct search search = {.compare = by_words ? server_words_match : has_prefix,
                                .value = value->valuestring + negated};
        enum smcred_status status = look(call, secret, key, &search);
        if (status != SMCRED_OK)
            return status;
        if (search.any && search.found != negated) {
            *out_match = true;
            return SMCRED_OK;
        }
    }
    *out_match = false;
    return SMCRED_OK;
}

enum smcred_status server_filters_match(struct server_call *call,
                                        const struct server_secret *secret, bool *out_match)
{
    const cJSON *filter;
    bool match = true;
    cJSON_ArrayForEach(filter, server_json_get(call->input, "Filters"))
    {
        enum smcred_status status = match ? match_filter(call, secret, filter, &match) : SMCRED_OK;
        if (status != SMCRED_OK)
            return status;
    }
    *out_match = match;
    return SMCRED_OK;
}

enum server_error server_filters_check(struct server_call *call)
{
    const cJSON *filter;
    cJSON_ArrayForEach(filter, server_json_get(call->input, "Filters"))
    {
        const char *key = server_json_text(filter, "Key");
        if (!key)
            return server_fail(call, SERVER_INVALID_PARAMETER, "Invalid filter key");
        if (!server_json_get(filter, "Values"))
            return server_fail(call, SERVER_INVALID_PARAMETER, "Invalid filter values for key: %s",
                               key);
    }
    return SERVER_OK;
}
