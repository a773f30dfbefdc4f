/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http.c - libmicrohttpd in, AWS's JSON out.
 *
 * Called by main.  One thread polls all connections and answers all calls, so nothing behind it
 * needs a lock.  Bodies are collected in a secret and wiped in libmicrohttpd's buffer as they are
 * taken; answers are in memory that cJSON_free() wipes.
 */
#include "server/http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>

#include "common/log.h"
#include "server/auth.h"
#include "server/connections.h"
#include "server/delays.h"
#include "server/dispatch.h"
#include "server/faults.h"
#include "server/json.h"
#include "server/record.h"

#define BODY_MAX    SM_BUFFER_MAX /* bytes */
#define HEADERS_MAX 32768         /* bytes of request line and headers, and the read buffer */
#define TARGET_MAX  128
#define SPARE       16 /* connections that are being closed to make room */
#define JSON_TYPE   "application/x-amz-json-1.1"
#define FORM_TYPE   "application/x-www-form-urlencoded"

struct server_http {
    struct server *server;
    struct MHD_Daemon *daemon;
    struct server_connections *connections;
    struct server_faults *faults; /* NULL: none are asked for */
    struct server_delays *delays; /* NULL without faults */
};

/* One request while it arrives. */
struct request {
    char *uri;              /* as on the wire */
    struct sm_secret *body; /* NULL until the headers are there */
    bool too_large;
    struct sigv4_header headers[SIGV4_HEADERS_MAX];
    size_t header_count;
    bool too_many_headers;
    struct server_fault fault;
    struct MHD_Response *delayed; /* an answer that waits; NULL: none */
    unsigned delayed_code;
};

static void free_request(struct request *request)
{
    if (!request)
        return;
    if (request->delayed)
        MHD_destroy_response(request->delayed);
    sm_secret_free(request->body);
    free(request->uri);
    free(request);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* To what names no service; there is no call, nor anything for the trail. */
static enum MHD_Result answer_forbidden(struct MHD_Connection *connection)
{
    static char body[] = /* libmicrohttpd takes no const, and does not write to it */
        "<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be "
        "authorized</Message>\n</AccessDeniedException>\n";
    char request_id[SERVER_REQUEST_ID_LEN + 1];
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof body - 1, body, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    server_uuid(request_id);
    enum MHD_Result queued = MHD_NO;
    if (MHD_add_response_header(response, "x-amzn-RequestId", request_id) == MHD_YES)
        queued = MHD_queue_response(connection, MHD_HTTP_FORBIDDEN, response);
    MHD_destroy_response(response);
    return queued;
}

/* NULL without memory. */
static struct MHD_Response *response_of(struct server_call *call, unsigned *out_code)
{
    struct server_answer answer = server_call_answer(call);
    char *body = answer.body;
    if (!body)
        return NULL;
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(strlen(body), body, cJSON_free);
    if (!response) {
        cJSON_free(body);
        return NULL;
    }
    *out_code = answer.http_code;
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.type) == MHD_YES &&
        MHD_add_response_header(response, "x-amzn-RequestId", call->request_id) == MHD_YES)
        return response;
    MHD_destroy_response(response);
    return NULL;
}

/* Takes `response`; to queue none closes the connection. */
static enum MHD_Result queue(struct MHD_Connection *connection, struct MHD_Response *response,
                             unsigned code)
{
    if (!response)
        return MHD_NO;
    enum MHD_Result queued = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return queued;
}

