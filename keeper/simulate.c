/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * simulate.c - a world for one login.  Called by simulated.c.
 *
 * The world is played in the caller's thread: source calls are jobs of a pool without threads, and
 * timers do not run, for the clock moves only here.
 */
#include "keeper/simulate.h"

#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>

#include "keeper/attempts.h"
#include "keeper/cache.h"
#include "keeper/lessons.h"
#include "keeper/stages.h"
#include "keeper/verdict.h"
#include "keeper/workers.h"

#define TICK_MS       25
#define TOO_LONG_MS   (15 * 60 * 1000)
#define QUEUE_MAX     64
#define ENDPOINTS_MAX 64
#define NEW_VERSION   "(new)"
#define UNREAD        "(unread)"

enum label { CURRENT, PENDING, PREVIOUS, LABELS };
static const char *const labels[LABELS] = {"AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"};

enum news { NOTHING, DIAL, PROVE, OVER };

struct world {
    const struct simulate_options *options;
    struct simulate_result *result;
    struct event_base *base;
    struct workers *workers;
    struct cache *cache;
    struct attempts *attempts;
    struct logins *logins;
    struct login *login;

    struct sm_snapshot *service[LABELS]; /* what Secrets Manager has; NULL: no such label */
    struct sm_snapshot *right;           /* what the database takes; NULL: nothing we know of */
    bool changed;                        /* its password is another one than the lessons know */

    enum news news;
    struct sm_snapshot *tried; /* of the present attempt */
};

/* One simulation at a time: the modules' clocks have no argument. */
static int64_t clock_ms;

static int64_t now_ms(void)
{
    return clock_ms;
}

/* No chance: the longest pause, the shortest life. */
static uint32_t no_chance(void)
{
    return 0;
}

SM_PRINTF(2, 3)
static void step(struct world *world, const char *format, ...)
{
    struct simulate_result *result = world->result;
    bool full = result->step_count == SIMULATE_STEPS_MAX;
    char *line = result->steps[full ? SIMULATE_STEPS_MAX - 1 : result->step_count++];
    double since_s = (double)(clock_ms - world->options->at_ms) / 1000;
    va_list args;
    int len = snprintf(line, SIMULATE_STEP_SIZE, "%.2f s  ", since_s); /* fits */
    va_start(args, format);
    (void)vsnprintf(line + len, SIMULATE_STEP_SIZE - (size_t)len, format, args); /* may be cut */
    va_end(args);
}

/* ---- versions ---- */

/* One that nobody here knows, of the same user and place as `like`.  NULL for want of memory. */
static struct sm_snapshot *unknown(const struct world *world, const struct sm_snapshot *like,
                                   const char *version_id, const char *password)
{
    const struct simulate_options *options = world->options;
    struct sm_secret *secret = NULL;
    struct sm_snapshot *snapshot = NULL;
    if (sm_secret_new(options->vault, sm_bytes_of(password), &secret) != SMCRED_OK)
        return NULL;
    struct sm_snapshot from = {.name = options->where.secret_id,
                               .version_id = version_id,
                               .username = *options->username ? options->username : UNREAD,
                               .dbname = options->dbname,
                               .host = *options->host ? options->host : UNREAD};
    if (like)
        from = (struct sm_snapshot){.name = like->name,
                                    .arn = like->arn,
                                    .version_id = version_id,
                                    .username = like->username,
                                    .dbname = like->dbname,
                                    .host = like->host,
                                    .port = like->port,
                                    .engine = like->engine};
    from.password = secret;
    if (sm_snapshot_new(&from, &snapshot) != SMCRED_OK)
        sm_secret_free(secret);
    return snapshot;
}

/* The map, unless a value that was read since knows better; or NULL. */
static const struct stages *known_map(const struct world *world)
{
    const char *secret_id = world->options->where.secret_id;
    const struct stages *map = cache_known_stages(world->options->cache, secret_id);
    const struct sm_snapshot *current =
        cache_known_snapshot(world->options->cache, secret_id, labels[CURRENT]);
    const char *named = map ? stages_version(map, labels[CURRENT]) : NULL;
    bool agree = !current || (named && strcmp(named, current->version_id) == 0);
    return agree ? map : NULL;
}

/* Which version has this label; NULL: none.  Where that is not known, there is one as a rule. */
static const char *version_of(const struct stages *map, enum label label)
{
    static const char *const assumed[LABELS] = {
        [CURRENT] = "(current)", [PENDING] = NULL, [PREVIOUS] = "(previous)"};
    if (!map)
        return assumed[label];
    return label == PENDING ? stages_pending(map) : stages_version(map, labels[label]);
}

