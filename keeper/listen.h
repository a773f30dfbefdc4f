/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * listen.h - the sockets that clients connect to: RUNDIR/control.sock, and
 * RUNDIR/TARGET/.s.PGSQL.5432 for each target.
 */
#ifndef KEEPER_LISTEN_H
#define KEEPER_LISTEN_H

#include "keeper/keeper.h"

SM_MUST_CHECK enum smcred_status listeners_new(struct keeper *keeper,
                                               struct listeners **out_listeners);
/* Removes the sockets. */
void listeners_free(struct listeners *listeners);

/*
 * Opens what the configuration has and is not open, closes what it has no more.  What stays is not
 * touched, so nobody who connects meanwhile is turned away.
 * Errors: SMCRED_SYSTEM, SMCRED_TOO_LARGE (a path), SMCRED_NO_MEMORY; logged here, by socket.
 */
SM_MUST_CHECK enum smcred_status listeners_update(struct listeners *listeners,
                                                  const struct config *config);

/*
 * Tells whoever waits to be accepted at a target that the keeper does not answer. Async-signal-safe
 * but for a keeper that hangs in listeners_update(), which is killed soon, one way or the other.
 */
void listeners_give_up(struct listeners *listeners);

/*
 * A connected pair of loopback TCP sockets: one to be given to a client, one to its relay.
 * Errors: SMCRED_SYSTEM, SMCRED_LIMITED (strangers kept connecting first).
 */
SM_MUST_CHECK enum smcred_status listen_tcp_pair(int *out_client, int *out_server);

#endif
