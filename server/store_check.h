/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_check.h - the whole store, looked at and copied: for check, backup and restore.
 */
#ifndef SERVER_STORE_CHECK_H
#define SERVER_STORE_CHECK_H

#include "server/store.h"

/* One row, as text; the columns are said at each function. */
typedef void server_row_visit(void *context, const char *const columns[3]);

/* What is wrong with pages, indexes and references: where, what. */
SM_MUST_CHECK enum smcred_status server_store_check_pages(struct server_store *store,
                                                          server_row_visit *visit, void *context);
/* What is wrong with labels and versions: ARN or name, what. */
SM_MUST_CHECK enum smcred_status server_store_check_rules(struct server_store *store,
                                                          server_row_visit *visit, void *context);
/* Every version of a secret that has a value: ARN, version id. */
SM_MUST_CHECK enum smcred_status
server_store_check_versions(struct server_store *store, server_row_visit *visit, void *context);
/* Every version of a parameter: region, "account name", version. */
SM_MUST_CHECK enum smcred_status
server_store_check_parameters(struct server_store *store, server_row_visit *visit, void *context);

/*
 * Copies the database at `from`, as one moment has it, to `to`, a new file of mode 0600, synced.
 * Errors: SMCRED_SYSTEM (EEXIST too), SMCRED_INVALID (no database), SMCRED_UNAVAILABLE (locked for
 * too long).  What was begun at `to` is gone then.
 */
SM_MUST_CHECK enum smcred_status server_store_copy(const char *from, const char *to,
                                                   struct sm_error *err);

/*
 * Brings what is in the log of a store into its file, so that the log can go.  What is too damaged
 * for that stays as it is.
 */
void server_store_fold_log(const char *path);

#endif
