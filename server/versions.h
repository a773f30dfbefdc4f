/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * versions.h - making a version of a secret: what CreateSecret, PutSecretValue and UpdateSecret
 * share.
 */
#ifndef SERVER_VERSIONS_H
#define SERVER_VERSIONS_H

#include "server/labels.h"
#include "server/value.h"

struct cJSON;

/*
 * Adds a version of call->secret under the request's token and moves labels to it.  Asked again
 * with the same token and value, it changes nothing and succeeds. stages  a JSON array of labels;
 * NULL: AWSCURRENT Sets call->version_id.
 */
enum server_error server_version_add(struct server_call *call, const struct server_value *value,
                                     const struct cJSON *stages);

/* The version with the request's token: SMCRED_NOT_FOUND, or done with server_version_done(). */
SM_MUST_CHECK enum smcred_status server_version_of_token(struct server_call *call,
                                                         struct server_version *out_version);
/* SERVER_OK if `version` holds the same value, else the error that says the token is taken. */
enum server_error server_version_repeats(struct server_call *call,
                                         const struct server_version *version,
                                         const struct server_value *value);

/* Room for one more version of call->secret: old ones without labels go, if need be. */
enum server_error server_version_make_room(struct server_call *call);

/* Attaches a label to a version of call->secret, as server_label_move() does. */
enum server_error server_version_label(struct server_call *call, const char *label,
                                       const char *version, enum server_move move);
/* VersionStages of a version of call->secret, left out where there are none. */
SM_MUST_CHECK enum smcred_status
server_version_add_stages(struct server_call *call, struct cJSON *object, const char *version);

#define server_autoversion __attribute__((cleanup(server_version_done)))

/* 00:00 UTC of the day, as dates of access are kept. */
int64_t server_day_of(int64_t now_ms);

#endif
