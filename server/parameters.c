/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameters.c - PutParameter, DeleteParameter, DeleteParameters.
 */
#include "server/json.h"
#include "server/kms.h"
#include "server/parameter_names.h"
#include "server/parameter_tags.h"
#include "server/parameter_value.h"
#include "server/pattern.h"
#include "server/ssm.h"

#define STANDARD_MAX 4096 /* characters of a value */
#define ADVANCED_MAX 8192

#define SECURE "SecureString"

static void set_text(char *out, size_t size, const char *text)
{
    if (text)
        (void)memccpy(out, text, 0, size); /* validated, so it fits */
}
#define SET(field, text) set_text(field, sizeof field, text)

/* --- what may be put -------------------------------------------------------------------------- */

static enum server_error check_request(struct server_call *call)
{
    const char *data_type = server_json_text(call->input, "DataType");
    const char *policies = server_json_text(call->input, "Policies");
    if (server_json_is_true(call->input, "Overwrite") && server_json_get(call->input, "Tags"))
        return server_fail(call, SERVER_VALIDATION,
                           "Invalid request: tags and overwrite can't be used together. To create "
                           "a parameter with tags, please remove overwrite flag. To update tags "
                           "for an existing parameter, please use AddTagsToResource or "
                           "RemoveTagsFromResource.");
    if (data_type && strcmp(data_type, "text") != 0 && strcmp(data_type, "aws:ec2:image") != 0 &&
        strcmp(data_type, "aws:ssm:integration") != 0)
        return server_fail(call, SERVER_VALIDATION,
                           "The following data type is not supported: %s (Data type names are all "
                           "lowercase.)",
                           data_type);
    if (policies && strcmp(policies, "[]") != 0 && strcmp(policies, "[{}]") != 0)
        return server_fail(call, SERVER_INVALID_POLICY_TYPE,
                           "Parameter policies are not supported by this server.");
    if (strstr(server_json_text(call->input, "Value"), "{{"))
        return server_fail(call, SERVER_VALIDATION,
                           "Parameter value can't nest another parameter. Do not use \"{{}}\" in "
                           "the value.");
    return SERVER_OK;
}

