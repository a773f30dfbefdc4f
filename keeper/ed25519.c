/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ed25519.c - client_ed25519 by libsodium's arithmetic, as no library signs from a password of any
 * length; parsec by libcrypto.
 */
#include "keeper/ed25519.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sodium.h>

#define SCALAR    crypto_core_ed25519_SCALARBYTES
#define POINT     crypto_core_ed25519_BYTES
#define HASH      crypto_hash_sha512_BYTES
#define SIGNATURE crypto_sign_BYTES

static_assert(ED25519_KEY_SIZE == HASH + POINT && ED25519_KEY_SIZE <= MECHANISM_KEY_MAX,
              "the hash of the password, then the public key");

/* ---- client_ed25519 ---- */

enum smcred_status ed25519_derive(const struct sm_snapshot *snapshot,
                                  const struct mechanism_question *question, uint8_t *out_key)
{
    struct sm_bytes password = sm_secret_view(snapshot->password);
    (void)question; /* made for the connection */
    bool done = crypto_hash_sha512(out_key, password.data, password.len) == 0;
    out_key[0] &= 248;
    out_key[31] &= 63;
    out_key[31] |= 64;
    done = done && crypto_scalarmult_ed25519_base_noclamp(out_key + HASH, out_key) == 0;
    return done ? SMCRED_OK : SMCRED_SYSTEM;
}

/* SHA512 of up to three pieces, modulo the group's order. */
static void hash_to_scalar(struct sm_bytes a, struct sm_bytes b, struct sm_bytes c,
                           uint8_t out[SCALAR])
{
    uint8_t hash[HASH];
    crypto_hash_sha512_state state;
    (void)crypto_hash_sha512_init(&state); /* these return 0 */
    (void)crypto_hash_sha512_update(&state, a.data, a.len);
    (void)crypto_hash_sha512_update(&state, b.data, b.len);
    (void)crypto_hash_sha512_update(&state, c.data, c.len);
    (void)crypto_hash_sha512_final(&state, hash);
    crypto_core_ed25519_scalar_reduce(out, hash);
    OPENSSL_cleanse(hash, sizeof hash);
    OPENSSL_cleanse(&state, sizeof state);
}

enum smcred_status ed25519_answer(struct sm_bytes key, const struct mechanism_question *question,
                                  uint8_t *out_answer, size_t *out_len)
{
    const uint8_t *scalar = key.data, *prefix = scalar + SCALAR, *public_key = scalar + HASH;
    uint8_t r[SCALAR], h[SCALAR], product[SCALAR];
    hash_to_scalar(sm_bytes(prefix, SCALAR), question->salt, sm_bytes("", 0), r);
    bool done = crypto_scalarmult_ed25519_base_noclamp(out_answer, r) == 0;
    hash_to_scalar(sm_bytes(out_answer, POINT), sm_bytes(public_key, POINT), question->salt, h);
    crypto_core_ed25519_scalar_mul(product, h, scalar);
    crypto_core_ed25519_scalar_add(out_answer + POINT, product, r);
    OPENSSL_cleanse(r, sizeof r); /* with the answer it gives the scalar away */
    OPENSSL_cleanse(product, sizeof product);
    *out_len = SIGNATURE;
    return done ? SMCRED_OK : SMCRED_SYSTEM;
}

/* ---- parsec ---- */

const char *parsec_objection(const struct mechanism_question *question)
{
    bool counted = false;
    for (uint32_t count = PARSEC_ITERATIONS; count <= 8 * PARSEC_ITERATIONS; count *= 2)
        counted |= question->iterations == count;
    if (!counted)
        return "the server asks for a number of iterations that parsec does not know";
    return question->message.len == ED25519_NONCE_SIZE
               ? NULL
               : "the server wants something else signed than a scramble";
}

enum smcred_status parsec_derive(const struct sm_snapshot *snapshot,
                                 const struct mechanism_question *question, uint8_t *out_key)
{
    struct sm_bytes password = sm_secret_view(snapshot->password);
    int done = PKCS5_PBKDF2_HMAC(password.data, (int)password.len, question->salt.data,
                                 (int)question->salt.len, (int)question->iterations, EVP_sha512(),
                                 PARSEC_KEY_SIZE, out_key);
    return done == 1 ? SMCRED_OK : SMCRED_SYSTEM;
}

static bool sign(struct sm_bytes seed, struct sm_bytes message, uint8_t out[SIGNATURE])
{
    size_t len = SIGNATURE;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.data, seed.len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(ctx, out, &len, message.data, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key); /* wipes it */
    return done;
}

enum smcred_status parsec_answer(struct sm_bytes key, const struct mechanism_question *question,
                                 uint8_t *out_answer, size_t *out_len)
{
    uint8_t both[2 * ED25519_NONCE_SIZE];
    memcpy(both, question->message.data, ED25519_NONCE_SIZE);
    bool done = RAND_bytes(both + ED25519_NONCE_SIZE, ED25519_NONCE_SIZE) == 1 &&
                sign(key, sm_bytes(both, sizeof both), out_answer + ED25519_NONCE_SIZE);
    memcpy(out_answer, both + ED25519_NONCE_SIZE, ED25519_NONCE_SIZE);
    *out_len = PARSEC_ANSWER_SIZE;
    return done ? SMCRED_OK : SMCRED_SYSTEM;
}
