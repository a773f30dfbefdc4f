/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_pgsql_guard.c - the own password's change is known, and nothing else is taken for it. */
#include "tests/lib/sm_test.h"

#include "relay/pgsql_guard.h"

static bool sets(const char *sql)
{
    return pgsql_sets_password(sm_bytes(sql, strlen(sql)), "app");
}

static void knows_the_own_password(void **state)
{
    (void)state;
    static const char *const statements[] = {
        "ALTER USER app PASSWORD 'SCRAM-SHA-256$4096:abc$def:ghi'", /* psql's \password */
        "ALTER USER \"app\" PASSWORD 'md5'",
        "alter role current_user password 'x'",
        "alter role CURRENT_ROLE password 'x';",
        "alter user session_user with encrypted password 'x'",
        "ALTER ROLE APP PASSWORD NULL",
        "alter role app password null; select 1",
        "alter role app login valid until '2030-01-01' connection limit 5 password 'x'",
        "  -- a comment\n/* and /* another */ */alter\n\trole\napp password E'it\\'s'",
        "alter role app password $$x$$",
        "alter role app password $tag$it's$tag$",
        "alter role app valid until 'password' password 'x'",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (!sets(statements[i]))
            fail_msg("not known: %s", statements[i]);
    }
}

static void takes_nothing_else_for_it(void **state)
{
    (void)state;
    static const char *const statements[] = {
        "",
        ";",
        "select 'alter user app password ''x'''",
        "-- alter user app password 'x'\nselect 1",
        "/* alter user app password 'x' */ select 1",
        "/* alter user app password 'x'",
        "alter user application password 'x'",
        "alter user \"App\" password 'x'",
        "alter user \"current_user\" password 'x'",
        "alter user bob password 'x'",
        "alter user ap/**/p password 'x'",
        "alter role all password 'x'",
        "alter role app rename to password",
        "alter role app set search_path to password, 'x'",
        "alter role app set x = 'a' password 'x'",
        "alter role app in database orders set password 'x'",
        "alter role app valid until 'password null'",
        "alter role app \"password\" 'x'",
        "alter role app password",
        "alter role app; select password 'x'",
        "alter user mapping for app server s options (password 'x')",
        "alter table app add password text default 'x'",
        "create role app password 'x'",
        "explain alter role app password 'x'",
        "alter role app password 'x", /* a string without an end */
        "alter role app password $a$x$b$",
        "alter role app password $1",
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (sets(statements[i]))
            fail_msg("taken for it: %s", statements[i]);
    }
}

#define SAYS(bytes) pgsql_says_sets_password(sm_bytes(bytes, sizeof bytes - 1), "app")
#define STATEMENT   "alter user app password 'x'" /* 27 bytes */

static void knows_the_messages_of_libpq(void **state)
{
    (void)state;
    assert_true(SAYS("Q\0\0\0\x20" STATEMENT "\0"));
    assert_true(SAYS("P\0\0\0\x23\0" STATEMENT "\0\0\0"
                     "B\0\0\0\x0c\0\0\0\0\0\0\0\0"
                     "D\0\0\0\6P\0"
                     "E\0\0\0\x9\0\0\0\0\0"
                     "S\0\0\0\4"));
    assert_true(SAYS("P\0\0\0\x25s1\0" STATEMENT "\0\0\0S\0\0\0\4"));
}

static void needs_whole_messages(void **state)
{
    (void)state;
    assert_false(SAYS(""));
    assert_false(SAYS("Q\0\0\0\x21" STATEMENT "\0"));                   /* one byte is missing */
    assert_false(SAYS("Q\0\0\0\x20" STATEMENT "\0Q\0\0\0\5\0"));        /* another one follows */
    assert_false(SAYS("Q\0\0\0\3" STATEMENT "\0"));                     /* impossible */
    assert_false(SAYS("Q\xff\xff\xff\xff" STATEMENT "\0"));             /* gigantic */
    assert_false(SAYS("P\0\0\0\x23\0" STATEMENT "\0\0\0"));             /* no Sync */
    assert_false(SAYS("P\0\0\0\x23\0" STATEMENT "\0\0\0S\0\0\0\4Q\0")); /* more behind it */
    assert_false(SAYS("P\0\0\0\x6ssss"));                               /* a name without an end */
    assert_false(SAYS("d\0\0\0\x20" STATEMENT "\0"));                   /* a row of COPY */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_own_password),
        cmocka_unit_test(takes_nothing_else_for_it),
        cmocka_unit_test(knows_the_messages_of_libpq),
        cmocka_unit_test(needs_whole_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
