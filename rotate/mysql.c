/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql.c - MySQL and MariaDB by libmariadb: logging in, statements, passwords.
 *
 * The library takes a server without TLS, a server's word for how to send the password, and a wish
 * for a file of ours, unless it is told otherwise: connect_as() tells it.
 */
#include "rotate/mysql.h"

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/log.h"
#include "rotate/engine.h"
#include "rotate/hostaddr.h"
#include "rotate/line.h"
#include "rotate/mysql_account.h"
#include "rotate/mysql_hash.h"

/* Of MySQL alone, so that the library's header has no names for them. */
#define LOCKED_IN_MYSQL           3118
#define SECURE_TRANSPORT_REQUIRED 3159
#define MISSING_CURRENT_PASSWORD  3892

/* The password crosses the network under a challenge, or under TLS, or under the server's key. */
#define METHODS "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519"

#define TEXT_OF(number) TEXT_OF_IT(number)
#define TEXT_OF_IT(it)  #it

struct session {
    MYSQL *connection;
    struct mydb_account self;
};

const struct mydb_account *mydb_self(const struct session *session)
{
    return &session->self;
}

bool mydb_is_mariadb(const struct session *session)
{
    return mariadb_connection(session->connection);
}

/* --- errors ----------------------------------------------------------------------------------- */

/* What a person does about the refusals that rotations meet. */
static const char *advice(unsigned int number, const char *message)
{
    switch (number) {
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_PASSWORD_NOT_ALLOWED:
        return "; that takes more rights: see smcred-rotate(1), DATABASES";
    case ER_OPTION_PREVENTS_STATEMENT:
        return strstr(message, "read-only") || strstr(message, "read_only")
                   ? "; it is a replica, and the secret's host has to be the primary"
                   : "; see smcred-rotate(1), DATABASES";
    case ER_LOCK_WAIT_TIMEOUT:
        return "; somebody else changes accounts just now, try again";
    default:
        return "";
    }
}

/* A statement that is not understood is cited by the server, and may have a password in it. */
static void write_message(const struct session *session, char *out, size_t size)
{
    if (mysql_errno(session->connection) == ER_PARSE_ERROR)
        (void)snprintf(out, size, "it does not understand our statement");
    else
        line_write(out, size, mysql_error(session->connection));
}

static enum smcred_status failed(const struct session *session, struct sm_error *err)
{
    char line[SM_ERROR_TEXT_MAX / 2];
    unsigned int number = mysql_errno(session->connection);
    write_message(session, line, sizeof line);
    if (IS_MYSQL_ERROR(number) || IS_MARIADB_ERROR(number))
        return number == CR_OUT_OF_MEMORY
                   ? sm_error_set(err, SMCRED_NO_MEMORY, "out of memory")
                   : sm_error_set(err, SMCRED_UNAVAILABLE, "the database is gone: %s", line);
    (void)sm_error_set(err, SMCRED_DENIED, "the database says: %s (%u)%s", line, number,
                       advice(number, line));
    if (err)
        (void)snprintf(err->code, sizeof err->code, "%u", number); /* fits */
    return SMCRED_DENIED;
}

/* --- statements ------------------------------------------------------------------------------- */

enum smcred_status mydb_run(struct session *session, const char *statement,
                            struct st_mysql_res **out_result, struct sm_error *err)
{
    MYSQL *connection = session->connection;
    if (mysql_real_query(connection, statement, strlen(statement)) != 0)
        return failed(session, err);
    MYSQL_RES *result = mysql_store_result(connection);
    if (!result && (mysql_errno(connection) != 0 || out_result))
        return mysql_errno(connection) != 0
                   ? failed(session, err)
                   : sm_error_set(err, SMCRED_PROTOCOL, "the database gives no answer");
    if (out_result)
        *out_result = result;
    else
        mysql_free_result(result);
    return SMCRED_OK;
}

enum smcred_status mydb_runf(struct session *session, struct st_mysql_res **out_result,
                             struct sm_error *err, const char *format, ...)
{
    va_list args;
    char *statement = NULL;
    va_start(args, format);
    int len = vasprintf(&statement, format, args);
    va_end(args);
    if (len < 0)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status = mydb_run(session, statement, out_result, err);
    explicit_bzero(statement, (size_t)len);
    free(statement);
    return status;
}

