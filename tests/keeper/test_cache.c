/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_cache.c - each promise of keeper/cache.h, on a clock that moves only when told. */
#include "tests/lib/sm_test.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#include "common/pagereader.h"
#include "keeper/cache.h"
#include "tests/keeper/world.h"

#define TTL_MS      300000
#define STALE_MS    3600000
#define PATIENCE_MS 1000
#define ID          "prod/orders/db"

/* The source: what the next fetch finds, and a gate that fetches wait at when it is shut. */
static struct source {
    int calls; /* written by workers, read when they are done */
    enum smcred_status status;
    const char *version;
    const char *username;
    const char *password;
    bool gated;
    sem_t gate;
    int released;
    pthread_mutex_t lock;
} source = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct cache *cache;
static int changes, failures;

static enum smcred_status fetch(void *arg, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    struct source *from = arg;
    pthread_mutex_lock(&from->lock);
    from->calls++;
    bool gated = from->gated;
    enum smcred_status status = from->status;
    const char *version = from->version, *username = from->username, *password = from->password;
    pthread_mutex_unlock(&from->lock);
    if (gated)
        sem_wait(&from->gate);
    assert_true(query->deadline_ms > 0);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "the source says %s", sm_status_text(status));
    *out_snapshot = world_snapshot(version, username, password);
    return SMCRED_OK;
}

static void release(void *arg)
{
    struct source *from = arg;
    from->released++;
}

static void on_changed(void *arg, const char *id, const char *stage,
                       const struct sm_snapshot *before, const struct sm_snapshot *now)
{
    (void)arg;
    (void)before;
    assert_non_null(now);
    assert_true(id[0] && stage[0]);
    changes++;
}

static void on_failed(void *arg, const char *id, const char *stage, enum smcred_status status,
                      const struct sm_error *err)
{
    (void)arg;
    assert_true(id[0] && stage[0]);
    assert_int_not_equal(status, SMCRED_OK);
    assert_true(err->text[0]);
    failures++;
}

static int setup(void **state)
{
    (void)state;
    world_begin(4, 8192);
    source.calls = changes = failures = source.released = 0;
    source.status = SMCRED_OK;
    source.version = "v1";
    source.username = "app";
    source.password = "correct horse";
    source.gated = false;
    assert_int_equal(sem_init(&source.gate, 0, 0), 0);
    struct cache_options options = {.base = world.base,
                                    .workers = world.workers,
                                    .source = {.fetch = fetch, .release = release, .arg = &source},
                                    .limits = cache_limits_default(),
                                    .now_ms = world_now,
                                    .random = world_random,
                                    .changed = on_changed,
                                    .failed = on_failed};
    assert_int_equal(options.limits.ttl_ms, TTL_MS);
    assert_int_equal(options.limits.stale_ms, STALE_MS);
    assert_int_equal(cache_new(&options, &cache), SMCRED_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_stop_workers();
    cache_free(cache);
    world_end();
    assert_int_equal(source.released, 1);
    sem_destroy(&source.gate);
    return 0;
}

/* What somebody who asked was told. */
struct told {
    int times;
    enum smcred_status status;
    bool stale;
    bool waited;
    char version[32];
    char why[128];
};

static void note(void *arg, const struct cache_answer *answer)
{
    struct told *told = arg;
    told->times++;
    told->status = answer->status;
    told->stale = answer->stale;
    told->waited = answer->waited;
    assert_int_equal(answer->status == SMCRED_OK, answer->snapshot != NULL);
    snprintf(told->version, sizeof told->version, "%s",
             answer->snapshot ? answer->snapshot->version_id : "");
    snprintf(told->why, sizeof told->why, "%.100s", answer->err->text);
}

static struct cache_query query_of(const char *id)
{
    return (struct cache_query){.id = id, .deadline_ms = world.now_ms + 5000};
}

/* Asks and, if need be, lets the fetch come back. */
static struct told ask(const struct cache_query *query)
{
    struct told told = {0};
    cache_get(cache, query, note, &told, NULL);
    world_settle();
    assert_int_equal(told.times, 1);
    return told;
}

static struct told ask_plainly(void)
{
    struct cache_query query = query_of(ID);
    return ask(&query);
}

static void pass(int64_t ms)
{
    world.now_ms += ms;
    cache_tick(cache);
    world_settle();
}

/* The state of the entry whose id is already in *arg. */
static void keep_state(void *arg, const struct cache_state *state)
{
    struct cache_state *wanted = arg;
    if (strcmp(wanted->id, state->id) == 0)
        *wanted = *state;
}

static struct cache_state state_of(const char *id)
{
    struct cache_state state = {.id = id};
    cache_walk(cache, keep_state, &state);
    assert_non_null(state.stage);
    return state;
}

/* ---- the tests ---- */

static void a_thousand_askers_make_one_fetch(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static struct told told[COUNT];
    memset(told, 0, sizeof told);
    struct cache_query query = query_of(ID);
    for (int i = 0; i < COUNT; i++)
        cache_get(cache, &query, note, &told[i], NULL);
    world_settle();
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(told[i].times, 1);
        assert_int_equal(told[i].status, SMCRED_OK);
        assert_true(told[i].waited);
    }
    assert_int_equal(source.calls, 1);
    assert_int_equal(changes, 1);
}

