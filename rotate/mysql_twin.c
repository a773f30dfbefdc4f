/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_twin.c - a superuser acts for others in MySQL and MariaDB: alternating users, and mending.
 * Called by mysql.c's vtables.
 *
 * NAME is the original, as administrators made it, and NAME_clone its twin: from the same host, let
 * in by the same plugins, under the same limits, with the same rights and roles.  At its turn the
 * twin is made equal; of the original nothing is changed but the password.
 *
 * No statement about users can be taken back in a transaction, so the password comes last: a twin
 * that the pending password lets in is ready.
 */
#include <mysql.h>
#include <stdio.h>

#include "common/log.h"
#include "rotate/mysql_account.h"
#include "rotate/mysql_rights.h"
#include "rotate/mysql_words.h"
#include "rotate/twin.h"

#define ROLE_DEPTH_MAX 8 /* roles of roles that are followed */

/* Somebody, and all there is to know. */
struct person {
    struct mydb_account account;
    char *name; /* quoted */
    struct mydb_definition definition;
    struct mydb_rights rights;
};

static void person_done(struct person *person)
{
    free(person->name);
    mydb_definition_done(&person->definition);
    mydb_rights_done(&person->rights);
}
#define autoperson __attribute__((cleanup(person_done)))

static enum smcred_status person_init(struct session *session, const char *user, const char *host,
                                      struct person *person, struct sm_error *err)
{
    *person = (struct person){.name = NULL};
    struct mydb_account *account = &person->account;
    if (strlen(user) >= sizeof account->user || strlen(host) >= sizeof account->host)
        return sm_error_set(err, SMCRED_TOO_LARGE, "the name of a user is too long");
    (void)snprintf(account->user, sizeof account->user, "%s", user); /* both fit */
    (void)snprintf(account->host, sizeof account->host, "%s", host);
    person->name = mydb_name(session, account);
    return person->name ? SMCRED_OK : sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
}

static enum smcred_status person_read(struct session *session, struct person *person,
                                      struct sm_error *err)
{
    mydb_definition_done(&person->definition);
    mydb_rights_done(&person->rights);
    enum smcred_status status = mydb_define(session, &person->account, &person->definition, err);
    return status == SMCRED_OK
               ? mydb_read_rights(session, person->name, &person->account, &person->rights, err)
               : status;
}

/* --- the twin's turn -------------------------------------------------------------------------- */

static enum smcred_status find(struct session *session, const struct person *person,
                               bool *out_found, struct sm_error *err)
{
    sm_autofree char *user = mydb_quote(session, person->account.user);
    sm_autofree char *host = mydb_quote(session, person->account.host);
    MYSQL_RES *result = NULL;
    if (!user || !host)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status =
        mydb_runf(session, &result, err, "SELECT 1 FROM mysql.user WHERE user = %s AND host = %s",
                  user, host);
    if (status == SMCRED_OK)
        *out_found = mysql_num_rows(result) > 0;
    mysql_free_result(result);
    return status;
}

static enum smcred_status cannot(enum smcred_status status, const struct person *twin,
                                 const char *what, const struct sm_error *why, struct sm_error *err)
{
    return sm_error_set(err, status, "%s cannot be given or lose %s: %s", log_quote(twin->name),
                        what, why->text);
}

static enum smcred_status make_rights_equal(struct session *session, const struct person *original,
                                            const struct person *twin, struct sm_error *err)
{
    struct sm_error why = {.text = ""};
    for (size_t i = 0; i < twin->rights.count; i++) {
        const struct mydb_right *right = &twin->rights.list[i];
        if (mydb_rights_have(&original->rights, right))
            continue;
        enum smcred_status status = mydb_take(session, twin->name, right, &why);
        if (status != SMCRED_OK)
            return cannot(status, twin, right->body, &why, err);
    }
    for (size_t i = 0; i < original->rights.count; i++) {
        const struct mydb_right *right = &original->rights.list[i];
        if (mydb_rights_have(&twin->rights, right))
            continue;
        enum smcred_status status = mydb_give(session, twin->name, right, &why);
        if (status != SMCRED_OK)
            return cannot(status, twin, right->body, &why, err);
    }
    return SMCRED_OK;
}

