/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dispatch.h - from a request's body to the operation that answers it.
 */
#ifndef SERVER_DISPATCH_H
#define SERVER_DISPATCH_H

#include "server/call.h"

/*
 * What is checked before the signature: the operation is known, the body is JSON of the right
 * kinds. target  the X-Amz-Target header; NULL if there is none body    followed by a NUL that is
 * not counted Sets call->service, call->operation and call->input.
 */
enum server_error server_dispatch_parse(struct server_call *call, const char *target,
                                        struct sm_bytes body);

/* The same for the query protocol, whose operation stands in the body. */
enum server_error server_dispatch_parse_query(struct server_call *call, struct sm_bytes body);

/* The rest: constraints, look-up, the operation itself, in one transaction. */
enum server_error server_dispatch_run(struct server_call *call);

/* By its name: as AWS names its operations, and sorts them into access levels. */
bool server_dispatch_only_reads(const struct server_operation *operation);

/* "GetSecretValue", or "" while it is unknown; for the trail. */
const char *server_dispatch_name(const struct server_call *call);
/* The SecretId or Name as the caller wrote it, or "". */
const char *server_dispatch_secret_id(const struct server_call *call);

#endif
