/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_secret.c - a secret keeps its bytes while it lives and leaves none behind. */
#include "tests/lib/sm_test.h"

#include <stdio.h>
#include <sys/resource.h>

#include "common/secret.h"

static struct sm_vault *new_vault(void)
{
    struct sm_vault *vault;
    assert_int_equal(sm_vault_new(&vault), SMCRED_OK);
    return vault;
}

static void holds_any_bytes(void **state)
{
    (void)state;
    static const char value[] = "a\0b\xff";
    struct sm_vault *vault = new_vault();
    struct sm_secret *secret;
    assert_int_equal(sm_secret_new(vault, sm_bytes(value, 4), &secret), SMCRED_OK);
    struct sm_bytes view = sm_secret_view(secret);
    assert_int_equal(view.len, 4);
    assert_memory_equal(view.data, value, 4);
    assert_int_equal(((const char *)view.data)[4], 0);
    assert_true(sm_secret_equal(secret, sm_bytes(value, 4)));
    assert_false(sm_secret_equal(secret, sm_bytes(value, 3)));
    assert_false(sm_secret_equal(secret, sm_bytes("a\0b\xfe", 4)));
    sm_secret_free(secret);
    sm_vault_free(vault);
}

static void leaves_nothing_behind(void **state)
{
    (void)state;
    struct sm_vault *vault = new_vault();
    struct sm_secret *secret;
    assert_int_equal(sm_secret_new(vault, sm_bytes_of("correct horse battery"), &secret),
                     SMCRED_OK);
    const unsigned char *where = sm_secret_view(secret).data; /* the page stays mapped */
    sm_secret_free(secret);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(where[i], 0);
    sm_vault_free(vault);
}

static void takes_the_largest_and_refuses_more(void **state)
{
    (void)state;
    static char value[SM_SECRET_MAX + 1];
    struct sm_vault *vault = new_vault();
    struct sm_secret *secret = NULL;
    memset(value, 'x', sizeof value);
    assert_int_equal(sm_secret_new(vault, sm_bytes(value, SM_SECRET_MAX), &secret), SMCRED_OK);
    assert_int_equal(sm_secret_view(secret).len, SM_SECRET_MAX);
    sm_secret_free(secret);
    secret = NULL;
    assert_int_equal(sm_secret_new(vault, sm_bytes(value, sizeof value), &secret),
                     SMCRED_TOO_LARGE);
    assert_null(secret);
    sm_vault_free(vault);
}

static void grows_within_its_room(void **state)
{
    (void)state;
    struct sm_vault *vault = new_vault();
    struct sm_secret *secret;
    assert_int_equal(sm_secret_alloc(vault, 100, &secret), SMCRED_OK);
    size_t room;
    memcpy(sm_secret_room(secret, &room), "one", 3);
    assert_true(room >= 100);
    sm_secret_grow(secret, 3);
    memcpy(sm_secret_room(secret, &room), "two", 3);
    sm_secret_grow(secret, 3);
    assert_true(sm_secret_equal(secret, sm_bytes_of("onetwo")));
    sm_secret_free(secret);
    sm_vault_free(vault);
}

static void a_thousand_fit_in_a_mebibyte(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static struct sm_secret *secrets[COUNT];
    struct sm_vault *vault = new_vault();
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(sm_secret_new(vault, sm_bytes(&i, sizeof i), &secrets[i]), SMCRED_OK);
    assert_true(sm_vault_size(vault) <= 1 << 20);
    for (int i = 0; i < COUNT; i++) {
        assert_true(sm_secret_equal(secrets[i], sm_bytes(&i, sizeof i)));
        sm_secret_free(secrets[i]);
    }
    sm_vault_free(vault);
}

/* True if the mapping around `where` has that flag in /proc/self/smaps. */
static bool has_flag(const void *where, const char *flag)
{
    char line[512];
    bool here = false, found = false;
    FILE *smaps = fopen("/proc/self/smaps", "re");
    assert_non_null(smaps);
    while (fgets(line, sizeof line, smaps)) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2 && strchr(line, '-') < strchr(line, ' '))
            here = (uintptr_t)where >= start && (uintptr_t)where < end;
        else if (here && strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line, flag) != NULL;
    }
    (void)fclose(smaps); /* only read */
    return found;
}

static void pages_are_locked_and_neither_dumped_nor_inherited(void **state)
{
    (void)state;
    struct sm_vault *vaults[2];
    struct rlimit limit;
    assert_int_equal(sm_vault_new(&vaults[0]), SMCRED_OK);
    assert_int_equal(sm_vault_new_locked(&vaults[1]), SMCRED_OK);
    assert_false(sm_vault_hidden(vaults[1]));
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
    for (size_t i = 0; i < 2; i++) {
        struct sm_secret *secret;
        assert_int_equal(sm_secret_new(vaults[i], sm_bytes_of("value"), &secret), SMCRED_OK);
        const void *where = sm_secret_view(secret).data;
        if (!sm_under_valgrind()) {
            assert_true(has_flag(where, " dd"));
            assert_true(has_flag(where, " dc"));
            if (geteuid() == 0 || limit.rlim_cur >= 1 << 20)
                assert_true(has_flag(where, " lo"));
        }
        sm_secret_free(secret);
        sm_vault_free(vaults[i]);
    }
}

SM_TEST_MAIN(cmocka_unit_test(holds_any_bytes), cmocka_unit_test(leaves_nothing_behind),
             cmocka_unit_test(takes_the_largest_and_refuses_more),
             cmocka_unit_test(grows_within_its_room),
             cmocka_unit_test(pages_are_locked_and_neither_dumped_nor_inherited),
             cmocka_unit_test(a_thousand_fit_in_a_mebibyte))