/* What connections.c knows of it; NULL if that is nothing. */
static struct server_connection *tracked(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void resume(void *connection)
{
    MHD_resume_connection(connection); /* take_request() is called once more */
}

static enum MHD_Result answer_call(struct server_http *http, struct MHD_Connection *connection,
                                   struct request *request, struct server_call *call)
{
    unsigned code = 0;
    struct MHD_Response *response = response_of(call, &code);
    if (!response || request->fault.kind != SERVER_FAULT_DELAY)
        return queue(connection, response, code);
    request->delayed = response;
    request->delayed_code = code;
    server_connections_hold(http->connections, tracked(connection));
    MHD_suspend_connection(connection);
    server_delays_add(http->delays, request->fault.ms, resume, connection);
    return MHD_YES;
}

/* --- requests --------------------------------------------------------------------------------- */

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct request *request = context;
    (void)kind; /* headers were asked for */
    if (request->header_count == SIGV4_HEADERS_MAX) {
        request->too_many_headers = true;
        return MHD_NO;
    }
    request->headers[request->header_count++] =
        (struct sigv4_header){sm_bytes_of(name), sm_bytes_of(value)};
    return MHD_YES;
}

static struct sigv4_request signed_request(const struct request *request, const char *method)
{
    struct sm_bytes uri = sm_bytes_of(request->uri);
    size_t path_len = strcspn(request->uri, "?");
    struct sigv4_request out = {
        .method = sm_bytes_of(method),
        .path = sm_bytes(uri.data, path_len),
        .headers = request->headers,
        .header_count = request->header_count,
        .body = sm_secret_view(request->body),
    };
    if (path_len < uri.len)
        out.query = sm_bytes(request->uri + path_len + 1, uri.len - path_len - 1);
    return out;
}

/* The Content-Type is this one, maybe with parameters. */
static bool has_type(const struct sigv4_request *request, const char *type)
{
    struct sm_bytes value;
    size_t len = strlen(type);
    return server_header(request, "content-type", &value) && value.len >= len &&
           strncasecmp(value.data, type, len) == 0 &&
           (value.len == len || strchr("; \t", ((const char *)value.data)[len]));
}

/* The operation named, where everything around it is as it must be; else NULL. */
static const char *target_of(const struct sigv4_request *request, char out[TARGET_MAX])
{
    struct sm_bytes target;
    if (!sm_bytes_is(request->path, "/") || !has_type(request, JSON_TYPE) ||
        !server_header(request, "x-amz-target", &target) || target.len >= TARGET_MAX)
        return NULL;
    memcpy(out, target.data, target.len);
    out[target.len] = '\0';
    return out;
}

/* What --faults has for this call instead of its answer. */
static enum server_error fail_on_demand(struct server_call *call, struct server_faults *faults,
                                        struct server_fault *out_fault)
{
    *out_fault =
        server_faults_next(faults, server_dispatch_name(call), server_dispatch_secret_id(call));
    switch (out_fault->kind) {
    case SERVER_FAULT_NONE:
    case SERVER_FAULT_LOSE:
    case SERVER_FAULT_DELAY:
        return SERVER_OK;
    case SERVER_FAULT_THROTTLE:
        return server_fail(call, SERVER_THROTTLING, "Rate exceeded");
    case SERVER_FAULT_ERROR:
    case SERVER_FAULT_DROP:
        return server_fail(call, SERVER_INTERNAL, "An error occurred on the server side.");
    }
    return SERVER_OK;
}

static void run_call(struct server_call *call, struct server_faults *faults,
                     struct request *request, const struct sigv4_request *on_wire)
{
    char room[TARGET_MAX];
    if (request->too_large || request->too_many_headers) {
        call->error = SERVER_TOO_LARGE;
        return;
    }
    enum server_error error =
        has_type(on_wire, FORM_TYPE)
            ? server_dispatch_parse_query(call, on_wire->body)
            : server_dispatch_parse(call, target_of(on_wire, room), on_wire->body);
    if (error == SERVER_OK)
        error = server_authenticate(call, on_wire);
    if (error == SERVER_OK)
        error = fail_on_demand(call, faults, &request->fault);
    if (error == SERVER_OK)
        error = server_dispatch_run(call);
    call->error = error;
}

static void source_of(struct MHD_Connection *connection, char *out, size_t size)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    const void *where = NULL;
    if (address && address->sa_family == AF_INET)
        where = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address && address->sa_family == AF_INET6)
        where = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (!where || !inet_ntop(address->sa_family, where, out, (socklen_t)size))
        (void)snprintf(out, size, "unix"); /* fits */
}

