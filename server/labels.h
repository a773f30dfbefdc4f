/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * labels.h - how staging labels move between the versions of a secret.
 */
#ifndef SERVER_LABELS_H
#define SERVER_LABELS_H

#include "server/store.h"

#define SERVER_CURRENT    "AWSCURRENT"
#define SERVER_PREVIOUS   "AWSPREVIOUS"
#define SERVER_PENDING    "AWSPENDING"
#define SERVER_LABELS_MAX 20 /* across all versions of a secret */

/* What else happens when AWSCURRENT leaves a version. */
enum server_move {
    SERVER_MOVE_KEEPS_PENDING, /* UpdateSecretVersionStage: [AWSCURRENT, AWSPENDING] is normal */
    SERVER_MOVE_DROPS_PENDING, /* PutSecretValue: the version that loses AWSCURRENT loses both */
};

/*
 * Attaches `label` to `version`.  AWSCURRENT takes care of AWSPREVIOUS: the version that loses the
 * one gets the other.
 * Errors: SMCRED_LIMITED (more than SERVER_LABELS_MAX), and the store's.
 */
SM_MUST_CHECK enum smcred_status server_label_move(struct server_store *store, int64_t secret,
                                                   const char *label, const char *version,
                                                   enum server_move move);

#endif
