/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_labels.c - LabelParameterVersion, UnlabelParameterVersion.
 */
#include <strings.h>

#include "server/json.h"
#include "server/parameter_reading.h"
#include "server/ssm.h"

/* Letters, digits and .-_; no digit first, and not what is AWS's. */
static bool is_label(const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
    return text[strspn(text, allowed)] == '\0' && !(*text >= '0' && *text <= '9') &&
           strncasecmp(text, "aws", 3) != 0 && strncasecmp(text, "ssm", 3) != 0;
}

/* The version that the request names; without a number the latest. */
static enum server_error find(struct server_call *call, struct server_parameter *out_parameter)
{
    struct server_parameter_id id;
    int64_t version = server_json_number(call->input, "ParameterVersion", 0);
    enum server_error error =
        server_parameter_find(call, server_json_text(call->input, "Name"), &id, out_parameter);
    if (error != SERVER_OK || version == 0 || version == out_parameter->version)
        return error;
    server_parameter_done(out_parameter);
    enum smcred_status status =
        server_store_parameter(call->server->store, &call->place, id.name, version, out_parameter);
    if (status == SMCRED_NOT_FOUND)
        return server_fail(call, SERVER_PARAMETER_VERSION_NOT_FOUND,
                           "Systems Manager could not find version %lld of %s. Verify the version "
                           "and try again.",
                           (long long)version, id.shown);
    return server_fail_status(call, status);
}

static void count_label(void *context, const char *label, const char *unused)
{
    unsigned *count = context;
    (void)label;
    (void)unused;
    (*count)++;
}

static enum server_error attach(struct server_call *call, const struct server_parameter *parameter,
                                const cJSON *labels)
{
    struct server_store *store = call->server->store;
    const cJSON *label;
    unsigned count = 0;
    enum smcred_status status = SMCRED_OK;
    cJSON_ArrayForEach(label, labels)
    {
        if (status == SMCRED_OK)
            status = server_store_parameter_label_set(store, parameter->row, label->valuestring,
                                                      parameter->version);
    }
    if (status == SMCRED_OK)
        status = server_store_parameter_labels(store, parameter->row, parameter->version,
                                               count_label, &count);
    if (status == SMCRED_OK && count > SERVER_PARAMETER_LABELS)
        return server_fail(call, SERVER_PARAMETER_LABEL_LIMIT,
                           "A parameter version can have maximum %d labels.Move one or more labels "
                           "to another version and try again.",
                           SERVER_PARAMETER_LABELS);
    return server_fail_status(call, status);
}

enum server_error server_label_parameter_version(struct server_call *call)
{
    server_autoparameter struct server_parameter parameter = {.row = 0};
    const cJSON *label, *labels = server_json_get(call->input, "Labels");
    enum server_error error = find(call, &parameter);
    if (error != SERVER_OK)
        return error;
    cJSON *invalid = server_json_add_array(call->output, "InvalidLabels");
    cJSON_ArrayForEach(label, labels)
    {
        if (!is_label(label->valuestring))
            server_json_append(invalid, label->valuestring);
    }
    server_json_add_number(call->output, "ParameterVersion", parameter.version);
    return cJSON_GetArraySize(invalid) > 0 ? SERVER_OK : attach(call, &parameter, labels);
}

enum server_error server_unlabel_parameter_version(struct server_call *call)
{
    struct server_store *store = call->server->store;
    server_autoparameter struct server_parameter parameter = {.row = 0};
    const cJSON *label;
    enum server_error error = find(call, &parameter);
    if (error != SERVER_OK)
        return error;
    cJSON *removed = server_json_add_array(call->output, "RemovedLabels");
    cJSON *invalid = server_json_add_array(call->output, "InvalidLabels");
    cJSON_ArrayForEach(label, server_json_get(call->input, "Labels"))
    {
        int64_t version = 0;
        enum smcred_status status =
            server_store_parameter_label(store, parameter.row, label->valuestring, &version);
        bool attached = status == SMCRED_OK && version == parameter.version;
        if (attached)
            status = server_store_parameter_label_remove(store, parameter.row, label->valuestring);
        if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
            return server_fail_status(call, status);
        server_json_append(attached ? removed : invalid, label->valuestring);
    }
    return SERVER_OK;
}
