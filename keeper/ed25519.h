/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ed25519.h - MariaDB's two methods of signing the server's nonce: client_ed25519 and parsec.
 *
 * Pure functions of mechanism.h, named in its table.  A server's account holds the public key, so
 * it can check a signature and could not make one.
 */
#ifndef KEEPER_ED25519_H
#define KEEPER_ED25519_H

#include "keeper/mechanism.h"

#define ED25519_NONCE_SIZE 32
#define ED25519_KEY_SIZE   96 /* the secret scalar, the prefix of nonces, the public key */
#define PARSEC_SALT_SIZE   18
#define PARSEC_KEY_SIZE    32   /* an Ed25519 seed */
#define PARSEC_ITERATIONS  1024 /* or twice, four or eight times as many */
#define PARSEC_ANSWER_SIZE 96   /* a scramble of ours, then the signature of theirs and ours */

/* Like RFC 8032, but that the password, of any length, stands for the 32 bytes of a private key. */
enum smcred_status ed25519_derive(const struct sm_snapshot *snapshot,
                                  const struct mechanism_question *question, uint8_t *out_key);
enum smcred_status ed25519_answer(struct sm_bytes key, const struct mechanism_question *question,
                                  uint8_t *out_answer, size_t *out_len);
/* RFC 8032, with PBKDF2-HMAC-SHA512 of password and salt for a private key. */
enum smcred_status parsec_derive(const struct sm_snapshot *snapshot,
                                 const struct mechanism_question *question, uint8_t *out_key);
enum smcred_status parsec_answer(struct sm_bytes key, const struct mechanism_question *question,
                                 uint8_t *out_answer, size_t *out_len);
/* Few iterations make the password cheap to guess, many are our time. */
const char *parsec_objection(const struct mechanism_question *question);

#endif
