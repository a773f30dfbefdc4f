/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_grants.c - what MySQL and MariaDB say of a user: SHOW CREATE USER, and a line of SHOW
 * GRANTS.
 *
 * Words come in order and leave out nothing but blanks; what a parser lends lies in the text.
 */
#include <stdlib.h>

#include "rotate/mysql_account.h"
#include "rotate/mysql_rights.h"
#include "rotate/mysql_words.h"

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void check_words(const char *text)
{
    const char *behind = text;
    struct mysql_word word = mysql_word_at(text);
    for (; word.len > 0; word = mysql_word_after(word)) {
        char inside[64];
        must(strspn(behind, " \t\r\n") == (size_t)(word.text - behind));
        behind = word.text + word.len;
        if (mysql_word_unquote(word, inside, sizeof inside))
            must(strlen(inside) <= word.len);
    }
    must(*word.text == '\0');
}

static void check_clause(const struct mydb_definition *definition, struct sm_bytes clause)
{
    const char *begin = definition->text, *at = clause.data;
    must(clause.len == 0 || (at >= begin && at + clause.len <= begin + strlen(begin)));
}

static void check_definition(const char *text)
{
    mydb_autodefinition struct mydb_definition definition;
    if (mydb_definition_parse(text, &definition) != SMCRED_OK)
        return;
    check_clause(&definition, definition.identified);
    check_clause(&definition, definition.require);
    check_clause(&definition, definition.limits);
    check_clause(&definition, definition.roles);
    check_clause(&definition, definition.rest);
    must(definition.passwords == 0 || *definition.password);
    must(mydb_definition_equal(&definition, &definition));
}

static void check_right(const char *text)
{
    static const struct mydb_account holder = {.user = "u", .host = "h"};
    struct mydb_right right;
    struct sm_bytes body;
    if (mydb_right_parse(text, &holder, &right, &body))
        must((const char *)body.data >= text &&
             (const char *)body.data + body.len <= text + strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sm_autofree char *text = strndup(size > 0 ? (const char *)data : "", size);
    must(text);
    check_words(text);
    check_definition(text);
    check_right(text);
    return 0;
}
