/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_policies.c - resource policies: one a secret.
 */
#include "server/store_sql.h"

enum smcred_status server_store_resource_policy_put(struct server_store *store, int64_t secret,
                                                    const char *document)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO resource_policy (secret, document) VALUES (?1, ?2)"
                          " ON CONFLICT (secret) DO UPDATE SET document = excluded.document");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, document);
    return store_run(statement);
}

enum smcred_status server_store_resource_policy(struct server_store *store, int64_t secret,
                                                char **out_document)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT document FROM resource_policy WHERE secret = ?1");
    store_bind_number(statement, 1, secret);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    char *document = strdup((const char *)sqlite3_column_text(statement, 0));
    if (!document)
        return SMCRED_NO_MEMORY;
    *out_document = document;
    return SMCRED_OK;
}

enum smcred_status server_store_resource_policy_delete(struct server_store *store, int64_t secret)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM resource_policy WHERE secret = ?1");
    store_bind_number(statement, 1, secret);
    return store_run(statement);
}
