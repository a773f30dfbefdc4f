/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * proof.c - the keys of challenges seen before, and the making of new ones.
 *
 * Called by the keeper's sessions for each challenge.  An entry of the table either has keys, or a
 * derivation in a worker and those who wait for it; one that failed leaves the table.
 */
#include "keeper/proof.h"

#include <openssl/crypto.h>
#include <sys/queue.h>

#include "keeper/secret_id.h"
#include "keeper/table.h"
#include "keeper/workers.h"

struct proof_ask {
    LIST_ENTRY(proof_ask) link;
    proof_done *done;
    void *arg;
    size_t auth_message_len;
    uint8_t auth_message[];
};
LIST_HEAD(asks, proof_ask);

struct kept {
    struct table_entry node; /* first; its key is `id` */
    struct sm_secret *keys;  /* NULL while they are derived */
    struct derivation *derivation;
    struct asks asks;
    char *secret;  /* ARN, or name if it has none; in `id` */
    char *version; /* in `id`, behind it */
    uint8_t id[];  /* secret NUL version NUL method NUL iterations salt */
};

struct derivation {
    struct proofs *proofs;
    struct kept *kept; /* NULL: revoked meanwhile */
    struct sm_snapshot *snapshot;
    struct sm_secret *keys;
    enum smcred_status status;
    uint32_t iterations;
    size_t salt_len;
    uint8_t salt[ORC_SALT_MAX];
};

struct proofs {
    struct proofs_options options;
    struct table kept;
};

enum smcred_status proofs_new(const struct proofs_options *options, struct proofs **out_proofs)
{
    struct proofs *proofs = calloc(1, sizeof *proofs);
    if (!proofs)
        return SMCRED_NO_MEMORY;
    proofs->options = *options;
    if (proofs->options.keys_max == 0)
        proofs->options.keys_max = PROOF_KEYS_DEFAULT;
    enum smcred_status status = table_init(&proofs->kept, proofs->options.keys_max);
    if (status != SMCRED_OK) {
        free(proofs);
        return status;
    }
    *out_proofs = proofs;
    return SMCRED_OK;
}

/* ---- answers ---- */

static void tell_error(proof_done *done, void *arg, enum smcred_status status,
                       const struct sm_error *err)
{
    done(arg, &(struct proof_answer){.status = status, .err = err});
}

static void tell_proof(const struct sm_secret *keys, struct sm_bytes auth_message, bool cached,
                       proof_done *done, void *arg)
{
    struct sm_error err = {0};
    struct proof_answer answer = {.cached = cached, .err = &err};
    answer.status = scram_sign(keys, auth_message, answer.proof, answer.server_signature);
    if (answer.status != SMCRED_OK)
        (void)sm_error_set(&err, answer.status, "libcrypto could not compute the SCRAM proof");
    done(arg, &answer);
    OPENSSL_cleanse(answer.proof, sizeof answer.proof);
}

/* Callbacks may cancel asks that still wait in `ready`; `keys` may be gone after the first. */
static void tell_failed(struct asks *ready, enum smcred_status status, const char *text)
{
    struct sm_error err;
    struct proof_ask *ask;
    (void)sm_error_set(&err, status, "%s", text);
    while ((ask = LIST_FIRST(ready))) {
        LIST_REMOVE(ask, link);
        tell_error(ask->done, ask->arg, status, &err);
        free(ask);
    }
}

static const char *why_not_derived(enum smcred_status status)
{
    return status == SMCRED_UNSUPPORTED
               ? "the password has characters that SASLprep (RFC 4013) may change: use others"
               : "the SCRAM keys could not be derived";
}

static void move_asks(struct kept *kept, struct asks *ready)
{
    struct proof_ask *ask;
    while ((ask = LIST_FIRST(&kept->asks))) {
        LIST_REMOVE(ask, link);
        LIST_INSERT_HEAD(ready, ask, link);
    }
}

/* ---- the table ---- */

/* Those who wait have been moved away. */
static void kept_free(struct proofs *proofs, struct kept *kept)
{
    table_remove(&proofs->kept, &kept->node);
    if (kept->derivation)
        kept->derivation->kept = NULL;
    sm_secret_free(kept->keys);
    free(kept);
}

static bool evict_one(struct proofs *proofs)
{
    for (struct table_entry *at = proofs->kept.oldest; at; at = at->newer) {
        struct kept *kept = (struct kept *)at;
        if (kept->derivation)
            continue;
        kept_free(proofs, kept);
        return true;
    }
    return false;
}

static const char *secret_of(const struct sm_snapshot *snapshot)
{
    return snapshot->arn[0] ? snapshot->arn : snapshot->name;
}

