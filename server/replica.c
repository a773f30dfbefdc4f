/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replica.c - the far end of replication: SmcredReplicaOpen, -Version, -Close, -Drop.
 *
 * In Secrets Manager's table, so that they are signed, permitted and written into the trail as all
 * calls are.  Versions come first and labels last, so that no reader finds a label without a value.
 */
#include "server/replica.h"

#include <stdio.h>

#include "server/json.h"
#include "server/kms.h"
#include "server/names.h"
#include "server/value.h"
#include "server/versions.h"

#define ARN_MARK ":secret:"

/* --- models -------------------------------------------------------------------------------------
 */

#define TEXT(member, is_required, most)                                                            \
    {                                                                                              \
        .name = member, .type = SERVER_MEMBER_TEXT, .required = is_required, .max = most           \
    }
#define LIST(member, element)                                                                      \
    {                                                                                              \
        .name = member, .type = SERVER_MEMBER_LIST, .required = true, .of = element                \
    }
#define NUMBER(member)                                                                             \
    {                                                                                              \
        .name = member, .type = SERVER_MEMBER_NUMBER, .required = true                             \
    }
#define BOOLEAN(member)                                                                            \
    {                                                                                              \
        .name = member, .type = SERVER_MEMBER_BOOLEAN                                              \
    }
#define WHICH TEXT("Name", true, SERVER_NAME_MAX), TEXT("PrimaryArn", true, SERVER_ARN_MAX)
#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static const struct server_member id = TEXT(NULL, false, 64);
static const struct server_member label_members[] = {TEXT("Label", true, 256),
                                                     TEXT("VersionId", true, 64), END};
static const struct server_member label = {.type = SERVER_MEMBER_STRUCTURE, .of = label_members};
static const struct server_member tag_members[] = {TEXT("Key", true, 128), TEXT("Value", true, 256),
                                                   END};
static const struct server_member tag = {.type = SERVER_MEMBER_STRUCTURE, .of = tag_members};

const struct server_member server_replica_open[] = {
    WHICH, TEXT("KmsKeyId", false, 2048), BOOLEAN("Overwrite"), LIST("VersionIds", &id), END};
const struct server_member server_replica_version[] = {
    WHICH,
    TEXT("VersionId", true, 64),
    NUMBER("CreatedMs"),
    {.name = "SecretString",
     .type = SERVER_MEMBER_TEXT,
     .sensitive = true,
     .in_bytes = true,
     .max = SM_SECRET_MAX},
    {.name = "SecretBinary", .type = SERVER_MEMBER_BLOB, .sensitive = true, .max = SM_SECRET_MAX},
    END};
const struct server_member server_replica_close[] = {WHICH,
                                                     TEXT("Description", false, 2048),
                                                     NUMBER("ChangedMs"),
                                                     BOOLEAN("Tagged"),
                                                     LIST("VersionIds", &id),
                                                     LIST("Labels", &label),
                                                     LIST("Tags", &tag),
                                                     TEXT("Policy", false, 20480),
                                                     END};
const struct server_member server_replica_drop[] = {WHICH, END};

/* --- which one ----------------------------------------------------------------------------------
 */

/* The region and what follows ":secret:" of an ARN. */
static bool read_arn(const char *arn, char out_region[SERVER_REGION_MAX + 1], const char **out_tail)
{
    const char *tail = strstr(arn, ARN_MARK);
    if (!tail || sscanf(arn, "arn:%*[a-z-]:secretsmanager:%63[a-z0-9-]:", out_region) != 1)
        return false;
    *out_tail = tail + strlen(ARN_MARK);
    return server_region_is_valid(out_region);
}

