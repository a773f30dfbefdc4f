/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replicator.h - the thread that brings replicas on other servers in line, and tries again.
 */
#ifndef SERVER_REPLICATOR_H
#define SERVER_REPLICATOR_H

#include "server/call.h"

struct server_replicator;

/*
 * Opens the store in `directory` once more and begins to work.
 *   server  lends vault, master key and clock, and outlives the replicator
 */
SM_MUST_CHECK enum smcred_status server_replicator_start(const struct server *server,
                                                         const char *directory,
                                                         struct server_replicator **out_replicator,
                                                         struct sm_error *err);
/* Ends after the call at hand; what is left is sent after the next start.  NULL is allowed. */
void server_replicator_stop(struct server_replicator *replicator);

#endif
