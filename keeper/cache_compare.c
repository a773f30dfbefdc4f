/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache_compare.c - one call that looks at the maps of many secrets, in a worker thread.
 *
 * What it brings may be minutes old, so nothing is believed that it says: it tells which secrets
 * deserve a look.
 */
#include "keeper/cache_entry.h"
#include "keeper/workers.h"

struct comparison {
    struct cache *cache;
    struct source *source;
    int64_t deadline_ms;
    cache_compared *done;
    void *arg;
    enum smcred_status status;
    struct sm_error err;
    size_t count;
    const char *ids[SM_STAGES_MANY_MAX]; /* the next one's */
    char *names;
    bool found[SM_STAGES_MANY_MAX];
    struct sm_stage_map maps[SM_STAGES_MANY_MAX];
};

static void comparison_run(void *arg)
{
    struct comparison *comparison = arg;
    const struct cache_source *source = &comparison->source->given;
    if (source->read_maps)
        comparison->status = source->read_maps(source->arg, comparison->ids, comparison->count,
                                               comparison->deadline_ms, comparison->maps,
                                               comparison->found, &comparison->err);
    else
        comparison->status = sm_error_set(&comparison->err, SMCRED_UNSUPPORTED,
                                          "its source looks at one secret at a time");
}

static bool differs(const struct comparison *comparison, size_t at)
{
    const struct stages *known = cache_known_stages(comparison->cache, comparison->ids[at]);
    struct stages *seen = comparison->found[at] ? stages_new(&comparison->maps[at]) : NULL;
    bool different = !known || !seen || !stages_equal(known, seen);
    stages_unref(seen);
    return different;
}

static void comparison_free(struct comparison *comparison)
{
    cache_source_unref(comparison->source);
    free(comparison->names);
    free(comparison);
}

static void comparison_done(void *arg, bool ran)
{
    struct comparison *comparison = arg;
    bool different[SM_STAGES_MANY_MAX] = {false};
    if (!ran)
        comparison->status =
            sm_error_set(&comparison->err, SMCRED_UNAVAILABLE, "the keeper is stopping");
    for (size_t i = 0; comparison->status == SMCRED_OK && i < comparison->count; i++)
        different[i] = differs(comparison, i);
    comparison->done(comparison->arg, comparison->status, different, &comparison->err);
    comparison_free(comparison);
}

/* False for want of memory. */
static bool keep_ids(struct comparison *comparison, const char *const *ids, size_t count)
{
    size_t size = 1; /* also for none */
    for (size_t i = 0; i < count; i++)
        size += strlen(ids[i]) + 1;
    char *at = comparison->names = malloc(size);
    for (size_t i = 0; at && i < count; i++) {
        size_t len = strlen(ids[i]) + 1;
        memcpy(at, ids[i], len);
        comparison->ids[comparison->count++] = at;
        at += len;
    }
    return comparison->names != NULL;
}

enum smcred_status cache_compare(struct cache *cache, const char *const *ids, size_t count,
                                 int64_t deadline_ms, cache_compared *done, void *arg)
{
    struct comparison *comparison = calloc(1, sizeof *comparison);
    if (!comparison)
        return SMCRED_NO_MEMORY;
    comparison->cache = cache;
    comparison->source = cache->source;
    comparison->source->references++;
    comparison->deadline_ms = deadline_ms;
    comparison->done = done;
    comparison->arg = arg;
    enum smcred_status status = SMCRED_NO_MEMORY;
    if (keep_ids(comparison, ids, count))
        status =
            workers_submit(cache->options.workers, comparison_run, comparison_done, comparison);
    if (status != SMCRED_OK)
        comparison_free(comparison);
    return status;
}
