/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sigv4.h - AWS Signature Version 4: one implementation, used to sign (sources, tools) and to
 * verify (smcred-server).  Tested against AWS's published vectors in tests/common/sigv4/.
 */
#ifndef SM_SIGV4_H
#define SM_SIGV4_H

#include "common/secret.h"
#include "common/status.h"

#define SIGV4_DATE_LEN      16 /* 20261121T031753Z */
#define SIGV4_SIGNATURE_LEN 64 /* hex digits */
#define SIGV4_HEADERS_MAX   64
#define SIGV4_SCOPE_MAX     256

struct sigv4_header {
    struct sm_bytes name;  /* any case */
    struct sm_bytes value; /* as on the wire; trimmed and folded here */
};

/* A request as it stands on the wire. */
struct sigv4_request {
    struct sm_bytes method;
    struct sm_bytes path;  /* as on the wire, percent-encoded; "" means "/" */
    struct sm_bytes query; /* without the '?' */
    const struct sigv4_header *headers;
    size_t header_count;
    struct sm_bytes body;
};

/* Where and when a signature is valid. */
struct sigv4_scope {
    char date[SIGV4_DATE_LEN + 1]; /* X-Amz-Date */
    char region[64];
    char service[64];
};

/*
 * Computes the hex signature of `request` over the headers named in `signed_headers` (lower case,
 * sorted, joined by ';').  Sign with it, or compare it to one that came in.
 *   secret_key     the secret access key
 *   out_signature  SIGV4_SIGNATURE_LEN digits and NUL; untouched on failure
 * Errors: SMCRED_INVALID (a signed header is missing, too many), SMCRED_TOO_LARGE,
 * SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status sigv4_signature(const struct sigv4_request *request,
                                                 const struct sigv4_scope *scope,
                                                 const char *signed_headers,
                                                 const struct sm_secret *secret_key,
                                                 char out_signature[SIGV4_SIGNATURE_LEN + 1]);

/*
 * The same in two steps, for who signs or verifies more than once a day: the key of the scope's
 * day, region and service, then a signature by it. out_signing_key  free with sm_secret_free()
 */
SM_MUST_CHECK enum smcred_status sigv4_derive(struct sm_vault *vault,
                                              const struct sigv4_scope *scope,
                                              const struct sm_secret *secret_key,
                                              struct sm_secret **out_signing_key);
SM_MUST_CHECK enum smcred_status sigv4_sign(const struct sigv4_request *request,
                                            const struct sigv4_scope *scope,
                                            const char *signed_headers,
                                            const struct sm_secret *signing_key,
                                            char out_signature[SIGV4_SIGNATURE_LEN + 1]);

/*
 * The value of an Authorization header that signs every header of `request`.
 *   out_value  at least SIGV4_AUTHORIZATION_MAX bytes
 */
#define SIGV4_AUTHORIZATION_MAX 1024
SM_MUST_CHECK enum smcred_status sigv4_authorize(const struct sigv4_request *request,
                                                 const struct sigv4_scope *scope,
                                                 const char *access_key_id,
                                                 const struct sm_secret *secret_key,
                                                 char *out_value, size_t size);

/* What an Authorization header says, borrowed from it. */
struct sigv4_authorization {
    struct sm_bytes access_key_id;
    struct sm_bytes date; /* yyyymmdd */
    struct sm_bytes region;
    struct sm_bytes service;
    struct sm_bytes signed_headers;
    struct sm_bytes signature;
};

/*
 * Parses "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...", commas with or
 * without a blank, in any order.  Missing parts are left empty, so that the server can name them
 * all. Errors: SMCRED_INVALID (not this algorithm, or a Credential without its five parts).
 */
SM_MUST_CHECK enum smcred_status sigv4_parse(struct sm_bytes value,
                                             struct sigv4_authorization *out_authorization);

/* Writes a time, in ms since the epoch, as X-Amz-Date. */
void sigv4_date(int64_t wall_ms, char out_date[SIGV4_DATE_LEN + 1]);
/* The reverse; SMCRED_INVALID for anything but yyyymmddThhmmssZ. */
SM_MUST_CHECK enum smcred_status sigv4_date_parse(struct sm_bytes date, int64_t *out_wall_ms);

#endif
