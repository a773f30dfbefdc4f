/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_rotation.c - doc/rotation.md, played: Secrets Manager, a database and clients on a clock
 * that moves when told.  Each story says what happens when; each login either succeeds or fails,
 * and every wrong password that the database sees is counted.
 */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "keeper/attempts.h"
#include "keeper/cache.h"
#include "keeper/login.h"
#include "keeper/simulate.h"
#include "keeper/verdict.h"
#include "tests/keeper/world.h"

#define ID          "prod/orders/db"
#define WAIT_MS     15000
#define CLIENTS_MAX 8

/* ---- Secrets Manager ---- */

struct version {
    const char *id, *username, *password, *host, *dbname;
};

static struct service {
    struct version versions[8];
    const char *current, *pending, *previous;
    enum smcred_status status;
    int64_t hangs_ms; /* that pass before it fails */
    int values, maps; /* calls */
    bool finishes;    /* as soon as AWSCURRENT has been read once more */
} service;

/* While a call is under way, the loop waits for its end and nobody else looks at the clock. */
static enum smcred_status fails(struct sm_error *err)
{
    world.now_ms += service.hangs_ms;
    return sm_error_set(err, service.status, "it does not answer");
}

static const struct version *version_of(const char *id)
{
    for (size_t i = 0; id && i < 8; i++)
        if (service.versions[i].id && strcmp(service.versions[i].id, id) == 0)
            return &service.versions[i];
    return NULL;
}

static void put_version(const char *id, const char *username, const char *password,
                        const char *host)
{
    size_t i = 0;
    while (service.versions[i].id)
        i++;
    assert_true(i < 8);
    service.versions[i] = (struct version){id, username, password, host, "orders"};
}

static void put_pending(const char *id, const char *username, const char *password)
{
    put_version(id, username, password, "db");
    service.pending = id;
}

/* As UpdateSecretVersionStage does; AWSPENDING stays on it for a while. */
static void finish(void)
{
    service.previous = service.current;
    service.current = service.pending;
}

static void put_current(const char *id, const char *username, const char *password)
{
    put_version(id, username, password, "db");
    service.previous = service.current;
    service.current = id;
}

static const char *id_of_stage(const char *stage)
{
    if (strcmp(stage, "AWSPENDING") == 0)
        return service.pending;
    return strcmp(stage, "AWSPREVIOUS") == 0 ? service.previous : service.current;
}

static enum smcred_status fetch(void *arg, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    (void)arg;
    service.values++;
    if (service.status != SMCRED_OK)
        return fails(err);
    const struct version *version = version_of(id_of_stage(query->stage));
    if (service.finishes && version == version_of(service.current)) {
        finish();
        service.pending = NULL;
        service.finishes = false;
        world.now_ms += 2; /* the way back */
    }
    if (!version) /* no such label, or no value yet */
        return sm_error_set(err, SMCRED_NOT_FOUND, "no such stage");
    struct sm_secret *password = NULL;
    assert_int_equal(sm_secret_new(world.vault, sm_bytes_of(version->password), &password),
                     SMCRED_OK);
    struct sm_snapshot from = {.name = ID,
                               .version_id = version->id,
                               .username = version->username,
                               .host = version->host,
                               .dbname = version->dbname,
                               .port = 5432,
                               .password = password};
    return sm_snapshot_new(&from, out_snapshot);
}

static enum smcred_status read_map(void *arg, const struct sm_source_query *query,
                                   struct sm_stage_map *out_map, struct sm_error *err)
{
    static const char *const labels[] = {"AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"};
    (void)arg;
    (void)query;
    service.maps++;
    if (service.status != SMCRED_OK)
        return fails(err);
    *out_map = (struct sm_stage_map){.fixed = true};
    for (size_t i = 0; i < 3; i++) {
        const char *id = id_of_stage(labels[i]);
        struct sm_stage *stage = &out_map->list[out_map->count];
        if (!id)
            continue;
        out_map->count++;
        snprintf(stage->label, sizeof stage->label, "%s", labels[i]);
        snprintf(stage->version_id, sizeof stage->version_id, "%s", id);
    }
    return SMCRED_OK;
}

/* ---- the database ---- */

static struct database {
    struct role {
        const char *name, *password;
        char salt[24];
        int wrong; /* passwords */
    } roles[3];
    int altered;
    int dials;
    bool md5;
} database;

static struct role *role_of(const char *name)
{
    for (size_t i = 0; i < 3; i++)
        if (database.roles[i].name && strcmp(database.roles[i].name, name) == 0)
            return &database.roles[i];
    return NULL;
}

static void alter_role(const char *name, const char *password)
{
    struct role *role = role_of(name);
    for (size_t i = 0; !role; i++)
        if (!database.roles[i].name)
            role = &database.roles[i];
    role->name = name;
    role->password = password;
    snprintf(role->salt, sizeof role->salt, "salt %d", ++database.altered);
}

static int wrong_passwords(void)
{
    int count = 0;
    for (size_t i = 0; i < 3; i++)
        count += database.roles[i].wrong;
    return count;
}

/* ---- clients ---- */

static struct cache *cache;
static struct attempts *attempts;
static struct logins *logins;

enum news { NOTHING, DIAL, PROVE, WAITS, OVER };

struct client {
    struct login *login;
    enum news news;
    enum smcred_status status;
    char version[16], user[16], password[32], host[16], dbname[16], stage[40];
    char why[256];
    bool logged_in;
    char drifted[32]; /* whose password was changed; "": nobody's */
    int64_t begun_ms, took_ms;
    unsigned waits;
};
static struct client clients[CLIENTS_MAX];

