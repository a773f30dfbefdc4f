/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_reference.c - /aws/reference/secretsmanager/NAME: a secret, read as a parameter.
 *
 * Called by parameter_reading.c.  A version id or a staging label may stand behind a colon.
 */
#include "server/parameter_reading.h"

#include <stdio.h>

#include "server/json.h"
#include "server/operations.h"
#include "server/secretsmanager.h"

#define VERSION_ID_MIN 32 /* shorter is a label */

static enum server_error missing(struct server_call *call, const char *name)
{
    return server_fail(call, SERVER_PARAMETER_NOT_FOUND,
                       "An error occurred (ParameterNotFound) when referencing Secrets Manager: "
                       "Secret %s not found.",
                       name);
}

/* The secret's own answer, as the text that SourceResult is; its members begin in lower case there.
 */
static void add_source(const cJSON *secret, cJSON *object)
{
    static const char *const names[][2] = {
        {"ARN", "ARN"},
        {"Name", "name"},
        {"VersionId", "versionId"},
        {"SecretString", "secretString"},
        {"SecretBinary", "secretBinary"},
        {"VersionStages", "versionStages"},
        {"CreatedDate", "createdDate"},
    };
    server_autojson cJSON *source = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const cJSON *member = server_json_get(secret, names[i][0]);
        if (member)
            (void)cJSON_AddItemToObject(source, names[i][1],
                                        cJSON_Duplicate(member, true)); /* server_json_failed() */
    }
    char *text = cJSON_PrintUnformatted(source);
    server_json_add(object, "SourceResult", text);
    cJSON_free(text);
}

static void show(struct server_call *call, const char *name, const cJSON *secret, cJSON *object)
{
    char arn[SERVER_PARAMETER_ARN_MAX + 1];
    const char *value = server_json_text(secret, "SecretString");
    server_json_add(object, "Name", name);
    server_json_add(object, "Type", "SecureString");
    server_json_add(object, "Value", value ? value : server_json_text(secret, "SecretBinary"));
    server_json_add_number(object, "Version", 0);
    add_source(secret, object);
    const cJSON *created = server_json_get(secret, "CreatedDate");
    (void)cJSON_AddItemToObject(object, "LastModifiedDate",
                                cJSON_Duplicate(created, false)); /* server_json_failed() */
    server_parameter_arn(&call->place, name, arn);
    server_json_add(object, "ARN", arn);
    server_json_add(object, "DataType", "text");
}

enum server_error server_parameter_read_reference(struct server_call *call, const char *text,
                                                  cJSON *object)
{
    char name[SERVER_PARAMETER_NAME_MAX + 1];
    server_autojson cJSON *secret = cJSON_CreateObject();
    if (!server_json_is_true(call->input, "WithDecryption"))
        return server_fail(call, SERVER_VALIDATION,
                           "WithDecryption flag must be True for retrieving a Secret Manager "
                           "secret.");
    if (strlen(text) >= sizeof name)
        return missing(call, text);
    memccpy(name, text, 0, sizeof name); /* fits */
    char *colon = strchr(name, ':');
    const char *selector = colon ? colon + 1 : NULL;
    bool is_id = selector && strlen(selector) >= VERSION_ID_MIN;
    const char *version_id = is_id ? selector : NULL, *stage = is_id ? NULL : selector;
    if (colon)
        *colon = '\0';
    enum server_error error = server_secretsmanager_find_to_read(
        call, server_parameter_reference(name), version_id, stage);
    if (error == SERVER_OK)
        error = server_read_secret(call, version_id, stage, secret);
    if (error == SERVER_RESOURCE_NOT_FOUND || error == SERVER_INVALID_REQUEST)
        return missing(call, text);
    if (error == SERVER_OK)
        show(call, name, secret, object);
    return error;
}
