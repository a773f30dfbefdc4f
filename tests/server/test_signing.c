/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_signing.c - a remembered signing key serves its own sealed key, day, region and service. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "server/signing.h"

static const struct sigv4_scope scope = {"20261121T000000Z", "us-east-1", "secretsmanager"};

struct fixture {
    struct sm_vault *vault;
    struct server_signing *signing;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    assert_int_equal(sm_vault_new(&fixture.vault), SMCRED_OK);
    fixture.signing = server_signing_new();
    assert_non_null(fixture.signing);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    server_signing_free(f->signing);
    sm_vault_free(f->vault); /* aborts if a key is left in it */
    return 0;
}

static const struct sm_secret *put(struct fixture *f, const char *sealed)
{
    struct sm_secret *key;
    assert_int_equal(sm_secret_new(f->vault, sm_bytes_of(sealed), &key), SMCRED_OK);
    return server_signing_put(f->signing, sm_bytes_of(sealed), &scope, key);
}

static void finds_a_key_all_day(void **state)
{
    struct fixture *f = *state;
    const struct sm_secret *key = put(f, "sealed");
    struct sigv4_scope later = scope;
    memcpy(later.date, "20261121T235959Z", SIGV4_DATE_LEN);
    assert_ptr_equal(server_signing_find(f->signing, sm_bytes_of("sealed"), &scope), key);
    assert_ptr_equal(server_signing_find(f->signing, sm_bytes_of("sealed"), &later), key);
}

static void knows_its_scope_and_seal(void **state)
{
    struct fixture *f = *state;
    static const struct sigv4_scope others[] = {{"20261122T000000Z", "us-east-1", "secretsmanager"},
                                                {"20261121T000000Z", "us-east-2", "secretsmanager"},
                                                {"20261121T000000Z", "us-east-1", "ssm"}};
    (void)put(f, "sealed");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_null(server_signing_find(f->signing, sm_bytes_of("sealed"), &others[i]));
    assert_null(server_signing_find(f->signing, sm_bytes_of("sealed anew"), &scope));
    assert_null(server_signing_find(f->signing, sm_bytes_of("seale"), &scope));
}

static void forgets_the_oldest(void **state)
{
    struct fixture *f = *state;
    char name[32];
    (void)put(f, "first");
    for (unsigned i = 1; i < SERVER_SIGNING_KEYS; i++) {
        (void)snprintf(name, sizeof name, "key %u", i);
        (void)put(f, name);
    }
    assert_non_null(server_signing_find(f->signing, sm_bytes_of("first"), &scope));
    (void)put(f, "one more");
    assert_null(server_signing_find(f->signing, sm_bytes_of("first"), &scope));
    assert_non_null(server_signing_find(f->signing, sm_bytes_of("key 1"), &scope));
}

static void leaves_out_what_is_too_long_to_compare(void **state)
{
    struct fixture *f = *state;
    static char sealed[1000];
    memset(sealed, 'x', sizeof sealed - 1);
    assert_non_null(put(f, sealed));
    assert_null(server_signing_find(f->signing, sm_bytes_of(sealed), &scope));
}

SM_TEST_MAIN(cmocka_unit_test_setup_teardown(finds_a_key_all_day, set_up, tear_down),
             cmocka_unit_test_setup_teardown(knows_its_scope_and_seal, set_up, tear_down),
             cmocka_unit_test_setup_teardown(forgets_the_oldest, set_up, tear_down),
             cmocka_unit_test_setup_teardown(leaves_out_what_is_too_long_to_compare, set_up,
                                             tear_down))