static void a_hit_calls_back_at_once(void **state)
{
    (void)state;
    struct cache_query query = query_of(ID);
    struct cache_ask *asked = (struct cache_ask *)&query;
    struct told told = {0};
    (void)ask_plainly();
    cache_get(cache, &query, note, &told, &asked);
    assert_int_equal(told.times, 1);
    assert_null(asked);
    assert_false(told.waited || told.stale);
    assert_int_equal(state_of(ID).hits, 1);
    assert_int_equal(state_of(ID).fetches, 1);
}

static void expiry_is_jittered_within_ten_percent(void **state)
{
    (void)state;
    static const uint32_t extremes[] = {0, UINT32_MAX / 2, UINT32_MAX};
    static const int64_t wanted[] = {TTL_MS * 9 / 10, TTL_MS, TTL_MS * 11 / 10};
    static const char *const ids[] = {"early", "even", "late"};
    for (int i = 0; i < 3; i++) {
        world.random = extremes[i];
        struct cache_query query = query_of(ids[i]);
        (void)ask(&query);
        assert_in_range(state_of(ids[i]).expires_in_ms, wanted[i] - 1, wanted[i] + 1);
    }
}

static void what_was_used_is_read_again_before_it_expires(void **state)
{
    (void)state;
    (void)ask_plainly();
    (void)ask_plainly(); /* a use since the fetch */
    pass(TTL_MS * 8 / 10 + 1);
    assert_int_equal(source.calls, 2);
    pass(TTL_MS * 3 / 10); /* past the first expiry */
    assert_false(ask_plainly().waited);
    assert_int_equal(source.calls, 2);
}

static void what_was_not_used_is_left_to_expire(void **state)
{
    (void)state;
    (void)ask_plainly();
    pass(TTL_MS * 8 / 10 + 1);
    pass(TTL_MS);
    assert_int_equal(source.calls, 1);
    assert_true(ask_plainly().waited);
    assert_int_equal(source.calls, 2);
}

static void a_late_use_refreshes_behind_the_back_of_a_hit(void **state)
{
    (void)state;
    (void)ask_plainly();
    world.now_ms += TTL_MS * 9 / 10;
    assert_false(ask_plainly().waited);
    assert_int_equal(source.calls, 2);
}

static void not_found_is_remembered_briefly(void **state)
{
    (void)state;
    source.status = SMCRED_NOT_FOUND;
    assert_int_equal(ask_plainly().status, SMCRED_NOT_FOUND);
    pass(9999);
    struct told told = ask_plainly();
    assert_int_equal(told.status, SMCRED_NOT_FOUND);
    assert_false(told.waited);
    assert_string_equal(told.why, "the source says not found");
    assert_int_equal(source.calls, 1);
    pass(2);
    source.status = SMCRED_OK;
    assert_int_equal(ask_plainly().status, SMCRED_OK);
    assert_int_equal(source.calls, 2);
}

