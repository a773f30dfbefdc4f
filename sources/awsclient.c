/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * awsclient.c - signs one call, sends it, and decides whether to send it again.
 */
#include "sources/awsclient.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>

#include "common/sigv4.h"

#define SERVICE             "secretsmanager"
#define HEADER_ROOM         16384 /* bytes of all header lines; a session token has a few thousand */
#define SKEW_WORTH_A_TRY_MS 60000 /* a smaller difference of the clocks explains no refusal */

/* The header lines of one attempt, one after the other in a secret: a session token is among them.
 */
struct lines {
    struct sm_secret *room;
    const char *list[HTTP_HEADERS_MAX];
    size_t count;
    bool overflow;
};

SM_PRINTF(2, 3) static void add_line(struct lines *lines, const char *format, ...)
{
    size_t size;
    char *at = sm_secret_room(lines->room, &size);
    va_list args;
    va_start(args, format);
    int len = vsnprintf(at, size, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= size || lines->count == HTTP_HEADERS_MAX) {
        lines->overflow = true;
        return;
    }
    sm_secret_grow(lines->room, (size_t)len + 1);
    lines->list[lines->count++] = at;
}

static struct sigv4_header header_of(const char *line)
{
    size_t name_len = strcspn(line, ":");
    return (struct sigv4_header){sm_bytes(line, name_len), sm_bytes_of(line + name_len + 1)};
}

/* What is the same in all attempts of one call, and what is not. */
struct attempt {
    const struct aws_call *call;
    char invocation_id[37]; /* the same for all, so that the service sees repetitions */
    unsigned number;        /* 1 is the first */
    unsigned attempts_max;
    int64_t skew_ms; /* the one signed with */
    char date[SIGV4_DATE_LEN + 1];
};

