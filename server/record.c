/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record.c - CloudTrail records.  Called by http for each call, by the rotator for what it does.
 *
 * Of the request only members that the model knows are repeated, sensitive ones as CloudTrail hides
 * them, all of them cut to a length: a value sent under a misspelt name leaves no trace.
 */
#include "server/record.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

#include "common/log.h"
#include "server/dispatch.h"
#include "server/json.h"
#include "server/names.h"
#include "server/service.h"
#include "server/trail.h"
#include "server/validate.h"

#define RECORD_VERSION "1.11"
#define HIDDEN         "HIDDEN_DUE_TO_SECURITY_REASONS"
#define TEXT_MAX       1024 /* bytes of what the caller wrote; names fit, floods do not */
#define ELEMENTS_MAX   50   /* of a list; as many as a secret has tags */
#define TYPE_SECRET    "AWS::SecretsManager::Secret"

/* --- texts ------------------------------------------------------------------------------------ */

static void cut(char out[TEXT_MAX + 1], const char *text)
{
    (void)snprintf(out, TEXT_MAX + 1, "%s", text); /* cut as need be */
    server_json_clean(out);
}

static void add_outside(cJSON *object, const char *name, const char *text)
{
    char shown[TEXT_MAX + 1];
    cut(shown, text);
    server_json_add(object, name, shown);
}

static void add_time(cJSON *record, int64_t wall_ms)
{
    char text[32];
    time_t seconds = wall_ms / 1000;
    struct tm utc;
    if (gmtime_r(&seconds, &utc) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0)
        server_json_add(record, "eventTime", text);
}

/* "SecretId" as CloudTrail spells it, "secretId". */
static void lower_first(const char *name, char *out, size_t size)
{
    (void)snprintf(out, size, "%s", name); /* names of members are short */
    out[0] = (char)tolower((unsigned char)out[0]);
}

/* --- who -------------------------------------------------------------------------------------- */

static const char *after_last(const char *text, char mark)
{
    const char *at = strrchr(text, mark);
    return at ? at + 1 : text;
}

static void add_issuer(cJSON *identity, const struct server_call *call)
{
    cJSON *issuer =
        server_json_add_object(server_json_add_object(identity, "sessionContext"), "sessionIssuer");
    char account[SERVER_ACCOUNT_LEN + 1];
    (void)snprintf(account, sizeof account, "%s", call->place.account); /* fits */
    server_json_add(issuer, "type", "Role");
    server_json_add(issuer, "arn", call->role);
    server_json_add(issuer, "accountId", account);
    server_json_add(issuer, "userName", after_last(call->role, '/'));
}

static void add_identity(cJSON *record, const struct server_call *call)
{
    cJSON *identity = server_json_add_object(record, "userIdentity");
    bool is_session = *call->role != '\0';
    if (!*call->principal) {
        server_json_add(identity, "type", "Unknown");
        add_outside(identity, "accessKeyId", call->access_key_id);
        return;
    }
    server_json_add(identity, "type", is_session ? "AssumedRole" : "IAMUser");
    server_json_add(identity, "principalId", call->user_id);
    server_json_add(identity, "arn", call->principal);
    server_json_add(identity, "accountId", call->place.account);
    add_outside(identity, "accessKeyId", call->access_key_id);
    if (is_session)
        add_issuer(identity, call);
    else
        server_json_add(identity, "userName", after_last(call->principal, '/'));
}

/* --- what was asked for ----------------------------------------------------------------------- */

static void add_members(cJSON *out, const struct server_member *members, const cJSON *object);

static cJSON *shown_value(const struct server_member *member, const cJSON *value)
{
    char text[TEXT_MAX + 1];
    cJSON *out;
    unsigned count = 0;
    const cJSON *element;
    if (member->sensitive || member->hidden)
        return cJSON_CreateString(HIDDEN);
    switch (member->type) {
    case SERVER_MEMBER_TEXT:
        cut(text, value->valuestring);
        return cJSON_CreateString(text);
    case SERVER_MEMBER_BLOB:
        return cJSON_CreateString(HIDDEN);
    case SERVER_MEMBER_NUMBER:
    case SERVER_MEMBER_BOOLEAN:
        return cJSON_Duplicate(value, false);
    case SERVER_MEMBER_LIST:
        out = cJSON_CreateArray();
        cJSON_ArrayForEach(element, value)
        {
            if (count++ == ELEMENTS_MAX)
                break;
            (void)cJSON_AddItemToArray(out, shown_value(member->of, element)); /* failed() */
        }
        return out;
    case SERVER_MEMBER_STRUCTURE:
        out = cJSON_CreateObject();
        add_members(out, member->of, value);
        return out;
    }
    return NULL;
}