static void a_verdict_of_the_source_ends_what_was_cached(void **state)
{
    (void)state;
    static const enum smcred_status verdicts[] = {SMCRED_NOT_FOUND, SMCRED_DENIED};
    for (int i = 0; i < 2; i++) {
        source.status = SMCRED_OK;
        (void)ask_plainly();
        pass(TTL_MS + 1);
        source.status = verdicts[i];
        assert_int_equal(ask_plainly().status, verdicts[i]);
        assert_string_equal(state_of(ID).version_id, "");
        pass(10001);
    }
}

static void stale_serves_on_errors_until_its_bound(void **state)
{
    (void)state;
    (void)ask_plainly();
    source.status = SMCRED_UNAVAILABLE;
    world.now_ms += TTL_MS + 1;
    struct told told = ask_plainly();
    assert_int_equal(told.status, SMCRED_OK);
    assert_true(told.stale);
    assert_string_equal(told.version, "v1");
    assert_string_equal(told.why, "the source says unavailable");
    assert_int_equal(state_of(ID).stale_for_ms, 1);
    assert_int_equal(state_of(ID).last_status, SMCRED_UNAVAILABLE);
    world.now_ms += STALE_MS - 2;
    assert_int_equal(ask_plainly().status, SMCRED_OK);
    world.now_ms += 1;
    assert_int_equal(ask_plainly().status, SMCRED_UNAVAILABLE);
    assert_true(failures > 0);
}

static void a_failing_source_is_asked_less_and_less(void **state)
{
    (void)state;
    int64_t last_ms = 0, waits[12];
    (void)ask_plainly();
    source.status = SMCRED_UNAVAILABLE;
    world.random = 0; /* nothing off */
    world.now_ms += TTL_MS + 1;
    for (int i = 0; i < 12; i++) {
        int calls = source.calls;
        while (source.calls == calls) {
            (void)ask_plainly();
            world.now_ms += 100;
        }
        waits[i] = world.now_ms - last_ms;
        last_ms = world.now_ms;
    }
    for (int i = 1; i < 12; i++) {
        int64_t wanted = 1000 << (i - 1);
        if (wanted > 60000)
            wanted = 60000;
        assert_in_range(waits[i], wanted, wanted + 100);
    }
    assert_true(ask_plainly().stale);
}

static void backoff_is_shortened_by_at_most_half(void **state)
{
    (void)state;
    source.status = SMCRED_UNAVAILABLE;
    world.random = UINT32_MAX;
    (void)ask_plainly();
    assert_in_range(state_of(ID).retry_in_ms, 500, 501);
    assert_false(ask_plainly().waited);
    assert_int_equal(source.calls, 1);
}

static void service_resumes_by_itself(void **state)
{
    (void)state;
    (void)ask_plainly();
    source.status = SMCRED_UNAVAILABLE;
    world.now_ms += TTL_MS + 1;
    assert_true(ask_plainly().stale);
    source.status = SMCRED_OK;
    source.version = "v2";
    pass(1001); /* nobody asks: the tick retries, because it was used */
    assert_string_equal(state_of(ID).version_id, "v2");
    assert_int_equal(state_of(ID).stale_for_ms, 0);
    assert_int_equal(changes, 2);
}

static void each_asker_has_a_deadline(void **state)
{
    (void)state;
    struct told soon = {0}, later = {0};
    struct cache_query query = query_of(ID);
    source.gated = true;
    query.deadline_ms = world.now_ms + 100;
    cache_get(cache, &query, note, &soon, NULL);
    query.deadline_ms = world.now_ms + 200;
    cache_get(cache, &query, note, &later, NULL);
    world.now_ms += 100;
    cache_tick(cache);
    assert_int_equal(soon.times, 1);
    assert_int_equal(soon.status, SMCRED_TIMED_OUT);
    assert_int_equal(later.times, 0);
    sem_post(&source.gate);
    world_settle();
    assert_int_equal(soon.times, 1);
    assert_int_equal(later.status, SMCRED_OK);
    assert_int_equal(source.calls, 1);
}

