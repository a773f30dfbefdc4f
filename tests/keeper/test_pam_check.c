/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_pam_check.c - what was typed fits, or does not, and is gone afterwards. */
#define FREED_CANARY "canary5up3r53cr37" /* as a salt may be */
#include "tests/lib/freed.h"

#include <stdio.h>

#include "keeper/pam_check.h"
#include "keeper/turns.h"
#include "tests/keeper/world.h"

static struct turns *turns;

static int setup(void **state)
{
    (void)state;
    world_begin(1, 4);
    return turns_new(world.workers, 1, &turns) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    if (world.workers)
        world_stop_workers();
    turns_free(turns);
    world_end(); /* the vault checks that no secret is left */
    return 0;
}

static void note(void *arg, enum smcred_status status)
{
    int *told = arg;
    assert_int_equal(*told, -1);
    *told = (int)status;
}

static struct sm_secret *secret(const void *data, size_t len)
{
    struct sm_secret *made;
    assert_int_equal(sm_secret_new(world.vault, sm_bytes(data, len), &made), SMCRED_OK);
    return made;
}

static struct pam_check_options options(void)
{
    return (struct pam_check_options){turns, sm_bytes_of("192.0.2.1"), world.vault};
}

static int check_bytes(const char *stored, const void *typed, size_t len)
{
    int told = -1;
    struct pam_check *check;
    struct pam_check_options how = options();
    struct sm_snapshot *snapshot = world_snapshot("v1", "alice", stored);
    struct sm_secret *given = secret(typed, len);
    pam_check_start(&how, snapshot, given, note, &told, &check);
    sm_secret_free(given);
    sm_snapshot_unref(snapshot);
    assert_int_equal(check == NULL, told != -1);
    world_settle();
    return told;
}

static int check(const char *stored, const char *typed)
{
    return check_bytes(stored, typed, strlen(typed));
}

static void a_plain_password_fits_itself_alone(void **state)
{
    (void)state;
    assert_int_equal(check("pencil", "pencil"), SMCRED_OK);
    assert_int_equal(check("pencil", "Pencil"), SMCRED_DENIED);
    assert_int_equal(check("pencil", "pencil "), SMCRED_DENIED);
    assert_int_equal(check("pencil", ""), SMCRED_DENIED);
    assert_int_equal(check_bytes("pencil", "pencil\0x", 8), SMCRED_DENIED);
    assert_int_equal(check("", ""), SMCRED_INVALID); /* nobody comes in with nothing */
    assert_int_equal(check(NULL, "pencil"), SMCRED_INVALID);
}

static void a_hash_fits_what_it_was_made_of(void **state)
{
    (void)state;
    static const char *const prefixes[] = {"$y$", "$6$", "$5$", "$2b$", "$gy$"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        struct sm_secret *pencil = secret("pencil", 6), *hash = NULL;
        assert_int_equal(pam_check_hash(world.vault, prefixes[i], pencil, &hash), SMCRED_OK);
        struct sm_bytes text = sm_secret_view(hash);
        assert_string_equal(pam_check_method(text), prefixes[i]);
        assert_int_equal(check(text.data, "pencil"), SMCRED_OK);
        assert_int_equal(check(text.data, "pencils"), SMCRED_DENIED);
        assert_int_equal(check(text.data, ""), SMCRED_DENIED);
        assert_int_equal(check_bytes(text.data, "pencil\0x", 8),
                         SMCRED_DENIED); /* crypt(3) would not see it */
        assert_int_equal(check(text.data, text.data), SMCRED_DENIED); /* it is no password */
        sm_secret_free(hash);
        sm_secret_free(pencil);
    }
}

