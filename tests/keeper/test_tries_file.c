/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_tries_file.c - whoever guesses gains nothing by a keeper that is started anew. */
#include "tests/lib/sm_test.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/record.h"
#include "keeper/statefile.h"
#include "keeper/tries_file.h"
#include "keeper/workers.h"

#define MINUTE  60000
#define WALL_MS (1800000000 * INT64_C(1000))

static const struct tries_limit five = {5, 10 * MINUTE};

static int64_t boot_ms, wall_ms;
static char directory[64], path[96];
static struct event_base *base;
static struct workers *workers;
static struct tries *tries;
static struct tries_file *file;

static int64_t boot_now(void)
{
    return boot_ms;
}

static int64_t wall_now(void)
{
    return wall_ms;
}

static enum smcred_status begin(void)
{
    struct sm_error err;
    assert_int_equal(tries_new(boot_now, 0, &tries), SMCRED_OK);
    struct tries_file_options options = {tries, workers, directory, boot_now, wall_now};
    assert_int_equal(tries_file_new(&options, &file), SMCRED_OK);
    return tries_file_load(file, &err);
}

static void end(void)
{
    tries_file_free(file);
    tries_free(tries);
}

/* Without a last word. */
static void kill_keeper(void)
{
    sm_autofree char *text = NULL;
    struct sm_error err;
    assert_int_equal(statefile_read(path, &text, &err), SMCRED_OK);
    end();
    if (text)
        assert_int_equal(statefile_replace(path, text), SMCRED_OK);
    else
        (void)unlink(path);
}

static int setup(void **state)
{
    (void)state;
    boot_ms = 100000;
    wall_ms = WALL_MS;
    snprintf(directory, sizeof directory, "/tmp/test_tries_file.XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/" TRIES_FILE, directory);
    base = event_base_new();
    assert_int_equal(workers_new_idle(base, 4, &workers), SMCRED_OK);
    return begin() != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    end();
    workers_free(workers);
    event_base_free(base);
    unlink(path);
    rmdir(directory);
    return 0;
}

static bool guess(const char *key)
{
    int64_t until;
    if (!tries_begin(tries, sm_bytes_of(key), five, &until))
        return false;
    tries_end(tries, sm_bytes_of(key), five, true);
    return true;
}

static void guess_all(const char *key)
{
    for (int i = 0; i < 5; i++)
        assert_true(guess(key));
    assert_false(guess(key));
}

static void pass(int64_t ms)
{
    boot_ms += ms;
    wall_ms += ms;
}

static void tick(void)
{
    tries_file_tick(file);
    workers_work(workers);
}

/* ---- */

static void a_restart_gives_nobody_a_guess(void **state)
{
    (void)state;
    guess_all("alice");
    end();
    boot_ms = 3000; /* the machine, too */
    wall_ms += MINUTE;
    assert_int_equal(begin(), SMCRED_OK);
    assert_false(guess("alice"));
    assert_true(guess("bob"));
    pass(MINUTE + 1);
    assert_true(guess("alice")); /* one in two minutes, as if nothing had been */
    assert_false(guess("alice"));
}

static void nor_does_a_keeper_that_is_killed(void **state)
{
    (void)state;
    guess_all("alice");
    tick();
    kill_keeper();
    assert_int_equal(begin(), SMCRED_OK);
    assert_false(guess("alice"));
}

static void whoever_guessed_right_is_forgiven_for_good(void **state)
{
    (void)state;
    guess_all("alice");
    tick();
    tries_forgive(tries, sm_bytes_of("alice"));
    pass(RECORD_PAUSE_MS);
    tick();
    kill_keeper();
    assert_int_equal(begin(), SMCRED_OK);
    assert_true(guess("alice"));
}

