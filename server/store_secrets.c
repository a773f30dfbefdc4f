/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_secrets.c - one row per secret, without its values.
 */
#include "server/store_sql.h"

#include <assert.h>
#include <stdio.h>

#define SECRET_COLUMNS                                                                             \
    "SELECT row, name, arn, description, kms_key_id, created_ms, changed_ms, accessed_ms,"         \
    " deleted_ms, purge_ms, tagged, account, region, primary_region FROM secret "

#define PLACE    "account = ?3 AND region = ?4 "
/* ?2 is an enum server_order. */
#define SORT_KEY "CASE ?2 WHEN 1 THEN name WHEN 2 THEN changed_ms ELSE accessed_ms END"
static_assert(SERVER_ORDER_NAME == 1 && SERVER_ORDER_CHANGED == 2, "in SORT_KEY");

static enum smcred_status fetch_secret(sqlite3_stmt *statement, struct server_secret *out_secret)
{
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    out_secret->row = sqlite3_column_int64(statement, 0);
    store_copy_text(statement, 1, out_secret->name, sizeof out_secret->name);
    store_copy_text(statement, 2, out_secret->arn, sizeof out_secret->arn);
    store_copy_text(statement, 3, out_secret->description, sizeof out_secret->description);
    store_copy_text(statement, 4, out_secret->kms_key_id, sizeof out_secret->kms_key_id);
    out_secret->created_ms = sqlite3_column_int64(statement, 5);
    out_secret->changed_ms = sqlite3_column_int64(statement, 6);
    out_secret->accessed_ms = sqlite3_column_int64(statement, 7);
    out_secret->deleted_ms = sqlite3_column_int64(statement, 8);
    out_secret->purge_ms = sqlite3_column_int64(statement, 9);
    out_secret->tagged = sqlite3_column_int64(statement, 10) != 0;
    store_copy_text(statement, 11, out_secret->place.account, sizeof out_secret->place.account);
    store_copy_text(statement, 12, out_secret->place.region, sizeof out_secret->place.region);
    store_copy_text(statement, 13, out_secret->primary_region, sizeof out_secret->primary_region);
    return SMCRED_OK;
}

/* Account and region, one after the other. */
static void bind_place(sqlite3_stmt *statement, int at, const struct server_place *place)
{
    store_bind_text(statement, at, place->account);
    store_bind_text(statement, at + 1, place->region);
}

static void bind_secret(sqlite3_stmt *statement, const struct server_secret *secret)
{
    store_bind_text(statement, 1, secret->name);
    store_bind_text(statement, 2, secret->arn);
    store_bind_text(statement, 3, secret->description);
    store_bind_text(statement, 4, secret->kms_key_id);
    store_bind_number(statement, 5, secret->created_ms);
    store_bind_number(statement, 6, secret->changed_ms);
    store_bind_number(statement, 7, secret->accessed_ms);
    store_bind_number(statement, 8, secret->deleted_ms);
    store_bind_number(statement, 9, secret->purge_ms);
    store_bind_number(statement, 10, secret->tagged);
    bind_place(statement, 11, &secret->place);
    store_bind_text(statement, 13, secret->primary_region);
}

enum smcred_status server_store_secret_by_name(struct server_store *store,
                                               const struct server_place *place,
                                               struct sm_bytes name,
                                               struct server_secret *out_secret)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, SECRET_COLUMNS "WHERE account = ?2 AND region = ?3 AND name = ?1");
    bind_place(statement, 2, place);
    store_bind_bytes(statement, 1, name);
    return fetch_secret(statement, out_secret);
}

enum smcred_status server_store_secret_by_row(struct server_store *store, int64_t row,
                                              struct server_secret *out_secret)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, SECRET_COLUMNS "WHERE row = ?1");
    store_bind_number(statement, 1, row);
    return fetch_secret(statement, out_secret);
}

enum smcred_status server_store_secret_by_arn(struct server_store *store, struct sm_bytes arn,
                                              struct server_secret *out_secret)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, SECRET_COLUMNS "WHERE arn = ?1");
    store_bind_bytes(statement, 1, arn);
    return fetch_secret(statement, out_secret);
}

