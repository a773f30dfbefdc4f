/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http.c - libcurl, held short.
 *
 * Each request has an easy handle of its own: its buffers, and OpenSSL's, are freed and thereby
 * wiped when it ends.
 */
#include "sources/http.h"

#include <pthread.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "sources/wipe.h"

#define FIRST_ROOM 16384 /* bytes; most answers are smaller */

/* What the callbacks fill. */
struct transfer {
    struct sm_vault *vault;
    struct http_answer answer;
    enum smcred_status failed; /* why a callback stopped the transfer */
};

static void start_curl(void)
{
    (void)curl_global_init_mem(CURL_GLOBAL_DEFAULT, wipe_malloc, wipe_free, wipe_realloc,
                               wipe_strdup, wipe_calloc); /* curl_easy_init() says if it failed */
}

/* Plaintext of a finished TLS record does not stay in OpenSSL's buffers. */
static CURLcode harden_tls(CURL *curl, void *context, void *user)
{
    (void)curl;
    (void)user;
    SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    return CURLE_OK;
}

/* Makes room for `len` more bytes, by moving to a larger buffer if need be. */
static enum smcred_status grow_body(struct transfer *transfer, size_t len)
{
    size_t room = 0;
    struct sm_secret *old = transfer->answer.body;
    struct sm_bytes have = old ? sm_secret_view(old) : sm_bytes("", 0);
    if (old)
        (void)sm_secret_room(old, &room);
    if (old && room >= len)
        return SMCRED_OK;
    size_t size = FIRST_ROOM;
    while (size < have.len + len)
        size *= 2;
    if (size > SM_BUFFER_MAX)
        return SMCRED_TOO_LARGE;
    struct sm_secret *larger;
    enum smcred_status status = sm_secret_alloc(transfer->vault, size - 1, &larger);
    if (status != SMCRED_OK)
        return status;
    memcpy(sm_secret_room(larger, &room), have.data, have.len);
    sm_secret_grow(larger, have.len);
    sm_secret_free(old);
    transfer->answer.body = larger;
    return SMCRED_OK;
}

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    struct transfer *transfer = user;
    size_t len = size * count, room;
    transfer->failed = grow_body(transfer, len + 1);
    if (transfer->failed != SMCRED_OK)
        return 0;
    memcpy(sm_secret_room(transfer->answer.body, &room), data, len);
    sm_secret_grow(transfer->answer.body, len);
    return len;
}

/* Copies a header's value, trimmed and printable, if the line is that header. */
static bool copy_header(const char *line, size_t len, const char *name, char *out, size_t size)
{
    size_t at = strlen(name), to = 0;
    if (len <= at || strncasecmp(line, name, at) != 0 || line[at] != ':')
        return false;
    for (at++; at < len && line[at] == ' '; at++)
        ;
    for (; at < len && line[at] >= ' ' && line[at] < 0x7f && to + 1 < size; at++)
        out[to++] = line[at];
    out[to] = '\0';
    return true;
}

static int64_t milliseconds_of(const char *digits)
{
    size_t len = strlen(digits);
    if (len == 0 || len > 9 || strspn(digits, "0123456789") != len)
        return -1;
    return strtol(digits, NULL, 10);
}

static size_t take_header(char *line, size_t size, size_t count, void *user)
{
    struct http_answer *answer = &((struct transfer *)user)->answer;
    size_t len = size * count;
    char text[64];
    if (copy_header(line, len, "Date", text, sizeof text)) {
        time_t date = curl_getdate(text, NULL);
        answer->date_ms = date > 0 ? (int64_t)date * 1000 : 0;
    } else if (copy_header(line, len, "x-amz-retry-after", text, sizeof text)) {
        answer->retry_after_ms = milliseconds_of(text);
    } else if (!copy_header(line, len, "x-amzn-ErrorType", answer->error_type,
                            sizeof answer->error_type)) {
        (void)copy_header(line, len, "x-amzn-RequestId", answer->request_id,
                          sizeof answer->request_id); /* any other header means nothing here */
    }
    return len;
}

static enum smcred_status status_of(CURLcode code, const struct transfer *transfer)
{
    if (transfer->failed != SMCRED_OK)
        return transfer->failed;
    if (code == CURLE_OK)
        return SMCRED_OK;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return SMCRED_TIMED_OUT;
    if (code == CURLE_OUT_OF_MEMORY)
        return SMCRED_NO_MEMORY;
    if (code == CURLE_SSL_CACERT_BADFILE)
        return SMCRED_INVALID;
    if (code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_UNSUPPORTED_PROTOCOL ||
        code == CURLE_BAD_CONTENT_ENCODING)
        return SMCRED_PROTOCOL;
    return SMCRED_UNAVAILABLE;
}

static struct curl_slist *list_headers(const struct http_request *request)
{
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < request->header_count; i++) {
        struct curl_slist *longer = curl_slist_append(list, request->headers[i]);
        if (!longer) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

/* Setting an option fails only for one this libcurl was built without; what TLS needs is checked.
 */
static bool set_options(CURL *curl, const struct http_request *request, struct transfer *transfer,
                        char *error_text)
{
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); /* as it was signed */
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.data);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, harden_tls);
    /* In the clear it goes to this host itself, and by no proxy, which may be anywhere. */
    if (strncasecmp(request->url, "http:", 5) == 0 &&
        curl_easy_setopt(curl, CURLOPT_PROXY, "") != CURLE_OK)
        return false;
    if (request->ca_file && /* it alone: the system's directory would count besides */
        (curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file) != CURLE_OK ||
         curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) != CURLE_OK))
        return false;
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_URL, request->url) == CURLE_OK;
}

static enum smcred_status perform(CURL *curl, struct curl_slist *headers,
                                  const struct http_request *request, struct transfer *transfer,
                                  struct sm_error *err)
{
    char error_text[CURL_ERROR_SIZE] = "";
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (!set_options(curl, request, transfer, error_text))
        return sm_error_set(err, SMCRED_NO_MEMORY, "cannot prepare a request to %s", request->url);
    CURLcode code = curl_easy_perform(curl);
    enum smcred_status status = status_of(code, transfer);
    if (status == SMCRED_TOO_LARGE)
        return sm_error_set(err, status, "%s: its answer is too large", request->url);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "%s: %s", request->url,
                            error_text[0] ? error_text : curl_easy_strerror(code));
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &transfer->answer.code);
    return transfer->answer.body ? SMCRED_OK : grow_body(transfer, 1); /* an empty body is one */
}

enum smcred_status http_post(const struct http_request *request, struct sm_vault *vault,
                             struct http_answer *out_answer, struct sm_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct transfer transfer = {.vault = vault, .answer = {.retry_after_ms = -1}};
    if (request->timeout_ms <= 0)
        return sm_error_set(err, SMCRED_TIMED_OUT, "%s: no time left", request->url);
    (void)pthread_once(&once, start_curl); /* fails only when misused */
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = list_headers(request);
    enum smcred_status status;
    if (curl && headers)
        status = perform(curl, headers, request, &transfer, err);
    else
        status = sm_error_set(err, SMCRED_NO_MEMORY, "cannot start libcurl");
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    if (status == SMCRED_OK)
        *out_answer = transfer.answer;
    else
        http_answer_done(&transfer.answer);
    return status;
}

void http_answer_done(struct http_answer *answer)
{
    sm_secret_free(answer->body);
    answer->body = NULL;
}
