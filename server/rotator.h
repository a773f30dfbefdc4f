/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rotator.h - the thread that rotates secrets when they are due, and forgets those whose time of
 * recovery is over.
 */
#ifndef SERVER_ROTATOR_H
#define SERVER_ROTATOR_H

#include "server/call.h"

/*
 * Opens the store in `directory` once more, for a thread of its own.
 *   server  lends vault, master key, clock and trail, and outlives the rotator
 */
SM_MUST_CHECK enum smcred_status server_rotator_new(const struct server *server,
                                                    const char *directory,
                                                    struct server_rotator **out_rotator,
                                                    struct sm_error *err);
/* Begins to work.  url  where functions find the server */
SM_MUST_CHECK enum smcred_status server_rotator_start(struct server_rotator *rotator,
                                                      const char *url, struct sm_error *err);
/* Ends functions at work; what they were at is done again after the next start. */
void server_rotator_free(struct server_rotator *rotator);

/*
 * The rotation of this secret, which waits after a failure, is tried again at once.  From any
 * thread, inside a transaction that may be rolled back.
 */
void server_rotator_retry(struct server_rotator *rotator, int64_t secret);

/* Something may be due.  From any thread; inside a transaction, it looks when that has ended. */
void server_rotator_wake(struct server_rotator *rotator);

#endif
