/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_rotation.c - a rotation's life in the store: windows, failures, tries, under a clock that
 * stands where it is put. */
#include "tests/server/server_fixture.h"

#include "server/rotation.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define MIDNIGHT  (FIXTURE_NOW_MS / DAY_MS * DAY_MS)
#define FUNCTION  "arn:aws:lambda:us-east-1:000000000000:function:f"
#define CREATE    "{\"Name\":\"s\",\"SecretString\":\"1\",\"ClientRequestToken\":\"" TOKEN_A "\"}"
#define ROTATE(members)                                                                            \
    "{\"SecretId\":\"s\",\"RotationLambdaARN\":\"" FUNCTION "\",\"ClientRequestToken\":\"" TOKEN_B \
    "\"" members "}"

static int start_with_function(void **state)
{
    (void)start_server(state);
    struct server *server = *state;
    assert_int_equal(
        server_store_function_put(
            server->store,
            &(struct server_function){.arn = FUNCTION, .path = "/bin/true", .timeout_s = 1}),
        SMCRED_OK);
    succeeds(server, "CreateSecret", CREATE);
    return 0;
}

static struct server_rotation rotation_of(struct server *server)
{
    struct server_rotation rotation;
    assert_int_equal(server_store_rotation(server->store, 1, &rotation), SMCRED_OK);
    return rotation;
}

/* The step under way ends. */
static enum server_rotation_result step(struct server *server, bool success)
{
    struct server_call call;
    struct server_rotation rotation = rotation_of(server);
    enum server_rotation_result result;
    server_call_init(&call, server, "unix");
    assert_int_equal(server_store_secret_by_row(server->store, 1, &call.secret), SMCRED_OK);
    assert_int_equal(server_rotation_advance(&call, &rotation, success, &result), SMCRED_OK);
    server_call_done(&call);
    return result;
}

static void rotate_through(struct server *server)
{
    for (int i = SERVER_STEP_CREATE; i < SERVER_STEP_FINISH; i++)
        assert_int_equal(step(server, true), SERVER_ROTATION_GOES_ON);
    succeeds(server, "PutSecretValue",
             "{\"SecretId\":\"s\",\"SecretString\":\"2\",\"VersionStages\":[\"AWSPENDING\"],"
             "\"ClientRequestToken\":\"" TOKEN_B "\"}");
    succeeds(server, "UpdateSecretVersionStage",
             "{\"SecretId\":\"s\",\"VersionStage\":\"AWSCURRENT\",\"MoveToVersionId\":\"" TOKEN_B
             "\",\"RemoveFromVersionId\":\"" TOKEN_A "\"}");
    assert_int_equal(step(server, true), SERVER_ROTATION_DONE);
}

static bool note(void *context, int64_t secret)
{
    *(int64_t *)context = secret;
    return false;
}

static int64_t due(struct server *server)
{
    int64_t secret = 0;
    assert_int_equal(server_store_rotations_due(server->store, fixture_now_ms, note, &secret),
                     SMCRED_OK);
    return secret;
}

static void goes_step_by_step_and_waits_for_its_window(void **state)
{
    struct server *server = *state;
    succeeds(server, "RotateSecret", ROTATE(",\"RotationRules\":{\"AutomaticallyAfterDays\":7}"));
    assert_int_equal(due(server), 1);
    rotate_through(server);
    struct server_rotation rotation = rotation_of(server);
    assert_string_equal(rotation.token, "");
    assert_int_equal(rotation.rotated_ms, fixture_now_ms);
    assert_int_equal(rotation.opens_ms, MIDNIGHT + 7 * DAY_MS);
    assert_int_equal(rotation.closes_ms, MIDNIGHT + 8 * DAY_MS);
    assert_int_equal(due(server), 0);
    fixture_now_ms = MIDNIGHT + 7 * DAY_MS;
    assert_int_equal(due(server), 1);
}

