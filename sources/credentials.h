/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * credentials.h - the AWS credentials we sign with, and the chain of those who may provide them.
 *
 * A provider that applies and fails ends the chain: it does not fall through to the next one.
 */
#ifndef SM_SOURCES_CREDENTIALS_H
#define SM_SOURCES_CREDENTIALS_H

#include "sources/awsprofile.h"

#define ACCESS_KEY_ID_MAX 129 /* bytes, NUL included; IAM's maximum is 128 */

/* Immutable and counted: key, secret and token always belong together. */
struct aws_credentials {
    char access_key_id[ACCESS_KEY_ID_MAX];
    struct sm_secret *secret_access_key;
    struct sm_secret *session_token; /* NULL for keys of a user */
    const char *provider;            /* "settings", "environment", "profile" */
};

struct aws_credentials *aws_credentials_ref(struct aws_credentials *credentials);
/* The last one out wipes them.  NULL is allowed. */
void aws_credentials_unref(struct aws_credentials *credentials);

/* What the providers look at.  Everything is borrowed. */
struct credentials_wishes {
    struct sm_vault *vault;
    const char *(*env)(const char *name);
    const struct aws_profiles *profiles;
    const char *profile;       /* its name */
    bool profile_is_setting;   /* it was chosen in our configuration: the environment's keys do not
                                  count */
    const char *access_key_id; /* the settings, or NULL */
    const char *secret_access_key_file; /* likewise */
};

/*
 * Asks the providers in order.
 *   out_credentials  release with aws_credentials_unref(); untouched on failure
 * Errors: SMCRED_UNAVAILABLE (no provider applies), SMCRED_INVALID or SMCRED_DENIED (one applies
 * and fails), SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status credentials_resolve(const struct credentials_wishes *wishes,
                                                     struct aws_credentials **out_credentials,
                                                     struct sm_error *err);

#endif
