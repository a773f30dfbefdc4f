/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dispatch.c - the table of operations, and the order of checks around it.
 *
 * Called by http, once per request.  What each operation demands before its handler runs stands in
 * its row: read the table before anything else here.
 */
#include "server/dispatch.h"

#include "server/json.h"
#include "server/model.h"
#include "server/names.h"
#include "server/operations.h"

struct server_operation {
    const char *name;
    const struct server_member *members;
    const char *id;       /* the member whose syntax is checked; NULL: none */
    bool needs_token;     /* ClientRequestToken, which SDKs make up and raw callers forget */
    bool finds;           /* `id` must name a secret that exists */
    bool refuses_deleted; /* and is not scheduled for deletion */
    enum server_error (*handler)(struct server_call *call);
};

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
};

static const struct server_operation *find_operation(const char *target)
{
    static const char prefix[] = "secretsmanager.";
    if (!target || strncmp(target, prefix, sizeof prefix - 1) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (strcmp(operations[i].name, target + sizeof prefix - 1) == 0)
            return &operations[i];
    }
    return NULL;
}

static enum server_error fail_bare(struct server_call *call, enum server_error error)
{
    return call->error = error; /* AWS gives the type alone */
}

enum server_error server_dispatch_parse(struct server_call *call, const char *target,
                                        struct sm_bytes body)
{
    call->operation = find_operation(target);
    if (!call->operation)
        return fail_bare(call, SERVER_UNKNOWN_OPERATION);
    enum smcred_status status = server_json_parse(body, &call->input);
    if (status == SMCRED_INVALID)
        return fail_bare(call, SERVER_SERIALIZATION);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    return server_validate_types(call, call->operation->members);
}

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

enum server_error server_dispatch_find(struct server_call *call, const char *id,
                                       bool refuses_deleted)
{
    enum smcred_status status = server_secret_find(call->server, id, &call->secret);
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

static enum server_error run_handler(struct server_call *call)
{
    enum smcred_status status = server_store_purge(call->server->store, call->now_ms);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    enum server_error error = call->operation->finds
                                  ? server_dispatch_find(call, server_dispatch_secret_id(call),
                                                         call->operation->refuses_deleted)
                                  : SERVER_OK;
    if (error != SERVER_OK)
        return error;
    call->output = cJSON_CreateObject();
    error = call->operation->handler(call);
    if (server_json_failed()) /* something is missing from the answer */
        return server_fail_status(call, SMCRED_NO_MEMORY);
    return error;
}

enum server_error server_dispatch_run(struct server_call *call)
{
    struct server_store *store = call->server->store;
    enum server_error error = server_validate(call, call->operation->members);
    if (error == SERVER_OK)
        error = check_id(call);
    if (error == SERVER_OK)
        error = check_token(call);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status = server_store_begin(store);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    error = run_handler(call);
    if (error == SERVER_OK)
        error = server_fail_status(call, server_store_commit(store));
    if (error != SERVER_OK)
        server_store_rollback(store);
    return error;
}

const char *server_dispatch_name(const struct server_call *call)
{
    return call->operation ? call->operation->name : "";
}

const char *server_dispatch_secret_id(const struct server_call *call)
{
    const char *id = call->operation && call->operation->id && call->input
                         ? server_json_text(call->input, call->operation->id)
                         : NULL;
    return id ? id : "";
}
