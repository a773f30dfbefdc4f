/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql.h - what the files of the engine for MySQL and MariaDB share.  What they call mydb_ is
 * ours; mysql_ and my_ are the library's.
 */
#ifndef ROTATE_MYSQL_H
#define ROTATE_MYSQL_H

#include "common/bytes.h"
#include "common/status.h"

#define MYDB_NAME_SIZE 321 /* bytes of 80 characters, NUL included; no user has a longer name */
#define MYDB_HOST_SIZE 256

struct session;
struct st_mysql_res; /* the library's MYSQL_RES */

/* A user is a name and where from: with another host it is somebody else. */
struct mydb_account {
    char user[MYDB_NAME_SIZE], host[MYDB_HOST_SIZE];
};

/* As whom the server knows this session. */
const struct mydb_account *mydb_self(const struct session *session);
bool mydb_is_mariadb(const struct session *session);

/*
 * Runs one statement.
 *   out_result  NULL: not asked for; else release with mysql_free_result()
 * Errors: SMCRED_DENIED (the database says no; err has its words), SMCRED_UNAVAILABLE (the
 * connection is lost, or nothing comes in ENGINE_TIMEOUT_S), SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status mydb_run(struct session *session, const char *statement,
                                          struct st_mysql_res **out_result, struct sm_error *err);

/* The same, printed as by printf(), and wiped. */
SM_MUST_CHECK SM_PRINTF(4, 5) enum smcred_status
    mydb_runf(struct session *session, struct st_mysql_res **out_result, struct sm_error *err,
              const char *format, ...);

/* As they stand in a statement, in quotes; free with free(), NULL: out of memory. */
char *mydb_quote(struct session *session, const char *text);
char *mydb_name(struct session *session, const struct mydb_account *account);

/* Of the engine's functions, in mysql_twin.c. */
SM_MUST_CHECK enum smcred_status mydb_set_other(struct session *session, const struct session *own,
                                                const char *other, const char *password,
                                                struct sm_error *err);
SM_MUST_CHECK enum smcred_status mydb_give_back(struct session *session, const char *username,
                                                const char *password, struct sm_error *err);

/* A superuser gives somebody else a password. */
SM_MUST_CHECK enum smcred_status mydb_set_password_of(struct session *session,
                                                      const struct mydb_account *account,
                                                      const char *password, struct sm_error *err);

#endif
