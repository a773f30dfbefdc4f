/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin.h - the commands that work on a store, served or not.
 */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include "server/call.h"
#include "server/iam.h"

/* Commands, as main's table names them; each in admin_NOUN.c. */
int server_admin_access_key(const char *path, int argc, char **argv);
int server_admin_issuer(const char *path, int argc, char **argv);
int server_admin_kms(const char *path, int argc, char **argv);
int server_admin_policy(const char *path, int argc, char **argv);
int server_admin_remote(const char *path, int argc, char **argv);
int server_admin_role(const char *path, int argc, char **argv);
int server_admin_tag(const char *path, int argc, char **argv);
int server_admin_trail(const char *path, int argc, char **argv);
int server_admin_function(const char *path, int argc, char **argv);
int server_admin_backup(const char *path, int argc, char **argv);
int server_admin_restore(const char *path, int argc, char **argv);
int server_admin_check(const char *path, int argc, char **argv);

/*
 * Opens the store in `directory` beside a server that may have it open too, and says why it cannot.
 *   out_server  without a trail; close with server_setup_close()
 */
SM_MUST_CHECK bool server_admin_open(const char *directory, struct server *out_server);

/*
 * Says why `what` failed, closes, and answers the exit code of a command that ends so.
 * SMCRED_OK is the code 0, and nothing to say.
 */
int server_admin_end(struct server *server, enum smcred_status status, const char *what);

/* What a command has changed, as the event trail has it. */
#define SERVER_DEED_DETAILS 8
struct server_deed {
    const char *service;                      /* "iam", as CloudTrail would say */
    const char *event;                        /* "CreateAccessKey" */
    const char *details[SERVER_DEED_DETAILS]; /* name, value, name ... ; nothing secret */
};
/* server_admin_end(), and where the status is SMCRED_OK a line in the trail of `directory`. */
int server_admin_done(const char *directory, struct server *server, enum smcred_status status,
                      const char *what, const struct server_deed *deed);

/* Shows a key pair, once, as shell assignments; false if it could not be shown whole. */
SM_MUST_CHECK bool server_admin_show_key(const char *id, const struct sm_secret *secret);

/*
 * The ARN of the user or of the role, one of which is named; false after having said what is wrong.
 *   account  NULL: the store's
 */
SM_MUST_CHECK bool server_admin_principal(const struct server *server, const char *user,
                                          const char *role, const char *account,
                                          char out_arn[SERVER_PRINCIPAL_MAX + 1]);

/* A policy in a file, checked; NULL after having said why.  Free with free(). */
SM_MUST_CHECK char *server_admin_read_policy(const char *file, enum server_iam_kind kind);

/* Twelve digits. */
bool server_admin_is_account(const char *text);

/* A file's text, - is standard input; NULL after having said why.  Free with free(). */
SM_MUST_CHECK char *server_admin_read(const char *path, size_t max);

#endif
