/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch.c - which map to read next: of the secrets in use, the one longest not looked at.
 *
 * "In use" is seen from the cache's own counters, so nothing else need tell.  Called at the
 * keeper's tick.
 */
#include "keeper/watch.h"

#include "keeper/stages.h"
#include "keeper/table.h"

#define IN_USE_MS    (10 * 60 * 1000)
#define MINUTE_MS    (60 * 1000)
#define CLOSE_FOR_MS (30 * 60 * 1000) /* a rotation that takes longer is one secret of many */
#define DUE_FOR_MS   (5 * 60 * 1000)  /* after NextRotationDate */
#define DEADLINE_MS  (10 * 1000)
#define EXPECTED     64
#define NO_BATCH_MS  (60 * 60 * 1000) /* after a refusal */

struct watched {
    struct table_entry node; /* first; its key is `id`; the table is in order of looks */
    struct watch *watch;
    struct cache_ask *ask; /* a look under way */
    bool suspect;          /* its map seems to have changed */
    uint64_t hits;         /* of all its stages, when last seen */
    uint64_t hits_now;     /* being summed up */
    bool cached;           /* seen while summing up */
    int64_t used_ms;
    int64_t looked_ms;
    int64_t close_from_ms; /* when its rotation began, as far as we know; 0: none is under way */
    char id[];
};

/* One call for many. */
struct batch {
    struct watch *watch; /* NULL: it is gone */
    size_t count;
    struct watched *list[SM_STAGES_MANY_MAX]; /* NULL: forgotten meanwhile */
};

struct watch {
    struct watch_options options;
    struct watch_limits limits;
    struct table secrets;
    int64_t last_tick_ms;
    int64_t next_call_ms;  /* so that calls are never more than the limit */
    struct batch *batch;   /* under way, or NULL */
    int64_t batch_from_ms; /* not before */
};

enum smcred_status watch_new(const struct watch_options *options, struct watch **out_watch)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return SMCRED_NO_MEMORY;
    watch->options = *options;
    if (table_init(&watch->secrets, EXPECTED) != SMCRED_OK) {
        free(watch);
        return SMCRED_NO_MEMORY;
    }
    *out_watch = watch;
    return SMCRED_OK;
}

static void forget(struct watch *watch, struct watched *watched)
{
    cache_cancel(watched->ask);
    for (size_t i = 0; watch->batch && i < watch->batch->count; i++)
        if (watch->batch->list[i] == watched)
            watch->batch->list[i] = NULL;
    table_remove(&watch->secrets, &watched->node);
    free(watched);
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    while (watch->secrets.oldest)
        forget(watch, (struct watched *)watch->secrets.oldest);
    table_done(&watch->secrets);
    if (watch->batch)
        watch->batch->watch = NULL;
    free(watch);
}

void watch_set_limits(struct watch *watch, const struct watch_limits *limits)
{
    watch->limits = *limits;
    watch->batch_from_ms = 0;
}

/* ---- who is in use ---- */

/* NULL for want of memory: it is not watched. */
static struct watched *watched_of(struct watch *watch, const char *id)
{
    struct watched *watched =
        (struct watched *)table_find(&watch->secrets, sm_bytes(id, strlen(id)));
    if (watched)
        return watched;
    watched = calloc(1, sizeof *watched + strlen(id) + 1);
    if (!watched)
        return NULL;
    memcpy(watched->id, id, strlen(id) + 1);
    watched->watch = watch;
    watched->looked_ms = watch->options.now_ms(); /* it has just been read */
    watched->node.key = sm_bytes(watched->id, strlen(id));
    table_add(&watch->secrets, &watched->node);
    return watched;
}

static void note(void *arg, const struct cache_state *state)
{
    struct watch *watch = arg;
    if (!*state->stage || !*state->version_id)
        return;
    struct watched *watched = watched_of(watch, state->id);
    if (watched) {
        watched->cached = true;
        watched->hits_now += state->hits + state->fetches;
        if (state->shared) /* who has mapped it uses it, and nobody hears of that */
            watched->used_ms = watch->options.now_ms();
    }
}

static void note_all(struct watch *watch, int64_t now_ms)
{
    struct table_entry *at, *newer;
    cache_walk(watch->options.cache, note, watch);
    for (at = watch->secrets.oldest; at; at = newer) {
        struct watched *watched = (struct watched *)at;
        newer = at->newer;
        if (watched->hits_now != watched->hits)
            watched->used_ms = now_ms;
        watched->hits = watched->hits_now;
        watched->hits_now = 0;
        if (!watched->cached)
            forget(watch, watched);
        else
            watched->cached = false;
    }
}

/* ---- who is due ---- */

/* Is a rotation under way, or should one be by now? */
static bool is_close(struct watch *watch, struct watched *watched, int64_t now_ms)
{
    const struct stages *map = cache_known_stages(watch->options.cache, watched->id);
    if (!map)
        return false;
    int64_t late_ms = watch->options.wall_ms() - map->next_rotation_ms;
    bool due = map->next_rotation_ms > 0 && late_ms >= 0 && late_ms < DUE_FOR_MS;
    bool pending = stages_pending(map) != NULL;
    if (!pending)
        watched->close_from_ms = 0;
    else if (watched->close_from_ms == 0)
        watched->close_from_ms = now_ms;
    return due || (pending && now_ms - watched->close_from_ms < CLOSE_FOR_MS);
}

