/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reading.c - GetSecretValue, BatchGetSecretValue.
 */
#include "server/versions.h"

#include "server/json.h"
#include "server/labels.h"
#include "server/list.h"
#include "server/operations.h"
#include "server/secrets.h"
#include "server/secretsmanager.h"

#define BATCH_MAX 20 /* secrets of one page */
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

/* Once a day, and where somebody else is writing the next reader does it. */
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
    return status == SMCRED_UNAVAILABLE ? SMCRED_OK : status;
}

enum server_error server_read_secret(struct server_call *call, const char *id, const char *stage,
                                     cJSON *object)
{
    server_autoversion struct server_version version = {.kind = SERVER_KIND_NONE};
    server_autovalue struct server_value value = {SERVER_KIND_NONE, NULL};
    enum server_error error = read_version(call, id, stage, &version);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status = server_value_unseal(call, &version, &value);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    server_secret_identify(call, object);
    server_json_add(object, "VersionId", version.id);
    status = server_value_add(&value, object);
    server_json_add_time(object, "CreatedDate", version.created_ms);
    if (status == SMCRED_OK)
        status = server_version_add_stages(call, object, version.id);
    if (status == SMCRED_OK)
        status = note_access(call, &version);
    return server_fail_status(call, status);
}

enum server_error server_get_secret_value(struct server_call *call)
{
    return server_read_secret(call, server_json_text(call->input, "VersionId"),
                              server_json_text(call->input, "VersionStage"), call->output);
}

/* --- many at once ----------------------------------------------------------------------------- */

/* What went wrong with one secret is an entry of Errors; what went wrong with us ends the call. */
static enum server_error excuse(struct server_call *call, enum server_error error, const char *id)
{
    if (error == SERVER_OK || error == SERVER_INTERNAL)
        return error;
    cJSON *entry = server_json_append_object(server_json_get_own(call->output, "Errors"));
    server_json_add(entry, "SecretId", id);
    server_json_add(entry, "ErrorCode", server_error_form(error)->type);
    server_json_add(entry, "Message", call->message);
    sm_free_ptr(&call->message);
    call->message = NULL;
    return call->error = SERVER_OK;
}

static enum server_error read_one(struct server_call *call, const char *id)
{
    server_autojson cJSON *entry = cJSON_CreateObject();
    enum server_error error = server_secretsmanager_find_to_read(call, id, NULL, NULL);
    if (error == SERVER_OK)
        error = server_read_secret(call, NULL, NULL, entry);
    if (error == SERVER_OK)
        (void)cJSON_AddItemToArray(server_json_get_own(call->output, "SecretValues"),
                                   sm_take_ptr(&entry)); /* server_json_failed() */
    return excuse(call, error, id);
}

static enum server_error read_listed(struct server_call *call, const cJSON *ids)
{
    const cJSON *id;
    enum server_error error = SERVER_OK;
    cJSON_ArrayForEach(id, ids)
    {
        error = read_one(call, id->valuestring);
        if (error != SERVER_OK)
            break;
    }
    return error;
}

static enum server_error read_found(struct server_call *call, const struct server_secret *secret)
{
    return read_one(call, secret->arn);
}

enum server_error server_batch_get_secret_value(struct server_call *call)
{
    const cJSON *ids = server_json_get(call->input, "SecretIdList");
    const cJSON *filters = server_json_get(call->input, "Filters");
    if (!filters && server_json_get(call->input, "MaxResults"))
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "'Filters' not specified. 'Filters' must also be specified when "
                           "'MaxResults' is provided.");
    if (!ids == !filters)
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "Either 'SecretIdList' or 'Filters' must be provided, but not both.");
    (void)server_json_add_array(call->output, "SecretValues"); /* server_json_failed() */
    (void)server_json_add_array(call->output, "Errors");       /* as above */
    if (ids)
        return read_listed(call, ids);
    enum server_error error = server_secretsmanager_allows(call, "ListSecrets", NULL, NULL);
    if (error != SERVER_OK)
        return error;
    return server_list(call, &(struct server_listing){.order = SERVER_ORDER_CREATED,
                                                      .most = BATCH_MAX,
                                                      .add = read_found});
}
