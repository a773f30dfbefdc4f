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
    /* A secret belongs to an account and a region; keys can be disabled. */
    "CREATE TABLE placed (row INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL,"
    " region TEXT NOT NULL, name TEXT NOT NULL, arn TEXT NOT NULL UNIQUE,"
    " description TEXT NOT NULL, kms_key_id TEXT NOT NULL, created_ms INTEGER NOT NULL,"
    " changed_ms INTEGER NOT NULL, accessed_ms INTEGER NOT NULL, deleted_ms INTEGER NOT NULL,"
    " purge_ms INTEGER NOT NULL, tagged INTEGER NOT NULL, UNIQUE (account, region, name)) STRICT;"
    "INSERT INTO placed SELECT row, (SELECT value FROM setting WHERE setting.name = 'account'),"
    " (SELECT value FROM setting WHERE setting.name = 'region'), name, arn, description,"
    " kms_key_id, created_ms, changed_ms, accessed_ms, deleted_ms, purge_ms, tagged FROM secret;"
    "DROP TABLE secret;"
    "ALTER TABLE placed RENAME TO secret;"
    "CREATE INDEX secret_purge ON secret (purge_ms) WHERE purge_ms > 0;"
    "ALTER TABLE access_key ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;",
    /* Parameter Store. */
    "CREATE TABLE parameter (row INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL,"
    " region TEXT NOT NULL, name TEXT NOT NULL, shown TEXT NOT NULL, latest INTEGER NOT NULL,"
    " UNIQUE (account, region, name)) STRICT;"
    "CREATE TABLE parameter_version (row INTEGER PRIMARY KEY,"
    " parameter INTEGER NOT NULL REFERENCES parameter ON DELETE CASCADE, version INTEGER NOT NULL,"
    " type TEXT NOT NULL, description TEXT NOT NULL, pattern TEXT NOT NULL, key_id TEXT NOT NULL,"
    " tier TEXT NOT NULL, data_type TEXT NOT NULL, modified_ms INTEGER NOT NULL,"
    " modified_by TEXT NOT NULL, sealed BLOB NOT NULL, UNIQUE (parameter, version)) STRICT;"
    "CREATE TABLE parameter_label (parameter INTEGER NOT NULL, label TEXT NOT NULL,"
    " version INTEGER NOT NULL, PRIMARY KEY (parameter, label),"
    " FOREIGN KEY (parameter, version) REFERENCES parameter_version (parameter, version)"
    " ON DELETE CASCADE) STRICT, WITHOUT ROWID;"
    "CREATE INDEX parameter_label_version ON parameter_label (parameter, version);"
    "CREATE TABLE parameter_tag (parameter INTEGER NOT NULL REFERENCES parameter"
    " ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (parameter, key))"
    " STRICT, WITHOUT ROWID;",
    /* Users and roles have policies.  Until now every key could do everything. */
    "CREATE TABLE principal (arn TEXT PRIMARY KEY, trust TEXT NOT NULL,"
    " session_max_s INTEGER NOT NULL, created_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE principal_policy (principal TEXT NOT NULL REFERENCES principal ON DELETE CASCADE,"
    " name TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (principal, name)) STRICT;"
    "CREATE TABLE principal_tag (principal TEXT NOT NULL REFERENCES principal ON DELETE CASCADE,"
    " key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (principal, key)) STRICT;"
    "CREATE TABLE resource_policy (secret INTEGER PRIMARY KEY REFERENCES secret ON DELETE CASCADE,"
    " document TEXT NOT NULL) STRICT;"
    "INSERT INTO principal SELECT principal, '', 3600, min(created_ms) FROM access_key"
    " GROUP BY principal;"
    "INSERT INTO principal_policy SELECT arn, 'AdministratorAccess', '{\"Version\":\"2012-10-17\","
    "\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}' FROM principal;",
    /* Rotation. */
    "CREATE TABLE function (arn TEXT PRIMARY KEY, path TEXT NOT NULL, user TEXT NOT NULL,"
    " timeout_s INTEGER NOT NULL) STRICT;"
    "CREATE TABLE rotation (secret INTEGER PRIMARY KEY REFERENCES secret ON DELETE CASCADE,"
    " enabled INTEGER NOT NULL, function_arn TEXT NOT NULL, days INTEGER NOT NULL,"
    " schedule TEXT NOT NULL, duration TEXT NOT NULL, rotated_ms INTEGER NOT NULL,"
    " opens_ms INTEGER NOT NULL, closes_ms INTEGER NOT NULL, token TEXT NOT NULL,"
    " step INTEGER NOT NULL, is_test INTEGER NOT NULL, failures INTEGER NOT NULL,"
    " wake_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX rotation_wake ON rotation (wake_ms) WHERE wake_ms > 0;",
    /* The labels of a secret on one page, so that a read finds them all at once. */
    "CREATE TABLE clustered (secret INTEGER NOT NULL, label TEXT NOT NULL, version TEXT NOT NULL,"
    " PRIMARY KEY (secret, label), FOREIGN KEY (secret, version) REFERENCES version (secret, id)"
    " ON DELETE CASCADE) STRICT, WITHOUT ROWID;"
    "INSERT INTO clustered SELECT secret, label, version FROM label;"
    "DROP TABLE label;"
    "ALTER TABLE clustered RENAME TO label;",
    /* Issuers of web identities. */
    "CREATE TABLE issuer (account TEXT NOT NULL, url TEXT NOT NULL, audiences TEXT NOT NULL,"
    " keys TEXT NOT NULL, PRIMARY KEY (account, url)) STRICT;",
    /* Keys of KMS, and data keys apart from the values they open. */
    "CREATE TABLE kms_key (row INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL,"
    " region TEXT NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL, created_ms INTEGER NOT NULL,"
    " UNIQUE (account, region, id)) STRICT;"
    "CREATE TABLE kms_alias (account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,"
    " key INTEGER NOT NULL REFERENCES kms_key ON DELETE CASCADE,"
    " PRIMARY KEY (account, region, name)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX kms_alias_key ON kms_alias (key);"
    "CREATE TABLE kms_material (row INTEGER PRIMARY KEY AUTOINCREMENT,"
    " key INTEGER NOT NULL REFERENCES kms_key, sealed BLOB NOT NULL) STRICT;"
    "CREATE INDEX kms_material_key ON kms_material (key);"
    "CREATE TABLE data_key (secret INTEGER NOT NULL, version TEXT NOT NULL,"
    " material INTEGER NOT NULL REFERENCES kms_material, wrapped BLOB NOT NULL,"
    " PRIMARY KEY (secret, version), FOREIGN KEY (secret, version)"
    " REFERENCES version (secret, id) ON DELETE CASCADE) STRICT, WITHOUT ROWID;"
    "CREATE INDEX data_key_material ON data_key (material);",
    /* Replicas. */
    "ALTER TABLE secret ADD COLUMN primary_region TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE replica (secret INTEGER NOT NULL REFERENCES secret ON DELETE CASCADE,"
    " region TEXT NOT NULL, kms_key_id TEXT NOT NULL, failed INTEGER NOT NULL,"
    " message TEXT NOT NULL, PRIMARY KEY (secret, region)) STRICT, WITHOUT ROWID;",
    /* A rotation function may read one secret more, the superuser's. */
    "ALTER TABLE function ADD COLUMN reads TEXT NOT NULL DEFAULT '';",
    /* Replicas on other servers. */
    "CREATE TABLE remote (region TEXT PRIMARY KEY, url TEXT NOT NULL, ca_file TEXT NOT NULL,"
    " key_id TEXT NOT NULL, sealed BLOB NOT NULL) STRICT;"
    "ALTER TABLE replica ADD COLUMN wake_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE replica ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE replica ADD COLUMN change INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE replica ADD COLUMN overwrite INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE replica ADD COLUMN leaving INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX replica_wake ON replica (wake_ms) WHERE wake_ms > 0;",
    /* A SecureString has a data key, as a version of a secret has. */
    "ALTER TABLE parameter_version ADD COLUMN material INTEGER REFERENCES kms_material;"
    "ALTER TABLE parameter_version ADD COLUMN wrapped BLOB;"
    "CREATE INDEX parameter_version_material ON parameter_version (material)"
    " WHERE material IS NOT NULL;",
    /* A key says who may use it. */
    "ALTER TABLE kms_key ADD COLUMN policy TEXT NOT NULL DEFAULT '';",
    /* Rotation functions use the keys of what they rotate; roles of before could not. */
    "UPDATE principal_policy SET document = replace(document,"
    " '{\"Effect\":\"Allow\",\"Action\":\"secretsmanager:GetRandomPassword\"',"
    " '{\"Effect\":\"Allow\",\"Action\":[\"kms:Decrypt\",\"kms:GenerateDataKey\"],\"Resource\":\"*"
    "\"},"
    "{\"Effect\":\"Allow\",\"Action\":\"secretsmanager:GetRandomPassword\"')"
    " WHERE name = 'rotation' AND principal LIKE '%:role/secretsmanager-rotation'"
    " AND document NOT LIKE '%kms:%';",
    /* A replica on another server is looked at again. */
    "ALTER TABLE replica ADD COLUMN checked_ms INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX replica_checked ON replica (checked_ms) WHERE checked_ms > 0;",
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

/* One step up, in a transaction that whoever migrates too waits for. */
static enum smcred_status step_up(sqlite3 *db, int64_t version)
{
    char text[64];
    if (pragma_number(db, "PRAGMA user_version") != version)
        return SMCRED_OK; /* somebody else was faster */
    enum smcred_status status = pragma(db, migrations[version]);
    (void)snprintf(text, sizeof text, "PRAGMA user_version = %lld", (long long)version + 1);
    if (status == SMCRED_OK)
        status = pragma(db, text);
    (void)snprintf(text, sizeof text, "PRAGMA application_id = %d", APPLICATION_ID);
    return status == SMCRED_OK ? pragma(db, text) : status;
}

enum smcred_status store_migrate(sqlite3 *db, struct sm_error *err)
{
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
            status = step_up(db, version);
        if (status == SMCRED_OK)
            status = pragma(db, "COMMIT");
        if (status != SMCRED_OK)
            return sm_error_set(err, status, "cannot make the tables: %s", sqlite3_errmsg(db));
    }
    return SMCRED_OK;
}
