/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * labels.c - the moves of staging labels.  Called by the operations that make or promote versions.
 */
#include "server/labels.h"

/* The version at `from` has lost AWSCURRENT to the one at `to`. */
static enum smcred_status leave_current(struct server_store *store, int64_t secret,
                                        const char *from, enum server_move move)
{
    char pending[SERVER_VERSION_ID_MAX + 1];
    enum smcred_status status = server_store_label_set(store, secret, SERVER_PREVIOUS, from);
    if (status != SMCRED_OK || move == SERVER_MOVE_KEEPS_PENDING)
        return status;
    status = server_store_label(store, secret, SERVER_PENDING, pending);
    if (status == SMCRED_OK && strcmp(pending, from) == 0)
        return server_store_label_remove(store, secret, SERVER_PENDING);
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

static enum smcred_status check_count(struct server_store *store, int64_t secret)
{
    int64_t count;
    enum smcred_status status = server_store_label_count(store, secret, &count);
    if (status == SMCRED_OK && count > SERVER_LABELS_MAX)
        return SMCRED_LIMITED;
    return status;
}

enum smcred_status server_label_move(struct server_store *store, int64_t secret, const char *label,
                                     const char *version, enum server_move move)
{
    char from[SERVER_VERSION_ID_MAX + 1];
    enum smcred_status found = server_store_label(store, secret, label, from);
    if (found != SMCRED_OK && found != SMCRED_NOT_FOUND)
        return found;
    bool moves = found == SMCRED_OK && strcmp(from, version) != 0;
    enum smcred_status status = server_store_label_set(store, secret, label, version);
    if (status == SMCRED_OK && moves && strcmp(label, SERVER_CURRENT) == 0)
        status = leave_current(store, secret, from, move);
    return status == SMCRED_OK ? check_count(store, secret) : status;
}
