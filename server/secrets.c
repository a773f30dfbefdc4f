/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secrets.c - CreateSecret, DescribeSecret, UpdateSecret.
 */
#include "server/secrets.h"

#include "server/json.h"
#include "server/kms.h"
#include "server/labels.h"
#include "server/names.h"
#include "server/operations.h"
#include "server/replication.h"
#include "server/rotation.h"
#include "server/secretsmanager.h"
#include "server/tags.h"
#include "server/versions.h"

/* --- creating --------------------------------------------------------------------------------- */

/* The name is taken: the same request repeated, or a conflict. */
static enum server_error create_again(struct server_call *call, const struct server_value *value)
{
    struct server_version known = {.kind = SERVER_KIND_NONE};
    if (call->secret.deleted_ms != 0)
        return server_fail(call, SERVER_INVALID_REQUEST,
                           "You can't create this secret because a secret with this name is "
                           "already scheduled for deletion.");
    enum smcred_status status = server_version_of_token(call, &known);
    if (status == SMCRED_NOT_FOUND)
        return server_fail(call, SERVER_RESOURCE_EXISTS,
                           "The operation failed because the secret %s already exists.",
                           call->secret.name);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    memcpy(call->version_id, known.id, sizeof call->version_id);
    enum server_error error = server_version_repeats(call, &known, value);
    server_version_done(&known);
    if (error == SERVER_OK && server_json_get(call->input, "AddReplicaRegions"))
        error = server_fail_status(
            call, server_replication_add_status(call, &call->secret, call->output));
    return error;
}

/* Description and KmsKeyId, where the request has them. */
static void take_metadata(struct server_call *call)
{
    const char *description = server_json_text(call->input, "Description");
    const char *kms_key_id = server_json_text(call->input, "KmsKeyId");
    if (description)
        memccpy(call->secret.description, description, 0, sizeof call->secret.description);
    if (kms_key_id)
        memccpy(call->secret.kms_key_id, kms_key_id, 0, sizeof call->secret.kms_key_id);
}

/* The key must be there, and enabled, before anything refers to it. */
static enum server_error check_key(struct server_call *call)
{
    struct server_kms_key key;
    if (!*call->secret.kms_key_id || !server_json_get(call->input, "KmsKeyId"))
        return SERVER_OK;
    enum smcred_status status =
        server_kms_find(call->server, &call->secret.place, call->secret.kms_key_id, &key);
    if (status == SMCRED_NOT_FOUND)
        return server_fail(call, SERVER_RESOURCE_NOT_FOUND,
                           "Secrets Manager can't find the specified KMS key.");
    if (status == SMCRED_OK && key.state != SERVER_KMS_ENABLED)
        status = SMCRED_REVOKED;
    return status == SMCRED_OK ? server_secretsmanager_allows_key(call, false)
                               : server_fail_status(call, status);
}

static enum server_error create_new(struct server_call *call, const char *name,
                                    const struct server_value *value)
{
    call->secret = (struct server_secret){
        .place = call->place, .created_ms = call->now_ms, .changed_ms = call->now_ms};
    memccpy(call->secret.name, name, 0, sizeof call->secret.name); /* validated: fits */
    take_metadata(call);
    enum smcred_status status = server_arn_make(&call->place, name, call->secret.arn);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    enum server_error error = check_key(call);
    if (error != SERVER_OK)
        return error;
    status = server_store_secret_insert(call->server->store, &call->secret);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    error = server_tags_set(call, server_json_get(call->input, "Tags"));
    if (error == SERVER_OK && value->kind != SERVER_KIND_NONE)
        error = server_version_add(call, value, NULL);
    return error == SERVER_OK ? server_replication_add(call) : error;
}

enum server_error server_create_secret(struct server_call *call)
{
    const char *name = server_json_text(call->input, "Name");
    server_autovalue struct server_value value = {SERVER_KIND_NONE, NULL};
    enum server_error error = server_value_read(call, &value);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status = server_store_secret_by_name(call->server->store, &call->place,
                                                            sm_bytes_of(name), &call->secret);
    if (status == SMCRED_OK)
        error = create_again(call, &value);
    else if (status == SMCRED_NOT_FOUND)
        error = create_new(call, name, &value);
    else
        error = server_fail_status(call, status);
    server_secret_identify(call, call->output);
    server_json_add(call->output, "VersionId", call->version_id);
    return error;
}

