/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot.c - building and counting snapshots.  Linked by keeper and source modules.
 */
#include "common/snapshot.h"

#include <stdatomic.h>

struct counted {
    struct sm_snapshot snapshot; /* first, so that one pointer is both */
    atomic_uint references;
    char text[]; /* the strings, one after the other */
};

enum smcred_status sm_snapshot_new(const struct sm_snapshot *from,
                                   struct sm_snapshot **out_snapshot)
{
    const char *const texts[] = {from->name,     from->arn,  from->version_id, from->stages,
                                 from->username, from->host, from->dbname,     from->engine};
    enum { TEXT_COUNT = sizeof texts / sizeof *texts };
    size_t total = 0;
    for (size_t i = 0; i < TEXT_COUNT; i++)
        total += (texts[i] ? strlen(texts[i]) : 0) + 1;
    struct counted *counted = malloc(sizeof *counted + total);
    if (!counted)
        return SMCRED_NO_MEMORY;
    counted->snapshot = *from;
    atomic_init(&counted->references, 1);
    const char **const slots[] = {&counted->snapshot.name,       &counted->snapshot.arn,
                                  &counted->snapshot.version_id, &counted->snapshot.stages,
                                  &counted->snapshot.username,   &counted->snapshot.host,
                                  &counted->snapshot.dbname,     &counted->snapshot.engine};
    char *at = counted->text;
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        size_t size = (texts[i] ? strlen(texts[i]) : 0) + 1;
        memcpy(at, texts[i] ? texts[i] : "", size);
        *slots[i] = at;
        at += size;
    }
    *out_snapshot = &counted->snapshot;
    return SMCRED_OK;
}

struct sm_snapshot *sm_snapshot_ref(struct sm_snapshot *snapshot)
{
    struct counted *counted = (struct counted *)snapshot;
    atomic_fetch_add_explicit(&counted->references, 1, memory_order_relaxed);
    return snapshot;
}

void sm_snapshot_unref(struct sm_snapshot *snapshot)
{
    if (!snapshot)
        return;
    struct counted *counted = (struct counted *)snapshot;
    if (atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) != 1)
        return;
    int saved = errno;
    sm_secret_free(snapshot->password);
    sm_secret_free(snapshot->value);
    free(counted);
    errno = saved;
}
