/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iam_judge.c - what one policy says to one question.  Called by access.c.
 */
#include <stdio.h>

#include "server/iam.h"
#include "server/json.h"

/* Calls `holds` for the texts of a text or a list of texts until it answers true. */
static bool any(const cJSON *values, bool (*holds)(const char *text, const void *context),
                const void *context)
{
    const cJSON *each;
    if (!cJSON_IsArray(values))
        return values && holds(values->valuestring, context);
    cJSON_ArrayForEach(each, values)
    {
        if (holds(each->valuestring, context))
            return true;
    }
    return false;
}

static bool is_action(const char *text, const void *context)
{
    const struct server_iam_question *question = context;
    return server_iam_matches(text, question->action, SERVER_IAM_WILD | SERVER_IAM_ANY_CASE,
                              question);
}

static bool is_resource(const char *text, const void *context)
{
    const struct server_iam_question *question = context;
    return server_iam_matches(text, question->resource, SERVER_IAM_WILD, question);
}

/* NAME holds, or NotNAME does not; true where there is neither. */
static bool covers(const cJSON *statement, const char *name, const char *negated,
                   bool (*holds)(const char *text, const void *context),
                   const struct server_iam_question *question)
{
    const cJSON *is = cJSON_GetObjectItemCaseSensitive(statement, name);
    const cJSON *is_not = cJSON_GetObjectItemCaseSensitive(statement, negated);
    if (is)
        return any(is, holds, question);
    return !is_not || !any(is_not, holds, question);
}

/* --- principals ------------------------------------------------------------------------------- */

/* How closely one text names the caller. */
static enum server_iam_verdict closeness(const char *kind, const char *text,
                                         const struct server_iam_caller *caller)
{
    char root[64];
    if (strcmp(kind, "Federated") == 0)
        return *caller->federated && strcmp(text, caller->federated) == 0 ? SERVER_IAM_ALLOWED
                                                                          : SERVER_IAM_SILENT;
    if (strcmp(kind, "AWS") != 0 || *caller->federated)
        return SERVER_IAM_SILENT; /* no service of AWS's calls us */
    if (strcmp(text, caller->arn) == 0)
        return SERVER_IAM_ALLOWED_SELF;
    if (strcmp(text, "*") == 0 || (*caller->role_arn && strcmp(text, caller->role_arn) == 0))
        return SERVER_IAM_ALLOWED;
    const char *partition = strncmp(text, "arn:", 4) == 0 ? text + 4 : "aws";
    (void)snprintf(root, sizeof root, "arn:%.*s:iam::%s:root", (int)strcspn(partition, ":"),
                   partition, caller->account); /* longer ones are cut, and differ */
    return strcmp(text, caller->account) == 0 || strcmp(text, root) == 0
               ? SERVER_IAM_ALLOWED_ACCOUNT
               : SERVER_IAM_SILENT;
}

static enum server_iam_verdict closest(const cJSON *principal,
                                       const struct server_iam_caller *caller)
{
    enum server_iam_verdict best = SERVER_IAM_SILENT;
    const cJSON *kind;
    if (cJSON_IsString(principal)) /* "*" */
        return *caller->federated ? SERVER_IAM_SILENT : SERVER_IAM_ALLOWED;
    cJSON_ArrayForEach(kind, principal)
    {
        const cJSON *list = cJSON_IsArray(kind) ? kind->child : kind;
        for (const cJSON *each = list; each; each = cJSON_IsArray(kind) ? each->next : NULL) {
            enum server_iam_verdict this = closeness(kind->string, each->valuestring, caller);
            best = this > best ? this : best;
        }
    }
    return best;
}

/* How closely a statement names the caller; one without Principal is the caller's own. */
static enum server_iam_verdict named(const cJSON *statement, const struct server_iam_caller *caller)
{
    const cJSON *is = cJSON_GetObjectItemCaseSensitive(statement, "Principal");
    const cJSON *is_not = cJSON_GetObjectItemCaseSensitive(statement, "NotPrincipal");
    if (is)
        return closest(is, caller);
    if (is_not)
        return closest(is_not, caller) == SERVER_IAM_SILENT ? SERVER_IAM_ALLOWED
                                                            : SERVER_IAM_SILENT;
    return SERVER_IAM_ALLOWED;
}

