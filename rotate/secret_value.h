/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secret_value.h - one version of a database secret, in AWS's layout, and the text of the next one.
 *
 *     {"engine":"postgres","host":"...","port":5432,"username":"...","password":"...",
 *      "dbname":"...","masterarn":"arn:..."}
 *
 * Members that are not known here are kept, byte by byte.
 */
#ifndef ROTATE_SECRET_VALUE_H
#define ROTATE_SECRET_VALUE_H

#include <cjson/cJSON.h>

#include "common/secret.h"
#include "common/status.h"

enum ssl_wish { SSL_NOT_SAID, SSL_ON, SSL_OFF };

struct secret_value {
    struct sm_secret *text;
    cJSON *json;
    /* Lent by json; NULL if not given or empty. */
    const char *engine, *host, *hostaddr, *dbname, *masterarn;
    const char *username, *password; /* always there */
    char port[6];                    /* "" if not given */
    enum ssl_wish ssl;
};

/*
 *   text       a SecretString, still the caller's
 *   out_value  free with secret_value_free(); untouched on failure
 * Errors: SMCRED_INVALID (err names the member, never what it holds), SMCRED_TOO_LARGE,
 * SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status secret_value_parse(struct sm_vault *vault, struct sm_bytes text,
                                                    struct secret_value **out_value,
                                                    struct sm_error *err);
/* Wipes.  NULL is allowed. */
void secret_value_free(struct secret_value *value);

/*
 * The text of `value` with another password and, unless it is NULL, another username.
 *   out_text  free with sm_secret_free()
 * Errors: SMCRED_INVALID, SMCRED_TOO_LARGE, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status
secret_value_renewed(struct sm_vault *vault, const struct secret_value *value, const char *username,
                     const struct sm_secret *password, struct sm_secret **out_text,
                     struct sm_error *err);

static inline void secret_value_free_ptr(struct secret_value **value)
{
    secret_value_free(*value);
}
#define autovalue __attribute__((cleanup(secret_value_free_ptr)))

#endif
