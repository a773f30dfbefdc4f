/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_versions.c - versions of a secret, their values sealed.
 */
#include "server/store_sql.h"

static void copy_version(sqlite3_stmt *statement, struct server_version *out_version)
{
    store_copy_text(statement, 0, out_version->id, sizeof out_version->id);
    out_version->created_ms = sqlite3_column_int64(statement, 1);
    out_version->accessed_ms = sqlite3_column_int64(statement, 2);
    out_version->kind = (enum server_kind)sqlite3_column_int(statement, 3);
    out_version->sealed.bytes = NULL;
    out_version->sealed.len = 0;
    out_version->sealed.material = sqlite3_column_int64(statement, 4);
    store_copy_text(statement, 5, out_version->kms_key, sizeof out_version->kms_key);
    out_version->kms_disabled = sqlite3_column_int(statement, 6) != SERVER_KMS_ENABLED;
}

/* Which key a version is under: columns and tables beside those of `v`, the version. */
#define KEY_COLUMNS                                                                                \
    "d.material, CASE WHEN EXISTS (SELECT 1 FROM kms_alias a WHERE a.key = k.row"                  \
    " AND a.name = 'alias/aws/secretsmanager') THEN '' ELSE k.id END, k.state"
#define KEY_TABLES                                                                                 \
    " LEFT JOIN data_key d ON d.secret = v.secret AND d.version = v.id"                            \
    " LEFT JOIN kms_material m ON m.row = d.material LEFT JOIN kms_key k ON k.row = m.key"

enum smcred_status server_store_version(struct server_store *store, int64_t secret, const char *id,
                                        struct server_version *out_version)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT v.id, v.created_ms, v.accessed_ms, v.kind, " KEY_COLUMNS
                          ", v.sealed, d.wrapped FROM version v" KEY_TABLES
                          " WHERE v.secret = ?1 AND v.id = ?2");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, id);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    copy_version(statement, out_version);
    if (out_version->kind == SERVER_KIND_NONE)
        return SMCRED_OK;
    if (out_version->sealed.material != 0) {
        if (sqlite3_column_bytes(statement, 8) != SERVER_WRAPPED_LEN)
            return SMCRED_INVALID;
        memcpy(out_version->sealed.wrapped, sqlite3_column_blob(statement, 8), SERVER_WRAPPED_LEN);
    }
    return store_copy_blob(statement, 7, &out_version->sealed.bytes, &out_version->sealed.len);
}

enum smcred_status server_store_version_put(struct server_store *store, int64_t secret,
                                            const struct server_version *version)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO version (secret, id, created_ms, accessed_ms, kind, sealed)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (secret, id)"
                          " DO UPDATE SET kind = excluded.kind, sealed = excluded.sealed"
                          " WHERE kind = 0");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, version->id);
    store_bind_number(statement, 3, version->created_ms);
    store_bind_number(statement, 4, version->accessed_ms);
    store_bind_number(statement, 5, version->kind);
    if (version->kind != SERVER_KIND_NONE)
        store_bind_blob(statement, 6, sm_bytes(version->sealed.bytes, version->sealed.len));
    enum smcred_status status = store_run(statement);
    if (status != SMCRED_OK || version->sealed.material == 0 || sqlite3_changes(store->db) == 0)
        return status; /* the last: it has a value, and a data key, already */
    return server_store_data_key_put(store, secret, version->id, version->sealed.material,
                                     sm_bytes(version->sealed.wrapped, SERVER_WRAPPED_LEN));
}

enum smcred_status server_store_version_accessed(struct server_store *store, int64_t secret,
                                                 const char *id, int64_t accessed_ms)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "UPDATE version SET accessed_ms = ?3 WHERE secret = ?1 AND id = ?2");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, id);
    store_bind_number(statement, 3, accessed_ms);
    return store_run(statement);
}

enum smcred_status server_store_version_count(struct server_store *store, int64_t secret,
                                              int64_t *out_count)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT count(*) FROM version WHERE secret = ?1");
    return store_count(statement, secret, out_count);
}

enum smcred_status server_store_version_prune(struct server_store *store, int64_t secret,
                                              int64_t before_ms)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM version WHERE row = (SELECT v.row FROM version v"
                          " WHERE v.secret = ?1 AND v.created_ms < ?2 AND NOT EXISTS"
                          " (SELECT 1 FROM label l WHERE l.secret = v.secret AND l.version = v.id)"
                          " ORDER BY v.row LIMIT 1) RETURNING row");
    store_bind_number(statement, 1, secret);
    store_bind_number(statement, 2, before_ms);
    return store_fetch(statement);
}

enum smcred_status server_store_version_delete(struct server_store *store, int64_t secret,
                                               const char *id)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM version WHERE secret = ?1 AND id = ?2");
    store_bind_number(statement, 1, secret);
    store_bind_text(statement, 2, id);
    return store_run(statement);
}

enum smcred_status server_store_versions(struct server_store *store, int64_t secret,
                                         bool deprecated, int64_t after,
                                         server_version_visit *visit, void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT v.id, v.created_ms, v.accessed_ms, v.kind, " KEY_COLUMNS
                          ", v.row FROM version v" KEY_TABLES
                          " WHERE v.secret = ?1 AND (?2 OR EXISTS (SELECT 1 FROM label l"
                          " WHERE l.secret = v.secret AND l.version = v.id))"
                          " AND v.row > ?3 ORDER BY v.row");
    struct server_version version;
    enum smcred_status status;
    store_bind_number(statement, 1, secret);
    store_bind_number(statement, 2, deprecated);
    store_bind_number(statement, 3, after);
    while ((status = store_fetch(statement)) == SMCRED_OK) {
        copy_version(statement, &version);
        version.row = sqlite3_column_int64(statement, 7);
        if (!visit(context, &version))
            return SMCRED_OK;
    }
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

void server_version_done(struct server_version *version)
{
    sm_free_ptr(&version->sealed.bytes);
    version->sealed.bytes = NULL;
}
