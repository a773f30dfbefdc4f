/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * access.c - combines what all policies say to one question.  Called by the services, before
 * anything is found or changed.
 */
#include "server/access.h"

#include <stdio.h>

#include "common/log.h"
#include "server/iam.h"
#include "server/json.h"
#include "server/names.h"

/* Verdicts as they come in, and the facts, made when somebody asks. */
struct hearing {
    const struct server_access *access;
    struct server_iam_caller caller;
    struct server_iam_question question;
    cJSON *facts;
    enum server_iam_verdict identity, session, resource;
    bool failed; /* to read a policy, or to learn the facts: nobody is let in */
};

static const cJSON *lend_facts(void *context)
{
    struct hearing *hearing = context;
    if (!hearing->facts && !hearing->failed)
        hearing->facts = server_access_facts(hearing->access);
    if (!hearing->facts)
        hearing->failed = true; /* a key that is missing may open what it should not */
    return hearing->facts;
}

static enum server_iam_verdict hear(struct hearing *hearing, const char *document,
                                    enum server_iam_kind kind)
{
    server_autojson cJSON *policy = NULL;
    struct sm_error err = {.text = ""};
    if (server_iam_parse(document, kind, &policy, &err) != SMCRED_OK) {
        log_error("a stored policy cannot be read: %s", err.text);
        hearing->failed = true;
        return SERVER_IAM_SILENT;
    }
    return server_iam_judge(policy, &hearing->question);
}

static void hear_identity(void *context, const char *name, const char *document)
{
    struct hearing *hearing = context;
    enum server_iam_verdict verdict = hear(hearing, document, SERVER_IAM_IDENTITY);
    (void)name;
    if (verdict > hearing->identity)
        hearing->identity = verdict;
}

static enum smcred_status hear_resource(struct hearing *hearing)
{
    const struct server_access *access = hearing->access;
    sm_autofree char *document = NULL;
    if (access->trust) {
        hearing->resource = hear(hearing, access->trust, SERVER_IAM_TRUST);
        return SMCRED_OK;
    }
    if (access->policy) {
        hearing->resource = hear(hearing, access->policy, SERVER_IAM_RESOURCE);
        return SMCRED_OK;
    }
    if (!access->secret)
        return SMCRED_OK;
    enum smcred_status status =
        server_store_resource_policy(access->call->server->store, access->secret->row, &document);
    if (status == SMCRED_OK)
        hearing->resource = hear(hearing, document, SERVER_IAM_RESOURCE);
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

static enum smcred_status hear_all(struct hearing *hearing)
{
    const struct server_call *call = hearing->access->call;
    const char *principal = *call->role ? call->role : call->principal;
    enum smcred_status status =
        server_store_policies(call->server->store, principal, hear_identity, hearing);
    hearing->session = call->session_policy
                           ? hear(hearing, call->session_policy, SERVER_IAM_IDENTITY)
                           : SERVER_IAM_ALLOWED;
    return status == SMCRED_OK ? hear_resource(hearing) : status;
}

/* --- the judgement ---------------------------------------------------------------------------- */

enum outcome {
    ALLOWED,
    DENIED_BY_IDENTITY,
    DENIED_BY_SESSION,
    DENIED_BY_RESOURCE,
    NO_IDENTITY,
    NO_SESSION,
    NO_RESOURCE,
};

static bool is_foreign(const struct server_access *access)
{
    char account[SERVER_ACCOUNT_LEN + 1];
    return server_arn_account(access->resource, account) &&
           strcmp(account, access->call->place.account) != 0;
}

static enum outcome decide(const struct hearing *hearing)
{
    bool own = hearing->identity >= SERVER_IAM_ALLOWED && hearing->session >= SERVER_IAM_ALLOWED;
    /* What names the session itself is not narrowed by the session's policy. */
    bool given =
        hearing->resource == SERVER_IAM_ALLOWED_SELF ||
        (hearing->resource == SERVER_IAM_ALLOWED && hearing->session >= SERVER_IAM_ALLOWED);
    if (hearing->identity == SERVER_IAM_DENIED)
        return DENIED_BY_IDENTITY;
    if (hearing->session == SERVER_IAM_DENIED)
        return DENIED_BY_SESSION;
    if (hearing->resource == SERVER_IAM_DENIED)
        return DENIED_BY_RESOURCE;
    bool foreign = is_foreign(hearing->access);
    bool sole = hearing->access->trust || hearing->access->sole;
    if ((foreign || sole) && own && hearing->resource == SERVER_IAM_SILENT)
        return NO_RESOURCE;
    if (own || (given && !foreign))
        return ALLOWED;
    return hearing->identity < SERVER_IAM_ALLOWED ? NO_IDENTITY : NO_SESSION;
}

static enum server_error refuse(const struct server_access *access, enum outcome outcome)
{
    static const struct {
        bool deny;
        const char *which;
    } words[] = {
        [DENIED_BY_IDENTITY] = {true, "an identity-based"},
        [DENIED_BY_SESSION] = {true, "a session"},
        [DENIED_BY_RESOURCE] = {true, "a resource-based"},
        [NO_IDENTITY] = {false, "identity-based"},
        [NO_SESSION] = {false, "session"},
        [NO_RESOURCE] = {false, "resource-based"},
    };
    char tail[256];
    if (words[outcome].deny)
        (void)snprintf(tail, sizeof tail, "with an explicit deny in %s policy",
                       words[outcome].which); /* fits */
    else
        (void)snprintf(tail, sizeof tail, "because no %s policy allows the %s action",
                       words[outcome].which, access->action); /* actions are ours, and short */
    return server_fail(access->call, SERVER_ACCESS_DENIED,
                       "User: %s is not authorized to perform: %s%s%s %s", access->call->principal,
                       access->action, access->shown ? " on resource: " : "",
                       access->shown ? access->shown : "", tail);
}

enum server_error server_access_check(const struct server_access *access)
{
    struct server_call *call = access->call;
    struct hearing hearing = {
        .access = access,
        .caller = {call->principal, call->role, call->place.account, ""},
        .question = {.action = access->action, .resource = access->resource, .facts = lend_facts}};
    hearing.question.caller = &hearing.caller;
    hearing.question.context = &hearing;
    enum smcred_status status = hear_all(&hearing);
    cJSON_Delete(hearing.facts);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    if (hearing.failed)
        return server_fail_status(call, SMCRED_SYSTEM);
    enum outcome outcome = decide(&hearing);
    return outcome == ALLOWED ? SERVER_OK : refuse(access, outcome);
}
