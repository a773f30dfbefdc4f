/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replication.c - ReplicateSecretToRegions, RemoveRegionsFromReplication, StopReplicationToReplica,
 * and what keeps replicas like their primary.
 */
#include "server/replication.h"

#include <stdarg.h>
#include <stdio.h>

#include "server/json.h"
#include "server/kms.h"
#include "server/names.h"
#include "server/operations.h"
#include "server/value.h"
#include "server/versions.h"

/* --- copying ------------------------------------------------------------------------------------
 */

/* Versions of a secret, as a list that can be walked while others are written. */
struct ids {
    char (*ids)[SERVER_VERSION_ID_MAX + 1];
    size_t count;
    bool failed;
};

static bool collect(void *context, const struct server_version *version)
{
    struct ids *list = context;
    void *grown = reallocarray(list->ids, list->count + 1, sizeof *list->ids);
    if (!grown) {
        list->failed = true;
        return false;
    }
    list->ids = grown;
    memcpy(list->ids[list->count++], version->id, sizeof version->id);
    return true;
}

/* Opens a version of the primary, and seals its value for the replica. */
static enum smcred_status copy_version(struct server_call *call,
                                       const struct server_secret *replica, const char *id)
{
    const struct server_secret primary = call->secret;
    server_autoversion struct server_version from = {.kind = SERVER_KIND_NONE};
    server_autoversion struct server_version to = {.kind = SERVER_KIND_NONE};
    server_autovalue struct server_value value = {SERVER_KIND_NONE, NULL};
    struct server_store *store = call->server->store;
    enum smcred_status status = server_store_version(store, replica->row, id, &to);
    if (status == SMCRED_OK && to.kind != SERVER_KIND_NONE)
        return SMCRED_OK; /* versions do not change once they have a value */
    if (status == SMCRED_OK || status == SMCRED_NOT_FOUND)
        status = server_store_version(store, primary.row, id, &from);
    if (status == SMCRED_OK && from.kind != SERVER_KIND_NONE)
        status = server_value_unseal(call, &from, &value);
    if (status != SMCRED_OK)
        return status;
    to = (struct server_version){.created_ms = from.created_ms};
    memcpy(to.id, from.id, sizeof to.id);
    call->secret = *replica;
    status = server_value_seal(call, &value, &to);
    call->secret = primary;
    return status == SMCRED_OK ? server_store_version_put(store, replica->row, &to) : status;
}

static enum smcred_status copy_versions(struct server_call *call,
                                        const struct server_secret *replica)
{
    struct ids list = {.ids = NULL};
    enum smcred_status status =
        server_store_versions(call->server->store, call->secret.row, true, 0, collect, &list);
    if (status == SMCRED_OK && list.failed)
        status = SMCRED_NO_MEMORY;
    for (size_t i = 0; status == SMCRED_OK && i < list.count; i++)
        status = copy_version(call, replica, list.ids[i]);
    free(list.ids);
    return status;
}

/* All but the values, which are sealed, and what is the replica's own: key and date of access. */
static enum smcred_status copy_rest(struct server_call *call, struct server_secret *replica)
{
    struct server_store *store = call->server->store;
    memcpy(replica->description, call->secret.description, sizeof replica->description);
    replica->changed_ms = call->secret.changed_ms;
    replica->tagged = call->secret.tagged;
    enum smcred_status status = server_store_secret_update(store, replica);
    return status == SMCRED_OK ? server_store_replica_copy(store, call->secret.row, replica->row)
                               : status;
}

/* --- one region ---------------------------------------------------------------------------------
 */

static enum smcred_status find_replica(struct server_call *call, const char *region,
                                       struct server_secret *out_replica)
{
    struct server_place place = call->secret.place;
    (void)snprintf(place.region, sizeof place.region, "%s", region); /* validated: fits */
    return server_store_secret_by_name(call->server->store, &place, sm_bytes_of(call->secret.name),
                                       out_replica);
}

static bool is_ours(const struct server_call *call, const struct server_secret *replica)
{
    return strcmp(replica->primary_region, call->secret.place.region) == 0;
}

