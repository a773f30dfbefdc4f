/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * places.h - what is public in a secret, remembered from the last time it was read: host, port,
 * user and database.  For the index and for documents, which must not cause a fetch.
 */
#ifndef KEEPER_PLACES_H
#define KEEPER_PLACES_H

#include "common/snapshot.h"

struct config_target;
struct places;

struct place {
    bool known;                           /* false: the secret has not been read */
    const char *host, *username, *dbname; /* never NULL */
    uint32_t port;
};

SM_MUST_CHECK enum smcred_status places_new(struct places **out_places);
void places_free(struct places *places);
/* True if host or port are new: the index is old. */
bool places_note(struct places *places, const char *secret_id, const struct sm_snapshot *snapshot);
/* What is known from elsewhere, until the secret is read. */
void places_recall(struct places *places, const char *secret_id, const char *host, uint32_t port);
/* Not known and empty if the secret has not been read yet.  Borrowed until the next places_note().
 */
struct place places_of(const struct places *places, const char *secret_id);

/* Has the configuration said, or the secret, at which host and port this database is? */
bool places_know(const struct places *places, const struct config_target *target);

#endif
