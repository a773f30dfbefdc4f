/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * call.c - a call from its beginning to the body of its answer.  Called by http and dispatch.
 */
#include "server/call.h"

#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "server/json.h"
#include "server/kms.h"
#include "server/query.h"
#include "server/service.h"
#include "server/signing.h"

enum smcred_status server_init(struct server *server, struct sm_error *err)
{
    struct server_store *store = server->store;
    server->now_ms = sm_wall_ms;
    enum smcred_status status =
        server_store_setting(store, "region", server->home.region, sizeof server->home.region);
    if (status == SMCRED_OK)
        status = server_store_setting(store, "account", server->home.account,
                                      sizeof server->home.account);
    if (status != SMCRED_OK)
        return status == SMCRED_NOT_FOUND
                   ? sm_error_set(err, status,
                                  "the store has no region and account; was it made by --init?")
                   : sm_error_set(err, status, "cannot read the store: %s",
                                  server_store_error(store));
    server->signing = server_signing_new();
    server->kms = server_kms_new();
    return server->signing && server->kms ? SMCRED_OK
                                          : sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
}

void server_done(struct server *server)
{
    server_signing_free(server->signing);
    server->signing = NULL;
    server_kms_free(server->kms);
    server->kms = NULL;
}

void server_uuid(char out_id[SERVER_REQUEST_ID_LEN + 1])
{
    uint8_t b[16] = {0};
    (void)RAND_bytes(b, sizeof b); /* an id that repeats would only be hard to find in the trail */
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    (void)snprintf(out_id, SERVER_REQUEST_ID_LEN + 1,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]); /* fits */
}

void server_call_init(struct server_call *call, struct server *server, const char *source)
{
    memset(call, 0, sizeof *call);
    call->server = server;
    call->now_ms = server->now_ms();
    call->place = server->home;
    (void)snprintf(call->source, sizeof call->source, "%s", source); /* an address fits */
    server_uuid(call->request_id);
}

void server_call_done(struct server_call *call)
{
    cJSON_Delete(call->input);
    cJSON_Delete(call->output);
    free(call->message);
    cJSON_Delete(call->session_tags);
    free(call->session_policy);
    call->session_tags = NULL;
    call->session_policy = NULL;
    call->input = NULL;
    call->output = NULL;
    call->message = NULL;
}

enum server_error server_fail(struct server_call *call, enum server_error error, const char *format,
                              ...)
{
    va_list args;
    free(call->message);
    va_start(args, format);
    if (vasprintf(&call->message, format, args) < 0)
        call->message = NULL; /* the type alone then */
    va_end(args);
    if (call->message)
        server_json_clean(call->message); /* may repeat a header */
    return call->error = error;
}

enum server_error server_fail_status(struct server_call *call, enum smcred_status status)
{
    enum server_error error = server_error_of(status);
    if (status == SMCRED_OK)
        return SERVER_OK;
    log_error("request %s: %s (store: %s)", call->request_id, sm_status_text(status),
              server_store_error(call->server->store));
    if (error == SERVER_DECRYPTION_FAILURE)
        return server_fail(call, error,
                           "Secrets Manager can't decrypt the protected secret text using the "
                           "provided KMS key.");
    if (error == SERVER_ENCRYPTION_FAILURE)
        return server_fail(
            call, error,
            "Secrets Manager can't encrypt the protected secret text using the "
            "provided KMS key. Check that the KMS key is available, enabled, and not "
            "in an invalid state.");
    return server_fail(call, SERVER_INTERNAL, "An error occurred on the server side.");
}

static cJSON *error_json(const struct server_call *call)
{
    const struct server_error_form *form = server_error_form(call->error);
    cJSON *json = cJSON_CreateObject();
    server_json_add(json, "__type", form->type);
    server_json_add(json, form->member, call->message);
    return json;
}

struct server_answer server_call_answer(struct server_call *call)
{
    if (call->service && !call->service->target)
        return (struct server_answer){server_query_body(call), "text/xml",
                                      server_query_code(call->error)};
    server_autojson cJSON *error = call->error != SERVER_OK ? error_json(call) : NULL;
    return (struct server_answer){cJSON_PrintUnformatted(error ? error : call->output),
                                  "application/x-amz-json-1.1",
                                  server_error_form(call->error)->http_code};
}
