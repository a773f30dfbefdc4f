/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * versions.c - PutSecretValue, ListSecretVersionIds, and adding versions elsewhere.
 */
#include "server/versions.h"

#include "server/json.h"
#include "server/kms.h"
#include "server/labels.h"
#include "server/operations.h"
#include "server/page.h"
#include "server/rotation.h"
#include "server/secrets.h"

#define DAY_MS       INT64_C(86400000)
#define VERSIONS_MAX 100 /* beyond that unlabelled ones go, once they are a day old */

int64_t server_day_of(int64_t now_ms)
{
    return now_ms - now_ms % DAY_MS;
}

static void append_label(void *context, const char *version, const char *label)
{
    (void)version; /* one version's labels were asked for */
    server_json_append(context, label);
}

enum smcred_status server_version_add_stages(struct server_call *call, cJSON *object,
                                             const char *version)
{
    cJSON *stages = server_json_add_array(object, "VersionStages");
    enum smcred_status status =
        server_store_labels(call->server->store, call->secret.row, version, append_label, stages);
    if (cJSON_GetArraySize(stages) == 0)
        cJSON_DeleteItemFromObjectCaseSensitive(object, "VersionStages");
    return status;
}

/* --- adding ----------------------------------------------------------------------------------- */

enum smcred_status server_version_of_token(struct server_call *call,
                                           struct server_version *out_version)
{
    return server_store_version(call->server->store, call->secret.row,
                                server_json_text(call->input, "ClientRequestToken"), out_version);
}

enum server_error server_version_repeats(struct server_call *call,
                                         const struct server_version *version,
                                         const struct server_value *value)
{
    server_autovalue struct server_value stored = {SERVER_KIND_NONE, NULL};
    if (version->kind == value->kind && value->kind != SERVER_KIND_NONE) {
        enum smcred_status status = server_value_unseal(call, version, &stored);
        if (status != SMCRED_OK)
            return server_fail_status(call, status);
        if (sm_secret_equal(stored.plain, sm_secret_view(value->plain)))
            return SERVER_OK;
    }
    return server_fail(call, SERVER_RESOURCE_EXISTS,
                       "You can't use ClientRequestToken %s because that value is already in use "
                       "for a version of secret %s.",
                       version->id, call->secret.arn);
}

enum server_error server_version_make_room(struct server_call *call)
{
    struct server_store *store = call->server->store;
    int64_t count;
    enum smcred_status status = server_store_version_count(store, call->secret.row, &count);
    while (status == SMCRED_OK && count >= VERSIONS_MAX) {
        status = server_store_version_prune(store, call->secret.row, call->now_ms - DAY_MS);
        count--;
    }
    if (status == SMCRED_NOT_FOUND)
        return server_fail(call, SERVER_LIMIT_EXCEEDED,
                           "The secret has too many versions that are labelled or younger than a "
                           "day.");
    return server_fail_status(call, status);
}

enum server_error server_version_label(struct server_call *call, const char *label,
                                       const char *version, enum server_move move)
{
    enum smcred_status status =
        server_label_move(call->server->store, call->secret.row, label, version, move);
    if (status == SMCRED_LIMITED)
        return server_fail(call, SERVER_LIMIT_EXCEEDED,
                           "You can't attach more than %d staging labels to the versions of a "
                           "secret.",
                           SERVER_LABELS_MAX);
    return server_fail_status(call, status);
}

static enum server_error attach(struct server_call *call, const char *version, const cJSON *stages,
                                bool is_first)
{
    const cJSON *stage;
    enum server_error error = SERVER_OK;
    cJSON_ArrayForEach(stage, stages)
    {
        error = server_version_label(call, stage->valuestring, version, SERVER_MOVE_DROPS_PENDING);
        if (error != SERVER_OK)
            return error;
    }
    if (!stages || is_first)
        error = server_version_label(call, SERVER_CURRENT, version, SERVER_MOVE_DROPS_PENDING);
    return error;
}

/* Inserts the version, or fills the one a rotation made without a value. */
static enum server_error store_version(struct server_call *call, const struct server_value *value)
{
    server_autoversion struct server_version version = {.created_ms = call->now_ms};
    memcpy(version.id, call->version_id, sizeof version.id);
    enum smcred_status status = server_value_seal(call, value, &version);
    if (status == SMCRED_OK)
        status = server_store_version_put(call->server->store, call->secret.row, &version);
    if (status == SMCRED_OK) {
        call->secret.changed_ms = call->now_ms;
        status = server_store_secret_update(call->server->store, &call->secret);
    }
    return server_fail_status(call, status);
}

