/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_mechanism.c - each method answers as its servers want it, by vectors that other
 * implementations made, and leaves nothing of the password behind.
 */
#include "tests/lib/stack.h"

#include <stdio.h>

#include "common/index.h"
#include "keeper/mechanism.h"
#include "keeper/proof.h"
#include "tests/keeper/world.h"

#define PASSWORD "pencil"

/* Nonces count from 1; md5's answer is text, and the rest is in hex. */
static struct vector {
    enum index_engine engine;
    const char *name;
    size_t salt_len;
    const char *key; /* in hex: must not be left anywhere */
    const char *answer;
} vectors[] = {
    /* md5sum */
    {INDEX_POSTGRES, "md5", 4, "3230633436653337363263383634353438653239366233336333343036616139",
     "6d64353433373665623639313362333866396161666633386463376366313963613736"},
    /* hashlib, by the formulas of MySQL's documentation */
    {INDEX_MYSQL, "mysql_native_password", 20, "d2fc512490a15036460b5489401439d6da5407fa",
     "cf61fc4b84338d2884baac2131c29caedc133246"},
    {INDEX_MYSQL, "caching_sha2_password", 20,
     "13809668fb436386706f67dcb052ed584a04ba16a8c02a17d66d34c30fceda21",
     "804b188f4565dae5617113370e156183c91cfef6dd4714585f8d465f2150b271"},
};

static struct proofs *proofs;
static uint8_t said[MECHANISM_ANSWER_MAX];
static size_t said_len;

static int setup(void **state)
{
    (void)state;
    world_begin(1, 100);
    struct proofs_options options = {.workers = world.workers, .vault = world.vault};
    return proofs_new(&options, &proofs) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    world_stop_workers();
    proofs_free(proofs);
    world_end(); /* the vault checks that no key is left */
    return 0;
}

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++)
        assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &out[i]), 1);
    return len;
}

static const uint8_t *nonce(void)
{
    static uint8_t bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i + 1);
    return bytes;
}

/* With the key that is kept, as the sessions do it. */
static void *answer(void *arg)
{
    const struct vector *vector = arg;
    const struct mechanism *mechanism = mechanism_find(vector->engine, vector->name);
    struct mechanism_question question = {.salt = sm_bytes(nonce(), vector->salt_len)};
    struct sm_snapshot *snapshot = world_snapshot("v1", "user", PASSWORD);
    struct sm_bytes key;
    assert_non_null(mechanism);
    assert_null(mechanism_flaw(mechanism, &question));
    assert_int_equal(proof_key(proofs, snapshot, mechanism, &question, &key), SMCRED_OK);
    assert_int_equal(mechanism->answer(key, &question, said, &said_len), SMCRED_OK);
    sm_snapshot_unref(snapshot);
    return NULL;
}

static void answers_are_those_of_other_implementations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t expected[MECHANISM_ANSWER_MAX];
        size_t len = from_hex(vectors[i].answer, expected);
        (void)answer(&vectors[i]);
        assert_int_equal(said_len, len);
        assert_memory_equal(said, expected, len);
    }
}

static void a_key_is_made_once_per_version_and_method(void **state)
{
    (void)state;
    struct sm_snapshot *one = world_snapshot("v1", "user", PASSWORD);
    struct sm_snapshot *two = world_snapshot("v2", "user", PASSWORD);
    const struct mechanism *native = mechanism_find(INDEX_MYSQL, "mysql_native_password");
    const struct mechanism *sha2 = mechanism_find(INDEX_MYSQL, "caching_sha2_password");
    struct mechanism_question question = {.salt = sm_bytes(nonce(), 20)};
    struct sm_bytes first, again;
    assert_int_equal(proof_key(proofs, one, native, &question, &first), SMCRED_OK);
    question.salt = sm_bytes(nonce() + 1, 20);
    assert_int_equal(proof_key(proofs, one, native, &question, &again), SMCRED_OK);
    assert_ptr_equal(first.data, again.data);
    assert_int_equal(proofs_count(proofs), 1);
    assert_int_equal(proof_key(proofs, two, native, &question, &again), SMCRED_OK);
    assert_int_equal(proof_key(proofs, two, sha2, &question, &again), SMCRED_OK);
    assert_int_equal(proofs_count(proofs), 3);
    proofs_revoke(proofs, one->arn, "v1");
    assert_int_equal(proofs_count(proofs), 2);
    proofs_revoke(proofs, one->arn, NULL);
    assert_int_equal(proofs_count(proofs), 0);
    sm_snapshot_unref(one);
    sm_snapshot_unref(two);
}

static void no_password_is_no_key(void **state)
{
    (void)state;
    struct sm_snapshot *snapshot = world_snapshot("v1", "user", NULL);
    struct mechanism_question question = {.salt = sm_bytes(nonce(), 20)};
    struct sm_bytes key;
    assert_int_equal(proof_key(proofs, snapshot,
                               mechanism_find(INDEX_MYSQL, "mysql_native_password"), &question,
                               &key),
                     SMCRED_INVALID);
    sm_snapshot_unref(snapshot);
}

static void keys_are_not_left_on_the_stack(void **state)
{
    (void)state;
    if (!stack_is_seen())
        skip();
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t key[MECHANISM_KEY_MAX];
        size_t len = from_hex(vectors[i].key, key);
        assert_false(stack_keeps(sm_bytes(key, len), answer, &vectors[i]));
        explicit_bzero(key, sizeof key);
    }
}

static void a_salt_of_another_length_is_a_flaw(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct mechanism *mechanism = mechanism_find(vectors[i].engine, vectors[i].name);
        for (size_t len = 0; len < 64; len++) {
            struct mechanism_question question = {.salt = sm_bytes(nonce(), len)};
            assert_int_equal(mechanism_flaw(mechanism, &question) == NULL,
                             len == vectors[i].salt_len);
        }
    }
}

static void an_engine_has_its_own_methods_alone(void **state)
{
    (void)state;
    assert_null(mechanism_find(INDEX_MYSQL, "md5"));
    assert_null(mechanism_find(INDEX_POSTGRES, "mysql_native_password"));
    assert_null(mechanism_find(INDEX_MYSQL, ""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(answers_are_those_of_other_implementations),
             TEST(a_key_is_made_once_per_version_and_method), TEST(no_password_is_no_key),
             TEST(keys_are_not_left_on_the_stack), TEST(a_salt_of_another_length_is_a_flaw),
             TEST(an_engine_has_its_own_methods_alone))
