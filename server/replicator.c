/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replicator.c - one secret to one region at a time.  Started by serve.
 *
 * What is to be sent stands in the store, so a restart of either side loses nothing:
 * replica.wake_ms is when to try next, replica.change tells whether the primary changed while it
 * was being sent.
 */
#include "server/replicator.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>

#include "common/log.h"
#include "server/base64.h"
#include "server/json.h"
#include "server/kms.h"
#include "server/remote.h"
#include "server/setup.h"
#include "server/value.h"
#include "server/versions.h"

#define TICK_MS        500 /* how often the store is asked */
#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS   300000
#define CHECK_MS       3600000 /* how often a replica is looked at that should be in line */

struct server_replicator {
    struct server server; /* with a store of its own */
    int stop_fd;
    atomic_bool stopping;
    bool started;
    pthread_t thread;
};

/* One secret on its way. */
struct delivery {
    struct server_call call; /* call.secret is the primary */
    struct server_replica entry;
    cJSON *open, *close; /* bodies */
    struct sm_error err;
};

/* --- what to send -------------------------------------------------------------------------------
 */

static bool add_id(void *context, const struct server_version *version)
{
    server_json_append(context, version->id);
    return true;
}

static void add_label(void *context, const char *version, const char *label)
{
    cJSON *object = server_json_append_object(context);
    server_json_add(object, "Label", label);
    server_json_add(object, "VersionId", version);
}

static void add_tag(void *context, const char *key, const char *value)
{
    cJSON *object = server_json_append_object(context);
    (void)cJSON_AddStringToObject(object, "Key", key);     /* server_json_failed() */
    (void)cJSON_AddStringToObject(object, "Value", value); /* as above */
}

static cJSON *new_body(const struct delivery *delivery)
{
    cJSON *body = cJSON_CreateObject();
    server_json_add(body, "Name", delivery->call.secret.name);
    server_json_add(body, "PrimaryArn", delivery->call.secret.arn);
    return body;
}

