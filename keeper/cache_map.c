/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache_map.c - what a secret's stage map spares: values that are not fetched again, because the
 * version with their label is still the one that is cached.
 *
 * A map is an entry like any other, so it has single flight, deadlines and backoff like any other.
 * Only refreshes ahead go by it: whoever waits for a value has it read at once, in one call.
 */
#include "keeper/cache_entry.h"

#define NEAR_BEFORE_MS (3600 * 1000)
#define NEAR_AFTER_MS  (600 * 1000)

/* May the map say whether this value is still so?  It cannot tell that reading the value was
 * forbidden since, so now and then the value itself is read. */
static bool goes_by_map(const struct cache *cache, const struct entry *entry, int64_t now)
{
    const struct stages *known = cache_known_stages(cache, entry->id);
    return cache->source->given.read_map && entry->snapshot && !cache_is_map(entry) &&
           now - entry->whole_ms < cache->options.limits.whole_ms && (!known || known->fixed);
}

/* NextRotationDate is the last moment; a schedule may rotate any time before, and takes a while. */
bool cache_rotation_is_near(const struct cache *cache, const char *id)
{
    const struct stages *known = cache_known_stages(cache, id);
    if (!known || known->next_rotation_ms == 0 || !cache->options.wall_ms)
        return false;
    int64_t in_ms = known->next_rotation_ms - cache->options.wall_ms();
    return in_ms < NEAR_BEFORE_MS && in_ms > -NEAR_AFTER_MS;
}

/* The map's entry; no value goes for it. */
static struct entry *map_of(struct cache *cache, const char *id)
{
    struct entry *map = cache_find(cache, id, CACHE_STAGE_MAP);
    bool full = cache->entries.count >= cache->options.limits.secrets_max;
    if (!map && !full && cache_add(cache, id, CACHE_STAGE_MAP, &map) != SMCRED_OK)
        return NULL;
    return map;
}

void cache_refresh_ahead(struct cache *cache, struct entry *entry, int64_t now)
{
    struct entry *map = goes_by_map(cache, entry, now) ? map_of(cache, entry->id) : NULL;
    if (!map || !cache_ensure_fetch(cache, map, now, false))
        (void)cache_ensure_fetch(cache, entry, now, false); /* a failure has scheduled the next */
}

static void say_deleted(struct cache *cache, struct entry *entry)
{
    struct sm_error err;
    enum smcred_status status =
        sm_error_set(&err, SMCRED_NOT_FOUND, "the secret is scheduled for deletion");
    cache_accept_failure(cache, entry, status, &err);
}

/* Nobody waits for this entry, and it holds a value. */
static void follow(struct cache *cache, struct entry *entry, const struct stages *stages,
                   int64_t begun_ms, int64_t now)
{
    const char *version_id = stages_version(stages, entry->stage);
    bool due = now >= entry->times.refresh_ms;
    bool same = version_id && strcmp(version_id, entry->snapshot->version_id) == 0;
    if (!same && !cache_failing(entry))
        entry->retry_ms = 0; /* there was no news before the label moved; now there is */
    if (stages->deleted) {
        say_deleted(cache, entry);
    } else if (!version_id) {
        cache_drop(entry, PAGE_RETIRED);
    } else if (same && stages->fixed && due) {
        cache_renew(cache, entry, begun_ms);
        if (entry->page)
            page_extend(entry->page, cache_page_until(cache, entry));
    } else if (same && stages->fixed) {
        entry->times.begun_ms = begun_ms;
    } else if (entry->used || entry->page) {
        (void)cache_ensure_fetch(cache, entry, now, false); /* likewise */
    } else if (!same) {
        entry->times.refresh_ms = entry->times.expires_ms = cache_min(now, entry->times.expires_ms);
    }
}

/* The source does not answer, or there is no map to be had: then the value itself is read. */
static void do_without(struct cache *cache, struct entry *entry, const struct entry *map,
                       int64_t now)
{
    struct sm_error err;
    bool wanted = entry->used && now >= entry->times.refresh_ms && now >= entry->retry_ms;
    if (!wanted)
        return;
    if (!cache_is_no_answer(map->last_status)) {
        (void)cache_ensure_fetch(cache, entry, now, false); /* likewise */
        return;
    }
    (void)sm_error_set(&err, map->last_status, "%s", map->last_error ? map->last_error : "");
    cache_accept_failure(cache, entry, map->last_status, &err);
}

void cache_follow_map(struct cache *cache, const struct entry *map, int64_t begun_ms)
{
    int64_t now = cache_now(cache);
    for (struct table_entry *at = cache->entries.oldest; at; at = at->newer) {
        struct entry *entry = (struct entry *)at;
        if (!entry->snapshot || entry->fetch || !LIST_EMPTY(&entry->asks) ||
            strcmp(entry->id, map->id) != 0)
            continue;
        if (map->stages && !cache_failing(map))
            follow(cache, entry, map->stages, begun_ms, now);
        else
            do_without(cache, entry, map, now);
    }
}

void cache_stages(struct cache *cache, const struct cache_query *query, cache_done *done, void *arg,
                  struct cache_ask **out_ask)
{
    cache_get_entry(cache, CACHE_STAGE_MAP, query, done, arg, out_ask);
}

struct stages *cache_known_stages(const struct cache *cache, const char *id)
{
    const struct entry *map = cache_find(cache, id, CACHE_STAGE_MAP);
    return map ? map->stages : NULL;
}
