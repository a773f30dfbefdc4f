/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stages.h - which version of a secret has which label, as DescribeSecret says it.
 */
#ifndef ROTATE_STAGES_H
#define ROTATE_STAGES_H

#include <cjson/cJSON.h>

#include "common/bytes.h"

#define STAGE_CURRENT  "AWSCURRENT"
#define STAGE_PENDING  "AWSPENDING"
#define STAGE_PREVIOUS "AWSPREVIOUS"

/* Of the version, as far as it is known. */
bool stages_know(const cJSON *description, const char *version_id);
bool stages_has(const cJSON *description, const char *version_id, const char *label);

/* The version with that label, lent by the description; NULL if none has it. */
const char *stages_holder(const cJSON *description, const char *label);

/* True if rotation was configured once and is switched off. */
bool stages_rotation_is_off(const cJSON *description);

#endif