static enum smcred_status write_close(struct delivery *delivery, struct server_store *store)
{
    const struct server_secret *secret = &delivery->call.secret;
    sm_autofree char *policy = NULL;
    cJSON *body = delivery->close = new_body(delivery);
    server_json_add(body, "Description", secret->description);
    (void)cJSON_AddNumberToObject(body, "ChangedMs", (double)secret->changed_ms);
    server_json_add_bool(body, "Tagged", secret->tagged);
    enum smcred_status status = server_store_versions(store, secret->row, true, 0, add_id,
                                                      server_json_add_array(body, "VersionIds"));
    if (status == SMCRED_OK)
        status = server_store_labels(store, secret->row, NULL, add_label,
                                     server_json_add_array(body, "Labels"));
    if (status == SMCRED_OK)
        status =
            server_store_tags(store, secret->row, add_tag, server_json_add_array(body, "Tags"));
    if (status == SMCRED_OK)
        status = server_store_resource_policy(store, secret->row, &policy);
    if (status == SMCRED_OK)
        server_json_add(body, "Policy", policy);
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

/* The secret as it is now, in one reading transaction. */
static enum smcred_status take_stock(struct delivery *delivery, int64_t row, const char *region)
{
    struct server_store *store = delivery->call.server->store;
    enum smcred_status status = server_store_begin_reading(store);
    if (status != SMCRED_OK)
        return status;
    status = server_store_secret_by_row(store, row, &delivery->call.secret);
    if (status == SMCRED_OK)
        status = server_store_replica(store, row, region, &delivery->entry);
    if (status == SMCRED_OK)
        status = write_close(delivery, store);
    if (status == SMCRED_OK) {
        delivery->open = new_body(delivery);
        server_json_add(delivery->open, "KmsKeyId", delivery->entry.kms_key_id);
        server_json_add_bool(delivery->open, "Overwrite", delivery->entry.overwrite);
        (void)cJSON_AddItemToObject(
            delivery->open, "VersionIds",
            cJSON_Duplicate(server_json_get(delivery->close, "VersionIds"), true));
    }
    server_store_rollback(store); /* nothing was written */
    return status == SMCRED_OK && server_json_failed() ? SMCRED_NO_MEMORY : status;
}

/* --- sending ------------------------------------------------------------------------------------
 */

static enum smcred_status send(struct delivery *delivery, const char *operation, const cJSON *body,
                               cJSON **out_answer)
{
    return server_remote_call(delivery->call.server, delivery->entry.region, operation, body,
                              out_answer, &delivery->err);
}

static enum smcred_status send_version(struct delivery *delivery, const char *id)
{
    server_autoversion struct server_version version = {.kind = SERVER_KIND_NONE};
    server_autovalue struct server_value value = {SERVER_KIND_NONE, NULL};
    server_autojson cJSON *body = new_body(delivery), *answer = NULL;
    struct server_call *call = &delivery->call;
    enum smcred_status status =
        server_store_version(call->server->store, call->secret.row, id, &version);
    if (status == SMCRED_NOT_FOUND)
        return SMCRED_OK; /* gone meanwhile; the next delivery says so */
    if (status == SMCRED_OK && version.kind != SERVER_KIND_NONE)
        status = server_value_unseal(call, &version, &value);
    if (status == SMCRED_OK && version.kind != SERVER_KIND_NONE)
        status = server_value_add(&value, body);
    if (status != SMCRED_OK)
        return sm_error_set(&delivery->err, status, "version %s: %s", id, sm_status_text(status));
    server_json_add(body, "VersionId", id);
    (void)cJSON_AddNumberToObject(body, "CreatedMs",
                                  (double)version.created_ms); /* json_failed() */
    return send(delivery, "SmcredReplicaVersion", body, &answer);
}

static enum smcred_status deliver(struct delivery *delivery)
{
    server_autojson cJSON *answer = NULL, *closed = NULL;
    const cJSON *id;
    if (delivery->entry.leaving)
        return send(delivery, "SmcredReplicaDrop", delivery->open, &answer);
    enum smcred_status status = send(delivery, "SmcredReplicaOpen", delivery->open, &answer);
    cJSON_ArrayForEach(id, server_json_get(answer, "Missing"))
    {
        if (status == SMCRED_OK && cJSON_IsString(id))
            status = send_version(delivery, id->valuestring);
    }
    return status == SMCRED_OK ? send(delivery, "SmcredReplicaClose", delivery->close, &closed)
                               : status;
}

/* --- what came of it ----------------------------------------------------------------------------
 */

static void plan_retry(struct server_replica *entry, int64_t now_ms)
{
    int64_t wait_ms = RETRY_FIRST_MS;
    for (int64_t i = 0; i < entry->attempts && wait_ms < RETRY_MAX_MS; i++)
        wait_ms *= 2;
    entry->attempts++;
    entry->wake_ms = now_ms + (wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS);
}

static void judge(struct delivery *delivery, enum smcred_status status, int64_t now_ms)
{
    struct server_replica *entry = &delivery->entry;
    bool is_check = entry->wake_ms == 0; /* there was nothing to send */
    entry->checked_ms = now_ms;
    if (is_check && status == SMCRED_UNAVAILABLE)
        return; /* nobody says that it is not as it was */
    entry->failed = status != SMCRED_OK;
    entry->wake_ms = 0;
    if (status == SMCRED_OK) {
        entry->attempts = 0;
        (void)snprintf(entry->message, sizeof entry->message, "Replication succeeded"); /* fits */
        return;
    }
    (void)snprintf(entry->message, sizeof entry->message, "Replication failed: %s",
                   delivery->err.text); /* cut as need be */
    entry->checked_ms = 0;
    if (status != SMCRED_DENIED)
        plan_retry(entry, now_ms);
    log_warning("cannot replicate %s to %s: %s", delivery->call.secret.arn, entry->region,
                log_quote(delivery->err.text));
}

/* Unless the primary has changed meanwhile: then it is sent again. */
static enum smcred_status note(struct delivery *delivery, enum smcred_status result)
{
    struct server_store *store = delivery->call.server->store;
    int64_t row = delivery->call.secret.row;
    struct server_replica now;
    enum smcred_status status = server_store_begin(store);
    if (status != SMCRED_OK)
        return status;
    status = server_store_replica(store, row, delivery->entry.region, &now);
    if (status == SMCRED_OK && now.change == delivery->entry.change) {
        judge(delivery, result, delivery->call.server->now_ms());
        status = result == SMCRED_OK && delivery->entry.leaving
                     ? server_store_replica_remove(store, row, delivery->entry.region)
                     : server_store_replica_put(store, row, &delivery->entry);
    }
    if (status == SMCRED_NOT_FOUND)
        status = SMCRED_OK; /* no replica any more */
    if (status == SMCRED_OK)
        status = server_store_commit(store);
    if (status != SMCRED_OK)
        server_store_rollback(store);
    return status;
}

/* Sends what is due first; false if nothing is, or nothing can be now. */
static bool work(struct server_replicator *replicator)
{
    struct server *server = &replicator->server;
    struct delivery delivery = {.open = NULL};
    char region[SERVER_REGION_MAX + 1];
    int64_t row;
    int64_t now_ms = server->now_ms();
    enum smcred_status status = server_store_replica_due(server->store, now_ms, now_ms - CHECK_MS,
                                                         &row, region, sizeof region);
    if (status != SMCRED_OK)
        return false;
    server_call_init(&delivery.call, server, SERVER_OURSELVES);
    status = take_stock(&delivery, row, region);
    if (status == SMCRED_OK)
        status = note(&delivery, deliver(&delivery));
    if (status != SMCRED_OK)
        log_error("cannot replicate: %s (store: %s)", sm_status_text(status),
                  server_store_error(server->store));
    cJSON_Delete(delivery.open);
    cJSON_Delete(delivery.close);
    server_call_done(&delivery.call);
    return status == SMCRED_OK;
}

/* --- start and stop -----------------------------------------------------------------------------
 */

static void *replicate(void *context)
{
    struct server_replicator *replicator = context;
    struct pollfd stop = {.fd = replicator->stop_fd, .events = POLLIN};
    while (!atomic_load(&replicator->stopping)) {
        if (!work(replicator))
            (void)poll(&stop, 1, TICK_MS); /* whatever it says, the loop looks */
    }
    return NULL;
}

static enum smcred_status prepare(struct server_replicator *replicator, const char *directory,
                                  struct sm_error *err)
{
    struct server *server = &replicator->server;
    server->store = NULL;
    server->signing = NULL;         /* of the thread that answers calls */
    server->kms = server_kms_new(); /* of one thread each */
    replicator->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!server->kms)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    if (replicator->stop_fd < 0)
        return sm_error_set(err, SMCRED_SYSTEM, "no eventfd: %s", strerror(errno));
    enum smcred_status status = server_setup_open_store(directory, &server->store, err);
    if (status != SMCRED_OK)
        return status;
    int code = pthread_create(&replicator->thread, NULL, replicate, replicator);
    replicator->started = code == 0;
    return code == 0
               ? SMCRED_OK
               : sm_error_set(err, SMCRED_SYSTEM, "cannot start a thread: %s", strerror(code));
}

enum smcred_status server_replicator_start(const struct server *server, const char *directory,
                                           struct server_replicator **out_replicator,
                                           struct sm_error *err)
{
    struct server_replicator *replicator = calloc(1, sizeof *replicator);
    if (!replicator)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    replicator->server = *server;
    enum smcred_status status = prepare(replicator, directory, err);
    if (status == SMCRED_OK)
        *out_replicator = replicator;
    else
        server_replicator_stop(replicator);
    return status;
}

void server_replicator_stop(struct server_replicator *replicator)
{
    const uint64_t one = 1;
    if (!replicator)
        return;
    atomic_store(&replicator->stopping, true);
    (void)!write(replicator->stop_fd, &one, sizeof one); /* full: it is awake */
    if (replicator->started)
        (void)pthread_join(replicator->thread, NULL); /* it has no other end */
    server_kms_free(replicator->server.kms);
    server_store_close(replicator->server.store);
    sm_close_fd(&replicator->stop_fd);
    free(replicator);
}