/* As the keeper believes it to be.  NULL: there is none, or no memory. */
static struct sm_snapshot *believed(const struct world *world, const struct stages *map,
                                    enum label label)
{
    struct sm_snapshot *held =
        cache_known_snapshot(world->options->cache, world->options->where.secret_id, labels[label]);
    const char *id = version_of(map, label);
    if (held && (!map || (id && strcmp(id, held->version_id) == 0)))
        return sm_snapshot_ref(held);
    return id ? unknown(world, world->service[CURRENT], id, "not known here") : NULL;
}

/* Without an event. */
static bool build_service(struct world *world)
{
    const struct stages *map = known_map(world);
    for (size_t i = 0; i < LABELS; i++) /* the first is what others are like */
        world->service[i] = believed(world, map, (enum label)i);
    return world->service[CURRENT] != NULL;
}

static void set(struct sm_snapshot **place, struct sm_snapshot *snapshot)
{
    sm_snapshot_unref(*place);
    *place = snapshot;
}

static bool rotate(struct world *world)
{
    struct sm_snapshot *fresh =
        unknown(world, world->service[CURRENT], NEW_VERSION, "as the rotation has set it");
    set(&world->service[PENDING], NULL);
    set(&world->service[PREVIOUS], world->service[CURRENT]);
    world->service[CURRENT] = fresh;
    return fresh != NULL;
}

static bool rotate_half(struct world *world)
{
    if (!world->service[PENDING])
        world->service[PENDING] =
            unknown(world, world->service[CURRENT], NEW_VERSION, "as the rotation has set it");
    return world->service[PENDING] != NULL;
}

/* ---- Secrets Manager ---- */

static enum smcred_status down(struct sm_error *err)
{
    return sm_error_set(err, SMCRED_UNAVAILABLE, "Secrets Manager does not answer (simulated)");
}

static enum smcred_status fetch(void *arg, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    struct world *world = arg;
    world->result->values++;
    if (world->options->event == SIMULATE_SM_DOWN) {
        step(world, "GetSecretValue %s: no answer", query->stage);
        return down(err);
    }
    for (size_t i = 0; i < LABELS; i++) {
        if (strcmp(query->stage, labels[i]) != 0 || !world->service[i])
            continue;
        step(world, "GetSecretValue %s: version %.64s", labels[i], world->service[i]->version_id);
        *out_snapshot = sm_snapshot_ref(world->service[i]);
        return SMCRED_OK;
    }
    step(world, "GetSecretValue %s: there is none", query->stage);
    return sm_error_set(err, SMCRED_NOT_FOUND, "no version has this label");
}

static const char *version_at(const struct world *world, enum label label)
{
    return world->service[label] ? world->service[label]->version_id : "";
}

static enum smcred_status read_map(void *arg, const struct sm_source_query *query,
                                   struct sm_stage_map *out_map, struct sm_error *err)
{
    struct world *world = arg;
    (void)query;
    world->result->maps++;
    if (world->options->event == SIMULATE_SM_DOWN) {
        step(world, "DescribeSecret: no answer");
        return down(err);
    }
    *out_map = (struct sm_stage_map){.fixed = true};
    for (size_t i = 0; i < LABELS; i++) {
        struct sm_stage *row = &out_map->list[out_map->count];
        if (!world->service[i])
            continue;
        out_map->count++;
        (void)snprintf(row->label, sizeof row->label, "%s", labels[i]); /* fits */
        (void)snprintf(row->version_id, sizeof row->version_id, "%s",
                       world->service[i]->version_id); /* likewise; else cut */
    }
    step(world, "DescribeSecret: AWSCURRENT %.64s%s%.64s", version_at(world, CURRENT),
         world->service[PENDING] ? ", AWSPENDING " : "", version_at(world, PENDING));
    return SMCRED_OK;
}

/* ---- the database ---- */

static bool same_user(const struct sm_snapshot *a, const struct sm_snapshot *b)
{
    return a && b && strcmp(a->username, b->username) == 0;
}

static const struct lesson *lesson_of(const struct world *world, const struct logins *logins)
{
    return logins_lesson(logins, world->options->where.secret_id, world->result->endpoint);
}

/* Has it never asked for anything but passwords without a salt? */
static bool is_without_salt(const struct lesson *lesson)
{
    const struct fact *proven = lesson_proven(lesson);
    return proven && lesson->salt.len == 0;
}

