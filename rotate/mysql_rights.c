/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_rights.c - reads SHOW GRANTS line by line, and gives and takes such a line.  Called by
 * mysql_twin.c.
 *
 *     GRANT SELECT, INSERT (`a`) ON `orders`.* TO `u`@`h` WITH GRANT OPTION
 *     GRANT USAGE ON *.* TO `u`@`h` IDENTIFIED BY PASSWORD '*...' REQUIRE SSL
 *     GRANT PROXY ON `v`@`h` TO `u`@`h`
 *     GRANT `r` TO `u`@`h` WITH ADMIN OPTION
 *     SET DEFAULT ROLE `r` FOR `u`@`h`
 *     REVOKE INSERT ON `mysql`.* FROM `u`@`h`
 */
#include "rotate/mysql_rights.h"

#include <mysql.h>
#include <stdio.h>

#include "rotate/mysql_words.h"

/* --- reading ---------------------------------------------------------------------------------- */

/* How a line begins, what stands before the name, and what kind it is if there is no ON. */
struct form {
    const char *verb, *before_name;
    int skipped; /* words that belong to the verb */
    enum mydb_right_kind kind;
};

static const struct form *find_form(struct mysql_word word)
{
    static const struct form forms[] = {
        {"GRANT", "TO", 0, MYDB_RIGHT_ROLE},
        {"SET", "FOR", 2, MYDB_RIGHT_DEFAULT_ROLE},
        {"REVOKE", "FROM", 0, MYDB_RIGHT_REVOKED},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (mysql_word_is(word, forms[i].verb))
            return &forms[i];
    }
    return NULL;
}

static bool is_name(struct mysql_word *word, const char *name)
{
    char text[MYDB_NAME_SIZE];
    bool same = mysql_word_unquote(*word, text, sizeof text) && strcmp(text, name) == 0;
    *word = mysql_word_after(*word);
    return same;
}

/* `u`@`h`, or `r`; `word` ends up behind it. */
static bool is_holder(struct mysql_word *word, const struct mydb_account *holder)
{
    if (!is_name(word, holder->user))
        return false;
    if (!mysql_word_is(*word, "@"))
        return *holder->host == '\0';
    *word = mysql_word_after(*word);
    return is_name(word, holder->host);
}

static bool has_option(struct mysql_word word)
{
    for (; word.len > 0; word = mysql_word_after(word)) {
        if ((mysql_word_is(word, "GRANT") || mysql_word_is(word, "ADMIN")) &&
            mysql_word_is(mysql_word_after(word), "OPTION"))
            return true;
    }
    return false;
}

bool mydb_right_parse(const char *line, const struct mydb_account *holder, struct mydb_right *right,
                      struct sm_bytes *body)
{
    struct mysql_word word = mysql_word_at(line);
    const struct form *form = find_form(word);
    if (!form)
        return false;
    *right = (struct mydb_right){.kind = form->kind};
    word = mysql_word_after(word);
    for (int i = 0; i < form->skipped; i++)
        word = mysql_word_after(word);
    const char *begin = word.text, *end = begin;
    for (; word.len > 0 && !mysql_word_is(word, form->before_name); word = mysql_word_after(word)) {
        if (form->kind == MYDB_RIGHT_ROLE && mysql_word_is(word, "ON"))
            right->kind = MYDB_RIGHT_PRIVILEGE;
        end = word.text + word.len;
    }
    *body = sm_bytes(begin, (size_t)(end - begin));
    word = mysql_word_after(word);
    if (!is_holder(&word, holder))
        return false;
    right->option = has_option(word);
    return true;
}

static bool add(struct mydb_rights *rights, struct mydb_right right, struct sm_bytes body)
{
    struct mydb_right *list = reallocarray(rights->list, rights->count + 1, sizeof *rights->list);
    if (!list)
        return false;
    rights->list = list;
    right.body = strndup(body.data, body.len);
    if (!right.body)
        return false;
    list[rights->count++] = right;
    return true;
}