/* Sets call->secret: SMCRED_NOT_FOUND for none, SMCRED_DENIED for one that is not this replica. */
static enum smcred_status find(struct server_call *call)
{
    const char *arn = server_json_text(call->input, "PrimaryArn"), *tail;
    char region[SERVER_REGION_MAX + 1], own[SERVER_ARN_MAX + 1];
    if (!read_arn(arn, region, &tail) || strcmp(region, call->place.region) == 0)
        return SMCRED_DENIED;
    server_arn_in(&call->place, arn, own);
    enum smcred_status status = server_store_secret_by_name(
        call->server->store, &call->place, sm_bytes_of(server_json_text(call->input, "Name")),
        &call->secret);
    if (status == SMCRED_OK &&
        (strcmp(call->secret.primary_region, region) != 0 || strcmp(call->secret.arn, own) != 0))
        return SMCRED_DENIED;
    return status;
}

static enum server_error exists(struct server_call *call)
{
    return server_fail(call, SERVER_RESOURCE_EXISTS, "Secret name %s already exists in region %s.",
                       server_json_text(call->input, "Name"), call->place.region);
}

/* find(), where there must be one. */
static enum server_error find_own(struct server_call *call)
{
    enum smcred_status status = find(call);
    if (status == SMCRED_DENIED)
        return exists(call);
    return status == SMCRED_NOT_FOUND
               ? server_fail(call, SERVER_RESOURCE_NOT_FOUND, "There is no such replica.")
               : server_fail_status(call, status);
}

/* --- opening ------------------------------------------------------------------------------------
 */

static enum smcred_status make(struct server_call *call)
{
    const char *arn = server_json_text(call->input, "PrimaryArn"), *tail;
    const char *key = server_json_text(call->input, "KmsKeyId");
    struct server_secret replica = {
        .place = call->place, .created_ms = call->now_ms, .changed_ms = call->now_ms};
    if (!read_arn(arn, replica.primary_region, &tail))
        return SMCRED_INVALID;
    (void)snprintf(replica.name, sizeof replica.name, "%s",
                   server_json_text(call->input, "Name")); /* all fit */
    (void)snprintf(replica.kms_key_id, sizeof replica.kms_key_id, "%s", key ? key : "");
    server_arn_in(&call->place, arn, replica.arn);
    call->secret = replica;
    return server_store_secret_insert(call->server->store, &call->secret);
}

/* What stands in the way goes if it may, and stands alone. */
static enum smcred_status overwrite(struct server_call *call)
{
    struct server_replica first;
    struct server_store *store = call->server->store;
    if (!server_json_is_true(call->input, "Overwrite") || *call->secret.primary_region ||
        server_store_replica_after(store, call->secret.row, "", &first) != SMCRED_NOT_FOUND)
        return SMCRED_DENIED;
    return server_store_secret_delete(store, call->secret.row);
}

static enum smcred_status add_missing(struct server_call *call)
{
    cJSON *missing = server_json_add_array(call->output, "Missing");
    const cJSON *each;
    cJSON_ArrayForEach(each, server_json_get(call->input, "VersionIds"))
    {
        server_autoversion struct server_version version = {.kind = SERVER_KIND_NONE};
        enum smcred_status status = server_store_version(call->server->store, call->secret.row,
                                                         each->valuestring, &version);
        if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
            return status;
        if (version.kind == SERVER_KIND_NONE)
            server_json_append(missing, each->valuestring);
    }
    return SMCRED_OK;
}

enum server_error server_open_replica(struct server_call *call)
{
    struct server_kms_key key;
    enum smcred_status status = find(call);
    if (!server_name_is_valid(server_json_text(call->input, "Name")))
        return exists(call);
    if (status == SMCRED_DENIED && call->secret.row != 0) {
        status = overwrite(call);
        status = status == SMCRED_OK ? SMCRED_NOT_FOUND : status;
    }
    if (status == SMCRED_NOT_FOUND)
        status = make(call);
    if (status == SMCRED_DENIED)
        return exists(call);
    if (status == SMCRED_OK)
        status = server_kms_find(call->server, &call->place, call->secret.kms_key_id, &key);
    if (status == SMCRED_NOT_FOUND || (status == SMCRED_OK && key.state != SERVER_KMS_ENABLED))
        status = SMCRED_REVOKED;
    return server_fail_status(call, status == SMCRED_OK ? add_missing(call) : status);
}

