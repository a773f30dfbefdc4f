/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_remotes.c - other servers, by the region they serve, and what is to be sent to them.
 */
#include "server/store_sql.h"

enum smcred_status server_store_remote_put(struct server_store *store,
                                           const struct server_remote *remote,
                                           struct sm_bytes sealed)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT OR REPLACE INTO remote (region, url, ca_file, key_id, sealed)"
                          " VALUES (?1, ?2, ?3, ?4, ?5)");
    store_bind_text(statement, 1, remote->region);
    store_bind_text(statement, 2, remote->url);
    store_bind_text(statement, 3, remote->ca_file);
    store_bind_text(statement, 4, remote->key_id);
    store_bind_blob(statement, 5, sealed);
    return store_run(statement);
}

#define COLUMNS "SELECT region, url, ca_file, key_id, sealed FROM remote "

static void copy_remote(sqlite3_stmt *statement, struct server_remote *out_remote)
{
    store_copy_text(statement, 0, out_remote->region, sizeof out_remote->region);
    store_copy_text(statement, 1, out_remote->url, sizeof out_remote->url);
    store_copy_text(statement, 2, out_remote->ca_file, sizeof out_remote->ca_file);
    store_copy_text(statement, 3, out_remote->key_id, sizeof out_remote->key_id);
}

enum smcred_status server_store_remote(struct server_store *store, const char *region,
                                       struct server_remote *out_remote, uint8_t **out_sealed,
                                       size_t *out_len)
{
    store_autostatement sqlite3_stmt *statement = store_lend(store, COLUMNS "WHERE region = ?1");
    store_bind_text(statement, 1, region);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    copy_remote(statement, out_remote);
    return store_copy_blob(statement, 4, out_sealed, out_len);
}

enum smcred_status server_store_remotes(struct server_store *store, server_remote_visit *visit,
                                        void *context)
{
    store_autostatement sqlite3_stmt *statement = store_lend(store, COLUMNS "ORDER BY region");
    struct server_remote remote;
    enum smcred_status status;
    while ((status = store_fetch(statement)) == SMCRED_OK) {
        copy_remote(statement, &remote);
        visit(context, &remote);
    }
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

enum smcred_status server_store_remote_delete(struct server_store *store, const char *region)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM remote WHERE region = ?1 RETURNING region");
    store_bind_text(statement, 1, region);
    enum smcred_status status = store_fetch(statement);
    return status == SMCRED_OK ? store_run(statement) : status;
}

enum smcred_status server_store_replicas_in(struct server_store *store, const char *region,
                                            int64_t *out_count)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT count(*) FROM replica WHERE region = ?1");
    store_bind_text(statement, 1, region);
    enum smcred_status status = store_fetch(statement);
    if (status == SMCRED_OK)
        *out_count = sqlite3_column_int64(statement, 0);
    return status;
}

enum smcred_status server_store_replicas_forget(struct server_store *store, const char *region)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM replica WHERE region = ?1");
    store_bind_text(statement, 1, region);
    return store_run(statement);
}

enum smcred_status server_store_remote_is_known(struct server_store *store, const char *region)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT 1 FROM remote WHERE region = ?1");
    store_bind_text(statement, 1, region);
    return store_fetch(statement);
}

static enum smcred_status fetch_due(sqlite3_stmt *statement, int64_t until_ms, int64_t *out_secret,
                                    char *out_region, size_t size)
{
    store_bind_number(statement, 1, until_ms);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    *out_secret = sqlite3_column_int64(statement, 0);
    store_copy_text(statement, 1, out_region, size);
    return SMCRED_OK;
}

enum smcred_status server_store_replica_due(struct server_store *store, int64_t now_ms,
                                            int64_t checked_ms, int64_t *out_secret,
                                            char *out_region, size_t size)
{
    store_autostatement sqlite3_stmt *to_send =
        store_lend(store, "SELECT secret, region FROM replica WHERE wake_ms > 0 AND wake_ms <= ?1"
                          " ORDER BY wake_ms LIMIT 1");
    store_autostatement sqlite3_stmt *to_check = store_lend(
        store, "SELECT secret, region FROM replica WHERE checked_ms > 0 AND checked_ms <= ?1"
               " AND wake_ms = 0 ORDER BY checked_ms LIMIT 1");
    enum smcred_status status = fetch_due(to_send, now_ms, out_secret, out_region, size);
    return status == SMCRED_NOT_FOUND
               ? fetch_due(to_check, checked_ms, out_secret, out_region, size)
               : status;
}
