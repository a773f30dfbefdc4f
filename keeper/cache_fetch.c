/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache_fetch.c - from an entry that must be read to one that was.
 *
 * A fetch is a job of the workers' that ends in fetch_done(), which decides what is believed, for
 * how long, and who is answered.
 */
#include "keeper/cache_entry.h"
#include "keeper/workers.h"

/* ---- where secrets come from ---- */

void cache_source_unref(struct source *source)
{
    if (!source || --source->references > 0)
        return;
    if (source->given.release)
        source->given.release(source->given.arg);
    free(source);
}

struct source *cache_source_new(const struct cache_source *given)
{
    struct source *source = malloc(sizeof *source);
    if (source)
        *source = (struct source){.given = *given, .references = 1};
    return source;
}

/* A number in 0..span, for jitter: its bias for spans that do not divide 2^32 does not matter. */
static int64_t random_upto(const struct cache *cache, int64_t span)
{
    return (int64_t)((uint64_t)cache->options.random() * ((uint64_t)span + 1) >> 32);
}

/* ---- fetches ---- */

static void run_map(struct fetch *fetch)
{
    struct sm_stage_map map;
    struct sm_source_query query = {.secret_id = fetch->id, .deadline_ms = fetch->deadline_ms};
    const struct cache_source *source = &fetch->source->given;
    fetch->status = SMCRED_UNSUPPORTED;
    if (source->read_map)
        fetch->status = source->read_map(source->arg, &query, &map, &fetch->err);
    if (fetch->status == SMCRED_OK && !(fetch->stages = stages_new(&map)))
        fetch->status = SMCRED_NO_MEMORY;
}

static void fetch_run(void *arg)
{
    struct fetch *fetch = arg;
    struct sm_source_query query = {
        .secret_id = fetch->id, .stage = fetch->stage, .deadline_ms = fetch->deadline_ms};
    const struct cache_source *source = &fetch->source->given;
    if (*fetch->stage)
        fetch->status = source->fetch(source->arg, &query, &fetch->snapshot, &fetch->err);
    else
        run_map(fetch);
}

void cache_renew(struct cache *cache, struct entry *entry, int64_t begun_ms)
{
    const struct cache_limits *limits = &cache->options.limits;
    int64_t ttl = limits->ttl_ms;
    int64_t life = ttl - ttl / 10 + random_upto(cache, ttl / 5);
    int64_t rest = life * 4 / 5;
    if (cache_rotation_is_near(cache, entry->id))
        rest = cache_min(rest, limits->near_ms);
    entry->times = (struct snapshot_times){begun_ms, begun_ms + rest, begun_ms + life};
    entry->last_status = SMCRED_OK;
    entry->failures_in_row = 0;
    entry->used = false;
    entry->retry_ms = 0;
    free(entry->last_error);
    entry->last_error = NULL;
    cache_schedule(cache, entry->times.expires_ms + limits->stale_ms);
}

static void write_page(struct cache *cache, struct entry *entry)
{
    if (entry->page &&
        page_write(entry->page, entry->snapshot, cache_page_until(cache, entry)) != SMCRED_OK) {
        page_free(entry->page); /* it outgrew its page; readers ask and get a new one */
        entry->page = NULL;
    }
}

/* The map's entry takes what was fetched.  False: it says nothing new. */
static bool take_map(struct fetch *fetch, struct entry *entry)
{
    struct stages *before = entry->stages;
    bool changed = !stages_equal(before, fetch->stages);
    entry->stages = fetch->stages;
    fetch->stages = before;
    cache_renew(fetch->cache, entry, fetch->begun_ms);
    return changed;
}

/* A map that was read before a new version was is no news any more. */
static void outdate_map(struct cache *cache, const struct entry *entry)
{
    struct entry *map = cache_find(cache, entry->id, CACHE_STAGE_MAP);
    if (map && map->stages)
        map->times.refresh_ms = map->times.expires_ms = map->times.begun_ms;
}

