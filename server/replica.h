/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replica.h - what a server that has the primary tells one that has a replica: four operations of
 * our own beside Secrets Manager's, told apart from AWS's by their names.
 */
#ifndef SERVER_REPLICA_H
#define SERVER_REPLICA_H

#include "server/call.h"
#include "server/validate.h"

extern const struct server_member server_replica_open[], server_replica_version[],
    server_replica_close[], server_replica_drop[];

/* Makes the replica if need be; answers Missing, the VersionIds it has no value of. */
enum server_error server_open_replica(struct server_call *call);
/* One of them. */
enum server_error server_put_replica_version(struct server_call *call);
/* All else, at once: it is what its primary is. */
enum server_error server_close_replica(struct server_call *call);
enum server_error server_drop_replica(struct server_call *call);

#endif
