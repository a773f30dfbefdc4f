/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * setup.h - the directory of a store: making it, and opening what is in it.
 */
#ifndef SERVER_SETUP_H
#define SERVER_SETUP_H

#include "server/keys.h"

/* DIR/master.key, DIR/store.db (with -wal beside it), DIR/trail.jsonl; all 0600, DIR 0700. */

/*
 * Opens everything; close with server_setup_close().
 * Errors: SMCRED_DENIED (others may read it), SMCRED_UNAVAILABLE (in use), and more.
 */
SM_MUST_CHECK enum smcred_status server_setup_open(const char *directory, struct server *out_server,
                                                   struct sm_error *err);
void server_setup_close(struct server *server);

/*
 * Makes a store in `directory`, which is made too or is empty of one, with one access key.
 *   out_secret  free with sm_secret_free() before server_setup_close(server)
 */
SM_MUST_CHECK enum smcred_status server_setup_create(const char *directory, const char *region,
                                                     const char *account, struct server *out_server,
                                                     char out_key_id[SERVER_KEY_ID_LEN + 1],
                                                     struct sm_secret **out_secret,
                                                     struct sm_error *err);

#endif
