/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_proof.c - keys are made once, kept per version, and gone when they should be. */
#include "tests/lib/stack.h"

#include <stdio.h>

#include "keeper/proof.h"
#include "tests/keeper/world.h"

#define SLOW (PROOF_INLINE_ITERATIONS + 1)

static struct proofs *proofs;

static int setup(void **state)
{
    (void)state;
    world_begin(2, 100);
    struct proofs_options options = {.workers = world.workers, .vault = world.vault, .keys_max = 3};
    return proofs_new(&options, &proofs) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    if (world.workers)
        world_stop_workers();
    proofs_free(proofs);
    world_end(); /* the vault checks that no key is left */
    return 0;
}

struct told {
    int times;
    struct proof_answer answer; /* err not kept */
};

static void note(void *arg, const struct proof_answer *answer)
{
    struct told *told = arg;
    told->times++;
    told->answer = *answer;
    assert_int_equal(answer->status != SMCRED_OK, answer->err->text[0] != '\0');
}

static struct proof_challenge challenge_of(const char *salt, uint32_t iterations)
{
    return (struct proof_challenge){.salt = sm_bytes_of(salt),
                                    .iterations = iterations,
                                    .auth_message =
                                        sm_bytes_of("n=,r=a,r=ab,s=..,i=..,c=biws,r=ab")};
}

static struct told ask(struct sm_snapshot *snapshot, const char *salt, uint32_t iterations)
{
    struct told told = {0};
    struct proof_challenge challenge = challenge_of(salt, iterations);
    proof_get(proofs, snapshot, &challenge, note, &told, NULL);
    world_settle();
    assert_int_equal(told.times, 1);
    return told;
}

static void the_second_login_needs_no_pbkdf2(void **state)
{
    (void)state;
    struct sm_snapshot *snapshot = world_snapshot("v1", "app", "pencil");
    struct told first = ask(snapshot, "salt", 4096), second = ask(snapshot, "salt", 4096);
    assert_int_equal(first.answer.status, SMCRED_OK);
    assert_false(first.answer.cached);
    assert_true(second.answer.cached);
    assert_memory_equal(first.answer.proof, second.answer.proof, SCRAM_HASH_SIZE);
    assert_int_equal(proofs_count(proofs), 1);
    sm_snapshot_unref(snapshot);
}

static void version_salt_and_iterations_make_the_key_and_the_user_does_not(void **state)
{
    (void)state;
    struct sm_snapshot *one = world_snapshot("v1", "app", "pencil");
    struct sm_snapshot *renamed = world_snapshot("v1", "another", "pencil");
    struct sm_snapshot *next = world_snapshot("v2", "app", "crayon");
    struct told told = ask(one, "salt", 4096);
    assert_true(ask(renamed, "salt", 4096).answer.cached);
    struct told other = ask(next, "salt", 4096);
    assert_false(other.answer.cached);
    assert_memory_not_equal(told.answer.proof, other.answer.proof, SCRAM_HASH_SIZE);
    assert_false(ask(one, "pepper", 4096).answer.cached);
    assert_false(ask(one, "salt", 4097).answer.cached);
    sm_snapshot_unref(one);
    sm_snapshot_unref(renamed);
    sm_snapshot_unref(next);
}

static void slow_ones_are_made_once_in_a_worker(void **state)
{
    (void)state;
    enum { COUNT = 50 };
    static struct told told[COUNT];
    memset(told, 0, sizeof told);
    struct sm_snapshot *snapshot = world_snapshot("v1", "app", "pencil");
    struct proof_challenge challenge = challenge_of("salt", SLOW);
    for (int i = 0; i < COUNT; i++)
        proof_get(proofs, snapshot, &challenge, note, &told[i], NULL);
    sm_snapshot_unref(snapshot);
    assert_int_equal(told[0].times, 0);
    assert_int_equal(workers_pending(world.workers), 1);
    world_settle();
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(told[i].times, 1);
        assert_memory_equal(told[i].answer.proof, told[0].answer.proof, SCRAM_HASH_SIZE);
    }
    snapshot = world_snapshot("v1", "app", "pencil");
    assert_true(ask(snapshot, "salt", SLOW).answer.cached);
    sm_snapshot_unref(snapshot);
}

/* What it is told must not be on the stack that is looked at. */
static struct told told_elsewhere;

static void *ask_elsewhere(void *arg)
{
    struct proof_challenge challenge = challenge_of("salt", 4096);
    proof_get(proofs, arg, &challenge, note, &told_elsewhere, NULL);
    return NULL;
}

static void a_proof_leaves_nothing_behind(void **state)
{
    (void)state;
    if (!stack_is_seen())
        skip();
    struct sm_snapshot *snapshot = world_snapshot("v1", "app", "pencil");
    struct told told = ask(snapshot, "salt", 4096);
    struct sm_bytes proof = sm_bytes(told.answer.proof, sizeof told.answer.proof);
    bool kept = stack_keeps(proof, ask_elsewhere, snapshot);
    sm_snapshot_unref(snapshot);
    assert_memory_equal(told_elsewhere.answer.proof, proof.data, proof.len);
    assert_false(kept);
}

static void a_cancelled_ask_is_not_answered(void **state)
{
    (void)state;
    struct told told = {0};
    struct proof_ask *asked;
    struct sm_snapshot *snapshot = world_snapshot("v1", "app", "pencil");
    struct proof_challenge challenge = challenge_of("salt", SLOW);
    proof_get(proofs, snapshot, &challenge, note, &told, &asked);
    assert_non_null(asked);
    proof_cancel(asked);
    world_settle();
    assert_int_equal(told.times, 0);
    sm_snapshot_unref(snapshot);
}

