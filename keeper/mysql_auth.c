/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_auth.c - both scrambles are the key, under a mask that the hash of the key and the server's
 * nonce make; the two differ in hash and order.
 */
#include "keeper/mysql_auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* The hash of two pieces, one after the other. */
static bool hash(const EVP_MD *method, struct sm_bytes first, struct sm_bytes second, uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done = ctx && EVP_DigestInit_ex(ctx, method, NULL) == 1 &&
                EVP_DigestUpdate(ctx, first.data, first.len) == 1 &&
                EVP_DigestUpdate(ctx, second.data, second.len) == 1 &&
                EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx); /* wipes its state */
    return done;
}

static enum smcred_status derive(const EVP_MD *method, const struct sm_snapshot *snapshot,
                                 uint8_t *out_key)
{
    bool done = hash(method, sm_secret_view(snapshot->password), sm_bytes("", 0), out_key);
    return done ? SMCRED_OK : SMCRED_SYSTEM;
}

/* The mask lies over the key at once: it is never alone in memory that outlives this. */
static enum smcred_status answer(const EVP_MD *method, bool nonce_first, struct sm_bytes key,
                                 struct sm_bytes nonce, uint8_t *out_answer, size_t *out_len)
{
    uint8_t twice[MYSQL_SHA256_SIZE];
    struct sm_bytes inner = sm_bytes(twice, key.len);
    bool done = hash(method, key, sm_bytes("", 0), twice) &&
                (nonce_first ? hash(method, nonce, inner, out_answer)
                             : hash(method, inner, nonce, out_answer));
    for (size_t i = 0; done && i < key.len; i++)
        out_answer[i] ^= ((const uint8_t *)key.data)[i];
    OPENSSL_cleanse(twice, sizeof twice);
    *out_len = key.len;
    return done ? SMCRED_OK : SMCRED_SYSTEM;
}

enum smcred_status mysql_native_derive(const struct sm_snapshot *snapshot,
                                       const struct mechanism_question *question, uint8_t *out_key)
{
    (void)question; /* made for the connection */
    return derive(EVP_sha1(), snapshot, out_key);
}

enum smcred_status mysql_native_answer(struct sm_bytes key,
                                       const struct mechanism_question *question,
                                       uint8_t *out_answer, size_t *out_len)
{
    return answer(EVP_sha1(), true, key, question->salt, out_answer, out_len);
}

enum smcred_status mysql_sha2_derive(const struct sm_snapshot *snapshot,
                                     const struct mechanism_question *question, uint8_t *out_key)
{
    (void)question; /* likewise */
    return derive(EVP_sha256(), snapshot, out_key);
}

enum smcred_status mysql_sha2_answer(struct sm_bytes key, const struct mechanism_question *question,
                                     uint8_t *out_answer, size_t *out_len)
{
    return answer(EVP_sha256(), false, key, question->salt, out_answer, out_len);
}
