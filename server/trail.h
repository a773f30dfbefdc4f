/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trail.h - the event trail: one JSON line per call, who did what to which secret, never a value.
 */
#ifndef SERVER_TRAIL_H
#define SERVER_TRAIL_H

#include "server/call.h"

/* Opens `path` (made with mode 0600) for appending.  Close with server_trail_close(). */
SM_MUST_CHECK enum smcred_status
server_trail_open(const char *path, struct server_trail **out_trail, struct sm_error *err);
void server_trail_close(struct server_trail *trail);

/* Opens the file again, for whoever rotates it; the old one is kept on failure. */
SM_MUST_CHECK enum smcred_status server_trail_reopen(struct server_trail *trail);

/* Writes the call's line. */
SM_MUST_CHECK enum smcred_status server_trail_write(struct server_trail *trail,
                                                    const struct server_call *call);

#endif
