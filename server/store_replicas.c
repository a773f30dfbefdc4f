/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_replicas.c - which regions a secret is replicated to, and what copies itself without a
 * seal.
 */
#include "server/store_sql.h"

enum smcred_status server_store_replica_put(struct server_store *store, int64_t secret,
                                            const struct server_replica *replica)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store,
        "INSERT OR REPLACE INTO replica (secret, region, kms_key_id, failed, message, wake_ms,"
        " attempts, change, overwrite, leaving, checked_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, replica->region);
    store_bind_text(statement, 3, replica->kms_key_id);
    store_bind_number(statement, 4, replica->failed);
    store_bind_text(statement, 5, replica->message);
    store_bind_number(statement, 6, replica->wake_ms);
    store_bind_number(statement, 7, replica->attempts);
    store_bind_number(statement, 8, replica->change);
    store_bind_number(statement, 9, replica->overwrite);
    store_bind_number(statement, 10, replica->leaving);
    store_bind_number(statement, 11, replica->checked_ms);
    return store_run(statement);
}

enum smcred_status server_store_replica_remove(struct server_store *store, int64_t secret,
                                               const char *region)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM replica WHERE secret = ?1 AND region = ?2");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, region);
    return store_run(statement);
}

#define REPLICA_COLUMNS                                                                            \
    "SELECT region, kms_key_id, failed, message, wake_ms, attempts, change, overwrite, leaving,"   \
    " checked_ms FROM replica WHERE secret = ?1 "

static enum smcred_status fetch_replica(sqlite3_stmt *statement, int64_t secret, const char *region,
                                        struct server_replica *out_replica)
{
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, region);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    store_copy_text(statement, 0, out_replica->region, sizeof out_replica->region);
    store_copy_text(statement, 1, out_replica->kms_key_id, sizeof out_replica->kms_key_id);
    out_replica->failed = sqlite3_column_int(statement, 2) != 0;
    store_copy_text(statement, 3, out_replica->message, sizeof out_replica->message);
    out_replica->wake_ms = sqlite3_column_int64(statement, 4);
    out_replica->attempts = sqlite3_column_int64(statement, 5);
    out_replica->change = sqlite3_column_int64(statement, 6);
    out_replica->overwrite = sqlite3_column_int(statement, 7) != 0;
    out_replica->leaving = sqlite3_column_int(statement, 8) != 0;
    out_replica->checked_ms = sqlite3_column_int64(statement, 9);
    return SMCRED_OK;
}

enum smcred_status server_store_replica(struct server_store *store, int64_t secret,
                                        const char *region, struct server_replica *out_replica)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, REPLICA_COLUMNS "AND region = ?2");
    return fetch_replica(statement, secret, region, out_replica);
}

enum smcred_status server_store_replica_after(struct server_store *store, int64_t secret,
                                              const char *region,
                                              struct server_replica *out_replica)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, REPLICA_COLUMNS "AND region > ?2 ORDER BY region LIMIT 1");
    return fetch_replica(statement, secret, region, out_replica);
}

/* One statement with the secret copied from, ?1, and the one copied to, ?2. */
static enum smcred_status copy(sqlite3_stmt *statement, int64_t from, int64_t to)
{
    store_bind_number(statement, 1, from);
    store_bind_number(statement, 2, to);
    return store_run(statement);
}

static enum smcred_status drop_versions(struct server_store *store, int64_t from, int64_t to)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM version WHERE secret = ?2 AND id NOT IN"
                          " (SELECT id FROM version WHERE secret = ?1)");
    return copy(statement, from, to);
}

static enum smcred_status drop_all(struct server_store *store, int64_t from, int64_t to)
{
    store_autostatement sqlite3_stmt *labels =
        store_lend(store, "DELETE FROM label WHERE secret = ?2 AND ?1 != ?2");
    store_autostatement sqlite3_stmt *tags =
        store_lend(store, "DELETE FROM tag WHERE secret = ?2 AND ?1 != ?2");
    store_autostatement sqlite3_stmt *policy =
        store_lend(store, "DELETE FROM resource_policy WHERE secret = ?2 AND ?1 != ?2");
    enum smcred_status status = copy(labels, from, to);
    if (status == SMCRED_OK)
        status = copy(tags, from, to);
    return status == SMCRED_OK ? copy(policy, from, to) : status;
}

enum smcred_status server_store_replica_copy(struct server_store *store, int64_t from, int64_t to)
{
    store_autostatement sqlite3_stmt *labels =
        store_lend(store, "INSERT INTO label (secret, label, version)"
                          " SELECT ?2, label, version FROM label WHERE secret = ?1");
    store_autostatement sqlite3_stmt *tags =
        store_lend(store, "INSERT INTO tag (secret, key, value)"
                          " SELECT ?2, key, value FROM tag WHERE secret = ?1 ORDER BY row");
    store_autostatement sqlite3_stmt *policy =
        store_lend(store, "INSERT INTO resource_policy (secret, document)"
                          " SELECT ?2, document FROM resource_policy WHERE secret = ?1");
    enum smcred_status status = drop_all(store, from, to);
    if (status == SMCRED_OK)
        status = drop_versions(store, from, to);
    if (status == SMCRED_OK)
        status = copy(labels, from, to);
    if (status == SMCRED_OK)
        status = copy(tags, from, to);
    return status == SMCRED_OK ? copy(policy, from, to) : status;
}

enum smcred_status server_store_replica_clear(struct server_store *store, int64_t secret)
{
    return drop_all(store, 0, secret); /* 0 is no secret */
}

enum smcred_status server_store_versions_keep(struct server_store *store, int64_t secret,
                                              const char *ids)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM version WHERE secret = ?1 AND id NOT IN"
                          " (SELECT value FROM json_each(?2))");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, ids);
    return store_run(statement);
}
