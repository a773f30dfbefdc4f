/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keys.h - access keys: who may call.
 */
#ifndef SERVER_KEYS_H
#define SERVER_KEYS_H

#include "common/sigv4.h"
#include "server/call.h"

#define SERVER_KEY_ID_LEN     20 /* "AKIA" and sixteen more */
#define SERVER_KEY_SECRET_LEN 40

/* A policy that allows everything: what the first user has. */
#define SERVER_ADMINISTRATOR                                                                       \
    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\","            \
    "\"Resource\":\"*\"}}"

/* A new pair; `prefix` is AKIA, or ASIA for one that comes with a token.  out_secret: as below. */
SM_MUST_CHECK enum smcred_status server_key_pair(struct sm_vault *vault, const char *prefix,
                                                 char out_id[SERVER_KEY_ID_LEN + 1],
                                                 struct sm_secret **out_secret);

/*
 * Makes a key pair for `principal` and stores it, the secret half sealed.  It is not shown again.
 *   out_secret  free with sm_secret_free()
 */
SM_MUST_CHECK enum smcred_status server_key_create(const struct server *server,
                                                   const char *principal,
                                                   char out_id[SERVER_KEY_ID_LEN + 1],
                                                   struct sm_secret **out_secret);

/*
 * Whose key it is, and what signs with it in that scope.
 *   out_signing_key  lent until the next look-up
 * Errors: SMCRED_NOT_FOUND, and those of the store and the seal.
 */
SM_MUST_CHECK enum smcred_status server_key_find(const struct server *server, struct sm_bytes id,
                                                 const struct sigv4_scope *scope,
                                                 struct server_key *out_key,
                                                 const struct sm_secret **out_signing_key);

/*
 * Whether the master key opens what is sealed in the store: the access keys that were made first.
 * Errors: SMCRED_DENIED (it does not), and the store's.
 */
SM_MUST_CHECK enum smcred_status server_keys_check(const struct server *server);

#endif
