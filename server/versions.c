/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * versions.c - GetSecretValue, PutSecretValue, UpdateSecretVersionStage, ListSecretVersionIds.
 */
#include "server/versions.h"

#include "server/json.h"
#include "server/labels.h"
#include "server/operations.h"
#include "server/page.h"

#define DAY_MS       INT64_C(86400000)
#define VERSIONS_MAX 100 /* beyond that unlabelled ones go, once they are a day old */

int64_t server_day_of(int64_t now_ms)
{
    return now_ms - now_ms % DAY_MS;
}

static void version_free(struct server_version *version)
{
    server_version_done(version);
}
#define auto_version __attribute__((cleanup(version_free)))

static void add_identity(struct server_call *call)
{
    server_json_add(call->output, "ARN", call->secret.arn);
    server_json_add(call->output, "Name", call->secret.name);
}

static void append_label(void *context, const char *version, const char *label)
{
    (void)version; /* one version's labels were asked for */
    server_json_append(context, label);
}

/* VersionStages, left out where there are none. */
static enum smcred_status add_stages(struct server_call *call, cJSON *object, const char *version)
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

/* Room for one more, if old unlabelled versions can go. */
static enum server_error make_room(struct server_call *call)
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

static enum server_error move_label(struct server_call *call, const char *label,
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
        error = move_label(call, stage->valuestring, version, SERVER_MOVE_DROPS_PENDING);
        if (error != SERVER_OK)
            return error;
    }
    if (!stages || is_first)
        error = move_label(call, SERVER_CURRENT, version, SERVER_MOVE_DROPS_PENDING);
    return error;
}

/* Inserts the version, or fills the one a rotation made without a value. */
static enum server_error store_version(struct server_call *call, const struct server_value *value)
{
    auto_version struct server_version version = {.created_ms = call->now_ms};
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

enum server_error server_version_add(struct server_call *call, const struct server_value *value,
                                     const cJSON *stages)
{
    auto_version struct server_version known = {.kind = SERVER_KIND_NONE};
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
        error = make_room(call);
    if (error == SERVER_OK)
        error = store_version(call, value);
    if (error == SERVER_OK)
        error = attach(call, token, stages, count == 0);
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
    add_identity(call);
    server_json_add(call->output, "VersionId", call->version_id);
    return server_fail_status(call, add_stages(call, call->output, call->version_id));
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum server_error no_value(struct server_call *call, const char *what, const char *which)
{
    return server_fail(call, SERVER_RESOURCE_NOT_FOUND,
                       "Secrets Manager can't find the specified secret value for %s: %s", what,
                       which);
}

/* Which version is meant: by id, by label, or by both agreeing. */
static enum server_error choose_version(struct server_call *call, const char *id, const char *stage)
{
    char labelled[SERVER_VERSION_ID_MAX + 1] = "";
    const char *label = stage ? stage : SERVER_CURRENT;
    if (!id || stage) {
        enum smcred_status status =
            server_store_label(call->server->store, call->secret.row, label, labelled);
        if (status == SMCRED_NOT_FOUND && !id)
            return no_value(call, "staging label", label);
        if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
            return server_fail_status(call, status);
    }
    memccpy(call->version_id, id ? id : labelled, 0, sizeof call->version_id); /* fits */
    return SERVER_OK;
}

static enum server_error read_version(struct server_call *call, const char *id, const char *stage,
                                      struct server_version *out_version)
{
    char labelled[SERVER_VERSION_ID_MAX + 1] = "";
    enum server_error error = choose_version(call, id, stage);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status =
        server_store_version(call->server->store, call->secret.row, call->version_id, out_version);
    if (status == SMCRED_NOT_FOUND)
        return no_value(call, "VersionId", id);
    if (status == SMCRED_OK && id && stage) {
        status = server_store_label(call->server->store, call->secret.row, stage, labelled);
        if (status == SMCRED_NOT_FOUND ||
            (status == SMCRED_OK && strcmp(labelled, call->version_id) != 0))
            return server_fail(call, SERVER_INVALID_REQUEST,
                               "You provided a VersionStage that is not associated to the provided "
                               "VersionId.");
    }
    if (status == SMCRED_OK && out_version->kind == SERVER_KIND_NONE)
        return id && !stage ? no_value(call, "VersionId", id)
                            : no_value(call, "staging label", stage ? stage : SERVER_CURRENT);
    return server_fail_status(call, status);
}

/* Once a day only, so that reading does not wait for the disk. */
static enum smcred_status note_access(struct server_call *call,
                                      const struct server_version *version)
{
    int64_t today_ms = server_day_of(call->now_ms);
    enum smcred_status status = SMCRED_OK;
    if (version->accessed_ms != today_ms)
        status = server_store_version_accessed(call->server->store, call->secret.row, version->id,
                                               today_ms);
    if (status == SMCRED_OK && call->secret.accessed_ms != today_ms) {
        call->secret.accessed_ms = today_ms;
        status = server_store_secret_update(call->server->store, &call->secret);
    }
    return status;
}

enum server_error server_get_secret_value(struct server_call *call)
{
    auto_version struct server_version version = {.kind = SERVER_KIND_NONE};
    server_autovalue struct server_value value = {SERVER_KIND_NONE, NULL};
    enum server_error error = read_version(call, server_json_text(call->input, "VersionId"),
                                           server_json_text(call->input, "VersionStage"), &version);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status = server_value_unseal(call, &version, &value);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    add_identity(call);
    server_json_add(call->output, "VersionId", version.id);
    error = server_value_add(call, &value);
    if (error != SERVER_OK)
        return error;
    server_json_add_time(call->output, "CreatedDate", version.created_ms);
    status = add_stages(call, call->output, version.id);
    if (status == SMCRED_OK)
        status = note_access(call, &version);
    return server_fail_status(call, status);
}

/* --- labels ----------------------------------------------------------------------------------- */

static enum server_error check_version(struct server_call *call, const char *id)
{
    auto_version struct server_version version = {.kind = SERVER_KIND_NONE};
    if (!id)
        return SERVER_OK;
    enum smcred_status status =
        server_store_version(call->server->store, call->secret.row, id, &version);
    if (status == SMCRED_NOT_FOUND)
        return server_fail(call, SERVER_INVALID_PARAMETER, "Not a valid version: %s", id);
    return server_fail_status(call, status);
}

/* `holder` is "" where the label is attached to no version. */
static enum server_error check_holder(struct server_call *call, const char *label,
                                      const char *holder, const char *from, const char *to)
{
    if (from && strcmp(holder, from) != 0)
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "When you move staging label %s, if you specify RemoveFromVersionId, it "
                           "must be set to the version that currently has the staging label %s.",
                           label, label);
    if (!from && to && *holder && strcmp(holder, to) != 0)
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "The parameter RemoveFromVersionId can't be empty. Staging label %s is "
                           "currently attached to version %s, so you must explicitly reference "
                           "that version in RemoveFromVersionId.",
                           label, holder);
    if (!to && strcmp(label, SERVER_CURRENT) == 0)
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "You can only move staging label AWSCURRENT to a different secret "
                           "version. It can\xe2\x80\x99t be completely removed.");
    return SERVER_OK;
}

