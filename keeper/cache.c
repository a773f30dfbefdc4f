/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache.c - entries, and those who wait for them; what fills them is cache_fetch.c.
 *
 * Called by the keeper's loop.  Read cache_get() first: it is the whole life of an ask.  Nothing is
 * touched after a callback was called, so that callbacks may call the cache.
 */
#include "keeper/cache.h"

#include <assert.h>
#include <event2/event.h>

#include "keeper/cache_entry.h"

struct cache_limits cache_limits_default(void)
{
    return (struct cache_limits){
        .ttl_ms = 300 * 1000,
        .negative_ms = 10 * 1000,
        .stale_ms = 3600 * 1000,
        .backoff_min_ms = 1000,
        .backoff_max_ms = 60 * 1000,
        .fetch_timeout_ms = 10 * 1000,
        .patience_ms = 1000,
        .no_news_ms = 1000,
        .whole_ms = 3600 * 1000,
        .near_ms = 60 * 1000,
        .secrets_max = 4096,
    };
}

/* ---- small things ---- */

static bool same_secret(const struct sm_secret *a, const struct sm_secret *b)
{
    return a && b ? sm_secret_equal(a, sm_secret_view(b)) : a == b;
}

bool cache_differs(const struct sm_snapshot *a, const struct sm_snapshot *b)
{
    return strcmp(a->version_id, b->version_id) != 0 || strcmp(a->username, b->username) != 0 ||
           !same_secret(a->password, b->password);
}

void cache_schedule(struct cache *cache, int64_t at_ms)
{
    if (at_ms >= cache->timer_at_ms)
        return;
    int64_t wait_ms = at_ms - cache_now(cache);
    if (wait_ms < 1)
        wait_ms = 1;
    struct timeval wait = {.tv_sec = (time_t)(wait_ms / 1000),
                           .tv_usec = (suseconds_t)(wait_ms % 1000 * 1000)};
    if (evtimer_add(cache->timer, &wait) == 0) /* else the next use does what is due */
        cache->timer_at_ms = at_ms;
}

/* ---- entries ---- */

void cache_drop(struct entry *entry, enum page_state why)
{
    sm_snapshot_unref(entry->snapshot);
    stages_unref(entry->stages);
    entry->snapshot = NULL;
    entry->stages = NULL;
    entry->times = (struct snapshot_times){0};
    if (entry->page)
        page_clear(entry->page, why);
}

