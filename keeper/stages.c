/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stages.c - which version has which label.  Called by cache.c and login.c.
 */
#include "keeper/stages.h"

struct stages *stages_new(const struct sm_stage_map *map)
{
    struct stages *stages = malloc(sizeof *stages + map->count * sizeof *stages->list);
    if (!stages)
        return NULL;
    *stages = (struct stages){.references = 1,
                              .fixed = map->fixed,
                              .deleted = map->deleted,
                              .rotates = map->rotates,
                              .rotated_at_ms = map->rotated_at_ms,
                              .next_rotation_ms = map->next_rotation_ms,
                              .count = map->count};
    memcpy(stages->list, map->list, map->count * sizeof *stages->list);
    return stages;
}

struct stages *stages_ref(struct stages *stages)
{
    stages->references++;
    return stages;
}

void stages_unref(struct stages *stages)
{
    if (stages && --stages->references == 0)
        free(stages);
}

const char *stages_version(const struct stages *stages, const char *label)
{
    for (size_t i = 0; i < stages->count; i++)
        if (strcmp(stages->list[i].label, label) == 0)
            return stages->list[i].version_id;
    return NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

const char *stages_pending(const struct stages *stages)
{
    const char *pending = stages_version(stages, "AWSPENDING");
    return same_text(pending, stages_version(stages, "AWSCURRENT")) ? NULL : pending;
}

bool stages_equal(const struct stages *a, const struct stages *b)
{
    if (!a || !b)
        return a == b;
    return same_text(stages_version(a, "AWSCURRENT"), stages_version(b, "AWSCURRENT")) &&
           same_text(stages_version(a, "AWSPREVIOUS"), stages_version(b, "AWSPREVIOUS")) &&
           same_text(stages_pending(a), stages_pending(b));
}
