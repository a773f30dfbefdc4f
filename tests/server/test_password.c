/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_password.c - random passwords keep their rule, and GetRandomPassword says when it cannot. */
#include "tests/server/server_fixture.h"

#include "server/password.h"

static const char *make(struct server *server, const struct server_password_rule *rule,
                        struct sm_secret **out)
{
    assert_int_equal(server_password_make(server->vault, rule, out), SERVER_PASSWORD_OK);
    return sm_secret_view(*out).data;
}

static void has_one_of_each_required_type(void **state)
{
    const struct server_password_rule rule = {
        .len = 5, .include = {true, true, true, true, true}, .require_each = true, .exclude = ""};
    for (int i = 0; i < 200; i++) {
        struct sm_secret *password;
        const char *text = make(*state, &rule, &password);
        assert_int_equal(strlen(text), 5);
        assert_non_null(strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
        assert_non_null(strpbrk(text, "abcdefghijklmnopqrstuvwxyz"));
        assert_non_null(strpbrk(text, "0123456789"));
        assert_non_null(strpbrk(text, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"));
        assert_non_null(strchr(text, ' '));
        sm_secret_free(password);
    }
}

static void puts_types_at_any_place(void **state)
{
    const struct server_password_rule rule = {
        .len = 2,
        .include = {[SERVER_PASSWORD_UPPERCASE] = true, [SERVER_PASSWORD_NUMBERS] = true},
        .require_each = true,
        .exclude = ""};
    int digits_first = 0;
    for (int i = 0; i < 1000; i++) {
        struct sm_secret *password;
        digits_first += make(*state, &rule, &password)[0] <= '9';
        sm_secret_free(password);
    }
    assert_in_range(digits_first, 350, 650); /* nine standard deviations */
}

static void leaves_out_what_is_excluded(void **state)
{
    const struct server_password_rule rule = {.len = 4096,
                                              .include = {true, true, true, true},
                                              .require_each = true,
                                              .exclude = "\"@/\\'abcXYZ019"};
    struct sm_secret *password;
    assert_null(strpbrk(make(*state, &rule, &password), rule.exclude));
    sm_secret_free(password);
}

static void says_what_cannot_be(void **state)
{
    fails(*state, "GetRandomPassword", "{\"PasswordLength\":3}", "InvalidParameterException",
          "Password length is too short based on the required types.");
    fails(*state, "GetRandomPassword", "{\"ExcludeCharacters\":\"0123456789\"}",
          "InvalidParameterException", "All characters of the desired type have been excluded");
    fails(*state, "GetRandomPassword",
          "{\"ExcludeLowercase\":true,\"ExcludeUppercase\":true,\"ExcludePunctuation\":true,"
          "\"ExcludeNumbers\":true}",
          "InvalidParameterException", "All characters have been excluded from selection");
    fails(*state, "GetRandomPassword", "{\"PasswordLength\":0}", "ValidationException", NULL);
    succeeds(*state, "GetRandomPassword",
             "{\"ExcludeCharacters\":\"0123456789\",\"RequireEachIncludedType\":false}");
}

#define SERVER_TEST(test) cmocka_unit_test_setup_teardown(test, start_server, stop_server)
SM_TEST_MAIN(SERVER_TEST(has_one_of_each_required_type), SERVER_TEST(puts_types_at_any_place),
             SERVER_TEST(leaves_out_what_is_excluded), SERVER_TEST(says_what_cannot_be))
