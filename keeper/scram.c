/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scram.c - SCRAM-SHA-256 by libcrypto.  Called by proof.c.
 *
 * What is computed on the way (SaltedPassword, ClientKey) is as good as the
 * password, and wiped before its function returns.
 */
#include "keeper/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "keeper/saslprep.h"

#define KEYS_SIZE (2 * SCRAM_HASH_SIZE) /* ClientKey, then ServerKey */

enum smcred_status scram_check(struct sm_bytes salt, uint32_t iterations,
                               struct sm_bytes auth_message, uint32_t iterations_min,
                               struct sm_error *err)
{
    if (iterations < iterations_min || iterations < 1)
        return sm_error_set(err, SMCRED_INVALID,
                            "the server asks for %u SCRAM iterations, fewer than %u: the answer "
                            "would help to guess the password",
                            iterations, iterations_min);
    if (iterations > SCRAM_ITERATIONS_MAX)
        return sm_error_set(err, SMCRED_INVALID,
                            "the server asks for %u SCRAM iterations, more than %d", iterations,
                            SCRAM_ITERATIONS_MAX);
    if (salt.len < 1 || salt.len > ORC_SALT_MAX)
        return sm_error_set(err, SMCRED_INVALID, "the server's SCRAM salt has %zu bytes, not 1..%d",
                            salt.len, ORC_SALT_MAX);
    if (auth_message.len < 1 || auth_message.len > ORC_AUTH_MESSAGE_MAX)
        return sm_error_set(err, SMCRED_INVALID, "the SCRAM exchange has %zu bytes, not 1..%d",
                            auth_message.len, ORC_AUTH_MESSAGE_MAX);
    return SMCRED_OK;
}

static bool hmac(struct sm_bytes key, struct sm_bytes data, uint8_t out[SCRAM_HASH_SIZE])
{
    unsigned len = SCRAM_HASH_SIZE;
    return HMAC(EVP_sha256(), key.data, (int)key.len, data.data, data.len, out, &len) != NULL;
}

static bool salted_password(struct sm_bytes password, struct sm_bytes salt, uint32_t iterations,
                            uint8_t out[SCRAM_HASH_SIZE])
{
    return PKCS5_PBKDF2_HMAC(password.data, (int)password.len, salt.data, (int)salt.len,
                             (int)iterations, EVP_sha256(), SCRAM_HASH_SIZE, out) == 1;
}

enum smcred_status scram_derive(struct sm_vault *vault, const struct sm_secret *password,
                                struct sm_bytes salt, uint32_t iterations,
                                struct sm_secret **out_keys)
{
    sm_autosecret struct sm_secret *prepared = NULL, *keys = NULL;
    enum smcred_status status = saslprep(vault, sm_secret_view(password), &prepared);
    if (status == SMCRED_OK)
        status = sm_secret_alloc(vault, KEYS_SIZE, &keys);
    if (status != SMCRED_OK)
        return status;
    size_t room;
    uint8_t *key = sm_secret_room(keys, &room);
    uint8_t salted[SCRAM_HASH_SIZE];
    struct sm_bytes salted_bytes = sm_bytes(salted, sizeof salted);
    bool done = salted_password(sm_secret_view(prepared), salt, iterations, salted) &&
                hmac(salted_bytes, sm_bytes_of("Client Key"), key) &&
                hmac(salted_bytes, sm_bytes_of("Server Key"), key + SCRAM_HASH_SIZE);
    OPENSSL_cleanse(salted, sizeof salted);
    if (!done)
        return SMCRED_SYSTEM;
    sm_secret_grow(keys, KEYS_SIZE);
    *out_keys = sm_take_ptr(&keys);
    return SMCRED_OK;
}

enum smcred_status scram_sign(const struct sm_secret *keys, struct sm_bytes auth_message,
                              uint8_t out_proof[SCRAM_HASH_SIZE],
                              uint8_t out_server_signature[SCRAM_HASH_SIZE])
{
    const uint8_t *client_key = sm_secret_view(keys).data;
    const uint8_t *server_key = client_key + SCRAM_HASH_SIZE;
    uint8_t stored_key[SCRAM_HASH_SIZE], signature[SCRAM_HASH_SIZE], server[SCRAM_HASH_SIZE];
    bool done =
        EVP_Digest(client_key, SCRAM_HASH_SIZE, stored_key, NULL, EVP_sha256(), NULL) == 1 &&
        hmac(sm_bytes(stored_key, sizeof stored_key), auth_message, signature) &&
        hmac(sm_bytes(server_key, SCRAM_HASH_SIZE), auth_message, server);
    if (done) {
        for (size_t i = 0; i < SCRAM_HASH_SIZE; i++)
            out_proof[i] = client_key[i] ^ signature[i];
        memcpy(out_server_signature, server, sizeof server);
    }
    /* The signature with the proof, which travels, gives the ClientKey away. */
    OPENSSL_cleanse(signature, sizeof signature);
    OPENSSL_cleanse(stored_key, sizeof stored_key);
    return done ? SMCRED_OK : SMCRED_SYSTEM;
}
