/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * access_facts.c - condition keys: what they are for the call at hand.  Called by access.c when a
 * policy asks.
 */
#include <stdio.h>
#include <time.h>

#include "server/access.h"
#include "server/json.h"
#include "server/names.h"
#include "server/parameter.h"
#include "server/parameter_names.h"
#include "server/service.h"

#define KEY_MAX (128 * SERVER_UTF8_MAX + 64)

static void add(cJSON *facts, const char *key, const char *value)
{
    if (value)
        (void)cJSON_AddStringToObject(facts, key, value); /* server_json_failed() */
}

/* "aws:ResourceTag/" and a tag's key. */
static void add_tagged(cJSON *facts, const char *prefix, const char *key, const char *value)
{
    char name[KEY_MAX];
    (void)snprintf(name, sizeof name, "%s%s", prefix, key); /* fits: keys are validated */
    add(facts, name, value);
}

static void add_moment(cJSON *facts, const char *key, int64_t wall_ms)
{
    char text[32];
    time_t wall_s = wall_ms / 1000;
    struct tm utc;
    if (gmtime_r(&wall_s, &utc) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0)
        add(facts, key, text);
}

/* --- who, when, from where ---------------------------------------------------------------------
 */

static void add_principal_tag(void *context, const char *key, const char *value)
{
    add_tagged(context, "aws:PrincipalTag/", key, value);
}

/* Tags of the session come first, and so before the role's of the same key. */
static enum smcred_status add_principal_tags(const struct server_call *call, const char *arn,
                                             cJSON *facts)
{
    const cJSON *tag;
    cJSON_ArrayForEach(tag, call->session_tags)
    {
        add_principal_tag(facts, server_json_text(tag, "Key"), server_json_text(tag, "Value"));
    }
    return server_store_principal_tags(call->server->store, arn, add_principal_tag, facts);
}

static enum smcred_status add_caller(const struct server_call *call, cJSON *facts)
{
    const char *arn = *call->role ? call->role : call->principal;
    const char *user = strstr(arn, ":user/");
    add(facts, "aws:PrincipalArn", arn);
    add(facts, "aws:PrincipalAccount", call->place.account);
    add(facts, "aws:PrincipalType", *call->role ? "AssumedRole" : "User");
    add(facts, "aws:username", user ? user + 6 : NULL);
    add(facts, "aws:userid", call->user_id);
    add(facts, "aws:PrincipalIsAWSService", "false");
    add(facts, "aws:ViaAWSService", "false");
    if (*call->role) {
        add_moment(facts, "aws:TokenIssueTime", call->issued_ms);
        add(facts, "aws:MultiFactorAuthPresent", "false");
    }
    return add_principal_tags(call, arn, facts);
}

void server_access_circumstances(const struct server_call *call, cJSON *facts)
{
    char text[32];
    add_moment(facts, "aws:CurrentTime", call->now_ms);
    (void)snprintf(text, sizeof text, "%lld", (long long)call->now_ms / 1000); /* fits */
    add(facts, "aws:EpochTime", text);
    add(facts, "aws:RequestedRegion", call->place.region);
    add(facts, "aws:SecureTransport", call->server->tls ? "true" : "false");
    if (strcmp(call->source, "unix") != 0)
        add(facts, "aws:SourceIp", call->source);
}

/* --- what it is about ---------------------------------------------------------------------------
 */

static void add_resource_tag(void *context, const char *key, const char *value)
{
    add_tagged(context, "aws:ResourceTag/", key, value);
    add_tagged(context, "secretsmanager:ResourceTag/", key, value);
}

static enum smcred_status add_secret(const struct server_access *access, cJSON *facts)
{
    char account[SERVER_ACCOUNT_LEN + 1];
    if (server_arn_account(access->resource, account))
        add(facts, "aws:ResourceAccount", account);
    if (!access->secret)
        return SMCRED_OK;
    add(facts, "secretsmanager:SecretPrimaryRegion",
        *access->secret->primary_region ? access->secret->primary_region
                                        : access->secret->place.region);
    struct server_rotation rotation;
    enum smcred_status status =
        server_store_rotation(access->call->server->store, access->secret->row, &rotation);
    if (status == SMCRED_OK && *rotation.function_arn)
        add(facts, "secretsmanager:resource/AllowRotationLambdaArn", rotation.function_arn);
    if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
        return status;
    return server_store_tags(access->call->server->store, access->secret->row, add_resource_tag,
                             facts);
}

static void add_parameter_tag(void *context, const char *key, const char *value)
{
    add_tagged(context, "aws:ResourceTag/", key, value);
    add_tagged(context, "ssm:resourceTag/", key, value);
}

static enum smcred_status add_parameter(const struct server_access *access, cJSON *facts)
{
    struct server_store *store = access->call->server->store;
    const cJSON *input = access->call->input;
    int64_t row;
    add(facts, "ssm:Overwrite", server_json_is_true(input, "Overwrite") ? "true" : "false");
    add(facts, "ssm:Recursive", server_json_is_true(input, "Recursive") ? "true" : "false");
    if (!access->parameter)
        return SMCRED_OK;
    enum smcred_status status =
        server_store_parameter_row(store, &access->call->place, access->parameter, &row);
    return status == SMCRED_OK ? server_store_parameter_tags(store, row, add_parameter_tag, facts)
           : status == SMCRED_NOT_FOUND ? SMCRED_OK
                                        : status;
}