static void works_out_the_days_of_a_schedule(void **state)
{
    struct server *server = *state;
    succeeds(server, "RotateSecret",
             ROTATE(",\"RotationRules\":{\"ScheduleExpression\":\"rate(10 days)\"}"));
    rotate_through(server);
    assert_int_equal(rotation_of(server).days, 10);
    assert_string_equal(rotation_of(server).schedule, "rate(10 days)");
}

static void counts_days_from_a_change_by_hand(void **state)
{
    struct server *server = *state;
    succeeds(server, "RotateSecret", ROTATE(",\"RotationRules\":{\"AutomaticallyAfterDays\":7}"));
    rotate_through(server);
    fixture_now_ms += 3 * DAY_MS;
    succeeds(server, "PutSecretValue",
             "{\"SecretId\":\"s\",\"SecretString\":\"3\",\"ClientRequestToken\":\"" TOKEN_C "\"}");
    assert_int_equal(rotation_of(server).opens_ms, MIDNIGHT + 10 * DAY_MS);
}

static void tries_again_later_and_later(void **state)
{
    static const int64_t pauses_ms[] = {MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS};
    struct server *server = *state;
    succeeds(server, "RotateSecret", ROTATE(",\"RotationRules\":{\"AutomaticallyAfterDays\":1}"));
    for (size_t i = 0; i < sizeof pauses_ms / sizeof *pauses_ms; i++) {
        assert_int_equal(step(server, true), SERVER_ROTATION_GOES_ON);
        assert_int_equal(step(server, false), SERVER_ROTATION_FAILED);
        struct server_rotation rotation = rotation_of(server);
        assert_int_equal(rotation.step, SERVER_STEP_CREATE);
        assert_string_equal(rotation.token, TOKEN_B);
        assert_int_equal(rotation.wake_ms, fixture_now_ms + pauses_ms[i]);
        assert_int_equal(due(server), 0);
        fixture_now_ms += pauses_ms[i];
        assert_int_equal(due(server), 1);
    }
    assert_int_equal(step(server, false), SERVER_ROTATION_ABANDONED);
    assert_int_equal(rotation_of(server).wake_ms, MIDNIGHT + DAY_MS); /* the next window */
    assert_int_equal(rotation_of(server).rotated_ms, 0);
    fixture_now_ms = MIDNIGHT + DAY_MS;
    assert_int_equal(due(server), 1);
    rotate_through(server);
}

static void fails_where_the_function_does_not_promote(void **state)
{
    struct server *server = *state;
    succeeds(server, "RotateSecret", ROTATE(""));
    for (int i = SERVER_STEP_CREATE; i < SERVER_STEP_FINISH; i++)
        assert_int_equal(step(server, true), SERVER_ROTATION_GOES_ON);
    assert_int_equal(step(server, true), SERVER_ROTATION_FAILED);
}

static void tests_a_copy_and_takes_it_away(void **state)
{
    struct server *server = *state;
    succeeds(server, "RotateSecret", ROTATE(",\"RotateImmediately\":false"));
    answers(server, "GetSecretValue", "{\"SecretId\":\"s\",\"VersionStage\":\"AWSPENDING\"}",
            "SecretString", "1");
    assert_int_equal(rotation_of(server).step, SERVER_STEP_TEST);
    assert_int_equal(step(server, true), SERVER_ROTATION_DONE);
    fails(server, "GetSecretValue", "{\"SecretId\":\"s\",\"VersionId\":\"" TOKEN_B "\"}",
          "ResourceNotFoundException", NULL);
    assert_int_equal(rotation_of(server).rotated_ms, 0);
}

static void sleeps_while_marked_for_deletion(void **state)
{
    struct server *server = *state;
    succeeds(server, "RotateSecret", ROTATE(""));
    succeeds(server, "DeleteSecret", "{\"SecretId\":\"s\"}");
    assert_int_equal(due(server), 0);
    succeeds(server, "RestoreSecret", "{\"SecretId\":\"s\"}");
    assert_int_equal(due(server), 1);
}

