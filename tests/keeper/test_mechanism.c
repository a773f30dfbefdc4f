/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_mechanism.c - each method answers as its servers want it, by vectors that other
 * implementations made, and leaves nothing of the password behind.
 */
#include "tests/lib/stack.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
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
    /* Python's integers, by RFC 8032 but for the key; equal to it where a password has 32 bytes */
    {INDEX_MYSQL, "client_ed25519", 32,
     "18df01aab828f8d50836ba75709713aed227335df8e186439185c06c917a2a7d"
     "3771ab76e307cfa3b6b89ef1a6682d6681ddf11884870e5de13e793fb955eeeb"
     "c75600302bd1ed32375e47c80ebb0652278f9313b26d8546f7872d4925820d27",
     "5faea2c7d688d70eeb9c7d991f240453bda858f251ad46b19c76acb58144e1ea"
     "3e96a6cfdcd582bd2e5611eb066fe863b238f966c5cda0ea8accc27c5bec0309"},
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
    assert_null(mechanism_objection(mechanism, &question));
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

/* hashlib's pbkdf2_hmac() of "pencil", its RFC 8032 public key. */
static const char parsec_key[] = "3904e3a4df974d2835b31da19adb002803d9d32243b85579f7fd16aa4c6d6f81";
static const char parsec_public[] =
    "92288d3aededf2d2fa4cd54254611ec776b5adbda2c1eb35ad631148dea014df";

static struct mechanism_question parsec_question(uint32_t iterations, size_t message_len)
{
    return (struct mechanism_question){.salt = sm_bytes(nonce(), 18),
                                       .iterations = iterations,
                                       .message = sm_bytes(nonce(), message_len)};
}

static void *answer_parsec(void *arg)
{
    const struct mechanism *parsec = mechanism_find(INDEX_MYSQL, "parsec");
    struct mechanism_question question = parsec_question(1024, 32);
    struct sm_snapshot *snapshot = world_snapshot("v1", "user", PASSWORD);
    struct sm_bytes key;
    (void)arg;
    assert_null(mechanism_objection(parsec, &question));
    assert_int_equal(proof_key(proofs, snapshot, parsec, &question, &key), SMCRED_OK);
    assert_int_equal(parsec->answer(key, &question, said, &said_len), SMCRED_OK);
    sm_snapshot_unref(snapshot);
    return NULL;
}

/* As a server does: theirs and ours, by the public key that it has. */
static void parsec_signs_both_scrambles(void **state)
{
    (void)state;
    uint8_t public_key[32], both[64], first[32];
    (void)from_hex(parsec_public, public_key);
    (void)answer_parsec(NULL);
    assert_int_equal(said_len, 96);
    memcpy(both, nonce(), 32);
    memcpy(both + 32, said, 32);
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestVerify(ctx, said + 32, 64, both, sizeof both), 1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    memcpy(first, said, sizeof first);
    (void)answer_parsec(NULL);
    assert_memory_not_equal(said, first, sizeof first); /* ours is another each time */
}

static void parsecs_key_is_kept_per_salt_and_not_on_the_stack(void **state)
{
    (void)state;
    uint8_t key[32];
    struct sm_bytes other;
    const struct mechanism *parsec = mechanism_find(INDEX_MYSQL, "parsec");
    struct mechanism_question question = parsec_question(2048, 32);
    struct sm_snapshot *snapshot = world_snapshot("v1", "user", PASSWORD);
    (void)answer_parsec(NULL);
    (void)answer_parsec(NULL);
    assert_int_equal(proofs_count(proofs), 1);
    assert_int_equal(proof_key(proofs, snapshot, parsec, &question, &other), SMCRED_OK);
    assert_int_equal(proofs_count(proofs), 2);
    proofs_revoke(proofs, snapshot->arn, NULL);
    sm_snapshot_unref(snapshot);
    if (!stack_is_seen())
        skip();
    assert_false(stack_keeps(sm_bytes(key, from_hex(parsec_key, key)), answer_parsec, NULL));
}

static void parsec_is_not_cheap_and_signs_scrambles_alone(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 1023, 1025, 3072, 16384, UINT32_MAX};
    const struct mechanism *parsec = mechanism_find(INDEX_MYSQL, "parsec");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct mechanism_question question = parsec_question(counts[i], 32);
        assert_non_null(mechanism_objection(parsec, &question));
    }
    for (size_t len = 0; len < 64; len++) {
        struct mechanism_question question = parsec_question(8192, len);
        assert_int_equal(mechanism_objection(parsec, &question) == NULL, len == 32);
    }
}

static EVP_PKEY *server_key;

static void *answer_rsa(void *arg)
{
    const struct mechanism *full = mechanism_find(INDEX_MYSQL, "caching_sha2_password:full");
    struct mechanism_question question = {.salt = sm_bytes(nonce(), 20), .server_key = server_key};
    assert_int_equal(full->key_len, 0);
    assert_int_equal(full->answer(sm_bytes_of(arg), &question, said, &said_len), SMCRED_OK);
    return NULL;
}

/* As a server does, with its private key. */
static void the_password_is_under_the_servers_key(void **state)
{
    (void)state;
    uint8_t text[256];
    size_t len = sizeof text;
    char password[] = PASSWORD " that is longer than a nonce";
    char long_one[256 - 42 + 1];
    server_key = EVP_RSA_gen(2048);
    (void)answer_rsa(password);
    assert_int_equal(said_len, 256);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(server_key, NULL);
    assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_decrypt(ctx, text, &len, said, said_len), 1);
    EVP_PKEY_CTX_free(ctx);
    for (size_t i = 0; i < len; i++)
        text[i] ^= nonce()[i % 20];
    assert_int_equal(len, sizeof password);
    assert_memory_equal(text, password, len); /* the NUL too */
    memset(long_one, 'x', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    struct mechanism_question question = {.salt = sm_bytes(nonce(), 20), .server_key = server_key};
    assert_int_equal(mechanism_find(INDEX_MYSQL, "sha256_password")
                         ->answer(sm_bytes_of(long_one), &question, said, &said_len),
                     SMCRED_TOO_LARGE);
    EVP_PKEY_free(server_key);
}

static void a_salt_of_another_length_is_not_answered(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct mechanism *mechanism = mechanism_find(vectors[i].engine, vectors[i].name);
        for (size_t len = 0; len < 64; len++) {
            struct mechanism_question question = {.salt = sm_bytes(nonce(), len)};
            assert_int_equal(mechanism_objection(mechanism, &question) == NULL,
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
             TEST(keys_are_not_left_on_the_stack), TEST(a_salt_of_another_length_is_not_answered),
             TEST(an_engine_has_its_own_methods_alone), TEST(parsec_signs_both_scrambles),
             TEST(parsecs_key_is_kept_per_salt_and_not_on_the_stack),
             TEST(parsec_is_not_cheap_and_signs_scrambles_alone),
             TEST(the_password_is_under_the_servers_key))
