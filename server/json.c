/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json.c - cJSON with an allocator that wipes, and the checks cJSON does not make.
 *
 * Called by dispatch and the operations.  With hooks set cJSON never calls realloc(), so growing a
 * print buffer leaves nothing behind either.
 */
#include "server/json.h"

#include <stdio.h>

/* In front of each allocation, so that its size is known when it is wiped. */
union head {
    size_t size;
    max_align_t align;
};

static _Thread_local bool failed; /* one thread answers requests, one rotates */

static void *wiping_malloc(size_t size)
{
    union head *head = size <= SIZE_MAX - sizeof *head ? malloc(sizeof *head + size) : NULL;
    if (!head) {
        failed = true;
        return NULL;
    }
    head->size = size;
    return head + 1;
}

static void wiping_free(void *memory)
{
    if (!memory)
        return;
    union head *head = (union head *)memory - 1;
    explicit_bzero(memory, head->size);
    free(head);
}

void server_json_init(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){wiping_malloc, wiping_free});
}

bool server_json_failed(void)
{
    bool answer = failed;
    failed = false;
    return answer;
}

/* The length of the UTF-8 sequence at `at`, 0 if there is none.  NUL is none: no text here has one.
 */
static size_t sequence_len(const unsigned char *at, size_t left)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = at[0] == 0     ? 0
                 : at[0] < 0x80 ? 1
                 : at[0] < 0xc2 ? 0
                 : at[0] < 0xe0 ? 2
                 : at[0] < 0xf0 ? 3
                 : at[0] < 0xf5 ? 4
                                : 0;
    if (len < 2 || len > left)
        return len > left ? 0 : len;
    uint32_t point = at[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (at[i] & 0x3fu);
    }
    bool surrogate = point >= 0xd800 && point < 0xe000;
    return point < smallest[len] || point > 0x10ffff || surrogate ? 0 : len;
}

/*
 * cJSON ends strings at a NUL, raw or escaped, without a word: a value would be stored cut short.
 * Backslashes stand in strings only, so what follows one is an escape.
 */
static bool text_is_clean(struct sm_bytes text)
{
    const unsigned char *bytes = text.data;
    for (size_t i = 0; i < text.len;) {
        size_t len = sequence_len(bytes + i, text.len - i);
        if (len == 0)
            return false;
        if (bytes[i] == '\\' && text.len - i >= 6 && memcmp(bytes + i, "\\u0000", 6) == 0)
            return false;
        i += bytes[i] == '\\' && i + 1 < text.len && bytes[i + 1] == '\\' ? 2 : len;
    }
    return true;
}

void server_json_clean(char *text)
{
    unsigned char *at = (unsigned char *)text;
    for (size_t left = strlen(text); left > 0;) {
        size_t len = sequence_len(at, left);
        if (len == 0)
            *at = '?';
        at += len > 0 ? len : 1;
        left -= len > 0 ? len : 1;
    }
}

enum smcred_status server_json_parse(struct sm_bytes text, cJSON **out_json)
{
    if (!text_is_clean(text))
        return SMCRED_INVALID;
    failed = false;
    cJSON *json = cJSON_ParseWithLengthOpts(text.data, text.len + 1, NULL, true);
    if (!json)
        return server_json_failed() ? SMCRED_NO_MEMORY : SMCRED_INVALID;
    if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        return SMCRED_INVALID;
    }
    *out_json = json;
    return SMCRED_OK;
}

const cJSON *server_json_get(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNull(member) ? NULL : member;
}

const char *server_json_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(server_json_get(object, name));
}

bool server_json_is_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(server_json_get(object, name));
}

int64_t server_json_number(const cJSON *object, const char *name, int64_t otherwise)
{
    const cJSON *member = server_json_get(object, name);
    return member ? (int64_t)member->valuedouble : otherwise; /* validated: whole, and small */
}

void server_json_add(cJSON *object, const char *name, const char *text)
{
    if (text && *text)
        (void)cJSON_AddStringToObject(object, name, text); /* server_json_failed() */
}

void server_json_add_bool(cJSON *object, const char *name, bool value)
{
    (void)cJSON_AddBoolToObject(object, name, value); /* server_json_failed() */
}

void server_json_add_number(cJSON *object, const char *name, int64_t number)
{
    (void)cJSON_AddNumberToObject(object, name, (double)number); /* server_json_failed() */
}

void server_json_add_time(cJSON *object, const char *name, int64_t wall_ms)
{
    char text[32];
    if (wall_ms == 0)
        return;
    (void)snprintf(text, sizeof text, "%lld.%03d", (long long)(wall_ms / 1000),
                   (int)(wall_ms % 1000));          /* fits */
    (void)cJSON_AddRawToObject(object, name, text); /* server_json_failed() */
}

cJSON *server_json_add_object(cJSON *object, const char *name)
{
    return cJSON_AddObjectToObject(object, name);
}

cJSON *server_json_add_array(cJSON *object, const char *name)
{
    return cJSON_AddArrayToObject(object, name);
}

cJSON *server_json_append_object(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();
    (void)cJSON_AddItemToArray(array, object); /* server_json_failed() */
    return object;
}

void server_json_append(cJSON *array, const char *text)
{
    (void)cJSON_AddItemToArray(array, cJSON_CreateString(text)); /* server_json_failed() */
}

cJSON *server_json_get_own(cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}