/* --- statements ------------------------------------------------------------------------------- */

static bool allows(const cJSON *statement)
{
    const cJSON *effect = cJSON_GetObjectItemCaseSensitive(statement, "Effect");
    return strcmp(effect->valuestring, "Allow") == 0;
}

static enum server_iam_verdict judge_statement(const cJSON *statement,
                                               const struct server_iam_question *question)
{
    if (!covers(statement, "Action", "NotAction", is_action, question))
        return SERVER_IAM_SILENT;
    enum server_iam_verdict verdict = named(statement, question->caller);
    if (verdict == SERVER_IAM_SILENT ||
        !covers(statement, "Resource", "NotResource", is_resource, question) ||
        !server_iam_conditions_hold(cJSON_GetObjectItemCaseSensitive(statement, "Condition"),
                                    question))
        return SERVER_IAM_SILENT;
    return allows(statement) ? verdict : SERVER_IAM_DENIED;
}

/* Variables came with the second Version; a policy that names none is of the first. */
static bool is_literal(const cJSON *document)
{
    const char *version = server_json_text(document, "Version");
    return !version || strcmp(version, "2012-10-17") != 0;
}

enum server_iam_verdict server_iam_judge(const cJSON *document,
                                         const struct server_iam_question *asked)
{
    const cJSON *statements = cJSON_GetObjectItemCaseSensitive(document, "Statement"), *each;
    struct server_iam_question question = *asked;
    enum server_iam_verdict best = SERVER_IAM_SILENT;
    question.literal = is_literal(document);
    if (cJSON_IsObject(statements))
        return judge_statement(statements, &question);
    cJSON_ArrayForEach(each, statements)
    {
        enum server_iam_verdict this = judge_statement(each, &question);
        best = this > best ? this : best;
    }
    return best;
}

/* --- public access ---------------------------------------------------------------------------- */

static bool is_everybody(const char *text, const void *context)
{
    (void)context;
    return strcmp(text, "*") == 0;
}

static bool is_open(const char *text, const void *context)
{
    (void)context;
    return strpbrk(text, "*?") || strcmp(text, "0.0.0.0/0") == 0 || strcmp(text, "::/0") == 0;
}

/* A condition that only callers of somebody's can meet. */
static bool narrows(const cJSON *condition)
{
    static const char *const keys[] = {
        "aws:SourceArn",        "aws:SourceVpc", "aws:SourceVpce",     "aws:SourceOwner",
        "aws:SourceAccount",    "aws:SourceIp",  "aws:PrincipalOrgID", "aws:PrincipalArn",
        "aws:PrincipalAccount", "aws:userid",    "aws:username"};
    static const char *const operators[] = {"StringEquals", "StringEqualsIgnoreCase",
                                            "StringLike",   "ArnEquals",
                                            "ArnLike",      "IpAddress"};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        const cJSON *conditions = cJSON_GetObjectItemCaseSensitive(condition, operators[i]);
        for (size_t j = 0; j < sizeof keys / sizeof *keys; j++) {
            const cJSON *values = cJSON_GetObjectItem(conditions, keys[j]);
            if (values && !any(values, is_open, NULL))
                return true;
        }
    }
    return false;
}

static bool is_public(const cJSON *statement)
{
    const cJSON *principal = cJSON_GetObjectItemCaseSensitive(statement, "Principal");
    const cJSON *aws = cJSON_GetObjectItemCaseSensitive(principal, "AWS");
    bool everybody = cJSON_IsString(principal) || any(aws, is_everybody, NULL) ||
                     cJSON_GetObjectItemCaseSensitive(statement, "NotPrincipal");
    return everybody && allows(statement) &&
           !narrows(cJSON_GetObjectItemCaseSensitive(statement, "Condition"));
}

bool server_iam_is_public(const cJSON *document)
{
    const cJSON *statements = cJSON_GetObjectItemCaseSensitive(document, "Statement"), *each;
    if (cJSON_IsObject(statements))
        return is_public(statements);
    cJSON_ArrayForEach(each, statements)
    {
        if (is_public(each))
            return true;
    }
    return false;
}