static bool is_due(struct watch *watch, struct watched *watched, int64_t now_ms)
{
    int64_t since_ms = now_ms - watched->looked_ms;
    if (watched->ask || now_ms - watched->used_ms > IN_USE_MS)
        return false;
    if (watched->suspect)
        return true;
    if (since_ms < WATCH_CLOSE_MS)
        return false;
    if (is_close(watch, watched, now_ms))
        return true;
    return watch->limits.every_ms > 0 && since_ms >= watch->limits.every_ms;
}

/* ---- looking ---- */

static void on_looked(void *arg, const struct cache_answer *answer)
{
    struct watched *watched = arg;
    (void)answer; /* what it says, the cache has acted upon */
    watched->ask = NULL;
}

static void look(struct watch *watch, struct watched *watched, int64_t now_ms)
{
    struct cache_query query = {
        .id = watched->id, .deadline_ms = now_ms + DEADLINE_MS, .fresh_from_ms = now_ms};
    struct cache_ask *ask = NULL;
    watched->looked_ms = now_ms;
    watched->suspect = false;
    table_touch(&watch->secrets, &watched->node);
    cache_stages(watch->options.cache, &query, on_looked, watched, &ask);
    watched->ask = ask;
}

/* ---- many at once ---- */

static void on_compared(void *arg, enum smcred_status status, const bool *differs,
                        const struct sm_error *err)
{
    struct batch *batch = arg;
    struct watch *watch = batch->watch;
    bool later = status == SMCRED_UNAVAILABLE || status == SMCRED_TIMED_OUT ||
                 status == SMCRED_LIMITED || status == SMCRED_NO_MEMORY;
    bool refused = status != SMCRED_OK && !later;
    if (watch && refused) {
        watch->batch_from_ms = watch->options.now_ms() + NO_BATCH_MS;
        if (watch->options.refused)
            watch->options.refused(status, err);
    }
    for (size_t i = 0; watch && i < batch->count; i++)
        if (batch->list[i])
            batch->list[i]->suspect = refused || differs[i];
    if (watch)
        watch->batch = NULL;
    free(batch);
}

/* Those that are due soon come along, so that the next time one call is enough for all. */
static bool may_come_along(struct watch *watch, struct watched *watched, int64_t now_ms)
{
    return !watched->ask && !watched->suspect && now_ms - watched->used_ms <= IN_USE_MS &&
           now_ms - watched->looked_ms >= watch->limits.every_ms / 2 &&
           !is_close(watch, watched, now_ms);
}

static struct batch *gather(struct watch *watch, int64_t now_ms)
{
    struct batch *batch = calloc(1, sizeof *batch);
    struct table_entry *at = batch ? watch->secrets.oldest : NULL;
    for (; at && batch->count < SM_STAGES_MANY_MAX; at = at->newer)
        if (may_come_along(watch, (struct watched *)at, now_ms))
            batch->list[batch->count++] = (struct watched *)at;
    return batch;
}

/* One call for all that are in it.  False: one at a time, then. */
static bool look_at_all(struct watch *watch, struct batch *batch, int64_t now_ms)
{
    const char *ids[SM_STAGES_MANY_MAX];
    for (size_t i = 0; i < batch->count; i++)
        ids[i] = batch->list[i]->id;
    if (batch->count < 2 || cache_compare(watch->options.cache, ids, batch->count,
                                          now_ms + DEADLINE_MS, on_compared, batch) != SMCRED_OK)
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        batch->list[i]->looked_ms = now_ms;
        table_touch(&watch->secrets, &batch->list[i]->node);
    }
    batch->watch = watch;
    watch->batch = batch;
    return true;
}

/* Does a look at this one go together with others'? */
static bool goes_along(struct watch *watch, struct watched *watched, int64_t now_ms)
{
    return watch->limits.batch && watch->limits.every_ms > 0 && now_ms >= watch->batch_from_ms &&
           !watched->suspect && !is_close(watch, watched, now_ms);
}

static bool look_at_many(struct watch *watch, int64_t now_ms)
{
    struct batch *batch = gather(watch, now_ms);
    if (batch && look_at_all(watch, batch, now_ms))
        return true;
    free(batch);
    return false;
}

/* One call, for this one or for many; one for many at a time. */
static void spend_call(struct watch *watch, struct watched *watched, int64_t now_ms)
{
    bool along = goes_along(watch, watched, now_ms);
    if (along && watch->batch)
        return;
    watch->next_call_ms += MINUTE_MS / watch->limits.calls_per_minute;
    if (!along || !look_at_many(watch, now_ms))
        look(watch, watched, now_ms);
}

void watch_tick(struct watch *watch)
{
    int64_t now_ms = watch->options.now_ms();
    int64_t last_ms = watch->last_tick_ms;
    struct table_entry *at, *newer, *last;
    watch->last_tick_ms = now_ms;
    if (watch->limits.calls_per_minute == 0)
        return;
    note_all(watch, now_ms);
    if (watch->next_call_ms < last_ms) /* what was not used up is not saved */
        watch->next_call_ms = last_ms;
    last = watch->secrets.newest;
    for (at = watch->secrets.oldest; at && watch->next_call_ms <= now_ms; at = newer) {
        newer = at == last ? NULL : at->newer; /* behind it are those looked at just now */
        if (is_due(watch, (struct watched *)at, now_ms))
            spend_call(watch, (struct watched *)at, now_ms);
    }
}
