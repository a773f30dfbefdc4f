/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_store.c - a store keeps what was committed, and belongs to one process at a time. */
#include "tests/lib/sm_test.h"

#include <sqlite3.h>
#include <stdio.h>

#include "server/store.h"

struct place {
    char directory[64], path[96];
};

static int make_place(void **state)
{
    static struct place place;
    (void)snprintf(place.directory, sizeof place.directory, "/tmp/test_store.XXXXXX");
    assert_non_null(mkdtemp(place.directory));
    (void)snprintf(place.path, sizeof place.path, "%s/store.db", place.directory);
    *state = &place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    char wal[128];
    (void)snprintf(wal, sizeof wal, "%s-wal", place->path);
    (void)unlink(wal);
    (void)unlink(place->path);
    return rmdir(place->directory);
}

static void keeps_what_was_committed(void **state)
{
    struct place *place = *state;
    struct server_store *store;
    struct sm_error err;
    char text[16];
    assert_int_equal(server_store_open(place->path, &store, &err), SMCRED_OK);
    assert_int_equal(server_store_begin(store), SMCRED_OK);
    assert_int_equal(server_store_setting_set(store, "a", "kept"), SMCRED_OK);
    assert_int_equal(server_store_commit(store), SMCRED_OK);
    assert_int_equal(server_store_begin(store), SMCRED_OK);
    assert_int_equal(server_store_setting_set(store, "a", "lost"), SMCRED_OK);
    server_store_rollback(store);
    server_store_close(store);
    assert_int_equal(server_store_open(place->path, &store, &err), SMCRED_OK);
    assert_int_equal(server_store_setting(store, "a", text, sizeof text), SMCRED_OK);
    assert_string_equal(text, "kept");
    assert_int_equal(server_store_setting(store, "b", text, sizeof text), SMCRED_NOT_FOUND);
    server_store_close(store);
}

static void belongs_to_one_at_a_time(void **state)
{
    struct place *place = *state;
    struct server_store *store, *second = NULL;
    struct sm_error err;
    assert_int_equal(server_store_open(place->path, &store, &err), SMCRED_OK);
    assert_int_equal(server_store_open(place->path, &second, &err), SMCRED_UNAVAILABLE);
    assert_string_equal(err.text, "the store is in use by another smcred-server");
    assert_null(second);
    server_store_close(store);
}

static void refuses_a_newer_version(void **state)
{
    struct place *place = *state;
    struct server_store *store;
    struct sm_error err;
    sqlite3 *db;
    assert_int_equal(server_store_open(place->path, &store, &err), SMCRED_OK);
    server_store_close(store);
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(server_store_open(place->path, &store, &err), SMCRED_INVALID);
}

static void refuses_what_is_no_database(void **state)
{
    struct place *place = *state;
    struct server_store *store;
    struct sm_error err;
    FILE *file = fopen(place->path, "w");
    assert_non_null(file);
    for (int i = 0; i < 100; i++)
        assert_true(fputs("this is no database\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(server_store_open(place->path, &store, &err), SMCRED_INVALID);
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
SM_TEST_MAIN(STORE_TEST(keeps_what_was_committed), STORE_TEST(belongs_to_one_at_a_time),
             STORE_TEST(refuses_a_newer_version), STORE_TEST(refuses_what_is_no_database))
