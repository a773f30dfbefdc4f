/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service.h - a service of AWS's as the server answers it: a table of operations.
 *
 * A new service is a file with such a table, and a line in dispatch.c.
 */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include "server/call.h"

struct server_member;

/* One row per operation; a row without a name ends the table. */
struct server_operation {
    const char *name;
    const struct server_member *members; /* of the request, in model.h */
    const char *id; /* the member that names what is asked for, for the trail; NULL: none */
    /* Said without a ClientRequestToken, which SDKs make up and raw callers forget. */
    enum server_error needs_token; /* SERVER_OK: it is not needed */
    bool finds;                    /* `id` must name a secret that exists */
    bool refuses_deleted;          /* and is not scheduled for deletion */
    enum server_error (*handler)(struct server_call *call);
};

struct server_service {
    const char *name; /* as the credential scope has it */
    const char
        *target; /* how X-Amz-Target begins, with the dot; NULL: the query protocol, in XML */
    const struct server_operation *operations;
    const char
        *unsigned_operation; /* needs no signature: what it carries says who calls; or NULL */
    /* What the service demands before a handler; called in its transaction.  NULL: nothing. */
    enum server_error (*check)(struct server_call *call);
    /* What follows a handler that succeeded, likewise; NULL: nothing. */
    enum server_error (*finish)(struct server_call *call);
};

extern const struct server_service server_secretsmanager, server_ssm, server_sts;

#endif