static enum smcred_status make_equal(struct session *session, const struct person *original,
                                     struct person *twin, struct sm_error *err)
{
    struct sm_error why = {.text = ""};
    bool found = false;
    enum smcred_status status = find(session, twin, &found, err);
    if (status == SMCRED_OK && found)
        status = person_read(session, twin, err);
    if (status != SMCRED_OK)
        return status;
    bool is_equal = found && mydb_definition_equal(&original->definition, &twin->definition);
    if (!is_equal) {
        status = mydb_make_user(session, twin->name, &original->definition, &why);
        if (status == SMCRED_OK && !found)
            status = person_read(session, twin, &why);
        if (status != SMCRED_OK)
            return cannot(status, twin, "what the original is", &why, err);
    }
    status = make_rights_equal(session, original, twin, err);
    return status == SMCRED_OK && !is_equal
               ? mydb_set_default_roles(session, twin->name, &original->definition, err)
               : status;
}

/* --- the original's turn ---------------------------------------------------------------------- */

/* Nobody gets more rights by being called NAME_clone. */
static enum smcred_status check_original(const struct person *original, const struct person *twin,
                                         struct sm_error *err)
{
    for (size_t i = 0; i < original->rights.count; i++) {
        if (!mydb_rights_have(&twin->rights, &original->rights.list[i]))
            return sm_error_set(err, SMCRED_DENIED,
                                "%s may do what %s may not (%s%s); if they are to take turns, "
                                "grant it to both",
                                log_quote(original->name), log_quote(twin->name),
                                original->rights.list[i].body,
                                original->rights.list[i].option ? " with its option" : "");
    }
    return SMCRED_OK;
}

/* --- both ------------------------------------------------------------------------------------- */

/* Before anything is changed for a password that cannot be. */
static enum smcred_status check_password(struct session *session, const struct person *current,
                                         const char *password, struct sm_error *err)
{
    char hash[MYSQL_HASH_SIZE];
    return mydb_is_mariadb(session)
               ? mydb_hash(&current->account, &current->definition, password, hash, err)
               : SMCRED_OK;
}

enum smcred_status mydb_set_other(struct session *session, const struct session *own,
                                  const char *other_name, const char *password,
                                  struct sm_error *err)
{
    autoperson struct person current = {.name = NULL}, other = {.name = NULL};
    const struct mydb_account *self = mydb_self(own);
    enum smcred_status status = person_init(session, self->user, self->host, &current, err);
    if (status == SMCRED_OK)
        status = person_init(session, other_name, self->host, &other, err);
    if (status == SMCRED_OK)
        status = person_read(session, &current, err);
    if (status == SMCRED_OK)
        status = check_password(session, &current, password, err);
    if (status == SMCRED_OK && twin_is_clone(other_name)) {
        status = make_equal(session, &current, &other, err);
    } else if (status == SMCRED_OK) {
        status = person_read(session, &other, err);
        if (status == SMCRED_OK)
            status = check_original(&other, &current, err);
    }
    return status == SMCRED_OK ? mydb_set_password_of(session, &other.account, password, err)
                               : status;
}

/* --- mending ---------------------------------------------------------------------------------- */

static bool is_everything(const struct mydb_right *right)
{
    char object[MYDB_NAME_SIZE] = "";
    struct mysql_word word = mysql_word_at(right->body);
    if (right->kind != MYDB_RIGHT_PRIVILEGE)
        return false;
    if (mysql_word_is(word, "PROXY"))
        return true;
    bool usage = mysql_word_is(word, "USAGE");
    while (word.len > 0 && !mysql_word_is(word, "ON"))
        word = mysql_word_after(word);
    word = mysql_word_after(word);
    if (mysql_word_is(word, "*"))
        return !usage || right->option;
    return mysql_word_unquote(word, object, sizeof object) && strcasecmp(object, "mysql") == 0;
}

