/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * auth.h - verification of a request's signature.
 */
#ifndef SERVER_AUTH_H
#define SERVER_AUTH_H

#include "common/sigv4.h"
#include "server/call.h"

#define SERVER_SKEW_MS INT64_C(300000) /* either way; Secrets Manager's window of 5 minutes */

/* Sets call->access_key_id and call->principal, or says in AWS's words why not. */
enum server_error server_authenticate(struct server_call *call,
                                      const struct sigv4_request *request);

/* The first header of that name, whatever the case; false if there is none. */
bool server_header(const struct sigv4_request *request, const char *name,
                   struct sm_bytes *out_value);

#endif
