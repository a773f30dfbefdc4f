/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scram.h - the arithmetic of SCRAM-SHA-256 (RFC 5802, RFC 7677).
 *
 * Pure functions, called by proof.c.  The AuthMessage is opaque: the relay assembled it from the
 * wire, and nothing here parses it.
 */
#ifndef KEEPER_SCRAM_H
#define KEEPER_SCRAM_H

#include "common/oracle.h"
#include "common/secret.h"
#include "common/status.h"

#define SCRAM_HASH_SIZE      32   /* bytes of SHA-256 */
#define SCRAM_ITERATIONS_MIN 4096 /* RFC 7677, PostgreSQL's default */
#define SCRAM_ITERATIONS_MAX 1000000

/*
 * Is this a challenge to answer?  A server that asks for few iterations wants a proof from which
 * the password is cheap to guess; one that asks for very many wants our time. iterations_min
 * SCRAM_ITERATIONS_MIN, or less for a server that the target says is odd Errors: SMCRED_INVALID;
 * err says what is out of bounds.
 */
SM_MUST_CHECK enum smcred_status scram_check(struct sm_bytes salt, uint32_t iterations,
                                             struct sm_bytes auth_message, uint32_t iterations_min,
                                             struct sm_error *err);

/*
 * ClientKey and ServerKey of a password.  Slow: about 0.3 us an iteration.
 *   out_keys  in `vault`, free with sm_secret_free()
 * Errors: SMCRED_UNSUPPORTED (see saslprep.h), SMCRED_NO_MEMORY, SMCRED_SYSTEM (libcrypto failed).
 */
SM_MUST_CHECK enum smcred_status scram_derive(struct sm_vault *vault,
                                              const struct sm_secret *password,
                                              struct sm_bytes salt, uint32_t iterations,
                                              struct sm_secret **out_keys);

/* ClientProof and ServerSignature.  Errors: SMCRED_SYSTEM. */
SM_MUST_CHECK enum smcred_status scram_sign(const struct sm_secret *keys,
                                            struct sm_bytes auth_message,
                                            uint8_t out_proof[SCRAM_HASH_SIZE],
                                            uint8_t out_server_signature[SCRAM_HASH_SIZE]);

#endif
