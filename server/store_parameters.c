/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_parameters.c - parameters, their versions, labels and tags.
 */
#include "server/parameter.h"

#include "server/store_sql.h"

#define COLUMNS                                                                                    \
    "SELECT p.row, p.name, p.shown, p.latest, v.version, v.type, v.description, v.pattern,"        \
    " v.key_id, v.tier, v.data_type, v.modified_ms, v.modified_by, v.sealed,"                      \
    " v.material, v.wrapped, k.id, k.state, p.account, p.region"                                   \
    " FROM parameter p JOIN parameter_version v ON v.parameter = p.row"                            \
    " LEFT JOIN kms_material m ON m.row = v.material LEFT JOIN kms_key k ON k.row = m.key "

void server_parameter_done(struct server_parameter *parameter)
{
    sm_free_ptr(&parameter->sealed.bytes);
    parameter->sealed.bytes = NULL;
}

static enum smcred_status copy_parameter(sqlite3_stmt *statement, struct server_parameter *out)
{
    out->row = sqlite3_column_int64(statement, 0);
    store_copy_text(statement, 1, out->name, sizeof out->name);
    store_copy_text(statement, 2, out->shown, sizeof out->shown);
    out->latest = sqlite3_column_int64(statement, 3);
    out->version = sqlite3_column_int64(statement, 4);
    store_copy_text(statement, 5, out->type, sizeof out->type);
    store_copy_text(statement, 6, out->description, sizeof out->description);
    store_copy_text(statement, 7, out->pattern, sizeof out->pattern);
    store_copy_text(statement, 8, out->key_id, sizeof out->key_id);
    store_copy_text(statement, 9, out->tier, sizeof out->tier);
    store_copy_text(statement, 10, out->data_type, sizeof out->data_type);
    out->modified_ms = sqlite3_column_int64(statement, 11);
    store_copy_text(statement, 12, out->modified_by, sizeof out->modified_by);
    out->sealed.material = sqlite3_column_int64(statement, 14);
    if (out->sealed.material != 0) {
        if (sqlite3_column_bytes(statement, 15) != SERVER_WRAPPED_LEN)
            return SMCRED_INVALID;
        memcpy(out->sealed.wrapped, sqlite3_column_blob(statement, 15), SERVER_WRAPPED_LEN);
    }
    store_copy_text(statement, 16, out->kms_key, sizeof out->kms_key);
    out->kms_disabled =
        out->sealed.material != 0 && sqlite3_column_int(statement, 17) != SERVER_KMS_ENABLED;
    store_copy_text(statement, 18, out->place.account, sizeof out->place.account);
    store_copy_text(statement, 19, out->place.region, sizeof out->place.region);
    return store_copy_blob(statement, 13, &out->sealed.bytes, &out->sealed.len);
}

enum smcred_status server_store_parameter(struct server_store *store,
                                          const struct server_place *place, const char *name,
                                          int64_t version, struct server_parameter *out_parameter)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, COLUMNS "WHERE p.account = ?1 AND p.region = ?2 AND p.name = ?3"
                                  " AND v.version = CASE ?4 WHEN 0 THEN p.latest ELSE ?4 END");
    store_bind_text(statement, 1, place->account);
    store_bind_text(statement, 2, place->region);
    store_bind_text(statement, 3, name);
    store_bind_number(statement, 4, version);
    enum smcred_status status = store_fetch(statement);
    return status == SMCRED_OK ? copy_parameter(statement, out_parameter) : status;
}

enum smcred_status server_store_parameter_row(struct server_store *store,
                                              const struct server_place *place, const char *name,
                                              int64_t *out_row)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store, "SELECT row FROM parameter WHERE account = ?1 AND region = ?2 AND name = ?3");
    store_bind_text(statement, 1, place->account);
    store_bind_text(statement, 2, place->region);
    store_bind_text(statement, 3, name);
    enum smcred_status status = store_fetch(statement);
    if (status == SMCRED_OK)
        *out_row = sqlite3_column_int64(statement, 0);
    return status;
}

