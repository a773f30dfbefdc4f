/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json.c - reading JSON strictly, and leaving none of it behind.
 */
#include "sources/json.h"

#include "sources/wipe.h"

/* True for \u0000 as an escape of its own, not after an escaped backslash. */
static bool has_nul_escape(const char *text, size_t len)
{
    static const char escape[] = "u0000";
    for (size_t i = 0; i + 1 < len; i++) {
        if (text[i] != '\\')
            continue;
        i++; /* what follows is escaped, so it starts no escape itself */
        if (len - i >= sizeof escape - 1 && memcmp(text + i, escape, sizeof escape - 1) == 0)
            return true;
    }
    return false;
}

static bool only_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at == end;
}

cJSON *json_parse(struct sm_bytes text)
{
    const char *end = NULL;
    if (text.len == 0 || memchr(text.data, '\0', text.len) || has_nul_escape(text.data, text.len))
        return NULL;
    wipe_hook_cjson();
    cJSON *json = cJSON_ParseWithLengthOpts(text.data, text.len, &end, false);
    if (json && !only_blanks(end, (const char *)text.data + text.len)) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

void json_free(cJSON *json)
{
    cJSON_Delete(json); /* wiped by wipe_free() */
}

bool json_member(const cJSON *object, const char *name, const cJSON **out_item)
{
    const cJSON *found = NULL;
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        if (!item->string || strcmp(item->string, name) != 0)
            continue;
        if (found)
            return false;
        found = item;
    }
    *out_item = found && !cJSON_IsNull(found) ? found : NULL;
    return true;
}

const char *json_text(const cJSON *object, const char *name)
{
    const cJSON *item;
    if (!cJSON_IsObject(object) || !json_member(object, name, &item) || !item ||
        !cJSON_IsString(item))
        return NULL;
    return item->valuestring;
}
