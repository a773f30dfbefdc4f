/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store.c - SQLite: write-ahead log, fully synchronous, held by one process alone.
 *
 * Called by the operations.  Every statement the server ever runs stands in the table below.
 */
#include "server/store.h"

#include <assert.h>
#include <sqlite3.h>
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

#define SECRET_COLUMNS                                                                             \
    "SELECT row, name, arn, description, kms_key_id, created_ms, changed_ms, accessed_ms,"         \
    " deleted_ms, purge_ms, tagged FROM secret "

/* ?2 is an enum server_order. */
#define SORT_KEY "CASE ?2 WHEN 1 THEN name WHEN 2 THEN changed_ms ELSE accessed_ms END"
static_assert(SERVER_ORDER_NAME == 1 && SERVER_ORDER_CHANGED == 2, "in SORT_KEY");

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    SETTING_SET,
    SETTING_GET,
    KEY_INSERT,
    KEY_GET,
    SECRET_BY_NAME,
    SECRET_BY_ARN,
    SECRET_INSERT,
    SECRET_UPDATE,
    SECRET_DELETE,
    SECRET_PURGE,
    SECRETS_CREATED,
    SECRETS_CREATED_DOWN,
    SECRETS_SORTED,
    SECRETS_SORTED_DOWN,
    VERSION_GET,
    VERSION_PUT,
    VERSION_ACCESSED,
    VERSION_COUNT,
    VERSION_PRUNE,
    VERSION_LIST,
    LABEL_GET,
    LABEL_SET,
    LABEL_REMOVE,
    LABEL_COUNT,
    LABEL_LIST,
    LABEL_LIST_VERSION,
    TAG_SET,
    TAG_REMOVE,
    TAG_COUNT,
    TAG_LIST,
    STATEMENT_COUNT
};

