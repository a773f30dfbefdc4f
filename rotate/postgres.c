/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * postgres.c - PostgreSQL by libpq: logging in, statements with a deadline, passwords.
 *
 * A password goes to libpq for the login, and nowhere else.  What the database is told, and may
 * write to its log, is the verifier that libpq computes from it.
 */
#include "rotate/postgres.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "rotate/engine.h"
#include "rotate/line.h"

#define PATIENCE_MS  ((ENGINE_TIMEOUT_S + 5) * 1000) /* the server gives up first, if it lives */
#define NAME_MAX_LEN 63                              /* NAMEDATALEN - 1 */

#define TEXT_OF(number) TEXT_OF_IT(number)
#define TEXT_OF_IT(it)  #it

struct session {
    PGconn *connection;
};

/* --- errors ----------------------------------------------------------------------------------- */

static enum smcred_status lost(const struct session *session, struct sm_error *err)
{
    char line[SM_ERROR_TEXT_MAX];
    line_write(line, sizeof line, PQerrorMessage(session->connection));
    return sm_error_set(err, SMCRED_UNAVAILABLE, "the database is gone: %s", line);
}

/* What a person does about the refusals that rotations meet. */
static const char *advice(const char *sqlstate)
{
    static const struct {
        const char *sqlstate, *text;
    } list[] = {
        {"42501", "; that takes more rights: see smcred-rotate(1), DATABASES"},
        {"25006", "; it is a replica, and the secret's host has to be the primary"},
        {"55P03", "; somebody else changes this role just now, try again"},
        {"57014", "; it is too busy just now, try again"},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        if (sqlstate && strcmp(list[i].sqlstate, sqlstate) == 0)
            return list[i].text;
    }
    return "";
}

static enum smcred_status refused(const PGresult *result, struct sm_error *err)
{
    char line[SM_ERROR_TEXT_MAX / 2];
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    line_write(line, sizeof line, message ? message : PQresultErrorMessage(result));
    (void)sm_error_set(err, SMCRED_DENIED, "the database says: %s (%s)%s", line,
                       sqlstate ? sqlstate : "no SQLSTATE", advice(sqlstate));
    if (err && sqlstate)
        (void)snprintf(err->code, sizeof err->code, "%s", sqlstate); /* five letters */
    return SMCRED_DENIED;
}

/* --- logging in ------------------------------------------------------------------------------- */

static void pass_over(void *context, const char *message)
{
    (void)context; /* notices are for people at a terminal */
    (void)message;
}

static const char *trusted(const struct login *login)
{
    if (login->ca_file)
        return login->ca_file;
    return PQlibVersion() >= 160000 ? "system" : ENGINE_SYSTEM_CAS;
}

/* The environment has no say (see main.c), nor has a password file; a client certificate may be
 * ~/.postgresql's, as for psql. */
static PGconn *connect_as(const struct login *login)
{
    const char *const settings[][2] = {
        {"host", login->host},
        {"hostaddr", login->hostaddr},
        {"port", login->port},
        {"dbname", login->dbname},
        {"user", login->username},
        {"password", login->password},
        {"passfile", "/dev/null"},
        {"sslmode", login->plain ? "disable" : "verify-full"},
        {"sslrootcert", login->plain ? NULL : trusted(login)},
        {"sslcert", login->client_cert},
        {"sslkey", login->client_key},
        {"gssencmode", "disable"},
        {"connect_timeout", TEXT_OF(ENGINE_TIMEOUT_S)},
        {"tcp_user_timeout", TEXT_OF(ENGINE_TIMEOUT_S) "000"},
        {"application_name", "smcred-rotate"},
        {"client_encoding", "UTF8"},
    };
    const size_t count = sizeof settings / sizeof *settings;
    const char *words[sizeof settings / sizeof *settings + 1] = {NULL};
    const char *values[sizeof settings / sizeof *settings + 1] = {NULL};
    for (size_t i = 0; i < count; i++) {
        words[i] = settings[i][0];
        values[i] = settings[i][1];
    }
    return PQconnectdbParams(words, values, 0);
}

