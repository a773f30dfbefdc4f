/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * setup.h - the directory of a store: making it, and opening what is in it.
 */
#ifndef SERVER_SETUP_H
#define SERVER_SETUP_H

#include "server/keys.h"

/*
 * DIR/master.key, DIR/store.db (with -wal and -shm beside it), DIR/trail.jsonl, DIR/lock,
 * DIR/functions.lock; all 0600, DIR 0700.
 */

#define SERVER_CREDENTIAL "smcred-master-key" /* in $CREDENTIALS_DIRECTORY */

enum server_setup_use {
    SERVER_SETUP_SERVE,  /* holds DIR/lock, as one process at a time can, and writes the trail */
    SERVER_SETUP_BESIDE, /* a command, whether or not somebody serves */
};

/*
 * Opens everything; close with server_setup_close().
 * Errors: SMCRED_DENIED (others may read it), SMCRED_UNAVAILABLE (in use), and more.
 */
SM_MUST_CHECK enum smcred_status server_setup_open(const char *directory, enum server_setup_use use,
                                                   struct server *out_server, struct sm_error *err);
/* The same of a copy of the store, elsewhere, with the master key of `directory`. */
SM_MUST_CHECK enum smcred_status server_setup_open_copy(const char *directory, const char *store,
                                                        struct server *out_server,
                                                        struct sm_error *err);
/* The store alone once more, for another thread; close with server_store_close(). */
SM_MUST_CHECK enum smcred_status server_setup_open_store(const char *directory,
                                                         struct server_store **out_store,
                                                         struct sm_error *err);
/* The event trail alone, for a command; close with server_trail_close(). */
struct server_trail;
SM_MUST_CHECK enum smcred_status server_setup_open_trail(const char *directory,
                                                         struct server_trail **out_trail,
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

/* Opens DIR/name, for flock(2); the caller closes it. */
SM_MUST_CHECK enum smcred_status server_setup_open_lock(const char *directory, const char *name,
                                                        int *out_fd, struct sm_error *err);

/*
 * Takes DIR/lock, so that nobody serves the directory until `out_fd` is closed.
 * Errors: SMCRED_UNAVAILABLE (somebody does), SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status server_setup_lock(const char *directory, int *out_fd,
                                                   struct sm_error *err);

#endif
