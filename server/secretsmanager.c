/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secretsmanager.c - the table of Secrets Manager's operations, and its order of checks before
 * each.
 *
 * Found by dispatch.  What each operation demands before its handler runs stands in its row: read
 * the table before anything else here.
 */
#include "server/secretsmanager.h"

#include <stdio.h>

#include "server/access.h"
#include "server/dispatch.h"
#include "server/json.h"
#include "server/kms.h"
#include "server/model.h"
#include "server/names.h"
#include "server/operations.h"
#include "server/replica.h"
#include "server/replication.h"
#include "server/service.h"

static const struct server_operation operations[] = {
    {"BatchGetSecretValue", server_model_batch_get_secret_value, NULL, SERVER_OK, false, false,
     server_batch_get_secret_value},
    {"CancelRotateSecret", server_model_cancel_rotate_secret, "SecretId", SERVER_OK, true, true,
     server_cancel_rotate_secret},
    {"CreateSecret", server_model_create_secret, "Name", SERVER_INVALID_REQUEST, false, false,
     server_create_secret},
    {"DeleteSecret", server_model_delete_secret, "SecretId", SERVER_OK, false, false,
     server_delete_secret},
    {"DeleteResourcePolicy", server_model_delete_resource_policy, "SecretId", SERVER_OK, true, true,
     server_delete_resource_policy},
    {"DescribeSecret", server_model_describe_secret, "SecretId", SERVER_OK, true, false,
     server_describe_secret},
    {"GetRandomPassword", server_model_get_random_password, NULL, SERVER_OK, false, false,
     server_get_random_password},
    {"GetResourcePolicy", server_model_get_resource_policy, "SecretId", SERVER_OK, true, true,
     server_get_resource_policy},
    {"GetSecretValue", server_model_get_secret_value, "SecretId", SERVER_OK, true, true,
     server_get_secret_value},
    {"ListSecretVersionIds", server_model_list_secret_version_ids, "SecretId", SERVER_OK, true,
     false, server_list_secret_version_ids},
    {"ListSecrets", server_model_list_secrets, NULL, SERVER_OK, false, false, server_list_secrets},
    {"PutResourcePolicy", server_model_put_resource_policy, "SecretId", SERVER_OK, true, true,
     server_put_resource_policy},
    {"PutSecretValue", server_model_put_secret_value, "SecretId", SERVER_INVALID_REQUEST, true,
     true, server_put_secret_value},
    {"RemoveRegionsFromReplication", server_model_remove_regions, "SecretId", SERVER_OK, true, true,
     server_remove_regions_from_replication},
    {"ReplicateSecretToRegions", server_model_replicate_secret, "SecretId", SERVER_OK, true, true,
     server_replicate_secret_to_regions},
    {"RestoreSecret", server_model_restore_secret, "SecretId", SERVER_OK, true, false,
     server_restore_secret},
    {"RotateSecret", server_model_rotate_secret, "SecretId", SERVER_INVALID_PARAMETER, true, true,
     server_rotate_secret},
    {"SmcredReplicaClose", server_replica_close, NULL, SERVER_OK, false, false,
     server_close_replica},
    {"SmcredReplicaDrop", server_replica_drop, NULL, SERVER_OK, false, false, server_drop_replica},
    {"SmcredReplicaOpen", server_replica_open, NULL, SERVER_OK, false, false, server_open_replica},
    {"SmcredReplicaVersion", server_replica_version, NULL, SERVER_OK, false, false,
     server_put_replica_version},
    {"StopReplicationToReplica", server_model_stop_replication, "SecretId", SERVER_OK, true, true,
     server_stop_replication_to_replica},
    {"TagResource", server_model_tag_resource, "SecretId", SERVER_OK, true, true,
     server_tag_resource},
    {"UntagResource", server_model_untag_resource, "SecretId", SERVER_OK, true, true,
     server_untag_resource},
    {"UpdateSecret", server_model_update_secret, "SecretId", SERVER_INVALID_REQUEST, true, true,
     server_update_secret},
    {"UpdateSecretVersionStage", server_model_update_secret_version_stage, "SecretId", SERVER_OK,
     true, true, server_update_secret_version_stage},
    {"ValidateResourcePolicy", server_model_validate_resource_policy, "SecretId", SERVER_OK, false,
     false, server_validate_resource_policy},
    {.name = NULL},
};

static enum server_error check_id(struct server_call *call)
{
    const char *id = server_dispatch_secret_id(call);
    bool is_new = call->operation->id && strcmp(call->operation->id, "Name") == 0;
    if (!*id || (is_new ? server_name_is_valid(id) : server_id_is_valid(id)))
        return SERVER_OK;
    return server_fail(call, SERVER_VALIDATION,
                       "Invalid name. Must be a valid name containing alphanumeric characters, or "
                       "any of the following: -/_+=.@!");
}

static enum server_error check_token(struct server_call *call)
{
    if (call->operation->needs_token == SERVER_OK ||
        server_json_text(call->input, "ClientRequestToken"))
        return SERVER_OK;
    return server_fail(call, call->operation->needs_token,
                       "You must provide a ClientRequestToken value. We recommend a UUID-type "
                       "value.");
}

/* --- who may ---------------------------------------------------------------------------------- */

/* "secretsmanager:" and an operation's name. */
#define ACTION_MAX 64
static void write_action(const char *operation, char out[ACTION_MAX])
{
    (void)snprintf(out, ACTION_MAX, "secretsmanager:%s", operation); /* fits */
}