static struct salt salt_of(const struct world *world)
{
    static const struct salt fresh = {16, "new and unknown"};
    const struct lesson *before = lesson_of(world, world->options->logins);
    bool other = world->changed && same_user(world->tried, world->right);
    if (is_without_salt(before))
        return (struct salt){.len = 0};
    return before && before->salt.len > 0 && !other ? before->salt : fresh;
}

static bool same_password(const struct sm_snapshot *a, const struct sm_snapshot *b)
{
    return a && b && same_user(a, b) && a->password && b->password &&
           sm_secret_equal(a->password, sm_secret_view(b->password));
}

/* Nothing has happened to it: what was right at this endpoint still is. */
static void believe_lessons(struct world *world)
{
    const struct lesson *lesson = lesson_of(world, world->options->logins);
    const struct fact *proven = lesson_proven(lesson);
    set(&world->right, NULL);
    for (size_t i = 0; i < LABELS; i++)
        if (proven && world->service[i] &&
            strcmp(world->service[i]->version_id, proven->version_id) == 0)
            world->right = sm_snapshot_ref(world->service[i]);
    if (!proven)
        world->right = sm_snapshot_ref(world->service[CURRENT]);
}

static void choose_right(struct world *world)
{
    switch (world->options->event) {
    case SIMULATE_SM_DOWN:
        believe_lessons(world);
        return;
    case SIMULATE_ROTATED:
        world->right = sm_snapshot_ref(world->service[CURRENT]);
        break;
    case SIMULATE_HALF_ROTATED:
        world->right = sm_snapshot_ref(world->service[PENDING]);
        break;
    case SIMULATE_CHANGED:
        world->right =
            unknown(world, world->service[CURRENT], NEW_VERSION, "as the hand has set it");
        break;
    }
    world->changed = true;
}

/* ---- the login ---- */

static void keep_tried(struct world *world, struct sm_snapshot *snapshot, const char *stage)
{
    struct simulate_result *result = world->result;
    set(&world->tried, sm_snapshot_ref(snapshot));
    (void)snprintf(result->version_id, sizeof result->version_id, "%s", snapshot->version_id);
    (void)snprintf(result->user, sizeof result->user, "%s", snapshot->username); /* may be cut */
    (void)snprintf(result->stage, sizeof result->stage, "%s", stage);            /* likewise */
}

static void end(struct world *world, enum smcred_status status, const char *text)
{
    world->result->status = status;
    (void)snprintf(world->result->text, sizeof world->result->text, "%s", text); /* may be cut */
    world->news = OVER;
}

static void on_next(void *arg, const struct login_answer *answer)
{
    struct world *world = arg;
    struct simulate_result *result = world->result;
    world->news = NOTHING;
    if (answer->wait_ms > 0) {
        step(world, "nothing fits: waits %.2f s", (double)answer->wait_ms / 1000);
        return;
    }
    if (answer->status != SMCRED_OK) {
        result->drifted = answer->drifted;
        end(world, answer->status, answer->err->text);
        return;
    }
    keep_tried(world, answer->snapshot, answer->stage);
    result->stale = answer->stale;
    if (answer->host[0] == '/')
        (void)snprintf(result->endpoint, sizeof result->endpoint, "%s", answer->host);
    else
        (void)snprintf(result->endpoint, sizeof result->endpoint, "%.300s:%u", answer->host,
                       answer->port);
    const char *why = world->options->forbid
                          ? world->options->forbid(world->options->arg, answer->snapshot)
                          : NULL;
    if (why)
        end(world, SMCRED_REVOKED, why);
    else
        world->news = DIAL;
}

static void on_prove(void *arg, const struct login_proof *proof)
{
    struct world *world = arg;
    keep_tried(world, proof->snapshot, proof->stage);
    world->news = PROVE;
}

/* What the salt tells, in the solver's own words. */
static const char *tell_salt(const struct world *world, const struct salt *salt)
{
    if (salt->len == 0)
        return "it asks without a salt, which tells nothing";
    const struct lesson *lesson = lesson_of(world, world->logins);
    switch (lesson_says(lesson, world->result->version_id, salt)) {
    case LESSON_RIGHT:
        return "its salt is the one that this version was right with";
    case LESSON_WRONG:
        return "its salt is one that this version was wrong with";
    case LESSON_CHANGED:
        return "its salt has changed since this version was right";
    case LESSON_UNKNOWN:
        break;
    }
    return lesson_right(lesson, salt) ? "its salt is one that another version was right with"
                                      : "nothing is known of its salt";
}

