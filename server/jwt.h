/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * jwt.h - web identities: a JSON Web Token that somebody else signed.
 */
#ifndef SERVER_JWT_H
#define SERVER_JWT_H

#include <cjson/cJSON.h>

#include "common/bytes.h"
#include "common/status.h"

/*
 * The claims of a token, whose signature nobody has looked at yet.
 * Errors: SMCRED_INVALID (not three parts of base64url, or not JSON), SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status server_jwt_claims(const char *token, cJSON **out_claims);

/*
 * Whether one of the public keys in `pem` has signed it, with RS256 or ES256.
 * Errors: SMCRED_DENIED, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status server_jwt_verify(const char *token, const char *pem);

/* How many public keys of a kind we can use are in `pem`. */
unsigned server_jwt_keys(const char *pem);

#endif
