/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_scram.c - the published vectors, and the bounds. */
#include "tests/lib/sm_test.h"

#include <openssl/evp.h>

#include "keeper/scram.h"
#include "tests/lib/stack.h"

/* RFC 7677, section 3 */
#define RFC_NONCE "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define RFC_SALT  "W22ZaJ0SNY7soEsUEjb6gQ=="
#define RFC_AUTH_MESSAGE                                                                           \
    "n=user,r=rOprNGfwEbeRWgbNEkqO,r=" RFC_NONCE ",s=" RFC_SALT ",i=4096,c=biws,r=" RFC_NONCE
#define RFC_PROOF            "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define RFC_SERVER_SIGNATURE "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static struct sm_vault *vault;

static int setup(void **state)
{
    (void)state;
    return sm_vault_new(&vault) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    sm_vault_free(vault);
    return 0;
}

static struct sm_secret *secret_of(const char *text)
{
    struct sm_secret *secret;
    assert_int_equal(sm_secret_new(vault, sm_bytes_of(text), &secret), SMCRED_OK);
    return secret;
}

static size_t decode(const char *base64, uint8_t *out)
{
    size_t len = strlen(base64);
    int decoded = EVP_DecodeBlock(out, (const uint8_t *)base64, (int)len);
    assert_true(decoded > 0);
    for (; len > 0 && base64[len - 1] == '='; len--)
        decoded--;
    return (size_t)decoded;
}

static void answers_the_vector_of_rfc_7677(void **state)
{
    (void)state;
    uint8_t salt[48], wanted[48], proof[SCRAM_HASH_SIZE], signature[SCRAM_HASH_SIZE];
    struct sm_secret *password = secret_of("pencil"), *keys;
    struct sm_bytes salt_bytes = sm_bytes(salt, decode(RFC_SALT, salt));
    struct sm_error err;
    assert_int_equal(
        scram_check(salt_bytes, 4096, sm_bytes_of(RFC_AUTH_MESSAGE), SCRAM_ITERATIONS_MIN, &err),
        SMCRED_OK);
    assert_int_equal(scram_derive(vault, password, salt_bytes, 4096, &keys), SMCRED_OK);
    assert_int_equal(scram_sign(keys, sm_bytes_of(RFC_AUTH_MESSAGE), proof, signature), SMCRED_OK);
    assert_int_equal(decode(RFC_PROOF, wanted), SCRAM_HASH_SIZE);
    assert_memory_equal(proof, wanted, SCRAM_HASH_SIZE);
    assert_int_equal(decode(RFC_SERVER_SIGNATURE, wanted), SCRAM_HASH_SIZE);
    assert_memory_equal(signature, wanted, SCRAM_HASH_SIZE);
    sm_secret_free(password);
    sm_secret_free(keys);
}

static void other_passwords_give_other_proofs(void **state)
{
    (void)state;
    uint8_t wanted[48], proof[SCRAM_HASH_SIZE], signature[SCRAM_HASH_SIZE];
    struct sm_secret *password = secret_of("pencil "), *keys;
    uint8_t salt[48];
    struct sm_bytes salt_bytes = sm_bytes(salt, decode(RFC_SALT, salt));
    assert_int_equal(scram_derive(vault, password, salt_bytes, 4096, &keys), SMCRED_OK);
    assert_int_equal(scram_sign(keys, sm_bytes_of(RFC_AUTH_MESSAGE), proof, signature), SMCRED_OK);
    (void)decode(RFC_PROOF, wanted);
    assert_memory_not_equal(proof, wanted, SCRAM_HASH_SIZE);
    sm_secret_free(password);
    sm_secret_free(keys);
}

static enum smcred_status check(size_t salt_len, uint32_t iterations, size_t message_len,
                                uint32_t iterations_min, struct sm_error *err)
{
    static const uint8_t zeroes[ORC_AUTH_MESSAGE_MAX + 1];
    return scram_check(sm_bytes(zeroes, salt_len), iterations, sm_bytes(zeroes, message_len),
                       iterations_min, err);
}

