/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source.c - sources/chain.h behind two small interfaces of the keeper.
 */
#include "keeper/source.h"

#include "sources/chain.h"

struct source {
    struct source_chain *chain;
};

enum smcred_status source_new(struct source **out_source)
{
    struct source *source = calloc(1, sizeof *source);
    if (!source)
        return SMCRED_NO_MEMORY;
    *out_source = source;
    return SMCRED_OK;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    source_chain_free(source->chain);
    free(source);
}

static bool load(void *arg, const char *sources, const char *module_dir, struct sm_error *err)
{
    struct source *source = arg;
    source_chain_free(source->chain);
    source->chain = NULL;
    return source_chain_load(sources, module_dir, &source->chain, err) == SMCRED_OK;
}

static bool reads(void *arg, const char *section)
{
    const struct source *source = arg;
    return source_chain_reads(source->chain, section);
}

static bool knows(void *arg, const char *section, const char *key)
{
    const struct source *source = arg;
    return source_chain_knows(source->chain, section, key);
}

struct config_modules source_modules(struct source *source)
{
    return (struct config_modules){source, load, reads, knows};
}

enum smcred_status source_open(struct source *source, const struct config *config,
                               struct sm_vault *vault, struct sm_error *err)
{
    struct source_chain_section *sections = calloc(config->section_count + 1, sizeof *sections);
    if (!sections)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < config->section_count; i++)
        sections[i] =
            (struct source_chain_section){config->sections[i].name, config->sections[i].settings};
    enum smcred_status status =
        source_chain_open(source->chain, sections, config->section_count, vault, err);
    free(sections);
    return status;
}

static enum smcred_status fetch(void *arg, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    const struct source *source = arg;
    return source_chain_fetch(source->chain, query, out_snapshot, err);
}

static enum smcred_status read_map(void *arg, const struct sm_source_query *query,
                                   struct sm_stage_map *out_map, struct sm_error *err)
{
    const struct source *source = arg;
    return source_chain_stages(source->chain, query, out_map, err);
}

static void release(void *arg)
{
    source_free(arg);
}

struct cache_source source_for_cache(struct source *source)
{
    return (struct cache_source){fetch, release, source, read_map};
}
