/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache.c - entries, those who wait for them, and the fetches that fill them.
 *
 * Called by the keeper's loop.  Read cache_get() first: it is the whole life of an ask.  A fetch
 * ends in fetch_done(), which decides what is believed, for how long, and who is answered.  Nothing
 * is touched after a callback was called, so that callbacks may call the cache.
 */
#include "keeper/cache.h"

#include <assert.h>
#include <event2/event.h>
#include <sys/queue.h>

#include "keeper/page.h"
#include "keeper/table.h"
#include "keeper/workers.h"

struct source {
    struct cache_source given;
    unsigned references; /* one of the cache's, one of each fetch */
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
        int64_t begun_ms;   /* when the fetch that brought it began */
        int64_t refresh_ms; /* when to read it again, if it was used */
        int64_t expires_ms;
    } times;
    struct sm_snapshot *snapshot; /* NULL: nothing to serve */
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
    const char *stage; /* in `id`, behind its NUL */
    char id[];
};

struct fetch {
    struct cache *cache;
    struct entry *entry; /* NULL: not to be believed any more */
    struct source *source;
    int64_t begun_ms;
    int64_t deadline_ms;
    bool forced; /* what was cached had not expired */
    enum smcred_status status;
    struct sm_snapshot *snapshot;
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

struct cache_limits cache_limits_default(void)
{
    return (struct cache_limits){
        .ttl_ms = 300 * 1000,
        .negative_ms = 10 * 1000,
        .stale_ms = 3600 * 1000,
        .backoff_min_ms = 1000,
        .backoff_max_ms = 60 * 1000,
        .fetch_timeout_ms = 10 * 1000,
        .no_news_ms = 1000,
        .secrets_max = 4096,
    };
}

/* ---- small things ---- */

static int64_t now_of(const struct cache *cache)
{
    return cache->options.now_ms();
}

/* A number in 0..span, for jitter: its bias for spans that do not divide 2^32 does not matter. */
static int64_t random_upto(const struct cache *cache, int64_t span)
{
    return (int64_t)((uint64_t)cache->options.random() * ((uint64_t)span + 1) >> 32);
}

static int64_t min_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool same_secret(const struct sm_secret *a, const struct sm_secret *b)
{
    return a && b ? sm_secret_equal(a, sm_secret_view(b)) : a == b;
}

/* A version's content does not change at AWS; in a file it may. */
static bool differs(const struct sm_snapshot *a, const struct sm_snapshot *b)
{
    return strcmp(a->version_id, b->version_id) != 0 || strcmp(a->username, b->username) != 0 ||
           !same_secret(a->password, b->password);
}

static void source_unref(struct source *source)
{
    if (!source || --source->references > 0)
        return;
    if (source->given.release)
        source->given.release(source->given.arg);
    free(source);
}

static struct source *source_new(const struct cache_source *given)
{
    struct source *source = malloc(sizeof *source);
    if (source)
        *source = (struct source){.given = *given, .references = 1};
    return source;
}

/* The cache wakes up at `at_ms` at the latest. */
static void schedule(struct cache *cache, int64_t at_ms)
{
    if (at_ms >= cache->timer_at_ms)
        return;
    int64_t wait_ms = at_ms - now_of(cache);
    if (wait_ms < 1)
        wait_ms = 1;
    struct timeval wait = {.tv_sec = (time_t)(wait_ms / 1000),
                           .tv_usec = (suseconds_t)(wait_ms % 1000 * 1000)};
    if (evtimer_add(cache->timer, &wait) == 0) /* else the next use does what is due */
        cache->timer_at_ms = at_ms;
}

/* ---- entries ---- */

static void drop_snapshot(struct entry *entry, enum page_state why)
{
    sm_snapshot_unref(entry->snapshot);
    entry->snapshot = NULL;
    entry->times = (struct snapshot_times){0};
    if (entry->page)
        page_clear(entry->page, why);
}

static void entry_free(struct cache *cache, struct entry *entry)
{
    assert(!entry->fetch && LIST_EMPTY(&entry->asks));
    table_remove(&cache->entries, &entry->node);
    sm_snapshot_unref(entry->snapshot);
    page_free(entry->page);
    free(entry->last_error);
    free(entry);
}

/* Makes room for one more.  False if every entry is busy. */
static bool evict_one(struct cache *cache)
{
    for (struct table_entry *at = cache->entries.oldest; at; at = at->newer) {
        struct entry *entry = (struct entry *)at;
        if (entry->fetch || !LIST_EMPTY(&entry->asks))
            continue;
        entry_free(cache, entry);
        return true;
    }
    return false;
}

/* Writes "id NUL stage" to `buffer`, which has room for it, and returns its key. */
static struct sm_bytes write_key(char *buffer, const char *id, size_t id_size, const char *stage,
                                 size_t stage_size)
{
    memcpy(buffer, id, id_size);
    memcpy(buffer + id_size, stage, stage_size);
    return sm_bytes(buffer, id_size + stage_size);
}

static struct entry *entry_find(const struct cache *cache, const char *id, const char *stage)
{
    char buffer[4096]; /* twice the longest SecretId, and then some */
    size_t id_size = strlen(id) + 1, stage_size = strlen(stage) + 1;
    if (id_size + stage_size > sizeof buffer)
        return NULL;
    return (struct entry *)table_find(&cache->entries,
                                      write_key(buffer, id, id_size, stage, stage_size));
}

static enum smcred_status entry_add(struct cache *cache, const char *id, const char *stage,
                                    struct entry **out_entry)
{
    size_t id_size = strlen(id) + 1, stage_size = strlen(stage) + 1;
    if (id_size == 1 || id_size + stage_size > 4096)
        return SMCRED_INVALID;
    while (cache->entries.count >= cache->options.limits.secrets_max)
        if (!evict_one(cache))
            return SMCRED_LIMITED;
    struct entry *entry = calloc(1, sizeof *entry + id_size + stage_size);
    if (!entry)
        return SMCRED_NO_MEMORY;
    entry->node.key = write_key(entry->id, id, id_size, stage, stage_size);
    entry->stage = entry->id + id_size;
    LIST_INIT(&entry->asks);
    table_add(&cache->entries, &entry->node);
    *out_entry = entry;
    return SMCRED_OK;
}

/* ---- what may be served ---- */

static bool failing(const struct entry *entry)
{
    return entry->last_status != SMCRED_OK;
}

static bool satisfies(const struct entry *entry, const struct cache_query *query, int64_t now)
{
    if (!entry->snapshot || now >= entry->times.expires_ms)
        return false;
    return query->fresh_from_ms == 0 || entry->times.begun_ms >= query->fresh_from_ms ||
           (query->other_than && differs(entry->snapshot, query->other_than));
}

static bool stale_serves(const struct cache *cache, const struct entry *entry,
                         const struct cache_query *query, int64_t now)
{
    return entry->snapshot && query->fresh_from_ms == 0 &&
           now < entry->times.expires_ms + cache->options.limits.stale_ms;
}

/* Until when readers of the page may trust it: as long as we would serve the same. */
static int64_t page_valid_until(const struct cache *cache, const struct entry *entry)
{
    int64_t until = entry->times.expires_ms;
    int64_t hold = entry->retry_ms + cache->options.limits.fetch_timeout_ms;
    if (failing(entry) && hold > until)
        until = min_of(hold, until + cache->options.limits.stale_ms);
    return until;
}

/* ---- answers ---- */

static void tell(cache_done *done, void *arg, const struct cache_answer *answer)
{
    static const struct sm_error none;
    struct cache_answer full = *answer;
    if (!full.err)
        full.err = &none;
    done(arg, &full);
}

/* An answer that outlives the entry it was made from. */
struct prepared {
    struct cache_answer answer;
    struct sm_error err;
};

static void prepare(struct prepared *out, const struct entry *entry, int64_t now, bool waited)
{
    *out = (struct prepared){.answer = {.waited = waited, .err = &out->err}};
    if (entry->last_error)
        (void)sm_error_set(&out->err, entry->last_status, "%s", entry->last_error);
    if (!entry->snapshot)
        return;
    out->answer.snapshot = sm_snapshot_ref(entry->snapshot);
    out->answer.expires_ms = entry->times.expires_ms;
    out->answer.stale = now >= entry->times.expires_ms;
}

static void prepared_done(struct prepared *prepared)
{
    sm_snapshot_unref(prepared->answer.snapshot);
}

/* Failures have no snapshot, successes that are not stale no error. */
static void tell_prepared(const struct prepared *prepared, enum smcred_status status,
                          cache_done *done, void *arg)
{
    struct cache_answer answer = prepared->answer;
    answer.status = status;
    if (status != SMCRED_OK) {
        answer.snapshot = NULL;
        answer.expires_ms = 0;
        answer.stale = false;
    } else if (!answer.stale) {
        answer.err = NULL;
    }
    tell(done, arg, &answer);
}

static void tell_error(cache_done *done, void *arg, enum smcred_status status, const char *text)
{
    struct sm_error err;
    (void)sm_error_set(&err, status, "%s", text);
    tell(done, arg, &(struct cache_answer){.status = status, .err = &err});
}

static void move_ask(struct cache_ask *ask, enum smcred_status failed, struct asks *ready)
{
    ask->failed = failed;
    ask->entry->waiting--;
    ask->entry = NULL;
    LIST_REMOVE(ask, link);
    LIST_INSERT_HEAD(ready, ask, link);
}

/* Callbacks may cancel asks that are still in `ready`. */
static void tell_ready(struct asks *ready, const struct prepared *prepared)
{
    struct cache_ask *ask;
    while ((ask = LIST_FIRST(ready))) {
        LIST_REMOVE(ask, link);
        tell_prepared(prepared, ask->failed, ask->done, ask->arg);
        free(ask);
    }
}

/* ---- fetches ---- */

static void fetch_run(void *arg)
{
    struct fetch *fetch = arg;
    struct sm_source_query query = {
        .secret_id = fetch->id, .stage = fetch->stage, .deadline_ms = fetch->deadline_ms};
    const struct cache_source *source = &fetch->source->given;
    fetch->status = source->fetch(source->arg, &query, &fetch->snapshot, &fetch->err);
}

static void accept_success(struct fetch *fetch, struct entry *entry)
{
    struct cache *cache = fetch->cache;
    const struct cache_options *options = &cache->options;
    bool changed = !entry->snapshot || differs(entry->snapshot, fetch->snapshot);
    struct sm_snapshot *before = entry->snapshot;
    int64_t ttl = options->limits.ttl_ms;
    int64_t life = ttl - ttl / 10 + random_upto(cache, ttl / 5);
    entry->snapshot = fetch->snapshot;
    fetch->snapshot = NULL;
    entry->times.begun_ms = fetch->begun_ms;
    entry->times.refresh_ms = fetch->begun_ms + life * 4 / 5;
    entry->times.expires_ms = fetch->begun_ms + life;
    entry->last_status = SMCRED_OK;
    entry->failures_in_row = 0;
    entry->used = false;
    entry->retry_ms = fetch->forced && !changed ? now_of(cache) + options->limits.no_news_ms : 0;
    sm_free_ptr(&entry->last_error);
    entry->last_error = NULL;
    if (entry->page &&
        page_write(entry->page, entry->snapshot, page_valid_until(cache, entry)) != SMCRED_OK) {
        page_free(entry->page); /* it outgrew its page; readers ask and get a new one */
        entry->page = NULL;
    }
    if (changed && options->changed)
        options->changed(options->arg, entry->id, entry->stage, before, entry->snapshot);
    sm_snapshot_unref(before);
    schedule(cache, entry->times.expires_ms + options->limits.stale_ms);
}

/* 1, 2, 4 ... times the minimum, at most the maximum, less up to half of it by chance. */
static int64_t backoff(const struct cache *cache, unsigned failures_in_row)
{
    const struct cache_limits *limits = &cache->options.limits;
    int64_t wait = limits->backoff_min_ms;
    for (unsigned i = 1; i < failures_in_row && wait < limits->backoff_max_ms; i++)
        wait *= 2;
    wait = min_of(wait, limits->backoff_max_ms);
    return wait - random_upto(cache, wait / 2);
}

static bool is_verdict(enum smcred_status status)
{
    return status == SMCRED_NOT_FOUND || status == SMCRED_DENIED;
}

static void accept_failure(struct cache *cache, struct entry *entry, enum smcred_status status,
                           const struct sm_error *err)
{
    const struct cache_options *options = &cache->options;
    int64_t now = now_of(cache);
    entry->last_status = status;
    entry->failures++;
    free(entry->last_error);
    entry->last_error = strdup(err->text[0] ? err->text : sm_status_text(status));
    if (is_verdict(status)) {
        entry->failures_in_row = 0;
        entry->retry_ms = now + options->limits.negative_ms;
        drop_snapshot(entry, PAGE_RETIRED);
    } else {
        entry->failures_in_row++;
        entry->retry_ms = now + backoff(cache, entry->failures_in_row);
        if (entry->page && entry->snapshot)
            page_extend(entry->page, page_valid_until(cache, entry));
    }
    if (entry->used || !LIST_EMPTY(&entry->asks))
        schedule(cache, entry->retry_ms);
    if (options->failed)
        options->failed(options->arg, entry->id, entry->stage, status, err);
}

static void fetch_free(struct fetch *fetch)
{
    sm_snapshot_unref(fetch->snapshot);
    source_unref(fetch->source);
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
                            .forced = entry->snapshot && now < entry->times.refresh_ms};
    (void)write_key(fetch->id, entry->id, id_size, entry->stage, stage_size); /* same layout */
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

/* True if a fetch is under way afterwards; else retry_ms, and perhaps last_status, say why not. */
static bool ensure_fetch(struct cache *cache, struct entry *entry, int64_t now, bool insist)
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
    accept_failure(cache, entry, status, &err);
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
            if (in_time || satisfies(entry, &ask->query, now))
                move_ask(ask, SMCRED_OK, ready);
        } else if (stale_serves(fetch->cache, entry, &ask->query, now)) {
            move_ask(ask, SMCRED_OK, ready);
        } else if (in_time || !ask->query.insist) {
            move_ask(ask, fetch->status, ready);
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
        accept_failure(cache, entry, fetch->status, &fetch->err);
    int64_t now = now_of(cache);
    collect_answered(fetch, entry, now, &ready);
    prepare(&prepared, entry, now, true);
    if (!LIST_EMPTY(&entry->asks) && !ensure_fetch(cache, entry, now, anybody_insists(entry)))
        schedule(cache, entry->retry_ms);
    fetch_free(fetch);
    tell_ready(&ready, &prepared);
    prepared_done(&prepared);
}