static void note_user_agent(struct server_call *call, const struct sigv4_request *request)
{
    struct sm_bytes text;
    if (server_header(request, "user-agent", &text))
        (void)snprintf(call->user_agent, sizeof call->user_agent, "%.*s", (int)text.len,
                       (const char *)text.data); /* cut as need be */
}

/* Two lengths: whoever stands in front may have taken the other, and another request begins. */
static bool is_ambiguous(const struct request *request)
{
    unsigned lengths = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        struct sm_bytes name = request->headers[i].name;
        lengths += name.len == sizeof MHD_HTTP_HEADER_CONTENT_LENGTH - 1 &&
                   strncasecmp(name.data, MHD_HTTP_HEADER_CONTENT_LENGTH, name.len) == 0;
    }
    return lengths > 1;
}

static enum MHD_Result answer(struct server_http *http, struct MHD_Connection *connection,
                              struct request *request, const char *method)
{
    char source[INET6_ADDRSTRLEN];
    struct server_call call;
    struct sm_bytes type;
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header,
                                    request); /* their number is of no use */
    if (is_ambiguous(request))
        return MHD_NO;
    struct sigv4_request on_wire = signed_request(request, method);
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0 ||
        !server_header(&on_wire, "content-type", &type))
        return answer_forbidden(connection);
    source_of(connection, source, sizeof source);
    server_call_init(&call, http->server, source);
    note_user_agent(&call, &on_wire);
    run_call(&call, http->faults, request, &on_wire);
    if (call.error != SERVER_OK || !call.is_recorded)
        (void)server_record_call(&call); /* what is not in the trail is not answered either */
    log_debug("request %s: %s from %s: %s", call.request_id, server_dispatch_name(&call), source,
              call.error == SERVER_OK ? "ok" : server_error_form(call.error)->type);
    bool is_lost =
        request->fault.kind == SERVER_FAULT_DROP || request->fault.kind == SERVER_FAULT_LOSE;
    enum MHD_Result queued = is_lost ? MHD_NO : answer_call(http, connection, request, &call);
    server_call_done(&call);
    return queued;
}

/* --- libmicrohttpd's callbacks ---------------------------------------------------------------- */

/* The first callback of a request, and the only one that sees the URI undecoded. */
static void *begin_request(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct request *request = calloc(1, sizeof *request);
    (void)context;
    (void)connection;
    if (request && !(request->uri = strdup(uri))) {
        free(request);
        return NULL;
    }
    return request;
}

static void end_request(void *context, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode code)
{
    struct server_http *http = context;
    (void)code; /* it is over */
    free_request(*state);
    *state = NULL;
    server_connections_renew(http->connections, tracked(connection));
}

static void change_connection(void *context, struct MHD_Connection *connection,
                              void **socket_context, enum MHD_ConnectionNotificationCode code)
{
    struct server_http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        server_connections_remove(http->connections, *socket_context);
        *socket_context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info)
        *socket_context = server_connections_add(http->connections, info->connect_fd);
}

/* How large the body says it is; BODY_MAX if it does not say. */
static size_t announced_len(struct MHD_Connection *connection)
{
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    unsigned long long len = text ? strtoull(text, NULL, 10) : BODY_MAX; /* libmicrohttpd checked */
    return len < BODY_MAX ? (size_t)len : BODY_MAX;
}

static void take_body(struct request *request, const char *data, size_t len)
{
    size_t room;
    void *at = sm_secret_room(request->body, &room);
    if (request->too_large || len > room || sm_secret_view(request->body).len + len > BODY_MAX) {
        request->too_large = true;
    } else {
        memcpy(at, data, len);
        sm_secret_grow(request->body, len);
    }
    explicit_bzero((void *)(uintptr_t)data, len); /* libmicrohttpd's read buffer, done with */
}

