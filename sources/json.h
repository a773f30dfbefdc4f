/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json.h - cJSON for bytes from outside that may hold a secret.
 *
 * Stricter than cJSON: the whole text must be one value, and a NUL inside it, plain or as an
 * escape, is refused, since cJSON would end the string there without a word.
 */
#ifndef SM_SOURCES_JSON_H
#define SM_SOURCES_JSON_H

#include <cjson/cJSON.h>

#include "common/bytes.h"

/* NULL if it is not JSON.  Free with json_free(). */
cJSON *json_parse(struct sm_bytes text);
void json_free(cJSON *json);

/*
 * The member of that name; a member that is null counts as not there.
 *   out_item  NULL if there is none
 * False if it stands there twice: readers disagree about which one counts.
 */
SM_MUST_CHECK bool json_member(const cJSON *object, const char *name, const cJSON **out_item);

/* The text of a string member, or NULL if it is missing, twice there, or no string. */
const char *json_text(const cJSON *object, const char *name);

static inline void json_free_ptr(cJSON **json)
{
    json_free(*json);
}
#define json_auto __attribute__((cleanup(json_free_ptr)))

#endif