/* The user's own settings are for applications; and no function of somebody's schema runs here. */
static enum smcred_status set_up(struct session *session, struct sm_error *err)
{
    return postgres_run(
        session,
        "SELECT pg_catalog.set_config(name, value, false) FROM (VALUES"
        " ('search_path', ''),"
        " ('statement_timeout', '" TEXT_OF(
            ENGINE_TIMEOUT_S) "s'),"
                              " ('lock_timeout', '" TEXT_OF(
                                  ENGINE_TIMEOUT_S) "s'),"
                                                    " ('default_transaction_read_only', 'off'),"
                                                    " ('synchronous_commit', 'on'),"
                                                    " ('standard_conforming_strings', 'on')"
                                                    ") AS setting (name, value)",
        NULL, 0, NULL, err);
}

static void log_out(struct session *session)
{
    if (!session)
        return;
    PQfinish(session->connection);
    free(session);
}

/* Whatever came before the server asked for a password, the password is not to blame. */
static enum smcred_status judge(const struct session *session, const struct login *login,
                                struct sm_error *err)
{
    char line[SM_ERROR_TEXT_MAX];
    bool asked = PQconnectionUsedPassword(session->connection);
    if (PQstatus(session->connection) != CONNECTION_OK) {
        line_write(line, sizeof line, PQerrorMessage(session->connection));
        return sm_error_set(err, asked ? SMCRED_DENIED : SMCRED_UNAVAILABLE, "%s", line);
    }
    if (!asked)
        return sm_error_set(err, SMCRED_INVALID,
                            "the database lets %s in without asking for a password, so that a "
                            "login proves none; see its pg_hba.conf",
                            log_quote(login->username));
    return SMCRED_OK;
}

