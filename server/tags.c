/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tags.c - TagResource, UntagResource, and tags elsewhere.
 */
#include "server/tags.h"

#include "server/json.h"
#include "server/operations.h"

#define TAGS_MAX 50 /* per secret */

static enum server_error set_tag(struct server_call *call, const cJSON *tag)
{
    const char *key = server_json_text(tag, "Key");
    const char *value = server_json_text(tag, "Value");
    if (strncmp(key, "aws:", 4) == 0)
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "Tag keys that begin with aws: are reserved for system use.");
    return server_fail_status(
        call, server_store_tag_set(call->server->store, call->secret.row, key, value ? value : ""));
}

enum server_error server_tags_set(struct server_call *call, const cJSON *tags)
{
    const cJSON *tag;
    int64_t count;
    cJSON_ArrayForEach(tag, tags)
    {
        enum server_error error = set_tag(call, tag);
        if (error != SERVER_OK)
            return error;
    }
    if (cJSON_GetArraySize(tags) == 0)
        return SERVER_OK;
    enum smcred_status status =
        server_store_tag_count(call->server->store, call->secret.row, &count);
    if (status == SMCRED_OK && count > TAGS_MAX)
        return server_fail(call, SERVER_LIMIT_EXCEEDED,
                           "You can't attach more than %d tags to a secret.", TAGS_MAX);
    call->secret.tagged = true;
    if (status == SMCRED_OK)
        status = server_store_secret_update(call->server->store, &call->secret);
    return server_fail_status(call, status);
}

static void append_tag(void *context, const char *key, const char *value)
{
    cJSON *tag = server_json_append_object(context);
    (void)cJSON_AddStringToObject(tag, "Key", key);     /* server_json_failed() */
    (void)cJSON_AddStringToObject(tag, "Value", value); /* as above; may be "" */
}

enum smcred_status server_tags_add(struct server_call *call, const struct server_secret *secret,
                                   cJSON *object)
{
    if (!secret->tagged)
        return SMCRED_OK;
    cJSON *tags = server_json_add_array(object, "Tags");
    return server_store_tags(call->server->store, secret->row, append_tag, tags);
}

enum server_error server_tag_resource(struct server_call *call)
{
    return server_tags_set(call, server_json_get(call->input, "Tags"));
}

enum server_error server_untag_resource(struct server_call *call)
{
    const cJSON *key;
    enum smcred_status status = SMCRED_OK;
    cJSON_ArrayForEach(key, server_json_get(call->input, "TagKeys"))
    {
        if (status == SMCRED_OK)
            status =
                server_store_tag_remove(call->server->store, call->secret.row, key->valuestring);
    }
    return server_fail_status(call, status);
}
