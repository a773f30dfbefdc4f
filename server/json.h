/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json.h - cJSON as the server uses it: every byte it frees is wiped, what arrives is checked
 * first, and a failed allocation is remembered until somebody asks, as ferror() does.
 *
 * Used by one thread, the one that answers requests.
 */
#ifndef SERVER_JSON_H
#define SERVER_JSON_H

#include <cjson/cJSON.h>

#include "common/bytes.h"
#include "libsmcred/smcred.h"

/* Before the first use of cJSON. */
void server_json_init(void);

/*
 * Parses one JSON object.
 *   text      followed by a NUL that is not counted, as sm_secret_view() gives it
 *   out_json  free with cJSON_Delete()
 * Errors: SMCRED_INVALID (not one JSON object in UTF-8, or a NUL in a string), SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status server_json_parse(struct sm_bytes text, cJSON **out_json);

/* True if memory ran out since the last call; what was built meanwhile lacks something. */
bool server_json_failed(void);

/* Makes text that came outside JSON fit for it: what is not UTF-8, or cut off, becomes '?'. */
void server_json_clean(char *text);

/* Members of a checked request; null counts as absent. */
const cJSON *server_json_get(const cJSON *object, const char *name); /* NULL if absent */
const char *server_json_text(const cJSON *object, const char *name); /* NULL if absent */
bool server_json_is_true(const cJSON *object, const char *name);
int64_t server_json_number(const cJSON *object, const char *name, int64_t otherwise);

/* Members of an answer.  Texts are copied. */
void server_json_add(cJSON *object, const char *name, const char *text); /* NULL, "": left out */
void server_json_add_bool(cJSON *object, const char *name, bool value);
void server_json_add_number(cJSON *object, const char *name, int64_t number);
void server_json_add_time(cJSON *object, const char *name, int64_t wall_ms); /* 0: left out */
cJSON *server_json_add_object(cJSON *object, const char *name);
cJSON *server_json_add_array(cJSON *object, const char *name);
cJSON *server_json_append_object(cJSON *array);
void server_json_append(cJSON *array, const char *text);
cJSON *server_json_get_own(cJSON *object, const char *name); /* NULL if absent */

static inline void server_free_json_ptr(cJSON **json)
{
    cJSON_Delete(*json);
}
#define server_autojson __attribute__((cleanup(server_free_json_ptr)))

#endif
