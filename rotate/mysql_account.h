/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_account.h - what a user of MySQL or MariaDB is: how it is let in, and under which limits.
 */
#ifndef ROTATE_MYSQL_ACCOUNT_H
#define ROTATE_MYSQL_ACCOUNT_H

#include "rotate/mysql.h"
#include "rotate/mysql_hash.h"

#define MYDB_PLUGIN_SIZE  65
#define MYDB_METHODS_SIZE 512

/* What SHOW CREATE USER says. */
struct mydb_definition {
    char *text; /* NULL: nothing was read */

    /* Plugins that let in; each of them is enough. */
    int passwords, others;
    char password[MYDB_PLUGIN_SIZE]; /* the last one that takes a password */
    char other[MYDB_PLUGIN_SIZE];    /* the last one that takes none */
    char methods[MYDB_METHODS_SIZE]; /* all of them, in their order */

    /* Clauses as they stand in the text, without their keyword for the last two; or empty. */
    struct sm_bytes identified, require, rest, roles, limits;
};

/*
 * Reads it.
 *   definition  release with mydb_definition_done(), also after a failure
 * Errors: those of mydb_run(), SMCRED_PROTOCOL.
 */
SM_MUST_CHECK enum smcred_status mydb_define(struct session *session,
                                             const struct mydb_account *account,
                                             struct mydb_definition *definition,
                                             struct sm_error *err);
/* The same of a text; of one that is garbled, clauses are missing.  Errors: SMCRED_PROTOCOL,
 * SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status mydb_definition_parse(const char *text,
                                                       struct mydb_definition *definition);
/* Wipes: there are hashes in it. */
void mydb_definition_done(struct mydb_definition *definition);
#define mydb_autodefinition __attribute__((cleanup(mydb_definition_done)))

/* But for the passwords. */
SM_MUST_CHECK bool mydb_definition_equal(const struct mydb_definition *a,
                                         const struct mydb_definition *b);

/*
 * Makes the user of this name so, its password included, whether it is there or not.
 *   name  quoted
 */
SM_MUST_CHECK enum smcred_status mydb_make_user(struct session *session, const char *name,
                                                const struct mydb_definition *definition,
                                                struct sm_error *err);

/* The roles that a session begins with, after the user got them. */
SM_MUST_CHECK enum smcred_status mydb_set_default_roles(struct session *session, const char *name,
                                                        const struct mydb_definition *definition,
                                                        struct sm_error *err);

/*
 * What to set as the password.
 * Errors: SMCRED_UNSUPPORTED: there is no password to change, or two of them, or the plugin is not
 * known here.
 */
SM_MUST_CHECK enum smcred_status mydb_hash(const struct mydb_account *account,
                                           const struct mydb_definition *definition,
                                           const char *password, char out_hash[MYSQL_HASH_SIZE],
                                           struct sm_error *err);

#endif
