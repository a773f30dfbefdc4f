/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * request.h - a request to Secrets Manager being written: {"Name":"...",...}.
 *
 * For programs that call source_chain_call().  By hand and into a secret, since a JSON library
 * would leave copies of the value.
 */
#ifndef SM_SOURCES_REQUEST_H
#define SM_SOURCES_REQUEST_H

#include "common/secret.h"

struct request;

/* Free with request_free().  Errors: SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status request_new(struct sm_vault *vault, struct request **out_request);
void request_free(struct request *request);

/* Members in any order; what does not fit is told by request_end(). */
void request_text(struct request *request, const char *member, const char *value); /* NULL: none */
void request_secret(struct request *request, const char *member, const struct sm_secret *value);
void request_number(struct request *request, const char *member, unsigned value);
void request_list(struct request *request, const char *member, const char *const *values,
                  size_t count);
/* A fresh ClientRequestToken: a retry of the call is then the same call. */
void request_token(struct request *request);

#define REQUEST_TOKEN_SIZE 37 /* bytes, NUL included */
/* A fresh one for more than one call.  False: the kernel gives no random bytes. */
SM_MUST_CHECK bool request_token_new(char out_token[REQUEST_TOKEN_SIZE]);

/* The whole object, the request's own; once, after the last member.  NULL: it did not fit. */
const struct sm_secret *request_end(struct request *request);

static inline void request_free_ptr(struct request **request)
{
    request_free(*request);
}
#define autorequest __attribute__((cleanup(request_free_ptr)))

#endif
