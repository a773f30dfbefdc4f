/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stages.c - UpdateSecretVersionStage.
 */
#include "server/versions.h"

#include "server/json.h"
#include "server/labels.h"
#include "server/operations.h"
#include "server/secrets.h"
static enum server_error check_version(struct server_call *call, const char *id)
{
    server_autoversion struct server_version version = {.kind = SERVER_KIND_NONE};
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
        to ? server_version_label(call, label, to, SERVER_MOVE_KEEPS_PENDING)
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
    server_secret_identify(call, call->output);
    return error;
}
