/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * md5.c - md5 by libcrypto, in hex.
 */
#include "keeper/md5.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define MD5_SIZE 16

static void write_hex(const uint8_t digest[MD5_SIZE], uint8_t out[MD5_KEY_LEN])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < MD5_SIZE; i++) {
        out[2 * i] = (uint8_t)digits[digest[i] >> 4];
        out[2 * i + 1] = (uint8_t)digits[digest[i] & 15];
    }
}

/* Of two pieces, one after the other. */
static enum smcred_status md5_hex(struct sm_bytes first, struct sm_bytes second,
                                  uint8_t out[MD5_KEY_LEN])
{
    uint8_t digest[MD5_SIZE];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done = ctx && EVP_DigestInit_ex(ctx, EVP_md5(), NULL) == 1 &&
                EVP_DigestUpdate(ctx, first.data, first.len) == 1 &&
                EVP_DigestUpdate(ctx, second.data, second.len) == 1 &&
                EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
    EVP_MD_CTX_free(ctx); /* wipes its state */
    if (done)
        write_hex(digest, out);
    OPENSSL_cleanse(digest, sizeof digest);
    return done ? SMCRED_OK : SMCRED_SYSTEM;
}

enum smcred_status md5_derive(const struct sm_snapshot *snapshot,
                              const struct mechanism_question *question, uint8_t *out_key)
{
    (void)question; /* made for the connection */
    return md5_hex(sm_secret_view(snapshot->password), sm_bytes_of(snapshot->username), out_key);
}

enum smcred_status md5_answer(struct sm_bytes key, const struct mechanism_question *question,
                              uint8_t *out_answer, size_t *out_len)
{
    static const uint8_t prefix[] = {'m', 'd', '5'};
    memcpy(out_answer, prefix, sizeof prefix);
    *out_len = MD5_ANSWER_LEN;
    return md5_hex(key, question->salt, out_answer + sizeof prefix);
}