static bool lists(const cJSON *stages, const char *label)
{
    const cJSON *stage;
    cJSON_ArrayForEach(stage, stages)
    {
        if (strcmp(stage->valuestring, label) == 0)
            return true;
    }
    return false;
}

enum server_error server_version_add(struct server_call *call, const struct server_value *value,
                                     const cJSON *stages)
{
    server_autoversion struct server_version known = {.kind = SERVER_KIND_NONE};
    const char *token = server_json_text(call->input, "ClientRequestToken");
    int64_t count = 0;
    memccpy(call->version_id, token, 0, sizeof call->version_id); /* 64 characters fit */
    enum smcred_status status = server_version_of_token(call, &known);
    if (status == SMCRED_OK && known.kind != SERVER_KIND_NONE)
        return server_version_repeats(call, &known, value);
    if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
        return server_fail_status(call, status);
    enum server_error error = server_fail_status(
        call, server_store_version_count(call->server->store, call->secret.row, &count));
    if (error == SERVER_OK && status == SMCRED_NOT_FOUND)
        error = server_version_make_room(call);
    if (error == SERVER_OK)
        error = store_version(call, value);
    if (error == SERVER_OK)
        error = attach(call, token, stages, count == 0);
    if (error == SERVER_OK && (!stages || lists(stages, SERVER_CURRENT)))
        error = server_fail_status(call, server_rotation_put_off(call));
    return error;
}

enum server_error server_put_secret_value(struct server_call *call)
{
    server_autovalue struct server_value value = {SERVER_KIND_NONE, NULL};
    enum server_error error = server_value_read(call, &value);
    if (error != SERVER_OK)
        return error;
    if (value.kind == SERVER_KIND_NONE)
        return server_fail(call, SERVER_INVALID_REQUEST,
                           "You must provide either SecretString or SecretBinary.");
    error = server_version_add(call, &value, server_json_get(call->input, "VersionStages"));
    if (error != SERVER_OK)
        return error;
    server_secret_identify(call, call->output);
    server_json_add(call->output, "VersionId", call->version_id);
    return server_fail_status(call,
                              server_version_add_stages(call, call->output, call->version_id));
}

/* --- listing ---------------------------------------------------------------------------------- */

struct version_list {
    struct server_call *call;
    cJSON *array;
    struct server_spot spot; /* the last version on the page */
    int64_t left;            /* how many still fit on it */
    bool more;
    enum smcred_status status;
};

static void add_key(const struct server_call *call, const struct server_version *version,
                    cJSON *entry)
{
    char arn[SERVER_KMS_ARN_MAX];
    server_kms_arn(&call->secret.place, version->kms_key, arn);
    server_json_append(server_json_add_array(entry, "KmsKeyIds"),
                       *version->kms_key ? arn : "DefaultEncryptionKey");
}

static bool list_version(void *context, const struct server_version *version)
{
    struct version_list *list = context;
    if (list->left == 0) {
        list->more = true;
        return false;
    }
    list->left--;
    list->spot.at = version->row;
    cJSON *entry = server_json_append_object(list->array);
    server_json_add(entry, "VersionId", version->id);
    list->status = server_version_add_stages(list->call, entry, version->id);
    server_json_add_time(entry, "LastAccessedDate", version->accessed_ms);
    server_json_add_time(entry, "CreatedDate", version->created_ms);
    add_key(list->call, version, entry);
    return list->status == SMCRED_OK;
}

enum server_error server_list_secret_version_ids(struct server_call *call)
{
    struct version_list list = {.call = call,
                                .left = server_json_number(call->input, "MaxResults", 100)};
    enum server_error error = server_page_read(call, &list.spot);
    if (error != SERVER_OK)
        return error;
    list.array = server_json_add_array(call->output, "Versions");
    enum smcred_status status = server_store_versions(
        call->server->store, call->secret.row,
        server_json_is_true(call->input, "IncludeDeprecated"), list.spot.at, list_version, &list);
    if (list.more)
        server_page_add(call, &list.spot);
    server_secret_identify(call, call->output);
    return server_fail_status(call, status == SMCRED_OK ? list.status : status);
}