/* An entry outside the table yet, with its key. */
static struct kept *kept_new(const struct sm_snapshot *snapshot, const char *method,
                             struct sm_bytes salt, uint32_t iterations)
{
    size_t secret_size = strlen(secret_of(snapshot)) + 1;
    size_t version_size = strlen(snapshot->version_id) + 1;
    size_t method_size = strlen(method) + 1;
    size_t size = secret_size + version_size + method_size + sizeof iterations + salt.len;
    struct kept *kept = calloc(1, sizeof *kept + size);
    if (!kept)
        return NULL;
    uint8_t *at = kept->id;
    kept->secret = memcpy(at, secret_of(snapshot), secret_size);
    at += secret_size;
    kept->version = memcpy(at, snapshot->version_id, version_size);
    at += version_size;
    memcpy(at, method, method_size);
    at += method_size;
    memcpy(at, &iterations, sizeof iterations);
    at += sizeof iterations;
    if (salt.len > 0)
        memcpy(at, salt.data, salt.len);
    kept->node.key = sm_bytes(kept->id, size);
    LIST_INIT(&kept->asks);
    return kept;
}

/* ---- derivations in a worker ---- */

static void derive(void *arg)
{
    struct derivation *derivation = arg;
    derivation->status =
        scram_derive(derivation->proofs->options.vault, derivation->snapshot->password,
                     sm_bytes(derivation->salt, derivation->salt_len), derivation->iterations,
                     &derivation->keys);
}

static void derivation_free(struct derivation *derivation)
{
    sm_snapshot_unref(derivation->snapshot);
    sm_secret_free(derivation->keys);
    free(derivation);
}

/*
 * Until all are told the keys stay the derivation's, so that a callback may revoke, which frees the
 * entry, or ask again, which adds to it.
 */
static void keep_derived(struct derivation *derivation)
{
    struct proof_ask *ask;
    while (derivation->kept && (ask = LIST_FIRST(&derivation->kept->asks))) {
        LIST_REMOVE(ask, link);
        tell_proof(derivation->keys, sm_bytes(ask->auth_message, ask->auth_message_len), false,
                   ask->done, ask->arg);
        free(ask);
    }
    if (!derivation->kept)
        return;
    derivation->kept->keys = sm_take_ptr(&derivation->keys);
    derivation->kept->derivation = NULL;
}

static void derive_done(void *arg, bool ran)
{
    struct derivation *derivation = arg;
    if (derivation->kept && ran && derivation->status == SMCRED_OK) {
        keep_derived(derivation);
    } else if (derivation->kept) {
        struct asks ready = LIST_HEAD_INITIALIZER(ready);
        enum smcred_status status = ran ? derivation->status : SMCRED_UNAVAILABLE;
        move_asks(derivation->kept, &ready);
        kept_free(derivation->proofs, derivation->kept);
        tell_failed(&ready, status, ran ? why_not_derived(status) : "the keeper is stopping");
    }
    derivation_free(derivation);
}

static enum smcred_status derive_later(struct proofs *proofs, struct kept *kept,
                                       struct sm_snapshot *snapshot,
                                       const struct proof_challenge *challenge)
{
    struct derivation *derivation = malloc(sizeof *derivation);
    if (!derivation)
        return SMCRED_NO_MEMORY;
    *derivation = (struct derivation){.proofs = proofs,
                                      .kept = kept,
                                      .snapshot = sm_snapshot_ref(snapshot),
                                      .iterations = challenge->iterations,
                                      .salt_len = challenge->salt.len};
    memcpy(derivation->salt, challenge->salt.data, challenge->salt.len);
    enum smcred_status status =
        workers_submit(proofs->options.workers, derive, derive_done, derivation);
    if (status == SMCRED_OK)
        kept->derivation = derivation;
    else
        derivation_free(derivation);
    return status;
}

/* ---- asking ---- */

static enum smcred_status check(const struct sm_snapshot *snapshot,
                                const struct proof_challenge *challenge, struct sm_error *err)
{
    if (!snapshot->password)
        return sm_error_set(err, SMCRED_INVALID, "the secret has no password");
    return scram_check(challenge->salt, challenge->iterations, challenge->auth_message,
                       challenge->iterations_min ? challenge->iterations_min : SCRAM_ITERATIONS_MIN,
                       err);
}

/* Puts an entry into the table.  On failure nothing is left of it. */
static enum smcred_status admit(struct proofs *proofs, struct kept *kept)
{
    while (proofs->kept.count >= proofs->options.keys_max) {
        if (!evict_one(proofs)) {
            free(kept);
            return SMCRED_LIMITED;
        }
    }
    table_add(&proofs->kept, &kept->node);
    return SMCRED_OK;
}

/* Makes the entry's keys now, or has them made.  On failure nothing is left of `kept`. */
static enum smcred_status kept_add(struct proofs *proofs, struct kept *kept,
                                   struct sm_snapshot *snapshot,
                                   const struct proof_challenge *challenge)
{
    enum smcred_status admitted = admit(proofs, kept);
    if (admitted != SMCRED_OK)
        return admitted;
    enum smcred_status status =
        challenge->iterations <= PROOF_INLINE_ITERATIONS
            ? scram_derive(proofs->options.vault, snapshot->password, challenge->salt,
                           challenge->iterations, &kept->keys)
            : derive_later(proofs, kept, snapshot, challenge);
    if (status != SMCRED_OK)
        kept_free(proofs, kept);
    return status;
}