char *mydb_quote(struct session *session, const char *text)
{
    size_t len = strlen(text);
    char *quoted = malloc(2 * len + 3);
    if (!quoted)
        return NULL;
    size_t inside = mysql_real_escape_string(session->connection, quoted + 1, text, len);
    quoted[0] = quoted[inside + 1] = '\'';
    quoted[inside + 2] = '\0';
    return quoted;
}

char *mydb_name(struct session *session, const struct mydb_account *account)
{
    sm_autofree char *user = mydb_quote(session, account->user);
    sm_autofree char *host = mydb_quote(session, account->host);
    char *name = NULL;
    return user && host && asprintf(&name, "%s@%s", user, host) >= 0 ? name : NULL;
}

/* --- logging in ------------------------------------------------------------------------------- */

static void set_number(MYSQL *connection, enum mysql_option option, unsigned int number)
{
    (void)mysql_options(connection, option, &number); /* a known option, which takes a number */
}

static void set_flag(MYSQL *connection, enum mysql_option option, bool flag)
{
    my_bool value = flag;
    (void)mysql_options(connection, option, &value); /* a known option, which takes a flag */
}

/* False: out of memory, or the library knows no such thing, which must not go unnoticed. */
static bool set_tls(MYSQL *connection, const struct login *login)
{
    set_flag(connection, MYSQL_OPT_SSL_ENFORCE, true);
    set_flag(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, true);
    return mysql_options(connection, MYSQL_OPT_SSL_CA,
                         login->ca_file ? login->ca_file : ENGINE_SYSTEM_CAS) == 0 &&
           mysql_options(connection, MYSQL_OPT_SSL_CERT, login->client_cert) == 0 &&
           mysql_options(connection, MYSQL_OPT_SSL_KEY, login->client_key) == 0 &&
           mysql_options(connection, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3") == 0;
}

static bool is_socket(const struct login *login)
{
    return *login->host == '/';
}

static bool set_options(MYSQL *connection, const struct login *login)
{
    set_number(connection, MYSQL_OPT_CONNECT_TIMEOUT, ENGINE_TIMEOUT_S);
    set_number(connection, MYSQL_OPT_READ_TIMEOUT, ENGINE_TIMEOUT_S);
    set_number(connection, MYSQL_OPT_WRITE_TIMEOUT, ENGINE_TIMEOUT_S);
    set_number(connection, MYSQL_OPT_LOCAL_INFILE, 0);
    set_number(connection, MYSQL_OPT_PROTOCOL,
               is_socket(login) ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP);
    return mysql_options(connection, MARIADB_OPT_RESTRICTED_AUTH, METHODS) == 0 &&
           mysql_options(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4") == 0 &&
           mysql_options4(connection, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name",
                          "smcred-rotate") == 0 &&
           (login->plain || is_socket(login) || set_tls(connection, login));
}

static bool connect_as(MYSQL *connection, const struct login *login)
{
    bool socket = is_socket(login);
    hostaddr_pin(login->host, login->hostaddr);
    bool connected = mysql_real_connect(
        connection, socket ? NULL : login->host, login->username, login->password, login->dbname,
        (unsigned int)strtoul(login->port, NULL, 10), socket ? login->host : NULL, 0);
    hostaddr_pin(NULL, NULL);
    return connected;
}

static enum smcred_status expired(const struct login *login, struct sm_error *err)
{
    return sm_error_set(err, SMCRED_INVALID,
                        "the password of %s has expired, and its session may do nothing; set "
                        "AWSCURRENT's once more as an administrator",
                        log_quote(login->username));
}

/* Why the server did not let in.  Only where a password is to blame, another one is tried. */
static enum smcred_status judge(const struct session *session, const struct login *login,
                                struct sm_error *err)
{
    char line[SM_ERROR_TEXT_MAX];
    write_message(session, line, sizeof line);
    switch (mysql_errno(session->connection)) {
    case ER_ACCESS_DENIED_ERROR:
    case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
        return sm_error_set(err, SMCRED_DENIED, "%s", line);
    case ER_MUST_CHANGE_PASSWORD_LOGIN:
    case ER_MUST_CHANGE_PASSWORD:
        return expired(login, err);
    case ER_ACCOUNT_HAS_BEEN_LOCKED:
    case LOCKED_IN_MYSQL:
    case SECURE_TRANSPORT_REQUIRED:
    case ER_DBACCESS_DENIED_ERROR:
    case ER_BAD_DB_ERROR:
    case CR_AUTH_PLUGIN_CANNOT_LOAD:
        return sm_error_set(err, SMCRED_INVALID, "%s", line);
    case CR_OUT_OF_MEMORY:
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    default:
        return sm_error_set(err, SMCRED_UNAVAILABLE, "%s", line);
    }
}

/* As whom the server took us, which may be an anonymous user, or one whose proxy we are. */
static enum smcred_status find_self(struct session *session, const struct login *login,
                                    struct sm_error *err)
{
    struct mydb_account *self = &session->self;
    MYSQL_RES *result = NULL;
    enum smcred_status status = mydb_run(session, "SELECT CURRENT_USER()", &result, err);
    if (status != SMCRED_OK)
        return status;
    MYSQL_ROW row = mysql_fetch_row(result);
    const char *name = row && row[0] ? row[0] : "", *at = strrchr(name, '@');
    size_t len = at ? (size_t)(at - name) : 0;
    bool known = at && len == strlen(login->username) && len < sizeof self->user &&
                 memcmp(name, login->username, len) == 0 && strlen(at + 1) < sizeof self->host;
    if (known) {
        (void)snprintf(self->user, sizeof self->user, "%s", login->username); /* fits */
        (void)snprintf(self->host, sizeof self->host, "%s", at + 1);
    } else {
        status = sm_error_set(err, SMCRED_INVALID, "the database takes %s for another user, %s",
                              log_quote(login->username), log_quote(name));
    }
    mysql_free_result(result);
    return status;
}

/* Through a Unix socket a name of this machine may be enough. */
static enum smcred_status check_socket(struct session *session, const struct login *login,
                                       struct sm_error *err)
{
    mydb_autodefinition struct mydb_definition definition = {.text = NULL};
    if (!is_socket(login) || !mydb_is_mariadb(session))
        return SMCRED_OK;
    enum smcred_status status = mydb_define(session, &session->self, &definition, err);
    if (status == SMCRED_OK && definition.others > 0)
        return sm_error_set(err, SMCRED_INVALID,
                            "the database lets %s in without a password, by %s, so that a login "
                            "proves none; log in over TCP",
                            log_quote(login->username), definition.other);
    return status;
}

/* The server's own settings are for applications. */
static enum smcred_status set_up(struct session *session, const struct login *login,
                                 struct sm_error *err)
{
    enum smcred_status status = mydb_run(session,
                                         "SET SESSION sql_mode = '', autocommit = 1,"
                                         " lock_wait_timeout = " TEXT_OF(ENGINE_TIMEOUT_S),
                                         NULL, err);
    if (status == SMCRED_OK)
        status = find_self(session, login, err);
    if (status == SMCRED_OK)
        status = check_socket(session, login, err);
    if (status != SMCRED_DENIED)
        return status;
    /* The password was right. */
    return mysql_errno(session->connection) == ER_MUST_CHANGE_PASSWORD ? expired(login, err)
                                                                       : SMCRED_INVALID;
}

static void log_out(struct session *session)
{
    if (!session)
        return;
    if (session->connection && session->connection->passwd)
        explicit_bzero(session->connection->passwd, strlen(session->connection->passwd));
    mysql_close(session->connection);
    free(session);
}

static enum smcred_status log_in(const struct login *login, struct session **out_session,
                                 struct sm_error *err)
{
    struct session *session = calloc(1, sizeof *session);
    if (session)
        session->connection = mysql_init(NULL);
    if (!session || !session->connection || !set_options(session->connection, login)) {
        log_out(session);
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    enum smcred_status status = connect_as(session->connection, login) ? set_up(session, login, err)
                                                                       : judge(session, login, err);
    if (status != SMCRED_OK) {
        log_out(session);
        return status;
    }
    *out_session = session;
    return SMCRED_OK;
}

/* --- passwords -------------------------------------------------------------------------------- */

/* MariaDB writes statements to its logs as they come, but takes the hash for the password. */
static enum smcred_status set_hash(struct session *session, const struct mydb_account *account,
                                   const char *name, const char *password, struct sm_error *err)
{
    char hash[MYSQL_HASH_SIZE];
    mydb_autodefinition struct mydb_definition definition = {.text = NULL};
    enum smcred_status status = mydb_define(session, account, &definition, err);
    if (status == SMCRED_OK)
        status = mydb_hash(account, &definition, password, hash, err);
    return status == SMCRED_OK ? mydb_runf(session, NULL, err, "SET PASSWORD%s%s = '%s'",
                                           name ? " FOR " : "", name ? name : "", hash)
                               : status;
}

static void free_quoted(char *quoted)
{
    if (quoted)
        explicit_bzero(quoted, strlen(quoted));
    free(quoted);
}

/* MySQL wants the password, and writes something else to its logs.  NULL: the session's own. */
static enum smcred_status set_text(struct session *session, const char *name, const char *password,
                                   struct sm_error *err)
{
    char *quoted = mydb_quote(session, password);
    enum smcred_status status =
        quoted ? mydb_runf(session, NULL, err, "ALTER USER %s IDENTIFIED BY %s",
                           name ? name : "USER()", quoted)
               : sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    free_quoted(quoted);
    return status;
}

/* For those who must say the present one, too: PASSWORD REQUIRE CURRENT, of MySQL 8. */
static enum smcred_status replace_own(struct session *session, const char *password,
                                      struct sm_error *err)
{
    char *quoted = mydb_quote(session, password);
    char *present = mydb_quote(session, session->connection->passwd);
    enum smcred_status status =
        quoted && present
            ? mydb_runf(session, NULL, err, "ALTER USER USER() IDENTIFIED BY %s REPLACE %s", quoted,
                        present)
            : sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    free_quoted(quoted);
    free_quoted(present);
    return status;
}

enum smcred_status mydb_set_password_of(struct session *session, const struct mydb_account *account,
                                        const char *password, struct sm_error *err)
{
    sm_autofree char *name = mydb_name(session, account);
    if (!name)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    return mydb_is_mariadb(session) ? set_hash(session, account, name, password, err)
                                    : set_text(session, name, password, err);
}

/* Without a name in the statement, it takes no rights. */
static enum smcred_status set_password(struct session *session, const char *username,
                                       const char *password, struct sm_error *err)
{
    (void)username; /* find_self() saw that it is the session's own */
    if (mydb_is_mariadb(session))
        return set_hash(session, &session->self, NULL, password, err);
    enum smcred_status status = set_text(session, NULL, password, err);
    bool must_replace =
        status == SMCRED_DENIED && mysql_errno(session->connection) == MISSING_CURRENT_PASSWORD;
    return must_replace ? replace_own(session, password, err) : status;
}

static enum smcred_status test(struct session *session, struct sm_error *err)
{
    return mydb_run(session, "SELECT NOW()", NULL, err);
}

static const char *const spelt_mysql[] = {"mysql", "aurora-mysql", NULL};
static const char *const spelt_mariadb[] = {"mariadb", NULL};

/* They differ in what a user may be called; which of them answers, each session sees itself. */
const struct engine engine_mysql = {
    .name = "mysql",
    .spelt = spelt_mysql,
    .port = "3306",
    .excluded = ":/@\"'\\",
    .username_max = 32,
    .log_in = log_in,
    .log_out = log_out,
    .set_password = set_password,
    .set_other = mydb_set_other,
    .give_back = mydb_give_back,
    .test = test,
};

const struct engine engine_mariadb = {
    .name = "mariadb",
    .spelt = spelt_mariadb,
    .port = "3306",
    .excluded = ":/@\"'\\",
    .username_max = 80,
    .log_in = log_in,
    .log_out = log_out,
    .set_password = set_password,
    .set_other = mydb_set_other,
    .give_back = mydb_give_back,
    .test = test,
};