/* ---- asking ---- */

static void answer_now(struct entry *entry, int64_t now, enum smcred_status status,
                       cache_done *done, void *arg)
{
    struct prepared prepared;
    entry->hits++;
    prepare(&prepared, entry, now, false);
    tell_prepared(&prepared, status, done, arg);
    prepared_done(&prepared);
}

static void enqueue(struct cache *cache, struct entry *entry, const struct cache_query *query,
                    cache_done *done, void *arg, struct cache_ask **out_ask)
{
    struct cache_ask *ask = malloc(sizeof *ask);
    if (!ask) {
        tell_error(done, arg, SMCRED_NO_MEMORY, "no memory to wait for the secret");
        return;
    }
    *ask = (struct cache_ask){.entry = entry, .query = *query, .done = done, .arg = arg};
    ask->query.id = NULL; /* borrowed for the call only */
    ask->query.stage = NULL;
    LIST_INSERT_HEAD(&entry->asks, ask, link);
    entry->waiting++;
    schedule(cache, query->deadline_ms);
    if (!entry->fetch)
        schedule(cache, entry->retry_ms);
    if (out_ask)
        *out_ask = ask;
}

void cache_get(struct cache *cache, const struct cache_query *query, cache_done *done, void *arg,
               struct cache_ask **out_ask)
{
    const char *stage = query->stage ? query->stage : CACHE_STAGE_DEFAULT;
    int64_t now = now_of(cache);
    if (out_ask)
        *out_ask = NULL;
    struct entry *entry = entry_find(cache, query->id, stage);
    if (!entry) {
        enum smcred_status status = entry_add(cache, query->id, stage, &entry);
        if (status != SMCRED_OK) {
            tell_error(done, arg, status,
                       status == SMCRED_INVALID ? "this is no name of a secret"
                                                : "no room for another secret in the cache");
            return;
        }
    }
    table_touch(&cache->entries, &entry->node);
    if (!entry->used && entry->snapshot)
        schedule(cache, entry->times.refresh_ms);
    entry->used = true;