static void dial(struct world *world)
{
    struct simulate_result *result = world->result;
    result->connections++;
    if (world->options->event == SIMULATE_SM_DOWN)
        believe_lessons(world); /* of this endpoint */
    struct salt salt = salt_of(world);
    step(world, "connects to %.200s for version %.64s (%s): %s", result->endpoint,
         result->version_id, result->stage, tell_salt(world, &salt));
    world->news = NOTHING;
    login_challenged(world->login, sm_bytes(salt.bytes, salt.len), on_prove);
}

static void judge(struct world *world)
{
    struct simulate_result *result = world->result;
    bool right = same_password(world->tried, world->right);
    step(world, "proves version %.64s (%s): %s", result->version_id, result->stage,
         right ? "accepted" : "wrong password");
    world->news = NOTHING;
    if (right) {
        login_accepted(world->login);
        end(world, SMCRED_OK, "");
        return;
    }
    result->wrong++;
    login_refused(world->login, &(struct verdict_refusal){"28P01", "auth_failed", 0, true});
}

static void wait_a_tick(struct world *world)
{
    clock_ms += TICK_MS;
    cache_tick(world->cache);
    workers_work(world->workers);
    if (world->news == NOTHING)
        logins_tick(world->logins);
    if (clock_ms - world->options->at_ms > TOO_LONG_MS)
        end(world, SMCRED_TIMED_OUT, "the login does not come to an end");
}

static void play(struct world *world)
{
    while (world->news != OVER) {
        workers_work(world->workers);
        switch (world->news) {
        case NOTHING:
            wait_a_tick(world);
            break;
        case DIAL:
            dial(world);
            break;
        case PROVE:
            judge(world);
            break;
        case OVER:
            break;
        }
    }
    world->result->took_ms = clock_ms - world->options->at_ms;
}

/* ---- the world ---- */

static bool build_modules(struct world *world)
{
    const struct simulate_options *options = world->options;
    world->base = event_base_new();
    if (!world->base || workers_new_idle(world->base, QUEUE_MAX, &world->workers) != SMCRED_OK)
        return false;
    struct cache_options cache = {.base = world->base,
                                  .workers = world->workers,
                                  .source = {.fetch = fetch, .arg = world, .read_map = read_map},
                                  .limits = cache_limits_default(),
                                  .now_ms = now_ms,
                                  .random = no_chance};
    struct attempts_options attempts = {.now_ms = now_ms};
    if (cache_new(&cache, &world->cache) != SMCRED_OK ||
        attempts_new(&attempts, &world->attempts) != SMCRED_OK)
        return false;
    struct logins_options logins = {.base = world->base,
                                    .cache = world->cache,
                                    .attempts = world->attempts,
                                    .now_ms = now_ms,
                                    .random = no_chance,
                                    .endpoints_max = ENDPOINTS_MAX};
    return logins_new(&logins, &world->logins) == SMCRED_OK &&
           cache_copy(options->cache, options->where.secret_id, world->cache) == SMCRED_OK &&
           attempts_copy(options->attempts, world->attempts) == SMCRED_OK &&
           logins_copy(options->logins, options->where.secret_id, world->logins) == SMCRED_OK;
}

static bool build_event(struct world *world)
{
    bool built = build_service(world);
    if (built && world->options->event == SIMULATE_ROTATED)
        built = rotate(world);
    if (built && world->options->event == SIMULATE_HALF_ROTATED)
        built = rotate_half(world);
    if (built)
        choose_right(world);
    return built;
}

static void destroy(struct world *world)
{
    login_free(world->login);
    workers_free(world->workers);
    logins_free(world->logins);
    attempts_free(world->attempts);
    cache_free(world->cache);
    if (world->base)
        event_base_free(world->base);
    for (size_t i = 0; i < LABELS; i++)
        sm_snapshot_unref(world->service[i]);
    sm_snapshot_unref(world->right);
    sm_snapshot_unref(world->tried);
}

enum smcred_status simulate_login(const struct simulate_options *options,
                                  struct simulate_result *out_result)
{
    struct world world = {.options = options, .result = out_result};
    enum smcred_status status = SMCRED_NO_MEMORY;
    *out_result = (struct simulate_result){.status = SMCRED_OK};
    clock_ms = options->at_ms;
    if (build_modules(&world) && build_event(&world) &&
        login_begin(world.logins, &options->where, on_next, &world, &world.login) == SMCRED_OK) {
        play(&world);
        status = SMCRED_OK;
    }
    destroy(&world);
    return status;
}
