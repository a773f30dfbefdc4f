/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_login.c - a rotation costs no login, and a stale secret locks no account. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "keeper/attempts.h"
#include "keeper/cache.h"
#include "keeper/login.h"
#include "keeper/verdict.h"
#include "tests/keeper/world.h"

#define ENDPOINT "orders-db.internal:5432"

static struct source {
    int calls;
    enum smcred_status status;
    const char *version;
    const char *username;
    const char *password;
} source;

static struct cache *cache;
static struct attempts *attempts;
static struct logins *logins;

static enum smcred_status fetch(void *arg, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    (void)arg;
    if (strcmp(query->stage, "AWSCURRENT") != 0) /* test_rotation.c has those, and maps */
        return sm_error_set(err, SMCRED_NOT_FOUND, "no such stage");
    source.calls++; /* one worker, and nobody looks before it is done */
    if (source.status != SMCRED_OK)
        return sm_error_set(err, source.status, "no answer");
    *out_snapshot = world_snapshot(source.version, source.username, source.password);
    return SMCRED_OK;
}

static bool disk_hangs;

static void write_down(void *arg)
{
    (void)arg;
    if (!disk_hangs)
        attempts_kept(attempts, attempts_changes(attempts));
}

static int setup(void **state)
{
    (void)state;
    world_begin(1, 1000);
    source = (struct source){.version = "v1", .username = "app", .password = "old"};
    struct cache_options cache_options = {.base = world.base,
                                          .workers = world.workers,
                                          .source = {.fetch = fetch},
                                          .limits = cache_limits_default(),
                                          .now_ms = world_now,
                                          .random = world_random};
    assert_int_equal(cache_new(&cache_options, &cache), SMCRED_OK);
    disk_hangs = false;
    struct attempts_options attempts_options = {.now_ms = world_now, .changed = write_down};
    assert_int_equal(attempts_new(&attempts_options, &attempts), SMCRED_OK);
    struct logins_options options = {.base = world.base,
                                     .cache = cache,
                                     .attempts = attempts,
                                     .now_ms = world_now,
                                     .random = world_random};
    assert_int_equal(logins_new(&options, &logins), SMCRED_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_stop_workers();
    logins_free(logins);
    attempts_free(attempts);
    cache_free(cache);
    world_end();
    return 0;
}

struct told {
    int times;
    enum smcred_status status;
    unsigned attempt;
    bool stale;
    bool proven;
    int64_t allowed_from_ms;
    char version[32];
    char host[64];
    uint32_t port;
    char why[256];
};

static void note(void *arg, const struct login_answer *answer)
{
    struct told *told = arg;
    told->times++;
    told->status = answer->status;
    told->attempt = answer->attempt;
    told->stale = answer->stale;
    told->proven = answer->proven;
    told->allowed_from_ms = answer->allowed_from_ms;
    told->port = answer->port;
    snprintf(told->version, sizeof told->version, "%s",
             answer->snapshot ? answer->snapshot->version_id : "");
    snprintf(told->host, sizeof told->host, "%.60s", answer->host ? answer->host : "");
    snprintf(told->why, sizeof told->why, "%.250s", answer->err->text);
}

static const struct login_target plain = {.secret_id = "prod/orders/db", .default_port = 5432};

static struct login *begin(const struct login_target *target, struct told *told)
{
    struct login *login;
    *told = (struct told){0};
    assert_int_equal(login_begin(logins, target, note, told, &login), SMCRED_OK);
    world_settle();
    assert_int_equal(told->times, 1);
    return login;
}

/* The database says no, some time after it was asked. */
static void refuse(struct login *login, const char *sqlstate, struct told *told)
{
    *told = (struct told){0};
    world.now_ms += 20;
    login_refused(login, &(struct verdict_refusal){sqlstate, "", 0, true});
    world_settle();
    assert_int_equal(told->times, 1);
}

struct proved {
    int times;
    bool renewed;
    char version[32];
};

/* Challenges told[i].login; what was to be proved comes here, by login. */
static struct proved proved[8];
static struct told tolds[8];

static void note_proof(void *arg, const struct login_proof *proof)
{
    struct proved *at = &proved[(struct told *)arg - tolds];
    at->times++;
    at->renewed = proof->renewed;
    snprintf(at->version, sizeof at->version, "%s", proof->snapshot->version_id);
}

/* The database asks for a proof, some time after it was dialled. */
static struct proved challenge(struct login *login, const char *salt)
{
    memset(proved, 0, sizeof proved);
    world.now_ms += 20;
    login_challenged(login, sm_bytes_of(salt), note_proof);
    world_settle();
    assert_int_equal(proved[0].times, 1);
    return proved[0];
}

/* One whole login of the version that is expected, with that salt. */
static void log_in(const char *version, const char *salt)
{
    struct login *login = begin(&plain, &tolds[0]);
    assert_string_equal(challenge(login, salt).version, version);
    login_accepted(login);
    login_free(login);
}

static void rotate(const char *version, const char *username, const char *password)
{
    source.version = version;
    source.username = username;
    source.password = password;
}

static void a_plain_login_tries_the_current_version(void **state)
{
    (void)state;
    struct told told;
    struct login *login = begin(&plain, &told);
    assert_int_equal(told.status, SMCRED_OK);
    assert_string_equal(told.version, "v1");
    assert_string_equal(told.host, "orders-db.internal");
    assert_int_equal(told.port, 5432);
    assert_int_equal(told.attempt, 1);
    assert_false(told.proven);
    login_accepted(login);
    login_free(login);
    assert_string_equal(logins_proven(logins, plain.secret_id, ENDPOINT), "v1");
    login = begin(&plain, &told);
    assert_true(told.proven);
    login_free(login);
}

static void a_rotation_costs_no_login(void **state)
{
    (void)state;
    static const char *const sqlstates[] = {"28P01", "28000"};
    static const char *const versions[] = {"v2", "v3"};
    for (int i = 0; i < 2; i++) {
        struct told told;
        struct login *login = begin(&plain, &told);
        rotate(versions[i], "app", versions[i]);
        refuse(login, sqlstates[i], &told);
        assert_int_equal(told.status, SMCRED_OK);
        assert_int_equal(told.attempt, 2);
        assert_string_equal(told.version, versions[i]);
        login_accepted(login);
        login_free(login);
        assert_int_equal(attempts_count(attempts, (struct attempts_account){"app", ENDPOINT}), 0);
    }
}

/* MySQL's "account is locked", which no other password of the account would open. */
static void what_is_refused_for_its_role_is_tried_as_another_role_only(void **state)
{
    (void)state;
    static const char *const users[] = {"app", "app_clone"}, *const versions[] = {"v2", "v3"};
    static const struct verdict_refusal locked = {.sqlstate = "HY000", .routine = "", .code = 3118};
    for (int i = 0; i < 2; i++) {
        struct told told;
        struct login *login = begin(&plain, &told);
        rotate(versions[i], users[i], versions[i]);
        world.now_ms += 20;
        login_refused(login, &locked);
        world_settle();
        assert_int_equal(told.times, 2);
        assert_int_equal(told.status, i == 0 ? SMCRED_DENIED : SMCRED_OK);
        assert_string_equal(told.version, i == 0 ? "" : "v3");
        login_free(login);
    }
}

static void another_salt_has_the_secret_read_before_anything_is_proved(void **state)
{
    (void)state;
    log_in("v1", "salt of old");
    assert_int_equal(source.calls, 1);
    rotate("v2", "app", "new");
    struct login *login = begin(&plain, &tolds[0]);
    assert_string_equal(tolds[0].version, "v1");
    struct proved now = challenge(login, "salt of new");
    assert_true(now.renewed);
    assert_string_equal(now.version, "v2");
    assert_int_equal(source.calls, 2);
    login_accepted(login);
    login_free(login);
    assert_string_equal(logins_proven(logins, plain.secret_id, ENDPOINT), "v2");
    assert_int_equal(attempts_count(attempts, (struct attempts_account){"app", ENDPOINT}), 0);
    log_in("v2", "salt of new");
    assert_int_equal(source.calls, 2); /* the salt is known now */
}

static void a_salt_never_seen_is_no_sign(void **state)
{
    (void)state;
    struct login *login = begin(&plain, &tolds[0]);
    assert_false(challenge(login, "the first").renewed); /* such as of a role that is not there */
    refuse(login, "28P01", &tolds[0]);
    login_free(login);
    world.now_ms += 2000;
    int before = source.calls;
    login = begin(&plain, &tolds[0]); /* reads, because it was refused */
    assert_false(challenge(login, "the second").renewed);
    assert_int_equal(source.calls, before + 1);
    login_free(login);
}

static void a_known_salt_costs_no_read(void **state)
{
    (void)state;
    log_in("v1", "salt");
    rotate("v2", "app", "new");
    log_in("v1", "salt");
    assert_int_equal(source.calls, 1);
}

static int count_proved(void)
{
    int count = 0;
    for (int i = 0; i < 8; i++)
        count += proved[i].times;
    return count;
}

static void a_herd_with_another_salt_makes_one_read_and_one_trial(void **state)
{
    (void)state;
    struct login *herd[8];
    log_in("v1", "salt of old");
    rotate("v2", "app", "new");
    for (int i = 0; i < 8; i++)
        herd[i] = begin(&plain, &tolds[i]);
    memset(proved, 0, sizeof proved);
    for (int i = 0; i < 8; i++) {
        world.now_ms += 2;
        login_challenged(herd[i], sm_bytes_of("salt of new"), note_proof);
    }
    world_settle();
    assert_int_equal(count_proved(), 1); /* it may be wrong: the others wait for its verdict */
    for (int i = 0; i < 8; i++)
        if (proved[i].times == 1)
            login_accepted(herd[i]);
    logins_tick(logins);
    assert_int_equal(count_proved(), 8);
    for (int i = 0; i < 8; i++) {
        assert_string_equal(proved[i].version, "v2");
        login_free(herd[i]);
    }
    assert_int_equal(source.calls, 2);
}

static void a_verdict_that_does_not_come_holds_nobody_for_long(void **state)
{
    (void)state;
    struct login *herd[2] = {begin(&plain, &tolds[0]), begin(&plain, &tolds[1])};
    memset(proved, 0, sizeof proved);
    for (int i = 0; i < 2; i++)
        login_challenged(herd[i], sm_bytes_of("salt"), note_proof);
    assert_int_equal(count_proved(), 1);
    world.now_ms += 1999;
    logins_tick(logins);
    assert_int_equal(count_proved(), 1);
    world.now_ms += 1;
    logins_tick(logins);
    assert_int_equal(count_proved(), 2);
    for (int i = 0; i < 2; i++)
        login_free(herd[i]);
}

/* Nobody waits for long while the version is right; if it is not, the budget bears it. */
static void what_was_right_is_proved_two_at_a_time_if_there_is_no_salt(void **state)
{
    (void)state;
    struct login *herd[8];
    log_in("v1", "");
    for (int i = 0; i < 8; i++)
        herd[i] = begin(&plain, &tolds[i]);
    memset(proved, 0, sizeof proved);
    for (int i = 0; i < 8; i++)
        login_challenged(herd[i], sm_bytes(NULL, 0), note_proof);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(count_proved(), i + 2 < 8 ? i + 2 : 8);
        assert_int_equal(proved[i].times, 1); /* first come, first served */
        login_accepted(herd[i]);
        login_free(herd[i]);
        logins_tick(logins);
    }
    assert_int_equal(source.calls, 1);
}