    if (!query->insist && satisfies(entry, query, now)) { /* the usual case */
        if (now >= entry->times.refresh_ms)
            (void)ensure_fetch(cache, entry, now, false); /* in the background; else later */
        answer_now(entry, now, SMCRED_OK, done, arg);
        return;
    }
    bool under_way = ensure_fetch(cache, entry, now, query->insist);
    bool late = now >= query->deadline_ms;
    if ((failing(entry) || late) && stale_serves(cache, entry, query, now))
        answer_now(entry, now, SMCRED_OK, done, arg);
    else if (failing(entry) && !under_way)
        answer_now(entry, now, entry->last_status, done, arg);
    else if (late)
        tell_error(done, arg, SMCRED_TIMED_OUT, "no time was left to read the secret");
    else
        enqueue(cache, entry, query, done, arg, out_ask);
}

void cache_cancel(struct cache_ask *ask)
{
    if (!ask)
        return;
    if (ask->entry)
        ask->entry->waiting--;
    LIST_REMOVE(ask, link);
    free(ask);
}

void cache_refresh(struct cache *cache, const char *id, const char *stage, int64_t deadline_ms,
                   cache_done *done, void *arg, struct cache_ask **out_ask)
{
    cache_get(cache,
              &(struct cache_query){.id = id,
                                    .stage = stage,
                                    .deadline_ms = deadline_ms,
                                    .fresh_from_ms = now_of(cache),
                                    .insist = true},
              done, arg, out_ask);
}

