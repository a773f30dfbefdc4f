/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_renewed.c - a new password takes the place of the old one, and nothing else moves. */
#include "tests/lib/freed.h"

#include <stdio.h>

#include "keeper/pam_check.h"
#include "keeper/renewed.h"
#include "keeper/wiping.h"

static struct sm_vault *vault;

static int setup(void **state)
{
    (void)state;
    return sm_vault_new(&vault) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    sm_vault_free(vault); /* it checks that no secret is left */
    return 0;
}

static enum smcred_status renew(const char *text, const char *password, struct sm_secret **out)
{
    struct sm_secret *given;
    struct sm_error err = {.text = ""};
    assert_int_equal(sm_secret_new(vault, sm_bytes_of(password), &given), SMCRED_OK);
    enum smcred_status status = renewed_text(vault, sm_bytes_of(text), given, out, &err);
    sm_secret_free(given);
    assert_int_equal(status == SMCRED_OK, err.text[0] == '\0');
    assert_null(strstr(err.text, password));
    return status;
}

static void becomes(const char *text, const char *password, const char *expected)
{
    struct sm_secret *whole = NULL;
    assert_int_equal(renew(text, password, &whole), SMCRED_OK);
    assert_string_equal(sm_secret_view(whole).data, expected);
    sm_secret_free(whole);
}

static void only_the_outermost_password_moves(void **state)
{
    (void)state;
    becomes("old", "new", "new");
    becomes("\"old\"", "new", "new"); /* no object: a text of its own */
    becomes("{\"password\":\"old\"}", "new", "{\"password\":\"new\"}");
    becomes(" { \"a\" : [ {\"password\":\"x\"} , \"password\" ] ,\n\"password\"\t:\"o\\\"l\\\\\" , "
            "\"z\":1e400}",
            "n\"e\\w\t",
            " { \"a\" : [ {\"password\":\"x\"} , \"password\" ] "
            ",\n\"password\"\t:\"n\\\"e\\\\w\\u0009\" , \"z\":1e400}");
    becomes(
        "{\"b\":true,\"c\":null,\"d\":-1.50,\"e\":{},\"f\":[],\"g\":\"}\",\"password\":\"\"}",
        "new",
        "{\"b\":true,\"c\":null,\"d\":-1.50,\"e\":{},\"f\":[],\"g\":\"}\",\"password\":\"new\"}");
    becomes("{\"k\\\"ey\":\"\\\\\",\"password\":\"\\u0041\"}", "\xc3\xa4",
            "{\"k\\\"ey\":\"\\\\\",\"password\":\"\xc3\xa4\"}");
}

static void what_cannot_be_changed_is_refused(void **state)
{
    (void)state;
    struct sm_secret *none = NULL;
    assert_int_equal(renew("{\"engine\":\"postgres\",\"password\":\"old\"}", "new-one", &none),
                     SMCRED_UNSUPPORTED);
    assert_int_equal(renew("{\"username\":\"x\"}", "new-one", &none), SMCRED_INVALID);
    assert_int_equal(renew("{\"password\":7}", "new-one", &none), SMCRED_INVALID);
    assert_int_equal(renew("{}", "new-one", &none), SMCRED_INVALID);
    assert_int_equal(renew("{\"p\\u0061ssword\":\"old\"}", "new-one", &none), SMCRED_INVALID);
    assert_int_equal(renew("{\"password\":\"$1$abc$def\"}", "new-one", &none), SMCRED_INVALID);
    assert_null(none);
}

static void a_hash_stays_a_hash_of_its_kind(void **state)
{
    (void)state;
    struct sm_secret *whole = NULL;
    assert_int_equal(renew("{\"password\":\"$5$saltsalt$x\"}", "new-one", &whole), SMCRED_OK);
    assert_memory_equal(sm_secret_view(whole).data, "{\"password\":\"$5$", 16);
    assert_null(strstr(sm_secret_view(whole).data, "new-one"));
    sm_secret_free(whole);
}

static void nothing_is_left_in_memory(void **state)
{
    (void)state;
    struct sm_secret *whole = NULL;
    assert_true(wiping_install());
    freed_begin();
    assert_int_equal(renew("{\"password\":\"" FREED_CANARY "\"}", FREED_CANARY "2", &whole),
                     SMCRED_OK);
    assert_int_equal(freed_with_canary, 0);
    freed_looks = false;
    sm_secret_free(whole);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* The first installs its hooks before cJSON is used. */
SM_TEST_MAIN(unit(nothing_is_left_in_memory), unit(only_the_outermost_password_moves),
             unit(what_cannot_be_changed_is_refused), unit(a_hash_stays_a_hash_of_its_kind))
