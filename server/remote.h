/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * remote.h - other smcred-servers, each serving a region: whom to call, and calling.
 */
#ifndef SERVER_REMOTE_H
#define SERVER_REMOTE_H

#include "server/call.h"

struct cJSON;

/* Seals the secret half of the key and stores the remote. */
SM_MUST_CHECK enum smcred_status server_remote_put(const struct server *server,
                                                   const struct server_remote *remote,
                                                   const struct sm_secret *secret);

/*
 * Calls an operation there, signed, within a few seconds.
 *   err         what went wrong; for SMCRED_DENIED the remote's words
 *   out_answer  free with cJSON_Delete()
 * Errors: SMCRED_UNAVAILABLE (not reached, or it cannot now), SMCRED_DENIED (it refuses, and will
 * again), and those of the store and the seal.
 */
SM_MUST_CHECK enum smcred_status
server_remote_call(const struct server *server, const char *region, const char *operation,
                   const struct cJSON *input, struct cJSON **out_answer, struct sm_error *err);

#endif
