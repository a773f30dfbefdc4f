/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * postgres_twin.c - alternating users in PostgreSQL: a role that is as good as another one.
 *
 * Called by postgres.c's vtable.  Of a pair one is the original, which an administrator made, and
 * the other its twin, a member of it.  The twin
 *
 *     has the original's attributes, connection limit and end of validity
 *     has its settings, in each database
 *     acts as the original from the login on (its setting `role`), so that what it makes belongs to
 *     the original, and rights, policies and default privileges that name the original count
 *
 * and is made equal again each time its turn comes.
 */
#include <libpq-fe.h>
#include <stdio.h>

#include "common/log.h"
#include "rotate/postgres.h"

enum relation { RELATION_NONE, RELATION_ABSENT, RELATION_TWIN, RELATION_ORIGINAL };

/* What $2 is to $1. */
static const char relation_query[] =
    "SELECT CASE"
    " WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = $2) THEN 'absent'"
    " WHEN EXISTS (SELECT FROM pg_auth_members"
    "   WHERE roleid = (SELECT oid FROM pg_roles WHERE rolname = $1)"
    "   AND member = (SELECT oid FROM pg_roles WHERE rolname = $2)) THEN 'twin'"
    " WHEN EXISTS (SELECT FROM pg_auth_members"
    "   WHERE roleid = (SELECT oid FROM pg_roles WHERE rolname = $2)"
    "   AND member = (SELECT oid FROM pg_roles WHERE rolname = $1)) THEN 'original'"
    " ELSE 'none' END";

/*
 * What makes the twin $2 equal to the original $1, one statement a row, with what it is about. Only
 * what differs: to mention some attributes takes a superuser, also where nothing changes.
 *
 * Lists of names are stored quoted, and stand in a statement name by name.
 */
static const char difference_query[] =
    "WITH original AS (SELECT * FROM pg_roles WHERE rolname = $1),"
    " twin AS (SELECT * FROM pg_roles WHERE rolname = $2),"
    " setting AS ("
    "  SELECT setrole, setdatabase, split_part(entry, '=', 1) AS name,"
    "   substr(entry, strpos(entry, '=') + 1) AS value"
    "  FROM pg_db_role_setting, unnest(setconfig) AS entry),"
    " wanted AS ("
    "  SELECT setdatabase, name, value FROM setting, original WHERE setrole = oid"
    "  UNION ALL SELECT 0, 'role', rolname FROM original WHERE NOT EXISTS ("
    "   SELECT FROM setting WHERE setrole = oid AND setdatabase = 0 AND name = 'role')),"
    " found AS (SELECT setdatabase, name, value FROM setting, twin WHERE setrole = oid),"
    " change AS ("
    "  SELECT 1 AS rank, word AS what, '' AS place,"
    "   CASE WHEN wanted THEN word ELSE 'NO' || word END AS clause"
    "  FROM original AS o, twin AS t, LATERAL (VALUES"
    "   ('SUPERUSER', o.rolsuper, t.rolsuper),"
    "   ('CREATEROLE', o.rolcreaterole, t.rolcreaterole),"
    "   ('CREATEDB', o.rolcreatedb, t.rolcreatedb),"
    "   ('REPLICATION', o.rolreplication, t.rolreplication),"
    "   ('BYPASSRLS', o.rolbypassrls, t.rolbypassrls),"
    "   ('LOGIN', true, t.rolcanlogin),"
    "   ('INHERIT', true, t.rolinherit)) AS attribute (word, wanted, found)"
    "  WHERE wanted <> found"
    "  UNION ALL SELECT 2, 'CONNECTION LIMIT', '',"
    "   format('CONNECTION LIMIT %s', o.rolconnlimit)"
    "  FROM original AS o, twin AS t WHERE o.rolconnlimit <> t.rolconnlimit"
    "  UNION ALL SELECT 3, 'VALID UNTIL', '',"
    "   format('VALID UNTIL %L', coalesce(o.rolvaliduntil, 'infinity'))"
    "  FROM original AS o, twin AS t"
    "  WHERE coalesce(o.rolvaliduntil, 'infinity') <> coalesce(t.rolvaliduntil, 'infinity')"
    "  UNION ALL SELECT 4, 'setting ' || name, setdatabase::text, format('RESET %I', name)"
    "  FROM found WHERE (setdatabase, name) NOT IN (SELECT setdatabase, name FROM wanted)"
    "  UNION ALL SELECT 5, 'setting ' || name, setdatabase::text, format('SET %I = %s', name,"
    "   CASE WHEN name IN ('search_path', 'local_preload_libraries', 'session_preload_libraries',"
    "     'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories')"
    "    THEN coalesce((SELECT string_agg("
    "      quote_literal(coalesce(replace(item[1], '\"\"', '\"'), lower(item[2]))), ', '"
    "      ORDER BY position) FROM regexp_matches(value, '\"((?:[^\"]|\"\")*)\"|([^,\\s]+)', 'g')"
    "      WITH ORDINALITY AS item_at (item, position)), '''''')"
    "    ELSE quote_literal(value) END)"
    "  FROM wanted WHERE (setdatabase, name, value) NOT IN (SELECT * FROM found))"
    " SELECT format('ALTER ROLE %I %s%s', $2::text,"
    "  (SELECT format('IN DATABASE %I ', datname) FROM pg_database WHERE oid::text = place),"
    "  clause), what"
    " FROM change ORDER BY rank, place, what";