static void a_deadline_prefers_stale_to_nothing(void **state)
{
    (void)state;
    struct told told = {0};
    (void)ask_plainly();
    world.now_ms += TTL_MS + 1;
    source.gated = true;
    struct cache_query query = query_of(ID);
    query.deadline_ms = world.now_ms + 100;
    cache_get(cache, &query, note, &told, NULL);
    assert_int_equal(told.times, 0);
    world.now_ms = query.deadline_ms;
    cache_tick(cache);
    assert_int_equal(told.status, SMCRED_OK);
    assert_true(told.stale);
    sem_post(&source.gate);
    world_settle();
    assert_int_equal(told.times, 1);
}

/* A Secrets Manager that neither answers nor refuses: who can do without waits a second for it. */
static void a_hanging_source_holds_up_those_alone_who_have_nothing_else(void **state)
{
    (void)state;
    struct told first = {0}, second = {0}, fresh = {0}, cold = {0};
    (void)ask_plainly();
    world.now_ms += TTL_MS + 1;
    source.gated = true;
    struct cache_query query = query_of(ID), other = query_of("cold");
    cache_get(cache, &query, note, &first, NULL);
    cache_get(cache, &other, note, &cold, NULL);
    world.now_ms += PATIENCE_MS - 1;
    cache_tick(cache);
    assert_int_equal(first.times, 0);
    world.now_ms += 1;
    cache_tick(cache);
    assert_int_equal(first.status, SMCRED_OK);
    assert_true(first.stale);
    assert_string_equal(first.why, "the secret was not read in time");
    assert_true(state_of(ID).stale_for_ms > 0);

    cache_get(cache, &query, note, &second, NULL);
    assert_int_equal(second.times, 1); /* at once */
    assert_true(second.stale);
    assert_string_equal(second.why, "the secret was not read in time");

    query.fresh_from_ms = world.now_ms; /* its password was refused */
    cache_get(cache, &query, note, &fresh, NULL);
    world.now_ms += PATIENCE_MS;
    cache_tick(cache);
    assert_int_equal(fresh.times, 0);
    assert_int_equal(cold.times, 0);
    for (int i = 0; i < 3; i++)
        sem_post(&source.gate);
    world_settle();
    assert_int_equal(fresh.status, SMCRED_OK);
    assert_int_equal(cold.status, SMCRED_OK);
    assert_int_equal(state_of(ID).stale_for_ms, 0);
    assert_false(ask_plainly().stale);
    assert_int_equal(source.calls, 4); /* two of them before */
}

static void a_cancelled_ask_is_not_answered(void **state)
{
    (void)state;
    struct told told = {0};
    struct cache_ask *asked = NULL;
    struct cache_query query = query_of(ID);
    cache_get(cache, &query, note, &told, &asked);
    assert_non_null(asked);
    cache_cancel(asked);
    world_settle();
    assert_int_equal(told.times, 0);
    assert_string_equal(state_of(ID).version_id, "v1"); /* the fetch went on */
}

static void fresh_from_now_joins_no_older_fetch(void **state)
{
    (void)state;
    struct told plain = {0}, fresh = {0};
    struct cache_query query = query_of(ID);
    source.gated = true;
    cache_get(cache, &query, note, &plain, NULL);
    world.now_ms += 5;
    query.fresh_from_ms = world.now_ms;
    cache_get(cache, &query, note, &fresh, NULL);
    sem_post(&source.gate);
    while (plain.times == 0)
        assert_int_equal(event_base_loop(world.base, EVLOOP_ONCE), 0);
    assert_int_equal(fresh.times, 0); /* it waits for the next one */
    sem_post(&source.gate);
    world_settle();
    assert_int_equal(fresh.status, SMCRED_OK);
    assert_int_equal(source.calls, 2);
}

