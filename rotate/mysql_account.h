/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_account.h - how MariaDB lets a user in, and what it keeps of the password.
 */
#ifndef ROTATE_MYSQL_ACCOUNT_H
#define ROTATE_MYSQL_ACCOUNT_H

#include "rotate/mysql.h"
#include "rotate/mysql_hash.h"

#define MYDB_PLUGIN_SIZE 65

/* Each of them is enough to be let in. */
struct mydb_methods {
    int passwords, others;
    char password[MYDB_PLUGIN_SIZE]; /* the plugin of the last one that takes a password */
    char other[MYDB_PLUGIN_SIZE];    /* of the last one that takes none */
};

/*
 * From SHOW CREATE USER.
 * Errors: those of mydb_run(), SMCRED_PROTOCOL.
 */
SM_MUST_CHECK enum smcred_status mydb_read_methods(struct session *session,
                                                   const struct mydb_account *account,
                                                   struct mydb_methods *out_methods,
                                                   struct sm_error *err);

/*
 * What to set as the password.
 * Errors: SMCRED_UNSUPPORTED: there is no password to change, or two of them, or the plugin is not
 * known here.
 */
SM_MUST_CHECK enum smcred_status mydb_hash(const struct mydb_account *account,
                                           const struct mydb_methods *methods, const char *password,
                                           char out_hash[MYSQL_HASH_SIZE], struct sm_error *err);

#endif
