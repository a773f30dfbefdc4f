/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * access.h - whether the caller may: its own policies, its session's and the secret's, combined as
 * IAM does.
 */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H

#include "server/call.h"

struct cJSON;

/* What is asked for. */
struct server_access {
    struct server_call *call;
    const char *action; /* "secretsmanager:GetSecretValue" */
    const char
        *resource;     /* what policies are held against: an ARN, or what the caller wrote; "*" */
    const char *shown; /* what the refusal names; NULL: nothing */
    const struct server_secret *secret; /* the resource, if it is one that exists; or NULL */
    const char *parameter;              /* the name of the one that it is; or NULL */
    const char *trust;  /* the policy of a role, without which nothing is allowed; or NULL */
    const char *policy; /* the resource's policy, in place of the stored one; or NULL */
    bool sole;          /* nothing is allowed that `policy` does not allow, as with keys */
};

/*
 * SERVER_OK, or SERVER_ACCESS_DENIED in AWS's words.  Within an account the caller's policies or
 * the resource's must allow; between accounts, both.  A Deny anywhere wins.
 */
enum server_error server_access_check(const struct server_access *access);

/* Condition keys of any call: the time, the region, where from and how. */
void server_access_circumstances(const struct server_call *call, struct cJSON *facts);

/* What the condition keys are for it.  NULL without memory; free with cJSON_Delete(). */
struct cJSON *server_access_facts(const struct server_access *access);

#endif
