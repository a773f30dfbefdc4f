/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * index_map.h - the index of targets, mapped, and mapped again when the keeper has replaced it.
 *
 * Called by the supervisor of `smcred exec --seccomp`, from several threads.  The shim has a map of
 * its own, without locks.
 */
#ifndef TOOLS_INDEX_MAP_H
#define TOOLS_INDEX_MAP_H

#include "common/index_find.h"

/* What a connection to a target needs; a copy, good for as long as you like. */
struct index_place {
    struct index_target target;
    char control_path[INDEX_PATH_MAX];
};

/* The path that clients use: $SMCRED_INDEX, or the one compiled in. */
const char *index_map_path(void);

/* index_find_address() in the newest index; INDEX_NOT_OURS when there is none. */
enum index_match index_map_find(const struct index_address *key, struct index_place *out_place);

/* Whether there is an index at all: without one nothing is ours, and every name leads elsewhere. */
bool index_map_usable(void);

#endif
