/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache_entry.h - the inside of the cache, as cache.c and cache_*.c see it; nobody else includes
 * it.
 */
#ifndef KEEPER_CACHE_ENTRY_H
#define KEEPER_CACHE_ENTRY_H

#include <sys/queue.h>

#include "keeper/cache.h"
#include "keeper/page.h"
#include "keeper/stages.h"
#include "keeper/table.h"

struct source {
    struct cache_source given;
    unsigned references; /* one of the cache's, one of each call under way */
};

struct cache_ask {
    LIST_ENTRY(cache_ask) link;
    struct entry *entry;
    struct cache_query query; /* id and stage are not kept */
    cache_done *done;
    void *arg;
    enum smcred_status failed; /* while in a list of those to be answered */
};
LIST_HEAD(asks, cache_ask);

struct entry {
    struct table_entry node; /* first; its key is id NUL stage */
    struct snapshot_times {
        int64_t begun_ms;   /* when the fetch that last found it so began */
        int64_t refresh_ms; /* when to read it again, if it was used */
        int64_t expires_ms;
    } times;
    struct sm_snapshot *snapshot; /* NULL: nothing to serve */
    int64_t whole_ms;             /* when the fetch that brought the snapshot itself began */
    struct stages *stages;        /* a map's; it has no snapshot */
    struct page *page;            /* NULL until somebody wants it */
    struct fetch *fetch;          /* under way and to be believed, or NULL */
    struct asks asks;
    size_t waiting;
    int64_t retry_ms; /* no fetch before, unless somebody insists */
    bool used;        /* since the last fetch */
    enum smcred_status last_status;
    char *last_error; /* NULL: none, or no memory for it */
    unsigned failures_in_row;
    uint64_t hits;
    uint64_t fetches;
    uint64_t failures;
    const char *stage; /* in `id`, behind its NUL; CACHE_STAGE_MAP: the secret's stage map */
    char id[];
};
#define CACHE_STAGE_MAP ""

struct fetch {
    struct cache *cache;
    struct entry *entry; /* NULL: not to be believed any more */
    struct source *source;
    int64_t begun_ms;
    int64_t deadline_ms;
    bool forced; /* what was cached had not expired */
    enum smcred_status status;
    struct sm_snapshot *snapshot;
    struct stages *stages;
    struct sm_error err;
    const char *stage;
    char id[];
};

struct cache {
    struct cache_options options;
    struct source *source;
    struct table entries;
    struct event *timer;
    int64_t timer_at_ms; /* INT64_MAX: not set */
};

/* An answer that outlives the entry it was made from. */
struct prepared {
    struct cache_answer answer;
    struct sm_error err;
};

/* ---- cache.c ---- */

static inline int64_t cache_now(const struct cache *cache)
{
    return cache->options.now_ms();
}

static inline int64_t cache_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The source could not be asked: what it said last is the best there is. */
static inline bool cache_is_no_answer(enum smcred_status status)
{
    return status == SMCRED_UNAVAILABLE || status == SMCRED_TIMED_OUT || status == SMCRED_LIMITED ||
           status == SMCRED_SYSTEM || status == SMCRED_NO_MEMORY;
}

static inline bool cache_is_map(const struct entry *entry)
{
    return *entry->stage == '\0';
}

static inline bool cache_holds(const struct entry *entry)
{
    return entry->snapshot || entry->stages;
}

static inline bool cache_failing(const struct entry *entry)
{
    return entry->last_status != SMCRED_OK;
}

/* A version's content does not change at AWS; in a file it may. */
bool cache_differs(const struct sm_snapshot *a, const struct sm_snapshot *b);
/* The cache wakes up at `at_ms` at the latest. */
void cache_schedule(struct cache *cache, int64_t at_ms);
/* Writes "id NUL stage" to `buffer`, which has room for it, and returns its key. */
struct sm_bytes cache_write_key(char *buffer, const char *id, size_t id_size, const char *stage,
                                size_t stage_size);
/* NULL if there is none. */
struct entry *cache_find(const struct cache *cache, const char *id, const char *stage);
/* An entry that is not there yet; others may go for it.  Errors: SMCRED_INVALID, SMCRED_LIMITED,
 * SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status cache_add(struct cache *cache, const char *id, const char *stage,
                                           struct entry **out_entry);
void cache_drop(struct entry *entry, enum page_state why);
/* cache_get() of any entry, the map's too. */
void cache_get_entry(struct cache *cache, const char *stage, const struct cache_query *query,
                     cache_done *done, void *arg, struct cache_ask **out_ask);

/* May the entry answer this question as it is? */
bool cache_satisfies(const struct entry *entry, const struct cache_query *query, int64_t now);
/* Or when its source fails? */
bool cache_serves_stale(const struct cache *cache, const struct entry *entry,
                        const struct cache_query *query, int64_t now);
/* Until when readers of the page may trust it: as long as we would serve the same. */
int64_t cache_page_until(const struct cache *cache, const struct entry *entry);

void cache_prepare(struct prepared *out, const struct entry *entry, int64_t now, bool waited);
void cache_prepared_done(struct prepared *prepared);
void cache_move_ask(struct cache_ask *ask, enum smcred_status failed, struct asks *ready);
/* Callbacks may cancel asks that are still in `ready`. */
void cache_tell_ready(struct asks *ready, const struct prepared *prepared);

/* ---- cache_fetch.c ---- */

struct source *cache_source_new(const struct cache_source *given);
void cache_source_unref(struct source *source);
/* True if a fetch is under way afterwards; else retry_ms, and perhaps last_status, say why not. */
bool cache_ensure_fetch(struct cache *cache, struct entry *entry, int64_t now, bool insist);
/* What the entry holds was found to be so by a fetch begun then: its time begins anew. */
void cache_renew(struct cache *cache, struct entry *entry, int64_t begun_ms);
void cache_accept_failure(struct cache *cache, struct entry *entry, enum smcred_status status,
                          const struct sm_error *err);

/* ---- cache_map.c ---- */

/* Is the secret about to be rotated, or has it just been, as far as its map knows? */
bool cache_rotation_is_near(const struct cache *cache, const char *id);
/* The entry is due: its map is read if that may spare its value, else its value. */
void cache_refresh_ahead(struct cache *cache, struct entry *entry, int64_t now);
/* A map was read, or could not be: the values of that secret follow it. */
void cache_follow_map(struct cache *cache, const struct entry *map, int64_t begun_ms);

#endif