static bool take_snapshot(struct fetch *fetch, struct entry *entry)
{
    struct cache *cache = fetch->cache;
    const struct cache_options *options = &cache->options;
    struct sm_snapshot *before = entry->snapshot;
    bool changed = !before || cache_differs(before, fetch->snapshot);
    entry->snapshot = fetch->snapshot;
    fetch->snapshot = before;
    entry->whole_ms = fetch->begun_ms;
    cache_renew(cache, entry, fetch->begun_ms);
    write_page(cache, entry);
    if (changed && before)
        outdate_map(cache, entry);
    if (changed && options->changed)
        options->changed(options->arg, entry->id, entry->stage, before, entry->snapshot);
    return changed;
}

static void accept_success(struct fetch *fetch, struct entry *entry)
{
    bool changed = cache_is_map(entry) ? take_map(fetch, entry) : take_snapshot(fetch, entry);
    if (fetch->forced && !changed)
        entry->retry_ms = cache_now(fetch->cache) + fetch->cache->options.limits.no_news_ms;
}

/* 1, 2, 4 ... times the minimum, at most the maximum, less up to half of it by chance. */
static int64_t backoff(const struct cache *cache, unsigned failures_in_row)
{
    const struct cache_limits *limits = &cache->options.limits;
    int64_t wait = limits->backoff_min_ms;
    for (unsigned i = 1; i < failures_in_row && wait < limits->backoff_max_ms; i++)
        wait *= 2;
    wait = cache_min(wait, limits->backoff_max_ms);
    return wait - random_upto(cache, wait / 2);
}

/* Of a map everything is one that more asking would not change: then there is none. */
static bool is_verdict(const struct entry *entry, enum smcred_status status)
{
    return status == SMCRED_NOT_FOUND || status == SMCRED_DENIED ||
           (cache_is_map(entry) && !cache_is_no_answer(status));
}

/*
 * How long a verdict is believed.  Who may not read maps, or whose source has none, does without
 * for long; other labels than AWSCURRENT come and go in a rotation.
 */
static int64_t believed_ms(const struct cache *cache, const struct entry *entry,
                           enum smcred_status status)
{
    const struct cache_limits *limits = &cache->options.limits;
    if (cache_is_map(entry) && status != SMCRED_NOT_FOUND)
        return limits->whole_ms / 6;
    if (!cache_is_map(entry) && strcmp(entry->stage, CACHE_STAGE_DEFAULT) != 0)
        return cache_min(limits->no_news_ms, limits->negative_ms);
    return limits->negative_ms;
}

void cache_accept_failure(struct cache *cache, struct entry *entry, enum smcred_status status,
                          const struct sm_error *err)
{
    const struct cache_options *options = &cache->options;
    int64_t now = cache_now(cache);
    entry->last_status = status;
    entry->failures++;
    free(entry->last_error);
    entry->last_error = strdup(err->text[0] ? err->text : sm_status_text(status));
    if (is_verdict(entry, status)) {
        entry->failures_in_row = 0;
        entry->retry_ms = now + believed_ms(cache, entry, status);
        cache_drop(entry, PAGE_RETIRED);
    } else {
        entry->failures_in_row++;
        entry->retry_ms = now + backoff(cache, entry->failures_in_row);
        if (entry->page && entry->snapshot)
            page_extend(entry->page, cache_page_until(cache, entry));
    }
    if (entry->used || !LIST_EMPTY(&entry->asks))
        cache_schedule(cache, entry->retry_ms);
    if (options->failed)
        options->failed(options->arg, entry->id, entry->stage, status, err);
}

static void fetch_free(struct fetch *fetch)
{
    sm_snapshot_unref(fetch->snapshot);
    stages_unref(fetch->stages);
    cache_source_unref(fetch->source);
    free(fetch);
}

static void fetch_done(void *arg, bool ran);