static enum server_error change_label(struct server_call *call, const char *label, const char *from,
                                      const char *to)
{
    struct server_store *store = call->server->store;
    if (!from && !to)
        return SERVER_OK;
    enum server_error error =
        to ? move_label(call, label, to, SERVER_MOVE_KEEPS_PENDING)
           : server_fail_status(call, server_store_label_remove(store, call->secret.row, label));
    if (error != SERVER_OK)
        return error;
    call->secret.changed_ms = call->now_ms;
    return server_fail_status(call, server_store_secret_update(store, &call->secret));
}

enum server_error server_update_secret_version_stage(struct server_call *call)
{
    const char *label = server_json_text(call->input, "VersionStage");
    const char *from = server_json_text(call->input, "RemoveFromVersionId");
    const char *to = server_json_text(call->input, "MoveToVersionId");
    char holder[SERVER_VERSION_ID_MAX + 1] = "";
    enum server_error error = check_version(call, from);
    if (error == SERVER_OK)
        error = check_version(call, to);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status =
        server_store_label(call->server->store, call->secret.row, label, holder);
    if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
        return server_fail_status(call, status);
    error = check_holder(call, label, holder, from, to);
    if (error == SERVER_OK && !(to && strcmp(holder, to) == 0))
        error = change_label(call, label, from, to);
    if (to)
        memccpy(call->version_id, to, 0, sizeof call->version_id); /* fits */
    add_identity(call);
    return error;
}

/* --- listing ---------------------------------------------------------------------------------- */

struct version_list {
    struct server_call *call;
    cJSON *array;
    int64_t at;   /* the next version's place among all */
    int64_t left; /* how many still fit on the page */
    bool more;
    enum smcred_status status;
};

static bool list_version(void *context, const struct server_version *version)
{
    struct version_list *list = context;
    if (list->left == 0) {
        list->more = true;
        return false;
    }
    list->left--;
    list->at++;
    cJSON *entry = server_json_append_object(list->array);
    server_json_add(entry, "VersionId", version->id);
    list->status = add_stages(list->call, entry, version->id);
    server_json_add_time(entry, "LastAccessedDate", version->accessed_ms);
    server_json_add_time(entry, "CreatedDate", version->created_ms);
    const char *key = list->call->secret.kms_key_id;
    server_json_append(server_json_add_array(entry, "KmsKeyIds"),
                       *key ? key : "DefaultEncryptionKey");
    return list->status == SMCRED_OK;
}

enum server_error server_list_secret_version_ids(struct server_call *call)
{
    struct version_list list = {.call = call,
                                .left = server_json_number(call->input, "MaxResults", 100)};
    enum server_error error = server_page_read(call, &list.at);
    if (error != SERVER_OK)
        return error;
    list.array = server_json_add_array(call->output, "Versions");
    enum smcred_status status = server_store_versions(
        call->server->store, call->secret.row,
        server_json_is_true(call->input, "IncludeDeprecated"), list.at, list_version, &list);
    if (list.more)
        server_page_add(call, list.at);
    add_identity(call);
    return server_fail_status(call, status == SMCRED_OK ? list.status : status);
}