enum smcred_status mydb_read_rights(struct session *session, const char *name,
                                    const struct mydb_account *holder, struct mydb_rights *rights,
                                    struct sm_error *err)
{
    MYSQL_RES *result = NULL;
    MYSQL_ROW row;
    *rights = (struct mydb_rights){.list = NULL};
    enum smcred_status status = mydb_runf(session, &result, err, "SHOW GRANTS FOR %s", name);
    while (status == SMCRED_OK && (row = mysql_fetch_row(result))) {
        struct mydb_right right;
        struct sm_bytes body;
        if (row[0] && mydb_right_parse(row[0], holder, &right, &body) && !add(rights, right, body))
            status = sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    mysql_free_result(result);
    return status;
}

void mydb_rights_done(struct mydb_rights *rights)
{
    for (size_t i = 0; i < rights->count; i++)
        free(rights->list[i].body);
    free(rights->list);
    *rights = (struct mydb_rights){.list = NULL};
}

bool mydb_rights_have(const struct mydb_rights *rights, const struct mydb_right *right)
{
    for (size_t i = 0; i < rights->count; i++) {
        const struct mydb_right *own = &rights->list[i];
        if (own->kind == right->kind && own->option == right->option &&
            strcmp(own->body, right->body) == 0)
            return true;
    }
    return false;
}

/* --- giving and taking ------------------------------------------------------------------------ */

enum smcred_status mydb_give(struct session *session, const char *name,
                             const struct mydb_right *right, struct sm_error *err)
{
    switch (right->kind) {
    case MYDB_RIGHT_PRIVILEGE:
        return mydb_runf(session, NULL, err, "GRANT %s TO %s%s", right->body, name,
                         right->option ? " WITH GRANT OPTION" : "");
    case MYDB_RIGHT_ROLE:
        return mydb_runf(session, NULL, err, "GRANT %s TO %s%s", right->body, name,
                         right->option ? " WITH ADMIN OPTION" : "");
    case MYDB_RIGHT_DEFAULT_ROLE:
        return mydb_runf(session, NULL, err, "SET DEFAULT ROLE %s FOR %s", right->body, name);
    case MYDB_RIGHT_REVOKED:
        return mydb_runf(session, NULL, err, "REVOKE %s FROM %s", right->body, name);
    }
    return SMCRED_INVALID;
}

/* "ON `orders`.*", of "SELECT ON `orders`.*" */
static const char *object_of(const char *body)
{
    struct mysql_word word = mysql_word_at(body);
    while (word.len > 0 && !mysql_word_is(word, "ON"))
        word = mysql_word_after(word);
    return word.text;
}

static enum smcred_status take_privilege(struct session *session, const char *name,
                                         const struct mydb_right *right, struct sm_error *err)
{
    struct mysql_word first = mysql_word_at(right->body);
    enum smcred_status status = SMCRED_OK;
    if (right->option && !mysql_word_is(first, "PROXY"))
        status = mydb_runf(session, NULL, err, "REVOKE GRANT OPTION %s FROM %s",
                           object_of(right->body), name);
    if (status == SMCRED_OK && !mysql_word_is(first, "USAGE")) /* which is none */
        status = mydb_runf(session, NULL, err, "REVOKE %s FROM %s", right->body, name);
    return status;
}

enum smcred_status mydb_take(struct session *session, const char *name,
                             const struct mydb_right *right, struct sm_error *err)
{
    switch (right->kind) {
    case MYDB_RIGHT_PRIVILEGE:
        return take_privilege(session, name, right, err);
    case MYDB_RIGHT_ROLE:
        return mydb_runf(session, NULL, err, "REVOKE %s FROM %s", right->body, name);
    case MYDB_RIGHT_DEFAULT_ROLE:
        return mydb_runf(session, NULL, err, "SET DEFAULT ROLE NONE FOR %s", name);
    case MYDB_RIGHT_REVOKED:
        return mydb_runf(session, NULL, err, "GRANT %s TO %s", right->body, name);
    }
    return SMCRED_INVALID;
}
