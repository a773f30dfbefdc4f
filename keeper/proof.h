/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * proof.h - custody of keys: challenges answered without PBKDF2 after the first login, and without
 * the password.
 *
 * Keys (of SCRAM: ClientKey and ServerKey) are kept in the vault per (secret, version, method, and
 * salt and iterations if they are the password's), and never by user name: an alternating user of
 * the same name with another password has another version. The least recently used goes when there
 * are too many.  The loop's thread alone calls this.
 */
#ifndef KEEPER_PROOF_H
#define KEEPER_PROOF_H

#include "common/snapshot.h"
#include "keeper/mechanism.h"
#include "keeper/scram.h"

#define PROOF_KEYS_DEFAULT      4096
#define PROOF_INLINE_ITERATIONS 20000 /* up to here, some ms, in the loop; beyond, in a worker */

struct proof_ask;
struct proofs;
struct workers;

struct proofs_options {
    struct workers *workers;
    struct sm_vault *vault;
    size_t keys_max; /* 0: PROOF_KEYS_DEFAULT */
};

SM_MUST_CHECK enum smcred_status proofs_new(const struct proofs_options *options,
                                            struct proofs **out_proofs);
/* After workers_free().  Wipes all keys; those who wait get SMCRED_UNAVAILABLE.  NULL is allowed.
 */
void proofs_free(struct proofs *proofs);

struct proof_challenge {
    struct sm_bytes salt;
    uint32_t iterations;
    uint32_t iterations_min; /* 0: SCRAM_ITERATIONS_MIN */
    struct sm_bytes auth_message;
};

struct proof_answer {
    enum smcred_status status;
    uint8_t proof[SCRAM_HASH_SIZE];
    uint8_t server_signature[SCRAM_HASH_SIZE];
    bool cached;                /* no PBKDF2 was needed */
    const struct sm_error *err; /* never NULL */
};
typedef void proof_done(void *arg, const struct proof_answer *answer);

/*
 * Answers through done(), exactly once unless cancelled; before it returns if the keys are there or
 * cheap to make, then *out_ask is NULL.  Takes references and copies; nothing stays borrowed.
 *   snapshot  with a password
 *   out_ask   for proof_cancel(); NULL if you never cancel
 * Answers: SMCRED_OK, SMCRED_INVALID (scram_check(); or no password), SMCRED_LIMITED,
 * SMCRED_REVOKED (while waiting), SMCRED_UNSUPPORTED (saslprep.h), SMCRED_NO_MEMORY, SMCRED_SYSTEM.
 */
void proof_get(struct proofs *proofs, struct sm_snapshot *snapshot,
               const struct proof_challenge *challenge, proof_done *done, void *arg,
               struct proof_ask **out_ask);
void proof_cancel(struct proof_ask *ask);

/*
 * The key of a method of mechanism.h; made if it is not there, within milliseconds.
 *   out_key  borrowed until the next call of anything here
 * Errors: SMCRED_INVALID (no password), SMCRED_LIMITED, SMCRED_NO_MEMORY, those of derive().
 */
SM_MUST_CHECK enum smcred_status proof_key(struct proofs *proofs,
                                           const struct sm_snapshot *snapshot,
                                           const struct mechanism *mechanism,
                                           const struct mechanism_question *question,
                                           struct sm_bytes *out_key);

/*
 * Wipes the keys of a secret and answers those who wait for them with SMCRED_REVOKED.
 *   id          any of its names: secret_id_same()
 *   version_id  NULL: of all versions
 */
void proofs_revoke(struct proofs *proofs, const char *id, const char *version_id);
/* Keys held now; for `status`. */
size_t proofs_count(const struct proofs *proofs);

#endif