static void published_hashes_are_understood(void **state)
{
    (void)state;
    assert_int_equal(check("$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJu"
                           "esI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
                           "Hello world!"),
                     SMCRED_OK); /* Drepper's specification of SHA-crypt */
    assert_int_equal(check("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
                     SMCRED_OK); /* Solar Designer's test vectors */
}

static void what_is_weak_dear_or_locked_is_not_taken(void **state)
{
    (void)state;
    static const char *const none[] = {
        "$1$abcdefgh$irWbblnpmw.5z7wgBnprh0",
        "$sha1$40000$jtNX3nZ2$hBNaIXkt4wBI2o5rsi8KejSjNqIq",
        "$6$rounds=999999999$salt$x",
        "$6$rounds=$salt$x",
        "$2b$20$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde",
        "$2b$",
        "$y$jFT$salt$x",
        "$y$j",
        "$y$",
        "$gy$",
        "$7$",
        ("!$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFC"
         "oEOfaS35inz1"),
        "*!$y$j9T$abc$def",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
        "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy",
        "{SSHA}c2FsdGVkIGhhc2g=",
    };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_null(pam_check_method(sm_bytes_of(none[i])));
        assert_int_equal(check(none[i], none[i]), SMCRED_INVALID);
    }
    assert_int_equal(check("$6$", "$6$"), SMCRED_DENIED); /* crypt(3) knows what to make of it */
    assert_string_equal(pam_check_method(sm_bytes_of("!pencil")), "");
    assert_string_equal(pam_check_method(sm_bytes_of("$pencil$")), "");
}

static void a_long_password_is_wrong_and_breaks_nothing(void **state)
{
    (void)state;
    char longest[1025];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    struct sm_secret *pencil = secret("pencil", 6), *hash = NULL, *much = secret(longest, 1024);
    assert_int_equal(pam_check_hash(world.vault, "$5$", pencil, &hash), SMCRED_OK);
    assert_int_equal(check(sm_secret_view(hash).data, longest), SMCRED_DENIED);
    assert_int_equal(check(longest, longest), SMCRED_OK);
    struct sm_secret *none = NULL;
    assert_int_equal(pam_check_hash(world.vault, "$5$", much, &none), SMCRED_INVALID);
    sm_secret_free(hash);
    sm_secret_free(pencil);
    sm_secret_free(much);
}

static void who_has_left_is_not_told(void **state)
{
    (void)state;
    int told = -1;
    struct pam_check *one[4];
    struct pam_check_options how = options();
    struct sm_secret *pencil = secret("pencil", 6), *hash = NULL;
    assert_int_equal(pam_check_hash(world.vault, "$5$", pencil, &hash), SMCRED_OK);
    struct sm_snapshot *snapshot = world_snapshot("v1", "alice", sm_secret_view(hash).data);
    for (size_t i = 0; i < 4; i++)
        pam_check_start(&how, snapshot, pencil, note, &told, &one[i]);
    for (size_t i = 0; i < 4; i++)
        pam_check_cancel(one[i]);
    world_settle();
    assert_int_equal(told, -1);
    sm_snapshot_unref(snapshot);
    sm_secret_free(hash);
    sm_secret_free(pencil);
}

static void nothing_typed_is_left_in_memory(void **state)
{
    (void)state;
    struct sm_secret *typed = secret(FREED_CANARY, strlen(FREED_CANARY)), *hash = NULL;
    freed_begin();
    assert_int_equal(pam_check_hash(world.vault, "$6$", typed, &hash), SMCRED_OK);
    assert_int_equal(check(sm_secret_view(hash).data, FREED_CANARY), SMCRED_OK);
    assert_int_equal(check("pencil", FREED_CANARY), SMCRED_DENIED);
    /* What crypt(3) made: the salt is in it. */
    assert_int_equal(check("$7$BU..../...." FREED_CANARY "$x", "pencil"), SMCRED_DENIED);
    assert_int_equal(freed_with_canary, 0);
    freed_looks = false;
    sm_secret_free(hash);
    sm_secret_free(typed);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

SM_TEST_MAIN(unit(a_plain_password_fits_itself_alone), unit(a_hash_fits_what_it_was_made_of),
             unit(published_hashes_are_understood), unit(what_is_weak_dear_or_locked_is_not_taken),
             unit(a_long_password_is_wrong_and_breaks_nothing), unit(who_has_left_is_not_told),
             unit(nothing_typed_is_left_in_memory))