static enum smcred_status fetch_submit(struct cache *cache, struct entry *entry, int64_t now)
{
    size_t id_size = strlen(entry->id) + 1, stage_size = strlen(entry->stage) + 1;
    struct fetch *fetch = malloc(sizeof *fetch + id_size + stage_size);
    if (!fetch)
        return SMCRED_NO_MEMORY;
    *fetch = (struct fetch){.cache = cache,
                            .entry = entry,
                            .source = cache->source,
                            .begun_ms = now,
                            .deadline_ms = now + cache->options.limits.fetch_timeout_ms,
                            .forced = cache_holds(entry) && now < entry->times.refresh_ms};
    (void)cache_write_key(fetch->id, entry->id, id_size, entry->stage,
                          stage_size); /* same layout */
    fetch->stage = fetch->id + id_size;
    fetch->source->references++;
    enum smcred_status status =
        workers_submit(cache->options.workers, fetch_run, fetch_done, fetch);
    if (status != SMCRED_OK) {
        fetch_free(fetch);
        return status;
    }
    entry->fetch = fetch;
    entry->fetches++;
    return SMCRED_OK;
}

bool cache_ensure_fetch(struct cache *cache, struct entry *entry, int64_t now, bool insist)
{
    if (entry->fetch)
        return true;
    if (now < entry->retry_ms && !insist)
        return false;
    enum smcred_status status = fetch_submit(cache, entry, now);
    if (status == SMCRED_OK)
        return true;
    struct sm_error err;
    (void)sm_error_set(&err, status, "no fetch could be started: %s", sm_status_text(status));
    cache_accept_failure(cache, entry, status, &err);
    return false;
}

/* Sorts out whom a finished fetch answers; the others wait for the next one. */
static void collect_answered(struct fetch *fetch, struct entry *entry, int64_t now,
                             struct asks *ready)
{
    struct cache_ask *ask, *next;
    for (ask = LIST_FIRST(&entry->asks); ask; ask = next) {
        next = LIST_NEXT(ask, link);
        bool in_time = fetch->begun_ms >= ask->query.fresh_from_ms;
        if (fetch->status == SMCRED_OK) {
            if (in_time || cache_satisfies(entry, &ask->query, now))
                cache_move_ask(ask, SMCRED_OK, ready);
        } else if (cache_serves_stale(fetch->cache, entry, &ask->query, now)) {
            cache_move_ask(ask, SMCRED_OK, ready);
        } else if (in_time || !ask->query.insist) {
            cache_move_ask(ask, fetch->status, ready);
        }
    }
}

static bool anybody_insists(const struct entry *entry)
{
    const struct cache_ask *ask;
    LIST_FOREACH(ask, &entry->asks, link)
    {
        if (ask->query.insist)
            return true;
    }
    return false;
}

static void fetch_done(void *arg, bool ran)
{
    struct fetch *fetch = arg;
    struct cache *cache = fetch->cache;
    struct entry *entry = fetch->entry;
    struct asks ready = LIST_HEAD_INITIALIZER(ready);
    struct prepared prepared;
    if (!entry) { /* revoked, or the source changed */
        fetch_free(fetch);
        return;
    }
    entry->fetch = NULL;
    if (!ran)
        fetch->status = sm_error_set(&fetch->err, SMCRED_UNAVAILABLE, "the keeper is stopping");
    if (fetch->status == SMCRED_OK)
        accept_success(fetch, entry);
    else
        cache_accept_failure(cache, entry, fetch->status, &fetch->err);
    int64_t now = cache_now(cache);
    if (cache_is_map(entry))
        cache_follow_map(cache, entry, fetch->begun_ms);
    collect_answered(fetch, entry, now, &ready);
    cache_prepare(&prepared, entry, now, true);
    if (!LIST_EMPTY(&entry->asks) && !cache_ensure_fetch(cache, entry, now, anybody_insists(entry)))
        cache_schedule(cache, entry->retry_ms);
    fetch_free(fetch);
    cache_tell_ready(&ready, &prepared);
    cache_prepared_done(&prepared);
}
