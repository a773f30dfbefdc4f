/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sts.c - the Security Token Service: its table, GetCallerIdentity, AssumeRole.  Found by dispatch.
 */
#include "server/sts.h"

#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "server/access.h"
#include "server/iam.h"
#include "server/json.h"
#include "server/names.h"
#include "server/service.h"
#include "server/validate.h"

#define DURATION_DEFAULT_S 3600
#define CHAINED_MAX_S      3600 /* a role assumed by a role */

/* --- models -------------------------------------------------------------------------------------
 */

static bool is_session_name(const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-";
    return text[strspn(text, allowed)] == '\0';
}

#define ROLE                                                                                       \
    {.name = "RoleArn", .type = SERVER_MEMBER_TEXT, .required = true, .min = 20, .max = 2048},     \
        {.name = "RoleSessionName",                                                                \
         .type = SERVER_MEMBER_TEXT,                                                               \
         .required = true,                                                                         \
         .min = 2,                                                                                 \
         .max = 64,                                                                                \
         .pattern = "[\\w+=,.@-]*",                                                                \
         .matches = is_session_name},                                                              \
        {.name = "Policy",                                                                         \
         .type = SERVER_MEMBER_TEXT,                                                               \
         .min = 1,                                                                                 \
         .max = SERVER_SESSION_POLICY_MAX},                                                        \
    {                                                                                              \
        .name = "DurationSeconds", .type = SERVER_MEMBER_NUMBER, .min = 900, .max = 43200          \
    }

static const struct server_member tag_members[] = {
    {.name = "Key", .type = SERVER_MEMBER_TEXT, .required = true, .min = 1, .max = 128},
    {.name = "Value", .type = SERVER_MEMBER_TEXT, .required = true, .max = 256},
    {.name = NULL}};
static const struct server_member session_tag = {.type = SERVER_MEMBER_STRUCTURE,
                                                 .of = tag_members};
static const struct server_member tag_key = {.type = SERVER_MEMBER_TEXT, .min = 1, .max = 128};

static const struct server_member no_members[] = {{.name = NULL}};
static const struct server_member assume_role[] = {
    ROLE,
    {.name = "ExternalId", .type = SERVER_MEMBER_TEXT, .min = 2, .max = 1224},
    {.name = "Tags", .type = SERVER_MEMBER_LIST, .max = 50, .of = &session_tag},
    {.name = "TransitiveTagKeys", .type = SERVER_MEMBER_LIST, .max = 50, .of = &tag_key},
    {.name = NULL}};
static const struct server_member with_web_identity[] = {ROLE,
                                                         {.name = "WebIdentityToken",
                                                          .type = SERVER_MEMBER_TEXT,
                                                          .required = true,
                                                          .sensitive = true,
                                                          .min = 4,
                                                          .max = 20000},
                                                         {.name = NULL}};

/* --- granting -----------------------------------------------------------------------------------
 */

enum smcred_status server_sts_role(struct server_call *call, struct server_principal *out_role,
                                   char out_account[SERVER_ACCOUNT_LEN + 1])
{
    const char *arn = server_json_text(call->input, "RoleArn");
    if (!server_arn_account(arn, out_account) || !strstr(arn, ":role/"))
        return SMCRED_NOT_FOUND;
    return server_store_principal(call->server->store, arn, out_role);
}

static enum server_error check_duration(struct server_call *call,
                                        const struct server_principal *role, int64_t duration_s)
{
    if (duration_s > role->session_max_s)
        return server_fail(call, SERVER_VALIDATION,
                           "The requested DurationSeconds exceeds the MaxSessionDuration set for "
                           "this role.");
    if (*call->role && duration_s > CHAINED_MAX_S)
        return server_fail(call, SERVER_VALIDATION,
                           "The requested DurationSeconds exceeds the 1 hour session limit for "
                           "roles assumed by role chaining.");
    return SERVER_OK;
}

/* There are no managed policies, and without one that was asked for a session could do more. */
static enum server_error refuse_managed(struct server_call *call)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, call->input)
    {
        if (strncmp(member->string, "PolicyArns.", strlen("PolicyArns.")) == 0)
            return server_fail(call, SERVER_VALIDATION,
                               "Policy %s does not exist or is not attachable.",
                               cJSON_IsString(member) ? member->valuestring : "");
    }
    return SERVER_OK;
}

/* The session's policy is the request's, if it is one. */
static enum server_error take_policy(struct server_call *call, struct server_session *session)
{
    server_autojson cJSON *policy = NULL;
    struct sm_error err = {.text = ""};
    const char *text = server_json_text(call->input, "Policy");
    if (!text)
        return SERVER_OK;
    enum smcred_status status = server_iam_parse(text, SERVER_IAM_IDENTITY, &policy, &err);
    if (status == SMCRED_NO_MEMORY || !(session->policy = strdup(text)))
        return server_fail_status(call, SMCRED_NO_MEMORY);
    return status == SMCRED_OK
               ? SERVER_OK
               : server_fail(call, SERVER_MALFORMED_POLICY,
                             "The policy is not in the valid JSON format: %s", err.text);
}

