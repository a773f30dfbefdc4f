/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_attempts_file.c - the budget goes on where the keeper before has stopped. */
#include "tests/lib/sm_test.h"

#include <stdio.h>
#include <unistd.h>

#include "keeper/attempts_file.h"

#define WINDOW_MS 600000
#define WALL_MS   1769854830000

static char directory[64], file[96];
static int64_t boot_ms, wall_ms;
static struct attempts *attempts;
static unsigned changes;
static const struct attempts_account orders = {"app \"x\"\n", "orders-db.internal:5432"};
static const struct attempts_account billing = {"app", "/run/db"};

static int64_t now(void)
{
    return boot_ms;
}

static void save(void *arg)
{
    struct sm_error err;
    (void)arg;
    changes++;
    assert_int_equal(attempts_save(attempts, directory, wall_ms, &err), SMCRED_OK);
}

static enum smcred_status begin(void)
{
    struct attempts_options options = {.now_ms = now, .changed = save};
    struct sm_error err;
    assert_int_equal(attempts_new(&options, &attempts), SMCRED_OK);
    return attempts_load(attempts, directory, wall_ms, &err);
}

/* The keeper ends, `ms` pass, another one begins; with `boot`, on a machine that has just started.
 */
static void begin_again(int64_t ms, bool boot)
{
    attempts_free(attempts);
    boot_ms = boot ? 5000 : boot_ms + ms;
    wall_ms += ms;
    assert_int_equal(begin(), SMCRED_OK);
}

static int setup(void **state)
{
    (void)state;
    boot_ms = 1000;
    wall_ms = WALL_MS;
    changes = 0;
    snprintf(directory, sizeof directory, "/tmp/test_attempts_file.XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(file, sizeof file, "%s/" ATTEMPTS_FILE, directory);
    return begin() != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    attempts_free(attempts);
    unlink(file);
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
        FILE *stream = fopen(file, "w");
        assert_non_null(stream);
        fputs(texts[i], stream);
        fclose(stream);
        attempts_free(attempts);
        assert_int_equal(begin(), SMCRED_INVALID);
        assert_int_equal(attempts_count(attempts, billing), i == 4);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(a_restart_forgets_nothing), TEST(what_was_forgiven_stays_so),
             TEST(a_clock_that_was_set_back_frees_nobody), TEST(damage_is_told_and_the_rest_counts))
