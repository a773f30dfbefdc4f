/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_list.c - DescribeParameters, GetParametersByPath, GetParameterHistory: pages of many.
 */
#include "server/json.h"
#include "server/page.h"
#include "server/parameter_filters.h"
#include "server/parameter_reading.h"
#include "server/parameter_value.h"
#include "server/ssm.h"

/* A page in the making. */
struct page {
    struct server_call *call;
    cJSON *list;
    int64_t at, from, most; /* the place of the next that fits; of the first wanted; how many */
    bool more;
    enum smcred_status status;
    enum server_error error;
    char path[SERVER_PARAMETER_NAME_MAX + 2];
    bool recursive;
    enum server_error (*add)(struct server_call *call, const struct server_parameter *parameter,
                             cJSON *object);
};

static enum server_error begin_page(struct server_call *call, int64_t most, struct page *out_page)
{
    struct server_spot spot;
    enum server_error error = server_page_read(call, &spot);
    out_page->from = spot.at;
    if (error == SERVER_INVALID_NEXT_TOKEN)
        return server_fail(call, SERVER_INVALID_TOKEN, "The specified token is not valid.");
    out_page->call = call;
    out_page->most = server_json_number(call->input, "MaxResults", most);
    out_page->list = server_json_add_array(call->output, "Parameters");
    return error;
}

/* One that fits; false when the page is full. */
static bool add_to_page(struct page *page, const struct server_parameter *parameter)
{
    if (page->at++ < page->from)
        return true;
    if (page->at > page->from + page->most) {
        page->more = true;
        return false;
    }
    page->error = page->add(page->call, parameter, server_json_append_object(page->list));
    return page->error == SERVER_OK;
}

static enum server_error end_page(struct page *page, enum smcred_status status)
{
    if (page->error != SERVER_OK)
        return page->error;
    if (page->more)
        server_page_add(page->call, &(struct server_spot){.at = page->from + page->most});
    return server_fail_status(page->call, status == SMCRED_OK ? page->status : status);
}

static bool visit_filtered(void *context, const struct server_parameter *parameter)
{
    struct page *page = context;
    if (*page->path && !server_parameter_is_below(parameter->name, page->path, page->recursive))
        return true;
    if (!server_parameter_filters_pass(page->call, parameter, &page->status))
        return page->status == SMCRED_OK;
    return add_to_page(page, parameter);
}

/* What is shown of a parameter without its value. */
static void describe(const struct server_parameter *parameter, cJSON *object)
{
    server_json_add(object, "Type", parameter->type);
    server_json_add(object, "KeyId", parameter->key_id);
    server_json_add_time(object, "LastModifiedDate", parameter->modified_ms);
    server_json_add(object, "LastModifiedUser", parameter->modified_by);
    server_json_add(object, "Description", parameter->description);
    server_json_add(object, "AllowedPattern", parameter->pattern);
    server_json_add_number(object, "Version", parameter->version);
    server_json_add(object, "Tier", parameter->tier);
    (void)server_json_add_array(object, "Policies"); /* server_json_failed() */
    server_json_add(object, "DataType", parameter->data_type);
}

static enum server_error add_description(struct server_call *call,
                                         const struct server_parameter *parameter, cJSON *object)
{
    char arn[SERVER_PARAMETER_ARN_MAX + 1];
    server_parameter_arn(&call->place, parameter->name, arn);
    server_json_add(object, "Name", parameter->shown);
    server_json_add(object, "ARN", arn);
    describe(parameter, object);
    return SERVER_OK;
}

enum server_error server_describe_parameters(struct server_call *call)
{
    struct page page = {.add = add_description};
    enum server_error error = server_parameter_filters_check(call, false);
    if (error == SERVER_OK)
        error = begin_page(call, 50, &page);
    if (error != SERVER_OK)
        return error;
    return end_page(
        &page, server_store_parameters(call->server->store, &call->place, visit_filtered, &page));
}

static enum server_error add_value(struct server_call *call,
                                   const struct server_parameter *parameter, cJSON *object)
{
    return server_parameter_show(call, parameter->shown, "", parameter, object);
}

enum server_error server_get_parameters_by_path(struct server_call *call)
{
    struct page page = {.add = add_value,
                        .recursive = server_json_is_true(call->input, "Recursive")};
    enum server_error error =
        server_parameter_path(call, server_json_text(call->input, "Path"), page.path);
    if (error == SERVER_OK)
        error = server_parameter_filters_check(call, true);
    if (error == SERVER_OK)
        error = begin_page(call, 10, &page);
    if (error != SERVER_OK)
        return error;
    return end_page(
        &page, server_store_parameters(call->server->store, &call->place, visit_filtered, &page));
}

static void append_label(void *context, const char *label, const char *unused)
{
    (void)unused;
    server_json_append(context, label);
}

static enum server_error add_version(struct server_call *call,
                                     const struct server_parameter *parameter, cJSON *object)
{
    bool decrypt = server_json_is_true(call->input, "WithDecryption");
    enum server_error error = decrypt ? server_parameter_may_open(call, parameter) : SERVER_OK;
    if (error != SERVER_OK)
        return error;
    server_json_add(object, "Name", parameter->shown);
    describe(parameter, object);
    enum smcred_status status = server_parameter_add_value(call, parameter, decrypt, object);
    if (status == SMCRED_OK)
        status =
            server_store_parameter_labels(call->server->store, parameter->row, parameter->version,
                                          append_label, server_json_add_array(object, "Labels"));
    return server_fail_status(call, status);
}

static bool visit_version(void *context, const struct server_parameter *parameter)
{
    return add_to_page(context, parameter);
}

enum server_error server_get_parameter_history(struct server_call *call)
{
    struct page page = {.add = add_version};
    struct server_parameter_id id;
    server_autoparameter struct server_parameter parameter = {.row = 0};
    enum server_error error =
        server_parameter_find(call, server_json_text(call->input, "Name"), &id, &parameter);
    if (error == SERVER_OK)
        error = begin_page(call, 50, &page);
    if (error != SERVER_OK)
        return error;
    return end_page(&page, server_store_parameter_history(call->server->store, parameter.row,
                                                          visit_version, &page));
}
