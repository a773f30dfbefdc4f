/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_envelope.c - what is sealed opens in its own place, unchanged, or not at all. */
#include "tests/lib/sm_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "server/envelope.h"

struct keys {
    struct sm_vault *vault;
    struct sm_secret *master, *plain;
};

static int make_keys(void **state)
{
    static struct keys keys;
    assert_int_equal(sm_vault_new(&keys.vault), SMCRED_OK);
    assert_int_equal(
        sm_secret_new(keys.vault, sm_bytes("0123456789abcdef0123456789abcdef", 32), &keys.master),
        SMCRED_OK);
    assert_int_equal(sm_secret_new(keys.vault, sm_bytes_of("hunter2hunter2"), &keys.plain),
                     SMCRED_OK);
    *state = &keys;
    return 0;
}

static int free_keys(void **state)
{
    struct keys *keys = *state;
    sm_secret_free(keys->master);
    sm_secret_free(keys->plain);
    sm_vault_free(keys->vault);
    return 0;
}

static uint8_t *seal(struct keys *keys, size_t *out_len)
{
    uint8_t *sealed = NULL;
    assert_int_equal(
        server_seal(keys->vault, keys->master, sm_bytes_of("here"), keys->plain, &sealed, out_len),
        SMCRED_OK);
    return sealed;
}

static void opens_what_it_sealed(void **state)
{
    struct keys *keys = *state;
    struct sm_secret *plain;
    size_t len;
    uint8_t *sealed = seal(keys, &len);
    assert_int_equal(len, 14 + SERVER_SEALED_OVERHEAD);
    assert_null(memmem(sealed, len, "hunter2", 7));
    assert_int_equal(server_unseal(keys->vault, keys->master, sm_bytes_of("here"),
                                   sm_bytes(sealed, len), &plain),
                     SMCRED_OK);
    assert_true(sm_secret_equal(plain, sm_bytes_of("hunter2hunter2")));
    sm_secret_free(plain);
    free(sealed);
}

static void refuses_every_changed_or_missing_byte(void **state)
{
    struct keys *keys = *state;
    struct sm_secret *plain = NULL;
    size_t len;
    uint8_t *sealed = seal(keys, &len);
    for (size_t i = 0; i < len; i++) {
        sealed[i] ^= 1;
        assert_int_equal(server_unseal(keys->vault, keys->master, sm_bytes_of("here"),
                                       sm_bytes(sealed, len), &plain),
                         SMCRED_INVALID);
        sealed[i] ^= 1;
        assert_int_equal(server_unseal(keys->vault, keys->master, sm_bytes_of("here"),
                                       sm_bytes(sealed, i), &plain),
                         SMCRED_INVALID);
    }
    assert_null(plain);
    free(sealed);
}

static void refuses_another_place_and_another_master_key(void **state)
{
    struct keys *keys = *state;
    struct sm_secret *other, *plain = NULL;
    size_t len;
    uint8_t *sealed = seal(keys, &len);
    assert_int_equal(server_unseal(keys->vault, keys->master, sm_bytes_of("there"),
                                   sm_bytes(sealed, len), &plain),
                     SMCRED_INVALID);
    assert_int_equal(
        sm_secret_new(keys->vault, sm_bytes("0123456789abcdef0123456789abcdeF", 32), &other),
        SMCRED_OK);
    assert_int_equal(
        server_unseal(keys->vault, other, sm_bytes_of("here"), sm_bytes(sealed, len), &plain),
        SMCRED_INVALID);
    sm_secret_free(other);
    free(sealed);
}

static void never_seals_twice_alike(void **state)
{
    struct keys *keys = *state;
    size_t len;
    uint8_t *one = seal(keys, &len), *two = seal(keys, &len);
    assert_memory_not_equal(one + 1, two + 1, 12);
    assert_memory_not_equal(one + 13, two + 13, len - 13);
    free(one);
    free(two);
}

static void reads_a_master_key_only_its_owner_can_read(void **state)
{
    struct keys *keys = *state;
    struct sm_secret *key = NULL;
    struct sm_error err;
    char directory[] = "/tmp/test_envelope.XXXXXX", path[64], link[64];
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/key", directory);
    (void)snprintf(link, sizeof link, "%s/link", directory);
    assert_int_equal(server_master_create(path, &err), SMCRED_OK);
    assert_int_equal(server_master_create(path, &err), SMCRED_SYSTEM);
    assert_int_equal(server_master_read(keys->vault, path, &key, &err), SMCRED_OK);
    assert_int_equal(sm_secret_view(key).len, 32);
    sm_secret_free(key);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(server_master_read(keys->vault, path, &key, &err), SMCRED_DENIED);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(server_master_read(keys->vault, link, &key, &err), SMCRED_SYSTEM);
    assert_int_equal(truncate(path, 39), 0);
    assert_int_equal(server_master_read(keys->vault, path, &key, &err), SMCRED_INVALID);
    (void)unlink(link);
    (void)unlink(path);
    (void)rmdir(directory);
}

#define ENVELOPE_TEST(test) cmocka_unit_test_setup_teardown(test, make_keys, free_keys)
SM_TEST_MAIN(ENVELOPE_TEST(opens_what_it_sealed),
             ENVELOPE_TEST(refuses_every_changed_or_missing_byte),
             ENVELOPE_TEST(refuses_another_place_and_another_master_key),
             ENVELOPE_TEST(never_seals_twice_alike),
             ENVELOPE_TEST(reads_a_master_key_only_its_owner_can_read))
