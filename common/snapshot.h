/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot.h - one version of one secret, whole: what sources return and the keeper caches.
 *
 * Username, password, host, port, database and version travel together, immutable after
 * sm_snapshot_new(), counted by reference, shared between threads.
 */
#ifndef SM_SNAPSHOT_H
#define SM_SNAPSHOT_H

#include "common/secret.h"

/* All text is public; NULL in the arguments of sm_snapshot_new() becomes "". */
struct sm_snapshot {
    const char *name;       /* the secret's friendly name */
    const char *arn;        /* "" if the source has none */
    const char *version_id; /* never "" */
    const char *stages;     /* staging labels of that version when it was read, comma-separated */
    const char *username;
    const char *host;
    const char *dbname;
    const char *engine;         /* as the secret says: postgres, mysql, mariadb, redis ... */
    uint32_t port;              /* 0: not said */
    int64_t created_at_ms;      /* wall clock; 0: not said */
    struct sm_secret *password; /* owned; NULL if the secret has none */
    struct sm_secret *value;    /* owned; the whole SecretString, or NULL if not kept */
};

/*
 * Copies the text and takes `password` and `value` of `from` (both on success only).
 * Errors: SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status sm_snapshot_new(const struct sm_snapshot *from,
                                                 struct sm_snapshot **out_snapshot);
struct sm_snapshot *sm_snapshot_ref(struct sm_snapshot *snapshot);
/* The last one out wipes the secrets.  NULL is allowed; errno is kept. */
void sm_snapshot_unref(struct sm_snapshot *snapshot);

#endif
