/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_settings.c - settings of the whole store: region, account.
 */
#include "server/store_sql.h"

enum smcred_status server_store_setting_set(struct server_store *store, const char *name,
                                            const char *value)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO setting (name, value) VALUES (?1, ?2)"
                          " ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    store_bind_text(statement, 1, name);
    store_bind_text(statement, 2, value);
    return store_run(statement);
}

enum smcred_status server_store_setting(struct server_store *store, const char *name,
                                        char *out_value, size_t size)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT value FROM setting WHERE name = ?1");
    store_bind_text(statement, 1, name);
    enum smcred_status status = store_fetch(statement);
    if (status == SMCRED_OK)
        store_copy_text(statement, 0, out_value, size);
    return status;
}
