/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store.c - SQLite: write-ahead log, fully synchronous, shared by a server and the commands beside
 * it.
 *
 * Called by setup, which opens it, by dispatch for its transactions, and by the store_*.c files.
 */
#include "server/store_sql.h"

#include <stdio.h>

#define CACHE_KIB "40960" /* of pages: most of 100,000 secrets; the server stays below 64 MiB */
#define BUSY_MS   10000   /* how long a command may keep a server from writing, or it a command */

/* --- statements ------------------------------------------------------------------------------- */

sqlite3_stmt *store_lend(struct server_store *store, const char *text)
{
    size_t at = ((uintptr_t)text >> 3) * 31 % STORE_STATEMENTS_MAX;
    while (store->statements[at].text && store->statements[at].text != text)
        at = (at + 1) % STORE_STATEMENTS_MAX;
    if (!store->statements[at].statement &&
        sqlite3_prepare_v3(store->db, text, -1, SQLITE_PREPARE_PERSISTENT,
                           &store->statements[at].statement, NULL) == SQLITE_OK)
        store->statements[at].text = text;
    return store->statements[at].statement;
}

void store_give_back(sqlite3_stmt **statement)
{
    int saved = errno;
    if (*statement) {
        (void)sqlite3_reset(*statement); /* repeats the error of the last step */
        (void)sqlite3_clear_bindings(*statement);
    }
    errno = saved;
}

enum smcred_status store_status_of(int code)
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

void store_bind_bytes(sqlite3_stmt *statement, int at, struct sm_bytes text)
{
    (void)sqlite3_bind_text(statement, at, text.data, (int)text.len,
                            SQLITE_STATIC); /* indexes are ours */
}

void store_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    store_bind_bytes(statement, at, sm_bytes_of(text));
}

void store_bind_number(sqlite3_stmt *statement, int at, int64_t number)
{
    (void)sqlite3_bind_int64(statement, at, number); /* indexes are ours */
}

void store_bind_blob(sqlite3_stmt *statement, int at, struct sm_bytes blob)
{
    (void)sqlite3_bind_blob(statement, at, blob.data, (int)blob.len,
                            SQLITE_STATIC); /* indexes are ours */
}

void store_copy_text(sqlite3_stmt *statement, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    (void)snprintf(out, size, "%s", text ? (const char *)text : ""); /* was checked when it came */
}

/* A blob column, copied; the statement's own copy goes with its reset. */
enum smcred_status store_copy_blob(sqlite3_stmt *statement, int column, uint8_t **out_blob,
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

enum smcred_status store_fetch(sqlite3_stmt *statement)
{
    return store_status_of(sqlite3_step(statement));
}

enum smcred_status store_run(sqlite3_stmt *statement)
{
    enum smcred_status status = store_fetch(statement);
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status == SMCRED_OK ? SMCRED_SYSTEM : status;
}

enum smcred_status store_count(sqlite3_stmt *statement, int64_t secret, int64_t *out_count)
{
    store_bind_number(statement, 1, secret);
    enum smcred_status status = store_fetch(statement);
    if (status == SMCRED_OK)
        *out_count = sqlite3_column_int64(statement, 0);
    return status;
}

/* --- opening ---------------------------------------------------------------------------------- */

static enum smcred_status configure(struct server_store *store, const char *text,
                                    struct sm_error *err)
{
    enum smcred_status status = store_status_of(sqlite3_exec(store->db, text, NULL, NULL, NULL));
    return status == SMCRED_OK
               ? status
               : sm_error_set(err, status, "cannot open the store: %s", sqlite3_errmsg(store->db));
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
    enum smcred_status status = code == SQLITE_OK
                                    ? SMCRED_OK
                                    : sm_error_set(err, store_status_of(code), "cannot open %s: %s",
                                                   path, sqlite3_errstr(code));
    if (status == SMCRED_OK &&
        sqlite3_db_readonly(store->db, "main") == 1) /* it would say nothing */
        status = sm_error_set(err, SMCRED_SYSTEM, "cannot write %s", path);
    if (status == SMCRED_OK)
        (void)sqlite3_busy_timeout(store->db, BUSY_MS); /* cannot fail */
    if (status == SMCRED_OK)
        status = configure(store,
                           "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                           "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;"
                           "PRAGMA cache_size = -" CACHE_KIB ";"
                           "PRAGMA trusted_schema = OFF",
                           err);
    if (status == SMCRED_OK)
        status = store_migrate(store->db, err);
    if (status == SMCRED_OK) /* a table that is made anew must not take its children with it */
        status = configure(store, "PRAGMA foreign_keys = ON", err);
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
    for (size_t i = 0; i < STORE_STATEMENTS_MAX; i++)
        (void)sqlite3_finalize(store->statements[i].statement); /* NULL is allowed */
    (void)sqlite3_close(store->db);                             /* nothing open is left in it */
    free(store);
    errno = saved;
}

const char *server_store_error(const struct server_store *store)
{
    return sqlite3_errmsg(store->db);
}

/* --- transactions ----------------------------------------------------------------------------- */

/* Whether a commit waits for the disk.  What was committed before an fsync is synced by it too. */
static enum smcred_status set_synced(struct server_store *store, bool synced)
{
    if (store->is_lazy == !synced)
        return SMCRED_OK;
    enum smcred_status status = store_status_of(sqlite3_exec(
        store->db, synced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", NULL, NULL,
        NULL));
    if (status == SMCRED_OK)
        store->is_lazy = !synced;
    return status;
}

enum smcred_status server_store_begin(struct server_store *store)
{
    enum smcred_status status = set_synced(store, true);
    if (status != SMCRED_OK)
        return status;
    store_autostatement sqlite3_stmt *statement = store_lend(store, "BEGIN IMMEDIATE");
    return store_run(statement);
}

enum smcred_status server_store_begin_reading(struct server_store *store)
{
    enum smcred_status status = set_synced(store, false);
    if (status != SMCRED_OK)
        return status;
    store_autostatement sqlite3_stmt *statement = store_lend(store, "BEGIN");
    return store_run(statement);
}

enum smcred_status server_store_commit(struct server_store *store)
{
    store_autostatement sqlite3_stmt *statement = store_lend(store, "COMMIT");
    return store_run(statement);
}

void server_store_rollback(struct server_store *store)
{
    store_autostatement sqlite3_stmt *statement = store_lend(store, "ROLLBACK");
    (void)sqlite3_step(statement); /* fails only where SQLite has rolled back already */
}
