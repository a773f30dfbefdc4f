/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * revocations.h - what an administrator has withdrawn, until it is lifted: over restarts, in a file
 * of the state directory.
 *
 * Knows names alone; revoke.c makes them felt.
 */
#ifndef KEEPER_REVOCATIONS_H
#define KEEPER_REVOCATIONS_H

#include <sys/types.h>

#include "common/snapshot.h"
#include "common/status.h"

#define REVOCATIONS_FILE       "revocations.json" /* in the state directory */
#define REVOCATIONS_MAX        1024
#define REVOCATIONS_REASON_MAX 256 /* bytes, NUL included */
#define REVOCATIONS_TEXT_MAX   512 /* of revocation_say() */

enum revocation_kind {
    REVOKED_NOTHING,
    REVOKED_SECRET,  /* every version of a secret */
    REVOKED_VERSION, /* one of them */
    REVOKED_USER,    /* a user of this host */
};

struct revocation {
    enum revocation_kind kind;
    const char *name;    /* the secret's name or ARN, or the user's */
    const char *version; /* of REVOKED_VERSION; else "" */
    uid_t uid;           /* of REVOKED_USER */
    const char *by;      /* the administrator */
    const char *reason;  /* "" if he gave none */
    int64_t at_ms;       /* wall clock */
};

struct revocations {
    char *path;
    struct revocation *list;
    size_t count;
};

/* "secret", "version", "user". */
const char *revocation_kind_name(enum revocation_kind kind);
/* REVOKED_NOTHING: no such kind. */
enum revocation_kind revocation_kind_of(const char *name);

/*
 * Reads the file of `directory`; one that is not there is empty.
 *   out_revocations  free with revocations_free()
 * Errors: SMCRED_INVALID (not ours, or damaged: nothing may be granted on a guess), SMCRED_SYSTEM,
 * SMCRED_TOO_LARGE, SMCRED_NO_MEMORY; err names the file.
 */
SM_MUST_CHECK enum smcred_status
revocations_load(const char *directory, struct revocations **out_revocations, struct sm_error *err);
void revocations_free(struct revocations *revocations);

/*
 * In force when it returns, also with SMCRED_SYSTEM: then it is not in the file, and a restart
 * would forget it.  One of the same kind, name and version is replaced.  Texts are copied. Errors
 * besides: SMCRED_LIMITED, SMCRED_NO_MEMORY: nothing was done.
 */
SM_MUST_CHECK enum smcred_status revocations_add(struct revocations *revocations,
                                                 const struct revocation *revocation,
                                                 struct sm_error *err);
/* Errors: SMCRED_NOT_FOUND; SMCRED_SYSTEM: it is still in the file, so it stays in force. */
SM_MUST_CHECK enum smcred_status revocations_lift(struct revocations *revocations,
                                                  const struct revocation *revocation,
                                                  struct sm_error *err);

/* The one that forbids, or NULL.  Borrowed until the next add or lift. */
const struct revocation *revocations_of_secret(const struct revocations *revocations,
                                               const char *secret_id);
const struct revocation *revocations_of_version(const struct revocations *revocations,
                                                const struct sm_snapshot *snapshot);
/* Is any user? */
bool revocations_have_users(const struct revocations *revocations);
const struct revocation *revocations_of_user(const struct revocations *revocations, uid_t uid);

/* "secret prod/orders/db was revoked by root on 2026-01-31 10:20:30 UTC: REASON" */
void revocation_say(const struct revocation *revocation, char out_text[REVOCATIONS_TEXT_MAX]);

#endif
