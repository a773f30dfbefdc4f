/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_kms.c - keys, their aliases and material, and the data keys they wrap.
 */
#include "server/store_sql.h"

#define KEY_COLUMNS                                                                                \
    "SELECT k.row, k.account, k.region, k.id, k.state, k.created_ms,"                              \
    " (SELECT max(m.row) FROM kms_material m WHERE m.key = k.row) FROM kms_key k "

static enum smcred_status fetch_key(sqlite3_stmt *statement, struct server_kms_key *out_key)
{
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    out_key->row = sqlite3_column_int64(statement, 0);
    store_copy_text(statement, 1, out_key->place.account, sizeof out_key->place.account);
    store_copy_text(statement, 2, out_key->place.region, sizeof out_key->place.region);
    store_copy_text(statement, 3, out_key->id, sizeof out_key->id);
    out_key->state = (enum server_kms_state)sqlite3_column_int(statement, 4);
    out_key->created_ms = sqlite3_column_int64(statement, 5);
    out_key->material = sqlite3_column_int64(statement, 6);
    return SMCRED_OK;
}

enum smcred_status server_store_kms_insert(struct server_store *store, struct server_kms_key *key)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO kms_key (account, region, id, state, created_ms)"
                          " VALUES (?1, ?2, ?3, ?4, ?5)");
    store_bind_text(statement, 1, key->place.account);
    store_bind_text(statement, 2, key->place.region);
    store_bind_text(statement, 3, key->id);
    store_bind_number(statement, 4, key->state);
    store_bind_number(statement, 5, key->created_ms);
    enum smcred_status status = store_run(statement);
    if (status == SMCRED_OK)
        key->row = sqlite3_last_insert_rowid(store->db);
    return status;
}

static enum smcred_status find(sqlite3_stmt *statement, const struct server_place *place,
                               const char *name, struct server_kms_key *out_key)
{
    store_bind_text(statement, 1, place->account);
    store_bind_text(statement, 2, place->region);
    store_bind_text(statement, 3, name);
    return fetch_key(statement, out_key);
}

enum smcred_status server_store_kms_by_id(struct server_store *store,
                                          const struct server_place *place, const char *id,
                                          struct server_kms_key *out_key)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, KEY_COLUMNS "WHERE k.account = ?1 AND k.region = ?2 AND k.id = ?3");
    return find(statement, place, id, out_key);
}

enum smcred_status server_store_kms_by_alias(struct server_store *store,
                                             const struct server_place *place, const char *alias,
                                             struct server_kms_key *out_key)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, KEY_COLUMNS "JOIN kms_alias a ON a.key = k.row"
                                      " WHERE a.account = ?1 AND a.region = ?2 AND a.name = ?3");
    return find(statement, place, alias, out_key);
}

enum smcred_status server_store_kms_alias(struct server_store *store,
                                          const struct server_kms_key *key, const char *alias)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO kms_alias (account, region, name, key)"
                          " VALUES (?1, ?2, ?3, ?4)"
                          " ON CONFLICT (account, region, name) DO UPDATE SET key = excluded.key");
    store_bind_text(statement, 1, key->place.account);
    store_bind_text(statement, 2, key->place.region);
    store_bind_text(statement, 3, alias);
    store_bind_number(statement, 4, key->row);
    return store_run(statement);
}

enum smcred_status server_store_kms_unalias(struct server_store *store,
                                            const struct server_place *place, const char *alias)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM kms_alias WHERE account = ?1 AND region = ?2 AND name = ?3"
                          " RETURNING key");
    store_bind_text(statement, 1, place->account);
    store_bind_text(statement, 2, place->region);
    store_bind_text(statement, 3, alias);
    enum smcred_status status = store_fetch(statement);
    return status == SMCRED_OK ? store_run(statement) : status;
}

enum smcred_status server_store_kms_wraps(struct server_store *store, int64_t key,
                                          int64_t *out_count)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store, "SELECT (SELECT count(*) FROM data_key d JOIN kms_material m ON m.row = d.material"
               " WHERE m.key = ?1) + (SELECT count(*) FROM parameter_version v"
               " JOIN kms_material m ON m.row = v.material WHERE m.key = ?1)");
    store_bind_number(statement, 1, key);
    enum smcred_status status = store_fetch(statement);
    if (status == SMCRED_OK)
        *out_count = sqlite3_column_int64(statement, 0);
    return status;
}

enum smcred_status server_store_kms_delete(struct server_store *store, int64_t key)
{
    enum smcred_status status = server_store_kms_material_drop(store, key, 0); /* all of it */
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM kms_key WHERE row = ?1");
    store_bind_number(statement, 1, key);
    return status == SMCRED_OK ? store_run(statement) : status;
}