static void keep_snapshot(struct client *client, const struct sm_snapshot *snapshot)
{
    snprintf(client->version, sizeof client->version, "%s", snapshot->version_id);
    snprintf(client->user, sizeof client->user, "%s", snapshot->username);
    snprintf(client->password, sizeof client->password, "%s",
             (const char *)sm_secret_view(snapshot->password).data);
}

static void on_next(void *arg, const struct login_answer *answer)
{
    struct client *client = arg;
    if (answer->wait_ms > 0) {
        assert_true(answer->wait_ms <= 2000);
        client->waits++;
        client->news = WAITS;
        return;
    }
    client->status = answer->status;
    snprintf(client->drifted, sizeof client->drifted, "%s",
             answer->drifted ? answer->snapshot->username : "");
    client->news = answer->status == SMCRED_OK ? DIAL : OVER;
    snprintf(client->why, sizeof client->why, "%.250s", answer->err->text);
    if (answer->status != SMCRED_OK)
        return;
    keep_snapshot(client, answer->snapshot);
    snprintf(client->host, sizeof client->host, "%.15s", answer->host);
    snprintf(client->dbname, sizeof client->dbname, "%s", answer->snapshot->dbname);
    snprintf(client->stage, sizeof client->stage, "%s", answer->stage);
}

static void on_prove(void *arg, const struct login_proof *proof)
{
    struct client *client = arg;
    client->news = PROVE;
    assert_string_equal(proof->snapshot->username, client->user); /* of this connection */
    assert_string_equal(proof->snapshot->host, client->host);
    assert_string_equal(proof->snapshot->dbname, client->dbname);
    keep_snapshot(client, proof->snapshot);
    snprintf(client->stage, sizeof client->stage, "%s", proof->stage);
}

static void begin(struct client *client)
{
    static const struct login_target target = {.secret_id = ID, .default_port = 5432};
    *client = (struct client){.begun_ms = world.now_ms};
    assert_int_equal(login_begin(logins, &target, on_next, client, &client->login), SMCRED_OK);
}

static void end(struct client *client)
{
    login_free(client->login);
    client->login = NULL;
    client->news = NOTHING;
    client->took_ms = world.now_ms - client->begun_ms;
}

/* The database challenges. */
static void dial(struct client *client)
{
    const struct role *role = role_of(client->user);
    const char *salt = database.md5 ? "" : role ? role->salt : "of nobody";
    database.dials++;
    world.now_ms += 2; /* the way there */
    client->news = NOTHING;
    login_challenged(client->login, sm_bytes_of(salt), on_prove);
}

static const struct verdict_refusal wrong_password = {
    .sqlstate = "28P01", .routine = "auth_failed", .proved = true};

/* The database judges. */
static void judge(struct client *client)
{
    struct role *role = role_of(client->user);
    client->news = NOTHING;
    if (role && strcmp(role->password, client->password) == 0) {
        login_accepted(client->login);
        client->logged_in = true;
        end(client);
        return;
    }
    if (role)
        role->wrong++;
    login_refused(client->login, &wrong_password);
}

static bool act(struct client *client)
{
    switch (client->news) {
    case NOTHING:
    case WAITS:
        return false;
    case DIAL:
        dial(client);
        return true;
    case PROVE:
        judge(client);
        return true;
    case OVER:
        end(client);
        return true;
    }
    return false;
}

static void (*story)(int64_t since_ms); /* what happens meanwhile */
static int64_t story_ms;

static void pass(int64_t ms)
{
    world.now_ms += ms;
    if (story)
        story(world.now_ms - story_ms);
    cache_tick(cache);
    world_settle();
    logins_tick(logins);
    world_settle();
}

static bool anybody_acts(size_t count)
{
    bool acted = false;
    for (size_t i = 0; i < count; i++)
        if (clients[i].login && act(&clients[i])) {
            acted = true;
            world_settle();
        }
    return acted;
}

static bool anybody_left(size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (clients[i].login)
            return true;
    return false;
}

/* To the end of all that have begun.  Returns how many got in. */
static size_t go_on(size_t count)
{
    size_t in = 0;
    while (anybody_left(count)) {
        if (!anybody_acts(count))
            pass(25);
        logins_tick(logins);
        world_settle();
        assert_true(world.now_ms - story_ms < 120000);
    }
    for (size_t i = 0; i < count; i++)
        in += clients[i].logged_in;
    return in;
}

static void begin_all(size_t count)
{
    story_ms = ++world.now_ms;
    for (size_t i = 0; i < count; i++)
        begin(&clients[i]);
    world_settle();
}

/* So many log in at once.  Returns how many got in. */
static size_t log_in(size_t count)
{
    begin_all(count);
    return go_on(count);
}

static void assert_in_with(const char *version)
{
    assert_int_equal(log_in(1), 1);
    assert_string_equal(clients[0].version, version);
}

static void start_keeper(void)
{
    struct cache_options cache_options = {.base = world.base,
                                          .workers = world.workers,
                                          .source = {.fetch = fetch, .read_map = read_map},
                                          .limits = cache_limits_default(),
                                          .now_ms = world_now,
                                          .random = world_random};
    assert_int_equal(cache_new(&cache_options, &cache), SMCRED_OK);
    struct attempts_options attempts_options = {.now_ms = world_now};
    assert_int_equal(attempts_new(&attempts_options, &attempts), SMCRED_OK);
    struct logins_options options = {.base = world.base,
                                     .cache = cache,
                                     .attempts = attempts,
                                     .now_ms = world_now,
                                     .random = world_random,
                                     .rotation_wait_ms = WAIT_MS};
    assert_int_equal(logins_new(&options, &logins), SMCRED_OK);
}

