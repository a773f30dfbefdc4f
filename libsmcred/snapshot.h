/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot.h - making the snapshots that smcred.h reads and frees: private copies of a shared page.
 */
#ifndef LIBSMCRED_SNAPSHOT_H
#define LIBSMCRED_SNAPSHOT_H

#include "common/pagereader.h"
#include "libsmcred/credstore.h"

/*
 * Copies what a page says now.
 *   out_snap  free with smcred_snapshot_free(); untouched on failure
 * Errors: those of sm_page_read(), SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status cred_snapshot_new(struct cred_store *store,
                                                   const struct sm_page_map *map, int64_t now_ms,
                                                   struct smcred_snapshot **out_snap);

/* Parks an empty snapshot for the next hit, if memory allows: that takes a few microseconds. */
void cred_snapshot_prepare(struct cred_store *store);

/* Gives up the handle's reference to a store, and what snapshots parked there. */
void cred_snapshot_leave(struct cred_store *store);

#endif
