/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dispatch.c - the services, and the order of checks around an operation.
 *
 * Called by http, once per request.  What each operation demands stands in its service's table.
 */
#include "server/dispatch.h"

#include "server/deletion.h"
#include "server/json.h"
#include "server/query.h"
#include "server/record.h"
#include "server/service.h"
#include "server/validate.h"

static const struct server_service *const services[] = {
    &server_secretsmanager,
    &server_ssm,
    &server_sts,
};

static const struct server_operation *find_operation(const struct server_service *service,
                                                     const char *name)
{
    for (const struct server_operation *each = service->operations; each->name; each++) {
        if (strcmp(each->name, name) == 0)
            return each;
    }
    return NULL;
}

/* Sets call->service and call->operation. */
static bool find_target(struct server_call *call, const char *target)
{
    for (size_t i = 0; target && i < sizeof services / sizeof *services; i++) {
        size_t len = services[i]->target ? strlen(services[i]->target) : 0;
        if (len == 0 || strncmp(target, services[i]->target, len) != 0)
            continue;
        call->service = services[i];
        call->operation = find_operation(services[i], target + len);
    }
    return call->operation != NULL;
}

static enum server_error fail_bare(struct server_call *call, enum server_error error)
{
    return call->error = error; /* AWS gives the type alone */
}

enum server_error server_dispatch_parse(struct server_call *call, const char *target,
                                        struct sm_bytes body)
{
    if (!find_target(call, target))
        return fail_bare(call, SERVER_UNKNOWN_OPERATION);
    enum smcred_status status = server_json_parse(body, &call->input);
    if (status == SMCRED_INVALID)
        return fail_bare(call, SERVER_SERIALIZATION);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    server_validate_forget_unknown(call, call->operation->members);
    return server_validate_types(call, call->operation->members);
}

enum server_error server_dispatch_parse_query(struct server_call *call, struct sm_bytes body)
{
    call->service = &server_sts; /* the only one */
    enum smcred_status status = server_query_parse(body, &call->input);
    if (status == SMCRED_INVALID || status == SMCRED_TOO_LARGE)
        return fail_bare(call, SERVER_SERIALIZATION);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    const char *action = server_json_text(call->input, "Action");
    call->operation = action ? find_operation(call->service, action) : NULL;
    if (!call->operation)
        return server_fail(call, SERVER_UNKNOWN_OPERATION,
                           "Could not find operation %s for version 2011-06-15",
                           action ? action : "");
    server_query_shape(call->input, call->operation->members);
    return server_validate_types(call, call->operation->members);
}

static enum server_error run_handler(struct server_call *call)
{
    enum server_error error = call->service->check ? call->service->check(call) : SERVER_OK;
    if (error != SERVER_OK)
        return error;
    call->output = cJSON_CreateObject();
    error = call->operation->handler(call);
    if (error == SERVER_OK && call->service->finish)
        error = call->service->finish(call);
    if (server_json_failed()) /* something is missing from the answer */
        return server_fail_status(call, SMCRED_NO_MEMORY);
    return error;
}

bool server_dispatch_only_reads(const struct server_operation *operation)
{
    static const char *const verbs[] = {"BatchGet", "Describe", "Get", "List", "Validate"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strncmp(operation->name, verbs[i], strlen(verbs[i])) == 0)
            return true;
    }
    return false;
}

enum server_error server_dispatch_run(struct server_call *call)
{
    struct server_store *store = call->server->store;
    enum server_error error = server_validate(call, call->operation->members);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status = server_purge(call->server, call->now_ms);
    if (status != SMCRED_OK && status != SMCRED_UNAVAILABLE) /* the next call purges */
        return server_fail_status(call, status);
    status = server_dispatch_only_reads(call->operation) ? server_store_begin_reading(store)
                                                         : server_store_begin(store);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    error = run_handler(call);
    call->error = error;
    if (error == SERVER_OK) /* before the commit: what is done stands in the trail */
        error = server_record_call(call);
    if (error == SERVER_OK)
        error = server_fail_status(call, server_store_commit(store));
    if (error != SERVER_OK)
        server_store_rollback(store);
    return error;
}

const char *server_dispatch_name(const struct server_call *call)
{
    return call->operation ? call->operation->name : "";
}

const char *server_dispatch_secret_id(const struct server_call *call)
{
    const char *id = call->operation && call->operation->id && call->input
                         ? server_json_text(call->input, call->operation->id)
                         : NULL;
    return id ? id : "";
}
