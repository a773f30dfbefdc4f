/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_keys.c - access keys: the secret half sealed.
 */
#include "server/store_sql.h"

enum smcred_status server_store_key_insert(struct server_store *store, const char *id,
                                           const char *principal, struct sm_bytes sealed,
                                           int64_t created_ms)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO access_key (id, principal, sealed, created_ms)"
                          " VALUES (?1, ?2, ?3, ?4)");
    store_bind_text(statement, 1, id);
    store_bind_text(statement, 2, principal);
    store_bind_blob(statement, 3, sealed);
    store_bind_number(statement, 4, created_ms);
    return store_run(statement);
}

enum smcred_status server_store_key(struct server_store *store, struct sm_bytes id,
                                    char out_principal[SERVER_PRINCIPAL_MAX + 1],
                                    uint8_t **out_sealed, size_t *out_len)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT principal, sealed FROM access_key WHERE id = ?1");
    store_bind_bytes(statement, 1, id);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    store_copy_text(statement, 0, out_principal, SERVER_PRINCIPAL_MAX + 1);
    return store_copy_blob(statement, 1, out_sealed, out_len);
}
