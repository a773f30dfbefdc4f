/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_access.c - whether the caller may, before Parameter Store looks.  Called by dispatch,
 * by the way of ssm.c.
 */
#include <stdio.h>

#include "server/access.h"
#include "server/dispatch.h"
#include "server/json.h"
#include "server/parameter_names.h"
#include "server/service.h"
#include "server/ssm.h"

/*
 *   action    "ssm:" is put before it
 *   resource  an ARN, or what the caller wrote; NULL: none
 *   name      of the parameter; NULL: none is meant
 */
static enum server_error ask(struct server_call *call, const char *operation, const char *resource,
                             const char *name)
{
    char action[64];
    (void)snprintf(action, sizeof action, "ssm:%s", operation); /* fits */
    return server_access_check(&(struct server_access){.call = call,
                                                       .action = action,
                                                       .resource = resource ? resource : "*",
                                                       .shown = resource,
                                                       .parameter = name});
}

/* What cannot be a name is left to the handler, which says so. */
static enum server_error ask_for_strange(struct server_call *call, const char *text)
{
    sm_free_ptr(&call->message);
    call->message = NULL;
    call->error = SERVER_OK;
    return ask(call, call->operation->name, text, NULL);
}

static enum server_error ask_for(struct server_call *call, const char *text)
{
    struct server_parameter_id id;
    char arn[SERVER_PARAMETER_ARN_MAX + 1];
    if (server_parameter_id(call, text, &id) != SERVER_OK)
        return ask_for_strange(call, text);
    server_parameter_arn(&call->place, id.name, arn);
    enum server_error error = ask(call, call->operation->name, arn, id.name);
    if (error == SERVER_OK && call->operation->handler == server_put_parameter &&
        server_json_get(call->input, "Tags"))
        error = ask(call, "AddTagsToResource", arn, id.name);
    return error;
}

/* A path is a resource as a parameter is, with or without the slash it may end in. */
static enum server_error ask_for_path(struct server_call *call, const char *text)
{
    char path[SERVER_PARAMETER_NAME_MAX + 2], arn[SERVER_PARAMETER_ARN_MAX + 1];
    if (server_parameter_path(call, text, path) != SERVER_OK)
        return ask_for_strange(call, text);
    server_parameter_arn(&call->place, path, arn);
    return ask(call, call->operation->name, arn, NULL);
}

enum server_error server_parameter_access(struct server_call *call)
{
    const cJSON *names = server_json_get(call->input, "Names"), *each;
    const char *name = server_dispatch_secret_id(call);
    enum server_error error = SERVER_OK;
    if (call->operation->handler == server_get_parameters_by_path)
        return ask_for_path(call, name);
    if (*name)
        return ask_for(call, name);
    if (!names)
        return ask(call, call->operation->name, NULL, NULL);
    cJSON_ArrayForEach(each, names)
    {
        if (error == SERVER_OK)
            error = ask_for(call, each->valuestring);
    }
    return error;
}