static const char *const texts[STATEMENT_COUNT] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [SETTING_SET] = "INSERT INTO setting (name, value) VALUES (?1, ?2)"
                    " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    [SETTING_GET] = "SELECT value FROM setting WHERE name = ?1",
    [KEY_INSERT] = "INSERT INTO access_key (id, principal, sealed, created_ms)"
                   " VALUES (?1, ?2, ?3, ?4)",
    [KEY_GET] = "SELECT principal, sealed FROM access_key WHERE id = ?1",
    [SECRET_BY_NAME] = SECRET_COLUMNS "WHERE name = ?1",
    [SECRET_BY_ARN] = SECRET_COLUMNS "WHERE arn = ?1",
    [SECRET_INSERT] = "INSERT INTO secret (name, arn, description, kms_key_id, created_ms,"
                      " changed_ms, accessed_ms, deleted_ms, purge_ms, tagged)"
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [SECRET_UPDATE] = "UPDATE secret SET name = ?1, arn = ?2, description = ?3, kms_key_id = ?4,"
                      " created_ms = ?5, changed_ms = ?6, accessed_ms = ?7, deleted_ms = ?8,"
                      " purge_ms = ?9, tagged = ?10 WHERE row = ?11",
    [SECRET_DELETE] = "DELETE FROM secret WHERE row = ?1",
    [SECRET_PURGE] = "DELETE FROM secret WHERE purge_ms > 0 AND purge_ms <= ?1",
    [SECRETS_CREATED] = SECRET_COLUMNS "WHERE row > ?1 ORDER BY row",
    [SECRETS_CREATED_DOWN] = SECRET_COLUMNS "WHERE ?1 = 0 OR row < ?1 ORDER BY row DESC",
    [SECRETS_SORTED] = SECRET_COLUMNS "ORDER BY " SORT_KEY ", row LIMIT -1 OFFSET ?1",
    [SECRETS_SORTED_DOWN] = SECRET_COLUMNS "ORDER BY " SORT_KEY " DESC, row DESC"
                                           " LIMIT -1 OFFSET ?1",
    [VERSION_GET] = "SELECT id, created_ms, accessed_ms, kind, sealed FROM version"
                    " WHERE secret = ?1 AND id = ?2",
    [VERSION_PUT] = "INSERT INTO version (secret, id, created_ms, accessed_ms, kind, sealed)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (secret, id)"
                    " DO UPDATE SET kind = excluded.kind, sealed = excluded.sealed"
                    " WHERE kind = 0",
    [VERSION_ACCESSED] = "UPDATE version SET accessed_ms = ?3 WHERE secret = ?1 AND id = ?2",
    [VERSION_COUNT] = "SELECT count(*) FROM version WHERE secret = ?1",
    [VERSION_PRUNE] = "DELETE FROM version WHERE row = (SELECT v.row FROM version v"
                      " WHERE v.secret = ?1 AND v.created_ms < ?2 AND NOT EXISTS"
                      " (SELECT 1 FROM label l WHERE l.secret = v.secret AND l.version = v.id)"
                      " ORDER BY v.row LIMIT 1) RETURNING row",
    [VERSION_LIST] = "SELECT v.id, v.created_ms, v.accessed_ms, v.kind FROM version v"
                     " WHERE v.secret = ?1 AND (?2 OR EXISTS (SELECT 1 FROM label l"
                     " WHERE l.secret = v.secret AND l.version = v.id))"
                     " ORDER BY v.row LIMIT -1 OFFSET ?3",
    [LABEL_GET] = "SELECT version FROM label WHERE secret = ?1 AND label = ?2",
    [LABEL_SET] = "INSERT INTO label (secret, label, version) VALUES (?1, ?2, ?3)"
                  " ON CONFLICT (secret, label) DO UPDATE SET version = excluded.version",
    [LABEL_REMOVE] = "DELETE FROM label WHERE secret = ?1 AND label = ?2",
    [LABEL_COUNT] = "SELECT count(*) FROM label WHERE secret = ?1",
    [LABEL_LIST] = "SELECT l.version, l.label FROM label l JOIN version v"
                   " ON v.secret = l.secret AND v.id = l.version WHERE l.secret = ?1"
                   " ORDER BY v.row, l.label",
    [LABEL_LIST_VERSION] = "SELECT version, label FROM label WHERE secret = ?1 AND version = ?2"
                           " ORDER BY label",
    [TAG_SET] = "INSERT INTO tag (secret, key, value) VALUES (?1, ?2, ?3)"
                " ON CONFLICT (secret, key) DO UPDATE SET value = excluded.value",
    [TAG_REMOVE] = "DELETE FROM tag WHERE secret = ?1 AND key = ?2",
    [TAG_COUNT] = "SELECT count(*) FROM tag WHERE secret = ?1",
    [TAG_LIST] = "SELECT key, value FROM tag WHERE secret = ?1 ORDER BY row",
};

struct server_store {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* Statements are lent: what a function bound and read is forgotten when it returns. */
static void give_back(sqlite3_stmt **statement)
{
    int saved = errno;
    (void)sqlite3_reset(*statement); /* repeats the error of the last step */
    (void)sqlite3_clear_bindings(*statement);
    errno = saved;
}
#define auto_statement __attribute__((cleanup(give_back)))

static enum smcred_status status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
        return SMCRED_OK;
    case SQLITE_DONE:
        return SMCRED_NOT_FOUND;
    case SQLITE_NOMEM:
        return SMCRED_NO_MEMORY;
    case SQLITE_BUSY:
        return SMCRED_UNAVAILABLE;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return SMCRED_INVALID;
    default:
        return SMCRED_SYSTEM;
    }
}

static void bind_bytes(sqlite3_stmt *statement, int at, struct sm_bytes text)
{
    (void)sqlite3_bind_text(statement, at, text.data, (int)text.len,
                            SQLITE_STATIC); /* indexes are ours */
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    bind_bytes(statement, at, sm_bytes_of(text));
}

