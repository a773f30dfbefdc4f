/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * md5.h - PostgreSQL's answer to AuthenticationMD5Password.
 *
 * Pure functions of mechanism.h, named in its table.
 */
#ifndef KEEPER_MD5_H
#define KEEPER_MD5_H

#include "keeper/mechanism.h"

#define MD5_SALT_SIZE  4
#define MD5_KEY_LEN    32 /* md5(password user), in hex */
#define MD5_ANSWER_LEN 35 /* "md5" and md5(key salt), in hex */

/* Errors of both: SMCRED_SYSTEM (no MD5, as in FIPS mode). */
enum smcred_status md5_derive(const struct sm_snapshot *snapshot,
                              const struct mechanism_question *question, uint8_t *out_key);
enum smcred_status md5_answer(struct sm_bytes key, const struct mechanism_question *question,
                              uint8_t *out_answer, size_t *out_len);

#endif