/* A key is used by a service for the caller, with the secret or parameter as encryption context. */
static void add_kms(const struct server_access *access, cJSON *facts)
{
    const struct server_call *call = access->call;
    char service[SERVER_REGION_MAX + 64], arn[SERVER_PARAMETER_ARN_MAX + 1];
    (void)snprintf(service, sizeof service, "%s.%s.amazonaws.com",
                   access->parameter ? "ssm" : "secretsmanager", call->place.region); /* fits */
    add(facts, "kms:ViaService", service);
    add(facts, "kms:CallerAccount", call->place.account);
    if (access->parameter) {
        server_parameter_arn(&call->place, access->parameter, arn);
        add(facts, "kms:EncryptionContext:PARAMETER_ARN", arn);
    } else if (*call->secret.arn) {
        add(facts, "kms:EncryptionContext:SecretARN", call->secret.arn);
    }
}

/* --- what is in the request ---------------------------------------------------------------------
 */

/* Members of Secrets Manager's requests that are condition keys of the same name. */
static void add_members(const cJSON *input, cJSON *facts)
{
    static const char *const members[] = {"Name",
                                          "Description",
                                          "KmsKeyId",
                                          "VersionId",
                                          "VersionStage",
                                          "RecoveryWindowInDays",
                                          "ForceDeleteWithoutRecovery",
                                          "RotationLambdaARN",
                                          "BlockPublicPolicy",
                                          "ForceOverwriteReplicaSecret",
                                          "RotateImmediately"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const cJSON *member = server_json_get(input, members[i]);
        char key[64], number[32];
        (void)snprintf(key, sizeof key, "secretsmanager:%s", members[i]); /* fits */
        if (cJSON_IsString(member))
            add(facts, key, member->valuestring);
        else if (cJSON_IsBool(member))
            add(facts, key, cJSON_IsTrue(member) ? "true" : "false");
        else if (cJSON_IsNumber(member) &&
                 snprintf(number, sizeof number, "%.0f", member->valuedouble) > 0)
            add(facts, key, number);
    }
    if (server_json_get(input, "RotationRules"))
        add(facts, "secretsmanager:ModifyRotationRules", "true");
}

static void add_regions(const cJSON *input, cJSON *facts)
{
    const cJSON *list = server_json_get(input, "AddReplicaRegions"), *each;
    cJSON *regions = list ? server_json_add_array(facts, "secretsmanager:AddReplicaRegions") : NULL;
    cJSON_ArrayForEach(each, list)
    {
        const char *region = server_json_text(each, "Region");
        if (region)
            server_json_append(regions, region);
    }
}

/* Tags to set, or keys of tags to take away. */
static void add_request_tags(const cJSON *input, cJSON *facts)
{
    const cJSON *tags = server_json_get(input, "Tags"), *each;
    const cJSON *taken = server_json_get(input, "TagKeys");
    cJSON *keys = tags || taken ? server_json_add_array(facts, "aws:TagKeys") : NULL;
    cJSON_ArrayForEach(each, tags)
    {
        const char *key = server_json_text(each, "Key"), *value = server_json_text(each, "Value");
        if (key) {
            server_json_append(keys, key);
            add_tagged(facts, "aws:RequestTag/", key, value ? value : "");
        }
    }
    cJSON_ArrayForEach(each, taken)
    {
        server_json_append(keys, each->valuestring);
    }
}

/* STS's. */
static void add_session(const cJSON *input, cJSON *facts)
{
    add(facts, "sts:ExternalId", server_json_text(input, "ExternalId"));
    add(facts, "sts:RoleSessionName", server_json_text(input, "RoleSessionName"));
}

static void add_request(const struct server_access *access, cJSON *facts)
{
    const cJSON *input = access->call->input;
    const char *id = server_json_text(input, "SecretId");
    if (id)
        add(facts, "secretsmanager:SecretId", access->secret ? access->secret->arn : id);
    add_members(input, facts);
    /* What is read where nothing is named is named here, so that a policy can allow no other. */
    if (strcmp(access->action, "secretsmanager:GetSecretValue") == 0 &&
        !server_json_get(input, "VersionId") && !server_json_get(input, "VersionStage"))
        add(facts, "secretsmanager:VersionStage", "AWSCURRENT");
    add_session(input, facts);
    add_regions(input, facts);
    add_request_tags(input, facts);
}

cJSON *server_access_facts(const struct server_access *access)
{
    cJSON *facts = cJSON_CreateObject();
    enum smcred_status status = add_caller(access->call, facts);
    server_access_circumstances(access->call, facts);
    if (status == SMCRED_OK)
        status = add_secret(access, facts);
    if (status == SMCRED_OK && strncmp(access->action, "ssm:", 4) == 0)
        status = add_parameter(access, facts);
    if (strncmp(access->action, "kms:", 4) == 0)
        add_kms(access, facts);
    if (access->call->input)
        add_request(access, facts);
    if (status == SMCRED_OK)
        return facts;
    cJSON_Delete(facts);
    return NULL;
}
