/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_wipe.c - what libcurl and cJSON free in a source module has been wiped. */
#include "tests/lib/freed.h"

#include <cjson/cJSON.h>

#include "sources/wipe.h"

static void freeing_and_moving_leave_nothing(void **state)
{
    (void)state;
    freed_begin();
    char *text = wipe_strdup(FREED_CANARY);
    assert_non_null(text);
    text = wipe_realloc(text, 100000);
    assert_string_equal(text, FREED_CANARY);
    text = wipe_realloc(text, sizeof FREED_CANARY); /* a smaller one is another one too */
    assert_string_equal(text, FREED_CANARY);
    wipe_free(text);
    assert_int_equal(freed_with_canary, 0);
}

static void json_leaves_nothing(void **state)
{
    (void)state;
    wipe_hook_cjson();
    freed_begin();
    cJSON *value = cJSON_Parse("{\"SecretString\":\"" FREED_CANARY "\"}");
    assert_non_null(value);
    char *text = cJSON_PrintUnformatted(value);
    assert_non_null(strstr(text, FREED_CANARY));
    cJSON_free(text);
    cJSON_Delete(value);
    assert_int_equal(freed_with_canary, 0);
}

SM_TEST_MAIN(cmocka_unit_test(freeing_and_moving_leave_nothing),
             cmocka_unit_test(json_leaves_nothing))
