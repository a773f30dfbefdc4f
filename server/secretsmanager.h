/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secretsmanager.h - Secrets Manager as one of the services: its checks, for operations that need
 * them more than once.
 */
#ifndef SERVER_SECRETSMANAGER_H
#define SERVER_SECRETSMANAGER_H

#include "server/call.h"

/*
 * Whether the caller may do `operation`, "GetSecretValue", with a secret.
 *   secret  NULL if there is none of that id, or none is meant
 *   id      as the caller wrote it; NULL if none is meant
 */
enum server_error server_secretsmanager_allows(struct server_call *call, const char *operation,
                                               const struct server_secret *secret, const char *id);

/*
 * Whether the caller may use the key of call->secret, to open its value or to seal one.  The
 * default key is for its own account alone.
 */
enum server_error server_secretsmanager_allows_key(struct server_call *call, bool reads);

/* Sets call->secret to the one named, if the caller may do `operation` with it. */
enum server_error server_secretsmanager_find(struct server_call *call, const char *id,
                                             const char *operation, bool refuses_deleted);

/*
 * The same for operations that read a value in GetSecretValue's place: policies see the
 * GetSecretValue that would have been asked.
 *   version_id, stage  which version; NULL where nothing is named
 */
enum server_error server_secretsmanager_find_to_read(struct server_call *call, const char *id,
                                                     const char *version_id, const char *stage);

#endif
