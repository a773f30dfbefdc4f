/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rsa.c - RSA-OAEP by libcrypto.
 */
#include "keeper/rsa.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#define OAEP_SHA1_OVERHEAD 42

static bool encrypt(EVP_PKEY *key, struct sm_bytes text, uint8_t *out, size_t *out_len)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    bool done = ctx && EVP_PKEY_encrypt_init(ctx) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
                EVP_PKEY_encrypt(ctx, out, out_len, text.data, text.len) == 1;
    EVP_PKEY_CTX_free(ctx);
    return done;
}

enum smcred_status rsa_answer(struct sm_bytes password, const struct mechanism_question *question,
                              uint8_t *out_answer, size_t *out_len)
{
    uint8_t text[MECHANISM_ANSWER_MAX];
    const uint8_t *nonce = question->salt.data, *from = password.data;
    size_t key_size = (size_t)EVP_PKEY_get_size(question->server_key), len = password.len + 1;
    if (key_size > sizeof text || len + OAEP_SHA1_OVERHEAD > key_size)
        return SMCRED_TOO_LARGE;
    for (size_t i = 0; i < len; i++)
        text[i] = (i < password.len ? from[i] : 0) ^ nonce[i % question->salt.len];
    *out_len = MECHANISM_ANSWER_MAX;
    bool done = encrypt(question->server_key, sm_bytes(text, len), out_answer, out_len);
    OPENSSL_cleanse(text, sizeof text);
    return done ? SMCRED_OK : SMCRED_SYSTEM;
}
