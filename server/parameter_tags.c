/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_tags.c - AddTagsToResource, RemoveTagsFromResource, ListTagsForResource; of the types
 * of resource there are in Systems Manager the server has parameters only.
 */
#include "server/parameter_tags.h"

#include "server/json.h"
#include "server/parameter_names.h"
#include "server/ssm.h"

#define TAGS_MAX 50 /* per parameter */

static void count_tag(void *context, const char *key, const char *value)
{
    unsigned *count = context;
    (void)key;
    (void)value;
    (*count)++;
}

enum server_error server_parameter_tags_set(struct server_call *call, int64_t row,
                                            const cJSON *tags)
{
    struct server_store *store = call->server->store;
    unsigned count = 0;
    const cJSON *tag;
    enum smcred_status status = SMCRED_OK;
    cJSON_ArrayForEach(tag, tags)
    {
        const char *key = server_json_text(tag, "Key");
        if (strncmp(key, "aws:", 4) == 0)
            return server_fail(call, SERVER_VALIDATION,
                               "Tag keys that begin with aws: are reserved for system use.");
        if (status == SMCRED_OK)
            status =
                server_store_parameter_tag_set(store, row, key, server_json_text(tag, "Value"));
    }
    if (status == SMCRED_OK)
        status = server_store_parameter_tags(store, row, count_tag, &count);
    if (status == SMCRED_OK && count > TAGS_MAX)
        return server_fail(call, SERVER_TOO_MANY_TAGS,
                           "The request would result in more than %d tags for the resource.",
                           TAGS_MAX);
    return server_fail_status(call, status);
}

static enum server_error find_resource(struct server_call *call, int64_t *out_row)
{
    const char *type = server_json_text(call->input, "ResourceType");
    struct server_parameter_id id;
    server_autoparameter struct server_parameter parameter = {.row = 0};
    if (strcmp(type, "Parameter") != 0)
        return server_fail(call, SERVER_INVALID_RESOURCE_TYPE,
                           "%s is not a valid resource type for this request.", type);
    enum server_error error =
        server_parameter_id(call, server_json_text(call->input, "ResourceId"), &id);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status =
        server_store_parameter(call->server->store, &call->place, id.name, 0, &parameter);
    if (status == SMCRED_NOT_FOUND)
        return server_fail(call, SERVER_INVALID_RESOURCE_ID,
                           "The resource ID is not valid. Verify that you entered the correct ID "
                           "and try again.");
    *out_row = parameter.row;
    return server_fail_status(call, status);
}

enum server_error server_add_tags_to_resource(struct server_call *call)
{
    int64_t row = 0;
    enum server_error error = find_resource(call, &row);
    if (error != SERVER_OK)
        return error;
    return server_parameter_tags_set(call, row, server_json_get(call->input, "Tags"));
}

enum server_error server_remove_tags_from_resource(struct server_call *call)
{
    int64_t row = 0;
    const cJSON *key;
    enum smcred_status status = SMCRED_OK;
    enum server_error error = find_resource(call, &row);
    if (error != SERVER_OK)
        return error;
    cJSON_ArrayForEach(key, server_json_get(call->input, "TagKeys"))
    {
        if (status == SMCRED_OK)
            status = server_store_parameter_tag_remove(call->server->store, row, key->valuestring);
    }
    return server_fail_status(call, status);
}

static void append_tag(void *context, const char *key, const char *value)
{
    cJSON *tag = server_json_append_object(context);
    (void)cJSON_AddStringToObject(tag, "Key", key);     /* server_json_failed() */
    (void)cJSON_AddStringToObject(tag, "Value", value); /* as above; may be "" */
}

enum server_error server_list_tags_for_resource(struct server_call *call)
{
    int64_t row = 0;
    enum server_error error = find_resource(call, &row);
    if (error != SERVER_OK)
        return error;
    cJSON *list = server_json_add_array(call->output, "TagList");
    return server_fail_status(
        call, server_store_parameter_tags(call->server->store, row, append_tag, list));
}
