/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * deletion.h - the end of a secret.
 */
#ifndef SERVER_DELETION_H
#define SERVER_DELETION_H

#include "server/call.h"

/*
 * Removes the secrets whose recovery window has ended, each with an event in the trail.  In a
 * transaction of its own, so that it stays done whatever becomes of the call that comes next.
 */
SM_MUST_CHECK enum smcred_status server_purge(struct server *server, int64_t now_ms);

#endif