static void bind_number(sqlite3_stmt *statement, int at, int64_t number)
{
    (void)sqlite3_bind_int64(statement, at, number); /* indexes are ours */
}

static void copy_text(sqlite3_stmt *statement, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    (void)snprintf(out, size, "%s", text ? (const char *)text : ""); /* was checked when it came */
}

/* A row, SMCRED_NOT_FOUND for none, or an error. */
static enum smcred_status fetch(sqlite3_stmt *statement)
{
    return status_of(sqlite3_step(statement));
}

/* A statement that gives no row. */
static enum smcred_status run(sqlite3_stmt *statement)
{
    enum smcred_status status = fetch(statement);
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status == SMCRED_OK ? SMCRED_SYSTEM : status;
}

static enum smcred_status count(sqlite3_stmt *statement, int64_t secret, int64_t *out_count)
{
    bind_number(statement, 1, secret);
    enum smcred_status status = fetch(statement);
    if (status == SMCRED_OK)
        *out_count = sqlite3_column_int64(statement, 0);
    return status;
}

/* --- opening ---------------------------------------------------------------------------------- */

static enum smcred_status pragma(struct server_store *store, const char *text)
{
    return status_of(sqlite3_exec(store->db, text, NULL, NULL, NULL));
}

static int64_t pragma_number(struct server_store *store, const char *text)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement); /* the error is in `number` */
    return number;
}

static enum smcred_status migrate(struct server_store *store, struct sm_error *err)
{
    char text[64];
    int64_t version = pragma_number(store, "PRAGMA user_version");
    int64_t application = pragma_number(store, "PRAGMA application_id");
    if (version < 0 || version > (int64_t)SCHEMA_VERSION ||
        (version > 0 && application != APPLICATION_ID))
        return sm_error_set(
            err, SMCRED_INVALID,
            "the store is not ours or of a newer version (schema %lld, we know %zu)",
            (long long)version, SCHEMA_VERSION);
    for (; version < (int64_t)SCHEMA_VERSION; version++) {
        enum smcred_status status = pragma(store, "BEGIN IMMEDIATE");
        if (status == SMCRED_OK)
            status = pragma(store, migrations[version]);
        (void)snprintf(text, sizeof text, "PRAGMA user_version = %lld", (long long)version + 1);
        if (status == SMCRED_OK)
            status = pragma(store, text);
        (void)snprintf(text, sizeof text, "PRAGMA application_id = %d", APPLICATION_ID);
        if (status == SMCRED_OK)
            status = pragma(store, text);
        if (status == SMCRED_OK)
            status = pragma(store, "COMMIT");
        if (status != SMCRED_OK)
            return sm_error_set(err, status, "cannot make the tables: %s",
                                sqlite3_errmsg(store->db));
    }
    return SMCRED_OK;
}

static enum smcred_status configure(struct server_store *store, struct sm_error *err)
{
    /* Exclusive: the write-ahead log's index stays in memory, and a second server is noticed. */
    enum smcred_status status =
        pragma(store, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                      "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;"
                      "PRAGMA trusted_schema = OFF; BEGIN IMMEDIATE; COMMIT");
    if (status == SMCRED_UNAVAILABLE)
        return sm_error_set(err, status, "the store is in use by another smcred-server");
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "cannot open the store: %s", sqlite3_errmsg(store->db));
    return SMCRED_OK;
}

static enum smcred_status prepare(struct server_store *store, struct sm_error *err)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        int code = sqlite3_prepare_v3(store->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &store->statements[i], NULL);
        if (code != SQLITE_OK)
            return sm_error_set(err, status_of(code), "the store's tables are not as expected: %s",
                                sqlite3_errmsg(store->db));
    }
    return SMCRED_OK;
}

