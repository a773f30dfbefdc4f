/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stages.h - a secret's stage map, as it was read once: which version has which staging label.
 *
 * The cache keeps one per secret (cache_stages()); whoever needs it longer holds a reference.
 * Immutable, and small: a source's answer without its empty rows.  The loop's thread alone counts
 * references.
 */
#ifndef KEEPER_STAGES_H
#define KEEPER_STAGES_H

#include "common/source.h"

struct stages {
    unsigned references;
    bool fixed; /* as in struct sm_stage_map, and the next four */
    bool deleted;
    bool rotates;
    int64_t rotated_at_ms;
    int64_t next_rotation_ms;
    size_t count;
    struct sm_stage list[];
};

/* NULL for want of memory. */
struct stages *stages_new(const struct sm_stage_map *map);
struct stages *stages_ref(struct stages *stages);
/* NULL is allowed. */
void stages_unref(struct stages *stages);

/* The version that has this label, or NULL. */
const char *stages_version(const struct stages *stages, const char *label);
/* The version that is being rotated in: AWSPENDING, unless it is AWSCURRENT already; or NULL. */
const char *stages_pending(const struct stages *stages);
/* Do both say the same of AWSCURRENT, AWSPREVIOUS and what is being rotated in?  NULL is allowed.
 */
bool stages_equal(const struct stages *a, const struct stages *b);

#endif
