/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_scram.c - the published conversation is spoken, and no damaged one is believed. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "relay/scram.h"
#include "tests/lib/stack.h"

/* RFC 7677, section 3, but for the user name, which PostgreSQL takes from the startup packet. */
#define NONCE        "rOprNGfwEbeRWgbNEkqO"
#define SERVER_NONCE NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SERVER_FIRST "r=" SERVER_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define SERVER_FINAL "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static struct scram begun(enum scram_binding binding)
{
    static const uint8_t random[SCRAM_NONCE_RAW] = {0};
    struct scram scram;
    scram_begin(&scram, random);
    scram.binding = binding;
    (void)snprintf(scram.nonce, sizeof scram.nonce, "%s", NONCE);
    return scram;
}

static enum smcred_status parse(const char *text)
{
    struct scram scram = begun(SCRAM_BINDING_NONE);
    return scram_challenge_parse(&scram, sm_bytes_of(text));
}

static void speaks_the_published_conversation(void **state)
{
    (void)state;
    struct scram scram = begun(SCRAM_BINDING_NONE);
    char first[128];
    assert_int_equal(scram_write_first(&scram, first, sizeof first), strlen("n,,n=,r=" NONCE));
    assert_string_equal(first, "n,,n=,r=" NONCE);
    assert_int_equal(scram_challenge_parse(&scram, sm_bytes_of(SERVER_FIRST)), SMCRED_OK);
    assert_int_equal(scram.iterations, 4096);
    assert_int_equal(scram.salt_len, 16);
    assert_int_equal(scram.salt[0], 0x5b);
    assert_string_equal(scram.auth_message,
                        "n=,r=" NONCE "," SERVER_FIRST ",c=biws,r=" SERVER_NONCE);
    assert_int_equal(scram.auth_message_len, strlen(scram.auth_message));
}

