/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_account.c - reads what SHOW CREATE USER says, and says it of somebody else.  Called by
 * mysql.c and mysql_twin.c.
 *
 *     MariaDB  CREATE USER `u`@`h` IDENTIFIED BY PASSWORD '*...' REQUIRE SSL WITH ... ACCOUNT LOCK
 *              CREATE USER `u`@`h` IDENTIFIED VIA ed25519 USING '...' OR unix_socket PASSWORD ...
 *     MySQL    CREATE USER `u`@`h` IDENTIFIED WITH 'caching_sha2_password' AS '...'
 *              DEFAULT ROLE `r`@`%` REQUIRE NONE WITH ... PASSWORD EXPIRE DEFAULT ...
 */
#include "rotate/mysql_account.h"

#include <mysql.h>
#include <stdio.h>

#include "common/log.h"
#include "rotate/mysql_words.h"

/* --- reading ---------------------------------------------------------------------------------- */

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(*list, text) == 0)
            return true;
    }
    return false;
}

static bool takes_password(const char *plugin)
{
    static const char *const list[] = {
        "mysql_native_password", "mysql_old_password", "ed25519", "parsec",
        "caching_sha2_password", "sha256_password",    NULL};
    return is_one_of(plugin, list);
}

static bool add_method(struct mydb_definition *definition, struct mysql_word plugin)
{
    char name[MYDB_PLUGIN_SIZE], *methods = definition->methods;
    size_t used = strlen(methods), room = sizeof definition->methods - used;
    if (!mysql_word_unquote(plugin, name, sizeof name))
        return false;
    bool has_password = takes_password(name);
    definition->passwords += has_password;
    definition->others += !has_password;
    (void)snprintf(has_password ? definition->password : definition->other, sizeof name, "%s",
                   name); /* fits */
    return (size_t)snprintf(methods + used, room, "%s%s", used > 0 ? " OR " : "", name) < room;
}

/* At IDENTIFIED; `word` ends up behind the clause. */
static bool parse_methods(struct mydb_definition *definition, struct mysql_word *word)
{
    *word = mysql_word_after(*word);
    if (mysql_word_is(*word, "BY")) { /* BY PASSWORD '...' */
        *word = mysql_word_after(mysql_word_after(mysql_word_after(*word)));
        return add_method(definition, mysql_word_at("mysql_native_password"));
    }
    if (!mysql_word_is(*word, "VIA") && !mysql_word_is(*word, "WITH"))
        return false;
    do {
        *word = mysql_word_after(*word);
        if (!add_method(definition, *word))
            return false;
        *word = mysql_word_after(*word);
        if (mysql_word_is(*word, "USING") || mysql_word_is(*word, "AS"))
            *word = mysql_word_after(mysql_word_after(*word));
    } while (mysql_word_is(*word, "OR"));
    return !mysql_word_is(*word, "AND"); /* of MySQL's second factors we know nothing */
}

/* Behind the methods; or there is no more. */
static bool begins_clause(struct mysql_word word)
{
    static const char *const list[] = {"DEFAULT",  "REQUIRE", "WITH",      "ACCOUNT",
                                       "PASSWORD", "COMMENT", "ATTRIBUTE", "FAILED_LOGIN_ATTEMPTS",
                                       NULL};
    for (const char *const *each = list; *each; each++) {
        if (mysql_word_is(word, *each))
            return true;
    }
    return word.len == 0;
}

/* From `begin` to the next clause, without the blank before it. */
static struct sm_bytes clause_at(struct mysql_word begin, struct mysql_word *word)
{
    const char *end = begin.text;
    for (*word = begin; word->len > 0; *word = mysql_word_after(*word)) {
        if (word->text != begin.text && begins_clause(*word))
            break;
        end = word->text + word->len;
    }
    return sm_bytes(begin.text, (size_t)(end - begin.text));
}

static bool parse(struct mydb_definition *definition)
{
    struct mysql_word word = mysql_word_at(definition->text);
    while (word.len > 0 && !begins_clause(word) && !mysql_word_is(word, "IDENTIFIED"))
        word = mysql_word_after(word);
    if (mysql_word_is(word, "IDENTIFIED")) {
        const char *begin = word.text;
        if (!parse_methods(definition, &word))
            return false;
        const char *end = word.text;
        while (end[-1] == ' ')
            end--;
        definition->identified = sm_bytes(begin, (size_t)(end - begin));
    }
    if (mysql_word_is(word, "DEFAULT")) /* DEFAULT ROLE */
        definition->roles = clause_at(mysql_word_after(mysql_word_after(word)), &word);
    if (mysql_word_is(word, "REQUIRE"))
        definition->require = clause_at(word, &word);
    if (mysql_word_is(word, "WITH"))
        definition->limits = clause_at(mysql_word_after(word), &word);
    definition->rest = sm_bytes_of(word.text);
    return true;
}

enum smcred_status mydb_definition_parse(const char *text, struct mydb_definition *definition)
{
    *definition = (struct mydb_definition){.text = strdup(text)};
    if (!definition->text)
        return SMCRED_NO_MEMORY;
    return parse(definition) ? SMCRED_OK : SMCRED_PROTOCOL;
}