static enum smcred_status log_in(const struct login *login, struct session **out_session,
                                 struct sm_error *err)
{
    struct session *session = calloc(1, sizeof *session);
    if (session)
        session->connection = connect_as(login);
    if (!session || !session->connection) {
        log_out(session);
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    (void)PQsetNoticeProcessor(session->connection, pass_over, NULL);
    enum smcred_status status = judge(session, login, err);
    if (status == SMCRED_OK)
        status = set_up(session, err);
    if (status != SMCRED_OK) {
        log_out(session);
        return status;
    }
    *out_session = session;
    return SMCRED_OK;
}

/* --- statements ------------------------------------------------------------------------------- */

/* Until an answer is there in whole.  False: the time is over, or the connection lost. */
static bool await_answer(PGconn *connection, int64_t deadline_ms, bool *out_late)
{
    *out_late = false;
    while (PQisBusy(connection)) {
        struct pollfd socket = {.fd = PQsocket(connection), .events = POLLIN};
        int64_t left_ms = deadline_ms - sm_boot_ms();
        int ready = left_ms > 0 ? poll(&socket, 1, (int)left_ms) : 0;
        if (ready == 0) {
            *out_late = true;
            return false;
        }
        if (ready > 0 && !PQconsumeInput(connection))
            return false;
    }
    return true;
}

static bool succeeded(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

enum smcred_status postgres_run(struct session *session, const char *statement,
                                const char *const *values, int count, struct pg_result **out_result,
                                struct sm_error *err)
{
    PGconn *connection = session->connection;
    int64_t deadline_ms = sm_boot_ms() + PATIENCE_MS;
    bool late;
    PGresult *last = NULL, *next = NULL;
    if (!PQsendQueryParams(connection, statement, count, NULL, values, NULL, NULL, 0))
        return lost(session, err);
    do {
        if (!await_answer(connection, deadline_ms, &late)) {
            PQclear(last);
            return late ? sm_error_set(err, SMCRED_TIMED_OUT, "the database does not answer")
                        : lost(session, err);
        }
        next = PQgetResult(connection);
        if (next) {
            PQclear(last);
            last = next;
        }
    } while (next);
    enum smcred_status status = SMCRED_OK;
    if (!succeeded(last))
        status = PQstatus(connection) == CONNECTION_OK ? refused(last, err) : lost(session, err);
    if (status == SMCRED_OK && out_result)
        *out_result = last;
    else
        PQclear(last);
    return status;
}

char *postgres_name(struct session *session, const char *name)
{
    return PQescapeIdentifier(session->connection, name, strlen(name));
}

const char *postgres_self(const struct session *session)
{
    return PQuser(session->connection);
}

/* --- passwords -------------------------------------------------------------------------------- */

/* What the server would make of the password itself; free with wipe(). */
static enum smcred_status make_verifier(struct session *session, const char *username,
                                        const char *password, char **out_verifier,
                                        struct sm_error *err)
{
    struct pg_result *result = NULL;
    enum smcred_status status = postgres_run(
        session, "SELECT pg_catalog.current_setting('password_encryption')", NULL, 0, &result, err);
    if (status != SMCRED_OK)
        return status;
    const char *method = PQgetvalue(result, 0, 0);
    *out_verifier = PQencryptPasswordConn(session->connection, password, username, method);
    PQclear(result);
    if (*out_verifier)
        return SMCRED_OK;
    char line[SM_ERROR_TEXT_MAX];
    line_write(line, sizeof line, PQerrorMessage(session->connection));
    return sm_error_set(err, SMCRED_DENIED, "no verifier for the new password: %s", line);
}

static void wipe(char *text, void (*release)(void *))
{
    if (text)
        explicit_bzero(text, strlen(text));
    release(text);
}

enum smcred_status postgres_set_password(struct session *session, const char *username,
                                         const char *password, struct sm_error *err)
{
    char *verifier = NULL, *statement = NULL;
    enum smcred_status status = make_verifier(session, username, password, &verifier, err);
    if (status != SMCRED_OK)
        return status;
    char *name = postgres_name(session, username);
    char *literal = PQescapeLiteral(session->connection, verifier, strlen(verifier));
    if (!name || !literal || asprintf(&statement, "ALTER ROLE %s PASSWORD %s", name, literal) < 0) {
        statement = NULL;
        status = sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    } else {
        status = postgres_run(session, statement, NULL, 0, NULL, err);
    }
    PQfreemem(name);
    wipe(verifier, PQfreemem);
    wipe(literal, PQfreemem);
    wipe(statement, free);
    return status;
}

/* What $1 could be used for beyond its own data, by itself or as a member; or it is our own user.
 */
static const char special_query[] =
    "SELECT CASE WHEN rolname = session_user THEN 'it is the superuser itself'"
    "  ELSE 'it is, or can act as, ' || quote_ident(rolname) END"
    " FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role($1, oid, 'MEMBER') AND (rolsuper"
    "  OR rolcreaterole OR rolreplication OR rolbypassrls OR rolname = session_user"
    "  OR rolname IN ('pg_execute_server_program', 'pg_read_server_files',"
    "   'pg_write_server_files', 'rds_superuser', 'rds_replication'))"
    " ORDER BY rolname LIMIT 1";

static enum smcred_status give_back(struct session *session, const char *username,
                                    const char *password, struct sm_error *err)
{
    const char *const names[] = {username};
    PGresult *result = NULL;
    enum smcred_status status = postgres_run(session, special_query, names, 1, &result, err);
    if (status != SMCRED_OK)
        return status;
    if (PQntuples(result) > 0)
        status = sm_error_set(err, SMCRED_DENIED,
                              "%s has special rights (%s), so an administrator has to give it its "
                              "password back",
                              log_quote(username), PQgetvalue(result, 0, 0));
    PQclear(result);
    return status == SMCRED_OK ? postgres_set_password(session, username, password, err) : status;
}

static enum smcred_status test(struct session *session, struct sm_error *err)
{
    return postgres_run(session, "SELECT pg_catalog.now()", NULL, 0, NULL, err);
}

static const char *const spelt[] = {"postgres", "aurora-postgresql", NULL};

const struct engine engine_postgres = {
    .name = "postgres",
    .spelt = spelt,
    .port = "5432",
    .dbname = "postgres",
    .excluded = ":/@\"'\\",
    .username_max = NAME_MAX_LEN,
    .log_in = log_in,
    .log_out = log_out,
    .set_password = postgres_set_password,
    .set_other = postgres_set_other,
    .give_back = give_back,
    .test = test,
};
