/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source.h - the chain of source modules of one configuration, as the cache and the configuration's
 * check want it.
 */
#ifndef KEEPER_SOURCE_H
#define KEEPER_SOURCE_H

#include "keeper/cache.h"
#include "keeper/config.h"

struct source;

/* For config_options.modules: the check loads the modules into `source`. */
struct config_modules source_modules(struct source *source);

SM_MUST_CHECK enum smcred_status source_new(struct source **out_source);
/* Opens the modules that the check loaded, with the settings of `config`. */
SM_MUST_CHECK enum smcred_status source_open(struct source *source, const struct config *config,
                                             struct sm_vault *vault, struct sm_error *err);
/* For the cache, which frees the source when its last fetch has ended. */
struct cache_source source_for_cache(struct source *source);
void source_free(struct source *source);

#endif