static enum smcred_status insert_parameter(struct server_store *store,
                                           struct server_parameter *parameter)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO parameter (account, region, name, shown, latest)"
                          " VALUES (?1, ?2, ?3, ?4, ?5)");
    store_bind_text(statement, 1, parameter->place.account);
    store_bind_text(statement, 2, parameter->place.region);
    store_bind_text(statement, 3, parameter->name);
    store_bind_text(statement, 4, parameter->shown);
    store_bind_number(statement, 5, parameter->version);
    enum smcred_status status = store_run(statement);
    if (status == SMCRED_OK)
        parameter->row = sqlite3_last_insert_rowid(store->db);
    return status;
}

static enum smcred_status move_latest(struct server_store *store,
                                      const struct server_parameter *parameter)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "UPDATE parameter SET latest = ?2 WHERE row = ?1");
    store_bind_number(statement, 1, parameter->row);
    store_bind_number(statement, 2, parameter->version);
    return store_run(statement);
}

/* The two columns of it. */
static void bind_data_key(sqlite3_stmt *statement, int at, const struct server_parameter *parameter)
{
    store_bind_number(statement, at, parameter->sealed.material);
    store_bind_blob(statement, at + 1, sm_bytes(parameter->sealed.wrapped, SERVER_WRAPPED_LEN));
}

static enum smcred_status insert_version(struct server_store *store,
                                         const struct server_parameter *parameter)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store, "INSERT INTO parameter_version (parameter, version, type, description,"
               " pattern, key_id, tier, data_type, modified_ms, modified_by, sealed, material,"
               " wrapped) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
               " ?13)");
    store_bind_number(statement, 1, parameter->row);
    store_bind_number(statement, 2, parameter->version);
    store_bind_text(statement, 3, parameter->type);
    store_bind_text(statement, 4, parameter->description);
    store_bind_text(statement, 5, parameter->pattern);
    store_bind_text(statement, 6, parameter->key_id);
    store_bind_text(statement, 7, parameter->tier);
    store_bind_text(statement, 8, parameter->data_type);
    store_bind_number(statement, 9, parameter->modified_ms);
    store_bind_text(statement, 10, parameter->modified_by);
    store_bind_blob(statement, 11, sm_bytes(parameter->sealed.bytes, parameter->sealed.len));
    if (parameter->sealed.material != 0)
        bind_data_key(statement, 12, parameter);
    return store_run(statement);
}

enum smcred_status server_store_parameter_put(struct server_store *store,
                                              struct server_parameter *parameter)
{
    enum smcred_status status =
        parameter->row == 0 ? insert_parameter(store, parameter) : move_latest(store, parameter);
    return status == SMCRED_OK ? insert_version(store, parameter) : status;
}

enum smcred_status server_store_parameter_under(struct server_store *store, int64_t key,
                                                int64_t but, struct server_parameter *out_parameter)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, COLUMNS "WHERE m.key = ?1 AND m.row != ?2 LIMIT 1");
    store_bind_number(statement, 1, key);
    store_bind_number(statement, 2, but);
    enum smcred_status status = store_fetch(statement);
    return status == SMCRED_OK ? copy_parameter(statement, out_parameter) : status;
}

enum smcred_status server_store_parameter_rewrap(struct server_store *store,
                                                 const struct server_parameter *parameter)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "UPDATE parameter_version SET material = ?3, wrapped = ?4"
                          " WHERE parameter = ?1 AND version = ?2");
    store_bind_number(statement, 1, parameter->row);
    store_bind_number(statement, 2, parameter->version);
    bind_data_key(statement, 3, parameter);
    return store_run(statement);
}

/* A statement whose only variable is the row. */
static enum smcred_status run_of_row(sqlite3_stmt *statement, int64_t row)
{
    store_bind_number(statement, 1, row);
    return store_run(statement);
}

enum smcred_status server_store_parameter_delete(struct server_store *store, int64_t row)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM parameter WHERE row = ?1");
    return run_of_row(statement, row);
}

enum smcred_status server_store_parameter_span(struct server_store *store, int64_t row,
                                               int64_t *out_count, int64_t *out_oldest)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT count(*), min(version) FROM parameter_version"
                          " WHERE parameter = ?1");
    store_bind_number(statement, 1, row);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    *out_count = sqlite3_column_int64(statement, 0);
    *out_oldest = sqlite3_column_int64(statement, 1);
    return SMCRED_OK;
}

enum smcred_status server_store_parameter_drop(struct server_store *store, int64_t row,
                                               int64_t version)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM parameter_version WHERE parameter = ?1 AND version = ?2");
    store_bind_number(statement, 2, version);
    return run_of_row(statement, row);
}

