/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * password.h - random passwords of the kinds GetRandomPassword offers.
 */
#ifndef SERVER_PASSWORD_H
#define SERVER_PASSWORD_H

#include "common/secret.h"

enum server_password_type {
    SERVER_PASSWORD_UPPERCASE,
    SERVER_PASSWORD_LOWERCASE,
    SERVER_PASSWORD_NUMBERS,
    SERVER_PASSWORD_PUNCTUATION,
    SERVER_PASSWORD_SPACE,
    SERVER_PASSWORD_TYPES
};

struct server_password_rule {
    size_t len;
    bool include[SERVER_PASSWORD_TYPES];
    bool require_each;   /* at least one character of each included type */
    const char *exclude; /* characters that do not occur */
};

enum server_password_result {
    SERVER_PASSWORD_OK,
    SERVER_PASSWORD_TOO_SHORT,     /* for one of each type */
    SERVER_PASSWORD_TYPE_EXCLUDED, /* a required type has no character left */
    SERVER_PASSWORD_ALL_EXCLUDED,  /* nothing is left at all */
    SERVER_PASSWORD_FAILED,        /* no memory, no random bytes */
};

/* Every password the rule allows can occur; positions tell nothing about types. */
SM_MUST_CHECK enum server_password_result
server_password_make(struct sm_vault *vault, const struct server_password_rule *rule,
                     struct sm_secret **out_password);

#endif