/* --- filling ------------------------------------------------------------------------------------
 */

enum server_error server_put_replica_version(struct server_call *call)
{
    server_autoversion struct server_version version = {.kind = SERVER_KIND_NONE};
    server_autovalue struct server_value value = {SERVER_KIND_NONE, NULL};
    enum server_error error = find_own(call);
    if (error == SERVER_OK)
        error = server_value_read(call, &value);
    if (error != SERVER_OK)
        return error;
    version.created_ms = server_json_number(call->input, "CreatedMs", 0);
    (void)snprintf(version.id, sizeof version.id, "%s",
                   server_json_text(call->input, "VersionId")); /* fits */
    enum smcred_status status = server_value_seal(call, &value, &version);
    if (status == SMCRED_OK)
        status = server_store_version_put(call->server->store, call->secret.row, &version);
    return server_fail_status(call, status);
}

static enum smcred_status set_labels(struct server_call *call)
{
    const cJSON *each;
    enum smcred_status status = SMCRED_OK;
    cJSON_ArrayForEach(each, server_json_get(call->input, "Labels"))
    {
        if (status == SMCRED_OK)
            status = server_store_label_set(call->server->store, call->secret.row,
                                            server_json_text(each, "Label"),
                                            server_json_text(each, "VersionId"));
    }
    return status;
}

static enum smcred_status set_tags(struct server_call *call)
{
    const cJSON *each;
    enum smcred_status status = SMCRED_OK;
    cJSON_ArrayForEach(each, server_json_get(call->input, "Tags"))
    {
        if (status == SMCRED_OK)
            status = server_store_tag_set(call->server->store, call->secret.row,
                                          server_json_text(each, "Key"),
                                          server_json_text(each, "Value"));
    }
    return status;
}

/* Versions the primary has no more. */
static enum smcred_status keep_versions(struct server_call *call)
{
    char *ids = cJSON_PrintUnformatted(server_json_get(call->input, "VersionIds"));
    if (!ids)
        return SMCRED_NO_MEMORY;
    enum smcred_status status =
        server_store_versions_keep(call->server->store, call->secret.row, ids);
    cJSON_free(ids);
    return status;
}

enum server_error server_close_replica(struct server_call *call)
{
    struct server_store *store = call->server->store;
    const char *description = server_json_text(call->input, "Description");
    const char *policy = server_json_text(call->input, "Policy");
    enum server_error error = find_own(call);
    if (error != SERVER_OK)
        return error;
    (void)snprintf(call->secret.description, sizeof call->secret.description, "%s",
                   description ? description : ""); /* fits */
    call->secret.changed_ms = server_json_number(call->input, "ChangedMs", call->now_ms);
    call->secret.tagged = server_json_is_true(call->input, "Tagged");
    enum smcred_status status = server_store_secret_update(store, &call->secret);
    if (status == SMCRED_OK)
        status = server_store_replica_clear(store, call->secret.row);
    if (status == SMCRED_OK)
        status = keep_versions(call);
    if (status == SMCRED_OK)
        status = set_labels(call);
    if (status == SMCRED_OK)
        status = set_tags(call);
    if (status == SMCRED_OK && policy)
        status = server_store_resource_policy_put(store, call->secret.row, policy);
    return server_fail_status(call, status);
}

enum server_error server_drop_replica(struct server_call *call)
{
    enum smcred_status status = find(call);
    if (status == SMCRED_NOT_FOUND || status == SMCRED_DENIED)
        return SERVER_OK; /* gone already, or another's by now */
    if (status == SMCRED_OK)
        status = server_store_secret_delete(call->server->store, call->secret.row);
    call->secret.row = 0;
    return server_fail_status(call, status);
}