static void a_herd_of_refused_logins_makes_one_fetch(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    static struct told told[COUNT];
    memset(told, 0, sizeof told);
    struct sm_snapshot *refused = world_snapshot("v1", "app", "correct horse");
    (void)ask_plainly();
    source.version = "v2";
    world.now_ms += 20; /* the login that is refused takes a while */
    for (int i = 0; i < COUNT; i++) {
        world.now_ms += i % 2;
        struct cache_query query = query_of(ID);
        query.fresh_from_ms = world.now_ms;
        query.other_than = refused;
        cache_get(cache, &query, note, &told[i], NULL);
    }
    world_settle();
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(told[i].times, 1);
        assert_string_equal(told[i].version, "v2");
    }
    assert_int_equal(source.calls, 2);
    sm_snapshot_unref(refused);
}

static void forced_reads_without_news_wait_a_while(void **state)
{
    (void)state;
    (void)ask_plainly();
    world.now_ms += 1000;
    struct cache_query query = query_of(ID);
    query.fresh_from_ms = world.now_ms;
    assert_int_equal(ask(&query).status, SMCRED_OK);
    assert_int_equal(source.calls, 2);
    struct told told = {0};
    world.now_ms += 10;
    query.fresh_from_ms = world.now_ms;
    cache_get(cache, &query, note, &told, NULL);
    world_settle();
    assert_int_equal(told.times, 0); /* held */
    assert_int_equal(source.calls, 2);
    pass(990);
    assert_int_equal(told.status, SMCRED_OK);
    assert_int_equal(source.calls, 3);
}

static void fresh_is_never_answered_stale(void **state)
{
    (void)state;
    (void)ask_plainly();
    source.status = SMCRED_UNAVAILABLE;
    world.now_ms += 1000;
    struct cache_query query = query_of(ID);
    query.fresh_from_ms = world.now_ms;
    assert_int_equal(ask(&query).status, SMCRED_UNAVAILABLE);
    assert_false(ask(&query).waited); /* and the backoff holds for it too */
    assert_int_equal(ask_plainly().status, SMCRED_OK);
    assert_int_equal(source.calls, 2);
}

static void an_administrator_need_not_wait_for_the_backoff(void **state)
{
    (void)state;
    struct told told = {0};
    source.status = SMCRED_UNAVAILABLE;
    (void)ask_plainly();
    source.status = SMCRED_OK;
    cache_refresh(cache, ID, NULL, world.now_ms + 5000, note, &told, NULL);
    world_settle();
    assert_int_equal(told.status, SMCRED_OK);
    assert_int_equal(source.calls, 2);
}

static void the_least_recently_used_goes_first(void **state)
{
    (void)state;
    struct cache_limits limits = cache_limits_default();
    limits.secrets_max = 3;
    cache_set_limits(cache, &limits);
    static const char *const order[] = {"a", "b", "c", "a", "d"};
    for (int i = 0; i < 5; i++) {
        struct cache_query query = query_of(order[i]);
        (void)ask(&query);
    }
    assert_int_equal(cache_count(cache), 3);
    int calls = source.calls;
    static const char *const kept[] = {"a", "c", "d"};
    for (int i = 0; i < 3; i++) {
        struct cache_query query = query_of(kept[i]);
        assert_false(ask(&query).waited);
    }
    assert_int_equal(source.calls, calls);
}

static void entries_somebody_waits_for_are_not_evicted(void **state)
{
    (void)state;
    struct cache_limits limits = cache_limits_default();
    limits.secrets_max = 1;
    cache_set_limits(cache, &limits);
    struct told first = {0}, second = {0};
    struct cache_query query = query_of("a");
    source.gated = true;
    cache_get(cache, &query, note, &first, NULL);
    query.id = "b";
    cache_get(cache, &query, note, &second, NULL);
    assert_int_equal(second.status, SMCRED_LIMITED);
    sem_post(&source.gate);
    world_settle();
    assert_int_equal(first.status, SMCRED_OK);
}

/* Where the bytes of the cached password are. */
static void note_password(void *arg, const struct cache_answer *answer)
{
    *(const uint8_t **)arg = sm_secret_view(answer->snapshot->password).data;
}

static const uint8_t *cached_password(void)
{
    const uint8_t *where = NULL;
    struct cache_query query = query_of(ID);
    cache_get(cache, &query, note_password, &where, NULL);
    assert_memory_equal(where, "correct horse", 13);
    return where;
}