static void add_members(cJSON *out, const struct server_member *members, const cJSON *object)
{
    char name[64];
    for (; members->name; members++) {
        const cJSON *value = server_json_get(object, members->name);
        if (!value)
            continue;
        lower_first(members->name, name, sizeof name);
        (void)cJSON_AddItemToObject(out, name, shown_value(members, value)); /* failed() */
    }
}

static void add_request(cJSON *record, const struct server_call *call)
{
    if (call->input && call->operation && call->error != SERVER_SERIALIZATION)
        add_members(server_json_add_object(record, "requestParameters"), call->operation->members,
                    call->input);
    else
        (void)cJSON_AddNullToObject(record, "requestParameters"); /* failed() */
}

/* --- what came of it -------------------------------------------------------------------------- */

/* Of what changed something; answers of reads are values, or long. */
static void add_response(cJSON *record, const struct server_call *call, bool read_only)
{
    static const char *const shown[] = {"ARN", "Name", "VersionId", "Version", "Tier"};
    char name[64];
    if (call->error != SERVER_OK || read_only || !call->output || !call->output->child) {
        (void)cJSON_AddNullToObject(record, "responseElements"); /* failed() */
        return;
    }
    cJSON *out = server_json_add_object(record, "responseElements");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const cJSON *value = server_json_get(call->output, shown[i]);
        if (!value)
            continue;
        lower_first(strcmp(shown[i], "ARN") == 0 ? "arn" : shown[i], name, sizeof name);
        (void)cJSON_AddItemToObject(out, name, cJSON_Duplicate(value, false)); /* failed() */
    }
}

static void append_resource(cJSON *resources, const char *account, const char *arn)
{
    cJSON *resource = server_json_append_object(resources);
    server_json_add(resource, "accountId", account);
    server_json_add(resource, "type", TYPE_SECRET);
    server_json_add(resource, "ARN", arn);
}

/* Every secret that was read, where there are several. */
static void add_resources(cJSON *record, const struct server_call *call)
{
    const cJSON *values = call->error == SERVER_OK && call->output
                              ? server_json_get(call->output, "SecretValues")
                              : NULL;
    const cJSON *value;
    if (!values && !*call->secret.arn)
        return;
    cJSON *resources = server_json_add_array(record, "resources");
    if (!values)
        append_resource(resources, call->secret.place.account, call->secret.arn);
    cJSON_ArrayForEach(value, values)
    {
        char account[SERVER_ACCOUNT_LEN + 1] = "";
        const char *arn = server_json_text(value, "ARN");
        (void)server_arn_account(arn, account); /* ours has one */
        append_resource(resources, account, arn);
    }
}

static cJSON *begin_record(const struct server_call *call, const char *service, const char *name)
{
    char source[64];
    cJSON *record = cJSON_CreateObject();
    server_json_add(record, "eventVersion", RECORD_VERSION);
    add_time(record, call->now_ms);
    (void)snprintf(source, sizeof source, "%s.amazonaws.com", service); /* fits */
    server_json_add(record, "eventSource", source);
    server_json_add(record, "eventName", name);
    server_json_add(record, "awsRegion", call->place.region);
    return record;
}

static char *end_record(cJSON *record, const struct server_call *call, const char *type)
{
    char id[SERVER_REQUEST_ID_LEN + 1];
    const char *account =
        *call->secret.place.account ? call->secret.place.account : call->place.account;
    server_uuid(id);
    server_json_add(record, "eventID", id);
    server_json_add(record, "eventType", type);
    server_json_add_bool(record, "managementEvent", true);
    server_json_add(record, "recipientAccountId", account);
    server_json_add(record, "eventCategory", "Management");
    char *text = cJSON_PrintUnformatted(record);
    cJSON_Delete(record);
    if (!server_json_failed())
        return text;
    cJSON_free(text);
    return NULL;
}

static void add_caller(cJSON *record, const struct server_call *call)
{
    add_identity(record, call);
    server_json_add(record, "sourceIPAddress", call->source);
    add_outside(record, "userAgent", call->user_agent);
}

static void add_version(cJSON *record, const char *version_id)
{
    server_json_add(server_json_add_object(record, "additionalEventData"), "VersionId", version_id);
}

/* One line of JSON without its newline; NULL without memory.  Free with cJSON_free(). */
static char *record_of(const struct server_call *call)
{
    const char *name = server_dispatch_name(call);
    bool read_only = call->operation && server_dispatch_only_reads(call->operation);
    cJSON *record =
        begin_record(call, call->service ? call->service->name : "secretsmanager", name);
    add_caller(record, call);
    if (call->error != SERVER_OK)
        server_json_add(record, "errorCode", server_error_form(call->error)->type);
    if (call->error != SERVER_OK && call->message)
        add_outside(record, "errorMessage", call->message);
    add_request(record, call);
    add_response(record, call, read_only);
    if (read_only && *call->version_id && call->operation->id)
        add_version(record, call->version_id);
    server_json_add(record, "requestID", call->request_id);
    server_json_add_bool(record, "readOnly", read_only);
    add_resources(record, call);
    return end_record(record, call, "AwsApiCall");
}