static int setup(void **state)
{
    (void)state;
    world_begin(1, 1000);
    story = NULL;
    service = (struct service){.current = NULL};
    database = (struct database){.altered = 0};
    put_current("v0", "app", "ancient");
    put_current("v1", "app", "old");
    alter_role("app", "old");
    start_keeper();
    return 0;
}

static int setup_proven(void **state)
{
    (void)setup(state);
    assert_in_with("v1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (clients[i].login)
            end(&clients[i]);
    world_stop_workers();
    logins_free(logins);
    attempts_free(attempts);
    cache_free(cache);
    world_end();
    return 0;
}

/* A keeper that has just been started: it has proven nothing. */
static void restart(void)
{
    world_stop_workers();
    logins_free(logins);
    attempts_free(attempts);
    cache_free(cache);
    assert_int_equal(workers_new(world.base, 1, 1000, &world.workers), SMCRED_OK);
    start_keeper();
}

/* ---- a rotation in four steps ---- */

static void no_step_of_a_rotation_is_noticed(void **state)
{
    (void)state;
    service.pending = "v2"; /* RotateSecret: a label without a value */
    assert_in_with("v1");
    put_pending("v2", "app", "new"); /* createSecret */
    assert_in_with("v1");
    alter_role("app", "new"); /* setSecret */
    assert_in_with("v2");
    assert_string_equal(clients[0].stage, "AWSPENDING");
    assert_true(clients[0].took_ms < 10);
    assert_in_with("v2");
    finish();
    assert_in_with("v2");
    pass(10000);
    assert_in_with("v2"); /* which looks at the map once more */
    assert_in_with("v2");
    assert_string_equal(clients[0].stage, "AWSCURRENT");
    service.pending = NULL;
    for (int i = 0; i < 20; i++) {
        pass(60000);
        assert_in_with("v2");
    }
    assert_string_equal(clients[0].stage, "AWSCURRENT");
    assert_int_equal(wrong_passwords(), 0);
}

static void on_look(void *arg, const struct cache_answer *answer)
{
    *(struct cache_ask **)arg = NULL;
    assert_int_equal(answer->status, SMCRED_OK);
}

/* At the map, as watch.c does. */
static void look(void)
{
    struct cache_ask *ask = NULL;
    struct cache_query query = {
        .id = ID, .deadline_ms = world.now_ms + 1000, .fresh_from_ms = world.now_ms};
    cache_stages(cache, &query, on_look, &ask, &ask);
    world_settle();
    assert_null(ask);
}

/* AWSCURRENT was read in vain so lately that it would not be read again. */
static void finish_secret_right_after_a_search_is_not_noticed(void **state)
{
    (void)state;
    put_pending("v2", "app", "new");
    alter_role("app", "new");
    assert_in_with("v2");
    assert_in_with("v2");
    finish();
    service.pending = NULL;
    world.now_ms++;
    look();
    assert_int_equal(log_in(8), 8);
    assert_string_equal(clients[0].version, "v2");
    assert_int_equal(clients[0].waits, 0);
    assert_int_equal(wrong_passwords(), 0);
}

static void a_rotation_costs_few_calls(void **state)
{
    (void)state;
    int values = service.values, maps = service.maps;
    put_pending("v2", "app", "new");
    alter_role("app", "new");
    assert_int_equal(log_in(8), 8);
    assert_int_equal(service.values - values, 2); /* AWSCURRENT again, AWSPENDING */
    assert_int_equal(service.maps - maps, 1);
    for (int i = 0; i < 10; i++)
        assert_int_equal(log_in(8), 8);
    assert_int_equal(service.values - values, 2);
    assert_int_equal(service.maps - maps, 1);
    assert_int_equal(wrong_passwords(), 0);
}

static void the_first_login_after_a_rotation_asks_once(void **state)
{
    (void)state;
    int values = service.values, maps = service.maps, dials = database.dials;
    alter_role("app", "new");
    put_current("v2", "app", "new");
    assert_in_with("v2");
    assert_int_equal(service.values - values, 1);
    assert_int_equal(service.maps - maps, 0);
    assert_int_equal(database.dials - dials, 1);
    assert_int_equal(wrong_passwords(), 0);
}

static void finish_secret_that_never_comes_costs_nothing(void **state)
{
    (void)state;
    put_pending("v2", "app", "new");
    alter_role("app", "new");
    int values = service.values;
    for (int minute = 0; minute < 30; minute++) {
        assert_int_equal(log_in(8), 8);
        for (int i = 0; i < 8; i++)
            assert_string_equal(clients[i].version, "v2");
        pass(60000);
    }
    assert_int_equal(wrong_passwords(), 0);
    assert_int_equal(service.values - values, 2); /* AWSCURRENT again, AWSPENDING */
    assert_true(service.maps < 45);
    service.pending = NULL; /* given up, and the database put back */
    alter_role("app", "old");
    assert_in_with("v1");
    assert_true(wrong_passwords() <= 1);
}

static void a_keeper_started_in_the_middle_is_wrong_once(void **state)
{
    (void)state;
    put_pending("v2", "app", "new");
    alter_role("app", "new");
    restart();
    int values = service.values, maps = service.maps;
    assert_int_equal(log_in(8), 8); /* one tries, the others watch */
    assert_int_equal(wrong_passwords(), 1);
    assert_int_equal(log_in(8), 8);
    assert_int_equal(wrong_passwords(), 1);
    assert_int_equal(service.values - values, 3); /* AWSCURRENT twice, AWSPENDING */
    assert_int_equal(service.maps - maps, 1);
}

static void two_rotations_at_once_are_followed(void **state)
{
    (void)state;
    put_pending("v2", "app", "new");
    alter_role("app", "new");
    finish();
    put_pending("v3", "app", "newer");
    alter_role("app", "newer");
    assert_int_equal(log_in(8), 8);
    assert_true(wrong_passwords() <= 1); /* v2 is not known to be over */
}

/* ---- alternating users ---- */

static void alternating_users_are_no_different(void **state)
{
    (void)state;
    put_pending("v2", "app_clone", "new");
    assert_in_with("v1");
    alter_role("app_clone", "new");
    assert_in_with("v1");
    finish();
    service.pending = NULL;
    assert_in_with("v1"); /* which is as good as ever */
    pass(400000);
    assert_in_with("v2");
    assert_int_equal(wrong_passwords(), 0);
}

static void both_users_of_a_pair_at_once_are_no_mixed_pair(void **state)
{
    (void)state;
    put_pending("v2", "app_clone", "clone's");
    alter_role("app_clone", "clone's");
    finish();
    put_pending("v3", "app", "new");
    alter_role("app", "new"); /* whom we know by v1 */
    assert_int_equal(log_in(8), 8);
    assert_int_equal(wrong_passwords(), 0);
    finish();
    service.pending = NULL;
    assert_int_equal(log_in(8), 8);
    pass(400000);
    assert_in_with("v3");
    assert_int_equal(wrong_passwords(), 0);
}

static void user_host_and_password_change_together(void **state)
{
    (void)state;
    put_version("v2", "other", "new", "elsewhere");
    service.previous = "v1";
    service.current = "v2";
    alter_role("other", "new");
    alter_role("app", "nobody's any more");
    assert_in_with("v2");
    assert_string_equal(clients[0].host, "elsewhere"); /* on_prove() looks at the rest */
    assert_int_equal(wrong_passwords(), 0);
}

static void another_database_is_another_connection(void **state)
{
    (void)state;
    int dials = database.dials;
    put_current("v2", "app", "new");
    service.versions[2].dbname = "archive";
    alter_role("app", "new");
    assert_in_with("v2");
    assert_string_equal(clients[0].dbname, "archive");
    assert_int_equal(database.dials - dials, 2);
    assert_int_equal(wrong_passwords(), 0);
}

/* ---- labels and database that do not agree ---- */

static void current_moved_but_the_database_kept_the_old_password(void **state)
{
    (void)state;
    put_current("v2", "app", "new");
    pass(400000);
    int values = service.values;
    for (int i = 0; i < 10; i++) {
        assert_in_with("v1"); /* its salt is still there */
        pass(60000);
    }
    assert_int_equal(wrong_passwords(), 0);
    assert_int_equal(service.values - values, 2); /* AWSCURRENT, which had expired; AWSPREVIOUS */
    alter_role("app", "new");                     /* at last */
    assert_in_with("v2");
    assert_int_equal(wrong_passwords(), 0);
}

static void the_same_after_a_restart_is_wrong_once(void **state)
{
    (void)state;
    put_current("v2", "app", "new");
    restart();
    assert_int_equal(log_in(8), 8);
    assert_int_equal(wrong_passwords(), 1);
    for (int i = 0; i < 20; i++) {
        assert_in_with("v1");
        pass(60000);
    }
    assert_int_equal(wrong_passwords(), 1);
    service.pending = "v9"; /* another map: the newest is tried first again, and its salt told */
    pass(400000);
    assert_in_with("v1");
    assert_int_equal(wrong_passwords(), 1);
}

static void a_version_with_the_same_password_is_as_good(void **state)
{
    (void)state;
    put_current("v2", "app", "old"); /* somebody corrected the port */
    pass(400000);
    assert_in_with("v2");
    assert_int_equal(wrong_passwords(), 0);
    assert_in_with("v2");
}

static void a_password_rolled_back_by_hand_is_found(void **state)
{
    (void)state;
    put_current("v2", "app", "new");
    alter_role("app", "new");
    assert_in_with("v2");
    alter_role("app", "old");
    assert_in_with("v1");
    assert_int_equal(wrong_passwords(), 1);
    assert_in_with("v1");
    assert_int_equal(wrong_passwords(), 1);
}

static void a_database_without_salts_is_asked_in_turn(void **state)
{
    (void)state;
    database.md5 = true;
    assert_in_with("v1");
    put_pending("v2", "app", "new");
    alter_role("app", "new");
    assert_int_equal(log_in(8), 8);
    assert_int_equal(wrong_passwords(), 2); /* nothing warns who thinks that v1 is proven */
    int values = service.values, maps = service.maps;
    assert_int_equal(log_in(8), 8); /* v2 is tried first */
    assert_int_equal(wrong_passwords(), 2);
    assert_int_equal(service.values + service.maps, values + maps);
}

static void no_step_of_a_rotation_without_salts_fails_anybody(void **state)
{
    (void)state;
    database.md5 = true;
    service.pending = "v2";
    assert_int_equal(log_in(8), 8);
    put_pending("v2", "app", "new");
    assert_int_equal(log_in(8), 8);
    alter_role("app", "new");
    for (int i = 0; i < 5; i++, pass(1000))
        assert_int_equal(log_in(8), 8);
    finish();
    for (int i = 0; i < 5; i++, pass(5000))
        assert_int_equal(log_in(8), 8);
    service.pending = NULL;
    for (int i = 0; i < 20; i++, pass(60000))
        assert_int_equal(log_in(8), 8);
    assert_in_with("v2");
    assert_string_equal(clients[0].stage, "AWSCURRENT");
    assert_int_equal(wrong_passwords(), 2);
}

/* Its value was read before, the map after; and v2 was right for somebody else. */
static void without_salts_finish_secret_within_a_search_is_not_noticed(void **state)
{
    (void)state;
    database.md5 = true;
    assert_in_with("v1");
    put_pending("v2", "app", "new");
    begin_all(2);
    for (size_t i = 0; i < 2; i++)
        dial(&clients[i]);
    alter_role("app", "new");
    judge(&clients[0]);
    world_settle();
    assert_int_equal(go_on(1), 1);
    int fd;
    assert_int_equal(cache_page(cache, ID, NULL, &fd),
                     SMCRED_OK); /* so the cache follows the map by itself, too */
    service.finishes = true;
    int values = service.values;
    judge(&clients[1]);
    world_settle();
    assert_int_equal(go_on(2), 2);
    assert_false(service.finishes);
    assert_string_equal(clients[1].version, "v2");
    assert_int_equal(clients[1].waits, 0);
    assert_int_equal(service.values, values + 2); /* of AWSCURRENT, and no other */
}

static void without_salts_a_rotation_that_is_known_costs_one_wrong_password(void **state)
{
    (void)state;
    database.md5 = true;
    assert_int_equal(log_in(8), 8);
    put_pending("v2", "app", "new");
    look();
    assert_int_equal(log_in(8), 8);
    assert_int_equal(wrong_passwords(), 0);
    alter_role("app", "new");
    assert_int_equal(log_in(8), 8);
    assert_int_equal(wrong_passwords(), 1);
}

/* What was refused at first is what the password is changed to at last. */
static void without_salts_the_database_may_follow_late(void **state)
{
    (void)state;
    database.md5 = true;
    put_current("v2", "app", "new");
    restart();
    assert_int_equal(log_in(8), 8);
    assert_string_equal(clients[0].version, "v1");
    assert_int_equal(wrong_passwords(), 1);
    alter_role("app", "new");
    assert_int_equal(log_in(8), 8);
    for (int i = 0; i < 8; i++) {
        assert_string_equal(clients[i].version, "v2");
        assert_true(clients[i].took_ms < 3000); /* and nobody waits for a rotation */
    }
    assert_int_equal(wrong_passwords(), 3);
    assert_int_equal(log_in(8), 8);
    assert_int_equal(wrong_passwords(), 3);
}

/* One rotation after another, and never as many wrong passwords as lock an account. */
static void rotations_without_salts_stay_within_the_budget(void **state)
{
    (void)state;
    static const char *const names[] = {"v2", "v3", "v4", "v5", "v6", "v7"};
    static const char *const passwords[] = {"p2", "p3", "p4", "p5", "p6", "p7"};
    database.md5 = true;
    assert_int_equal(log_in(8), 8);
    for (size_t i = 0; i < 6; i++) {
        int before = wrong_passwords();
        put_pending(names[i], "app", passwords[i]);
        alter_role("app", passwords[i]);
        assert_int_equal(log_in(8), 8);
        finish();
        assert_int_equal(log_in(8), 8);
        assert_true(wrong_passwords() - before <= 2);
        pass(20000);
    }
}

/* ---- waiting ---- */

static void secret_put_later(int64_t since_ms)
{
    if (since_ms >= 5000 && strcmp(service.current, "v1") == 0)
        put_current("v2", "app", "new");
}

static void who_alters_the_role_first_has_some_seconds(void **state)
{
    (void)state;
    int values = service.values;
    alter_role("app", "new");
    story = secret_put_later;
    assert_int_equal(log_in(8), 8);
    for (int i = 0; i < 8; i++) {
        assert_string_equal(clients[i].version, "v2");
        assert_in_range(clients[i].took_ms, 5000, 8000);
    }
    assert_true(wrong_passwords() <= 2); /* what was proven, and what was before it */
    assert_true(service.maps < 12);
    assert_in_range(service.values - values, 2, 4); /* AWSCURRENT twice or so, AWSPREVIOUS */
}

/* Each look is one at Secrets Manager: what was refused is not tried again. */
static void who_alters_a_role_without_salt_first_has_some_seconds(void **state)
{
    (void)state;
    database.md5 = true;
    assert_int_equal(log_in(8), 8);
    alter_role("app", "new");
    story = secret_put_later;
    assert_int_equal(log_in(8), 8);
    assert_string_equal(clients[0].version, "v2");
    assert_true(wrong_passwords() <= 3); /* twice what was proven, and what was before it */
}

static void pending_value_comes_later(int64_t since_ms)
{
    if (since_ms >= 3000 && !version_of("v2"))
        put_pending("v2", "app", "new");
}

static void a_pending_version_without_a_value_is_waited_for(void **state)
{
    (void)state;
    service.pending = "v2";
    alter_role("app", "new");
    story = pending_value_comes_later;
    assert_int_equal(log_in(8), 8);
    assert_string_equal(clients[0].version, "v2");
    assert_true(wrong_passwords() <= 2);
}

static void role_altered_later(int64_t since_ms)
{
    if (since_ms >= 4000 && strcmp(role_of("app")->password, "new") != 0)
        alter_role("app", "new");
}

static void a_refused_version_is_tried_again_once_the_salt_has_changed(void **state)
{
    (void)state;
    put_pending("v2", "app", "new");
    alter_role("app", "in between");
    story = role_altered_later;
    assert_int_equal(log_in(8), 8);
    assert_string_equal(clients[0].version, "v2");
    assert_in_range(clients[0].took_ms, 4000, 7000);
    assert_true(wrong_passwords() <= 4);
}

static void a_password_that_nobody_knows_is_refused_within_the_budget(void **state)
{
    (void)state;
    alter_role("app", "nobody's");
    assert_int_equal(log_in(8), 0);
    for (int i = 0; i < 8; i++)
        assert_in_range(clients[i].took_ms, WAIT_MS - 2000, WAIT_MS + 3000);
    assert_int_equal(clients[0].status, SMCRED_DENIED);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(log_in(8), 0);
        for (int k = 0; k < 8; k++)
            assert_true(clients[k].took_ms < 5000); /* that wait is over */
    }
    assert_int_equal(clients[0].status, SMCRED_LIMITED);
    assert_non_null(strstr(clients[0].why, "not tried again before 2"));
    assert_true(wrong_passwords() <= 4);
    put_current("v2", "app", "mended");
    alter_role("app", "mended");
    assert_in_with("v2"); /* whoever mends it is let in at once */
}

