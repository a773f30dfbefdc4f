/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * documents.h - the JSON that `smcred targets`, `explain`, `status` and `refresh` are answered
 * with. doc/control-protocol.md names every member.
 */
#ifndef KEEPER_DOCUMENTS_H
#define KEEPER_DOCUMENTS_H

#include <cjson/cJSON.h>

#include "keeper/cache.h"
#include "keeper/keeper.h"

/* All return NULL if memory is short; free with cJSON_Delete(). */
cJSON *documents_targets(struct keeper *keeper, const struct sm_peer *peer, const char *name);
/*
 * What a connection of `peer` to what was typed would come to.
 *   port   0: not said
 *   admin  is told the secret's name, too
 */
cJSON *documents_explain(struct keeper *keeper, const struct sm_peer *peer, const char *name,
                         const char *host, uint32_t port, bool admin);
cJSON *documents_status(struct keeper *keeper, const struct sm_peer *peer, bool admin);
struct revocation;
struct revoke_done;
/* What came of a revocation, or of lifting one. */
cJSON *documents_revoked(const struct keeper *keeper, const struct revocation *revocation,
                         const struct revoke_done *done, bool lifted);
cJSON *documents_ended(const char *session, const char *by, const char *reason);
struct canary_result;
cJSON *documents_proven(const struct config_target *target, const struct canary_result *result);
/* One row of a refresh. */
cJSON *documents_refreshed(const char *secret, const struct cache_answer *answer);

/* As a sealed memfd.  Errors: SMCRED_NO_MEMORY, SMCRED_SYSTEM. */
SM_MUST_CHECK enum smcred_status documents_seal(const cJSON *document, int *out_fd);

#endif
