/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_attempts_file.c - the budget goes on where the keeper before has stopped. */
#include "tests/lib/sm_test.h"

#include <event2/event.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/attempts_file.h"
#include "keeper/record.h"
#include "keeper/statefile.h"
#include "keeper/workers.h"

#define WINDOW_MS 600000
#define WALL_MS   1769854830000

static char directory[64], path[96];
static int64_t boot_ms, wall_ms;
static struct event_base *base;
static struct workers *workers;
static struct attempts *attempts;
static struct attempts_file *file;
static unsigned changes, writes;
static bool all_kept[8]; /* after each write */
static const struct attempts_account orders = {"app \"x\"\n", "orders-db.internal:5432"};
static const struct attempts_account billing = {"app", "/run/db"};

static int64_t now(void)
{
    return boot_ms;
}

static int64_t wall_now(void)
{
    return wall_ms;
}

static void on_changed(void *arg)
{
    (void)arg;
    changes++;
    attempts_file_write(file);
}

static void on_kept(void *arg)
{
    (void)arg;
    all_kept[writes++ % 8] = attempts_are_kept(attempts, attempts_changes(attempts));
}

static enum smcred_status begin(void)
{
    struct attempts_options options = {.now_ms = now, .changed = on_changed};
    struct sm_error err;
    assert_int_equal(workers_new_idle(base, 2, &workers), SMCRED_OK);
    assert_int_equal(attempts_new(&options, &attempts), SMCRED_OK);
    struct attempts_file_options file_options = {.attempts = attempts,
                                                 .workers = workers,
                                                 .directory = directory,
                                                 .now_ms = now,
                                                 .wall_ms = wall_now,
                                                 .kept = on_kept};
    assert_int_equal(attempts_file_new(&file_options, &file), SMCRED_OK);
    return attempts_file_load(file, &err);
}

static void end(void)
{
    workers_free(workers);
    attempts_file_free(file);
    attempts_free(attempts);
}

/* The keeper ends, `ms` pass, another one begins; with `boot`, on a machine that has just started.
 */
static void begin_again(int64_t ms, bool boot)
{
    end();
    boot_ms = boot ? 5000 : boot_ms + ms;
    wall_ms += ms;
    assert_int_equal(begin(), SMCRED_OK);
}

static bool file_names(const char *endpoint)
{
    sm_autofree char *text = NULL;
    struct sm_error err;
    assert_int_equal(statefile_read(path, &text, &err), SMCRED_OK);
    return text && strstr(text, endpoint);
}

static int setup(void **state)
{
    (void)state;
    boot_ms = 1000;
    wall_ms = WALL_MS;
    changes = writes = 0;
    snprintf(directory, sizeof directory, "/tmp/test_attempts_file.XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/" ATTEMPTS_FILE, directory);
    base = event_base_new();
    return begin() != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    end();
    event_base_free(base);
    unlink(path);
    rmdir(directory);
    return 0;
}

static void pass(int64_t ms)
{
    boot_ms += ms;
    wall_ms += ms;
}

static void wrong(struct attempts_account account, const char *version_id)
{
    assert_int_equal(attempts_wrong(attempts, account, version_id), SMCRED_OK);
}

static void a_restart_forgets_nothing(void **state)
{
    (void)state;
    int64_t until_ms = 0;
    for (int i = 0; i < 3; i++) {
        wrong(orders, "v1");
        pass(1000);
    }
    wrong(billing, "v1");
    for (int i = 0; i < 2; i++) {
        begin_again(2000, i == 1);
        assert_int_equal(attempts_count(attempts, orders), 3);
        assert_int_equal(attempts_count(attempts, billing), 1);
        assert_false(attempts_allowed(attempts, orders, "v1", &until_ms));
        assert_int_equal(until_ms, boot_ms - 3000 - (i + 1) * 2000 + WINDOW_MS);
        assert_true(attempts_allowed(attempts, orders, "v2", &until_ms)); /* its own try */
    }
    begin_again(WINDOW_MS, false);
    assert_int_equal(attempts_count(attempts, orders), 0);
}