static enum smcred_status check_rights(struct session *session, const char *name,
                                       const struct mydb_account *holder, int depth,
                                       const char **out_special, struct sm_error *err);

/* `r`, or `r`@`h` and others, in a right's body. */
static enum smcred_status check_roles(struct session *session, const char *body, int depth,
                                      const char **out_special, struct sm_error *err)
{
    struct mysql_word word = mysql_word_at(body);
    enum smcred_status status = SMCRED_OK;
    while (word.len > 0 && status == SMCRED_OK && !*out_special) {
        struct mydb_account role = {.user = ""};
        const char *begin = word.text;
        bool fits = mysql_word_unquote(word, role.user, sizeof role.user);
        struct mysql_word last = word;
        word = mysql_word_after(word);
        if (mysql_word_is(word, "@")) {
            last = mysql_word_after(word);
            fits = fits && mysql_word_unquote(last, role.host, sizeof role.host);
            word = mysql_word_after(last);
        }
        sm_autofree char *name = strndup(begin, (size_t)(last.text + last.len - begin));
        if (!fits || !name)
            return sm_error_set(err, SMCRED_NO_MEMORY, "a role cannot be looked at");
        status = check_rights(session, name, &role, depth + 1, out_special, err);
        if (mysql_word_is(word, ","))
            word = mysql_word_after(word);
    }
    return status;
}

static enum smcred_status check_rights(struct session *session, const char *name,
                                       const struct mydb_account *holder, int depth,
                                       const char **out_special, struct sm_error *err)
{
    mydb_autorights struct mydb_rights rights = {.list = NULL};
    enum smcred_status status = mydb_read_rights(session, name, holder, &rights, err);
    if (depth > ROLE_DEPTH_MAX)
        *out_special = "its roles have roles without end";
    for (size_t i = 0; i < rights.count && status == SMCRED_OK && !*out_special; i++) {
        if (is_everything(&rights.list[i]))
            *out_special = "it has rights beyond its databases";
        else if (rights.list[i].kind == MYDB_RIGHT_ROLE)
            status = check_roles(session, rights.list[i].body, depth, out_special, err);
    }
    return status;
}

/* The only one of that name, since nobody knows from where it came. */
static enum smcred_status find_host(struct session *session, const char *username,
                                    struct person *person, struct sm_error *err)
{
    sm_autofree char *user = mydb_quote(session, username);
    MYSQL_RES *result = NULL;
    if (!user)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status = mydb_runf(
        session, &result, err, "SELECT host FROM mysql.user WHERE user = %s LIMIT 2", user);
    if (status != SMCRED_OK)
        return status;
    MYSQL_ROW row = mysql_num_rows(result) == 1 ? mysql_fetch_row(result) : NULL;
    status = row && row[0]
                 ? person_init(session, username, row[0], person, err)
                 : sm_error_set(err, SMCRED_DENIED,
                                "there are several users %s, or none, so an administrator has to "
                                "give one its password back",
                                log_quote(username));
    mysql_free_result(result);
    return status;
}

enum smcred_status mydb_give_back(struct session *session, const char *username,
                                  const char *password, struct sm_error *err)
{
    autoperson struct person person = {.name = NULL};
    const char *special = NULL;
    enum smcred_status status = find_host(session, username, &person, err);
    if (status == SMCRED_OK && strcmp(username, mydb_self(session)->user) == 0)
        special = "it is the superuser itself";
    if (status == SMCRED_OK && !special)
        status = check_rights(session, person.name, &person.account, 0, &special, err);
    if (status == SMCRED_OK && special)
        status = sm_error_set(err, SMCRED_DENIED,
                              "%s has special rights (%s), so an administrator has to give it its "
                              "password back",
                              log_quote(username), special);
    return status == SMCRED_OK ? mydb_set_password_of(session, &person.account, password, err)
                               : status;
}
