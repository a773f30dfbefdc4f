/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mechanism.h - the methods by which a password is proven in one answer (ORC_CHALLENGE), one line
 * each.
 *
 * Called by the keeper's sessions.  What a method makes of the password alone is its key: it is
 * made once per version and kept by proof.h.  SCRAM, which proves the server too, is not here.
 */
#ifndef KEEPER_MECHANISM_H
#define KEEPER_MECHANISM_H

#include "common/snapshot.h"

#define MECHANISM_NAME_MAX   40 /* bytes, NUL included */
#define MECHANISM_KEY_MAX    96
#define MECHANISM_ANSWER_MAX 1024 /* bytes; RSA with 8192 bits */

struct evp_pkey_st;

/* As the relay sends it; borrowed. */
struct mechanism_question {
    struct sm_bytes salt;
    uint32_t iterations;
    struct sm_bytes message;
    struct evp_pkey_st *server_key; /* the target's server_public_key, not the relay's word */
};

struct mechanism {
    const char *name; /* as in ORC_T_MECHANISM */
    uint32_t engine;  /* enum index_engine */
    size_t salt_len;  /* exactly */
    size_t key_len;   /* 0: no key is kept, and the answer is made from the password */
    bool tells;       /* the salt comes with the password, and the key is of both */
    /* The key, `key_len` bytes; wiped by the caller. */
    enum smcred_status (*derive)(const struct sm_snapshot *snapshot,
                                 const struct mechanism_question *question, uint8_t *out_key);
    /* At most MECHANISM_ANSWER_MAX bytes. */
    enum smcred_status (*answer)(struct sm_bytes key, const struct mechanism_question *question,
                                 uint8_t *out_answer, size_t *out_len);
    /* Says why a server's question is not answered, or NULL.  NULL: all are. */
    const char *(*objection)(const struct mechanism_question *question);
};

/* NULL: there is none of this name. */
const struct mechanism *mechanism_find(uint32_t engine, const char *name);
/* Why this is not answered, whoever asks; or NULL. */
const char *mechanism_objection(const struct mechanism *mechanism,
                                const struct mechanism_question *question);

#endif
