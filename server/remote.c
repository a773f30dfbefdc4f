/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * remote.c - one signed call to another smcred-server.  Called by the replicator and
 * admin_remote.c.
 */
#include "server/remote.h"

#include <curl/curl.h>
#include <stdio.h>

#include "common/sigv4.h"
#include "server/envelope.h"
#include "server/json.h"

#define PLACE_MAX  128
#define ANSWER_MAX (1 << 20) /* bytes */
#define TIMEOUT_MS 10000L
#define CONNECT_MS 3000L
#define CONTENT    "application/x-amz-json-1.1"
#define HEADERS    4

/* What the seal is bound to. */
static struct sm_bytes place_of(const char *region, char out[PLACE_MAX])
{
    int len = snprintf(out, PLACE_MAX, "remote%c%s", 0, region);
    return sm_bytes(out, (size_t)len); /* fits */
}

enum smcred_status server_remote_put(const struct server *server,
                                     const struct server_remote *remote,
                                     const struct sm_secret *secret)
{
    char place[PLACE_MAX];
    sm_autofree uint8_t *sealed = NULL;
    size_t len;
    enum smcred_status status = server_seal(server->vault, server->master_key,
                                            place_of(remote->region, place), secret, &sealed, &len);
    return status == SMCRED_OK
               ? server_store_remote_put(server->store, remote, sm_bytes(sealed, len))
               : status;
}

/* --- a request ----------------------------------------------------------------------------------
 */

struct exchange {
    struct server_remote remote;
    struct sm_secret *secret;
    char url[SERVER_URL_TEXT_MAX + 2], host[SERVER_URL_TEXT_MAX + 1], target[96];
    char date[SIGV4_DATE_LEN + 1], authorization[SIGV4_AUTHORIZATION_MAX];
    char *body;   /* of the request; cJSON's */
    char *answer; /* likewise, ANSWER_MAX bytes and a NUL */
    size_t answer_len;
    struct curl_slist *headers;
    long http_code;
};

static void exchange_done(struct exchange *exchange)
{
    sm_secret_free(exchange->secret);
    cJSON_free(exchange->body);
    cJSON_free(exchange->answer);
    curl_slist_free_all(exchange->headers);
}

static enum smcred_status load(const struct server *server, const char *region,
                               struct exchange *exchange)
{
    char place[PLACE_MAX];
    sm_autofree uint8_t *sealed = NULL;
    size_t len;
    enum smcred_status status =
        server_store_remote(server->store, region, &exchange->remote, &sealed, &len);
    return status == SMCRED_OK
               ? server_unseal(server->vault, server->master_key, place_of(region, place),
                               sm_bytes(sealed, len), &exchange->secret)
               : status;
}

static enum smcred_status sign(struct exchange *exchange, const char *operation)
{
    const char *host = strstr(exchange->remote.url, "://");
    size_t host_len = host ? strcspn(host + 3, "/") : 0;
    struct sigv4_scope scope = {.service = "secretsmanager"};
    if (host_len == 0)
        return SMCRED_INVALID;
    memcpy(exchange->host, host + 3, host_len);
    (void)snprintf(exchange->url, sizeof exchange->url, "%s/", exchange->remote.url); /* all fit */
    (void)snprintf(exchange->target, sizeof exchange->target, "secretsmanager.%s", operation);
    (void)snprintf(scope.region, sizeof scope.region, "%s", exchange->remote.region);
    memcpy(scope.date, exchange->date, sizeof scope.date);
    const struct sigv4_header headers[HEADERS] = {
        {sm_bytes_of("Host"), sm_bytes_of(exchange->host)},
        {sm_bytes_of("Content-Type"), sm_bytes_of(CONTENT)},
        {sm_bytes_of("X-Amz-Date"), sm_bytes_of(exchange->date)},
        {sm_bytes_of("X-Amz-Target"), sm_bytes_of(exchange->target)}};
    const struct sigv4_request request = {.method = sm_bytes_of("POST"),
                                          .path = sm_bytes_of("/"),
                                          .headers = headers,
                                          .header_count = HEADERS,
                                          .body = sm_bytes_of(exchange->body)};
    return sigv4_authorize(&request, &scope, exchange->remote.key_id, exchange->secret,
                           exchange->authorization, sizeof exchange->authorization);
}

