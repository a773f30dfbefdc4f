/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_check.c - what SQLite itself and our own rules say about all rows.  Called by check.c.
 */
#include "server/store_check.h"

#include "server/store_sql.h"

static enum smcred_status visit_rows(sqlite3_stmt *statement, server_row_visit *visit,
                                     void *context)
{
    enum smcred_status status;
    while ((status = store_fetch(statement)) == SMCRED_OK) {
        const char *columns[3] = {"", "", ""};
        for (int i = 0; i < sqlite3_column_count(statement) && i < 3; i++) {
            const unsigned char *text = sqlite3_column_text(statement, i);
            if (text)
                columns[i] = (const char *)text;
        }
        visit(context, columns);
    }
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
}

enum smcred_status server_store_check_pages(struct server_store *store, server_row_visit *visit,
                                            void *context)
{
    store_autostatement sqlite3_stmt *pages =
        store_lend(store, "SELECT 'database', replace(integrity_check,"
                          " '*** in database main ***' || char(10), '') FROM pragma_integrity_check"
                          " WHERE integrity_check <> 'ok'");
    enum smcred_status status = visit_rows(pages, visit, context);
    if (status != SMCRED_OK)
        return status;
    store_autostatement sqlite3_stmt *references =
        store_lend(store, "SELECT 'database', 'a row of ' || \"table\" || ' belongs to none of '"
                          " || \"parent\" FROM pragma_foreign_key_check");
    return visit_rows(references, visit, context);
}

enum smcred_status server_store_check_rules(struct server_store *store, server_row_visit *visit,
                                            void *context)
{
    store_autostatement sqlite3_stmt *statement = store_lend(
        store,
        "SELECT s.arn, 'has versions, and none is AWSCURRENT' FROM secret s"
        " WHERE EXISTS (SELECT 1 FROM version v WHERE v.secret = s.row AND v.kind <> 0)"
        " AND NOT EXISTS (SELECT 1 FROM label l WHERE l.secret = s.row"
        " AND l.label = 'AWSCURRENT')"
        " UNION ALL SELECT s.arn, l.label || ' is on ' || l.version || ', which is none of its"
        " versions' FROM label l JOIN secret s ON s.row = l.secret WHERE NOT EXISTS"
        " (SELECT 1 FROM version v WHERE v.secret = l.secret AND v.id = l.version)"
        " UNION ALL SELECT s.arn, 'has more than 20 labels' FROM secret s"
        " WHERE (SELECT count(*) FROM label l WHERE l.secret = s.row) > 20"
        " UNION ALL SELECT p.name, 'lacks its latest version' FROM parameter p"
        " WHERE NOT EXISTS (SELECT 1 FROM parameter_version v"
        " WHERE v.parameter = p.row AND v.version = p.latest)");
    return visit_rows(statement, visit, context);
}

enum smcred_status server_store_check_versions(struct server_store *store, server_row_visit *visit,
                                               void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT s.arn, v.id FROM version v JOIN secret s ON s.row = v.secret"
                          " WHERE v.kind <> 0 ORDER BY v.secret, v.row");
    return visit_rows(statement, visit, context);
}

enum smcred_status server_store_check_parameters(struct server_store *store,
                                                 server_row_visit *visit, void *context)
{
    store_autostatement sqlite3_stmt *statement =
        store_lend(store, "SELECT p.region, p.account || ' ' || p.name, v.version"
                          " FROM parameter_version v JOIN parameter p ON p.row = v.parameter"
                          " ORDER BY v.parameter, v.version");
    return visit_rows(statement, visit, context);
}
