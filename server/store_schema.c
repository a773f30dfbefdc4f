/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_schema.c - the tables, as they came to be.  Called by store.c when it opens a database.
 */
#include "server/store_sql.h"

#include <stdio.h>

#define APPLICATION_ID 0x736d6372 /* "smcr", for file(1) */

/* What brings a database from version N to N + 1.  Append; never change what was released. */
static const char *const migrations[] = {
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
    " value TEXT NOT NULL, UNIQUE (secret, key)) STRICT;",
};
#define SCHEMA_VERSION (sizeof migrations / sizeof *migrations)

static enum smcred_status pragma(sqlite3 *db, const char *text)
{
    return store_status_of(sqlite3_exec(db, text, NULL, NULL, NULL));
}

static int64_t pragma_number(sqlite3 *db, const char *text)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement); /* the error is in `number` */
    return number;
}

enum smcred_status store_migrate(sqlite3 *db, struct sm_error *err)
{
    char text[64];
    int64_t version = pragma_number(db, "PRAGMA user_version");
    int64_t application = pragma_number(db, "PRAGMA application_id");
    if (version < 0 || version > (int64_t)SCHEMA_VERSION ||
        (version > 0 && application != APPLICATION_ID))
        return sm_error_set(
            err, SMCRED_INVALID,
            "the store is not ours or of a newer version (schema %lld, we know %zu)",
            (long long)version, SCHEMA_VERSION);
    for (; version < (int64_t)SCHEMA_VERSION; version++) {
        enum smcred_status status = pragma(db, "BEGIN IMMEDIATE");
        if (status == SMCRED_OK)
            status = pragma(db, migrations[version]);
        (void)snprintf(text, sizeof text, "PRAGMA user_version = %lld", (long long)version + 1);
        if (status == SMCRED_OK)
            status = pragma(db, text);
        (void)snprintf(text, sizeof text, "PRAGMA application_id = %d", APPLICATION_ID);
        if (status == SMCRED_OK)
            status = pragma(db, text);
        if (status == SMCRED_OK)
            status = pragma(db, "COMMIT");
        if (status != SMCRED_OK)
            return sm_error_set(err, status, "cannot make the tables: %s", sqlite3_errmsg(db));
    }
    return SMCRED_OK;
}