static void a_flood_of_guesses_is_not_one_of_writes(void **state)
{
    (void)state;
    struct stat before, after;
    assert_true(guess("alice"));
    tick();
    assert_int_equal(stat(path, &before), 0);
    for (int i = 0; i < 9; i++) {
        assert_true(guess("alice") || i > 3);
        tick();
        pass(RECORD_PAUSE_MS / 10);
    }
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino); /* each write makes another file */
    pass(RECORD_PAUSE_MS / 10);
    tick();
    assert_int_equal(stat(path, &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino);
    before = after;
    pass(10 * RECORD_PAUSE_MS); /* and where nobody guesses nothing is written */
    tick();
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
}

static void no_name_is_in_the_file(void **state)
{
    (void)state;
    sm_autofree char *text = NULL;
    struct sm_error err;
    struct stat about;
    assert_true(guess("bastion/users/hunter2-typed-as-a-name"));
    tick();
    assert_int_equal(statefile_read(path, &text, &err), SMCRED_OK);
    assert_non_null(text);
    assert_null(strstr(text, "hunter2"));
    assert_null(strstr(text, "users"));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void a_clock_that_is_set_back_gives_nothing_back(void **state)
{
    (void)state;
    guess_all("alice");
    end();
    wall_ms -= 1000 * MINUTE;
    assert_int_equal(begin(), SMCRED_OK);
    assert_false(guess("alice"));
    pass(2 * MINUTE + 1);
    assert_true(guess("alice")); /* nor does it take anything */
}

static void as_many_keys_as_are_counted_fit_into_a_file(void **state)
{
    (void)state;
    char key[16];
    struct stat about;
    for (int i = 0; i < TRIES_KEYS_DEFAULT + 10; i++) {
        snprintf(key, sizeof key, "user%d", i);
        assert_true(guess(key));
    }
    tick();
    assert_int_equal(stat(path, &about), 0);
    assert_in_range(about.st_size, TRIES_KEYS_DEFAULT * TRIES_DIGEST_SIZE, STATEFILE_SIZE_MAX);
    kill_keeper();
    assert_int_equal(begin(), SMCRED_OK);
    assert_int_equal(tries_count(tries), TRIES_KEYS_DEFAULT);
}

static void a_damaged_file_stops_nobody(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"wrong\":[]}",
        "{\"at_ms\":1,\"wrong\":{}}",
        "{\"at_ms\":1,\"wrong\":[1,{\"key\":\"00\",\"owes_ms\":1}]}",
        "{\"at_ms\":1800000000000,\"wrong\":[{\"key\":"
        "\"000000000000000000000000000000000000000000000000000000000000000G\",\"owes_ms\":5}]}",
        "{\"at_ms\":1800000000000,\"wrong\":[{\"key\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\",\"owes_ms\":1e300}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        end();
        assert_int_equal(statefile_replace(path, texts[i]), SMCRED_OK);
        assert_int_equal(begin(), SMCRED_INVALID);
        assert_int_equal(tries_count(tries), 0);
    }
    guess_all("alice");
    end();
    assert_int_equal(begin(), SMCRED_OK);
    assert_false(guess("alice"));
}

static void without_a_directory_it_is_counted_all_the_same(void **state)
{
    (void)state;
    assert_int_equal(rmdir(directory), 0);
    guess_all("alice");
    tick();
    assert_false(guess("alice"));
    assert_int_equal(mkdir(directory, 0700), 0);
    pass(RECORD_PAUSE_MS);
    tick(); /* what could not be written is tried again */
    assert_int_equal(access(path, R_OK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
SM_TEST_MAIN(TEST(a_restart_gives_nobody_a_guess), TEST(nor_does_a_keeper_that_is_killed),
             TEST(whoever_guessed_right_is_forgiven_for_good),
             TEST(a_flood_of_guesses_is_not_one_of_writes), TEST(no_name_is_in_the_file),
             TEST(a_clock_that_is_set_back_gives_nothing_back),
             TEST(as_many_keys_as_are_counted_fit_into_a_file), TEST(a_damaged_file_stops_nobody),
             TEST(without_a_directory_it_is_counted_all_the_same))
