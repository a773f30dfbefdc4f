/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_store.c - a store keeps what was committed, and shows it to all who have it open. */
#include "tests/lib/sm_test.h"

#include <sqlite3.h>
#include <stdio.h>

#include "server/store.h"

static const char version_1[] =
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "CREATE TABLE access_key (id TEXT PRIMARY KEY, principal TEXT NOT NULL, sealed BLOB NOT NULL,"
    " created_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE secret (row INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    " arn TEXT NOT NULL UNIQUE, description TEXT NOT NULL, kms_key_id TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, accessed_ms INTEGER NOT NULL,"
    " deleted_ms INTEGER NOT NULL, purge_ms INTEGER NOT NULL, tagged INTEGER NOT NULL) STRICT;"
    "CREATE INDEX secret_purge ON secret (purge_ms) WHERE purge_ms > 0;"
    "CREATE TABLE version (row INTEGER PRIMARY KEY AUTOINCREMENT,"
    " secret INTEGER NOT NULL REFERENCES secret ON DELETE CASCADE, id TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL, accessed_ms INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " sealed BLOB, UNIQUE (secret, id)) STRICT;"
    "CREATE TABLE label (row INTEGER PRIMARY KEY, secret INTEGER NOT NULL, label TEXT NOT NULL,"
    " version TEXT NOT NULL, UNIQUE (secret, label),"
    " FOREIGN KEY (secret, version) REFERENCES version (secret, id) ON DELETE CASCADE) STRICT;"
    "CREATE INDEX label_version ON label (secret, version);"
    "CREATE TABLE tag (row INTEGER PRIMARY KEY,"
    " secret INTEGER NOT NULL REFERENCES secret ON DELETE CASCADE, key TEXT NOT NULL,"
    " value TEXT NOT NULL, UNIQUE (secret, key)) STRICT;"
    "INSERT INTO setting VALUES ('account', '123456789012'), ('region', 'eu-west-1');"
    "INSERT INTO secret VALUES (7, 'db', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-"
    "abcdef', '', '', 1, 1, 0, 0, 0, 0);"
    "INSERT INTO version VALUES (1, 7, 'v', 1, 0, 0, NULL);"
    "INSERT INTO label VALUES (1, 7, 'AWSCURRENT', 'v');"
    "PRAGMA application_id = 1936548722; PRAGMA user_version = 1;";

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
    char beside[128];
    (void)snprintf(beside, sizeof beside, "%s-wal", place->path);
    (void)unlink(beside);
    (void)snprintf(beside, sizeof beside, "%s-shm", place->path);
    (void)unlink(beside);
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

static void shows_one_process_what_another_wrote(void **state)
{
    struct place *place = *state;
    struct server_store *store, *second;
    struct sm_error err;
    char text[16];
    assert_int_equal(server_store_open(place->path, &store, &err), SMCRED_OK);
    assert_int_equal(server_store_open(place->path, &second, &err), SMCRED_OK);
    assert_int_equal(server_store_setting_set(second, "a", "b"), SMCRED_OK);
    assert_int_equal(server_store_setting(store, "a", text, sizeof text), SMCRED_OK);
    assert_string_equal(text, "b");
    server_store_close(second);
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

/* What version 1 was, with one secret in it. */
static void takes_over_an_old_store(void **state)
{
    struct place *place = *state;
    struct server_store *store;
    struct server_secret secret;
    struct sm_error err;
    sqlite3 *db;
    char label[SERVER_VERSION_ID_MAX + 1];
    const struct server_place home = {.account = "123456789012", .region = "eu-west-1"};
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, version_1, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(server_store_open(place->path, &store, &err), SMCRED_OK);
    assert_int_equal(server_store_secret_by_name(store, &home, sm_bytes_of("db"), &secret),
                     SMCRED_OK);
    assert_int_equal(secret.row, 7);
    assert_int_equal(server_store_label(store, 7, "AWSCURRENT", label), SMCRED_OK);
    assert_string_equal(label, "v");
    assert_int_equal(server_store_secret_delete(store, 7), SMCRED_OK);
    assert_int_equal(server_store_label(store, 7, "AWSCURRENT", label), SMCRED_NOT_FOUND);
    server_store_close(store);
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
SM_TEST_MAIN(STORE_TEST(keeps_what_was_committed), STORE_TEST(shows_one_process_what_another_wrote),
             STORE_TEST(takes_over_an_old_store), STORE_TEST(refuses_a_newer_version),
             STORE_TEST(refuses_what_is_no_database))
