/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_issuers.c - issuers of web identities that an account trusts, with their public keys.
 */
#include "server/store_sql.h"

enum smcred_status server_store_issuer_put(struct server_store *store,
                                           const struct server_issuer *issuer)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store, "INSERT INTO issuer (account, url, audiences, keys) VALUES (?1, ?2, ?3, ?4)"
               " ON CONFLICT (account, url) DO UPDATE SET audiences = excluded.audiences,"
               " keys = excluded.keys");
    store_bind_text(statement, 1, issuer->account);
    store_bind_text(statement, 2, issuer->url);
    store_bind_text(statement, 3, issuer->audiences);
    store_bind_text(statement, 4, issuer->keys);
    return store_run(statement);
}

#define COLUMNS "SELECT account, url, audiences, keys FROM issuer "

static void copy_issuer(sqlite3_stmt *statement, struct server_issuer *out_issuer)
{
    store_copy_text(statement, 0, out_issuer->account, sizeof out_issuer->account);
    store_copy_text(statement, 1, out_issuer->url, sizeof out_issuer->url);
    store_copy_text(statement, 2, out_issuer->audiences, sizeof out_issuer->audiences);
    store_copy_text(statement, 3, out_issuer->keys, sizeof out_issuer->keys);
}

enum smcred_status server_store_issuer(struct server_store *store, const char *account,
                                       const char *url, struct server_issuer *out_issuer)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, COLUMNS "WHERE account = ?1 AND url = ?2");
    store_bind_text(statement, 1, account);
    store_bind_text(statement, 2, url);
    enum smcred_status status = store_fetch(statement);
    if (status == SMCRED_OK)
        copy_issuer(statement, out_issuer);
    return status;
}

enum smcred_status server_store_issuer_delete(struct server_store *store, const char *account,
                                              const char *url)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "DELETE FROM issuer WHERE account = ?1 AND url = ?2 RETURNING url");
    store_bind_text(statement, 1, account);
    store_bind_text(statement, 2, url);
    enum smcred_status status = store_fetch(statement);
    return status == SMCRED_OK ? store_run(statement) : status;
}

enum smcred_status server_store_issuers(struct server_store *store, server_issuer_visit *visit,
                                        void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, COLUMNS "ORDER BY account, url");
    struct server_issuer issuer;
    enum smcred_status status;
    while ((status = store_fetch(statement)) == SMCRED_OK) {
        copy_issuer(statement, &issuer);
        visit(context, &issuer);
    }
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}