static void a_wait_that_was_in_vain_is_not_repeated(void **state)
{
    (void)state;
    alter_role("app", "nobody's");
    assert_int_equal(log_in(1), 0);
    assert_in_range(clients[0].took_ms, WAIT_MS - 2000, WAIT_MS + 3000);
    assert_int_equal(log_in(1), 0);
    assert_int_equal(clients[0].status, SMCRED_DENIED); /* the database's own error */
    assert_int_equal(clients[0].waits, 0);
    alter_role("app", "nobody's, still"); /* something goes on */
    assert_int_equal(log_in(1), 0);
    assert_true(wrong_passwords() <= 4);
}

/* Whoever hears a refusal goes on with what is left, and may be out of budget there. */
static void without_salts_who_is_out_of_budget_knows_of_the_change(void **state)
{
    (void)state;
    database.md5 = true;
    put_current("v2", "other", "new");
    alter_role("other", "new");
    pass(400000);
    assert_in_with("v2");
    alter_role("other", "of nobody");
    alter_role("app", "of nobody either");
    size_t limited = 0;
    assert_int_equal(log_in(8), 0);
    for (int i = 0; i < 8; i++) {
        bool drifted = clients[i].drifted[0] != '\0';
        limited += drifted && clients[i].status == SMCRED_LIMITED;
        if (drifted)
            assert_string_equal(clients[i].drifted, "other");
    }
    assert_true(limited > 0);
}