static void a_refusal_without_a_salt_lets_nobody_else_try_it(void **state)
{
    (void)state;
    struct login *herd[8];
    log_in("v1", "");
    for (int i = 0; i < 8; i++)
        herd[i] = begin(&plain, &tolds[i]);
    memset(proved, 0, sizeof proved);
    for (int i = 0; i < 8; i++)
        login_challenged(herd[i], sm_bytes(NULL, 0), note_proof);
    rotate("v2", "app", "new");
    for (int i = 0; i < 2; i++)
        refuse(herd[i], "28P01", &tolds[i]);
    logins_tick(logins);
    world_settle();
    assert_int_equal(count_proved(), 2 + 1); /* and one for v2, on trial */
    for (int i = 0; i < 8; i++)
        login_free(herd[i]);
}

static void a_login_that_ends_on_trial_lets_the_next_one_try(void **state)
{
    (void)state;
    struct login *herd[2] = {begin(&plain, &tolds[0]), begin(&plain, &tolds[1])};
    memset(proved, 0, sizeof proved);
    for (int i = 0; i < 2; i++)
        login_challenged(herd[i], sm_bytes_of("salt"), note_proof);
    login_free(herd[0]); /* its client has left */
    logins_tick(logins);
    assert_int_equal(proved[1].times, 1);
    login_free(herd[1]);
}