enum smcred_status server_store_kms_state(struct server_store *store, int64_t key,
                                          enum server_kms_state state)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "UPDATE kms_key SET state = ?2 WHERE row = ?1");
    store_bind_number(statement, 1, key);
    store_bind_number(statement, 2, state);
    return store_run(statement);
}

enum smcred_status server_store_kms_policy(struct server_store *store,
                                           const struct server_place *place, const char *id,
                                           char **out_document)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT policy FROM kms_key WHERE account = ?1 AND region = ?2"
                          " AND id = ?3 AND policy != ''");
    store_bind_text(statement, 1, place->account);
    store_bind_text(statement, 2, place->region);
    store_bind_text(statement, 3, id);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    *out_document = strdup((const char *)sqlite3_column_text(statement, 0));
    return *out_document ? SMCRED_OK : SMCRED_NO_MEMORY;
}

enum smcred_status server_store_kms_policy_put(struct server_store *store, int64_t key,
                                               const char *document)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "UPDATE kms_key SET policy = ?2 WHERE row = ?1");
    store_bind_number(statement, 1, key);
    store_bind_text(statement, 2, document);
    return store_run(statement);
}

enum smcred_status server_store_kms_keys(struct server_store *store, server_kms_visit *visit,
                                         void *context)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store, "SELECT k.row, k.account, k.region, k.id, k.state, k.created_ms, 0,"
               " coalesce((SELECT group_concat(a.name, ' ') FROM kms_alias a WHERE a.key = k.row),"
               " '') FROM kms_key k ORDER BY k.row");
    struct server_kms_key key;
    enum smcred_status status;
    while ((status = fetch_key(statement, &key)) == SMCRED_OK)
        visit(context, &key, (const char *)sqlite3_column_text(statement, 7));
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

/* --- material -----------------------------------------------------------------------------------
 */

enum smcred_status server_store_kms_material_add(struct server_store *store, int64_t key,
                                                 struct sm_bytes sealed, int64_t *out_row)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO kms_material (key, sealed) VALUES (?1, ?2)");
    store_bind_number(statement, 1, key);
    store_bind_blob(statement, 2, sealed);
    enum smcred_status status = store_run(statement);
    if (status == SMCRED_OK)
        *out_row = sqlite3_last_insert_rowid(store->db);
    return status;
}

enum smcred_status server_store_kms_material(struct server_store *store, int64_t row,
                                             int64_t *out_key, uint8_t **out_sealed,
                                             size_t *out_len)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT key, sealed FROM kms_material WHERE row = ?1");
    store_bind_number(statement, 1, row);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    *out_key = sqlite3_column_int64(statement, 0);
    return store_copy_blob(statement, 1, out_sealed, out_len);
}

enum smcred_status server_store_kms_material_drop(struct server_store *store, int64_t key,
                                                  int64_t but)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM kms_material WHERE key = ?1 AND row != ?2");
    store_bind_number(statement, 1, key);
    store_bind_number(statement, 2, but);
    return store_run(statement);
}

/* --- data keys ----------------------------------------------------------------------------------
 */

enum smcred_status server_store_data_key_put(struct server_store *store, int64_t secret,
                                             const char *version, int64_t material,
                                             struct sm_bytes wrapped)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO data_key (secret, version, material, wrapped)"
                          " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (secret, version)"
                          " DO UPDATE SET material = excluded.material,"
                          " wrapped = excluded.wrapped");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, version);
    store_bind_number(statement, 3, material);
    store_bind_blob(statement, 4, wrapped);
    return store_run(statement);
}

enum smcred_status server_store_data_key_next(struct server_store *store, int64_t key, int64_t but,
                                              struct server_data_key *out_data_key)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store, "SELECT d.secret, d.version, d.material, d.wrapped, s.arn, v.kind FROM data_key d"
               " JOIN kms_material m ON m.row = d.material JOIN secret s ON s.row = d.secret"
               " JOIN version v ON v.secret = d.secret AND v.id = d.version"
               " WHERE m.key = ?1 AND m.row != ?2 LIMIT 1");
    store_bind_number(statement, 1, key);
    store_bind_number(statement, 2, but);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    size_t len = (size_t)sqlite3_column_bytes(statement, 3);
    if (len != sizeof out_data_key->wrapped)
        return SMCRED_INVALID;
    out_data_key->secret = sqlite3_column_int64(statement, 0);
    store_copy_text(statement, 1, out_data_key->version, sizeof out_data_key->version);
    out_data_key->material = sqlite3_column_int64(statement, 2);
    memcpy(out_data_key->wrapped, sqlite3_column_blob(statement, 3), len);
    store_copy_text(statement, 4, out_data_key->arn, sizeof out_data_key->arn);
    out_data_key->kind = (enum server_kind)sqlite3_column_int(statement, 5);
    return SMCRED_OK;
}
