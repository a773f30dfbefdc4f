/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_secret_id.c - one secret, however it is spelled. */
#include "tests/lib/sm_test.h"

#include "keeper/secret_id.h"

#define PARTIAL     "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/orders/db"
#define ARN         PARTIAL "-aB3dE6"
#define OTHER_PLACE "arn:aws:secretsmanager:us-west-2:123456789012:secret:prod/orders/db"

static void knows_one_secret_by_its_names(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"prod/orders/db", "prod/orders/db", true},
        {"prod/orders/db", ARN, true},
        {ARN, "prod/orders/db", true},
        {ARN, ARN, true},
        {PARTIAL, ARN, true},
        {ARN, PARTIAL, true},
        {PARTIAL, PARTIAL, true},
        {PARTIAL, "prod/orders/db", true},
        {PARTIAL "-xxxxxx", ARN, false},
        {PARTIAL "2", ARN, false},
        {OTHER_PLACE, ARN, false},
        {"prod/orders/db-aB3dE6", ARN, true},
        {"prod/orders", ARN, false},
        {"prod/orders/d", ARN, false},
        {"prod/orders/db-aB3dE", ARN, false},
        {"prod/orders/db", "prod/orders/db2", false},
        {"", ARN, false},
        {"prod/orders/db", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(secret_id_same(rows[i].a, rows[i].b), rows[i].same);
}

SM_TEST_MAIN(cmocka_unit_test(knows_one_secret_by_its_names))