static void a_password_that_nobody_knows_stays_within_the_budget_all_day(void **state)
{
    (void)state;
    alter_role("app", "nobody's");
    for (int minute = 0; minute < 120; minute++) {
        int before = wrong_passwords();
        assert_int_equal(log_in(4), 0);
        assert_true(wrong_passwords() - before <= 4);
        pass(60000);
    }
    assert_true(wrong_passwords() <= 12 * 4);
}

static void two_passwords_that_nobody_knows_are_an_end_too(void **state)
{
    (void)state;
    put_current("v2", "app_clone", "clone's");
    alter_role("app_clone", "clone's");
    pass(400000);
    assert_in_with("v2");
    alter_role("app", "nobody's");
    alter_role("app_clone", "nobody's either");
    int dials = database.dials;
    assert_int_equal(log_in(8), 0);
    assert_true(database.dials - dials < 8 * 8);
    for (int i = 0; i < 10; i++)
        assert_int_equal(log_in(8), 0);
    assert_true(role_of("app")->wrong <= 4);
    assert_true(role_of("app_clone")->wrong <= 4);
}

static void without_a_wait_the_refusal_comes_at_once(void **state)
{
    (void)state;
    logins_set_rotation_wait(logins, 0);
    alter_role("app", "nobody's");
    assert_int_equal(log_in(1), 0);
    assert_int_equal(clients[0].status, SMCRED_DENIED);
    assert_int_equal(clients[0].waits, 0);
    assert_true(clients[0].took_ms < 3000);
}

