/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_snapshot.c - a snapshot is a copy, and the last one out wipes it. */
#include "tests/lib/sm_test.h"

#include "common/snapshot.h"

static void copies_texts_and_takes_secrets(void **state)
{
    (void)state;
    struct sm_vault *vault;
    struct sm_snapshot *snapshot;
    char username[] = "app";
    assert_int_equal(sm_vault_new(&vault), SMCRED_OK);
    struct sm_snapshot from = {
        .name = "prod/orders/db", .version_id = "v1", .username = username, .port = 5432};
    assert_int_equal(sm_secret_new(vault, sm_bytes_of("hunter2"), &from.password), SMCRED_OK);
    assert_int_equal(sm_snapshot_new(&from, &snapshot), SMCRED_OK);
    username[0] = 'X';
    assert_string_equal(snapshot->name, "prod/orders/db");
    assert_string_equal(snapshot->username, "app");
    assert_string_equal(snapshot->host, ""); /* NULL becomes "" */
    assert_string_equal(snapshot->arn, "");
    assert_int_equal(snapshot->port, 5432);
    assert_ptr_equal(snapshot->password, from.password);
    sm_snapshot_unref(snapshot);
    sm_vault_free(vault); /* asserts that the password went with it */
}

static void the_last_one_out_wipes(void **state)
{
    (void)state;
    struct sm_vault *vault;
    struct sm_snapshot *snapshot;
    assert_int_equal(sm_vault_new(&vault), SMCRED_OK);
    struct sm_snapshot from = {.version_id = "v1"};
    assert_int_equal(sm_secret_new(vault, sm_bytes_of("hunter2"), &from.password), SMCRED_OK);
    const char *where = sm_secret_view(from.password).data; /* the page stays mapped */
    assert_int_equal(sm_snapshot_new(&from, &snapshot), SMCRED_OK);
    assert_ptr_equal(sm_snapshot_ref(snapshot), snapshot);
    sm_snapshot_unref(snapshot);
    assert_string_equal(where, "hunter2");
    errno = ERANGE;
    sm_snapshot_unref(snapshot);
    assert_int_equal(errno, ERANGE);
    for (size_t i = 0; i < sizeof "hunter2"; i++)
        assert_int_equal(where[i], 0);
    sm_snapshot_unref(NULL);
    sm_vault_free(vault);
}

SM_TEST_MAIN(cmocka_unit_test(copies_texts_and_takes_secrets),
             cmocka_unit_test(the_last_one_out_wipes))