static enum smcred_status enqueue(struct kept *kept, struct sm_bytes auth_message, proof_done *done,
                                  void *arg, struct proof_ask **out_ask)
{
    struct proof_ask *ask = malloc(sizeof *ask + auth_message.len);
    if (!ask)
        return SMCRED_NO_MEMORY;
    *ask = (struct proof_ask){.done = done, .arg = arg, .auth_message_len = auth_message.len};
    memcpy(ask->auth_message, auth_message.data, auth_message.len);
    LIST_INSERT_HEAD(&kept->asks, ask, link);
    if (out_ask)
        *out_ask = ask;
    return SMCRED_OK;
}

void proof_get(struct proofs *proofs, struct sm_snapshot *snapshot,
               const struct proof_challenge *challenge, proof_done *done, void *arg,
               struct proof_ask **out_ask)
{
    struct sm_error err = {0};
    if (out_ask)
        *out_ask = NULL;
    enum smcred_status status = check(snapshot, challenge, &err);
    if (status != SMCRED_OK) {
        tell_error(done, arg, status, &err);
        return;
    }
    struct kept *kept = kept_new(snapshot, "SCRAM", challenge->salt, challenge->iterations);
    struct table_entry *found = kept ? table_find(&proofs->kept, kept->node.key) : NULL;
    if (found) {
        free(kept);
        kept = (struct kept *)found;
        table_touch(&proofs->kept, found);
    } else {
        status = kept ? kept_add(proofs, kept, snapshot, challenge) : SMCRED_NO_MEMORY;
    }
    if (status == SMCRED_OK && !kept->keys)
        status = enqueue(kept, challenge->auth_message, done, arg, out_ask);
    else if (status == SMCRED_OK)
        tell_proof(kept->keys, challenge->auth_message, found != NULL, done, arg);
    if (status != SMCRED_OK) {
        (void)sm_error_set(&err, status, "%s: %s", why_not_derived(status), sm_status_text(status));
        tell_error(done, arg, status, &err);
    }
}

static enum smcred_status key_add(struct proofs *proofs, struct kept *kept,
                                  const struct sm_snapshot *snapshot,
                                  const struct mechanism *mechanism,
                                  const struct mechanism_question *question)
{
    uint8_t key[MECHANISM_KEY_MAX];
    enum smcred_status status = admit(proofs, kept);
    if (status != SMCRED_OK)
        return status;
    status = mechanism->derive(snapshot, question, key);
    if (status == SMCRED_OK)
        status =
            sm_secret_new(proofs->options.vault, sm_bytes(key, mechanism->key_len), &kept->keys);
    OPENSSL_cleanse(key, sizeof key);
    if (status != SMCRED_OK)
        kept_free(proofs, kept);
    return status;
}

enum smcred_status proof_key(struct proofs *proofs, const struct sm_snapshot *snapshot,
                             const struct mechanism *mechanism,
                             const struct mechanism_question *question, struct sm_bytes *out_key)
{
    struct sm_bytes salt = mechanism->tells ? question->salt : sm_bytes(NULL, 0);
    if (!snapshot->password)
        return SMCRED_INVALID;
    struct kept *kept =
        kept_new(snapshot, mechanism->name, salt, mechanism->tells ? question->iterations : 0);
    if (!kept)
        return SMCRED_NO_MEMORY;
    struct table_entry *found = table_find(&proofs->kept, kept->node.key);
    if (found) {
        free(kept);
        kept = (struct kept *)found;
        table_touch(&proofs->kept, found);
    } else {
        enum smcred_status status = key_add(proofs, kept, snapshot, mechanism, question);
        if (status != SMCRED_OK)
            return status;
    }
    *out_key = sm_secret_view(kept->keys);
    return SMCRED_OK;
}

void proof_cancel(struct proof_ask *ask)
{
    if (!ask)
        return;
    LIST_REMOVE(ask, link);
    free(ask);
}

void proofs_revoke(struct proofs *proofs, const char *id, const char *version_id)
{
    struct asks ready = LIST_HEAD_INITIALIZER(ready);
    struct table_entry *next;
    for (struct table_entry *at = proofs->kept.oldest; at; at = next) {
        struct kept *kept = (struct kept *)at;
        next = at->newer;
        if (!secret_id_same(kept->secret, id) ||
            (version_id && strcmp(kept->version, version_id) != 0))
            continue;
        move_asks(kept, &ready);
        kept_free(proofs, kept);
    }
    tell_failed(&ready, SMCRED_REVOKED, "the secret was revoked");
}

size_t proofs_count(const struct proofs *proofs)
{
    return proofs->kept.count;
}

void proofs_free(struct proofs *proofs)
{
    if (!proofs)
        return;
    struct asks ready = LIST_HEAD_INITIALIZER(ready);
    while (proofs->kept.oldest) {
        struct kept *kept = (struct kept *)proofs->kept.oldest;
        move_asks(kept, &ready);
        kept_free(proofs, kept);
    }
    tell_failed(&ready, SMCRED_UNAVAILABLE, "the keeper is stopping");
    table_done(&proofs->kept);
    free(proofs);
}