static void a_salt_that_changed_with_nothing_else_is_learnt(void **state)
{
    (void)state;
    log_in("v1", "one");
    log_in("v1", "another"); /* ALTER ROLE ... PASSWORD with the same password */
    assert_int_equal(source.calls, 2);
    log_in("v1", "another");
    assert_int_equal(source.calls, 2);
}

static void what_cannot_be_read_again_is_proved_all_the_same(void **state)
{
    (void)state;
    log_in("v1", "one");
    source.status = SMCRED_UNAVAILABLE;
    struct login *login = begin(&plain, &tolds[0]);
    struct proved now = challenge(login, "another");
    assert_false(now.renewed);
    assert_string_equal(now.version, "v1");
    login_free(login);
}

static void another_user_is_the_next_attempt_and_nothing_is_sent(void **state)
{
    (void)state;
    log_in("v1", "one");
    rotate("v2", "app_clone", "new");
    struct login *login = begin(&plain, &tolds[0]);
    memset(proved, 0, sizeof proved);
    tolds[0] = (struct told){0};
    login_challenged(login, sm_bytes_of("another"), note_proof);
    world_settle();
    assert_int_equal(proved[0].times, 0);
    assert_int_equal(tolds[0].times, 1);
    assert_string_equal(tolds[0].version, "v2");
    assert_int_equal(tolds[0].attempt, 2);
    assert_string_equal(challenge(login, "of the clone").version, "v2");
    login_free(login);
}