static size_t character_count(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* The tier that is asked for, or that the value needs, within its bound. */
static enum server_error set_tier(struct server_call *call, struct server_parameter *parameter)
{
    const char *asked = server_json_text(call->input, "Tier");
    size_t len = character_count(server_json_text(call->input, "Value"));
    bool was_advanced = strcmp(parameter->tier, "Advanced") == 0;
    if (asked && was_advanced && strcmp(asked, "Standard") == 0)
        return server_fail(call, SERVER_VALIDATION,
                           "This parameter uses the advanced-parameter tier. You can't downgrade a "
                           "parameter from the advanced-parameter tier to the standard-parameter "
                           "tier. If necessary, you can delete the advanced parameter and recreate "
                           "it as a standard parameter.");
    bool is_advanced = was_advanced || (asked && strcmp(asked, "Advanced") == 0) ||
                       (asked && strcmp(asked, "Intelligent-Tiering") == 0 && len > STANDARD_MAX);
    if (!is_advanced && len > STANDARD_MAX)
        return server_fail(
            call, SERVER_VALIDATION,
            "Standard tier parameters support a maximum parameter value of %d characters. To "
            "create a larger parameter value, upgrade the parameter to use the advanced-parameter "
            "tier. For more information, see "
            "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
            "parameter-store-advanced-parameters.html",
            STANDARD_MAX);
    if (len > ADVANCED_MAX)
        return server_fail(call, SERVER_VALIDATION,
                           "Advanced tier parameters support a maximum parameter value of %d "
                           "characters.",
                           ADVANCED_MAX);
    SET(parameter->tier, is_advanced ? "Advanced" : "Standard");
    return SERVER_OK;
}

static enum server_error set_type(struct server_call *call, struct server_parameter *parameter)
{
    const char *type = server_json_text(call->input, "Type");
    if (!type && parameter->row == 0)
        return server_fail(call, SERVER_VALIDATION,
                           "A parameter type is required when you create a parameter.");
    if (type && parameter->row != 0 &&
        (strcmp(type, SECURE) == 0) != (strcmp(parameter->type, SECURE) == 0))
        return server_fail(call, SERVER_HIERARCHY_TYPE_MISMATCH,
                           "Parameter Store doesn't support changing a parameter type in a "
                           "hierarchy. For example, you can't change a parameter from a String "
                           "type to a SecureString type. You must create a new, unique "
                           "parameter.");
    SET(parameter->type, type);
    if (strcmp(parameter->type, SECURE) != 0)
        return SERVER_OK;
    SET(parameter->key_id, *parameter->key_id ? NULL : SERVER_KMS_SSM);
    SET(parameter->key_id, server_json_text(call->input, "KeyId"));
    return SERVER_OK;
}

static enum server_error set_pattern(struct server_call *call, struct server_parameter *parameter)
{
    SET(parameter->pattern, server_json_text(call->input, "AllowedPattern"));
    if (!*parameter->pattern)
        return SERVER_OK;
    enum smcred_status status =
        server_pattern_match(parameter->pattern, server_json_text(call->input, "Value"));
    if (status == SMCRED_INVALID)
        return server_fail(call, SERVER_INVALID_ALLOWED_PATTERN,
                           "The request does not meet the regular expression requirement: %s",
                           parameter->pattern);
    if (status == SMCRED_DENIED)
        return server_fail(call, SERVER_PARAMETER_MISMATCH,
                           "Parameter value, cannot be validated against allowedPattern: %s",
                           parameter->pattern);
    return server_fail_status(call, status);
}

/* What the request says about this version; what it leaves out stays as it was. */
static enum server_error set_version(struct server_call *call, struct server_parameter *parameter)
{
    enum server_error error = set_type(call, parameter);
    if (error == SERVER_OK)
        error = set_tier(call, parameter);
    if (error == SERVER_OK)
        error = server_parameter_may_seal(call, parameter);
    if (error == SERVER_OK)
        error = set_pattern(call, parameter);
    SET(parameter->description, server_json_text(call->input, "Description"));
    SET(parameter->data_type, *parameter->data_type ? NULL : "text");
    SET(parameter->data_type, server_json_text(call->input, "DataType"));
    SET(parameter->modified_by, call->principal);
    parameter->modified_ms = call->now_ms;
    parameter->version = parameter->latest + 1;
    return error;
}

/* --- putting it ------------------------------------------------------------------------------- */

static void note_label(void *context, const char *label, const char *unused)
{
    bool *is_labelled = context;
    (void)label;
    (void)unused;
    *is_labelled = true;
}

/* The oldest version makes room for a new one, unless a label holds it. */
static enum server_error make_room(struct server_call *call,
                                   const struct server_parameter *parameter)
{
    struct server_store *store = call->server->store;
    int64_t count, oldest;
    bool is_labelled = false;
    enum smcred_status status = server_store_parameter_span(store, parameter->row, &count, &oldest);
    if (status != SMCRED_OK || count < SERVER_PARAMETER_VERSIONS)
        return server_fail_status(call, status);
    status = server_store_parameter_labels(store, parameter->row, oldest, note_label, &is_labelled);
    if (status == SMCRED_OK && is_labelled)
        return server_fail(call, SERVER_PARAMETER_MAX_VERSIONS,
                           "You attempted to create a new version of %s by calling the "
                           "PutParameter API with the overwrite flag. Version %lld, the oldest "
                           "version, can't be deleted because it has a label associated with it. "
                           "Move the label to another version of the parameter, and try again.",
                           parameter->shown, (long long)oldest);
    if (status == SMCRED_OK)
        status = server_store_parameter_drop(store, parameter->row, oldest);
    return server_fail_status(call, status);
}

/* The latest version, to be overwritten, or a new parameter. */
static enum server_error find_or_begin(struct server_call *call,
                                       const struct server_parameter_id *id,
                                       struct server_parameter *out_parameter)
{
    enum smcred_status status =
        server_store_parameter(call->server->store, &call->place, id->name, 0, out_parameter);
    if (status == SMCRED_NOT_FOUND) {
        out_parameter->place = call->place;
        SET(out_parameter->name, id->name);
        SET(out_parameter->shown, id->shown);
        return SERVER_OK;
    }
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    server_parameter_done(out_parameter); /* its value goes */
    if (!server_json_is_true(call->input, "Overwrite"))
        return server_fail(call, SERVER_PARAMETER_EXISTS,
                           "The parameter already exists. To overwrite this value, set the "
                           "overwrite option in the request to true.");
    return make_room(call, out_parameter);
}

enum server_error server_put_parameter(struct server_call *call)
{
    struct server_parameter_id id;
    server_autoparameter struct server_parameter parameter = {.row = 0};
    enum server_error error =
        server_parameter_new_id(call, server_json_text(call->input, "Name"), &id);
    if (error == SERVER_OK)
        error = check_request(call);
    if (error == SERVER_OK)
        error = find_or_begin(call, &id, &parameter);
    if (error == SERVER_OK)
        error = set_version(call, &parameter);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status =
        server_parameter_seal(call, server_json_text(call->input, "Value"), &parameter);
    if (status == SMCRED_OK)
        status = server_store_parameter_put(call->server->store, &parameter);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    server_json_add_number(call->output, "Version", parameter.version);
    server_json_add(call->output, "Tier", parameter.tier);
    return server_parameter_tags_set(call, parameter.row, server_json_get(call->input, "Tags"));
}

/* --- and taking it away ----------------------------------------------------------------------- */

static enum server_error delete_one(struct server_call *call, const char *name)
{
    struct server_parameter_id id;
    server_autoparameter struct server_parameter parameter = {.row = 0};
    enum server_error error = server_parameter_id(call, name, &id);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status =
        server_store_parameter(call->server->store, &call->place, id.name, 0, &parameter);
    if (status == SMCRED_NOT_FOUND || *id.selector)
        return server_parameter_not_found(call);
    if (status == SMCRED_OK)
        status = server_store_parameter_delete(call->server->store, parameter.row);
    return server_fail_status(call, status);
}

enum server_error server_delete_parameter(struct server_call *call)
{
    return delete_one(call, server_json_text(call->input, "Name"));
}

enum server_error server_delete_parameters(struct server_call *call)
{
    const cJSON *name;
    cJSON *deleted = server_json_add_array(call->output, "DeletedParameters");
    cJSON *invalid = server_json_add_array(call->output, "InvalidParameters");
    cJSON_ArrayForEach(name, server_json_get(call->input, "Names"))
    {
        enum server_error error = delete_one(call, name->valuestring);
        if (error != SERVER_OK && error != SERVER_PARAMETER_NOT_FOUND)
            return error;
        server_json_append(error == SERVER_OK ? deleted : invalid, name->valuestring);
        call->error = SERVER_OK;
    }
    return SERVER_OK;
}