static enum MHD_Result take_request(void *context, struct MHD_Connection *connection,
                                    const char *url, const char *method, const char *version,
                                    const char *upload_data, size_t *upload_data_size, void **state)
{
    struct server_http *http = context;
    struct request *request = *state;
    (void)url; /* decoded; begin_request() has kept what was signed */
    (void)version;
    if (!request)
        return MHD_NO;
    if (!request->body)
        return sm_secret_alloc(http->server->vault, announced_len(connection), &request->body) ==
                       SMCRED_OK
                   ? MHD_YES
                   : MHD_NO;
    if (*upload_data_size > 0) {
        take_body(request, upload_data, *upload_data_size);
        *upload_data_size = 0;
        return MHD_YES;
    }
    if (request->delayed)
        return queue(connection, sm_take_ptr(&request->delayed), request->delayed_code);
    return answer(http, connection, request, method);
}

SM_PRINTF(2, 0) static void log_mhd(void *context, const char *format, va_list args)
{
    char text[256];
    (void)context;
    (void)vsnprintf(text, sizeof text, format, args); /* cut as need be */
    log_debug("libmicrohttpd: %s", log_quote(text));
}

/* --- start and stop --------------------------------------------------------------------------- */

static struct MHD_Daemon *start_daemon(struct server_http *http,
                                       const struct server_http_settings *settings)
{
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)settings->tls_cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)settings->tls_key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
         (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    /* Not epoll: there libmicrohttpd does not see that a client has gone if its last bytes and the
     * end come at once, and holds the connection until its deadline. */
    unsigned flags = MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG |
                     (settings->tls_cert ? MHD_USE_TLS : 0) |
                     (settings->faults ? MHD_ALLOW_SUSPEND_RESUME : 0);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, take_request, http, MHD_OPTION_EXTERNAL_LOGGER, log_mhd, NULL,
        MHD_OPTION_LISTEN_SOCKET, settings->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
        settings->connections_max + SPARE, MHD_OPTION_CONNECTION_TIMEOUT, settings->timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX, MHD_OPTION_URI_LOG_CALLBACK,
        begin_request, NULL, MHD_OPTION_NOTIFY_COMPLETED, end_request, http,
        MHD_OPTION_NOTIFY_CONNECTION, change_connection, http, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, settings->tls_cert ? tls : none,
        MHD_OPTION_END);
}

enum smcred_status server_http_start(struct server *server,
                                     const struct server_http_settings *settings,
                                     struct server_http **out_http, struct sm_error *err)
{
    struct server_http *http = calloc(1, sizeof *http);
    if (http) {
        http->connections =
            server_connections_new((int64_t)settings->timeout_s * 1000, settings->connections_max);
        http->delays = settings->faults ? server_delays_new() : NULL;
    }
    if (!http || !http->connections || (settings->faults && !http->delays)) {
        if (http)
            server_connections_free(http->connections);
        free(http);
        (void)close(settings->listen_fd); /* only listened at */
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    http->server = server;
    http->faults = settings->faults;
    http->daemon = start_daemon(http, settings);
    if (!http->daemon) {
        server_delays_free(http->delays);
        server_connections_free(http->connections);
        free(http);
        (void)close(settings->listen_fd); /* as above */
        return sm_error_set(err, SMCRED_INVALID,
                            "cannot start the HTTP server; do the TLS certificate and key fit?");
    }
    *out_http = http;
    return SMCRED_OK;
}

void server_http_sweep(struct server_http *http)
{
    struct server_connections_ended ended = server_connections_sweep(http->connections);
    if (ended.late > 0)
        log_info("ended %u connection%s that took too long", ended.late, ended.late > 1 ? "s" : "");
    if (ended.crowded > 0)
        log_warning("ended %u connection%s to make room for new ones; see --max-connections",
                    ended.crowded, ended.crowded > 1 ? "s" : "");
}

void server_http_stop(struct server_http *http)
{
    if (!http)
        return;
    server_delays_end(http->delays); /* a connection that is suspended cannot be closed */
    MHD_stop_daemon(http->daemon);
    server_delays_free(http->delays);
    server_connections_free(http->connections);
    free(http);
}