static void a_client_that_leaves_a_wait_leaves_nothing(void **state)
{
    (void)state;
    alter_role("app", "new");
    begin(&clients[0]);
    world_settle();
    for (int i = 0; i < 200 && clients[0].waits == 0; i++) {
        if (!anybody_acts(1))
            pass(25);
        world_settle();
    }
    assert_int_equal(clients[0].waits, 1);
    end(&clients[0]);
    pass(WAIT_MS); /* and nobody is called */
    put_current("v2", "app", "new");
    assert_in_with("v2");
}

/* ---- Secrets Manager fails ---- */

static void service_comes_back(int64_t since_ms)
{
    if (since_ms >= 6000)
        service.status = SMCRED_OK;
}

/* The label of the version that is right has moved on, and its value is not to be had. */
static void a_version_that_is_right_is_waited_for(void **state)
{
    (void)state;
    put_pending("v2", "app", "new");
    alter_role("app", "new");
    assert_in_with("v2");
    finish();
    service.pending = NULL;
    world.now_ms++;
    look();
    service.status = SMCRED_UNAVAILABLE;
    story = service_comes_back;
    assert_int_equal(log_in(8), 8);
    assert_int_equal(wrong_passwords(), 0);
}

static void a_service_that_is_down_or_throttles_in_the_window_is_waited_for(void **state)
{
    (void)state;
    static const enum smcred_status ways[] = {SMCRED_UNAVAILABLE, SMCRED_LIMITED};
    static const char *const versions[] = {"v2", "v3"};
    static const char *const passwords[] = {"second", "third"};
    for (int i = 0; i < 2; i++) {
        int before = wrong_passwords();
        story = service_comes_back;
        service.status = ways[i];
        put_pending(versions[i], "app", passwords[i]);
        alter_role("app", passwords[i]);
        assert_int_equal(log_in(8), 8);
        assert_string_equal(clients[0].version, versions[i]);
        assert_true(wrong_passwords() - before <= 2);
        finish();
        service.pending = NULL;
        story = NULL;
        pass(700000);
        assert_in_with(versions[i]);
    }
}

