/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_hash.c - called by mysql_account.c; tests/rotate/t_mysql_single.sh compares with a server.
 */
#include "rotate/mysql_hash.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>

#define SHA1_SIZE 20

/* "*" and SHA1(SHA1(password)) in capital letters. */
static bool hash_native(const char *password, char out_hash[MYSQL_HASH_SIZE])
{
    unsigned char once[SHA1_SIZE], twice[SHA1_SIZE];
    bool done = EVP_Digest(password, strlen(password), once, NULL, EVP_sha1(), NULL) &&
                EVP_Digest(once, sizeof once, twice, NULL, EVP_sha1(), NULL);
    explicit_bzero(once, sizeof once);
    out_hash[0] = '*';
    for (size_t i = 0; done && i < sizeof twice; i++)
        (void)snprintf(out_hash + 1 + 2 * i, 3, "%02X", twice[i]); /* 41 bytes in all, and a NUL */
    return done;
}

/* The public key, of a private one that is SHA512(password) where Ed25519 has SHA512(seed). */
static bool hash_ed25519(const char *password, char out_hash[MYSQL_HASH_SIZE])
{
    unsigned char scalar[crypto_hash_sha512_BYTES], key[crypto_scalarmult_ed25519_BYTES];
    bool done =
        sodium_init() >= 0 &&
        crypto_hash_sha512(scalar, (const unsigned char *)password, strlen(password)) == 0 &&
        crypto_scalarmult_ed25519_base(key, scalar) == 0;
    explicit_bzero(scalar, sizeof scalar);
    return done && sodium_bin2base64(out_hash, MYSQL_HASH_SIZE, key, sizeof key,
                                     sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

bool mysql_hash(const char *plugin, const char *password, char out_hash[MYSQL_HASH_SIZE])
{
    static const struct {
        const char *plugin;
        bool (*hash)(const char *password, char out_hash[MYSQL_HASH_SIZE]);
    } known[] = {{"mysql_native_password", hash_native}, {"ed25519", hash_ed25519}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].plugin, plugin) == 0)
            return known[i].hash(password, out_hash);
    }
    return false;
}
