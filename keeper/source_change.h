/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source_change.h - a password is changed at Secrets Manager.  Called by source.c.
 */
#ifndef KEEPER_SOURCE_CHANGE_H
#define KEEPER_SOURCE_CHANGE_H

#include "keeper/cache.h"
#include "sources/chain.h"

struct source_change {
    const struct source_chain *chain;
    struct sm_vault *vault;
    const struct cache_change *change;
};

/* As struct cache_source's change(). */
SM_MUST_CHECK enum smcred_status source_change(const struct source_change *change,
                                               char out_version_id[CACHE_VERSION_MAX],
                                               struct sm_error *err);

#endif