enum smcred_status mydb_define(struct session *session, const struct mydb_account *account,
                               struct mydb_definition *definition, struct sm_error *err)
{
    sm_autofree char *name = mydb_name(session, account);
    MYSQL_RES *result = NULL;
    *definition = (struct mydb_definition){.text = NULL};
    if (!name)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status = mydb_runf(session, &result, err, "SHOW CREATE USER %s", name);
    if (status != SMCRED_OK)
        return status;
    MYSQL_ROW row = mysql_fetch_row(result);
    status = mydb_definition_parse(row && row[0] ? row[0] : "", definition);
    if (status != SMCRED_OK)
        (void)sm_error_set(err, status, "SHOW CREATE USER: %s", sm_status_text(status));
    mysql_free_result(result);
    return status;
}

void mydb_definition_done(struct mydb_definition *definition)
{
    if (definition->text)
        explicit_bzero(definition->text, strlen(definition->text));
    free(definition->text);
    *definition = (struct mydb_definition){.text = NULL};
}

bool mydb_definition_equal(const struct mydb_definition *a, const struct mydb_definition *b)
{
    return strcmp(a->methods, b->methods) == 0 && sm_bytes_equal(a->require, b->require) &&
           sm_bytes_equal(a->limits, b->limits) && sm_bytes_equal(a->rest, b->rest) &&
           sm_bytes_equal(a->roles, b->roles);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* The number in "NAME number NAME number". */
static struct mysql_word limit_of(const struct mydb_definition *definition, const char *name)
{
    const char *begin = definition->limits.data, *end = begin + definition->limits.len;
    for (struct mysql_word word = mysql_word_at(begin ? begin : "");
         word.len > 0 && word.text < end; word = mysql_word_after(word)) {
        if (mysql_word_is(word, name))
            return mysql_word_after(word);
    }
    return mysql_word_at("0");
}

/* What is not said of the one must be said of the other, who may have had it. */
static void write_limits(const struct mydb_definition *definition, bool is_mariadb, char *out,
                         size_t size)
{
    static const char *const names[] = {"MAX_QUERIES_PER_HOUR", "MAX_UPDATES_PER_HOUR",
                                        "MAX_CONNECTIONS_PER_HOUR", "MAX_USER_CONNECTIONS",
                                        "MAX_STATEMENT_TIME"};
    size_t count = sizeof names / sizeof *names - !is_mariadb, used = 0; /* the last is MariaDB's */
    for (size_t i = 0; i < count && used < size; i++) {
        struct mysql_word number = limit_of(definition, names[i]);
        used += (size_t)snprintf(out + used, size - used, " %s %.*s", names[i], (int)number.len,
                                 number.text);
    }
}

static bool says(struct sm_bytes clause, const char *keyword)
{
    const char *end = (const char *)clause.data + clause.len;
    struct mysql_word word = mysql_word_at(clause.len > 0 ? clause.data : "");
    for (; word.len > 0 && word.text < end; word = mysql_word_after(word)) {
        if (mysql_word_is(word, keyword))
            return true;
    }
    return false;
}

enum smcred_status mydb_make_user(struct session *session, const char *name,
                                  const struct mydb_definition *definition, struct sm_error *err)
{
    char limits[256];
    const struct sm_bytes identified = definition->identified, rest = definition->rest;
    struct sm_bytes require =
        definition->require.len > 0 ? definition->require : sm_bytes_of("REQUIRE NONE");
    write_limits(definition, mydb_is_mariadb(session), limits, sizeof limits);
    enum smcred_status status = mydb_runf(session, NULL, err, "CREATE USER IF NOT EXISTS %s %.*s",
                                          name, (int)identified.len, (const char *)identified.data);
    if (status == SMCRED_OK)
        status = mydb_runf(session, NULL, err, "ALTER USER %s %.*s %.*s WITH%s %.*s%s%s", name,
                           (int)identified.len, (const char *)identified.data, (int)require.len,
                           (const char *)require.data, limits, (int)rest.len,
                           (const char *)rest.data, says(rest, "ACCOUNT") ? "" : " ACCOUNT UNLOCK",
                           says(rest, "EXPIRE") ? "" : " PASSWORD EXPIRE DEFAULT");
    return status;
}

enum smcred_status mydb_set_default_roles(struct session *session, const char *name,
                                          const struct mydb_definition *definition,
                                          struct sm_error *err)
{
    struct sm_bytes roles = definition->roles.len > 0 ? definition->roles : sm_bytes_of("NONE");
    return mydb_is_mariadb(session)
               ? SMCRED_OK /* it has them among the rights */
               : mydb_runf(session, NULL, err, "ALTER USER %s DEFAULT ROLE %.*s", name,
                           (int)roles.len, (const char *)roles.data);
}

enum smcred_status mydb_hash(const struct mydb_account *account,
                             const struct mydb_definition *definition, const char *password,
                             char out_hash[MYSQL_HASH_SIZE], struct sm_error *err)
{
    const char *user = log_quote(account->user);
    if (definition->passwords == 0)
        return sm_error_set(err, SMCRED_UNSUPPORTED,
                            "%s has no password in the database, but is let in by %s", user,
                            definition->others > 0 ? definition->other : "none");
    if (definition->passwords > 1)
        return sm_error_set(err, SMCRED_UNSUPPORTED,
                            "%s has two passwords, and the old one would stay good for one of "
                            "them; leave it one (ALTER USER ... IDENTIFIED VIA)",
                            user);
    if (!mysql_hash(definition->password, password, out_hash))
        return sm_error_set(err, SMCRED_UNSUPPORTED,
                            "%s has its password checked by %s, of which smcred-rotate knows "
                            "nothing",
                            user, definition->password);
    return SMCRED_OK;
}