static char *record_of_read(const struct server_call *call, const cJSON *entry)
{
    const char *code = server_json_text(entry, "ErrorCode");
    const char *id = server_json_text(entry, code ? "SecretId" : "ARN");
    struct server_secret secret;
    cJSON *record = begin_record(call, "secretsmanager", "GetSecretValue");
    add_caller(record, call);
    if (code) {
        server_json_add(record, "errorCode", code);
        add_outside(record, "errorMessage", server_json_text(entry, "Message"));
    }
    add_outside(server_json_add_object(record, "requestParameters"), "secretId", id);
    (void)cJSON_AddNullToObject(record, "responseElements"); /* failed() */
    if (!code)
        add_version(record, server_json_text(entry, "VersionId"));
    server_json_add(record, "requestID", call->request_id);
    server_json_add_bool(record, "readOnly", true);
    if (server_secret_find(call, id, &secret) == SMCRED_OK) /* else none is meant */
        append_resource(server_json_add_array(record, "resources"), secret.place.account,
                        secret.arn);
    return end_record(record, call, "AwsApiCall");
}

/* Of a batch, each secret that was asked for has a record as if it had been asked for alone. */
static enum smcred_status write_reads(const struct server_call *call)
{
    static const char *const lists[] = {"SecretValues", "Errors"};
    enum smcred_status status = SMCRED_OK;
    for (size_t i = 0; call->error == SERVER_OK && i < sizeof lists / sizeof *lists; i++) {
        const cJSON *entry;
        cJSON_ArrayForEach(entry, server_json_get(call->output, lists[i]))
        {
            if (status == SMCRED_OK)
                status = server_trail_write(call->server->trail, record_of_read(call, entry));
        }
    }
    return status;
}

enum server_error server_record_call(struct server_call *call)
{
    struct server_trail *trail = call->server->trail;
    if (!trail || (server_trail_write(trail, record_of(call)) == SMCRED_OK &&
                   write_reads(call) == SMCRED_OK)) {
        call->is_recorded = call->error == SERVER_OK;
        return SERVER_OK;
    }
    log_error("cannot write the event trail: %s; request %s is refused", strerror(errno),
              call->request_id);
    return server_fail(call, SERVER_INTERNAL, "An error occurred on the server side.");
}

char *server_record_of_event(const struct server_call *call, const char *name, const char *why)
{
    cJSON *record = begin_record(call, "secretsmanager", name);
    cJSON *identity = server_json_add_object(record, "userIdentity");
    server_json_add(identity, "type", "AWSService");
    server_json_add(identity, "accountId", call->secret.place.account);
    server_json_add(identity, "invokedBy", SERVER_OURSELVES);
    server_json_add(record, "sourceIPAddress", SERVER_OURSELVES);
    server_json_add(record, "userAgent", SERVER_OURSELVES);
    if (why)
        add_outside(record, "errorMessage", why);
    (void)cJSON_AddNullToObject(record, "requestParameters"); /* failed() */
    (void)cJSON_AddNullToObject(record, "responseElements");  /* likewise */
    cJSON *data = server_json_add_object(record, "additionalEventData");
    server_json_add(data, "SecretId", call->secret.arn);
    server_json_add(data, "VersionId", call->version_id);
    server_json_add(record, "requestID", call->request_id);
    server_json_add_bool(record, "readOnly", false);
    add_resources(record, call);
    return end_record(record, call, "AwsServiceEvent");
}

char *server_record_of_command(const struct server_call *call, const char *user,
                               const char *service, const char *event, cJSON *details)
{
    cJSON *record = begin_record(call, service, event);
    cJSON *identity = server_json_add_object(record, "userIdentity");
    server_json_add(identity, "type", "LocalUser");
    server_json_add(identity, "accountId", call->place.account);
    add_outside(identity, "userName", user);
    server_json_add(record, "sourceIPAddress", call->source);
    server_json_add(record, "userAgent", "smcred-server");
    (void)cJSON_AddItemToObject(record, "requestParameters", details); /* failed() */
    (void)cJSON_AddNullToObject(record, "responseElements");           /* likewise */
    server_json_add(record, "requestID", call->request_id);
    server_json_add_bool(record, "readOnly", false);
    return end_record(record, call, "AwsConsoleAction");
}
