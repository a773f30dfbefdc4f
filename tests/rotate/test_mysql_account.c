/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_mysql_account.c - what MySQL and MariaDB say of a user is understood word by word.
 */
#include "tests/lib/sm_test.h"

#include "rotate/mysql_account.h"
#include "rotate/mysql_rights.h"
#include "rotate/mysql_words.h"

static void assert_clause(struct sm_bytes clause, const char *expected)
{
    if (!sm_bytes_is(clause, expected))
        fail_msg("found %.*s, not %s", (int)clause.len, (const char *)clause.data, expected);
}

static void a_word_ends_where_its_quotes_do(void **state)
{
    char text[32];
    (void)state;
    struct mysql_word word = mysql_word_at("  'it\\'s ''so''' `a``b`.* next");
    assert_true(mysql_word_unquote(word, text, sizeof text));
    assert_string_equal(text, "it's 'so'");
    word = mysql_word_after(word);
    assert_true(mysql_word_unquote(word, text, sizeof text));
    assert_string_equal(text, "a`b");
    word = mysql_word_after(word);
    assert_true(mysql_word_is(word, "."));
    word = mysql_word_after(mysql_word_after(word));
    assert_true(mysql_word_is(word, "NEXT"));
    assert_false(mysql_word_unquote(word, text, 4));
    assert_int_equal(mysql_word_after(word).len, 0);
}

static void a_quoted_keyword_is_none(void **state)
{
    (void)state;
    assert_false(mysql_word_is(mysql_word_at("`TO`"), "TO"));
    assert_false(mysql_word_is(mysql_word_at("TOO"), "TO"));
}

static void mariadb_has_several_methods(void **state)
{
    mydb_autodefinition struct mydb_definition user;
    (void)state;
    assert_int_equal(
        mydb_definition_parse("CREATE USER `u`@`WITH` IDENTIFIED VIA unix_socket OR "
                              "mysql_native_password USING '*94' REQUIRE ISSUER '/WITH' SUBJECT "
                              "'/PASSWORD' WITH MAX_USER_CONNECTIONS 2 ACCOUNT LOCK",
                              &user),
        SMCRED_OK);
    assert_int_equal(user.passwords, 1);
    assert_int_equal(user.others, 1);
    assert_string_equal(user.password, "mysql_native_password");
    assert_string_equal(user.other, "unix_socket");
    assert_clause(user.identified,
                  "IDENTIFIED VIA unix_socket OR mysql_native_password USING '*94'");
    assert_clause(user.require, "REQUIRE ISSUER '/WITH' SUBJECT '/PASSWORD'");
    assert_clause(user.limits, "MAX_USER_CONNECTIONS 2");
    assert_clause(user.rest, "ACCOUNT LOCK");
}

static void mysql_has_default_roles(void **state)
{
    mydb_autodefinition struct mydb_definition user;
    (void)state;
    assert_int_equal(mydb_definition_parse("CREATE USER `u`@`%` IDENTIFIED WITH "
                                           "'caching_sha2_password' AS '$A$005$\\'' DEFAULT ROLE "
                                           "`a`@`%`,`b`@`%` REQUIRE NONE PASSWORD EXPIRE DEFAULT "
                                           "ACCOUNT UNLOCK PASSWORD REQUIRE CURRENT DEFAULT",
                                           &user),
                     SMCRED_OK);
    assert_string_equal(user.methods, "caching_sha2_password");
    assert_clause(user.roles, "`a`@`%`,`b`@`%`");
    assert_clause(user.require, "REQUIRE NONE");
    assert_clause(user.limits, "");
    assert_clause(user.rest, "PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD REQUIRE CURRENT "
                             "DEFAULT");
}

static void a_second_factor_is_not_understood(void **state)
{
    mydb_autodefinition struct mydb_definition user;
    (void)state;
    assert_int_equal(mydb_definition_parse("CREATE USER `u`@`%` IDENTIFIED WITH 'sha256_password' "
                                           "AS 'x' AND IDENTIFIED WITH 'authentication_fido'",
                                           &user),
                     SMCRED_PROTOCOL);
}

static void assert_right(const char *line, enum mydb_right_kind kind, bool option,
                         const char *expected)
{
    static const struct mydb_account holder = {.user = "u", .host = "%"};
    struct mydb_right right;
    struct sm_bytes body;
    assert_true(mydb_right_parse(line, &holder, &right, &body));
    assert_int_equal(right.kind, kind);
    assert_int_equal(right.option, option);
    assert_clause(body, expected);
}

static void a_right_is_without_whose_it_is(void **state)
{
    (void)state;
    assert_right("GRANT SELECT (`to`), INSERT ON `o`.`a ``TO`` b` TO `u`@`%` WITH GRANT OPTION",
                 MYDB_RIGHT_PRIVILEGE, true, "SELECT (`to`), INSERT ON `o`.`a ``TO`` b`");
    assert_right("GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*94' REQUIRE SSL",
                 MYDB_RIGHT_PRIVILEGE, false, "USAGE ON *.*");
    assert_right("GRANT PROXY ON `v`@`%` TO `u`@`%`", MYDB_RIGHT_PRIVILEGE, false,
                 "PROXY ON `v`@`%`");
    assert_right("GRANT `ON`@`%`,`b`@`%` TO `u`@`%` WITH ADMIN OPTION", MYDB_RIGHT_ROLE, true,
                 "`ON`@`%`,`b`@`%`");
    assert_right("SET DEFAULT ROLE `r` FOR `u`@`%`", MYDB_RIGHT_DEFAULT_ROLE, false, "`r`");
    assert_right("REVOKE INSERT ON `mysql`.* FROM `u`@`%`", MYDB_RIGHT_REVOKED, false,
                 "INSERT ON `mysql`.*");
}

static void somebody_else_s_right_is_none(void **state)
{
    static const struct mydb_account holder = {.user = "u", .host = "%"};
    struct mydb_right right;
    struct sm_bytes body;
    (void)state;
    assert_false(mydb_right_parse("GRANT USAGE ON *.* TO `r`", &holder, &right, &body));
    assert_false(mydb_right_parse("GRANT USAGE ON *.* TO `u`@`h`", &holder, &right, &body));
    assert_false(mydb_right_parse("FLUSH PRIVILEGES", &holder, &right, &body));
    assert_false(mydb_right_parse("GRANT USAGE ON *.*", &holder, &right, &body));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_ends_where_its_quotes_do),
        cmocka_unit_test(a_quoted_keyword_is_none),
        cmocka_unit_test(mariadb_has_several_methods),
        cmocka_unit_test(mysql_has_default_roles),
        cmocka_unit_test(a_second_factor_is_not_understood),
        cmocka_unit_test(a_right_is_without_whose_it_is),
        cmocka_unit_test(somebody_else_s_right_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