static void writes_the_proof_behind_the_rest(void **state)
{
    (void)state;
    struct scram scram = begun(SCRAM_BINDING_NOT_OFFERED);
    const uint8_t proof[SCRAM_DIGEST] = {0};
    char final[640];
    assert_int_equal(scram_challenge_parse(&scram, sm_bytes_of(SERVER_FIRST)), SMCRED_OK);
    assert_true(scram_write_final(&scram, sm_bytes(proof, sizeof proof), final, sizeof final) > 0);
    assert_string_equal(final,
                        "c=eSws,r=" SERVER_NONCE ",p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_int_equal(scram_write_final(&scram, sm_bytes(proof, 31), final, sizeof final), 0);
    assert_int_equal(scram_write_final(&scram, sm_bytes(proof, 32), final, 60), 0);
}

static char said[640];

static void *write_final(void *arg)
{
    uint8_t proof[SCRAM_DIGEST];
    memset(proof, 'p', sizeof proof);
    assert_true(scram_write_final(arg, sm_bytes(proof, sizeof proof), said, sizeof said) > 0);
    return NULL;
}

static void the_proof_is_not_left_on_the_stack(void **state)
{
    (void)state;
    struct scram scram = begun(SCRAM_BINDING_NONE);
    assert_int_equal(scram_challenge_parse(&scram, sm_bytes_of(SERVER_FIRST)), SMCRED_OK);
    if (!stack_is_seen())
        skip();
    (void)write_final(&scram);
    char coded[45];
    memcpy(coded, strstr(said, ",p=") + 3, sizeof coded);
    assert_false(stack_keeps(sm_bytes(coded, 44), write_final, &scram));
}

static void binds_the_certificate(void **state)
{
    (void)state;
    struct scram scram = begun(SCRAM_BINDING_CERTIFICATE);
    char first[128];
    memset(scram.certificate_hash, 'h', 64);
    scram.certificate_hash_len = 64;
    assert_true(scram_write_first(&scram, first, sizeof first) > 0);
    assert_string_equal(first, "p=tls-server-end-point,,n=,r=" NONCE);
    assert_int_equal(scram_challenge_parse(&scram, sm_bytes_of(SERVER_FIRST)), SMCRED_OK);
    assert_int_equal(
        strncmp(scram.final_without_proof, "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsaGho", 38), 0);
}

static void wants_its_own_nonce_and_more(void **state)
{
    (void)state;
    assert_int_equal(parse("r=" NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), SMCRED_PROTOCOL);
    assert_int_equal(parse("r=sOprNGfwEbeRWgbNEkqOxyz,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
                     SMCRED_PROTOCOL);
    assert_int_equal(parse("r=rOpr,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), SMCRED_PROTOCOL);
    assert_int_equal(parse("r=" NONCE "\x01,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), SMCRED_PROTOCOL);
    assert_int_equal(parse("r=" NONCE "x y,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), SMCRED_PROTOCOL);
}

static void refuses_malformed_challenges(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "r",
                                      "r=",
                                      "s=W22Z,i=1",
                                      "r=" NONCE "x",
                                      "r=" NONCE "x,s=W22Z",
                                      "r=" NONCE "x,s=,i=1",
                                      "r=" NONCE "x,s=W22,i=1",
                                      "r=" NONCE "x,s=W2==2Z==,i=1",
                                      "r=" NONCE "x,s=W=2Z,i=1",
                                      "r=" NONCE "x,s=W22Z W22Z,i=1",
                                      "r=" NONCE "x,s=W22Z,i=",
                                      "r=" NONCE "x,s=W22Z,i=0",
                                      "r=" NONCE "x,s=W22Z,i=-1",
                                      "r=" NONCE "x,s=W22Z,i=+1",
                                      "r=" NONCE "x,s=W22Z,i=4294967296",
                                      "r=" NONCE "x,s=W22Z,i=99999999999999999999",
                                      "r=" NONCE "x,s=W22Z,i=1,x",
                                      "r=" NONCE "x,i=1,s=W22Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(parse(bad[i]), SMCRED_PROTOCOL);
    assert_int_equal(parse("m=ext,r=" NONCE "x,s=W22Z,i=1"), SMCRED_UNSUPPORTED);
}

static void passes_large_counts_on_and_ignores_extensions(void **state)
{
    (void)state;
    struct scram scram = begun(SCRAM_BINDING_NONE);
    assert_int_equal(
        scram_challenge_parse(&scram, sm_bytes_of("r=" NONCE "x,s=W22Z,i=4294967295,z=later")),
        SMCRED_OK);
    assert_int_equal(scram.iterations, 4294967295u);
}

static void bounds_what_a_server_may_send(void **state)
{
    (void)state;
    char text[SCRAM_FIRST_MAX + 64];
    struct scram scram = begun(SCRAM_BINDING_NONE);
    memset(text, 'x', sizeof text);
    memcpy(text, "r=" NONCE, strlen("r=" NONCE));
    memcpy(text + sizeof text - 13, ",s=W22Z,i=100", 13);
    assert_int_equal(scram_challenge_parse(&scram, sm_bytes(text, sizeof text)), SMCRED_TOO_LARGE);
    /* A nonce that fits the message, but not the answer. */
    memcpy(text + 900, ",s=W22Z,i=100", 13);
    assert_int_equal(scram_challenge_parse(&scram, sm_bytes(text, 913)), SMCRED_TOO_LARGE);
    /* A salt over the keeper's maximum: 344 characters are 257 bytes. */
    char salted[512] = "r=" NONCE "x,s=";
    size_t len = strlen(salted);
    memset(salted + len, 'A', 344);
    memcpy(salted + len + 344, ",i=1", 5);
    assert_int_equal(scram_challenge_parse(&scram, sm_bytes_of(salted)), SMCRED_PROTOCOL);
}

static void knows_the_servers_signature(void **state)
{
    (void)state;
    uint8_t signature[32] = {0xea, 0xba, 0xe2, 0x4d, 0x10, 0x62, 0xdb, 0x75, 0xa9, 0x45, 0x1f,
                             0xf0, 0xb6, 0xea, 0x7e, 0x98, 0xc8, 0x54, 0x65, 0x49, 0xff, 0x74,
                             0x1e, 0x67, 0x2d, 0x32, 0x51, 0xb2, 0x39, 0x7d, 0xe4, 0x6e};
    struct sm_bytes right = sm_bytes(signature, sizeof signature);
    assert_int_equal(scram_final_check(sm_bytes_of(SERVER_FINAL), right), SMCRED_OK);
    assert_int_equal(scram_final_check(sm_bytes_of("e=other-error"), right), SMCRED_PROTOCOL);
    assert_int_equal(scram_final_check(sm_bytes_of("v=AAAA"), right), SMCRED_PROTOCOL);
    assert_int_equal(scram_final_check(sm_bytes_of(""), right), SMCRED_PROTOCOL);
    assert_int_equal(scram_final_check(sm_bytes_of(SERVER_FINAL), sm_bytes(signature, 0)),
                     SMCRED_DENIED);
    signature[31] ^= 1;
    assert_int_equal(scram_final_check(sm_bytes_of(SERVER_FINAL), right), SMCRED_DENIED);
}

SM_TEST_MAIN(cmocka_unit_test(speaks_the_published_conversation),
             cmocka_unit_test(writes_the_proof_behind_the_rest),
             cmocka_unit_test(the_proof_is_not_left_on_the_stack),
             cmocka_unit_test(binds_the_certificate),
             cmocka_unit_test(wants_its_own_nonce_and_more),
             cmocka_unit_test(refuses_malformed_challenges),
             cmocka_unit_test(passes_large_counts_on_and_ignores_extensions),
             cmocka_unit_test(bounds_what_a_server_may_send),
             cmocka_unit_test(knows_the_servers_signature))