static void write_uuid(char out[37])
{
    uint8_t bytes[16] = {0};
    (void)!getrandom(bytes, sizeof bytes, GRND_NONBLOCK); /* a nil id harms nobody */
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    char *at = out;
    for (size_t i = 0; i < sizeof bytes; i++)
        at += sprintf(at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", bytes[i]);
}

static enum smcred_status sign(const struct attempt *attempt, struct lines *lines)
{
    const struct aws_call *call = attempt->call;
    struct sigv4_header headers[HTTP_HEADERS_MAX];
    char authorization[SIGV4_AUTHORIZATION_MAX];
    struct sigv4_scope scope = {.service = SERVICE};
    memcpy(scope.date, attempt->date, sizeof scope.date);
    (void)snprintf(scope.region, sizeof scope.region, "%s", call->region); /* checked: it fits */
    for (size_t i = 0; i < lines->count; i++)
        headers[i] = header_of(lines->list[i]);
    const struct sigv4_request request = {.method = sm_bytes_of("POST"),
                                          .path = sm_bytes_of(call->endpoint->path),
                                          .query = sm_bytes("", 0),
                                          .headers = headers,
                                          .header_count = lines->count,
                                          .body = call->body};
    enum smcred_status status =
        sigv4_authorize(&request, &scope, call->credentials->access_key_id,
                        call->credentials->secret_access_key, authorization, sizeof authorization);
    if (status == SMCRED_OK)
        add_line(lines, "Authorization: %s", authorization);
    return status == SMCRED_OK && lines->overflow ? SMCRED_TOO_LARGE : status;
}

static enum smcred_status write_headers(const struct attempt *attempt, struct lines *lines)
{
    const struct aws_call *call = attempt->call;
    const struct sm_secret *token = call->credentials->session_token;
    add_line(lines, "Host: %s", call->endpoint->host);
    add_line(lines, "Content-Type: application/x-amz-json-1.1");
    add_line(lines, "X-Amz-Target: " SERVICE ".%s", call->operation);
    add_line(lines, "X-Amz-Date: %s", attempt->date);
    if (token)
        add_line(lines, "X-Amz-Security-Token: %s", (const char *)sm_secret_view(token).data);
    add_line(lines, "amz-sdk-invocation-id: %s", attempt->invocation_id);
    add_line(lines, "amz-sdk-request: attempt=%u; max=%u", attempt->number, attempt->attempts_max);
    return lines->overflow ? SMCRED_TOO_LARGE : sign(attempt, lines);
}

static int64_t time_left(const struct aws_client *client, const struct aws_call *call)
{
    return call->deadline_ms - client->world.now_ms(client->world.context);
}

/* Sends it once. */
static enum smcred_status send(struct aws_client *client, struct attempt *attempt,
                               struct http_answer *out_answer, struct sm_error *err)
{
    const struct aws_call *call = attempt->call;
    struct lines lines = {.count = 0};
    int64_t left = time_left(client, call);
    attempt->skew_ms = atomic_load(&client->skew_ms);
    sigv4_date(client->world.wall_ms(client->world.context) + attempt->skew_ms, attempt->date);
    enum smcred_status status = sm_secret_alloc(client->vault, HEADER_ROOM, &lines.room);
    if (status == SMCRED_OK)
        status = write_headers(attempt, &lines);
    if (status != SMCRED_OK) {
        sm_secret_free(lines.room);
        return sm_error_set(err, status, "cannot sign %s: %s", call->operation,
                            sm_status_text(status));
    }
    const struct http_request request = {.url = call->endpoint->url,
                                         .headers = lines.list,
                                         .header_count = lines.count,
                                         .body = call->body,
                                         .ca_file = client->ca_file,
                                         .connect_timeout_ms = client->connect_timeout_ms,
                                         .timeout_ms =
                                             left < client->timeout_ms ? left : client->timeout_ms};
    status = client->post(&request, client->vault, out_answer, err);
    sm_secret_free(lines.room);
    return status;
}

/* What came of one attempt. */
struct outcome {
    enum smcred_status status;
    struct aws_error error;
    int64_t retry_after_ms;
    int64_t date_ms;
    bool transient;
    bool throttled;
};

/* Connections that failed or broke may succeed next time, be it at another node; a CA file that is
   none will not. */
static bool may_pass(enum smcred_status status)
{
    return status == SMCRED_UNAVAILABLE || status == SMCRED_TIMED_OUT;
}

static void judge_error(const struct aws_call *call, const struct http_answer *answer,
                        struct outcome *outcome, struct sm_error *err)
{
    aws_error_parse(answer->error_type, sm_secret_view(answer->body), &outcome->error);
    const struct aws_error *error = &outcome->error;
    outcome->status = aws_error_status(answer->code, error);
    outcome->transient = aws_error_is_transient(answer->code, error);
    outcome->throttled = aws_error_is_throttle(answer->code, error);
    if (error->code[0])
        (void)sm_error_set(err, outcome->status, "%s: %s%s%s (HTTP %ld%s%s)", call->operation,
                           error->code, error->message[0] ? ": " : "", error->message, answer->code,
                           answer->request_id[0] ? ", request " : "", answer->request_id);
    else
        (void)sm_error_set(err, outcome->status,
                           "%s: HTTP %ld without an AWS error; is %s Secrets Manager?",
                           call->operation, answer->code, call->endpoint->host);
    if (err)
        memcpy(err->code, error->code, sizeof err->code);
}

static struct outcome attempt_once(struct aws_client *client, struct attempt *attempt,
                                   struct sm_secret **out_body, struct sm_error *err)
{
    struct http_answer answer = {.body = NULL};
    struct outcome outcome = {.retry_after_ms = RETRY_NO_HINT};
    outcome.status = send(client, attempt, &answer, err);
    outcome.transient = may_pass(outcome.status);
    if (outcome.status != SMCRED_OK)
        return outcome;
    outcome.retry_after_ms = answer.retry_after_ms;
    outcome.date_ms = answer.date_ms;
    if (answer.code == 200) {
        *out_body = answer.body;
        return outcome;
    }
    judge_error(attempt->call, &answer, &outcome, err);
    http_answer_done(&answer);
    return outcome;
}

/* Learns the service's clock from its refusal; true if the next date will be a different one. */
static bool correct_skew(struct aws_client *client, const struct attempt *attempt,
                         const struct outcome *outcome)
{
    if (outcome->date_ms == 0 || !aws_error_is_skew(&outcome->error))
        return false;
    int64_t skew_ms = outcome->date_ms - client->world.wall_ms(client->world.context);
    int64_t change = skew_ms - attempt->skew_ms;
    if (change < SKEW_WORTH_A_TRY_MS && change > -SKEW_WORTH_A_TRY_MS)
        return false;
    atomic_store(&client->skew_ms, skew_ms);
    return true;
}

/* Waits before the next attempt; false if there is to be none. */
static bool pause_before(struct aws_client *client, const struct attempt *attempt,
                         const struct outcome *outcome, int *out_taken)
{
    if (!outcome->transient || attempt->number >= client->attempts_max)
        return false;
    int64_t delay = retry_delay_ms(&client->world, attempt->number, outcome->throttled,
                                   outcome->retry_after_ms);
    if (delay >= time_left(client, attempt->call) ||
        !retry_quota_take(&client->quota, outcome->throttled, out_taken))
        return false;
    client->world.sleep_ms(client->world.context, delay);
    return true;
}

enum smcred_status aws_client_call(struct aws_client *client, const struct aws_call *call,
                                   struct sm_secret **out_body, struct aws_error *out_error,
                                   struct sm_error *err)
{
    struct attempt attempt = {.call = call, .number = 1, .attempts_max = client->attempts_max};
    struct outcome outcome;
    bool skew_corrected = false;
    int taken = 0;
    write_uuid(attempt.invocation_id);
    for (;; attempt.number++) {
        outcome = attempt_once(client, &attempt, out_body, err);
        if (outcome.status == SMCRED_OK)
            break;
        if (!skew_corrected && correct_skew(client, &attempt, &outcome))
            skew_corrected = true; /* at once, and once */
        else if (!pause_before(client, &attempt, &outcome, &taken))
            break;
    }
    if (outcome.status == SMCRED_OK)
        retry_quota_give_back(&client->quota, taken);
    *out_error = outcome.error;
    return outcome.status;
}
