/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_secret_value.c - what a secret says, what its next version keeps, and that nothing stays. */
#include "tests/lib/freed.h"

#include "rotate/secret_value.h"

static struct sm_vault *vault;

static int make_vault(void **state)
{
    (void)state;
    return sm_vault_new(&vault) == SMCRED_OK ? 0 : -1;
}

static int free_vault(void **state)
{
    (void)state;
    sm_vault_free(vault);
    return 0;
}

static struct secret_value *parsed(const char *text)
{
    struct secret_value *value = NULL;
    struct sm_error err = {.text = ""};
    assert_int_equal(secret_value_parse(vault, sm_bytes_of(text), &value, &err), SMCRED_OK);
    return value;
}

static void refuses(const char *text, const char *why)
{
    struct secret_value *value = NULL;
    struct sm_error err = {.text = ""};
    assert_int_equal(secret_value_parse(vault, sm_bytes_of(text), &value, &err), SMCRED_INVALID);
    assert_null(value);
    assert_non_null(strstr(err.text, why));
    assert_null(strstr(err.text, "hush"));
}

/* The text with another password and username (NULL: the same one) is `expected`. */
static void renews(const char *text, const char *username, const char *password,
                   const char *expected)
{
    autovalue struct secret_value *value = parsed(text);
    sm_autosecret struct sm_secret *fresh = NULL, *secret = NULL;
    struct sm_error err = {.text = ""};
    assert_int_equal(sm_secret_new(vault, sm_bytes_of(password), &secret), SMCRED_OK);
    assert_int_equal(secret_value_renewed(vault, value, username, secret, &fresh, &err), SMCRED_OK);
    assert_string_equal(sm_secret_view(fresh).data, expected);
}

static void reads_aws_layout(void **state)
{
    (void)state;
    autovalue struct secret_value *value =
        parsed("{\"engine\":\"postgres\",\"host\":\"h\",\"port\":\"5433\",\"username\":\"u\","
               "\"password\":\"hush\",\"dbname\":\"\",\"masterarn\":\"arn:x\",\"ssl\":\"False\"}");
    assert_string_equal(value->engine, "postgres");
    assert_string_equal(value->host, "h");
    assert_string_equal(value->port, "5433");
    assert_string_equal(value->username, "u");
    assert_string_equal(value->password, "hush");
    assert_string_equal(value->masterarn, "arn:x");
    assert_null(value->dbname);
    assert_null(value->hostaddr);
    assert_int_equal(value->ssl, SSL_OFF);
}

static void an_ssl_that_makes_no_sense_says_nothing(void **state)
{
    (void)state;
    autovalue struct secret_value *odd =
        parsed("{\"username\":\"u\",\"password\":\"p\",\"ssl\":7}");
    autovalue struct secret_value *on =
        parsed("{\"username\":\"u\",\"password\":\"p\",\"ssl\":true}");
    assert_int_equal(odd->ssl, SSL_NOT_SAID);
    assert_int_equal(on->ssl, SSL_ON);
    assert_string_equal(odd->port, "");
}

static void refuses_what_is_no_database_secret(void **state)
{
    (void)state;
    refuses("hush", "not a JSON object");
    refuses("[\"hush\"]", "not a JSON object");
    refuses("{\"password\":\"hush\"}", "username key is missing");
    refuses("{\"username\":\"u\",\"password\":12}", "password key is missing");
    refuses("{\"username\":\"u\",\"password\":\"hush\",\"password\":\"hush\"}",
            "password key is missing");
    refuses("{\"username\":\"u\",\"password\":\"hush\",\"port\":0}", "is no port");
    refuses("{\"username\":\"u\",\"password\":\"hush\",\"port\":5432.5}", "is no port");
    refuses("{\"username\":\"u\",\"password\":\"hush\",\"port\":\"65536\"}", "is no port");
    refuses("{\"username\":\"u\",\"password\":\"hush\",\"port\":\"-1\"}", "is no port");
}

static void replaces_the_value_and_nothing_else(void **state)
{
    (void)state;
    renews("{\"username\":\"u\",\"password\":\"p\"}", NULL, "q",
           "{\"username\":\"u\",\"password\":\"q\"}");
    renews(" {\n \"password\" : \"p\\\\\\\"}\" ,\t\"n\": 1.50, \"big\":12345678901234567890,"
           "\"username\":\"u\" }\n",
           NULL, "q",
           " {\n \"password\" : \"q\" ,\t\"n\": 1.50, \"big\":12345678901234567890,"
           "\"username\":\"u\" }\n");
    renews("{\"a\":{\"password\":\"x\"},\"b\":[{\"username\":\"x\"}],\"c\":\"password\","
           "\"password\":\"p\",\"username\":\"u\"}",
           "u_clone", "q",
           "{\"a\":{\"password\":\"x\"},\"b\":[{\"username\":\"x\"}],\"c\":\"password\","
           "\"password\":\"q\",\"username\":\"u_clone\"}");
}

static void any_password_is_a_json_string(void **state)
{
    (void)state;
    renews("{\"username\":\"u\",\"password\":\"p\"}", NULL, "a\"b\\c\n\xc3\xa9",
           "{\"username\":\"u\",\"password\":\"a\\u0022b\\u005cc\\u000a\xc3\xa9\"}");
}

static void a_name_in_another_spelling_is_refused(void **state)
{
    (void)state;
    autovalue struct secret_value *value =
        parsed("{\"username\":\"u\",\"pass\\u0077ord\":\"hush\"}");
    sm_autosecret struct sm_secret *fresh = NULL;
    struct sm_error err = {.text = ""};
    assert_int_equal(secret_value_renewed(vault, value, NULL, value->text, &fresh, &err),
                     SMCRED_INVALID);
    assert_null(fresh);
}

static void no_freed_memory_holds_a_password(void **state)
{
    (void)state;
    static const char text[] = "{\"username\":\"u\",\"password\":\"" FREED_CANARY "\"}";
    freed_begin();
    renews(text, "v", FREED_CANARY, "{\"username\":\"v\",\"password\":\"" FREED_CANARY "\"}");
    refuses("{\"password\":\"" FREED_CANARY "\"}", "username");
    freed_looks = false;
    assert_int_equal(freed_with_canary, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_aws_layout),
        cmocka_unit_test(an_ssl_that_makes_no_sense_says_nothing),
        cmocka_unit_test(refuses_what_is_no_database_secret),
        cmocka_unit_test(replaces_the_value_and_nothing_else),
        cmocka_unit_test(any_password_is_a_json_string),
        cmocka_unit_test(a_name_in_another_spelling_is_refused),
        cmocka_unit_test(no_freed_memory_holds_a_password),
    };
    return cmocka_run_group_tests(tests, make_vault, free_vault);
}