static enum smcred_status make_replica(struct server_call *call, const struct server_replica *entry,
                                       struct server_secret *out_replica)
{
    struct server_secret replica = {.place = call->secret.place,
                                    .created_ms = call->now_ms,
                                    .changed_ms = call->secret.changed_ms};
    memcpy(replica.name, call->secret.name, sizeof replica.name);
    (void)snprintf(replica.place.region, sizeof replica.place.region, "%s", entry->region);
    (void)snprintf(replica.kms_key_id, sizeof replica.kms_key_id, "%s", entry->kms_key_id);
    (void)snprintf(replica.primary_region, sizeof replica.primary_region, "%s",
                   call->secret.place.region); /* all fit */
    server_arn_in(&replica.place, call->secret.arn, replica.arn);
    enum smcred_status status = server_store_secret_insert(call->server->store, &replica);
    if (status == SMCRED_OK)
        *out_replica = replica;
    return status;
}

SM_PRINTF(2, 3)
static enum smcred_status fail(struct server_replica *entry, const char *format, ...)
{
    va_list args;
    entry->failed = true;
    va_start(args, format);
    (void)vsnprintf(entry->message, sizeof entry->message, format, args); /* cut as need be */
    va_end(args);
    return SMCRED_OK;
}

/* One on another server: the replicator sends it once this is committed. */
static enum smcred_status send_later(const struct server_call *call, struct server_replica *entry)
{
    entry->wake_ms = call->now_ms;
    entry->attempts = 0;
    entry->change++;
    entry->failed = false;
    (void)snprintf(entry->message, sizeof entry->message, "Replication in progress"); /* fits */
    return SMCRED_OK;
}

/* Brings one replica in line; what cannot be done is written into `entry`. */
static enum smcred_status sync_one(struct server_call *call, struct server_replica *entry)
{
    struct server_secret replica;
    struct server_kms_key key;
    enum smcred_status status = server_store_remote_is_known(call->server->store, entry->region);
    if (status != SMCRED_NOT_FOUND)
        return status == SMCRED_OK ? send_later(call, entry) : status;
    status = find_replica(call, entry->region, &replica);
    if (status == SMCRED_OK && !is_ours(call, &replica))
        return fail(entry, "Replication failed: Secret name %s already exists in region %s.",
                    call->secret.name, entry->region);
    if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
        return status;
    bool is_new = status == SMCRED_NOT_FOUND;
    struct server_place place = call->secret.place;
    (void)snprintf(place.region, sizeof place.region, "%s", entry->region); /* fits */
    status = server_kms_find(call->server, &place, entry->kms_key_id, &key);
    if (status == SMCRED_NOT_FOUND || (status == SMCRED_OK && key.state != SERVER_KMS_ENABLED))
        return fail(entry, "Replication failed: The KMS key in region %s can't be used.",
                    entry->region);
    if (status == SMCRED_OK && is_new)
        status = make_replica(call, entry, &replica);
    if (status == SMCRED_OK)
        status = copy_versions(call, &replica);
    if (status == SMCRED_OK)
        status = copy_rest(call, &replica);
    if (status == SMCRED_INVALID)
        return fail(entry, "Replication failed: The secret can't be decrypted in its primary "
                           "region.");
    entry->failed = false;
    (void)snprintf(entry->message, sizeof entry->message, "Replication succeeded"); /* fits */
    return status;
}

