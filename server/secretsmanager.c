/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secretsmanager.c - the table of Secrets Manager's operations, and its order of checks before
 * each.
 *
 * Found by dispatch.  What each operation demands before its handler runs stands in its row: read
 * the table before anything else here.
 */
#include "server/secretsmanager.h"

#include "server/dispatch.h"
#include "server/json.h"
#include "server/model.h"
#include "server/names.h"
#include "server/operations.h"
#include "server/service.h"

static const struct server_operation operations[] = {
    {"BatchGetSecretValue", server_model_batch_get_secret_value, NULL, false, false, false,
     server_batch_get_secret_value},
    {"CreateSecret", server_model_create_secret, "Name", true, false, false, server_create_secret},
    {"DeleteSecret", server_model_delete_secret, "SecretId", false, false, false,
     server_delete_secret},
    {"DescribeSecret", server_model_describe_secret, "SecretId", false, true, false,
     server_describe_secret},
    {"GetRandomPassword", server_model_get_random_password, NULL, false, false, false,
     server_get_random_password},
    {"GetSecretValue", server_model_get_secret_value, "SecretId", false, true, true,
     server_get_secret_value},
    {"ListSecretVersionIds", server_model_list_secret_version_ids, "SecretId", false, true, false,
     server_list_secret_version_ids},
    {"ListSecrets", server_model_list_secrets, NULL, false, false, false, server_list_secrets},
    {"PutSecretValue", server_model_put_secret_value, "SecretId", true, true, true,
     server_put_secret_value},
    {"RestoreSecret", server_model_restore_secret, "SecretId", false, true, false,
     server_restore_secret},
    {"TagResource", server_model_tag_resource, "SecretId", false, true, true, server_tag_resource},
    {"UntagResource", server_model_untag_resource, "SecretId", false, true, true,
     server_untag_resource},
    {"UpdateSecret", server_model_update_secret, "SecretId", true, true, true,
     server_update_secret},
    {"UpdateSecretVersionStage", server_model_update_secret_version_stage, "SecretId", false, true,
     true, server_update_secret_version_stage},
    {.name = NULL},
};

static enum server_error check_id(struct server_call *call)
{
    const char *id = server_dispatch_secret_id(call);
    bool is_new = call->operation->id && strcmp(call->operation->id, "Name") == 0;
    if (!call->operation->id || (is_new ? server_name_is_valid(id) : server_id_is_valid(id)))
        return SERVER_OK;
    return server_fail(call, SERVER_VALIDATION,
                       "Invalid name. Must be a valid name containing alphanumeric characters, or "
                       "any of the following: -/_+=.@!");
}

static enum server_error check_token(struct server_call *call)
{
    if (!call->operation->needs_token || server_json_text(call->input, "ClientRequestToken"))
        return SERVER_OK;
    return server_fail(call, SERVER_INVALID_REQUEST,
                       "You must provide a ClientRequestToken value. We recommend a UUID-type "
                       "value.");
}

enum server_error server_secretsmanager_find(struct server_call *call, const char *id,
                                             bool refuses_deleted)
{
    enum smcred_status status = server_secret_find(call, id, &call->secret);
    if (status == SMCRED_NOT_FOUND)
        return server_fail(call, SERVER_RESOURCE_NOT_FOUND,
                           "Secrets Manager can't find the specified secret.");
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    if (refuses_deleted && call->secret.deleted_ms != 0)
        return server_fail(call, SERVER_INVALID_REQUEST,
                           "You can't perform this operation on the secret because it was marked "
                           "for deletion.");
    return SERVER_OK;
}

/* Syntax of the name, the token, existence and state: in AWS's order. */
static enum server_error check(struct server_call *call)
{
    const struct server_operation *operation = call->operation;
    enum server_error error = check_id(call);
    if (error == SERVER_OK)
        error = check_token(call);
    if (error == SERVER_OK)
        error = server_fail_status(call, server_store_purge(call->server->store, call->now_ms));
    if (error == SERVER_OK && operation->finds)
        error = server_secretsmanager_find(call, server_dispatch_secret_id(call),
                                           operation->refuses_deleted);
    return error;
}

const struct server_service server_secretsmanager = {.name = "secretsmanager",
                                                     .target = "secretsmanager.",
                                                     .operations = operations,
                                                     .check = check};
