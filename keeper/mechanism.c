/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mechanism.c - the table.
 */
#include "keeper/mechanism.h"

#include "common/index.h"
#include "keeper/ed25519.h"
#include "keeper/md5.h"
#include "keeper/mysql_auth.h"
#include "keeper/rsa.h"

static const struct mechanism mechanisms[] = {
    {"md5", INDEX_POSTGRES, MD5_SALT_SIZE, MD5_KEY_LEN, false, md5_derive, md5_answer, NULL},
    {"mysql_native_password", INDEX_MYSQL, MYSQL_NONCE_SIZE, MYSQL_SHA1_SIZE, false,
     mysql_native_derive, mysql_native_answer, NULL},
    {"caching_sha2_password", INDEX_MYSQL, MYSQL_NONCE_SIZE, MYSQL_SHA256_SIZE, false,
     mysql_sha2_derive, mysql_sha2_answer, NULL},
    {"caching_sha2_password:full", INDEX_MYSQL, MYSQL_NONCE_SIZE, 0, false, NULL, rsa_answer, NULL},
    {"sha256_password", INDEX_MYSQL, MYSQL_NONCE_SIZE, 0, false, NULL, rsa_answer, NULL},
    {"client_ed25519", INDEX_MYSQL, ED25519_NONCE_SIZE, ED25519_KEY_SIZE, false, ed25519_derive,
     ed25519_answer, NULL},
    {"parsec", INDEX_MYSQL, PARSEC_SALT_SIZE, PARSEC_KEY_SIZE, true, parsec_derive, parsec_answer,
     parsec_objection},
};

const struct mechanism *mechanism_find(uint32_t engine, const char *name)
{
    for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++)
        if (mechanisms[i].engine == engine && strcmp(mechanisms[i].name, name) == 0)
            return &mechanisms[i];
    return NULL;
}

const char *mechanism_objection(const struct mechanism *mechanism,
                                const struct mechanism_question *question)
{
    if (question->salt.len != mechanism->salt_len)
        return "the server's challenge has an impossible length";
    return mechanism->objection ? mechanism->objection(question) : NULL;
}
