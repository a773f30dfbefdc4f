/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * awsclient.h - one operation of Secrets Manager: signed, sent, tried again while that may help.
 */
#ifndef SM_SOURCES_AWSCLIENT_H
#define SM_SOURCES_AWSCLIENT_H

#include <stdatomic.h>

#include "sources/awserror.h"
#include "sources/credentials.h"
#include "sources/endpoint.h"
#include "sources/http.h"
#include "sources/retry.h"

/* Shared by threads; only quota and skew change after it was filled. */
struct aws_client {
    struct sm_vault *vault;
    const char *ca_file; /* NULL: the system's */
    int64_t connect_timeout_ms;
    int64_t timeout_ms; /* of one attempt */
    unsigned attempts_max;
    struct retry_world world;
    struct retry_quota quota;
    _Atomic int64_t skew_ms; /* the service's clock less ours */
    enum smcred_status (*post)(const struct http_request *request, struct sm_vault *vault,
                               struct http_answer *out_answer, struct sm_error *err);
};

struct aws_call {
    const char *operation; /* "GetSecretValue" */
    struct sm_bytes body;  /* JSON */
    const struct endpoint *endpoint;
    const char *region;
    const struct aws_credentials *credentials;
    int64_t deadline_ms; /* all attempts and pauses included */
};

/*
 *   out_body   the answer to a success; free with sm_secret_free()
 *   out_error  the AWS error when the service answered with one, else empty; always filled
 * Errors: as struct sm_source_ops.fetch says; err->code is the AWS error type.
 */
SM_MUST_CHECK enum smcred_status aws_client_call(struct aws_client *client,
                                                 const struct aws_call *call,
                                                 struct sm_secret **out_body,
                                                 struct aws_error *out_error, struct sm_error *err);

#endif