enum server_error server_secretsmanager_allows(struct server_call *call, const char *operation,
                                               const struct server_secret *secret, const char *id)
{
    char action[ACTION_MAX];
    write_action(operation, action);
    const char *resource = secret ? secret->arn : id;
    return server_access_check(&(struct server_access){.call = call,
                                                       .action = action,
                                                       .resource = resource ? resource : "*",
                                                       .shown = resource,
                                                       .secret = secret});
}

/* What is to be created has no ARN yet, but policies are written for the ones it may get. */
static enum server_error allows_creation(struct server_call *call, const char *operation,
                                         const char *name)
{
    char action[ACTION_MAX], arn[SERVER_ARN_MAX + 1];
    write_action(operation, action);
    enum smcred_status status = server_arn_make(&call->place, name, arn);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    return server_access_check(
        &(struct server_access){.call = call, .action = action, .resource = arn, .shown = name});
}

static enum server_error check_creation(struct server_call *call)
{
    const char *name = server_dispatch_secret_id(call);
    enum server_error error = allows_creation(call, call->operation->name, name);
    if (error == SERVER_OK && server_json_get(call->input, "Tags"))
        error = allows_creation(call, "TagResource", name);
    if (error == SERVER_OK && server_json_get(call->input, "AddReplicaRegions"))
        error = allows_creation(call, "ReplicateSecretToRegions", name);
    return error;
}

enum server_error server_secretsmanager_allows_key(struct server_call *call, bool reads)
{
    const struct server_secret *secret = &call->secret;
    enum server_error error = server_kms_access(call, &secret->place, secret->kms_key_id, reads);
    if (error != SERVER_OK)
        return error;
    if (server_kms_is_default(secret->kms_key_id) &&
        strcmp(secret->place.account, call->place.account) != 0)
        return server_fail(call, SERVER_INVALID_REQUEST,
                           "You can't access a secret from a different AWS account if you encrypt "
                           "the secret with the default KMS service key.");
    return SERVER_OK;
}

/* UpdateSecret, which may have none, looks after its key itself. */
static bool touches_value(const char *operation)
{
    return strcmp(operation, "GetSecretValue") == 0 || strcmp(operation, "PutSecretValue") == 0;
}

static bool reads(const char *operation)
{
    return strncmp(operation, "Get", 3) == 0;
}

/* A replica is changed through its primary alone; that it ceases to be one, here. */
static bool changes(const struct server_operation *operation)
{
    return operation && !server_dispatch_only_reads(operation) &&
           strcmp(operation->name, "StopReplicationToReplica") != 0;
}

enum server_error server_secretsmanager_find(struct server_call *call, const char *id,
                                             const char *operation, bool refuses_deleted)
{
    enum smcred_status status = server_secret_find(call, id, &call->secret);
    if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
        return server_fail_status(call, status);
    enum server_error error = server_secretsmanager_allows(
        call, operation, status == SMCRED_OK ? &call->secret : NULL, id);
    if (error != SERVER_OK)
        return error;
    if (status == SMCRED_NOT_FOUND)
        return server_fail(call, SERVER_RESOURCE_NOT_FOUND,
                           "Secrets Manager can't find the specified secret.");
    if (touches_value(operation))
        error = server_secretsmanager_allows_key(call, reads(operation));
    if (error != SERVER_OK)
        return error;
    if (refuses_deleted && call->secret.deleted_ms != 0)
        return server_fail(call, SERVER_INVALID_REQUEST,
                           "You can't perform this operation on the secret because it was marked "
                           "for deletion.");
    return changes(call->operation) ? server_replication_refuse(call, &call->secret) : SERVER_OK;
}

enum server_error server_secretsmanager_find_to_read(struct server_call *call, const char *id,
                                                     const char *version_id, const char *stage)
{
    server_autojson cJSON *asked = cJSON_CreateObject();
    cJSON *input = call->input;
    server_json_add(asked, "SecretId", id);
    server_json_add(asked, "VersionId", version_id);
    server_json_add(asked, "VersionStage", stage);
    call->input = asked;
    enum server_error error = server_secretsmanager_find(call, id, "GetSecretValue", true);
    call->input = input;
    return error;
}

/* May the caller, and is there what it names? */
static enum server_error check_resource(struct server_call *call)
{
    const struct server_operation *operation = call->operation;
    const char *id = server_dispatch_secret_id(call);
    struct server_secret secret;
    if (operation->id && strcmp(operation->id, "Name") == 0)
        return check_creation(call);
    if (operation->finds)
        return server_secretsmanager_find(call, id, operation->name, operation->refuses_deleted);
    if (!*id)
        return server_secretsmanager_allows(call, operation->name, NULL, NULL);
    enum smcred_status status = server_secret_find(call, id, &secret);
    if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
        return server_fail_status(call, status);
    return server_secretsmanager_allows(call, operation->name, status == SMCRED_OK ? &secret : NULL,
                                        id);
}

/* Syntax of the name, the token, permission, existence and state: in AWS's order. */
static enum server_error check(struct server_call *call)
{
    enum server_error error = check_id(call);
    if (error == SERVER_OK)
        error = check_token(call);
    return error == SERVER_OK ? check_resource(call) : error;
}

static enum server_error finish(struct server_call *call)
{
    return server_dispatch_only_reads(call->operation)
               ? SERVER_OK
               : server_fail_status(call, server_replication_sync(call));
}

const struct server_service server_secretsmanager = {.name = "secretsmanager",
                                                     .target = "secretsmanager.",
                                                     .operations = operations,
                                                     .check = check,
                                                     .finish = finish};
