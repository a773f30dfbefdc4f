/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mechanism.c - the table.
 */
#include "keeper/mechanism.h"

#include "common/index.h"
#include "keeper/md5.h"
#include "keeper/mysql_auth.h"

static const struct mechanism mechanisms[] = {
    {"md5", INDEX_POSTGRES, MD5_SALT_SIZE, MD5_KEY_LEN, false, md5_derive, md5_answer},
    {"mysql_native_password", INDEX_MYSQL, MYSQL_NONCE_SIZE, MYSQL_SHA1_SIZE, false,
     mysql_native_derive, mysql_native_answer},
    {"caching_sha2_password", INDEX_MYSQL, MYSQL_NONCE_SIZE, MYSQL_SHA256_SIZE, false,
     mysql_sha2_derive, mysql_sha2_answer},
};

const struct mechanism *mechanism_find(uint32_t engine, const char *name)
{
    for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++)
        if (mechanisms[i].engine == engine && strcmp(mechanisms[i].name, name) == 0)
            return &mechanisms[i];
    return NULL;
}

const char *mechanism_flaw(const struct mechanism *mechanism,
                           const struct mechanism_question *question)
{
    return question->salt.len == mechanism->salt_len ? NULL : "a salt of an impossible length";
}