/* ---- time passes ---- */

static void collect_late(struct cache *cache, struct entry *entry, int64_t now, struct asks *ready)
{
    struct cache_ask *ask, *next;
    for (ask = LIST_FIRST(&entry->asks); ask; ask = next) {
        next = LIST_NEXT(ask, link);
        if (now < ask->query.deadline_ms)
            schedule(cache, ask->query.deadline_ms);
        else if (stale_serves(cache, entry, &ask->query, now))
            move_ask(ask, SMCRED_OK, ready);
        else
            move_ask(ask, SMCRED_TIMED_OUT, ready);
    }
}

/* Fetches what is due.  Somebody waits only for a fetch, or for its turn. */
static void tick_fetch(struct cache *cache, struct entry *entry, int64_t now)
{
    bool wanted = !LIST_EMPTY(&entry->asks) || (entry->used && entry->snapshot);
    int64_t due = entry->retry_ms;
    if (entry->fetch || !wanted)
        return;
    if (LIST_EMPTY(&entry->asks) && due < entry->times.refresh_ms)
        due = entry->times.refresh_ms;
    if (now >= due)
        (void)ensure_fetch(cache, entry, now, false); /* a failure has scheduled the next try */
    else
        schedule(cache, due);
}

/* Nobody is called back here, so the table stays as it is. */
static void tick_entry(struct cache *cache, struct entry *entry, int64_t now)
{
    int64_t end = entry->times.expires_ms + cache->options.limits.stale_ms;
    if (entry->snapshot && now >= end)
        drop_snapshot(entry, PAGE_RETIRED); /* too old to serve, so not kept either */
    else if (entry->snapshot)
        schedule(cache, end);
    tick_fetch(cache, entry, now);
}