/* Every region, in order; `then` is called for each and may end it. */
static enum smcred_status each_replica(struct server_call *call, const struct server_secret *secret,
                                       enum smcred_status (*then)(struct server_call *call,
                                                                  struct server_replica *entry,
                                                                  void *context),
                                       void *context)
{
    struct server_replica entry = {.region = ""};
    char region[SERVER_REGION_MAX + 1] = "";
    enum smcred_status status;
    while ((status = server_store_replica_after(call->server->store, secret->row, region,
                                                &entry)) == SMCRED_OK) {
        memcpy(region, entry.region, sizeof region);
        status = then(call, &entry, context);
        if (status != SMCRED_OK)
            return status;
    }
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

static enum smcred_status sync_and_note(struct server_call *call, struct server_replica *entry,
                                        void *context)
{
    (void)context;
    enum smcred_status status = sync_one(call, entry);
    return status == SMCRED_OK
               ? server_store_replica_put(call->server->store, call->secret.row, entry)
               : status;
}

enum smcred_status server_replication_sync(struct server_call *call)
{
    return call->secret.row != 0 ? each_replica(call, &call->secret, sync_and_note, NULL)
                                 : SMCRED_OK;
}

/* --- showing ------------------------------------------------------------------------------------
 */

struct showing {
    const struct server_secret *secret;
    cJSON *list;
};

static enum smcred_status show(struct server_call *call, struct server_replica *entry,
                               void *context)
{
    const struct showing *showing = context;
    struct server_secret replica;
    if (entry->leaving)
        return SMCRED_OK;
    struct server_place place = showing->secret->place;
    cJSON *object = server_json_append_object(showing->list);
    (void)snprintf(place.region, sizeof place.region, "%s", entry->region); /* fits */
    server_json_add(object, "Region", entry->region);
    server_json_add(object, "KmsKeyId",
                    *entry->kms_key_id ? entry->kms_key_id : SERVER_KMS_DEFAULT);
    server_json_add(object, "Status",
                    entry->failed        ? "Failed"
                    : entry->wake_ms > 0 ? "InProgress"
                                         : "InSync");
    server_json_add(object, "StatusMessage", entry->message);
    enum smcred_status status = server_store_secret_by_name(
        call->server->store, &place, sm_bytes_of(showing->secret->name), &replica);
    if (status == SMCRED_OK && !entry->failed)
        server_json_add_time(object, "LastAccessedDate", replica.accessed_ms);
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

enum smcred_status server_replication_add_status(struct server_call *call,
                                                 const struct server_secret *secret, cJSON *object)
{
    struct showing showing = {secret, server_json_add_array(object, "ReplicationStatus")};
    return each_replica(call, secret, show, &showing);
}

enum smcred_status server_replication_describe(struct server_call *call,
                                               const struct server_secret *secret, bool with_status,
                                               cJSON *object)
{
    struct server_replica first;
    if (*secret->primary_region) {
        server_json_add(object, "PrimaryRegion", secret->primary_region);
        return SMCRED_OK;
    }
    enum smcred_status status =
        server_store_replica_after(call->server->store, secret->row, "", &first);
    if (status != SMCRED_OK)
        return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
    server_json_add(object, "PrimaryRegion", secret->place.region);
    return with_status ? server_replication_add_status(call, secret, object) : SMCRED_OK;
}

/* --- refusing -----------------------------------------------------------------------------------
 */

enum server_error server_replication_refuse(struct server_call *call,
                                            const struct server_secret *secret)
{
    return *secret->primary_region
               ? server_fail(call, SERVER_INVALID_PARAMETER,
                             "Operation not permitted on a replica secret. Call must be made in "
                             "primary secret's region.")
               : SERVER_OK;
}

struct regions {
    char text[1024];
    size_t len;
};

static enum smcred_status append_region(struct server_call *call, struct server_replica *entry,
                                        void *context)
{
    struct regions *regions = context;
    size_t room = sizeof regions->text - regions->len;
    (void)call;
    int len = snprintf(regions->text + regions->len, room, "%s%s", regions->len > 0 ? ", " : "",
                       entry->region);
    regions->len += (size_t)len < room ? (size_t)len : room - 1;
    return SMCRED_OK;
}

enum server_error server_replication_refuse_deletion(struct server_call *call)
{
    struct regions regions = {.len = 0};
    enum server_error error = server_replication_refuse(call, &call->secret);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status = each_replica(call, &call->secret, append_region, &regions);
    if (status != SMCRED_OK || regions.len == 0)
        return server_fail_status(call, status);
    return server_fail(call, SERVER_INVALID_PARAMETER,
                       "You can't delete secret %s that still has replica regions [%s]",
                       call->secret.name, regions.text);
}

/* --- operations ---------------------------------------------------------------------------------
 */

/* What stands in the way of a replica goes, if it is a secret that stands alone. */
static enum smcred_status overwrite(struct server_call *call, const char *region)
{
    struct server_secret other;
    struct server_replica first;
    struct server_store *store = call->server->store;
    enum smcred_status status = find_replica(call, region, &other);
    if (status != SMCRED_OK || *other.primary_region)
        return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
    status = server_store_replica_after(store, other.row, "", &first);
    if (status == SMCRED_OK)
        return SMCRED_OK; /* it has replicas of its own; sync_one() says so */
    return status == SMCRED_NOT_FOUND ? server_store_secret_delete(store, other.row) : status;
}

/* Of a region of this server's; keys of another server are that one's to guard. */
static enum server_error allow_key(struct server_call *call, const struct server_replica *entry)
{
    struct server_place place = call->secret.place;
    memcpy(place.region, entry->region, sizeof place.region);
    return server_kms_access(call, &place, entry->kms_key_id, false);
}

static enum server_error add_region(struct server_call *call, const cJSON *wanted)
{
    struct server_replica entry = {.failed = false};
    const char *region = server_json_text(wanted, "Region");
    const char *key = server_json_text(wanted, "KmsKeyId");
    if (!region || strcmp(region, call->secret.place.region) == 0)
        return server_fail(call, SERVER_INVALID_PARAMETER, "Invalid replica region.");
    enum smcred_status status = server_store_remote_is_known(call->server->store, region);
    if (status == SMCRED_NOT_FOUND && !server_region_is_served(call->server, region))
        return server_fail(call, SERVER_INVALID_PARAMETER, "Invalid replica region.");
    struct server_replica known;
    if (server_store_replica(call->server->store, call->secret.row, region, &known) == SMCRED_OK)
        entry.change = known.change; /* what is under way is then known to be old */
    (void)snprintf(entry.region, sizeof entry.region, "%s", region); /* fit */
    (void)snprintf(entry.kms_key_id, sizeof entry.kms_key_id, "%s", key ? key : "");
    enum server_error error = status == SMCRED_NOT_FOUND ? allow_key(call, &entry) : SERVER_OK;
    if (error != SERVER_OK)
        return error;
    entry.overwrite = server_json_is_true(call->input, "ForceOverwriteReplicaSecret");
    if (status == SMCRED_NOT_FOUND)
        status = entry.overwrite ? overwrite(call, region) : SMCRED_OK;
    if (status == SMCRED_OK)
        status = sync_and_note(call, &entry, NULL);
    return server_fail_status(call, status);
}

enum server_error server_replication_add(struct server_call *call)
{
    const cJSON *regions = server_json_get(call->input, "AddReplicaRegions"), *each;
    cJSON_ArrayForEach(each, regions)
    {
        enum server_error error = add_region(call, each);
        if (error != SERVER_OK)
            return error;
    }
    return regions ? server_fail_status(
                         call, server_replication_add_status(call, &call->secret, call->output))
                   : SERVER_OK;
}

/* The value is opened, and sealed under keys that more people may use. */
enum server_error server_replicate_secret_to_regions(struct server_call *call)
{
    enum server_error error =
        server_kms_access(call, &call->secret.place, call->secret.kms_key_id, true);
    server_json_add(call->output, "ARN", call->secret.arn);
    return error == SERVER_OK ? server_replication_add(call) : error;
}

/* The replica on another server goes once that has been told. */
static enum smcred_status leave(struct server_call *call, const char *region)
{
    struct server_replica entry;
    struct server_store *store = call->server->store;
    enum smcred_status status = server_store_replica(store, call->secret.row, region, &entry);
    if (status != SMCRED_OK)
        return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
    entry.leaving = true;
    (void)send_later(call, &entry); /* sets what is put */
    return server_store_replica_put(store, call->secret.row, &entry);
}

static enum smcred_status remove_region(struct server_call *call, const char *region)
{
    struct server_secret replica;
    struct server_store *store = call->server->store;
    enum smcred_status status = server_store_remote_is_known(store, region);
    if (status != SMCRED_NOT_FOUND)
        return status == SMCRED_OK ? leave(call, region) : status;
    status = find_replica(call, region, &replica);
    if (status == SMCRED_OK && is_ours(call, &replica))
        status = server_store_secret_delete(store, replica.row);
    if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
        return status;
    return server_store_replica_remove(store, call->secret.row, region);
}

enum server_error server_remove_regions_from_replication(struct server_call *call)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, server_json_get(call->input, "RemoveReplicaRegions"))
    {
        enum smcred_status status = remove_region(call, each->valuestring);
        if (status != SMCRED_OK)
            return server_fail_status(call, status);
    }
    server_json_add(call->output, "ARN", call->secret.arn);
    return server_fail_status(call,
                              server_replication_add_status(call, &call->secret, call->output));
}

enum server_error server_stop_replication_to_replica(struct server_call *call)
{
    struct server_store *store = call->server->store;
    struct server_place place = call->secret.place;
    struct server_secret primary;
    if (!*call->secret.primary_region)
        return server_fail(call, SERVER_INVALID_REQUEST,
                           "You can't stop replication to a secret that is not a replica.");
    memcpy(place.region, call->secret.primary_region, sizeof place.region);
    enum smcred_status status =
        server_store_secret_by_name(store, &place, sm_bytes_of(call->secret.name), &primary);
    if (status == SMCRED_OK)
        status = server_store_replica_remove(store, primary.row, call->secret.place.region);
    if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
        return server_fail_status(call, status);
    call->secret.primary_region[0] = '\0';
    server_json_add(call->output, "ARN", call->secret.arn);
    return server_fail_status(call, server_store_secret_update(store, &call->secret));
}
