/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * environment.c - the environment of a rotation function.  Called by the rotator.
 *
 * "NAME=VALUE" after "NAME=VALUE", each with its NUL.  Not in the vault, whose pages a child does
 * not inherit; its credentials are good for one step, and wiped when the function has started.
 */
#include "server/environment.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "server/names.h"
#include "server/session.h"

#define ENVIRONMENT_MAX (8192 + SERVER_SESSION_TOKEN_MAX) /* bytes */
#define ROLE            "arn:%s:iam::%s:role/secretsmanager-rotation"
#define GRACE_S         5 /* of the credentials, after the function's own time */

/* What AWS's template gives a function's role: the role for any secret, its session for one. */
#define POLICY(rotates, reads)                                                                     \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":["                \
    "\"secretsmanager:DescribeSecret\",\"secretsmanager:GetSecretValue\","                         \
    "\"secretsmanager:PutSecretValue\",\"secretsmanager:UpdateSecretVersionStage\"],"              \
    "\"Resource\":\"" rotates "\"},{\"Effect\":\"Allow\",\"Action\":["                             \
    "\"secretsmanager:DescribeSecret\",\"secretsmanager:GetSecretValue\"],"                        \
    "\"Resource\":\"" reads "\"},{\"Effect\":\"Allow\",\"Action\":["                               \
    "\"kms:Decrypt\",\"kms:GenerateDataKey\"],\"Resource\":\"*\",\"Condition\":{\"StringLike\":{"  \
    "\"kms:EncryptionContext:SecretARN\":[\"" rotates "\",\"" reads                                \
    "\"]}}},{\"Effect\":\"Allow\","                                                                \
    "\"Action\":\"secretsmanager:GetRandomPassword\",\"Resource\":\"*\"}]}"

struct server_environment {
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
                    const char *url, const struct server_credentials *credentials)
{
    const char *region = call->secret.place.region;
    add(environment, "PATH=/usr/local/bin:/usr/bin:/bin");
    add(environment, "HOME=/");
    add(environment, "LANG=C.UTF-8");
    add(environment, "AWS_REGION=%s", region);
    add(environment, "AWS_DEFAULT_REGION=%s", region);
    add(environment, "AWS_EC2_METADATA_DISABLED=true");
    add(environment, "AWS_ACCESS_KEY_ID=%s", credentials->key_id);
    add(environment, "AWS_SECRET_ACCESS_KEY=%s",
        (const char *)sm_secret_view(credentials->secret).data);
    add(environment, "AWS_SESSION_TOKEN=%s", credentials->token);
    add(environment, "SECRETS_MANAGER_ENDPOINT=%s", url); /* as AWS's own functions read it */
    add(environment, "AWS_ENDPOINT_URL_SECRETS_MANAGER=%s", url);
}

/* There from the first rotation on, so that who wants to can narrow it. */
static enum smcred_status make_role(const struct server_call *call, const char *role)
{
    struct server_store *store = call->server->store;
    struct server_principal found;
    enum smcred_status status = server_store_principal(store, role, &found);
    if (status != SMCRED_NOT_FOUND)
        return status;
    status = server_store_principal_add(store, role, call->now_ms);
    return status == SMCRED_OK ? server_store_policy_put(store, role, "rotation", POLICY("*", "*"))
                               : status;
}

/* A session of the role that may rotate this secret. */
static enum smcred_status make_credentials(const struct server_call *call,
                                           const struct server_function *function,
                                           struct server_credentials *out_credentials)
{
    struct server_session session;
    char role[SERVER_PRINCIPAL_MAX + 1];
    (void)snprintf(role, sizeof role, ROLE, server_partition(call->secret.place.region),
                   call->secret.place.account); /* fits */
    enum smcred_status status = make_role(call, role);
    if (status != SMCRED_OK)
        return status;
    server_session_init(&session, role, call->request_id);
    session.expires_ms = call->now_ms + (function->timeout_s + GRACE_S) * INT64_C(1000);
    const char *own = call->secret.arn, *other = *function->reads ? function->reads : own;
    if (asprintf(&session.policy, POLICY("%s", "%s"), own, other, own, other) < 0) /* no escapes */
        session.policy = NULL;
    status = session.policy ? server_session_create(call->server, &session, out_credentials)
                            : SMCRED_NO_MEMORY; /* without it the role could do more */
    server_session_done(&session);
    return status;
}

enum smcred_status server_environment_new(const struct server_call *call, const char *url,
                                          const struct server_function *function,
                                          struct server_environment **out)
{
    struct server_credentials credentials = {.token = NULL};
    struct server_environment *environment = calloc(1, sizeof *environment);
    if (!environment)
        return SMCRED_NO_MEMORY;
    enum smcred_status status = make_credentials(call, function, &credentials);
    if (status == SMCRED_OK) {
        add_all(environment, call, url, &credentials);
        *out = sm_take_ptr(&environment);
    }
    server_credentials_done(&credentials);
    server_environment_free(environment);
    return status;
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