/* Answers those of one entry whose deadline has passed.  False if there were none. */
static bool answer_late(struct cache *cache, struct entry *entry, int64_t now)
{
    struct asks ready = LIST_HEAD_INITIALIZER(ready);
    struct prepared prepared;
    collect_late(cache, entry, now, &ready);
    if (LIST_EMPTY(&ready))
        return false;
    prepare(&prepared, entry, now, true);
    if (!failing(entry))
        (void)sm_error_set(&prepared.err, SMCRED_TIMED_OUT, "the secret was not read in time");
    tell_ready(&ready, &prepared);
    prepared_done(&prepared);
    return true;
}

/*
 * Those called back may add and evict entries, so the second walk starts again after each.  It
 * ends: an ask whose deadline has passed already is never queued.
 */
void cache_tick(struct cache *cache)
{
    int64_t now = now_of(cache);
    cache->timer_at_ms = INT64_MAX;
    (void)evtimer_del(cache->timer); /* a timer of ours */
    struct table_entry *at;
    for (at = cache->entries.oldest; at; at = at->newer)
        tick_entry(cache, (struct entry *)at, now);
    for (at = cache->entries.oldest; at;)
        at = answer_late(cache, (struct entry *)at, now) ? cache->entries.oldest : at->newer;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    cache_tick(arg);
}

