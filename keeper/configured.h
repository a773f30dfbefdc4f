/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * configured.h - a configuration together with what it names, tried: sources open, the audit log's
 * place writable.
 *
 * The keeper's start and reload take what comes of it into use; `smcredd --check-config` throws it
 * away.  That all three go through here is why the check finds what a start would refuse.
 */
#ifndef KEEPER_CONFIGURED_H
#define KEEPER_CONFIGURED_H

#include "keeper/config.h"
#include "keeper/options.h"

struct sm_vault;
struct source;

struct configured {
    struct config *config; /* config_unref() */
    struct source *source; /* source_free(), or the cache's from source_for_cache() on */
};

/*
 * As the user who will run with it: files are judged by who may read them.
 *   vault           outlives the source
 *   out_configured  untouched on failure
 *   out_problems    done with config_problems_done(); all that is wrong, none on success;
 *                   warnings are in the configuration
 * Errors: SMCRED_INVALID, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status configured_new(const struct options *options,
                                                struct sm_vault *vault,
                                                struct configured *out_configured,
                                                struct config_problems *out_problems);

#endif
