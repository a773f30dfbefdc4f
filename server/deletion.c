/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * deletion.c - DeleteSecret and RestoreSecret, and what happens when nobody restores.
 */
#include "server/deletion.h"

#include <stdio.h>

#include "server/json.h"
#include "server/names.h"
#include "server/operations.h"
#include "server/record.h"
#include "server/replication.h"
#include "server/secrets.h"
#include "server/trail.h"

#define DAY_MS     INT64_C(86400000)
#define WINDOW_MIN 7 /* days */
#define WINDOW_MAX 30
#define NO_WINDOW  INT64_MIN

static void answer(struct server_call *call, int64_t deletion_ms)
{
    server_secret_identify(call, call->output);
    server_json_add_time(call->output, "DeletionDate", deletion_ms);
}

static enum server_error check_window(struct server_call *call, int64_t days, bool force)
{
    if (force && days != NO_WINDOW)
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "You can't use ForceDeleteWithoutRecovery in conjunction with "
                           "RecoveryWindowInDays.");
    if (days != NO_WINDOW && (days < WINDOW_MIN || days > WINDOW_MAX))
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "The RecoveryWindowInDays value must be between %d and %d days "
                           "(inclusive).",
                           WINDOW_MIN, WINDOW_MAX);
    return SERVER_OK;
}

/* Forcing the deletion of what is not there succeeds, with an ARN made up, so that it can repeat.
 */
static enum server_error delete_nothing(struct server_call *call, const char *id, bool force)
{
    if (!force)
        return server_fail(call, SERVER_RESOURCE_NOT_FOUND,
                           "Secrets Manager can't find the specified secret.");
    (void)snprintf(call->secret.name, sizeof call->secret.name, "%s", id); /* cut as need be */
    server_json_clean(call->secret.name);
    enum smcred_status status = server_arn_make(&call->place, call->secret.name, call->secret.arn);
    answer(call, call->now_ms);
    return server_fail_status(call, status);
}

static enum server_error schedule(struct server_call *call, int64_t days)
{
    if (call->secret.deleted_ms != 0)
        return server_fail(call, SERVER_INVALID_REQUEST,
                           "You can't perform this operation on the secret because it was marked "
                           "for deletion.");
    call->secret.deleted_ms = call->now_ms;
    call->secret.purge_ms = call->now_ms + (days == NO_WINDOW ? WINDOW_MAX : days) * DAY_MS;
    answer(call, call->secret.purge_ms);
    return server_fail_status(call, server_store_secret_update(call->server->store, &call->secret));
}

enum server_error server_delete_secret(struct server_call *call)
{
    const char *id = server_json_text(call->input, "SecretId");
    bool force = server_json_is_true(call->input, "ForceDeleteWithoutRecovery");
    int64_t days = server_json_number(call->input, "RecoveryWindowInDays", NO_WINDOW);
    enum server_error error = check_window(call, days, force);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status = server_secret_find(call, id, &call->secret);
    if (status == SMCRED_NOT_FOUND)
        return delete_nothing(call, id, force);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    error = server_replication_refuse_deletion(call);
    if (error != SERVER_OK)
        return error;
    if (!force)
        return schedule(call, days);
    answer(call, call->now_ms);
    return server_fail_status(call,
                              server_store_secret_delete(call->server->store, call->secret.row));
}

enum server_error server_restore_secret(struct server_call *call)
{
    call->secret.deleted_ms = 0;
    call->secret.purge_ms = 0;
    server_secret_identify(call, call->output);
    return server_fail_status(call, server_store_secret_update(call->server->store, &call->secret));
}

/* --- the end of the window -------------------------------------------------------------------- */

static enum smcred_status note_end(struct server *server, const struct server_secret *secret)
{
    struct server_call call;
    if (!server->trail)
        return SMCRED_OK;
    server_call_init(&call, server, SERVER_OURSELVES);
    call.secret = *secret;
    call.place = secret->place;
    enum smcred_status status = server_trail_write(
        server->trail, server_record_of_event(&call, "EndSecretVersionDelete", NULL));
    server_call_done(&call);
    return status;
}

static enum smcred_status purge_all(struct server *server, int64_t now_ms)
{
    struct server_secret secret;
    enum smcred_status status;
    while ((status = server_store_secret_to_purge(server->store, now_ms, &secret)) == SMCRED_OK) {
        status = server_store_secret_delete(server->store, secret.row);
        if (status == SMCRED_OK)
            status = note_end(server, &secret);
        if (status != SMCRED_OK)
            return status;
    }
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

enum smcred_status server_purge(struct server *server, int64_t now_ms)
{
    struct server_secret secret;
    enum smcred_status status = server_store_secret_to_purge(server->store, now_ms, &secret);
    if (status != SMCRED_OK)
        return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
    status = server_store_begin(server->store);
    if (status != SMCRED_OK)
        return status;
    status = purge_all(server, now_ms);
    if (status == SMCRED_OK)
        status = server_store_commit(server->store);
    if (status != SMCRED_OK)
        server_store_rollback(server->store);
    return status;
}