void server_secret_identify(struct server_call *call, cJSON *object)
{
    server_json_add(object, "ARN", call->secret.arn);
    server_json_add(object, "Name", call->secret.name);
}

/* --- describing ------------------------------------------------------------------------------- */

static void append_stage(void *context, const char *version, const char *label)
{
    cJSON *stages = cJSON_GetObjectItemCaseSensitive(context, version);
    server_json_append(stages ? stages : server_json_add_array(context, version), label);
}

/* Labelled versions only; the member is left out where there are none. */
static enum smcred_status add_stages(struct server_call *call, const struct server_secret *secret,
                                     const char *name, cJSON *object)
{
    cJSON *versions = server_json_add_object(object, name);
    enum smcred_status status =
        server_store_labels(call->server->store, secret->row, NULL, append_stage, versions);
    if (versions && !versions->child)
        cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    return status;
}

enum smcred_status server_secret_describe(struct server_call *call,
                                          const struct server_secret *secret,
                                          const char *stages_name, cJSON *object)
{
    server_json_add(object, "ARN", secret->arn);
    server_json_add(object, "Name", secret->name);
    server_json_add(object, "Description", secret->description);
    server_json_add(object, "KmsKeyId", secret->kms_key_id);
    server_json_add_time(object, "LastChangedDate", secret->changed_ms);
    server_json_add_time(object, "LastAccessedDate", secret->accessed_ms);
    server_json_add_time(object, "DeletedDate", secret->deleted_ms);
    server_json_add_time(object, "CreatedDate", secret->created_ms);
    enum smcred_status status = server_rotation_describe(call, secret, object);
    if (status == SMCRED_OK)
        status = add_stages(call, secret, stages_name, object);
    if (status == SMCRED_OK)
        status = server_replication_describe(
            call, secret, strcmp(stages_name, "VersionIdsToStages") == 0, object);
    return status == SMCRED_OK ? server_tags_add(call, secret, object) : status;
}

enum server_error server_describe_secret(struct server_call *call)
{
    return server_fail_status(
        call, server_secret_describe(call, &call->secret, "VersionIdsToStages", call->output));
}

/* --- updating --------------------------------------------------------------------------------- */

/* Another key wraps the data keys of the versions that are in use: who may not open them cannot. */
static enum server_error rekey(struct server_call *call, const char *old)
{
    static const char *const labels[] = {SERVER_CURRENT, SERVER_PENDING, SERVER_PREVIOUS};
    char id[SERVER_VERSION_ID_MAX + 1];
    enum server_error error = check_key(call);
    if (error != SERVER_OK || strcmp(old, call->secret.kms_key_id) == 0)
        return error;
    error = server_kms_access(call, &call->secret.place, old, true);
    for (size_t i = 0; error == SERVER_OK && i < sizeof labels / sizeof *labels; i++) {
        enum smcred_status status =
            server_store_label(call->server->store, call->secret.row, labels[i], id);
        if (status == SMCRED_OK)
            status = server_value_rekey(call, id);
        error = status == SMCRED_NOT_FOUND ? SERVER_OK : server_fail_status(call, status);
    }
    return error;
}

enum server_error server_update_secret(struct server_call *call)
{
    server_autovalue struct server_value value = {SERVER_KIND_NONE, NULL};
    enum server_error error = server_value_read(call, &value);
    if (error != SERVER_OK)
        return error;
    char old_key[sizeof call->secret.kms_key_id];
    memcpy(old_key, call->secret.kms_key_id, sizeof old_key);
    take_metadata(call);
    call->secret.changed_ms = call->now_ms;
    error = rekey(call, old_key);
    if (error == SERVER_OK && value.kind != SERVER_KIND_NONE)
        error = server_secretsmanager_allows_key(call, false);
    if (error == SERVER_OK)
        error = server_fail_status(call,
                                   server_store_secret_update(call->server->store, &call->secret));
    if (error == SERVER_OK && value.kind != SERVER_KIND_NONE)
        error = server_version_add(call, &value, NULL);
    server_secret_identify(call, call->output);
    server_json_add(call->output, "VersionId", call->version_id);
    return error;
}
