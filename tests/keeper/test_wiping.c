/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_wiping.c - what cJSON and OpenSSL free in the keeper has been wiped. */
#include "tests/lib/freed.h"

#include <cjson/cJSON.h>
#include <openssl/crypto.h>

#include "keeper/wiping.h"

/* Before OpenSSL has allocated anything, as in the keeper's main(). */
static int install(void **state)
{
    (void)state;
    return wiping_install() ? 0 : -1;
}

static void json_leaves_nothing(void **state)
{
    (void)state;
    freed_begin();
    cJSON *value = cJSON_Parse("{\"username\":\"app\",\"password\":\"" FREED_CANARY "\"}");
    assert_non_null(value);
    char *text = cJSON_Print(value);
    assert_non_null(strstr(text, FREED_CANARY));
    cJSON_free(text);
    cJSON_Delete(value);
    assert_int_equal(freed_with_canary, 0);
}

static void openssl_leaves_nothing(void **state)
{
    (void)state;
    freed_begin();
    char *text = OPENSSL_strdup(FREED_CANARY);
    assert_non_null(text);
    text = OPENSSL_realloc(text, 100000); /* moves */
    assert_string_equal(text, FREED_CANARY);
    OPENSSL_free(text);
    assert_int_equal(freed_with_canary, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(json_leaves_nothing),
                                       cmocka_unit_test(openssl_leaves_nothing)};
    return cmocka_run_group_tests(tests, install, NULL);
}