static void absurd_challenges_are_refused(void **state)
{
    (void)state;
    struct sm_error err;
    assert_int_equal(check(16, 4096, 100, 4096, &err), SMCRED_OK);
    assert_int_equal(check(16, 1000000, 100, 4096, &err), SMCRED_OK);
    assert_int_equal(check(16, 1, 100, 1, &err), SMCRED_OK);
    assert_int_equal(check(1, 4096, 1, 4096, &err), SMCRED_OK);
    assert_int_equal(check(ORC_SALT_MAX, 4096, ORC_AUTH_MESSAGE_MAX, 4096, &err), SMCRED_OK);

    assert_int_equal(check(16, 4095, 100, 4096, &err), SMCRED_INVALID);
    assert_non_null(strstr(err.text, "4095 SCRAM iterations"));
    assert_int_equal(check(16, 1, 100, 4096, &err), SMCRED_INVALID);
    assert_int_equal(check(16, 0, 100, 0, &err), SMCRED_INVALID);
    assert_int_equal(check(16, 1000001, 100, 4096, &err), SMCRED_INVALID);
    assert_int_equal(check(16, UINT32_MAX, 100, 4096, &err), SMCRED_INVALID);
    assert_int_equal(check(0, 4096, 100, 4096, &err), SMCRED_INVALID);
    assert_int_equal(check(ORC_SALT_MAX + 1, 4096, 100, 4096, &err), SMCRED_INVALID);
    assert_int_equal(check(16, 4096, 0, 4096, &err), SMCRED_INVALID);
    assert_int_equal(check(16, 4096, ORC_AUTH_MESSAGE_MAX + 1, 4096, &err), SMCRED_INVALID);
}

static void keys_leave_nothing_behind(void **state)
{
    (void)state;
    struct sm_secret *password = secret_of("pencil"), *keys;
    assert_int_equal(scram_derive(vault, password, sm_bytes_of("salt"), 4096, &keys), SMCRED_OK);
    const uint8_t *where = sm_secret_view(keys).data;
    sm_secret_free(keys);
    sm_secret_free(password);
    for (size_t i = 0; i < 2 * SCRAM_HASH_SIZE; i++)
        assert_int_equal(where[i], 0);
}

#define SALT "stack-salt"

static void *derive(void *arg)
{
    struct sm_secret *keys;
    assert_int_equal(scram_derive(vault, arg, sm_bytes_of(SALT), 4096, &keys), SMCRED_OK);
    sm_secret_free(keys);
    return NULL;
}

static void the_salted_password_is_not_left_on_the_stack(void **state)
{
    (void)state;
    uint8_t salted[SCRAM_HASH_SIZE];
    if (!stack_is_seen())
        skip();
    struct sm_secret *password = secret_of("pencil");
    assert_int_equal(PKCS5_PBKDF2_HMAC("pencil", 6, (const uint8_t *)SALT, (int)strlen(SALT), 4096,
                                       EVP_sha256(), sizeof salted, salted),
                     1);
    assert_false(stack_keeps(sm_bytes(salted, sizeof salted), derive, password));
    sm_secret_free(password);
}

static uint8_t signed_proof[SCRAM_HASH_SIZE], signed_signature[SCRAM_HASH_SIZE];

static void *sign(void *arg)
{
    assert_int_equal(scram_sign(arg, sm_bytes_of("message"), signed_proof, signed_signature),
                     SMCRED_OK);
    return NULL;
}

/* The ClientSignature, which with the proof gives the ClientKey away. */
static void the_signature_is_not_left_on_the_stack(void **state)
{
    (void)state;
    uint8_t signature[SCRAM_HASH_SIZE];
    if (!stack_is_seen())
        skip();
    struct sm_secret *password = secret_of("pencil"), *keys;
    assert_int_equal(scram_derive(vault, password, sm_bytes_of(SALT), 4096, &keys), SMCRED_OK);
    (void)sign(keys);
    const uint8_t *client_key = sm_secret_view(keys).data;
    for (size_t i = 0; i < sizeof signature; i++)
        signature[i] = client_key[i] ^ signed_proof[i];
    assert_false(stack_keeps(sm_bytes(signature, sizeof signature), sign, keys));
    sm_secret_free(keys);
    sm_secret_free(password);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(answers_the_vector_of_rfc_7677), TEST(other_passwords_give_other_proofs),
             TEST(absurd_challenges_are_refused), TEST(keys_leave_nothing_behind),
             TEST(the_salted_password_is_not_left_on_the_stack),
             TEST(the_signature_is_not_left_on_the_stack))