static void a_verdict_without_a_proof_ends_the_reading(void **state)
{
    (void)state;
    log_in("v1", "one");
    struct login *login = begin(&plain, &tolds[0]);
    memset(proved, 0, sizeof proved);
    login_challenged(login, sm_bytes_of("another"), note_proof);
    refuse(login, "57P01", &tolds[0]);
    assert_int_equal(tolds[0].status, SMCRED_DENIED);
    assert_int_equal(proved[0].times, 0);
    login_free(login);
}

static void each_version_is_tried_once(void **state)
{
    (void)state;
    struct told told;
    struct login *login = begin(&plain, &told);
    refuse(login, "28P01", &told);
    assert_int_equal(told.status, SMCRED_DENIED);
    assert_non_null(strstr(told.why, "refused version v1"));
    assert_int_equal(source.calls, 2); /* it was read again first */
    login_free(login);
}

static void a_login_ends_after_its_second_version(void **state)
{
    (void)state;
    struct told told;
    struct login *login = begin(&plain, &told);
    rotate("v2", "app", "new");
    refuse(login, "28P01", &told);
    assert_string_equal(told.version, "v2");
    rotate("v3", "app", "newer");
    refuse(login, "28P01", &told);
    assert_int_equal(told.status, SMCRED_DENIED);
    login_free(login);
}

static void changed_content_of_a_version_counts_as_changed(void **state)
{
    (void)state;
    struct told told;
    struct login *login = begin(&plain, &told);
    rotate("v1", "app", "edited in place");
    refuse(login, "28P01", &told);
    assert_int_equal(told.status, SMCRED_OK);
    assert_int_equal(told.attempt, 2);
    login_free(login);
}

static void other_errors_are_not_retried(void **state)
{
    (void)state;
    struct told told;
    struct login *login = begin(&plain, &told);
    refuse(login, "3D000", &told);
    assert_int_equal(told.status, SMCRED_DENIED);
    assert_int_equal(source.calls, 1);
    assert_int_equal(attempts_count(attempts, (struct attempts_account){"app", ENDPOINT}), 0);
    login_free(login);
}

static void the_next_login_reads_before_it_tries_a_refused_version(void **state)
{
    (void)state;
    struct told told;
    struct login *login = begin(&plain, &told);
    world.now_ms += 20;
    source.status = SMCRED_UNAVAILABLE;
    refuse(login, "28P01", &told);
    assert_int_equal(told.status, SMCRED_DENIED);
    login_free(login);
    source.status = SMCRED_OK;
    rotate("v2", "app", "new");
    world.now_ms += 2000; /* the backoff is over */
    login = begin(&plain, &told);
    assert_string_equal(told.version, "v2");
    assert_int_equal(told.attempt, 1);
    login_free(login);
}

static void a_login_soon_after_waits_for_a_read_of_its_own(void **state)
{
    (void)state;
    struct told told;
    struct login *login = begin(&plain, &told);
    refuse(login, "28P01", &told); /* and reading it again brought nothing new */
    login_free(login);
    rotate("v2", "app", "mended");
    world.now_ms += 200;
    told = (struct told){0};
    assert_int_equal(login_begin(logins, &plain, note, &told, &login), SMCRED_OK);
    world_settle();
    assert_int_equal(told.times, 0); /* forced reads are a second apart */
    world.now_ms += 1000;
    cache_tick(cache);
    world_settle();
    assert_int_equal(told.times, 1);
    assert_string_equal(told.version, "v2");
    assert_int_equal(told.attempt, 1);
    login_free(login);
}