enum smcred_status server_store_open(const char *path, struct server_store **out_store,
                                     struct sm_error *err)
{
    struct server_store *store = calloc(1, sizeof *store);
    if (!store)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    int code = sqlite3_open_v2(path, &store->db,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                                   SQLITE_OPEN_NOFOLLOW,
                               NULL);
    enum smcred_status status =
        code == SQLITE_OK
            ? SMCRED_OK
            : sm_error_set(err, status_of(code), "cannot open %s: %s", path, sqlite3_errstr(code));
    if (status == SMCRED_OK)
        status = configure(store, err);
    if (status == SMCRED_OK)
        status = migrate(store, err);
    if (status == SMCRED_OK)
        status = prepare(store, err);
    if (status != SMCRED_OK) {
        server_store_close(store);
        return status;
    }
    *out_store = store;
    return SMCRED_OK;
}

void server_store_close(struct server_store *store)
{
    if (!store)
        return;
    int saved = errno;
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(store->statements[i]); /* NULL is allowed */
    (void)sqlite3_close(store->db);                   /* nothing open is left in it */
    free(store);
    errno = saved;
}

const char *server_store_error(const struct server_store *store)
{
    return sqlite3_errmsg(store->db);
}

/* --- transactions ----------------------------------------------------------------------------- */

enum smcred_status server_store_begin(struct server_store *store)
{
    auto_statement sqlite3_stmt *statement = store->statements[BEGIN];
    return run(statement);
}

enum smcred_status server_store_commit(struct server_store *store)
{
    auto_statement sqlite3_stmt *statement = store->statements[COMMIT];
    return run(statement);
}

void server_store_rollback(struct server_store *store)
{
    auto_statement sqlite3_stmt *statement = store->statements[ROLLBACK];
    (void)run(statement); /* fails only where SQLite has rolled back already */
}

/* --- settings and access keys ----------------------------------------------------------------- */

enum smcred_status server_store_setting_set(struct server_store *store, const char *name,
                                            const char *value)
{
    auto_statement sqlite3_stmt *statement = store->statements[SETTING_SET];
    bind_text(statement, 1, name);
    bind_text(statement, 2, value);
    return run(statement);
}

enum smcred_status server_store_setting(struct server_store *store, const char *name,
                                        char *out_value, size_t size)
{
    auto_statement sqlite3_stmt *statement = store->statements[SETTING_GET];
    bind_text(statement, 1, name);
    enum smcred_status status = fetch(statement);
    if (status == SMCRED_OK)
        copy_text(statement, 0, out_value, size);
    return status;
}

enum smcred_status server_store_key_insert(struct server_store *store, const char *id,
                                           const char *principal, struct sm_bytes sealed,
                                           int64_t created_ms)
{
    auto_statement sqlite3_stmt *statement = store->statements[KEY_INSERT];
    bind_text(statement, 1, id);
    bind_text(statement, 2, principal);
    (void)sqlite3_bind_blob(statement, 3, sealed.data, (int)sealed.len,
                            SQLITE_STATIC); /* as above */
    bind_number(statement, 4, created_ms);
    return run(statement);
}

/* A blob column, copied; the statement's own copy goes with its reset. */
static enum smcred_status copy_blob(sqlite3_stmt *statement, int column, uint8_t **out_blob,
                                    size_t *out_len)
{
    size_t len = (size_t)sqlite3_column_bytes(statement, column);
    uint8_t *blob = malloc(len > 0 ? len : 1);
    if (!blob)
        return SMCRED_NO_MEMORY;
    if (len > 0)
        memcpy(blob, sqlite3_column_blob(statement, column), len);
    *out_blob = blob;
    *out_len = len;
    return SMCRED_OK;
}

enum smcred_status server_store_key(struct server_store *store, struct sm_bytes id,
                                    char out_principal[SERVER_PRINCIPAL_MAX + 1],
                                    uint8_t **out_sealed, size_t *out_len)
{
    auto_statement sqlite3_stmt *statement = store->statements[KEY_GET];
    bind_bytes(statement, 1, id);
    enum smcred_status status = fetch(statement);
    if (status != SMCRED_OK)
        return status;
    copy_text(statement, 0, out_principal, SERVER_PRINCIPAL_MAX + 1);
    return copy_blob(statement, 1, out_sealed, out_len);
}