static void the_least_recently_used_keys_go(void **state)
{
    (void)state;
    struct sm_snapshot *snapshot = world_snapshot("v1", "app", "pencil");
    (void)ask(snapshot, "a", 4096);
    (void)ask(snapshot, "b", 4096);
    (void)ask(snapshot, "c", 4096);
    (void)ask(snapshot, "a", 4096);
    (void)ask(snapshot, "d", 4096);
    assert_int_equal(proofs_count(proofs), 3);
    assert_true(ask(snapshot, "a", 4096).answer.cached);
    assert_false(ask(snapshot, "b", 4096).answer.cached);
    sm_snapshot_unref(snapshot);
}

static void a_revoked_version_has_no_keys(void **state)
{
    (void)state;
    struct told told = {0};
    struct sm_snapshot *one = world_snapshot("v1", "app", "pencil");
    struct sm_snapshot *next = world_snapshot("v2", "app", "crayon");
    struct proof_challenge challenge = challenge_of("salt", SLOW);
    (void)ask(one, "salt", 4096);
    (void)ask(next, "salt", 4096);
    proof_get(proofs, one, &challenge, note, &told, NULL);
    proofs_revoke(proofs, one->arn, "v1");
    assert_int_equal(told.answer.status, SMCRED_REVOKED);
    assert_int_equal(proofs_count(proofs), 1);
    world_settle(); /* what the worker derived is thrown away */
    assert_int_equal(proofs_count(proofs), 1);
    assert_true(ask(next, "salt", 4096).answer.cached);
    proofs_revoke(proofs, one->arn, NULL);
    assert_int_equal(proofs_count(proofs), 0);
    sm_snapshot_unref(one);
    sm_snapshot_unref(next);
}

static void too_cheap_challenges_are_refused(void **state)
{
    (void)state;
    struct told told = {0};
    struct sm_snapshot *snapshot = world_snapshot("v1", "app", "pencil");
    assert_int_equal(ask(snapshot, "salt", 4095).answer.status, SMCRED_INVALID);
    assert_int_equal(ask(snapshot, "salt", 1).answer.status, SMCRED_INVALID);
    assert_int_equal(ask(snapshot, "salt", 1000001).answer.status, SMCRED_INVALID);
    assert_int_equal(proofs_count(proofs), 0);
    struct proof_challenge odd = challenge_of("salt", 1000);
    odd.iterations_min = 1000;
    proof_get(proofs, snapshot, &odd, note, &told, NULL);
    assert_int_equal(told.answer.status, SMCRED_OK);
    sm_snapshot_unref(snapshot);
}

static void no_password_is_no_proof(void **state)
{
    (void)state;
    struct sm_snapshot *snapshot = world_snapshot("v1", "app", NULL);
    assert_int_equal(ask(snapshot, "salt", 4096).answer.status, SMCRED_INVALID);
    sm_snapshot_unref(snapshot);
}

/* Revokes from within an answer, when others still wait. */
static void revoke_then_note(void *arg, const struct proof_answer *answer)
{
    note(arg, answer);
    proofs_revoke(proofs, "arn:aws:secretsmanager:us-east-1:1:secret:prod/orders/db-a", NULL);
}

static void an_answer_may_revoke_the_rest(void **state)
{
    (void)state;
    struct told told[3] = {{0}};
    struct sm_snapshot *snapshot = world_snapshot("v1", "app", "pencil");
    struct proof_challenge challenge = challenge_of("salt", SLOW);
    for (int i = 0; i < 3; i++)
        proof_get(proofs, snapshot, &challenge, revoke_then_note, &told[i], NULL);
    world_settle();
    int answered = 0, revoked = 0;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(told[i].times, 1);
        answered += told[i].answer.status == SMCRED_OK;
        revoked += told[i].answer.status == SMCRED_REVOKED;
    }
    assert_int_equal(answered, 1);
    assert_int_equal(revoked, 2);
    assert_int_equal(proofs_count(proofs), 0);
    sm_snapshot_unref(snapshot);
}

static void stopping_answers_everybody(void **state)
{
    (void)state;
    struct told told[40] = {{0}};
    struct sm_snapshot *snapshot = world_snapshot("v1", "app", "pencil");
    for (int i = 0; i < 3; i++) {
        char salt[16];
        snprintf(salt, sizeof salt, "s%d", i);
        struct proof_challenge challenge = challenge_of(salt, SLOW);
        proof_get(proofs, snapshot, &challenge, note, &told[i], NULL);
    }
    struct proof_challenge fourth = challenge_of("no room", SLOW);
    proof_get(proofs, snapshot, &fourth, note, &told[3], NULL);
    assert_int_equal(told[3].answer.status, SMCRED_LIMITED);
    world_stop_workers();
    for (int i = 0; i < 4; i++)
        assert_int_equal(told[i].times, 1);
    sm_snapshot_unref(snapshot);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(the_second_login_needs_no_pbkdf2), TEST(a_proof_leaves_nothing_behind),
             TEST(version_salt_and_iterations_make_the_key_and_the_user_does_not),
             TEST(slow_ones_are_made_once_in_a_worker), TEST(a_cancelled_ask_is_not_answered),
             TEST(the_least_recently_used_keys_go), TEST(a_revoked_version_has_no_keys),
             TEST(too_cheap_challenges_are_refused), TEST(no_password_is_no_proof),
             TEST(an_answer_may_revoke_the_rest), TEST(stopping_answers_everybody))