static void entry_free(struct cache *cache, struct entry *entry)
{
    assert(!entry->fetch && LIST_EMPTY(&entry->asks));
    table_remove(&cache->entries, &entry->node);
    sm_snapshot_unref(entry->snapshot);
    stages_unref(entry->stages);
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

struct sm_bytes cache_write_key(char *buffer, const char *id, size_t id_size, const char *stage,
                                size_t stage_size)
{
    memcpy(buffer, id, id_size);
    memcpy(buffer + id_size, stage, stage_size);
    return sm_bytes(buffer, id_size + stage_size);
}

struct entry *cache_find(const struct cache *cache, const char *id, const char *stage)
{
    char buffer[4096]; /* twice the longest SecretId, and then some */
    size_t id_size = strlen(id) + 1, stage_size = strlen(stage) + 1;
    if (id_size + stage_size > sizeof buffer)
        return NULL;
    return (struct entry *)table_find(&cache->entries,
                                      cache_write_key(buffer, id, id_size, stage, stage_size));
}

enum smcred_status cache_add(struct cache *cache, const char *id, const char *stage,
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
    entry->node.key = cache_write_key(entry->id, id, id_size, stage, stage_size);
    entry->stage = entry->id + id_size;
    LIST_INIT(&entry->asks);
    table_add(&cache->entries, &entry->node);
    *out_entry = entry;
    return SMCRED_OK;
}

/* ---- what may be served ---- */

bool cache_satisfies(const struct entry *entry, const struct cache_query *query, int64_t now)
{
    const struct sm_snapshot *snapshot = entry->snapshot;
    if (!cache_holds(entry) || now >= entry->times.expires_ms)
        return false;
    if (query->fresh_from_ms == 0 || entry->times.begun_ms >= query->fresh_from_ms)
        return true;
    return snapshot &&
           ((query->other_than && cache_differs(snapshot, query->other_than)) ||
            (query->version_id && strcmp(snapshot->version_id, query->version_id) == 0));
}

/* Of what is held. */
static int64_t served_until(const struct cache *cache, const struct entry *entry)
{
    return entry->times.expires_ms + cache->options.limits.stale_ms;
}

bool cache_serves_stale(const struct cache *cache, const struct entry *entry,
                        const struct cache_query *query, int64_t now)
{
    return cache_holds(entry) && query->fresh_from_ms == 0 && now < served_until(cache, entry);
}

/* The fetch under way takes longer than it may for those who can do without. */
static bool is_slow(const struct cache *cache, const struct entry *entry, int64_t now)
{
    return entry->fetch && now >= entry->fetch->begun_ms + cache->options.limits.patience_ms;
}

/* How long somebody may wait: to his deadline, or for a while if he could have a stale one. */
static int64_t waits_until(const struct cache *cache, const struct entry *entry,
                           const struct cache_query *query, int64_t now)
{
    if (!entry->fetch || !cache_serves_stale(cache, entry, query, now))
        return query->deadline_ms;
    return cache_min(query->deadline_ms,
                     entry->fetch->begun_ms + cache->options.limits.patience_ms);
}

int64_t cache_page_until(const struct cache *cache, const struct entry *entry)
{
    int64_t until = entry->times.expires_ms, hold = 0;
    if (cache_failing(entry))
        hold = entry->retry_ms + cache->options.limits.fetch_timeout_ms;
    else if (entry->fetch)
        hold = entry->fetch->deadline_ms;
    if (hold > until)
        until = cache_min(hold, until + cache->options.limits.stale_ms);
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

void cache_prepare(struct prepared *out, const struct entry *entry, int64_t now, bool waited)
{
    *out = (struct prepared){.answer = {.waited = waited, .err = &out->err}};
    if (entry->last_error)
        (void)sm_error_set(&out->err, entry->last_status, "%s", entry->last_error);
    if (!cache_holds(entry))
        return;
    if (entry->snapshot)
        out->answer.snapshot = sm_snapshot_ref(entry->snapshot);
    if (entry->stages)
        out->answer.stages = stages_ref(entry->stages);
    out->answer.expires_ms = entry->times.expires_ms;
    out->answer.known_ms = entry->times.begun_ms;
    out->answer.stale = now >= entry->times.expires_ms;
}

void cache_prepared_done(struct prepared *prepared)
{
    sm_snapshot_unref(prepared->answer.snapshot);
    stages_unref(prepared->answer.stages);
}

/* Failures have no snapshot, successes that are not stale no error. */
static void tell_prepared(const struct prepared *prepared, enum smcred_status status,
                          cache_done *done, void *arg)
{
    struct cache_answer answer = prepared->answer;
    answer.status = status;
    if (status != SMCRED_OK) {
        answer.snapshot = NULL;
        answer.stages = NULL;
        answer.expires_ms = 0;
        answer.known_ms = 0;
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

void cache_move_ask(struct cache_ask *ask, enum smcred_status failed, struct asks *ready)
{
    ask->failed = failed;
    assert(ask->entry); /* in whose list it is */
    ask->entry->waiting--;
    ask->entry = NULL;
    LIST_REMOVE(ask, link);
    LIST_INSERT_HEAD(ready, ask, link);
}

void cache_tell_ready(struct asks *ready, const struct prepared *prepared)
{
    struct cache_ask *ask;
    while ((ask = LIST_FIRST(ready))) {
        LIST_REMOVE(ask, link);
        tell_prepared(prepared, ask->failed, ask->done, ask->arg);
        free(ask);
    }
}

/* ---- asking ---- */

/* Nobody has said what is amiss. */
static void say_slow(struct prepared *prepared, const struct entry *entry)
{
    if (!cache_failing(entry))
        (void)sm_error_set(&prepared->err, SMCRED_TIMED_OUT, "the secret was not read in time");
}

static void answer_now(struct entry *entry, int64_t now, enum smcred_status status,
                       cache_done *done, void *arg)
{
    struct prepared prepared;
    entry->hits++;
    cache_prepare(&prepared, entry, now, false);
    if (prepared.answer.stale)
        say_slow(&prepared, entry);
    tell_prepared(&prepared, status, done, arg);
    cache_prepared_done(&prepared);
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
    cache_schedule(cache, waits_until(cache, entry, query, cache_now(cache)));
    if (!entry->fetch)
        cache_schedule(cache, entry->retry_ms);
    if (out_ask)
        *out_ask = ask;
}

void cache_get_entry(struct cache *cache, const char *stage, const struct cache_query *query,
                     cache_done *done, void *arg, struct cache_ask **out_ask)
{
    int64_t now = cache_now(cache);
    if (out_ask)
        *out_ask = NULL;
    struct entry *entry = cache_find(cache, query->id, stage);
    if (!entry) {
        enum smcred_status status = cache_add(cache, query->id, stage, &entry);
        if (status != SMCRED_OK) {
            tell_error(done, arg, status,
                       status == SMCRED_INVALID ? "this is no name of a secret"
                                                : "no room for another secret in the cache");
            return;
        }
    }
    table_touch(&cache->entries, &entry->node);
    if (!entry->used && cache_holds(entry))
        cache_schedule(cache, entry->times.refresh_ms);
    entry->used = true;

    if (!query->insist && cache_satisfies(entry, query, now)) { /* the usual case */
        if (now >= entry->times.refresh_ms)
            cache_refresh_ahead(cache, entry, now);
        answer_now(entry, now, SMCRED_OK, done, arg);
        return;
    }
    bool under_way = cache_ensure_fetch(cache, entry, now, query->insist);
    bool late = now >= waits_until(cache, entry, query, now);
    if ((cache_failing(entry) || late) && cache_serves_stale(cache, entry, query, now))
        answer_now(entry, now, SMCRED_OK, done, arg);
    else if (cache_failing(entry) && !under_way)
        answer_now(entry, now, entry->last_status, done, arg);
    else if (late)
        tell_error(done, arg, SMCRED_TIMED_OUT, "no time was left to read the secret");
    else
        enqueue(cache, entry, query, done, arg, out_ask);
}

void cache_get(struct cache *cache, const struct cache_query *query, cache_done *done, void *arg,
               struct cache_ask **out_ask)
{
    const char *stage = query->stage && *query->stage ? query->stage : CACHE_STAGE_DEFAULT;
    cache_get_entry(cache, stage, query, done, arg, out_ask);
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
                                    .fresh_from_ms = cache_now(cache),
                                    .insist = true},
              done, arg, out_ask);
}

/* ---- time passes ---- */

static void collect_late(struct cache *cache, struct entry *entry, int64_t now, struct asks *ready)
{
    struct cache_ask *ask, *next;
    for (ask = LIST_FIRST(&entry->asks); ask; ask = next) {
        next = LIST_NEXT(ask, link);
        int64_t until = waits_until(cache, entry, &ask->query, now);
        if (now < until)
            cache_schedule(cache, until);
        else if (cache_serves_stale(cache, entry, &ask->query, now))
            cache_move_ask(ask, SMCRED_OK, ready);
        else
            cache_move_ask(ask, SMCRED_TIMED_OUT, ready);
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
    if (now < due)
        cache_schedule(cache, due);
    else if (LIST_EMPTY(&entry->asks))
        cache_refresh_ahead(cache, entry, now);
    else
        (void)cache_ensure_fetch(cache, entry, now, false); /* a failure has scheduled the next */
}

/* Nobody is called back here, so the table stays as it is. */
static void tick_entry(struct cache *cache, struct entry *entry, int64_t now)
{
    int64_t end = served_until(cache, entry);
    if (cache_holds(entry) && now >= end)
        cache_drop(entry, PAGE_RETIRED); /* too old to serve, so not kept either */
    else if (cache_holds(entry))
        cache_schedule(cache, end);
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
    cache_prepare(&prepared, entry, now, true);
    say_slow(&prepared, entry);
    cache_tell_ready(&ready, &prepared);
    cache_prepared_done(&prepared);
    return true;
}

/*
 * Those called back may add and evict entries, so the second walk starts again after each.  It
 * ends: an ask whose deadline has passed already is never queued.
 */
void cache_tick(struct cache *cache)
{
    int64_t now = cache_now(cache);
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
        cache_move_ask(LIST_FIRST(&entry->asks), status, ready);
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
        cache_drop(entry, PAGE_REVOKED);
        disown_fetch(entry);
        entry->retry_ms = 0;
        collect_all(entry, SMCRED_REVOKED, &ready);
    }
    (void)sm_error_set(&prepared.err, SMCRED_REVOKED, "the secret was revoked");
    cache_tell_ready(&ready, &prepared);
    return dropped;
}

enum smcred_status cache_page(struct cache *cache, const char *id, const char *stage, int *out_fd)
{
    struct entry *entry = cache_find(cache, id, stage ? stage : CACHE_STAGE_DEFAULT);
    int64_t now = cache_now(cache);
    if (!entry || !entry->snapshot)
        return SMCRED_NOT_FOUND;
    if (now >= cache_page_until(cache, entry))
        return SMCRED_NOT_FOUND;
    enum smcred_status status = SMCRED_OK;
    if (entry->page)
        page_extend(entry->page, cache_page_until(cache, entry));
    else
        status = page_new(entry->snapshot, cache_page_until(cache, entry), &entry->page);
    if (status != SMCRED_OK)
        return status;
    *out_fd = page_fd(entry->page);
    return SMCRED_OK;
}

/* ---- for status ---- */

void cache_walk(const struct cache *cache, void (*each)(void *arg, const struct cache_state *state),
                void *arg)
{
    int64_t now = cache_now(cache);
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
            .stale_for_ms =
                past_ms > 0 && (cache_failing(entry) || is_slow(cache, entry, now)) ? past_ms : 0,
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

/* ---- what is known ---- */

struct sm_snapshot *cache_known_snapshot(const struct cache *cache, const char *id,
                                         const char *stage)
{
    const struct entry *entry = cache_find(cache, id, stage);
    return entry ? entry->snapshot : NULL;
}

int64_t cache_served_until(const struct cache *cache, const char *id, const char *stage)
{
    const struct entry *entry = cache_find(cache, id, stage);
    return entry && cache_holds(entry) ? served_until(cache, entry) : 0;
}

static enum smcred_status copy_entry(const struct entry *from, struct cache *to)
{
    struct entry *entry = NULL;
    enum smcred_status status = cache_add(to, from->id, from->stage, &entry);
    if (!entry)
        return status;
    entry->times = from->times;
    entry->whole_ms = from->whole_ms;
    entry->snapshot = from->snapshot ? sm_snapshot_ref(from->snapshot) : NULL;
    entry->stages = from->stages ? stages_ref(from->stages) : NULL;
    entry->retry_ms = from->retry_ms;
    entry->used = from->used;
    entry->last_status = from->last_status;
    entry->last_error = from->last_error ? strdup(from->last_error) : NULL;
    entry->failures_in_row = from->failures_in_row;
    return from->last_error && !entry->last_error ? SMCRED_NO_MEMORY : SMCRED_OK;
}

enum smcred_status cache_copy(const struct cache *from, const char *id, struct cache *to)
{
    enum smcred_status status = SMCRED_OK;
    to->options.limits = from->options.limits;
    for (const struct table_entry *at = from->entries.oldest; at && status == SMCRED_OK;
         at = at->newer) {
        const struct entry *entry = (const struct entry *)at;
        if (strcmp(entry->id, id) == 0)
            status = copy_entry(entry, to);
    }
    return status;
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
    cache->source = cache_source_new(&options->source);
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
    cache_tell_ready(&ready, &prepared);
    while (cache->entries.oldest)
        entry_free(cache, (struct entry *)cache->entries.oldest);
    table_done(&cache->entries);
    if (cache->timer)
        event_free(cache->timer);
    cache_source_unref(cache->source);
    free(cache);
}

void cache_set_limits(struct cache *cache, const struct cache_limits *limits)
{
    cache->options.limits = *limits;
    while (cache->entries.count > limits->secrets_max && evict_one(cache))
        continue;
}

void cache_keep(struct cache *cache, bool (*wanted)(void *arg, const char *id), void *arg)
{
    for (struct table_entry *at = cache->entries.oldest, *newer; at; at = newer) {
        struct entry *entry = (struct entry *)at;
        newer = at->newer;
        if (!entry->fetch && LIST_EMPTY(&entry->asks) && !wanted(arg, entry->id))
            entry_free(cache, entry);
    }
}

enum smcred_status cache_set_source(struct cache *cache, const struct cache_source *source)
{
    struct source *fresh = cache_source_new(source);
    if (!fresh)
        return SMCRED_NO_MEMORY;
    cache_source_unref(cache->source);
    cache->source = fresh;
    int64_t now = cache_now(cache);
    for (struct table_entry *at = cache->entries.oldest; at; at = at->newer) {
        struct entry *entry = (struct entry *)at;
        disown_fetch(entry);
        entry->retry_ms = 0; /* what the old source refused, the new one may give */
        entry->failures_in_row = 0;
        if (!LIST_EMPTY(&entry->asks) && !cache_ensure_fetch(cache, entry, now, true))
            cache_schedule(cache, entry->retry_ms);
    }
    return SMCRED_OK;
}
