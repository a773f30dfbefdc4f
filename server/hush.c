/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hush.c - a function may write what it should not; the log is read by more people than the secret.
 *
 * Called by the rotator when a function has ended, as only then the new value is known.
 */
#include "server/hush.h"

#include "server/json.h"
#include "server/versions.h"

#define LEN_MIN 4 /* bytes; what is shorter stands everywhere by chance */

struct page {
    char *text;
    size_t len;
};

static void blot(const struct page *page, struct sm_bytes value)
{
    char *at = page->text, *end = page->text + page->len;
    if (value.len < LEN_MIN)
        return;
    while ((at = memmem(at, (size_t)(end - at), value.data, value.len))) {
        memset(at, '*', value.len);
        at += value.len;
    }
}

/* As AWS's layouts of database secrets have them. */
static bool tells_nothing(const char *member)
{
    static const char *const names[] = {"engine",
                                        "host",
                                        "port",
                                        "dbname",
                                        "username",
                                        "masterarn",
                                        "user_arn",
                                        "resourceId",
                                        "dbInstanceIdentifier",
                                        "dbClusterIdentifier"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], member) == 0)
            return true;
    }
    return false;
}

/* Depth is bounded by cJSON, which refuses to parse what is nested deeper. */
static void blot_texts(const struct page *page, const cJSON *json)
{
    const cJSON *each;
    if (cJSON_IsString(json))
        blot(page, sm_bytes_of(json->valuestring));
    cJSON_ArrayForEach(each, json)
    {
        if (!each->string || !tells_nothing(each->string))
            blot_texts(page, each);
    }
}

static void blot_value(const struct page *page, const struct server_value *value)
{
    struct sm_bytes plain = sm_secret_view(value->plain);
    blot(page, plain);
    if (value->kind != SERVER_KIND_TEXT)
        return;
    server_autojson cJSON *json = cJSON_ParseWithLength(plain.data, plain.len);
    blot_texts(page, json); /* NULL: no JSON, which is in order */
}

static enum smcred_status blot_label(struct server_call *call, const struct page *page,
                                     const char *label)
{
    struct server_store *store = call->server->store;
    server_autoversion struct server_version version = {.kind = SERVER_KIND_NONE};
    server_autovalue struct server_value value = {SERVER_KIND_NONE, NULL};
    char id[SERVER_VERSION_ID_MAX + 1];
    enum smcred_status status = server_store_label(store, call->secret.row, label, id);
    if (status == SMCRED_OK)
        status = server_store_version(store, call->secret.row, id, &version);
    if (status == SMCRED_NOT_FOUND || (status == SMCRED_OK && version.kind == SERVER_KIND_NONE))
        return SMCRED_OK;
    if (status == SMCRED_OK)
        status = server_value_unseal(call, &version, &value);
    if (status == SMCRED_OK)
        blot_value(page, &value);
    return status;
}

enum smcred_status server_hush(struct server_call *call, char *text, size_t len)
{
    static const char *const labels[] = {SERVER_CURRENT, SERVER_PENDING, SERVER_PREVIOUS};
    const struct page page = {text, len};
    enum smcred_status status = SMCRED_OK;
    for (size_t i = 0; i < sizeof labels / sizeof *labels && status == SMCRED_OK; i++)
        status = blot_label(call, &page, labels[i]);
    return status;
}