static void what_was_forgiven_stays_so(void **state)
{
    (void)state;
    wrong(orders, "v1");
    attempts_right(attempts, orders);
    begin_again(0, false);
    assert_int_equal(attempts_count(attempts, orders), 0);
    assert_int_equal(changes, 2);
    attempts_right(attempts, orders);
    assert_int_equal(changes, 2); /* a login that finds nothing to forgive writes no file */
}

static void a_clock_that_was_set_back_frees_nobody(void **state)
{
    (void)state;
    int64_t until_ms = 0;
    for (int i = 0; i < 3; i++)
        wrong(orders, "v1");
    begin_again(-3600 * 1000, true);
    assert_false(attempts_allowed(attempts, orders, "v1", &until_ms));
    assert_int_equal(until_ms, boot_ms + WINDOW_MS);
}

static void damage_is_told_and_the_rest_counts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "{", "[]",
        "{\"wrong\":[{\"user\":\"app\",\"endpoint\":\"/run/db\",\"version\":\"v\"}]}",
        ("{\"wrong\":[{\"user\":\"app\",\"endpoint\":\"/run/db\",\"version\":\"v\",\"at_ms\":-1},"
         "{\"user\":\"app\",\"endpoint\":\"/run/"
         "db\",\"version\":\"v\",\"at_ms\":1769854829000}]}")};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        end();
        assert_int_equal(statefile_replace(path, texts[i]), SMCRED_OK);
        assert_int_equal(begin(), SMCRED_INVALID);
        assert_int_equal(attempts_count(attempts, billing), i == 4);
    }
}

static void what_is_said_to_be_kept_is_in_the_file(void **state)
{
    (void)state;
    wrong(billing, "v1");
    assert_false(attempts_are_kept(attempts, 1));
    assert_false(file_names("/run/db"));
    workers_work(workers);
    assert_true(attempts_are_kept(attempts, 1));
    assert_true(file_names("/run/db"));
    assert_int_equal(writes, 1);
}

static void what_comes_during_a_write_is_in_the_next_one(void **state)
{
    (void)state;
    wrong(billing, "v1");
    wrong(orders, "v1");
    wrong(orders, "v1");
    workers_work(workers);
    assert_int_equal(writes, 2);
    assert_false(all_kept[0]);
    assert_true(all_kept[1]);
    assert_true(file_names("orders-db.internal"));
}

static void a_write_that_never_began_is_made_at_the_end(void **state)
{
    (void)state;
    wrong(billing, "v1");
    workers_free(workers);
    assert_int_equal(writes, 0);
    workers = NULL;
    begin_again(0, false);
    assert_int_equal(attempts_count(attempts, billing), 1);
}

static void where_nothing_can_be_written_nobody_waits_for_it(void **state)
{
    (void)state;
    assert_int_equal(rmdir(directory), 0);
    wrong(billing, "v1");
    workers_work(workers);
    assert_true(attempts_are_kept(attempts, 1));
    assert_int_equal(attempts_count(attempts, billing), 1);
    assert_int_equal(mkdir(directory, 0700), 0);
    attempts_file_tick(file);
    workers_work(workers);
    assert_false(file_names("/run/db")); /* not yet */
    pass(RECORD_PAUSE_MS);
    attempts_file_tick(file);
    workers_work(workers);
    assert_true(file_names("/run/db"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(a_restart_forgets_nothing), TEST(what_was_forgiven_stays_so),
             TEST(a_clock_that_was_set_back_frees_nobody), TEST(damage_is_told_and_the_rest_counts),
             TEST(what_is_said_to_be_kept_is_in_the_file),
             TEST(what_comes_during_a_write_is_in_the_next_one),
             TEST(a_write_that_never_began_is_made_at_the_end),
             TEST(where_nothing_can_be_written_nobody_waits_for_it))
