/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * request.c - a JSON object written member by member into a secret.
 */
#include "sources/request.h"

#include <stdio.h>
#include <sys/random.h>

#define REQUEST_MAX (512 << 10) /* bytes: a value of 64 KiB, each byte as \u00NN, and its frame */

struct request {
    struct sm_secret *body;
    bool begun;
    bool overflow;
};

enum smcred_status request_new(struct sm_vault *vault, struct request **out_request)
{
    struct request *request = calloc(1, sizeof *request);
    if (!request || sm_secret_alloc(vault, REQUEST_MAX, &request->body) != SMCRED_OK) {
        free(request);
        return SMCRED_NO_MEMORY;
    }
    *out_request = request;
    return SMCRED_OK;
}

void request_free(struct request *request)
{
    if (!request)
        return;
    sm_secret_free(request->body);
    free(request);
}

static void put(struct request *request, struct sm_bytes bytes)
{
    size_t room;
    void *at = sm_secret_room(request->body, &room);
    if (bytes.len > room) {
        request->overflow = true;
        return;
    }
    memcpy(at, bytes.data, bytes.len);
    sm_secret_grow(request->body, bytes.len);
}

static void put_escaped(struct request *request, struct sm_bytes text)
{
    const unsigned char *at = text.data;
    put(request, sm_bytes_of("\""));
    for (size_t i = 0; i < text.len; i++) {
        char escape[8];
        if (at[i] >= 0x20 && at[i] != '"' && at[i] != '\\') {
            put(request, sm_bytes(at + i, 1));
            continue;
        }
        (void)snprintf(escape, sizeof escape, "\\u%04x", at[i]);
        put(request, sm_bytes_of(escape));
        explicit_bzero(escape, sizeof escape);
    }
    put(request, sm_bytes_of("\""));
}

static void put_member(struct request *request, const char *member)
{
    put(request, sm_bytes_of(request->begun ? "," : "{"));
    request->begun = true;
    put_escaped(request, sm_bytes_of(member));
    put(request, sm_bytes_of(":"));
}

void request_text(struct request *request, const char *member, const char *value)
{
    if (!value)
        return;
    put_member(request, member);
    put_escaped(request, sm_bytes_of(value));
}

void request_secret(struct request *request, const char *member, const struct sm_secret *value)
{
    put_member(request, member);
    put_escaped(request, sm_secret_view(value));
}

void request_number(struct request *request, const char *member, unsigned value)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%u", value);
    put_member(request, member);
    put(request, sm_bytes_of(text));
}

void request_list(struct request *request, const char *member, const char *const *values,
                  size_t count)
{
    put_member(request, member);
    for (size_t i = 0; i < count; i++) {
        put(request, sm_bytes_of(i == 0 ? "[" : ","));
        put_escaped(request, sm_bytes_of(values[i]));
    }
    put(request, sm_bytes_of(count > 0 ? "]" : "[]"));
}

bool request_token_new(char out_token[REQUEST_TOKEN_SIZE])
{
    unsigned char r[16];
    if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
        return false;                             /* never on Linux for so few bytes, once booted */
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40); /* RFC 4122, version 4 */
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    (void)snprintf(out_token, REQUEST_TOKEN_SIZE,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0],
                   r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13],
                   r[14], r[15]);
    return true;
}

void request_token(struct request *request)
{
    char token[REQUEST_TOKEN_SIZE];
    if (request_token_new(token))
        request_text(request, "ClientRequestToken", token);
    else
        request->overflow = true;
}

const struct sm_secret *request_end(struct request *request)
{
    put(request, sm_bytes_of(request->begun ? "}" : "{}"));
    return request->overflow ? NULL : request->body;
}