static enum smcred_status find_relation(struct session *session, const char *current,
                                        const char *other, enum relation *out_relation,
                                        struct sm_error *err)
{
    static const char *const words[] = {"none", "absent", "twin", "original"};
    const char *const names[] = {current, other};
    PGresult *result = NULL;
    enum smcred_status status = postgres_run(session, relation_query, names, 2, &result, err);
    if (status != SMCRED_OK)
        return status;
    *out_relation = RELATION_NONE;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], PQgetvalue(result, 0, 0)) == 0)
            *out_relation = (enum relation)i;
    }
    PQclear(result);
    return SMCRED_OK;
}

/* Runs "before NAME between OTHER". */
static enum smcred_status run_about(struct session *session, const char *before, const char *name,
                                    const char *between, const char *other, struct sm_error *err)
{
    char *first = postgres_name(session, name), *second = postgres_name(session, other);
    sm_autofree char *statement = NULL;
    enum smcred_status status = SMCRED_NO_MEMORY;
    if (first && second && asprintf(&statement, "%s%s%s%s", before, first, between, second) < 0)
        statement = NULL;
    PQfreemem(first);
    PQfreemem(second);
    if (statement)
        status = postgres_run(session, statement, NULL, 0, NULL, err);
    else
        (void)sm_error_set(err, status, "out of memory");
    return status;
}

static enum smcred_status make_twin(struct session *session, const char *original, const char *twin,
                                    struct sm_error *err)
{
    static const char *const nobody[] = {NULL};
    char *name = postgres_name(session, twin);
    sm_autofree char *statement = NULL;
    if (name && asprintf(&statement, "CREATE ROLE %s LOGIN", name) < 0)
        statement = NULL;
    PQfreemem(name);
    if (!statement)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status = postgres_run(session, statement, nobody, 0, NULL, err);
    return status == SMCRED_OK ? run_about(session, "GRANT ", original, " TO ", twin, err) : status;
}

static enum smcred_status make_equal(struct session *session, const char *original,
                                     const char *twin, struct sm_error *err)
{
    const char *const names[] = {original, twin};
    PGresult *changes = NULL;
    enum smcred_status status = postgres_run(session, difference_query, names, 2, &changes, err);
    int count = status == SMCRED_OK ? PQntuples(changes) : 0;
    for (int i = 0; i < count && status == SMCRED_OK; i++) {
        struct sm_error why = {.text = ""};
        status = postgres_run(session, PQgetvalue(changes, i, 0), NULL, 0, NULL, &why);
        if (status != SMCRED_OK)
            (void)sm_error_set(err, status,
                               "%s cannot be given the %s of %s: %s; have a superuser "
                               "give it, or make one the master",
                               log_quote(twin), PQgetvalue(changes, i, 1), log_quote(original),
                               why.text);
    }
    PQclear(changes);
    return status;
}

static enum smcred_status prepare(struct session *session, const char *current, const char *other,
                                  struct sm_error *err)
{
    enum relation relation;
    enum smcred_status status = find_relation(session, current, other, &relation, err);
    if (status != SMCRED_OK)
        return status;
    switch (relation) {
    case RELATION_NONE:
        return sm_error_set(err, SMCRED_DENIED,
                            "role %s is there and has nothing to do with %s; if it is to take "
                            "turns with it, grant one to the other",
                            log_quote(other), log_quote(current));
    case RELATION_ABSENT:
        status = make_twin(session, current, other, err);
        return status == SMCRED_OK ? make_equal(session, current, other, err) : status;
    case RELATION_TWIN:
        return make_equal(session, current, other, err);
    case RELATION_ORIGINAL:
        return SMCRED_OK; /* it is as its administrators made it */
    }
    return SMCRED_INVALID;
}

enum smcred_status postgres_set_other(struct session *session, const struct session *own,
                                      const char *other, const char *password, struct sm_error *err)
{
    const char *current = postgres_self(own);
    enum smcred_status status = postgres_run(session, "BEGIN", NULL, 0, NULL, err);
    if (status == SMCRED_OK)
        status = prepare(session, current, other, err);
    if (status == SMCRED_OK)
        status = postgres_set_password(session, other, password, err);
    if (status == SMCRED_OK)
        status = postgres_run(session, "COMMIT", NULL, 0, NULL, err);
    return status; /* a transaction that failed ends with its session */
}