/* ---- withdrawing and sharing ---- */

static void collect_all(struct entry *entry, enum smcred_status status, struct asks *ready)
{
    while (!LIST_EMPTY(&entry->asks))
        move_ask(LIST_FIRST(&entry->asks), status, ready);
}

static void disown_fetch(struct entry *entry)
{
    if (entry->fetch)
        entry->fetch->entry = NULL;
    entry->fetch = NULL;
}

static bool holds_version(const struct entry *entry, const char *version_id)
{
    return !version_id || (entry->snapshot && strcmp(entry->snapshot->version_id, version_id) == 0);
}

size_t cache_revoke(struct cache *cache, const char *id, const char *version_id)
{
    struct asks ready = LIST_HEAD_INITIALIZER(ready);
    struct prepared prepared = {.answer = {.waited = true, .err = &prepared.err}};
    size_t dropped = 0;
    for (struct table_entry *at = cache->entries.oldest; at; at = at->newer) {
        struct entry *entry = (struct entry *)at;
        if (strcmp(entry->id, id) != 0 || !holds_version(entry, version_id))
            continue;
        dropped += entry->snapshot != NULL;
        drop_snapshot(entry, PAGE_REVOKED);
        disown_fetch(entry);
        entry->retry_ms = 0;
        collect_all(entry, SMCRED_REVOKED, &ready);
    }
    (void)sm_error_set(&prepared.err, SMCRED_REVOKED, "the secret was revoked");
    tell_ready(&ready, &prepared);
    return dropped;
}

enum smcred_status cache_page(struct cache *cache, const char *id, const char *stage, int *out_fd)
{
    struct entry *entry = entry_find(cache, id, stage ? stage : CACHE_STAGE_DEFAULT);
    int64_t now = now_of(cache);
    if (!entry || !entry->snapshot)
        return SMCRED_NOT_FOUND;
    if (now >= page_valid_until(cache, entry))
        return SMCRED_NOT_FOUND;
    if (!entry->page) {
        enum smcred_status status =
            page_new(entry->snapshot, page_valid_until(cache, entry), &entry->page);
        if (status != SMCRED_OK)
            return status;
    }
    *out_fd = page_fd(entry->page);
    return SMCRED_OK;
}

