/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http.h - one POST with a deadline.  Called by awsclient.c.
 *
 * TLS is always verified, redirects are never followed (a signature is for one host), the answer is
 * bounded, and whatever passes through curl and OpenSSL is wiped when they free it.
 */
#ifndef SM_SOURCES_HTTP_H
#define SM_SOURCES_HTTP_H

#include "common/secret.h"
#include "common/status.h"

#define HTTP_HEADERS_MAX 16

struct http_request {
    const char *url;
    const char *const *headers; /* "Name: value" */
    size_t header_count;
    struct sm_bytes body;
    const char *ca_file;        /* NULL: the system's */
    int64_t connect_timeout_ms; /* 0: the deadline alone */
    int64_t timeout_ms;         /* all of it */
};

struct http_answer {
    long code;              /* 200, 400 ... */
    struct sm_secret *body; /* owned; free with http_answer_done() */
    int64_t date_ms;        /* the Date header, wall clock; 0: none */
    int64_t retry_after_ms; /* x-amz-retry-after; -1: none, or not a number */
    char error_type[160];   /* x-amzn-ErrorType, or "" */
    char request_id[64];    /* x-amzn-RequestId, or ""; printable */
};

/*
 *   out_answer  filled on SMCRED_OK only, whatever the HTTP code says
 * Errors: SMCRED_UNAVAILABLE (no connection, it broke, or who answers is not the server it should
 * be: that is nobody's verdict about a secret), SMCRED_TIMED_OUT, SMCRED_TOO_LARGE (over
 * SM_BUFFER_MAX), SMCRED_PROTOCOL (not HTTP), SMCRED_INVALID (the CA file), SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status http_post(const struct http_request *request,
                                           struct sm_vault *vault, struct http_answer *out_answer,
                                           struct sm_error *err);
void http_answer_done(struct http_answer *answer);

#endif
