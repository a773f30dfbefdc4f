/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_sql.h - SQLite as the store_*.c files use it, and nobody else.
 *
 * A function writes its SQL where it runs it: store_lend() prepares the text once and keeps the
 * statement.  A new noun is a file store_NOUN.c, its functions in store.h, and its tables appended
 * to the migrations in store_schema.c.
 */
#ifndef SERVER_STORE_SQL_H
#define SERVER_STORE_SQL_H

#include <sqlite3.h>

#include "server/store.h"

#define STORE_STATEMENTS_MAX 512 /* slots; more than twice as many as there are texts */

struct server_store {
    sqlite3 *db;
    bool is_lazy; /* commits do not wait for the disk */
    struct {
        const char *text;
        sqlite3_stmt *statement;
    } statements[STORE_STATEMENTS_MAX];
};

/*
 * The statement of `text`, a literal: it is known by its address.  NULL, which store_fetch()
 * answers with SMCRED_SYSTEM, if it cannot be prepared.  What a function bound and read is
 * forgotten when it returns, by store_autostatement.
 */
sqlite3_stmt *store_lend(struct server_store *store, const char *text);
void store_give_back(sqlite3_stmt **statement);
#define store_autostatement __attribute__((cleanup(store_give_back)))

void store_bind_bytes(sqlite3_stmt *statement, int at, struct sm_bytes text);
void store_bind_text(sqlite3_stmt *statement, int at, const char *text);
void store_bind_number(sqlite3_stmt *statement, int at, int64_t number);
void store_bind_blob(sqlite3_stmt *statement, int at, struct sm_bytes blob);

void store_copy_text(sqlite3_stmt *statement, int column, char *out, size_t size);
/* out_blob: free with free(). */
SM_MUST_CHECK enum smcred_status store_copy_blob(sqlite3_stmt *statement, int column,
                                                 uint8_t **out_blob, size_t *out_len);

/* A row, SMCRED_NOT_FOUND for none, or an error. */
SM_MUST_CHECK enum smcred_status store_fetch(sqlite3_stmt *statement);
/* A statement that gives no row. */
SM_MUST_CHECK enum smcred_status store_run(sqlite3_stmt *statement);
/* A count of something of one secret. */
SM_MUST_CHECK enum smcred_status store_count(sqlite3_stmt *statement, int64_t secret,
                                             int64_t *out_count);
enum smcred_status store_status_of(int sqlite_code);

/* Makes or upgrades the tables.  Errors: SMCRED_INVALID (not ours, or of a newer version). */
SM_MUST_CHECK enum smcred_status store_migrate(sqlite3 *db, struct sm_error *err);

#endif