/* ---- for status ---- */

void cache_walk(const struct cache *cache, void (*each)(void *arg, const struct cache_state *state),
                void *arg)
{
    int64_t now = now_of(cache);
    for (const struct table_entry *at = cache->entries.newest; at; at = at->older) {
        const struct entry *entry = (const struct entry *)at;
        const struct sm_snapshot *snapshot = entry->snapshot;
        int64_t past_ms = snapshot ? now - entry->times.expires_ms : 0;
        struct cache_state state = {
            .id = entry->id,
            .stage = entry->stage,
            .version_id = snapshot ? snapshot->version_id : "",
            .age_ms = snapshot ? now - entry->times.begun_ms : -1,
            .expires_in_ms = -past_ms,
            .stale_for_ms = failing(entry) && past_ms > 0 ? past_ms : 0,
            .retry_in_ms = entry->retry_ms > now ? entry->retry_ms - now : 0,
            .last_status = entry->last_status,
            .last_error = entry->last_error ? entry->last_error : "",
            .hits = entry->hits,
            .fetches = entry->fetches,
            .failures = entry->failures,
            .waiting = entry->waiting,
            .fetching = entry->fetch != NULL,
            .shared = entry->page != NULL,
        };
        each(arg, &state);
    }
}

size_t cache_count(const struct cache *cache)
{
    return cache->entries.count;
}

/* ---- the whole ---- */

enum smcred_status cache_new(const struct cache_options *options, struct cache **out_cache)
{
    struct cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return SMCRED_NO_MEMORY;
    cache->options = *options;
    cache->timer_at_ms = INT64_MAX;
    enum smcred_status status = table_init(&cache->entries, options->limits.secrets_max);
    cache->timer = evtimer_new(options->base, on_timer, cache);
    cache->source = source_new(&options->source);
    if (!cache->timer || !cache->source)
        status = SMCRED_NO_MEMORY;
    if (status != SMCRED_OK) {
        free(cache->source); /* not released: on failure its arg stays the caller's */
        cache->source = NULL;
        cache_free(cache);
        return status;
    }
    *out_cache = cache;
    return SMCRED_OK;
}

void cache_free(struct cache *cache)
{
    if (!cache)
        return;
    struct asks ready = LIST_HEAD_INITIALIZER(ready);
    struct prepared prepared = {.answer = {.waited = true, .err = &prepared.err}};
    (void)sm_error_set(&prepared.err, SMCRED_UNAVAILABLE, "the keeper is stopping");
    for (struct table_entry *at = cache->entries.oldest; at; at = at->newer)
        collect_all((struct entry *)at, SMCRED_UNAVAILABLE, &ready);
    tell_ready(&ready, &prepared);
    while (cache->entries.oldest)
        entry_free(cache, (struct entry *)cache->entries.oldest);
    table_done(&cache->entries);
    if (cache->timer)
        event_free(cache->timer);
    source_unref(cache->source);
    free(cache);
}

void cache_set_limits(struct cache *cache, const struct cache_limits *limits)
{
    cache->options.limits = *limits;
    while (cache->entries.count > limits->secrets_max && evict_one(cache))
        continue;
}

enum smcred_status cache_set_source(struct cache *cache, const struct cache_source *source)
{
    struct source *fresh = source_new(source);
    if (!fresh)
        return SMCRED_NO_MEMORY;
    source_unref(cache->source);
    cache->source = fresh;
    int64_t now = now_of(cache);
    for (struct table_entry *at = cache->entries.oldest; at; at = at->newer) {
        struct entry *entry = (struct entry *)at;
        disown_fetch(entry);
        entry->retry_ms = 0; /* what the old source refused, the new one may give */
        entry->failures_in_row = 0;
        if (!LIST_EMPTY(&entry->asks) && !ensure_fetch(cache, entry, now, true))
            schedule(cache, entry->retry_ms);
    }
    return SMCRED_OK;
}