static void who_waited_for_a_service_that_hangs_waits_for_a_verdict_too(void **state)
{
    (void)state;
    put_pending("v2", "app", "second");
    alter_role("app", "second");
    assert_in_with("v2"); /* by AWSPENDING, ... */
    assert_in_with("v2"); /* ... whose value in the cache is in use and follows the map */
    finish();
    put_pending("v3", "app", "third");
    pass(1000);
    look();
    service.status = SMCRED_UNAVAILABLE;
    service.hangs_ms = 8000; /* all of a login's patience */
    alter_role("app", "third");
    begin_all(8);
    for (size_t i = 0; i < 8; i++)
        dial(&clients[i]); /* so that all wait for the same call */
    world_settle();
    assert_int_equal(go_on(8), 8);
    assert_string_equal(clients[7].version, "v3");
    assert_int_equal(wrong_passwords(), 0);
}

static void a_service_that_is_down_holds_nobody_who_is_proven(void **state)
{
    (void)state;
    service.status = SMCRED_UNAVAILABLE;
    for (int i = 0; i < 30; i++) {
        pass(60000);
        assert_in_with("v1");
        assert_true(clients[0].took_ms < 10);
    }
    assert_int_equal(wrong_passwords(), 0);
}

/* ---- the clock ---- */

static void clock_jumps(int64_t since_ms)
{
    static bool jumped;
    if (since_ms < 1000)
        jumped = false;
    if (since_ms >= 1000 && !jumped) {
        jumped = true;
        world.now_ms += 90000;
    }
}

static void a_host_that_slept_in_the_middle_of_a_wait_ends_it(void **state)
{
    (void)state;
    alter_role("app", "nobody's");
    story = clock_jumps;
    assert_int_equal(log_in(4), 0);
    assert_true(wrong_passwords() <= 4);
    story = NULL;
    put_current("v2", "app", "new");
    alter_role("app", "new");
    assert_in_with("v2");
}

static void a_herd_at_the_start_makes_one_call(void **state)
{
    (void)state;
    assert_int_equal(log_in(8), 8);
    assert_int_equal(service.values, 1);
    assert_int_equal(service.maps, 0);
}

/* ---- simulations ---- */

struct footprint {
    enum smcred_status status;
    int values, maps, wrong;
    int64_t took_ms;
    char version[16];
};

static struct footprint simulated(enum simulate_event event)
{
    static struct simulate_result result;
    struct simulate_options options = {.event = event,
                                       .cache = cache,
                                       .attempts = attempts,
                                       .logins = logins,
                                       .vault = world.vault,
                                       .where = {.secret_id = ID, .default_port = 5432},
                                       .host = "db",
                                       .username = "app",
                                       .dbname = "orders",
                                       .at_ms = world.now_ms};
    int values = service.values, maps = service.maps, dials = database.dials;
    size_t count = cache_count(cache);
    assert_int_equal(simulate_login(&options, &result), SMCRED_OK);
    assert_int_equal(service.values, values); /* nobody was asked */
    assert_int_equal(service.maps, maps);
    assert_int_equal(database.dials, dials);
    assert_int_equal(cache_count(cache), count);
    struct footprint made = {result.status,     (int)result.values, (int)result.maps,
                             (int)result.wrong, result.took_ms,     ""};
    snprintf(made.version, sizeof made.version, "%.15s", result.version_id);
    return made;
}

/* What then happens; versions that are made up have another name. */
static void assert_so(struct footprint said, const char *version)
{
    int values = service.values, maps = service.maps, wrong = wrong_passwords();
    (void)log_in(1);
    assert_int_equal(clients[0].logged_in, said.status == SMCRED_OK);
    assert_int_equal(clients[0].status, said.status);
    assert_string_equal(clients[0].version, version);
    assert_int_equal(wrong_passwords() - wrong, said.wrong);
    assert_int_equal(service.values - values, said.values);
    assert_true(said.took_ms > 1000 || service.maps - maps == said.maps);
    assert_in_range(clients[0].took_ms, said.took_ms, said.took_ms + 500);
}

