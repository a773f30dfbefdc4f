/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_tags.c - tags of a secret.
 */
#include "server/store_sql.h"

enum smcred_status server_store_tag_set(struct server_store *store, int64_t secret, const char *key,
                                        const char *value)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO tag (secret, key, value) VALUES (?1, ?2, ?3)"
                          " ON CONFLICT (secret, key) DO UPDATE SET value = excluded.value");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, key);
    store_bind_text(statement, 3, value);
    return store_run(statement);
}

enum smcred_status server_store_tag_remove(struct server_store *store, int64_t secret,
                                           const char *key)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM tag WHERE secret = ?1 AND key = ?2");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, key);
    return store_run(statement);
}

enum smcred_status server_store_tag_count(struct server_store *store, int64_t secret,
                                          int64_t *out_count)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT count(*) FROM tag WHERE secret = ?1");
    return store_count(statement, secret, out_count);
}

enum smcred_status server_store_tags(struct server_store *store, int64_t secret,
                                     server_tag_visit *visit, void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT key, value FROM tag WHERE secret = ?1 ORDER BY row");
    enum smcred_status status;
    store_bind_number(statement, 1, secret);
    while ((status = store_fetch(statement)) == SMCRED_OK)
        visit(context, (const char *)sqlite3_column_text(statement, 0),
              (const char *)sqlite3_column_text(statement, 1));
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}
