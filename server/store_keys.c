/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_keys.c - access keys: the secret half sealed.
 */
#include "server/store_sql.h"

#define KEY_COLUMNS "SELECT id, principal, created_ms, disabled, sealed FROM access_key "

static void copy_key(sqlite3_stmt *statement, struct server_key *out_key)
{
    store_copy_text(statement, 0, out_key->id, sizeof out_key->id);
    store_copy_text(statement, 1, out_key->principal, sizeof out_key->principal);
    out_key->created_ms = sqlite3_column_int64(statement, 2);
    out_key->disabled = sqlite3_column_int64(statement, 3) != 0;
}

enum smcred_status server_store_key_insert(struct server_store *store, const struct server_key *key,
                                           struct sm_bytes sealed)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO access_key (id, principal, sealed, created_ms, disabled)"
                          " VALUES (?1, ?2, ?3, ?4, ?5)");
    store_bind_text(statement, 1, key->id);
    store_bind_text(statement, 2, key->principal);
    store_bind_blob(statement, 3, sealed);
    store_bind_number(statement, 4, key->created_ms);
    store_bind_number(statement, 5, key->disabled);
    return store_run(statement);
}

enum smcred_status server_store_key(struct server_store *store, struct sm_bytes id,
                                    struct server_key *out_key, uint8_t **out_sealed,
                                    size_t *out_len)
{
    store_autostatement sqlite3_stmt *statement = store_lend(store, KEY_COLUMNS "WHERE id = ?1");
    store_bind_bytes(statement, 1, id);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    copy_key(statement, out_key);
    return store_copy_blob(statement, 4, out_sealed, out_len);
}

enum smcred_status server_store_key_disable(struct server_store *store, const char *id,
                                            bool disabled)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "UPDATE access_key SET disabled = ?2 WHERE id = ?1 RETURNING id");
    store_bind_text(statement, 1, id);
    store_bind_number(statement, 2, disabled);
    enum smcred_status status = store_fetch(statement);
    return status == SMCRED_OK ? store_run(statement) : status;
}

enum smcred_status server_store_key_delete(struct server_store *store, const char *id)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM access_key WHERE id = ?1 RETURNING id");
    store_bind_text(statement, 1, id);
    enum smcred_status status = store_fetch(statement);
    return status == SMCRED_OK ? store_run(statement) : status;
}

enum smcred_status server_store_keys(struct server_store *store, server_key_visit *visit,
                                     void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, KEY_COLUMNS "ORDER BY created_ms, id");
    struct server_key key;
    enum smcred_status status;
    while ((status = store_fetch(statement)) == SMCRED_OK) {
        copy_key(statement, &key);
        visit(context, &key);
    }
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}