/* --- secrets ---------------------------------------------------------------------------------- */

static enum smcred_status fetch_secret(sqlite3_stmt *statement, struct server_secret *out_secret)
{
    enum smcred_status status = fetch(statement);
    if (status != SMCRED_OK)
        return status;
    out_secret->row = sqlite3_column_int64(statement, 0);
    copy_text(statement, 1, out_secret->name, sizeof out_secret->name);
    copy_text(statement, 2, out_secret->arn, sizeof out_secret->arn);
    copy_text(statement, 3, out_secret->description, sizeof out_secret->description);
    copy_text(statement, 4, out_secret->kms_key_id, sizeof out_secret->kms_key_id);
    out_secret->created_ms = sqlite3_column_int64(statement, 5);
    out_secret->changed_ms = sqlite3_column_int64(statement, 6);
    out_secret->accessed_ms = sqlite3_column_int64(statement, 7);
    out_secret->deleted_ms = sqlite3_column_int64(statement, 8);
    out_secret->purge_ms = sqlite3_column_int64(statement, 9);
    out_secret->tagged = sqlite3_column_int64(statement, 10) != 0;
    return SMCRED_OK;
}

static void bind_secret(sqlite3_stmt *statement, const struct server_secret *secret)
{
    bind_text(statement, 1, secret->name);
    bind_text(statement, 2, secret->arn);
    bind_text(statement, 3, secret->description);
    bind_text(statement, 4, secret->kms_key_id);
    bind_number(statement, 5, secret->created_ms);
    bind_number(statement, 6, secret->changed_ms);
    bind_number(statement, 7, secret->accessed_ms);
    bind_number(statement, 8, secret->deleted_ms);
    bind_number(statement, 9, secret->purge_ms);
    bind_number(statement, 10, secret->tagged);
}

enum smcred_status server_store_secret_by_name(struct server_store *store, struct sm_bytes name,
                                               struct server_secret *out_secret)
{
    auto_statement sqlite3_stmt *statement = store->statements[SECRET_BY_NAME];
    bind_bytes(statement, 1, name);
    return fetch_secret(statement, out_secret);
}

enum smcred_status server_store_secret_by_arn(struct server_store *store, struct sm_bytes arn,
                                              struct server_secret *out_secret)
{
    auto_statement sqlite3_stmt *statement = store->statements[SECRET_BY_ARN];
    bind_bytes(statement, 1, arn);
    return fetch_secret(statement, out_secret);
}

enum smcred_status server_store_secret_insert(struct server_store *store,
                                              struct server_secret *secret)
{
    auto_statement sqlite3_stmt *statement = store->statements[SECRET_INSERT];
    bind_secret(statement, secret);
    enum smcred_status status = run(statement);
    if (status == SMCRED_OK)
        secret->row = sqlite3_last_insert_rowid(store->db);
    return status;
}

enum smcred_status server_store_secret_update(struct server_store *store,
                                              const struct server_secret *secret)
{
    auto_statement sqlite3_stmt *statement = store->statements[SECRET_UPDATE];
    bind_secret(statement, secret);
    bind_number(statement, 11, secret->row);
    return run(statement);
}

enum smcred_status server_store_secret_delete(struct server_store *store, int64_t row)
{
    auto_statement sqlite3_stmt *statement = store->statements[SECRET_DELETE];
    bind_number(statement, 1, row);
    return run(statement);
}

enum smcred_status server_store_purge(struct server_store *store, int64_t now_ms)
{
    auto_statement sqlite3_stmt *statement = store->statements[SECRET_PURGE];
    bind_number(statement, 1, now_ms);
    return run(statement);
}

