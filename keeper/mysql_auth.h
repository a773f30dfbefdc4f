/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_auth.h - the arithmetic of MySQL's scrambles: mysql_native_password and the fast path of
 * caching_sha2_password.
 *
 * Pure functions of mechanism.h, named in its table.  A server's account holds the hash of the key,
 * so it can check an answer and could not make one.
 */
#ifndef KEEPER_MYSQL_AUTH_H
#define KEEPER_MYSQL_AUTH_H

#include "keeper/mechanism.h"

#define MYSQL_NONCE_SIZE  20 /* bytes of a server's challenge, without the NUL behind it */
#define MYSQL_SHA1_SIZE   20
#define MYSQL_SHA256_SIZE 32

/* SHA1(password), and SHA1(password) xor SHA1(nonce SHA1(SHA1(password))). */
enum smcred_status mysql_native_derive(const struct sm_snapshot *snapshot,
                                       const struct mechanism_question *question, uint8_t *out_key);
enum smcred_status mysql_native_answer(struct sm_bytes key,
                                       const struct mechanism_question *question,
                                       uint8_t *out_answer, size_t *out_len);
/* SHA256(password), and SHA256(password) xor SHA256(SHA256(SHA256(password)) nonce). */
enum smcred_status mysql_sha2_derive(const struct sm_snapshot *snapshot,
                                     const struct mechanism_question *question, uint8_t *out_key);
enum smcred_status mysql_sha2_answer(struct sm_bytes key, const struct mechanism_question *question,
                                     uint8_t *out_answer, size_t *out_len);

#endif
