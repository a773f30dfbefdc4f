/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_json.c - a request's and an answer's values are wiped from what cJSON frees. */
#include "tests/lib/freed.h"

#include <cjson/cJSON.h>

#include "server/json.h"

static void values_leave_nothing(void **state)
{
    (void)state;
    server_json_init();
    freed_begin();
    cJSON *value = cJSON_Parse("{\"Name\":\"a\",\"SecretString\":\"" FREED_CANARY "\"}");
    assert_non_null(value);
    char *text = cJSON_PrintUnformatted(value);
    assert_non_null(strstr(text, FREED_CANARY));
    cJSON_free(text);
    cJSON_Delete(value);
    assert_int_equal(freed_with_canary, 0);
}

SM_TEST_MAIN(cmocka_unit_test(values_leave_nothing))