enum smcred_status server_store_secrets(struct server_store *store, enum server_order order,
                                        bool descending, int64_t after, server_secret_visit *visit,
                                        void *context)
{
    enum statement which = order == SERVER_ORDER_CREATED
                               ? (descending ? SECRETS_CREATED_DOWN : SECRETS_CREATED)
                               : (descending ? SECRETS_SORTED_DOWN : SECRETS_SORTED);
    auto_statement sqlite3_stmt *statement = store->statements[which];
    struct server_secret secret;
    enum smcred_status status;
    bind_number(statement, 1, after);
    if (order != SERVER_ORDER_CREATED)
        bind_number(statement, 2, order);
    while ((status = fetch_secret(statement, &secret)) == SMCRED_OK) {
        if (!visit(context, &secret))
            return SMCRED_OK;
    }
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

/* --- versions --------------------------------------------------------------------------------- */

static void copy_version(sqlite3_stmt *statement, struct server_version *out_version)
{
    copy_text(statement, 0, out_version->id, sizeof out_version->id);
    out_version->created_ms = sqlite3_column_int64(statement, 1);
    out_version->accessed_ms = sqlite3_column_int64(statement, 2);
    out_version->kind = (enum server_kind)sqlite3_column_int(statement, 3);
    out_version->sealed = NULL;
    out_version->sealed_len = 0;
}

enum smcred_status server_store_version(struct server_store *store, int64_t secret, const char *id,
                                        struct server_version *out_version)
{
    auto_statement sqlite3_stmt *statement = store->statements[VERSION_GET];
    bind_number(statement, 1, secret);
    bind_text(statement, 2, id);
    enum smcred_status status = fetch(statement);
    if (status != SMCRED_OK)
        return status;
    copy_version(statement, out_version);
    if (out_version->kind == SERVER_KIND_NONE)
        return SMCRED_OK;
    return copy_blob(statement, 4, &out_version->sealed, &out_version->sealed_len);
}

enum smcred_status server_store_version_put(struct server_store *store, int64_t secret,
                                            const struct server_version *version)
{
    auto_statement sqlite3_stmt *statement = store->statements[VERSION_PUT];
    bind_number(statement, 1, secret);
    bind_text(statement, 2, version->id);
    bind_number(statement, 3, version->created_ms);
    bind_number(statement, 4, version->accessed_ms);
    bind_number(statement, 5, version->kind);
    if (version->kind != SERVER_KIND_NONE)
        (void)sqlite3_bind_blob(statement, 6, version->sealed, (int)version->sealed_len,
                                SQLITE_STATIC); /* as above */
    return run(statement);
}

enum smcred_status server_store_version_accessed(struct server_store *store, int64_t secret,
                                                 const char *id, int64_t accessed_ms)
{
    auto_statement sqlite3_stmt *statement = store->statements[VERSION_ACCESSED];
    bind_number(statement, 1, secret);
    bind_text(statement, 2, id);
    bind_number(statement, 3, accessed_ms);
    return run(statement);
}

enum smcred_status server_store_version_count(struct server_store *store, int64_t secret,
                                              int64_t *out_count)
{
    auto_statement sqlite3_stmt *statement = store->statements[VERSION_COUNT];
    return count(statement, secret, out_count);
}

enum smcred_status server_store_version_prune(struct server_store *store, int64_t secret,
                                              int64_t before_ms)
{
    auto_statement sqlite3_stmt *statement = store->statements[VERSION_PRUNE];
    bind_number(statement, 1, secret);
    bind_number(statement, 2, before_ms);
    return fetch(statement);
}

enum smcred_status server_store_versions(struct server_store *store, int64_t secret,
                                         bool deprecated, int64_t skip, server_version_visit *visit,
                                         void *context)
{
    auto_statement sqlite3_stmt *statement = store->statements[VERSION_LIST];
    struct server_version version;
    enum smcred_status status;
    bind_number(statement, 1, secret);
    bind_number(statement, 2, deprecated);
    bind_number(statement, 3, skip);
    while ((status = fetch(statement)) == SMCRED_OK) {
        copy_version(statement, &version);
        if (!visit(context, &version))
            return SMCRED_OK;
    }
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

void server_version_done(struct server_version *version)
{
    sm_free_ptr(&version->sealed);
    version->sealed = NULL;
}

/* --- labels ----------------------------------------------------------------------------------- */

enum smcred_status server_store_label(struct server_store *store, int64_t secret, const char *label,
                                      char out_version[SERVER_VERSION_ID_MAX + 1])
{
    auto_statement sqlite3_stmt *statement = store->statements[LABEL_GET];
    bind_number(statement, 1, secret);
    bind_text(statement, 2, label);
    enum smcred_status status = fetch(statement);
    if (status == SMCRED_OK)
        copy_text(statement, 0, out_version, SERVER_VERSION_ID_MAX + 1);
    return status;
}

enum smcred_status server_store_label_set(struct server_store *store, int64_t secret,
                                          const char *label, const char *version)
{
    auto_statement sqlite3_stmt *statement = store->statements[LABEL_SET];
    bind_number(statement, 1, secret);
    bind_text(statement, 2, label);
    bind_text(statement, 3, version);
    return run(statement);
}

enum smcred_status server_store_label_remove(struct server_store *store, int64_t secret,
                                             const char *label)
{
    auto_statement sqlite3_stmt *statement = store->statements[LABEL_REMOVE];
    bind_number(statement, 1, secret);
    bind_text(statement, 2, label);
    return run(statement);
}

enum smcred_status server_store_label_count(struct server_store *store, int64_t secret,
                                            int64_t *out_count)
{
    auto_statement sqlite3_stmt *statement = store->statements[LABEL_COUNT];
    return count(statement, secret, out_count);
}

enum smcred_status server_store_labels(struct server_store *store, int64_t secret,
                                       const char *version, server_label_visit *visit,
                                       void *context)
{
    auto_statement sqlite3_stmt *statement =
        store->statements[version ? LABEL_LIST_VERSION : LABEL_LIST];
    enum smcred_status status;
    bind_number(statement, 1, secret);
    if (version)
        bind_text(statement, 2, version);
    while ((status = fetch(statement)) == SMCRED_OK)
        visit(context, (const char *)sqlite3_column_text(statement, 0),
              (const char *)sqlite3_column_text(statement, 1));
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

/* --- tags ------------------------------------------------------------------------------------- */

enum smcred_status server_store_tag_set(struct server_store *store, int64_t secret, const char *key,
                                        const char *value)
{
    auto_statement sqlite3_stmt *statement = store->statements[TAG_SET];
    bind_number(statement, 1, secret);
    bind_text(statement, 2, key);
    bind_text(statement, 3, value);
    return run(statement);
}

enum smcred_status server_store_tag_remove(struct server_store *store, int64_t secret,
                                           const char *key)
{
    auto_statement sqlite3_stmt *statement = store->statements[TAG_REMOVE];
    bind_number(statement, 1, secret);
    bind_text(statement, 2, key);
    return run(statement);
}

enum smcred_status server_store_tag_count(struct server_store *store, int64_t secret,
                                          int64_t *out_count)
{
    auto_statement sqlite3_stmt *statement = store->statements[TAG_COUNT];
    return count(statement, secret, out_count);
}

enum smcred_status server_store_tags(struct server_store *store, int64_t secret,
                                     server_tag_visit *visit, void *context)
{
    auto_statement sqlite3_stmt *statement = store->statements[TAG_LIST];
    enum smcred_status status;
    bind_number(statement, 1, secret);
    while ((status = fetch(statement)) == SMCRED_OK)
        visit(context, (const char *)sqlite3_column_text(statement, 0),
              (const char *)sqlite3_column_text(statement, 1));
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}