static void a_simulated_rotation_is_a_rotation(void **state)
{
    (void)state;
    struct footprint said = simulated(SIMULATE_ROTATED);
    assert_int_equal(said.status, SMCRED_OK);
    assert_string_equal(said.version, "(new)");
    assert_int_equal(said.values, 1);
    assert_int_equal(said.wrong, 0);
    put_current("v2", "app", "new");
    alter_role("app", "new");
    assert_so(said, "v2");
}

static void a_simulated_half_of_one_is_half_of_one(void **state)
{
    (void)state;
    struct footprint said = simulated(SIMULATE_HALF_ROTATED);
    assert_int_equal(said.status, SMCRED_OK);
    assert_int_equal(said.wrong, 0);
    put_pending("v2", "app", "new");
    alter_role("app", "new");
    assert_so(said, "v2");
    assert_string_equal(simulated(SIMULATE_HALF_ROTATED).version, "v2"); /* which it knows now */
}

static void a_simulated_change_is_waited_for_in_vain(void **state)
{
    (void)state;
    struct footprint said = simulated(SIMULATE_CHANGED);
    assert_int_equal(said.status, SMCRED_DENIED);
    assert_int_equal(said.wrong, 2);
    assert_in_range(said.took_ms, WAIT_MS, WAIT_MS + 500);
    alter_role("app", "nobody's");
    int wrong = wrong_passwords();
    assert_int_equal(log_in(1), 0);
    assert_int_equal(wrong_passwords() - wrong, said.wrong);
    assert_in_range(clients[0].took_ms, said.took_ms - 500, said.took_ms + 500);
}

static void a_simulated_outage_ends_when_the_real_one_does(void **state)
{
    (void)state;
    int64_t until_ms = cache_served_until(cache, ID, "AWSCURRENT");
    struct footprint said = simulated(SIMULATE_SM_DOWN);
    assert_int_equal(said.status, SMCRED_OK);
    service.status = SMCRED_UNAVAILABLE;
    assert_so(said, "v1");
    world.now_ms = until_ms - 10;
    assert_int_equal(simulated(SIMULATE_SM_DOWN).status, SMCRED_OK);
    assert_in_with("v1");
    world.now_ms = until_ms;
    said = simulated(SIMULATE_SM_DOWN);
    assert_int_equal(said.status, SMCRED_UNAVAILABLE);
    assert_int_equal(log_in(1), 0);
    assert_int_equal(clients[0].status, said.status);
}

static void a_cold_secret_is_simulated_too(void **state)
{
    (void)state;
    assert_int_equal(simulated(SIMULATE_SM_DOWN).status, SMCRED_UNAVAILABLE);
    struct footprint said = simulated(SIMULATE_ROTATED);
    assert_int_equal(said.status, SMCRED_OK);
    assert_so(said, "v1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_proven, teardown)
#define COLD(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(
    COLD(a_cold_secret_is_simulated_too), TEST(a_simulated_rotation_is_a_rotation),
    TEST(a_simulated_half_of_one_is_half_of_one), TEST(a_simulated_change_is_waited_for_in_vain),
    TEST(a_simulated_outage_ends_when_the_real_one_does), COLD(a_herd_at_the_start_makes_one_call),
    TEST(no_step_of_a_rotation_is_noticed), TEST(finish_secret_right_after_a_search_is_not_noticed),
    TEST(a_version_that_is_right_is_waited_for), TEST(a_rotation_costs_few_calls),
    TEST(the_first_login_after_a_rotation_asks_once),
    TEST(finish_secret_that_never_comes_costs_nothing),
    TEST(a_keeper_started_in_the_middle_is_wrong_once), TEST(two_rotations_at_once_are_followed),
    TEST(alternating_users_are_no_different), TEST(both_users_of_a_pair_at_once_are_no_mixed_pair),
    TEST(user_host_and_password_change_together), TEST(another_database_is_another_connection),
    TEST(current_moved_but_the_database_kept_the_old_password),
    TEST(the_same_after_a_restart_is_wrong_once), TEST(a_version_with_the_same_password_is_as_good),
    TEST(a_password_rolled_back_by_hand_is_found), TEST(a_database_without_salts_is_asked_in_turn),
    TEST(no_step_of_a_rotation_without_salts_fails_anybody),
    TEST(rotations_without_salts_stay_within_the_budget),
    TEST(without_salts_finish_secret_within_a_search_is_not_noticed),
    TEST(without_salts_a_rotation_that_is_known_costs_one_wrong_password),
    TEST(without_salts_the_database_may_follow_late),
    TEST(who_alters_a_role_without_salt_first_has_some_seconds),
    TEST(who_alters_the_role_first_has_some_seconds),
    TEST(a_pending_version_without_a_value_is_waited_for),
    TEST(a_refused_version_is_tried_again_once_the_salt_has_changed),
    TEST(a_password_that_nobody_knows_is_refused_within_the_budget),
    TEST(a_wait_that_was_in_vain_is_not_repeated),
    TEST(a_password_that_nobody_knows_stays_within_the_budget_all_day),
    TEST(without_salts_who_is_out_of_budget_knows_of_the_change),
    TEST(two_passwords_that_nobody_knows_are_an_end_too),
    TEST(without_a_wait_the_refusal_comes_at_once),
    TEST(a_client_that_leaves_a_wait_leaves_nothing),
    TEST(a_service_that_is_down_or_throttles_in_the_window_is_waited_for),
    TEST(a_service_that_is_down_holds_nobody_who_is_proven),
    TEST(who_waited_for_a_service_that_hangs_waits_for_a_verdict_too),
    TEST(a_host_that_slept_in_the_middle_of_a_wait_ends_it))
