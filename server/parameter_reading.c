/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_reading.c - GetParameter, GetParameters.
 */
#include "server/parameter_reading.h"

#include "server/json.h"
#include "server/parameter_value.h"
#include "server/ssm.h"

static bool is_number(const char *text)
{
    return *text && strlen(text) < 19 && text[strspn(text, "0123456789")] == '\0';
}

static enum server_error no_version(struct server_call *call, const struct server_parameter_id *id)
{
    return server_fail(call, SERVER_PARAMETER_VERSION_NOT_FOUND,
                       "Systems Manager could not find %s %s of %s. Verify the %s and try again.",
                       is_number(id->selector) ? "version" : "label", id->selector, id->shown,
                       is_number(id->selector) ? "version" : "label");
}

/* The version that the selector means, of a parameter that is there. */
static enum smcred_status select_version(struct server_call *call,
                                         const struct server_parameter_id *id, int64_t row,
                                         int64_t *out_version)
{
    if (!is_number(id->selector))
        return server_store_parameter_label(call->server->store, row, id->selector, out_version);
    *out_version = strtoll(id->selector, NULL, 10);
    return *out_version > 0 ? SMCRED_OK : SMCRED_NOT_FOUND;
}

enum server_error server_parameter_find(struct server_call *call, const char *text,
                                        struct server_parameter_id *out_id,
                                        struct server_parameter *out_parameter)
{
    struct server_store *store = call->server->store;
    int64_t version;
    enum server_error error = server_parameter_id(call, text, out_id);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status =
        server_store_parameter(store, &call->place, out_id->name, 0, out_parameter);
    if (status == SMCRED_NOT_FOUND)
        return server_parameter_not_found(call);
    if (status != SMCRED_OK || !*out_id->selector)
        return server_fail_status(call, status);
    status = select_version(call, out_id, out_parameter->row, &version);
    server_parameter_done(out_parameter);
    if (status == SMCRED_OK)
        status = server_store_parameter(store, &call->place, out_id->name, version, out_parameter);
    return status == SMCRED_NOT_FOUND ? no_version(call, out_id) : server_fail_status(call, status);
}

enum server_error server_parameter_show(struct server_call *call, const char *name,
                                        const char *selector,
                                        const struct server_parameter *parameter, cJSON *object)
{
    char arn[SERVER_PARAMETER_ARN_MAX + 1];
    char selected[SERVER_PARAMETER_ID_MAX + 2] = ":";
    bool decrypt = server_json_is_true(call->input, "WithDecryption");
    enum server_error error = decrypt ? server_parameter_may_open(call, parameter) : SERVER_OK;
    if (error != SERVER_OK)
        return error;
    server_json_add(object, "Name", name);
    server_json_add(object, "Type", parameter->type);
    enum smcred_status status = server_parameter_add_value(call, parameter, decrypt, object);
    server_json_add_number(object, "Version", parameter->version);
    memccpy(selected + 1, selector, 0, sizeof selected - 1); /* fits */
    if (*selector)
        server_json_add(object, "Selector", selected);
    server_json_add_time(object, "LastModifiedDate", parameter->modified_ms);
    server_parameter_arn(&call->place, parameter->name, arn);
    server_json_add(object, "ARN", arn);
    server_json_add(object, "DataType", parameter->data_type);
    return server_fail_status(call, status);
}

/* Whatever stands behind a name. */
static enum server_error read_name(struct server_call *call, const char *text, cJSON *object)
{
    struct server_parameter_id id;
    server_autoparameter struct server_parameter parameter = {.row = 0};
    if (server_parameter_reference(text))
        return server_parameter_read_reference(call, text, object);
    enum server_error error = server_parameter_find(call, text, &id, &parameter);
    if (error != SERVER_OK)
        return error;
    const char *shown = strncmp(text, "arn:", 4) == 0 ? parameter.shown : id.shown;
    return server_parameter_show(call, shown, id.selector, &parameter, object);
}

enum server_error server_get_parameter(struct server_call *call)
{
    return read_name(call, server_json_text(call->input, "Name"),
                     server_json_add_object(call->output, "Parameter"));
}

static bool is_repeated(const cJSON *name)
{
    for (const cJSON *other = name->next; other; other = other->next) {
        if (strcmp(other->valuestring, name->valuestring) == 0)
            return true;
    }
    return false;
}

/* What is not there, or cannot be a name, is listed; all else ends the call. */
static enum server_error read_one(struct server_call *call, const char *name)
{
    server_autojson cJSON *object = cJSON_CreateObject();
    enum server_error error = read_name(call, name, object);
    if (error == SERVER_OK)
        (void)cJSON_AddItemToArray(server_json_get_own(call->output, "Parameters"),
                                   sm_take_ptr(&object)); /* server_json_failed() */
    if (error != SERVER_PARAMETER_NOT_FOUND && error != SERVER_PARAMETER_VERSION_NOT_FOUND)
        return error;
    server_json_append(server_json_get_own(call->output, "InvalidParameters"), name);
    return call->error = SERVER_OK;
}

enum server_error server_get_parameters(struct server_call *call)
{
    const cJSON *name;
    enum server_error error = SERVER_OK;
    (void)server_json_add_array(call->output, "Parameters");        /* server_json_failed() */
    (void)server_json_add_array(call->output, "InvalidParameters"); /* as above */
    cJSON_ArrayForEach(name, server_json_get(call->input, "Names"))
    {
        if (is_repeated(name))
            return server_fail(call, SERVER_VALIDATION,
                               "Parameter names can't be repeated in a request: %s.",
                               name->valuestring);
        error = read_one(call, name->valuestring);
        if (error != SERVER_OK)
            break;
    }
    return error;
}
