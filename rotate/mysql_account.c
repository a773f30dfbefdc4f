/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_account.c - reads what SHOW CREATE USER says.  Called by mysql.c.
 */
#include "rotate/mysql_account.h"

#include <mysql.h>
#include <stdio.h>

#include "common/log.h"
#include "rotate/mysql_words.h"

static bool takes_password(const char *plugin)
{
    static const char *const list[] = {"mysql_native_password", "mysql_old_password", "ed25519",
                                       "parsec"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        if (strcmp(list[i], plugin) == 0)
            return true;
    }
    return false;
}

static bool add_method(struct mydb_methods *methods, struct mysql_word plugin)
{
    char name[MYDB_PLUGIN_SIZE];
    if (!mysql_word_unquote(plugin, name, sizeof name))
        return false;
    bool has_password = takes_password(name);
    methods->passwords += has_password;
    methods->others += !has_password;
    (void)snprintf(has_password ? methods->password : methods->other, sizeof name, "%s", name);
    return true;
}

/*
 * CREATE USER `u`@`h` IDENTIFIED BY PASSWORD '*...'
 * CREATE USER `u`@`h` IDENTIFIED VIA ed25519 USING '...' OR unix_socket
 */
static bool parse_methods(const char *statement, struct mydb_methods *methods)
{
    struct mysql_word word = mysql_word_at(statement);
    *methods = (struct mydb_methods){0};
    while (word.len > 0 && !mysql_word_is(word, "IDENTIFIED"))
        word = mysql_word_after(word);
    if (word.len == 0)
        return true;
    word = mysql_word_after(word);
    if (mysql_word_is(word, "BY"))
        return add_method(methods, mysql_word_at("mysql_native_password"));
    if (!mysql_word_is(word, "VIA"))
        return false;
    do {
        word = mysql_word_after(word);
        if (!add_method(methods, word))
            return false;
        word = mysql_word_after(word);
        if (mysql_word_is(word, "USING"))
            word = mysql_word_after(mysql_word_after(word));
    } while (mysql_word_is(word, "OR"));
    return true;
}

enum smcred_status mydb_read_methods(struct session *session, const struct mydb_account *account,
                                     struct mydb_methods *out_methods, struct sm_error *err)
{
    sm_autofree char *user = mydb_quote(session, account->user);
    sm_autofree char *host = mydb_quote(session, account->host);
    MYSQL_RES *result = NULL;
    if (!user || !host)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status =
        mydb_runf(session, &result, err, "SHOW CREATE USER %s@%s", user, host);
    if (status != SMCRED_OK)
        return status;
    MYSQL_ROW row = mysql_fetch_row(result);
    if (!row || !row[0] || !parse_methods(row[0], out_methods))
        status = sm_error_set(err, SMCRED_PROTOCOL, "SHOW CREATE USER answers something unknown");
    mysql_free_result(result);
    return status;
}

enum smcred_status mydb_hash(const struct mydb_account *account, const struct mydb_methods *methods,
                             const char *password, char out_hash[MYSQL_HASH_SIZE],
                             struct sm_error *err)
{
    const char *user = log_quote(account->user);
    if (methods->passwords == 0)
        return sm_error_set(err, SMCRED_UNSUPPORTED,
                            "%s has no password in the database, but is let in by %s", user,
                            methods->others > 0 ? methods->other : "none");
    if (methods->passwords > 1)
        return sm_error_set(err, SMCRED_UNSUPPORTED,
                            "%s has two passwords, and the old one would stay good for one of "
                            "them; leave it one (ALTER USER ... IDENTIFIED VIA)",
                            user);
    if (!mysql_hash(methods->password, password, out_hash))
        return sm_error_set(err, SMCRED_UNSUPPORTED,
                            "%s has its password checked by %s, of which smcred-rotate knows "
                            "nothing",
                            user, methods->password);
    return SMCRED_OK;
}
