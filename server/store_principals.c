/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_principals.c - users and roles, known by their ARNs, with their policies and tags.
 */
#include "server/store_sql.h"

enum smcred_status server_store_principal_add(struct server_store *store, const char *arn,
                                              int64_t created_ms)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO principal (arn, trust, session_max_s, created_ms)"
                          " VALUES (?1, '', 3600, ?2) ON CONFLICT DO NOTHING");
    store_bind_text(statement, 1, arn);
    store_bind_number(statement, 2, created_ms);
    return store_run(statement);
}

enum smcred_status server_store_principal_trust(struct server_store *store, const char *arn,
                                                const char *trust, int64_t session_max_s)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "UPDATE principal SET trust = ?2, session_max_s = ?3 WHERE arn = ?1");
    store_bind_text(statement, 1, arn);
    store_bind_text(statement, 2, trust);
    store_bind_number(statement, 3, session_max_s);
    return store_run(statement);
}

enum smcred_status server_store_principal(struct server_store *store, const char *arn,
                                          struct server_principal *out_principal)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT arn, trust, session_max_s FROM principal WHERE arn = ?1");
    store_bind_text(statement, 1, arn);
    enum smcred_status status = store_fetch(statement);
    if (status != SMCRED_OK)
        return status;
    store_copy_text(statement, 0, out_principal->arn, sizeof out_principal->arn);
    store_copy_text(statement, 1, out_principal->trust, sizeof out_principal->trust);
    out_principal->session_max_s = sqlite3_column_int64(statement, 2);
    return SMCRED_OK;
}

enum smcred_status server_store_principal_age(struct server_store *store, const char *arn,
                                              int64_t *out_created_ms)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT created_ms FROM principal WHERE arn = ?1");
    store_bind_text(statement, 1, arn);
    enum smcred_status status = store_fetch(statement);
    if (status == SMCRED_OK)
        *out_created_ms = sqlite3_column_int64(statement, 0);
    return status;
}

enum smcred_status server_store_principal_delete(struct server_store *store, const char *arn)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM principal WHERE arn = ?1 RETURNING arn");
    store_bind_text(statement, 1, arn);
    enum smcred_status status = store_fetch(statement);
    return status == SMCRED_OK ? store_run(statement) : status;
}

enum smcred_status server_store_policy_put(struct server_store *store, const char *principal,
                                           const char *name, const char *document)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store, "INSERT INTO principal_policy (principal, name, document) VALUES (?1, ?2, ?3)"
               " ON CONFLICT (principal, name) DO UPDATE SET document = excluded.document");
    store_bind_text(statement, 1, principal);
    store_bind_text(statement, 2, name);
    store_bind_text(statement, 3, document);
    return store_run(statement);
}

enum smcred_status server_store_policy_delete(struct server_store *store, const char *principal,
                                              const char *name)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM principal_policy WHERE principal = ?1 AND name = ?2"
                          " RETURNING name");
    store_bind_text(statement, 1, principal);
    store_bind_text(statement, 2, name);
    enum smcred_status status = store_fetch(statement);
    return status == SMCRED_OK ? store_run(statement) : status;
}

/* Pairs of texts, of a principal or of all that the statement's one parameter selects. */
static enum smcred_status visit_pairs(sqlite3_stmt *statement, const char *principal,
                                      server_pair_visit *visit, void *context)
{
    enum smcred_status status;
    store_bind_text(statement, 1, principal);
    while ((status = store_fetch(statement)) == SMCRED_OK)
        visit(context, (const char *)sqlite3_column_text(statement, 0),
              (const char *)sqlite3_column_text(statement, 1));
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

enum smcred_status server_store_roles(struct server_store *store, server_pair_visit *visit,
                                      void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT arn, session_max_s FROM principal"
                          " WHERE instr(arn, ?1) > 0 ORDER BY arn");
    return visit_pairs(statement, ":role/", visit, context);
}

enum smcred_status server_store_policies(struct server_store *store, const char *principal,
                                         server_pair_visit *visit, void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT name, document FROM principal_policy WHERE principal = ?1"
                          " ORDER BY name");
    return visit_pairs(statement, principal, visit, context);
}

enum smcred_status server_store_principal_tag(struct server_store *store, const char *principal,
                                              const char *key, const char *value)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "INSERT INTO principal_tag (principal, key, value) VALUES (?1, ?2, ?3)"
                          " ON CONFLICT (principal, key) DO UPDATE SET value = excluded.value");
    store_bind_text(statement, 1, principal);
    store_bind_text(statement, 2, key);
    store_bind_text(statement, 3, value);
    return store_run(statement);
}

enum smcred_status server_store_principal_tags(struct server_store *store, const char *principal,
                                               server_pair_visit *visit, void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT key, value FROM principal_tag WHERE principal = ?1 ORDER BY key");
    return visit_pairs(statement, principal, visit, context);
}
