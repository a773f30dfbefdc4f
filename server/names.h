/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names.h - names of secrets, and what a SecretId may be: a name, an ARN, an ARN without its
 * suffix.
 */
#ifndef SERVER_NAMES_H
#define SERVER_NAMES_H

#include "common/bytes.h"
#include "server/store.h"

struct server;

/* Not empty, and of A-Z a-z 0-9 / _ + = . @ ! - alone. */
bool server_name_is_valid(const char *name);
/* The same for a SecretId, where anything that begins with "arn:" passes. */
bool server_id_is_valid(const char *id);

/* arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX with six random letters and digits. */
SM_MUST_CHECK enum smcred_status server_arn_make(const struct server *server, const char *name,
                                                 char out_arn[SERVER_ARN_MAX + 1]);

/*
 * Finds the secret a SecretId means.  An ARN whose tail ends in a dash and six letters or digits is
 * a full one, even where the name itself ends so: AWS reads it like that.
 * Errors: SMCRED_NOT_FOUND, and the store's.
 */
SM_MUST_CHECK enum smcred_status server_secret_find(const struct server *server, const char *id,
                                                    struct server_secret *out_secret);

#endif