static void what_cannot_be_read_again_is_tried_all_the_same(void **state)
{
    (void)state;
    struct told told;
    struct login *login = begin(&plain, &told);
    source.status = SMCRED_UNAVAILABLE;
    refuse(login, "28P01", &told);
    login_free(login);
    world.now_ms += 2000;
    login = begin(&plain, &told);
    assert_int_equal(told.status, SMCRED_OK);
    assert_string_equal(told.version, "v1");
    login_free(login);
}

static void the_budget_of_an_account_is_kept(void **state)
{
    (void)state;
    struct told told;
    int tries = 0;
    for (int i = 0; i < 10; i++) {
        world.now_ms += 2000;
        struct login *login = begin(&plain, &told);
        if (told.status == SMCRED_OK) {
            tries++;
            refuse(login, "28P01", &told);
        }
        login_free(login);
    }
    assert_int_equal(tries, 3);
    assert_int_equal(told.status, SMCRED_LIMITED);
    assert_true(told.allowed_from_ms > world.now_ms);
    assert_non_null(strstr(told.why, ENDPOINT));
    world.now_ms = told.allowed_from_ms;
    struct login *login = begin(&plain, &told);
    assert_int_equal(told.status, SMCRED_OK);
    login_free(login);
}

static void whoever_mends_the_secret_is_let_in_at_once(void **state)
{
    (void)state;
    struct told told;
    for (int i = 0; i < 4; i++) {
        world.now_ms += 2000;
        struct login *login = begin(&plain, &told);
        if (told.status == SMCRED_OK)
            refuse(login, "28P01", &told);
        login_free(login);
    }
    assert_int_equal(told.status, SMCRED_LIMITED);
    rotate("v2", "app", "mended");
    world.now_ms += 2000;
    struct login *login = begin(&plain, &told);
    assert_int_equal(told.status, SMCRED_OK);
    assert_string_equal(told.version, "v2");
    login_accepted(login);
    login_free(login);
}

static void the_target_outranks_the_secret_about_where(void **state)
{
    (void)state;
    struct told told;
    struct login_target target = plain;
    target.host = "replica.internal";
    target.port = 6543;
    struct login *login = begin(&target, &told);
    assert_string_equal(told.host, "replica.internal");
    assert_int_equal(told.port, 6543);
    login_accepted(login);
    login_free(login);
    assert_string_equal(logins_proven(logins, plain.secret_id, "replica.internal:6543"), "v1");
    assert_string_equal(logins_proven(logins, plain.secret_id, ENDPOINT), "");
}

static void what_cannot_log_in_is_not_tried(void **state)
{
    (void)state;
    struct told told;
    rotate("v1", "", "password");
    struct login *login = begin(&plain, &told);
    assert_int_equal(told.status, SMCRED_INVALID);
    assert_string_equal(told.why, "the secret has no username");
    login_free(login);
    struct login_target other = {.secret_id = "other", .default_port = 5432};
    rotate("v1", "app", NULL);
    login = begin(&other, &told);
    assert_string_equal(told.why, "the secret has no password");
    login_free(login);
}

/* ---- a disk that takes its time ---- */

static void turn_loop(void)
{
    world_settle();
    assert_int_not_equal(event_base_loop(world.base, EVLOOP_NONBLOCK), -1);
    world_settle();
}

static void disk_goes_on(void)
{
    disk_hangs = false;
    write_down(NULL);
    logins_recorded(logins);
    turn_loop();
}

/* tolds[0]'s login, wrong with v1, while the disk hangs; v2 would be right. */
static struct login *be_wrong(const char *salt)
{
    struct login *login = begin(&plain, &tolds[0]);
    assert_string_equal(challenge(login, salt).version, "v1");
    rotate("v2", "app", "new");
    disk_hangs = true;
    tolds[0] = (struct told){0};
    world.now_ms += 20;
    login_refused(login,
                  &(struct verdict_refusal){.sqlstate = "28P01", .routine = "", .proved = true});
    turn_loop();
    return login;
}

static void whoever_was_wrong_goes_on_when_that_is_on_disk(void **state)
{
    (void)state;
    static const struct login_target elsewhere = {
        .secret_id = "prod/orders/db", .host = "elsewhere", .default_port = 5432};
    struct login *login = be_wrong("salt");
    assert_int_equal(tolds[0].times, 0);
    assert_int_equal(attempts_count(attempts, (struct attempts_account){"app", ENDPOINT}), 1);
    struct told told;
    struct login *other = begin(&elsewhere, &told); /* nor is anybody else kept waiting */
    login_accepted(other);
    login_free(other);
    disk_goes_on();
    assert_int_equal(tolds[0].times, 1);
    assert_int_equal(tolds[0].status, SMCRED_OK);
    assert_string_equal(tolds[0].version, "v2");
    login_free(login);
}

