/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source.c - sources/chain.h behind two small interfaces of the keeper.
 */
#include "keeper/source.h"

#include <cjson/cJSON.h>

#include "keeper/source_change.h"
#include "sources/chain.h"
#include "sources/request.h"

struct source {
    struct source_chain *chain;
    struct sm_vault *vault; /* since source_open() */
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
    source->vault = vault;
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

/* RotateSecret's answer; it holds no value. */
static enum smcred_status read_version(const struct sm_secret *answer,
                                       char out_version_id[CACHE_VERSION_MAX], struct sm_error *err)
{
    struct sm_bytes text = sm_secret_view(answer);
    cJSON *json = cJSON_ParseWithLength((const char *)text.data, text.len);
    const char *version_id =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "VersionId"));
    bool good = version_id && *version_id && strlen(version_id) < CACHE_VERSION_MAX;
    if (good)
        memcpy(out_version_id, version_id, strlen(version_id) + 1);
    cJSON_Delete(json);
    return good ? SMCRED_OK
                : sm_error_set(err, SMCRED_PROTOCOL, "RotateSecret: the answer names no version");
}

static enum smcred_status rotate(void *arg, const struct sm_source_query *query,
                                 char out_version_id[CACHE_VERSION_MAX], struct sm_error *err)
{
    const struct source *source = arg;
    autorequest struct request *request = NULL;
    sm_autosecret struct sm_secret *answer = NULL;
    enum smcred_status status = request_new(source->vault, &request);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "out of memory");
    request_text(request, "SecretId", query->secret_id);
    request_token(request);
    const struct sm_secret *body = request_end(request);
    if (!body)
        return sm_error_set(err, SMCRED_TOO_LARGE, "the request is too large");
    status =
        source_chain_call(source->chain, "RotateSecret", body, query->deadline_ms, &answer, err);
    return status == SMCRED_OK ? read_version(answer, out_version_id, err) : status;
}

static enum smcred_status read_maps(void *arg, const char *const *ids, size_t count,
                                    int64_t deadline_ms, struct sm_stage_map *out_maps,
                                    bool *out_found, struct sm_error *err)
{
    const struct source *source = arg;
    return source_chain_stages_many(source->chain, ids, count, deadline_ms, out_maps, out_found,
                                    err);
}

static enum smcred_status change(void *arg, const struct cache_change *what,
                                 char out_version_id[CACHE_VERSION_MAX], struct sm_error *err)
{
    const struct source *source = arg;
    struct source_change how = {source->chain, source->vault, what};
    return source_change(&how, out_version_id, err);
}

static void release(void *arg)
{
    source_free(arg);
}

struct cache_source source_for_cache(struct source *source)
{
    return (struct cache_source){fetch, release, source, read_map, rotate, read_maps, change};
}
