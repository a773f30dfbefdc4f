/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.c - everything in a store, opened once.  Called by admin_check.c and admin_backup.c.
 */
#include "server/check.h"

#include <stdio.h>

#include "server/json.h"
#include "server/keys.h"
#include "server/parameter_value.h"
#include "server/store_check.h"
#include "server/value.h"
#include "server/versions.h"

/* Where to look, and what came of it. */
struct round {
    struct server_check *check;
    struct server_call *call;
    enum smcred_status status; /* of the store, not of a row */
};

static void tell(struct server_check *check, const char *where, const char *what)
{
    check->findings++;
    check->found(check->context, where, what);
}

static void tell_row(void *context, const char *const columns[3])
{
    const struct round *round = context;
    tell(round->check, columns[0], columns[1]);
}

/* SMCRED_INVALID is a value that does not open; anything else is not the row's fault. */
static void judge(struct round *round, enum smcred_status status, const char *where,
                  const char *what)
{
    if (status == SMCRED_INVALID)
        tell(round->check, where, what);
    else if (status != SMCRED_OK && round->status == SMCRED_OK)
        round->status = status;
}

static enum smcred_status open_version(struct server_call *call, const char *arn, const char *id)
{
    server_autoversion struct server_version version = {.kind = SERVER_KIND_NONE};
    server_autovalue struct server_value value = {SERVER_KIND_NONE, NULL};
    struct server_store *store = call->server->store;
    enum smcred_status status = server_store_secret_by_arn(store, sm_bytes_of(arn), &call->secret);
    if (status == SMCRED_OK)
        status = server_store_version(store, call->secret.row, id, &version);
    call->place = call->secret.place;
    version.kms_disabled = false; /* its key may be enabled again, and must open it then */
    return status == SMCRED_OK ? server_value_unseal(call, &version, &value) : status;
}

static void check_version(void *context, const char *const columns[3])
{
    struct round *round = context;
    char what[SERVER_VERSION_ID_MAX + 64];
    (void)snprintf(what, sizeof what, "version %s does not open", columns[1]); /* fits */
    round->check->versions++;
    judge(round, open_version(round->call, columns[0], columns[1]), columns[0], what);
}

static enum smcred_status open_parameter(struct server_call *call, const char *name,
                                         const char *version)
{
    server_autoparameter struct server_parameter parameter = {.row = 0};
    server_autojson cJSON *object = cJSON_CreateObject();
    enum smcred_status status = server_store_parameter(call->server->store, &call->place, name,
                                                       strtoll(version, NULL, 10), &parameter);
    if (status == SMCRED_OK)
        status = server_parameter_add_value(call, &parameter, true, object);
    return server_json_failed() ? SMCRED_NO_MEMORY : status;
}

static void check_parameter(void *context, const char *const columns[3])
{
    struct round *round = context;
    struct server_place *place = &round->call->place;
    char what[64];
    const char *name = columns[1] + SERVER_ACCOUNT_LEN + 1;
    (void)snprintf(place->region, sizeof place->region, "%s", columns[0]); /* fit */
    (void)snprintf(place->account, sizeof place->account, "%.12s", columns[1]);
    (void)snprintf(what, sizeof what, "version %.20s does not open", columns[2]);
    round->check->parameters++;
    judge(round, open_parameter(round->call, name, columns[2]), name, what);
}

static void check_key(void *context, const struct server_key *key)
{
    static const struct sigv4_scope scope = {"19700101T000000Z", "check", "check"};
    struct round *round = context;
    struct server_key found;
    const struct sm_secret *signing_key;
    round->check->keys++;
    judge(round,
          server_key_find(round->call->server, sm_bytes_of(key->id), &scope, &found, &signing_key),
          key->id, "the access key does not open");
}

enum smcred_status server_check_pages(struct server_store *store, struct server_check *check)
{
    struct round round = {.check = check};
    return server_store_check_pages(store, tell_row, &round);
}

enum smcred_status server_check(struct server *server, struct server_check *check)
{
    struct server_call *call = malloc(sizeof *call);
    struct round round = {check, call, SMCRED_OK};
    if (!call)
        return SMCRED_NO_MEMORY;
    server_call_init(call, server, "check");
    struct server_store *store = server->store;
    enum smcred_status status = server_check_pages(store, check);
    if (status == SMCRED_OK)
        status = server_store_check_rules(store, tell_row, &round);
    if (status == SMCRED_OK)
        status = server_store_check_versions(store, check_version, &round);
    if (status == SMCRED_OK)
        status = server_store_check_parameters(store, check_parameter, &round);
    if (status == SMCRED_OK)
        status = server_store_keys(store, check_key, &round);
    server_call_done(call);
    free(call);
    return status == SMCRED_OK ? round.status : status;
}
