/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * environment.c - the environment of a rotation function.  Called by the rotator.
 *
 * "NAME=VALUE" after "NAME=VALUE", each with its NUL.  Not in the vault, whose pages a child does
 * not inherit; the key is good for one step, and wiped when the function has started.
 */
#include "server/environment.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "server/keys.h"
#include "server/names.h"

#define ENVIRONMENT_MAX 8192 /* bytes */
/* A user of its own for every run, so that nothing outlives it. */
#define PRINCIPAL_HEAD  "arn:*:iam::*:user/secretsmanager-rotation/"

/* What AWS's template gives a function's role, for its own secret alone. */
#define POLICY                                                                                     \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":["                \
    "\"secretsmanager:DescribeSecret\",\"secretsmanager:GetSecretValue\","                         \
    "\"secretsmanager:PutSecretValue\",\"secretsmanager:UpdateSecretVersionStage\"],"              \
    "\"Resource\":\"%s\"},{\"Effect\":\"Allow\",\"Action\":\"secretsmanager:GetRandomPassword\","  \
    "\"Resource\":\"*\"}]}"

struct server_environment {
    char principal[SERVER_PRINCIPAL_MAX + 1];
    char key_id[SERVER_KEY_ID_LEN + 1];
    size_t len;
    char text[ENVIRONMENT_MAX];
};

SM_PRINTF(2, 3)
static void add(struct server_environment *environment, const char *format, ...)
{
    va_list args;
    size_t room = sizeof environment->text - environment->len;
    va_start(args, format);
    int len = vsnprintf(environment->text + environment->len, room, format, args);
    va_end(args);
    assert(len >= 0 && (size_t)len < room); /* ENVIRONMENT_MAX is more than all of it */
    environment->len += (size_t)len + 1;
}

static void add_all(struct server_environment *environment, const struct server_call *call,
                    const char *url, const struct sm_secret *secret_key)
{
    const char *region = call->secret.place.region;
    add(environment, "PATH=/usr/local/bin:/usr/bin:/bin");
    add(environment, "HOME=/");
    add(environment, "LANG=C.UTF-8");
    add(environment, "AWS_REGION=%s", region);
    add(environment, "AWS_DEFAULT_REGION=%s", region);
    add(environment, "AWS_EC2_METADATA_DISABLED=true");
    add(environment, "AWS_ACCESS_KEY_ID=%s", environment->key_id);
    add(environment, "AWS_SECRET_ACCESS_KEY=%s", (const char *)sm_secret_view(secret_key).data);
    add(environment, "SECRETS_MANAGER_ENDPOINT=%s", url); /* as AWS's own functions read it */
    add(environment, "AWS_ENDPOINT_URL_SECRETS_MANAGER=%s", url);
}

/* A user that may rotate this secret. */
static enum smcred_status make_principal(struct server_environment *environment,
                                         const struct server_call *call)
{
    struct server_store *store = call->server->store;
    char name[SERVER_REQUEST_ID_LEN + 1], policy[sizeof POLICY + SERVER_ARN_MAX];
    server_uuid(name);
    (void)snprintf(environment->principal, sizeof environment->principal,
                   "arn:%s:iam::%s:user/secretsmanager-rotation/%s",
                   server_partition(call->secret.place.region), call->secret.place.account,
                   name);                                            /* fits */
    (void)snprintf(policy, sizeof policy, POLICY, call->secret.arn); /* fits; needs no escapes */
    enum smcred_status status =
        server_store_principal_add(store, environment->principal, call->now_ms);
    return status == SMCRED_OK
               ? server_store_policy_put(store, environment->principal, "rotation", policy)
               : status;
}

enum smcred_status server_environment_new(struct server_call *call, const char *url,
                                          struct server_environment **out)
{
    sm_autosecret struct sm_secret *secret_key = NULL;
    struct server_environment *environment = calloc(1, sizeof *environment);
    if (!environment)
        return SMCRED_NO_MEMORY;
    enum smcred_status status = make_principal(environment, call);
    if (status == SMCRED_OK)
        status = server_key_create(call->server, environment->principal, environment->key_id,
                                   &secret_key);
    if (status != SMCRED_OK) {
        server_environment_free(environment);
        return status;
    }
    add_all(environment, call, url, secret_key);
    *out = environment;
    return SMCRED_OK;
}

void server_environment_list(const struct server_environment *environment,
                             char *out[SERVER_ENVIRONMENT_VARIABLES])
{
    const char *at = environment->text, *end = at + environment->len;
    size_t count = 0;
    for (; at < end && count < SERVER_ENVIRONMENT_VARIABLES - 1; at += strlen(at) + 1)
        out[count++] = (char *)(uintptr_t)at; /* execve() does not write */
    out[count] = NULL;
}

void server_environment_free(struct server_environment *environment)
{
    if (!environment)
        return;
    explicit_bzero(environment, sizeof *environment);
    free(environment);
}

const char *server_environment_principal(const struct server_environment *environment)
{
    return environment->principal;
}

enum smcred_status server_environment_revoke(struct server_store *store, const char *principal)
{
    return server_store_principals_delete(store, *principal ? principal : PRINCIPAL_HEAD "*");
}
