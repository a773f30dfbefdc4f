/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_revocations.c - what is revoked stays revoked, over restarts, until it is lifted. */
#include "tests/lib/sm_test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/revocations.h"

#define ARN "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/orders/db-aB3dE6"

static char directory[64], file[96];
static struct revocations *revocations;
static struct sm_error err;

static void load(void)
{
    assert_int_equal(revocations_load(directory, &revocations, &err), SMCRED_OK);
}

static void load_again(void)
{
    revocations_free(revocations);
    load();
}

static int setup(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/test_revocations.XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(file, sizeof file, "%s/" REVOCATIONS_FILE, directory);
    load();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    revocations_free(revocations);
    unlink(file);
    rmdir(directory);
    return 0;
}

static struct revocation make(enum revocation_kind kind, const char *name, const char *version)
{
    return (struct revocation){.kind = kind,
                               .name = name,
                               .version = version,
                               .uid = 1234,
                               .by = "root",
                               .reason = "it leaked",
                               .at_ms = 1769854830000};
}

static void add(enum revocation_kind kind, const char *name, const char *version)
{
    struct revocation revocation = make(kind, name, version);
    assert_int_equal(revocations_add(revocations, &revocation, &err), SMCRED_OK);
}

static void outlives_a_restart_until_it_is_lifted(void **state)
{
    (void)state;
    char text[REVOCATIONS_TEXT_MAX];
    add(REVOKED_SECRET, "prod/orders/db", "");
    add(REVOKED_USER, "alice", "");
    load_again();
    const struct revocation *found = revocations_of_secret(revocations, ARN);
    assert_non_null(found);
    revocation_say(found, text);
    assert_string_equal(
        text, "secret prod/orders/db was revoked by root on 2026-01-31 10:20:30 UTC: it leaked");
    assert_non_null(revocations_of_user(revocations, 1234));
    assert_null(revocations_of_user(revocations, 1235));
    struct revocation lifted = make(REVOKED_SECRET, ARN, "");
    assert_int_equal(revocations_lift(revocations, &lifted, &err), SMCRED_OK);
    assert_int_equal(revocations_lift(revocations, &lifted, &err), SMCRED_NOT_FOUND);
    load_again();
    assert_null(revocations_of_secret(revocations, "prod/orders/db"));
    assert_non_null(revocations_of_user(revocations, 1234));
}

static void means_one_version_alone(void **state)
{
    (void)state;
    struct sm_snapshot snapshot = {.name = "prod/orders/db", .arn = ARN, .version_id = "v1"};
    add(REVOKED_VERSION, "prod/orders/db", "v1");
    assert_non_null(revocations_of_version(revocations, &snapshot));
    assert_null(revocations_of_secret(revocations, "prod/orders/db"));
    snapshot.version_id = "v2";
    assert_null(revocations_of_version(revocations, &snapshot));
    snapshot = (struct sm_snapshot){.name = "prod/other", .arn = "", .version_id = "v1"};
    assert_null(revocations_of_version(revocations, &snapshot));
}

static void replaces_what_is_said_again(void **state)
{
    (void)state;
    add(REVOKED_SECRET, "prod/orders/db", "");
    add(REVOKED_SECRET, ARN, "");
    assert_int_equal(revocations->count, 1);
    for (size_t i = 0; i < REVOCATIONS_MAX - 1; i++) {
        char name[32];
        snprintf(name, sizeof name, "secret-%zu", i);
        add(REVOKED_SECRET, name, "");
    }
    struct revocation more = make(REVOKED_SECRET, "one too many", "");
    assert_int_equal(revocations_add(revocations, &more, &err), SMCRED_LIMITED);
}

static void is_in_force_although_it_cannot_be_written(void **state)
{
    (void)state;
    struct revocation revocation = make(REVOKED_SECRET, "prod/orders/db", "");
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(revocations_add(revocations, &revocation, &err), SMCRED_SYSTEM);
    assert_non_null(strstr(err.text, "is not written"));
    assert_non_null(revocations_of_secret(revocations, "prod/orders/db"));
    assert_int_equal(revocations_lift(revocations, &revocation, &err), SMCRED_SYSTEM);
    assert_non_null(revocations_of_secret(revocations, "prod/orders/db"));
    assert_int_equal(mkdir(directory, 0700), 0);
}

static void write_file(const char *text)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void believes_no_damaged_file(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"revocations\": [{}]}",
        "{\"revocations\": [{\"kind\": \"secret\"",
        "{\"revocations\": [{\"kind\": \"all\", \"name\": \"a\", \"version\": \"\", \"uid\": 0, "
        "\"by\": \"root\", \"reason\": \"\", \"at_ms\": 1}]}",
        "{\"revocations\": [{\"kind\": \"user\", \"name\": \"a\", \"version\": \"\", \"uid\": -1, "
        "\"by\": \"root\", \"reason\": \"\", \"at_ms\": 1}]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct revocations *other = NULL;
        write_file(texts[i]);
        assert_int_equal(revocations_load(directory, &other, &err), SMCRED_INVALID);
        assert_non_null(strstr(err.text, file));
        assert_null(other);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
SM_TEST_MAIN(TEST(outlives_a_restart_until_it_is_lifted), TEST(means_one_version_alone),
             TEST(replaces_what_is_said_again), TEST(is_in_force_although_it_cannot_be_written),
             TEST(believes_no_damaged_file))