static void nor_is_anybody_else_wrong_there_meanwhile(void **state)
{
    (void)state;
    struct login *login = be_wrong("salt");
    struct login *other = begin(&plain, &tolds[1]);
    assert_string_equal(tolds[1].version, "v2");
    memset(proved, 0, sizeof proved);
    login_challenged(other, sm_bytes_of("salt"), note_proof);
    turn_loop();
    assert_int_equal(proved[1].times, 0);
    world.now_ms += 5000;
    logins_tick(logins); /* longer than for a verdict */
    turn_loop();
    assert_int_equal(proved[1].times, 0);
    disk_goes_on();
    assert_int_equal(tolds[0].times, 1);
    assert_int_equal(proved[1].times, 1);
    login_free(login);
    login_free(other);
}

static void a_disk_that_hangs_ends_the_login(void **state)
{
    (void)state;
    struct login *login = be_wrong("salt");
    world.now_ms += 8000;
    logins_tick(logins);
    turn_loop();
    assert_int_equal(tolds[0].times, 1);
    assert_int_equal(tolds[0].status, SMCRED_TIMED_OUT);
    assert_non_null(strstr(tolds[0].why, "disk"));
    login_free(login);
}

static void who_leaves_before_that_is_not_called(void **state)
{
    (void)state;
    login_free(be_wrong("salt"));
    disk_goes_on();
    assert_int_equal(tolds[0].times, 0);
}

static void errors_of_the_source_are_told(void **state)
{
    (void)state;
    struct told told;
    source.status = SMCRED_NOT_FOUND;
    struct login *login = begin(&plain, &told);
    assert_int_equal(told.status, SMCRED_NOT_FOUND);
    assert_string_equal(told.why, "no answer");
    login_free(login);
}

static void a_freed_login_is_not_called(void **state)
{
    (void)state;
    struct told told = {0};
    struct login *login;
    assert_int_equal(login_begin(logins, &plain, note, &told, &login), SMCRED_OK);
    login_free(login);
    world_settle();
    assert_int_equal(told.times, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(a_plain_login_tries_the_current_version), TEST(a_rotation_costs_no_login),
             TEST(what_is_refused_for_its_role_is_tried_as_another_role_only),
             TEST(another_salt_has_the_secret_read_before_anything_is_proved),
             TEST(a_salt_never_seen_is_no_sign), TEST(a_known_salt_costs_no_read),
             TEST(a_herd_with_another_salt_makes_one_read_and_one_trial),
             TEST(a_verdict_that_does_not_come_holds_nobody_for_long),
             TEST(what_was_right_is_proved_two_at_a_time_if_there_is_no_salt),
             TEST(a_refusal_without_a_salt_lets_nobody_else_try_it),
             TEST(a_login_that_ends_on_trial_lets_the_next_one_try),
             TEST(a_salt_that_changed_with_nothing_else_is_learnt),
             TEST(what_cannot_be_read_again_is_proved_all_the_same),
             TEST(another_user_is_the_next_attempt_and_nothing_is_sent),
             TEST(a_verdict_without_a_proof_ends_the_reading),
             TEST(a_login_soon_after_waits_for_a_read_of_its_own),
             TEST(whoever_mends_the_secret_is_let_in_at_once), TEST(each_version_is_tried_once),
             TEST(a_login_ends_after_its_second_version),
             TEST(changed_content_of_a_version_counts_as_changed),
             TEST(other_errors_are_not_retried),
             TEST(the_next_login_reads_before_it_tries_a_refused_version),
             TEST(what_cannot_be_read_again_is_tried_all_the_same),
             TEST(the_budget_of_an_account_is_kept),
             TEST(the_target_outranks_the_secret_about_where),
             TEST(what_cannot_log_in_is_not_tried),
             TEST(whoever_was_wrong_goes_on_when_that_is_on_disk),
             TEST(nor_is_anybody_else_wrong_there_meanwhile),
             TEST(a_disk_that_hangs_ends_the_login), TEST(who_leaves_before_that_is_not_called),
             TEST(errors_of_the_source_are_told), TEST(a_freed_login_is_not_called))
