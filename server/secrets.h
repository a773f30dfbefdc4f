/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secrets.h - a secret's metadata as answers show it: what DescribeSecret and ListSecrets share.
 */
#ifndef SERVER_SECRETS_H
#define SERVER_SECRETS_H

#include "server/call.h"

struct cJSON;

/* Adds ARN and Name of call->secret. */
void server_secret_identify(struct server_call *call, struct cJSON *object);

/*
 * Adds all metadata of `secret` to `object`.
 *   stages_name  "VersionIdsToStages" or "SecretVersionsToStages"
 */
SM_MUST_CHECK enum smcred_status server_secret_describe(struct server_call *call,
                                                        const struct server_secret *secret,
                                                        const char *stages_name,
                                                        struct cJSON *object);

#endif
