/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * postgres.h - what the files of the PostgreSQL engine share: statements with a deadline.
 */
#ifndef ROTATE_POSTGRES_H
#define ROTATE_POSTGRES_H

#include "common/bytes.h"
#include "common/status.h"

struct session;
struct pg_result; /* libpq's */

/*
 * Runs one statement.
 *   values      texts for $1 to $count
 *   out_result  NULL: not asked for; else release with PQclear()
 * Errors: SMCRED_DENIED (the database says no; err has its words), SMCRED_UNAVAILABLE (the
 * connection is lost), SMCRED_TIMED_OUT.
 */
SM_MUST_CHECK enum smcred_status postgres_run(struct session *session, const char *statement,
                                              const char *const *values, int count,
                                              struct pg_result **out_result, struct sm_error *err);

/* A name as it stands in a statement; free with PQfreemem(), NULL: out of memory. */
char *postgres_name(struct session *session, const char *name);

/* ALTER ROLE ... PASSWORD, with the verifier and without the password. */
SM_MUST_CHECK enum smcred_status postgres_set_password(struct session *session,
                                                       const char *username, const char *password,
                                                       struct sm_error *err);

/* struct engine's set_other(); in postgres_twin.c. */
SM_MUST_CHECK enum smcred_status postgres_set_other(struct session *session,
                                                    const struct session *own, const char *other,
                                                    const char *password, struct sm_error *err);

/* As whom a session has logged in. */
const char *postgres_self(const struct session *session);

#endif
