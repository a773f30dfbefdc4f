/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_rotation.c - how secrets are rotated, how far each is, and the functions that do it.
 */
#include "server/store_sql.h"

#define ROTATION_COLUMNS                                                                           \
    "secret, enabled, function_arn, days, schedule, duration, rotated_ms, opens_ms, closes_ms,"    \
    " token, step, is_test, failures, wake_ms"

enum smcred_status server_store_rotation(struct server_store *store, int64_t secret,
                                         struct server_rotation *out)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT " ROTATION_COLUMNS " FROM rotation WHERE secret = ?1");
    store_bind_number(statement, 1, secret);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    out->secret = sqlite3_column_int64(statement, 0);
    out->enabled = sqlite3_column_int(statement, 1) != 0;
    store_copy_text(statement, 2, out->function_arn, sizeof out->function_arn);
    out->days = sqlite3_column_int(statement, 3);
    store_copy_text(statement, 4, out->schedule, sizeof out->schedule);
    store_copy_text(statement, 5, out->duration, sizeof out->duration);
    out->rotated_ms = sqlite3_column_int64(statement, 6);
    out->opens_ms = sqlite3_column_int64(statement, 7);
    out->closes_ms = sqlite3_column_int64(statement, 8);
    store_copy_text(statement, 9, out->token, sizeof out->token);
    out->step = (enum server_step)sqlite3_column_int(statement, 10);
    out->is_test = sqlite3_column_int(statement, 11) != 0;
    out->failures = sqlite3_column_int(statement, 12);
    out->wake_ms = sqlite3_column_int64(statement, 13);
    return SMCRED_OK;
}

enum smcred_status server_store_rotation_put(struct server_store *store,
                                             const struct server_rotation *rotation)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT OR REPLACE INTO rotation (" ROTATION_COLUMNS ")"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");
    store_bind_number(statement, 1, rotation->secret);
    store_bind_number(statement, 2, rotation->enabled);
    store_bind_text(statement, 3, rotation->function_arn);
    store_bind_number(statement, 4, rotation->days);
    store_bind_text(statement, 5, rotation->schedule);
    store_bind_text(statement, 6, rotation->duration);
    store_bind_number(statement, 7, rotation->rotated_ms);
    store_bind_number(statement, 8, rotation->opens_ms);
    store_bind_number(statement, 9, rotation->closes_ms);
    store_bind_text(statement, 10, rotation->token);
    store_bind_number(statement, 11, rotation->step);
    store_bind_number(statement, 12, rotation->is_test);
    store_bind_number(statement, 13, rotation->failures);
    store_bind_number(statement, 14, rotation->wake_ms);
    return store_run(statement);
}

enum smcred_status server_store_rotations_due(struct server_store *store, int64_t now_ms,
                                              server_rotation_visit *visit, void *context)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store, "SELECT r.secret FROM rotation r JOIN secret s ON s.row = r.secret"
               " WHERE r.wake_ms > 0 AND r.wake_ms <= ?1 AND s.deleted_ms = 0 ORDER BY r.wake_ms");
    enum smcred_status status;
    store_bind_number(statement, 1, now_ms);
    while ((status = store_fetch(statement)) == SMCRED_OK) {
        if (!visit(context, sqlite3_column_int64(statement, 0)))
            return SMCRED_OK;
    }
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

/* --- functions -------------------------------------------------------------------------------- */

#define FUNCTION_COLUMNS "SELECT arn, path, user, timeout_s, reads FROM function "

static enum smcred_status fetch_function(sqlite3_stmt *statement, struct server_function *out)
{
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    store_copy_text(statement, 0, out->arn, sizeof out->arn);
    store_copy_text(statement, 1, out->path, sizeof out->path);
    store_copy_text(statement, 2, out->user, sizeof out->user);
    out->timeout_s = sqlite3_column_int(statement, 3);
    store_copy_text(statement, 4, out->reads, sizeof out->reads);
    return SMCRED_OK;
}

enum smcred_status server_store_function(struct server_store *store, const char *arn,
                                         struct server_function *out_function)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, FUNCTION_COLUMNS "WHERE arn = ?1");
    store_bind_text(statement, 1, arn);
    return fetch_function(statement, out_function);
}

enum smcred_status server_store_function_put(struct server_store *store,
                                             const struct server_function *function)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT OR REPLACE INTO function (arn, path, user, timeout_s, reads)"
                          " VALUES (?1, ?2, ?3, ?4, ?5)");
    store_bind_text(statement, 1, function->arn);
    store_bind_text(statement, 2, function->path);
    store_bind_text(statement, 3, function->user);
    store_bind_number(statement, 4, function->timeout_s);
    store_bind_text(statement, 5, function->reads);
    return store_run(statement);
}

enum smcred_status server_store_function_remove(struct server_store *store, const char *arn)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM function WHERE arn = ?1 RETURNING arn");
    store_bind_text(statement, 1, arn);
    return store_fetch(statement);
}

enum smcred_status server_store_functions(struct server_store *store, server_function_visit *visit,
                                          void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, FUNCTION_COLUMNS "ORDER BY arn");
    struct server_function function;
    enum smcred_status status;
    while ((status = fetch_function(statement, &function)) == SMCRED_OK)
        visit(context, &function);
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}
