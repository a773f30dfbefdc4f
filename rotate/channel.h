/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * channel.h - bytes to and from a server, for engines whose library does not do that itself: in
 * TLS, verified in full, unless the login says plain or is to a Unix socket.
 */
#ifndef ROTATE_CHANNEL_H
#define ROTATE_CHANNEL_H

#include "common/bytes.h"
#include "common/status.h"

struct channel;
struct login;

/*
 * Each wait ends after ENGINE_TIMEOUT_S.
 *   out_channel  free with channel_free(); untouched on failure
 * Errors: SMCRED_UNAVAILABLE, SMCRED_INVALID (a file that the login names cannot be used),
 * SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status channel_new(const struct login *login,
                                             struct channel **out_channel, struct sm_error *err);
/* Wipes.  NULL is allowed. */
void channel_free(struct channel *channel);

/* Errors: SMCRED_UNAVAILABLE. */
SM_MUST_CHECK enum smcred_status channel_write(struct channel *channel, struct sm_bytes bytes,
                                               struct sm_error *err);
/* Exactly so many. */
SM_MUST_CHECK enum smcred_status channel_read(struct channel *channel, char *out, size_t len,
                                              struct sm_error *err);

#endif