/* Its last rotation, and a version after it. */
static void knows_the_token_that_it_has_rotated_in(void **state)
{
    struct server *server = *state;
    succeeds(server, "RotateSecret", ROTATE(""));
    rotate_through(server);
    answers(server, "RotateSecret", ROTATE(""), "VersionId", TOKEN_B);
    assert_string_equal(rotation_of(server).token, ""); /* nothing began */
    fixture_now_ms++;
    succeeds(server, "PutSecretValue",
             "{\"SecretId\":\"s\",\"SecretString\":\"3\",\"ClientRequestToken\":\"" TOKEN_C "\"}");
    fails(server, "RotateSecret", "{\"SecretId\":\"s\",\"ClientRequestToken\":\"" TOKEN_C "\"}",
          "InvalidRequestException", NULL);
    fails(server, "RotateSecret", ROTATE(""), "InvalidRequestException", NULL);
}

/* A version of the secret for each of `count` days, by rotation alone. */
static void rotate_daily(struct server *server, int count)
{
    char current[SERVER_VERSION_ID_MAX + 1] = TOKEN_A, token[64], body[512];
    for (int i = 0; i < count; i++) {
        fixture_now_ms += DAY_MS;
        (void)snprintf(token, sizeof token, "00000000-0000-0000-0000-%012d", i);
        (void)snprintf(body, sizeof body,
                       "{\"SecretId\":\"s\",\"RotationLambdaARN\":\"" FUNCTION
                       "\",\"ClientRequestToken\":\"%s\"}",
                       token);
        succeeds(server, "RotateSecret", body);
        (void)snprintf(body, sizeof body,
                       "{\"SecretId\":\"s\",\"VersionStage\":\"AWSCURRENT\",\"MoveToVersionId\":"
                       "\"%s\",\"RemoveFromVersionId\":\"%s\"}",
                       token, current);
        succeeds(server, "UpdateSecretVersionStage", body);
        for (int each = SERVER_STEP_CREATE; each <= SERVER_STEP_FINISH; each++)
            (void)step(server, true);
        memcpy(current, token, strlen(token) + 1);
    }
}

static void takes_old_versions_away_as_a_new_value_does(void **state)
{
    struct server *server = *state;
    int64_t count;
    rotate_daily(server, 120);
    assert_int_equal(server_store_version_count(server->store, 1, &count), SMCRED_OK);
    assert_int_equal(count, 100);
    fails(server, "GetSecretValue", "{\"SecretId\":\"s\",\"VersionId\":\"" TOKEN_A "\"}",
          "ResourceNotFoundException", NULL); /* the oldest */
}

static void does_not_begin_without_room_for_its_label(void **state)
{
    struct server *server = *state;
    char body[256];
    for (int i = 0; i < 19; i++) {
        (void)snprintf(
            body, sizeof body,
            "{\"SecretId\":\"s\",\"VersionStage\":\"l%d\",\"MoveToVersionId\":\"" TOKEN_A "\"}", i);
        succeeds(server, "UpdateSecretVersionStage", body);
    }
    fails(server, "RotateSecret", ROTATE(""), "LimitExceededException",
          "You can't attach more than 20 staging labels to the versions of a secret.");
    fails(server, "GetSecretValue", "{\"SecretId\":\"s\",\"VersionId\":\"" TOKEN_B "\"}",
          "ResourceNotFoundException", NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_with_function, stop_server)
SM_TEST_MAIN(TEST(goes_step_by_step_and_waits_for_its_window),
             TEST(works_out_the_days_of_a_schedule), TEST(counts_days_from_a_change_by_hand),
             TEST(tries_again_later_and_later), TEST(fails_where_the_function_does_not_promote),
             TEST(tests_a_copy_and_takes_it_away), TEST(sleeps_while_marked_for_deletion),
             TEST(knows_the_token_that_it_has_rotated_in),
             TEST(takes_old_versions_away_as_a_new_value_does),
             TEST(does_not_begin_without_room_for_its_label))