enum smcred_status server_store_secret_insert(struct server_store *store,
                                              struct server_secret *secret)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO secret (name, arn, description, kms_key_id, created_ms,"
                          " changed_ms, accessed_ms, deleted_ms, purge_ms, tagged, account,"
                          " region, primary_region)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
    bind_secret(statement, secret);
    enum smcred_status status = store_run(statement);
    if (status == SMCRED_OK)
        secret->row = sqlite3_last_insert_rowid(store->db);
    return status;
}

enum smcred_status server_store_secret_update(struct server_store *store,
                                              const struct server_secret *secret)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store, "UPDATE secret SET name = ?1, arn = ?2, description = ?3, kms_key_id = ?4,"
               " created_ms = ?5, changed_ms = ?6, accessed_ms = ?7, deleted_ms = ?8,"
               " purge_ms = ?9, tagged = ?10, account = ?11, region = ?12,"
               " primary_region = ?13 WHERE row = ?14");
    bind_secret(statement, secret);
    store_bind_number(statement, 14, secret->row);
    return store_run(statement);
}

enum smcred_status server_store_secret_delete(struct server_store *store, int64_t row)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM secret WHERE row = ?1");
    store_bind_number(statement, 1, row);
    return store_run(statement);
}

enum smcred_status server_store_secret_to_purge(struct server_store *store, int64_t now_ms,
                                                struct server_secret *out_secret)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, SECRET_COLUMNS "WHERE purge_ms > 0 AND purge_ms <= ?1 LIMIT 1");
    store_bind_number(statement, 1, now_ms);
    return fetch_secret(statement, out_secret);
}

/* By number or by name, as SORT_KEY is. */
static void bind_spot(sqlite3_stmt *statement, enum server_order order,
                      const struct server_spot *spot)
{
    store_bind_number(statement, 1, spot->at);
    if (order == SERVER_ORDER_NAME)
        store_bind_text(statement, 5, spot->key);
    else if (order != SERVER_ORDER_CREATED)
        store_bind_number(statement, 5, strtoll(spot->key, NULL, 10));
}

enum smcred_status server_store_secrets(struct server_store *store,
                                        const struct server_place *place, enum server_order order,
                                        bool descending, const struct server_spot *after,
                                        server_secret_visit *visit, void *context)
{
    static const char *const texts[][2] = {
        {SECRET_COLUMNS "WHERE " PLACE "AND (?1 = 0 OR (" SORT_KEY ", row) > (?5, ?1))"
                        " ORDER BY " SORT_KEY ", row",
         SECRET_COLUMNS "WHERE " PLACE "AND (?1 = 0 OR (" SORT_KEY ", row) < (?5, ?1))"
                        " ORDER BY " SORT_KEY " DESC, row DESC"},
        {SECRET_COLUMNS "WHERE " PLACE "AND row > ?1 ORDER BY row",
         SECRET_COLUMNS "WHERE " PLACE "AND (?1 = 0 OR row < ?1) ORDER BY row DESC"}};
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, texts[order == SERVER_ORDER_CREATED][descending]);
    struct server_secret secret;
    enum smcred_status status;
    bind_spot(statement, order, after);
    bind_place(statement, 3, place);
    if (order != SERVER_ORDER_CREATED)
        store_bind_number(statement, 2, order);
    while ((status = fetch_secret(statement, &secret)) == SMCRED_OK) {
        if (!visit(context, &secret))
            return SMCRED_OK;
    }
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

void server_spot_of(const struct server_secret *secret, enum server_order order,
                    struct server_spot *out_spot)
{
    int64_t key_ms = order == SERVER_ORDER_CHANGED ? secret->changed_ms : secret->accessed_ms;
    *out_spot = (struct server_spot){.at = secret->row};
    if (order == SERVER_ORDER_NAME)
        memcpy(out_spot->key, secret->name, sizeof out_spot->key);
    else if (order != SERVER_ORDER_CREATED)
        (void)snprintf(out_spot->key, sizeof out_spot->key, "%lld", (long long)key_ms); /* fits */
}
