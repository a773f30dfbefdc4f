/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_labels.c - staging labels: each on at most one version of a secret.
 */
#include "server/store_sql.h"

enum smcred_status server_store_label(struct server_store *store, int64_t secret, const char *label,
                                      char out_version[SERVER_VERSION_ID_MAX + 1])
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT version FROM label WHERE secret = ?1 AND label = ?2");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, label);
    enum smcred_status status = store_fetch(statement);
    if (status == SMCRED_OK)
        store_copy_text(statement, 0, out_version, SERVER_VERSION_ID_MAX + 1);
    return status;
}

enum smcred_status server_store_label_set(struct server_store *store, int64_t secret,
                                          const char *label, const char *version)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO label (secret, label, version) VALUES (?1, ?2, ?3)"
                          " ON CONFLICT (secret, label) DO UPDATE SET version = excluded.version");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, label);
    store_bind_text(statement, 3, version);
    return store_run(statement);
}

enum smcred_status server_store_label_remove(struct server_store *store, int64_t secret,
                                             const char *label)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM label WHERE secret = ?1 AND label = ?2");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, label);
    return store_run(statement);
}

enum smcred_status server_store_label_count(struct server_store *store, int64_t secret,
                                            int64_t *out_count)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT count(*) FROM label WHERE secret = ?1");
    return store_count(statement, secret, out_count);
}

enum smcred_status server_store_labels(struct server_store *store, int64_t secret,
                                       const char *version, server_label_visit *visit,
                                       void *context)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store, version ? "SELECT version, label FROM label WHERE secret = ?1 AND version = ?2"
                         " ORDER BY label"
                       : "SELECT l.version, l.label FROM label l JOIN version v"
                         " ON v.secret = l.secret AND v.id = l.version"
                         " WHERE l.secret = ?1 ORDER BY v.row, l.label");
    enum smcred_status status;
    store_bind_number(statement, 1, secret);
    if (version)
        store_bind_text(statement, 2, version);
    while ((status = store_fetch(statement)) == SMCRED_OK)
        visit(context, (const char *)sqlite3_column_text(statement, 0),
              (const char *)sqlite3_column_text(statement, 1));
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}
