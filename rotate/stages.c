/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stages.c - reads VersionIdsToStages: {"VERSION":["LABEL",...],...}.
 */
#include "rotate/stages.h"

#include "sources/json.h"

static const cJSON *labels_of(const cJSON *description, const char *version_id)
{
    const cJSON *map, *labels;
    if (!json_member(description, "VersionIdsToStages", &map) || !map ||
        !json_member(map, version_id, &labels))
        return NULL;
    return labels;
}

static bool contains(const cJSON *labels, const char *label)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, labels)
    {
        if (cJSON_IsString(each) && strcmp(each->valuestring, label) == 0)
            return true;
    }
    return false;
}

bool stages_know(const cJSON *description, const char *version_id)
{
    return labels_of(description, version_id) != NULL;
}

bool stages_has(const cJSON *description, const char *version_id, const char *label)
{
    return contains(labels_of(description, version_id), label);
}

const char *stages_holder(const cJSON *description, const char *label)
{
    const cJSON *map, *each;
    if (!json_member(description, "VersionIdsToStages", &map))
        return NULL;
    cJSON_ArrayForEach(each, map)
    {
        if (each->string && contains(each, label))
            return each->string;
    }
    return NULL;
}

bool stages_rotation_is_off(const cJSON *description)
{
    const cJSON *enabled;
    return json_member(description, "RotationEnabled", &enabled) && cJSON_IsFalse(enabled);
}
