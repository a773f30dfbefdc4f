/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rsa.h - the password under a server's RSA key: the full exchanges of sha256_password and
 * caching_sha2_password without TLS.
 *
 * Named in mechanism.h's table.  The key is the one that the target's server_public_key pins: what
 * a server sends may be anybody's.
 */
#ifndef KEEPER_RSA_H
#define KEEPER_RSA_H

#include "keeper/mechanism.h"

/* The password and its NUL, under the nonce as a mask, in RSA-OAEP (SHA-1, as MySQL has it).
 * Errors: SMCRED_TOO_LARGE (the password is too long for the key), SMCRED_SYSTEM. */
enum smcred_status rsa_answer(struct sm_bytes password, const struct mechanism_question *question,
                              uint8_t *out_answer, size_t *out_len);

#endif
