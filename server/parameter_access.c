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
#include "server/ssm.h"

static enum server_error ask(struct server_call *call, const char *resource)
{
    char action[64];
    (void)snprintf(action, sizeof action, "ssm:%s", server_dispatch_name(call)); /* fits */
    return server_access_check(&(struct server_access){
        .call = call, .action = action, .resource = resource ? resource : "*", .shown = resource});
}

/* What cannot be a name is left to the handler, which says so. */
static enum server_error ask_for(struct server_call *call, const char *text)
{
    struct server_parameter_id id;
    char arn[SERVER_PARAMETER_ARN_MAX + 1];
    if (server_parameter_id(call, text, &id) != SERVER_OK) {
        sm_free_ptr(&call->message);
        call->message = NULL;
        call->error = SERVER_OK;
        return ask(call, text);
    }
    server_parameter_arn(&call->place, id.name, arn);
    return ask(call, arn);
}

enum server_error server_parameter_access(struct server_call *call)
{
    const cJSON *names = server_json_get(call->input, "Names"), *each;
    const char *name = server_dispatch_secret_id(call);
    enum server_error error = SERVER_OK;
    if (*name)
        return ask_for(call, name);
    if (!names)
        return ask(call, NULL);
    cJSON_ArrayForEach(each, names)
    {
        if (error == SERVER_OK)
            error = ask_for(call, each->valuestring);
    }
    return error;
}
