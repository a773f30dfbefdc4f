/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replication.h - replicas of secrets in other regions of this server.
 *
 * A replica is a secret of its own, with the primary's name and suffix, and primary_region set.
 * What changes the primary changes its replicas in the same transaction, so one that is InSync is.
 */
#ifndef SERVER_REPLICATION_H
#define SERVER_REPLICATION_H

#include "server/call.h"

struct cJSON;

/* Adds the request's AddReplicaRegions to call->secret; none: nothing. */
enum server_error server_replication_add(struct server_call *call);

/* Makes the replicas of call->secret what it is; it may have none. */
SM_MUST_CHECK enum smcred_status server_replication_sync(struct server_call *call);

/* ReplicationStatus of a primary. */
SM_MUST_CHECK enum smcred_status server_replication_add_status(struct server_call *call,
                                                               const struct server_secret *secret,
                                                               struct cJSON *object);

/* PrimaryRegion, and if `with_status` ReplicationStatus, of a secret that is replicated. */
SM_MUST_CHECK enum smcred_status server_replication_describe(struct server_call *call,
                                                             const struct server_secret *secret,
                                                             bool with_status,
                                                             struct cJSON *object);

/* SERVER_OK for what is no replica. */
enum server_error server_replication_refuse(struct server_call *call,
                                            const struct server_secret *secret);
/* SERVER_OK for what has none. */
enum server_error server_replication_refuse_deletion(struct server_call *call);

#endif