/* Keys differ in more than their case, and none is AWS's own. */
static enum server_error take_tags(struct server_call *call, struct server_session *session)
{
    const cJSON *tags = server_json_get(call->input, "Tags"), *tag, *other;
    cJSON_ArrayForEach(tag, tags)
    {
        const char *key = server_json_text(tag, "Key");
        if (strncasecmp(key, "aws:", 4) == 0)
            return server_fail(call, SERVER_VALIDATION,
                               "Tag keys that begin with aws: are reserved for system use.");
        for (other = tag->next; other; other = other->next) {
            if (strcasecmp(key, server_json_text(other, "Key")) == 0)
                return server_fail(call, SERVER_VALIDATION,
                                   "Duplicate tag keys found. Please note that Tag keys are case "
                                   "insensitive.");
        }
    }
    if (server_json_get(call->input, "TransitiveTagKeys"))
        return server_fail(call, SERVER_VALIDATION,
                           "Transitive session tags are not supported by this server.");
    session->tags = cJSON_Duplicate(tags, true); /* server_json_failed() */
    return SERVER_OK;
}

static enum server_error make_credentials(struct server_call *call,
                                          const struct server_session *session,
                                          struct server_credentials *out_credentials)
{
    enum smcred_status status = server_session_create(call->server, session, out_credentials);
    return status == SMCRED_TOO_LARGE
               ? server_fail(call, SERVER_PACKED_TOO_LARGE,
                             "Packed policy and tags of a session exceed the allotted space.")
               : server_fail_status(call, status);
}

static void add_credentials(struct server_call *call, const struct server_session *session,
                            const struct server_credentials *credentials)
{
    cJSON *object = server_json_add_object(call->output, "Credentials");
    char expiration[32] = "";
    time_t expires_s = session->expires_ms / 1000;
    struct tm utc;
    if (gmtime_r(&expires_s, &utc))
        (void)strftime(expiration, sizeof expiration, "%Y-%m-%dT%H:%M:%SZ", &utc); /* fits */
    server_json_add(object, "AccessKeyId", credentials->key_id);
    server_json_add(object, "SecretAccessKey", sm_secret_view(credentials->secret).data);
    server_json_add(object, "SessionToken", credentials->token);
    server_json_add(object, "Expiration", expiration);
    object = server_json_add_object(call->output, "AssumedRoleUser");
    server_json_add(object, "AssumedRoleId", session->user_id);
    server_json_add(object, "Arn", session->principal);
    if (session->policy)
        (void)cJSON_AddNumberToObject(call->output, "PackedPolicySize",
                                      (double)(strlen(session->policy) * 100 /
                                               SERVER_SESSION_POLICY_MAX)); /* json_failed() */
}

enum server_error server_sts_grant(struct server_call *call, const struct server_principal *role)
{
    struct server_session session;
    struct server_credentials credentials = {.token = NULL};
    int64_t duration_s = server_json_number(call->input, "DurationSeconds", DURATION_DEFAULT_S);
    enum server_error error = check_duration(call, role, duration_s);
    if (error == SERVER_OK)
        error = refuse_managed(call);
    if (error != SERVER_OK)
        return error;
    server_session_init(&session, role->arn, server_json_text(call->input, "RoleSessionName"));
    session.expires_ms = call->now_ms - call->now_ms % 1000 + duration_s * 1000;
    error = take_policy(call, &session);
    if (error == SERVER_OK)
        error = take_tags(call, &session);
    if (error == SERVER_OK)
        error = make_credentials(call, &session, &credentials);
    if (error == SERVER_OK)
        add_credentials(call, &session, &credentials);
    server_credentials_done(&credentials);
    server_session_done(&session);
    return error;
}

/* --- operations ---------------------------------------------------------------------------------
 */

/* Nobody can be kept from knowing who he is. */
static enum server_error get_caller_identity(struct server_call *call)
{
    server_json_add(call->output, "Arn", call->principal);
    server_json_add(call->output, "UserId", call->user_id);
    server_json_add(call->output, "Account", call->place.account);
    return SERVER_OK;
}

/* Whether the role, if there is one, and the caller's own policies allow the action. */
static enum server_error check_trust(struct server_call *call, const struct server_principal *role,
                                     const char *action)
{
    const char *arn = server_json_text(call->input, "RoleArn");
    enum server_error error = SERVER_ACCESS_DENIED; /* nobody learns which roles there are */
    if (*role->arn)
        error = server_access_check(&(struct server_access){
            .call = call, .action = action, .resource = arn, .shown = arn, .trust = role->trust});
    return error == SERVER_ACCESS_DENIED
               ? server_fail(call, error,
                             "User: %s is not authorized to perform: %s on resource: %s",
                             call->principal, action, arn)
               : error;
}

static enum server_error assume(struct server_call *call)
{
    struct server_principal role = {.arn = "", .trust = ""};
    char account[SERVER_ACCOUNT_LEN + 1];
    enum smcred_status status = server_sts_role(call, &role, account);
    if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
        return server_fail_status(call, status);
    enum server_error error = check_trust(call, &role, "sts:AssumeRole");
    if (error == SERVER_OK && server_json_get(call->input, "Tags"))
        error = check_trust(call, &role, "sts:TagSession");
    return error == SERVER_OK ? server_sts_grant(call, &role) : error;
}

static const struct server_operation operations[] = {
    {.name = "AssumeRole", .members = assume_role, .id = "RoleArn", .handler = assume},
    {.name = "AssumeRoleWithWebIdentity",
     .members = with_web_identity,
     .id = "RoleArn",
     .handler = server_assume_role_with_web_identity},
    {.name = "GetCallerIdentity", .members = no_members, .handler = get_caller_identity},
    {.name = NULL},
};

const struct server_service server_sts = {
    .name = "sts", .operations = operations, .unsigned_operation = "AssumeRoleWithWebIdentity"};
