/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * canonical.h - the canonical form of a request, which SigV4 signs.  Called by sigv4.c only.
 *
 * The rules are those of every AWS service but S3: the path is normalized, then encoded once more.
 */
#ifndef SM_CANONICAL_H
#define SM_CANONICAL_H

#include "common/sigv4.h"

#define SHA256_LEN       32
#define SHA256_HEX_LEN   64
#define CANON_TARGET_MAX 8192 /* bytes of a path, or of a query */
#define CANON_PARAMS_MAX 64   /* parameters of a query */

/*
 * The SHA-256, in hex, of the canonical request over `signed_headers` (joined by ';').  The body is
 * always hashed: an X-Amz-Content-Sha256 header cannot vouch for bytes it does not describe.
 * Errors: SMCRED_INVALID (a signed header is missing, too many), SMCRED_TOO_LARGE,
 * SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status canonical_digest(const struct sigv4_request *request,
                                                  const char *signed_headers,
                                                  char out_hex[SHA256_HEX_LEN + 1]);

void canonical_hex(const uint8_t hash[SHA256_LEN], char out_hex[SHA256_HEX_LEN + 1]);

/* ASCII only: a header's name means the same in every locale. */
char canonical_lower(char c);

#endif