static void assert_wiped(const uint8_t *where)
{
    for (size_t i = 0; i < 64; i++) /* the smallest cell; its page stays mapped */
        assert_int_equal(where[i], 0);
}

static void eviction_wipes(void **state)
{
    (void)state;
    struct cache_limits limits = cache_limits_default();
    limits.secrets_max = 1;
    cache_set_limits(cache, &limits);
    (void)ask_plainly();
    const uint8_t *where = cached_password();
    source.status = SMCRED_NOT_FOUND; /* so that nothing new takes the place */
    struct cache_query query = query_of("another");
    (void)ask(&query);
    assert_wiped(where);
}

static bool is_another(void *arg, const char *id)
{
    (void)arg;
    return strcmp(id, "another") == 0;
}

static void what_is_not_wanted_any_more_is_wiped(void **state)
{
    (void)state;
    struct cache_query query = query_of("another");
    (void)ask_plainly();
    const uint8_t *where = cached_password();
    (void)ask(&query);
    assert_int_equal(cache_count(cache), 2);
    cache_keep(cache, is_another, NULL);
    assert_int_equal(cache_count(cache), 1);
    assert_wiped(where);
    assert_false(ask(&query).waited);
}

static void who_waits_is_answered_wanted_or_not(void **state)
{
    (void)state;
    struct told told = {0};
    struct cache_query query = query_of("a");
    source.gated = true;
    cache_get(cache, &query, note, &told, NULL);
    cache_keep(cache, is_another, NULL);
    sem_post(&source.gate);
    world_settle();
    assert_int_equal(told.status, SMCRED_OK);
}

static void too_old_to_serve_is_wiped_unasked(void **state)
{
    (void)state;
    (void)ask_plainly();
    const uint8_t *where = cached_password();
    source.status = SMCRED_UNAVAILABLE;
    pass(TTL_MS + STALE_MS + 1);
    assert_wiped(where);
}

static void a_new_version_wipes_the_old(void **state)
{
    (void)state;
    (void)ask_plainly();
    const uint8_t *where = cached_password();
    source.password =
        "battery staple, longer than a cell of sixty-four bytes, so it lies elsewhere";
    source.version = "v2";
    struct told told = {0};
    cache_refresh(cache, ID, NULL, world.now_ms + 5000, note, &told, NULL);
    world_settle();
    assert_string_equal(told.version, "v2");
    assert_wiped(where);
}

static void revoke_beats_everything(void **state)
{
    (void)state;
    struct told told = {0};
    (void)ask_plainly();
    const uint8_t *where = cached_password();
    source.gated = true;
    struct cache_query query = query_of(ID);
    query.fresh_from_ms = world.now_ms + 1;
    world.now_ms += 1;
    cache_get(cache, &query, note, &told, NULL);
    assert_int_equal(cache_revoke(cache, ID, "another version"), 0);
    assert_int_equal(cache_revoke(cache, ID, NULL), 1);
    assert_wiped(where);
    assert_int_equal(told.status, SMCRED_REVOKED);
    sem_post(&source.gate);
    world_settle(); /* what was under way is not believed */
    assert_string_equal(state_of(ID).version_id, "");
    source.gated = false;
    assert_int_equal(ask_plainly().status, SMCRED_OK);
}

static enum smcred_status read_page(const struct sm_page_map *map, char *out_password)
{
    char buffer[4096];
    struct sm_page_copy copy;
    size_t used;
    enum smcred_status status =
        sm_page_read(map, world.now_ms, buffer, sizeof buffer, &copy, &used);
    if (status == SMCRED_OK)
        snprintf(out_password, 128, "%s", (const char *)copy.field[PAGE_PASSWORD].data);
    return status;
}