static enum smcred_status visit_all(sqlite3_stmt *statement, server_parameter_visit *visit,
                                    void *context)
{
    struct server_parameter parameter;
    enum smcred_status status;
    while ((status = store_fetch(statement)) == SMCRED_OK) {
        status = copy_parameter(statement, &parameter);
        if (status != SMCRED_OK)
            return status;
        bool more = visit(context, &parameter);
        server_parameter_done(&parameter);
        if (!more)
            return SMCRED_OK;
    }
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

enum smcred_status server_store_parameters(struct server_store *store,
                                           const struct server_place *place,
                                           server_parameter_visit *visit, void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, COLUMNS "WHERE p.account = ?1 AND p.region = ?2"
                                  " AND v.version = p.latest ORDER BY p.name");
    store_bind_text(statement, 1, place->account);
    store_bind_text(statement, 2, place->region);
    return visit_all(statement, visit, context);
}

enum smcred_status server_store_parameter_history(struct server_store *store, int64_t row,
                                                  server_parameter_visit *visit, void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, COLUMNS "WHERE p.row = ?1 ORDER BY v.version");
    store_bind_number(statement, 1, row);
    return visit_all(statement, visit, context);
}

/* --- labels ----------------------------------------------------------------------------------- */

enum smcred_status server_store_parameter_label(struct server_store *store, int64_t row,
                                                const char *label, int64_t *out_version)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store, "SELECT version FROM parameter_label WHERE parameter = ?1 AND label = ?2");
    store_bind_number(statement, 1, row);
    store_bind_text(statement, 2, label);
    enum smcred_status status = store_fetch(statement);
    if (status == SMCRED_OK)
        *out_version = sqlite3_column_int64(statement, 0);
    return status;
}

enum smcred_status server_store_parameter_label_set(struct server_store *store, int64_t row,
                                                    const char *label, int64_t version)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO parameter_label (parameter, label, version)"
                          " VALUES (?1, ?2, ?3) ON CONFLICT (parameter, label)"
                          " DO UPDATE SET version = excluded.version");
    store_bind_text(statement, 2, label);
    store_bind_number(statement, 3, version);
    return run_of_row(statement, row);
}

enum smcred_status server_store_parameter_label_remove(struct server_store *store, int64_t row,
                                                       const char *label)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM parameter_label WHERE parameter = ?1 AND label = ?2");
    store_bind_text(statement, 2, label);
    return run_of_row(statement, row);
}

static enum smcred_status visit_texts(sqlite3_stmt *statement, server_text_visit *visit,
                                      void *context)
{
    enum smcred_status status;
    while ((status = store_fetch(statement)) == SMCRED_OK)
        visit(context, (const char *)sqlite3_column_text(statement, 0),
              (const char *)sqlite3_column_text(statement, 1));
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

enum smcred_status server_store_parameter_labels(struct server_store *store, int64_t row,
                                                 int64_t version, server_text_visit *visit,
                                                 void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT label, '' FROM parameter_label"
                          " WHERE parameter = ?1 AND version = ?2 ORDER BY label");
    store_bind_number(statement, 1, row);
    store_bind_number(statement, 2, version);
    return visit_texts(statement, visit, context);
}

/* --- tags ------------------------------------------------------------------------------------- */

enum smcred_status server_store_parameter_tag_set(struct server_store *store, int64_t row,
                                                  const char *key, const char *value)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO parameter_tag (parameter, key, value) VALUES (?1, ?2, ?3)"
                          " ON CONFLICT (parameter, key) DO UPDATE SET value = excluded.value");
    store_bind_text(statement, 2, key);
    store_bind_text(statement, 3, value);
    return run_of_row(statement, row);
}

enum smcred_status server_store_parameter_tag_remove(struct server_store *store, int64_t row,
                                                     const char *key)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM parameter_tag WHERE parameter = ?1 AND key = ?2");
    store_bind_text(statement, 2, key);
    return run_of_row(statement, row);
}

enum smcred_status server_store_parameter_tags(struct server_store *store, int64_t row,
                                               server_text_visit *visit, void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT key, value FROM parameter_tag WHERE parameter = ?1 ORDER BY key");
    store_bind_number(statement, 1, row);
    return visit_texts(statement, visit, context);
}