static bool add_header(struct exchange *exchange, const char *name, const char *value)
{
    char line[SIGV4_AUTHORIZATION_MAX + 32];
    (void)snprintf(line, sizeof line, "%s: %s", name, value); /* fits */
    struct curl_slist *grown = curl_slist_append(exchange->headers, line);
    if (grown)
        exchange->headers = grown;
    return grown != NULL;
}

static bool add_headers(struct exchange *exchange)
{
    return add_header(exchange, "Content-Type", CONTENT) &&
           add_header(exchange, "X-Amz-Date", exchange->date) &&
           add_header(exchange, "X-Amz-Target", exchange->target) &&
           add_header(exchange, "Authorization", exchange->authorization) &&
           add_header(exchange, "Expect", "");
}

static size_t take_answer(char *data, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    size_t len = size * count;
    if (len > ANSWER_MAX - exchange->answer_len)
        return 0;
    memcpy(exchange->answer + exchange->answer_len, data, len);
    exchange->answer_len += len;
    return len;
}

static bool set_options(CURL *curl, struct exchange *exchange)
{
    const char *ca_file = exchange->remote.ca_file;
    return curl_easy_setopt(curl, CURLOPT_URL, exchange->url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exchange->headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(exchange->body)) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, exchange->body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
           (!*ca_file || curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file) == CURLE_OK);
}

static enum smcred_status transfer(struct exchange *exchange, struct sm_error *err)
{
    CURL *curl = curl_easy_init();
    if (!curl || !add_headers(exchange) || !set_options(curl, exchange)) {
        curl_easy_cleanup(curl);
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        code = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &exchange->http_code);
    curl_easy_cleanup(curl);
    exchange->answer[exchange->answer_len] = '\0';
    return code == CURLE_OK ? SMCRED_OK
                            : sm_error_set(err, SMCRED_UNAVAILABLE, "%s", curl_easy_strerror(code));
}

/* --- its answer ---------------------------------------------------------------------------------
 */

/* What passes with time or an operator's care is tried again. */
static enum smcred_status refused(const struct exchange *exchange, const cJSON *answer,
                                  struct sm_error *err)
{
    const char *type = server_json_text(answer, "__type");
    const char *message = server_json_text(answer, "Message");
    bool for_good = type && (strcmp(type, "ResourceExistsException") == 0 ||
                             strcmp(type, "EncryptionFailure") == 0);
    if (!message)
        message = server_json_text(answer, "message");
    return sm_error_set(err, for_good ? SMCRED_DENIED : SMCRED_UNAVAILABLE, "%s",
                        message                    ? message
                        : type                     ? type
                        : exchange->http_code == 0 ? "no answer"
                                                   : "an answer that is none");
}

enum smcred_status server_remote_call(const struct server *server, const char *region,
                                      const char *operation, const cJSON *input, cJSON **out_answer,
                                      struct sm_error *err)
{
    __attribute__((cleanup(exchange_done))) struct exchange exchange = {.http_code = 0};
    server_autojson cJSON *answer = NULL;
    enum smcred_status status = load(server, region, &exchange);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "the remote of %s cannot be read", region);
    sigv4_date(server->signed_ms ? server->signed_ms() : server->now_ms(), exchange.date);
    exchange.body = cJSON_PrintUnformatted(input);
    exchange.answer = cJSON_malloc(ANSWER_MAX + 1);
    if (!exchange.body || !exchange.answer)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    status = sign(&exchange, operation);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "cannot sign: %s", sm_status_text(status));
    status = transfer(&exchange, err);
    if (status != SMCRED_OK)
        return status;
    if (server_json_parse(sm_bytes(exchange.answer, exchange.answer_len), &answer) != SMCRED_OK ||
        exchange.http_code != 200)
        return refused(&exchange, answer, err);
    *out_answer = sm_take_ptr(&answer);
    return SMCRED_OK;
}