static void a_page_follows_its_entry(void **state)
{
    (void)state;
    struct sm_page_map map;
    char password[128];
    int fd;
    assert_int_equal(cache_page(cache, ID, NULL, &fd), SMCRED_NOT_FOUND);
    (void)ask_plainly();
    assert_int_equal(cache_page(cache, ID, NULL, &fd), SMCRED_OK);
    assert_int_equal(sm_page_map(fd, &map), SMCRED_OK);
    assert_int_equal(read_page(&map, password), SMCRED_OK);
    assert_string_equal(password, "correct horse");
    source.password = "battery staple";
    source.version = "v2";
    struct told told = {0};
    cache_refresh(cache, ID, NULL, world.now_ms + 5000, note, &told, NULL);
    world_settle();
    assert_int_equal(read_page(&map, password), SMCRED_OK);
    assert_string_equal(password, "battery staple");
    (void)cache_revoke(cache, ID, NULL);
    assert_int_equal(read_page(&map, password), SMCRED_REVOKED);
    for (size_t i = sizeof(struct page_header); i < map.size; i++)
        assert_int_equal(((const uint8_t *)map.header)[i], 0);
    assert_int_equal(cache_page(cache, ID, NULL, &fd), SMCRED_NOT_FOUND);
    (void)ask_plainly();
    assert_int_equal(read_page(&map, password), SMCRED_OK); /* the same page serves again */
    sm_page_unmap(&map);
}

static void a_page_is_trusted_as_long_as_we_would_serve(void **state)
{
    (void)state;
    struct sm_page_map map;
    char password[128];
    int fd;
    (void)ask_plainly();
    assert_int_equal(cache_page(cache, ID, NULL, &fd), SMCRED_OK);
    assert_int_equal(sm_page_map(fd, &map), SMCRED_OK);
    world.now_ms += TTL_MS + 1;
    assert_int_equal(read_page(&map, password), SMCRED_UNAVAILABLE);
    source.status = SMCRED_UNAVAILABLE;
    assert_true(ask_plainly().stale);
    assert_int_equal(read_page(&map, password), SMCRED_OK); /* while the source fails */
    assert_int_equal(cache_page(cache, ID, NULL, &fd), SMCRED_OK);
    pass(STALE_MS);
    assert_int_equal(read_page(&map, password), SMCRED_UNAVAILABLE);
    sm_page_unmap(&map);
}

static void a_page_is_trusted_while_its_secret_is_read_slowly(void **state)
{
    (void)state;
    struct sm_page_map map;
    struct told told = {0};
    char password[128];
    int fd;
    (void)ask_plainly();
    assert_int_equal(cache_page(cache, ID, NULL, &fd), SMCRED_OK);
    assert_int_equal(sm_page_map(fd, &map), SMCRED_OK);
    world.now_ms += TTL_MS + 1;
    source.gated = true;
    struct cache_query query = query_of(ID);
    cache_get(cache, &query, note, &told, NULL);
    world.now_ms += PATIENCE_MS;
    cache_tick(cache);
    assert_true(told.stale);
    assert_int_equal(read_page(&map, password), SMCRED_UNAVAILABLE);
    assert_int_equal(cache_page(cache, ID, NULL, &fd), SMCRED_OK); /* as whoever was told so does */
    assert_int_equal(read_page(&map, password), SMCRED_OK);
    sem_post(&source.gate);
    world_settle();
    sm_page_unmap(&map);
}

static void another_source_takes_over_at_once(void **state)
{
    (void)state;
    static struct source other = {
        .version = "other", .username = "app", .password = "x", .lock = PTHREAD_MUTEX_INITIALIZER};
    struct told told = {0};
    struct cache_query query = query_of(ID);
    source.gated = true;
    cache_get(cache, &query, note, &told, NULL);
    assert_int_equal(cache_set_source(cache, &(struct cache_source){.fetch = fetch, .arg = &other}),
                     SMCRED_OK);
    assert_int_equal(source.released, 0); /* its fetch is still under way */
    sem_post(&source.gate);
    world_settle();
    assert_int_equal(source.released, 1);
    assert_int_equal(told.times, 1);
    assert_string_equal(told.version, "other");
}

static void stages_are_entries_of_their_own(void **state)
{
    (void)state;
    struct cache_query query = query_of(ID);
    (void)ask_plainly();
    query.stage = "AWSPENDING";
    source.version = "v2";
    assert_string_equal(ask(&query).version, "v2");
    assert_string_equal(ask_plainly().version, "v1");
    assert_int_equal(cache_count(cache), 2);
}

static void an_empty_or_endless_id_is_refused(void **state)
{
    (void)state;
    static char endless[8192];
    struct cache_query query = query_of("");
    assert_int_equal(ask(&query).status, SMCRED_INVALID);
    memset(endless, 'x', sizeof endless - 1);
    query.id = endless;
    assert_int_equal(ask(&query).status, SMCRED_INVALID);
    assert_int_equal(cache_count(cache), 0);
}

/* Asks again from within its own answer, `left` times. */
struct chain {
    int left;
    int answered;
};

static void ask_again(void *arg, const struct cache_answer *answer)
{
    struct chain *chain = arg;
    assert_int_equal(answer->status, SMCRED_OK);
    chain->answered++;
    if (chain->left-- == 0)
        return;
    struct cache_query query = query_of(ID);
    query.fresh_from_ms = ++world.now_ms;
    query.insist = true;
    cache_get(cache, &query, ask_again, chain, NULL);
}

static void callbacks_may_ask_again(void **state)
{
    (void)state;
    struct chain chain = {.left = 5};
    struct cache_query query = query_of(ID);
    cache_get(cache, &query, ask_again, &chain, NULL);
    world_settle();
    assert_int_equal(chain.answered, 6);
    assert_int_equal(source.calls, 6);
}

static void stopping_answers_everybody(void **state)
{
    (void)state;
    struct told told = {0};
    struct cache_query query = query_of(ID);
    query.deadline_ms = INT64_MAX;
    (void)ask_plainly();
    for (int i = 0; i < 2; i++) { /* held for want of news: no fetch is under way */
        query.fresh_from_ms = ++world.now_ms;
        told = (struct told){0};
        cache_get(cache, &query, note, &told, NULL);
        world_settle();
    }
    assert_int_equal(told.times, 0);
    world_stop_workers();
    cache_free(cache);
    cache = NULL;
    assert_int_equal(told.status, SMCRED_UNAVAILABLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(
    TEST(a_thousand_askers_make_one_fetch), TEST(a_hit_calls_back_at_once),
    TEST(expiry_is_jittered_within_ten_percent),
    TEST(what_was_used_is_read_again_before_it_expires), TEST(what_was_not_used_is_left_to_expire),
    TEST(a_late_use_refreshes_behind_the_back_of_a_hit), TEST(not_found_is_remembered_briefly),
    TEST(a_verdict_of_the_source_ends_what_was_cached),
    TEST(stale_serves_on_errors_until_its_bound), TEST(a_failing_source_is_asked_less_and_less),
    TEST(backoff_is_shortened_by_at_most_half), TEST(service_resumes_by_itself),
    TEST(each_asker_has_a_deadline), TEST(a_deadline_prefers_stale_to_nothing),
    TEST(a_page_is_trusted_while_its_secret_is_read_slowly),
    TEST(a_hanging_source_holds_up_those_alone_who_have_nothing_else),
    TEST(a_cancelled_ask_is_not_answered), TEST(fresh_from_now_joins_no_older_fetch),
    TEST(a_herd_of_refused_logins_makes_one_fetch), TEST(forced_reads_without_news_wait_a_while),
    TEST(fresh_is_never_answered_stale), TEST(an_administrator_need_not_wait_for_the_backoff),
    TEST(the_least_recently_used_goes_first), TEST(entries_somebody_waits_for_are_not_evicted),
    TEST(eviction_wipes), TEST(what_is_not_wanted_any_more_is_wiped),
    TEST(who_waits_is_answered_wanted_or_not), TEST(too_old_to_serve_is_wiped_unasked),
    TEST(a_new_version_wipes_the_old), TEST(revoke_beats_everything),
    TEST(a_page_follows_its_entry), TEST(a_page_is_trusted_as_long_as_we_would_serve),
    TEST(another_source_takes_over_at_once), TEST(stages_are_entries_of_their_own),
    TEST(an_empty_or_endless_id_is_refused), TEST(callbacks_may_ask_again),
    TEST(stopping_answers_everybody))
