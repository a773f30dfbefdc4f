/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_dispatch.c - every operation against a store in memory, and each error it can provoke. */
#include "tests/server/server_fixture.h"

#include "server/trail.h"

#define NOT_FOUND "Secrets Manager can't find the specified secret."
#define DELETED   "You can't perform this operation on the secret because it was marked for deletion."
#define BAD_NAME                                                                                   \
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "        \
    "following: -/_+=.@!"
#define NO_TOKEN "You must provide a ClientRequestToken value. We recommend a UUID-type value."

#define CREATE(name, token, value)                                                                 \
    "{\"Name\":\"" name "\",\"ClientRequestToken\":\"" token "\",\"SecretString\":\"" value "\"}"
#define PUT(id, token, value)                                                                      \
    "{\"SecretId\":\"" id "\",\"ClientRequestToken\":\"" token "\",\"SecretString\":\"" value "\"" \
    "}"
#define ID(id) "{\"SecretId\":\"" id "\"}"

/* The labels of a version, joined by blanks, as DescribeSecret shows them; "" for none. */
static void has_labels(struct server *server, const char *token, const char *labels)
{
    char joined[512] = "";
    const cJSON *label;
    server_autojson cJSON *answer = ask(server, "DescribeSecret", ID("db"));
    cJSON_ArrayForEach(label, server_json_get(server_json_get(answer, "VersionIdsToStages"), token))
    {
        size_t len = strlen(joined);
        (void)snprintf(joined + len, sizeof joined - len, "%s%s", len ? " " : "",
                       label->valuestring);
    }
    assert_string_equal(joined, labels);
}

static void returns_what_was_stored(void **state)
{
    struct server *server = *state;
    succeeds(server, "CreateSecret", CREATE("db", TOKEN_A, "p\\u00e4ss\\n\\\"w"));
    answers(server, "GetSecretValue", ID("db"), "SecretString", "p\xc3\xa4ss\n\"w");
    answers(server, "GetSecretValue", ID("db"), "VersionId", TOKEN_A);
    succeeds(server, "CreateSecret",
             "{\"Name\":\"bin\",\"ClientRequestToken\":\"" TOKEN_A
             "\",\"SecretBinary\":\"AAEC/w==\"}");
    answers(server, "GetSecretValue", ID("bin"), "SecretBinary", "AAEC/w==");
}

static void creates_once_per_token(void **state)
{
    struct server *server = *state;
    server_autojson cJSON *made = ask(server, "CreateSecret", CREATE("db", TOKEN_A, "one"));
    char text[1024];
    answers(server, "CreateSecret", CREATE("db", TOKEN_A, "one"), "ARN",
            server_json_text(made, "ARN"));
    (void)snprintf(text, sizeof text,
                   "You can't use ClientRequestToken " TOKEN_A
                   " because that value is already in use for a version of secret %s.",
                   server_json_text(made, "ARN"));
    fails(server, "CreateSecret", CREATE("db", TOKEN_A, "two"), "ResourceExistsException", text);
    fails(server, "CreateSecret", CREATE("db", TOKEN_B, "two"), "ResourceExistsException",
          "The operation failed because the secret db already exists.");
    fails(server, "PutSecretValue", PUT("db", TOKEN_A, "two"), "ResourceExistsException", text);
    succeeds(server, "PutSecretValue", PUT("db", TOKEN_A, "one"));
    has_labels(server, TOKEN_A, "AWSCURRENT");
}

static void moves_labels_as_versions_come(void **state)
{
    struct server *server = *state;
    succeeds(server, "CreateSecret", CREATE("db", TOKEN_A, "one"));
    succeeds(server, "PutSecretValue", PUT("db", TOKEN_B, "two"));
    has_labels(server, TOKEN_A, "AWSPREVIOUS");
    has_labels(server, TOKEN_B, "AWSCURRENT");
    succeeds(server, "PutSecretValue", PUT("db", TOKEN_C, "three"));
    has_labels(server, TOKEN_A, "");
    has_labels(server, TOKEN_B, "AWSPREVIOUS");
    has_labels(server, TOKEN_C, "AWSCURRENT");
    answers(server, "GetSecretValue", "{\"SecretId\":\"db\",\"VersionStage\":\"AWSPREVIOUS\"}",
            "SecretString", "two");
    answers(server, "GetSecretValue", "{\"SecretId\":\"db\",\"VersionId\":\"" TOKEN_A "\"}",
            "SecretString", "one");
}

static void rotates_by_moving_the_pending_version(void **state)
{
    struct server *server = *state;
    succeeds(server, "CreateSecret", CREATE("db", TOKEN_A, "one"));
    succeeds(server, "PutSecretValue",
             "{\"SecretId\":\"db\",\"ClientRequestToken\":\"" TOKEN_B
             "\",\"SecretString\":\"two\",\"VersionStages\":[\"AWSPENDING\"]}");
    has_labels(server, TOKEN_A, "AWSCURRENT");
    has_labels(server, TOKEN_B, "AWSPENDING");
    succeeds(server, "UpdateSecretVersionStage",
             "{\"SecretId\":\"db\",\"VersionStage\":\"AWSCURRENT\",\"MoveToVersionId\":\"" TOKEN_B
             "\",\"RemoveFromVersionId\":\"" TOKEN_A "\"}");
    has_labels(server, TOKEN_A, "AWSPREVIOUS");
    has_labels(server, TOKEN_B, "AWSCURRENT AWSPENDING");
    succeeds(server, "PutSecretValue", PUT("db", TOKEN_C, "three"));
    has_labels(server, TOKEN_B, "AWSPREVIOUS"); /* AWSPENDING went with AWSCURRENT */
    has_labels(server, TOKEN_A, "");
}

static void refuses_careless_moves(void **state)
{
    struct server *server = *state;
    succeeds(server, "CreateSecret", CREATE("db", TOKEN_A, "one"));
    succeeds(server, "PutSecretValue", PUT("db", TOKEN_B, "two"));
    fails(server, "UpdateSecretVersionStage",
          "{\"SecretId\":\"db\",\"VersionStage\":\"AWSCURRENT\",\"MoveToVersionId\":\"" TOKEN_A
          "\"}",
          "InvalidParameterException",
          "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently "
          "attached to version " TOKEN_B
          ", so you must explicitly reference that version in RemoveFromVersionId.");
    fails(server, "UpdateSecretVersionStage",
          "{\"SecretId\":\"db\",\"VersionStage\":\"AWSCURRENT\",\"MoveToVersionId\":\"" TOKEN_A
          "\",\"RemoveFromVersionId\":\"" TOKEN_A "\"}",
          "InvalidParameterException", NULL);
    fails(server, "UpdateSecretVersionStage",
          "{\"SecretId\":\"db\",\"VersionStage\":\"AWSCURRENT\",\"RemoveFromVersionId\":\"" TOKEN_B
          "\"}",
          "InvalidParameterException",
          "You can only move staging label AWSCURRENT to a different secret version. It "
          "can\xe2\x80\x99t be completely removed.");
    fails(server, "UpdateSecretVersionStage",
          "{\"SecretId\":\"db\",\"VersionStage\":\"x\",\"MoveToVersionId\":\"" TOKEN_C "\"}",
          "InvalidParameterException", "Not a valid version: " TOKEN_C);
    has_labels(server, TOKEN_B, "AWSCURRENT");
    succeeds(
        server, "UpdateSecretVersionStage",
        "{\"SecretId\":\"db\",\"VersionStage\":\"AWSPREVIOUS\",\"RemoveFromVersionId\":\"" TOKEN_A
        "\"}");
    has_labels(server, TOKEN_A, "");
}

static void says_which_value_is_missing(void **state)
{
    struct server *server = *state;
    succeeds(server, "CreateSecret", "{\"Name\":\"db\",\"ClientRequestToken\":\"" TOKEN_A "\"}");
    fails(server, "GetSecretValue", ID("db"), "ResourceNotFoundException",
          "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT");
    fails(server, "GetSecretValue", "{\"SecretId\":\"db\",\"VersionId\":\"" TOKEN_B "\"}",
          "ResourceNotFoundException",
          "Secrets Manager can't find the specified secret value for VersionId: " TOKEN_B);
    succeeds(server, "PutSecretValue", PUT("db", TOKEN_B, "two"));
    succeeds(server, "PutSecretValue", PUT("db", TOKEN_C, "three"));
    fails(server, "GetSecretValue",
          "{\"SecretId\":\"db\",\"VersionId\":\"" TOKEN_B "\",\"VersionStage\":\"AWSCURRENT\"}",
          "InvalidRequestException",
          "You provided a VersionStage that is not associated to the provided VersionId.");
    fails(server, "GetSecretValue", ID("nobody"), "ResourceNotFoundException", NOT_FOUND);
}

static void checks_in_the_order_of_the_service(void **state)
{
    struct server *server = *state;
    fails(server, "Nothing", "{}", "UnknownOperationException", NULL);
    fails(server, "CreateSecret", "{", "SerializationException", NULL);
    fails(server, "CreateSecret", "[]", "SerializationException", NULL);
    fails(server, "CreateSecret", CREATE("db", TOKEN_A, "cut\\u0000short"),
          "SerializationException", NULL);
    fails(server, "CreateSecret", CREATE("db", TOKEN_A, "\xff"), "SerializationException", NULL);
    fails(server, "GetSecretValue", "{\"SecretId\":1}", "SerializationException",
          "NUMBER_VALUE cannot be converted to String");
    fails(server, "GetSecretValue", "{\"SecretId\":null}", "ValidationException",
          "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: "
          "Member must not be null");
    fails(server, "PutSecretValue", "{\"SecretId\":\"a b\",\"ClientRequestToken\":\"5\"}",
          "ValidationException",
          "1 validation error detected: Value '5' at 'clientRequestToken' failed to satisfy "
          "constraint: Member must have length greater than or equal to 32");
    fails(server, "PutSecretValue", ID("a b"), "ValidationException", BAD_NAME);
    fails(server, "PutSecretValue", ID("nobody"), "InvalidRequestException", NO_TOKEN);
    fails(server, "PutSecretValue", PUT("nobody", TOKEN_A, "x"), "ResourceNotFoundException",
          NOT_FOUND);
    fails(server, "CreateSecret", "{\"Name\":\"db\"}", "InvalidRequestException", NO_TOKEN);
}

static void never_repeats_a_value_in_a_message(void **state)
{
    struct server *server = *state;
    fails(server, "CreateSecret", CREATE("db", TOKEN_A, ""), "ValidationException",
          "1 validation error detected: Value '***' at 'secretString' failed to satisfy "
          "constraint: Member must have length greater than or equal to 1");
    fails(server, "ListSecrets",
          "{\"MaxResults\":101,\"Filters\":[{\"Key\":\"x\",\"Values\":[\"(\"]}]}",
          "ValidationException",
          "3 validation errors detected: Value '101' at 'maxResults' failed to satisfy constraint: "
          "Member must have value less than or equal to 100; Value 'x' at 'filters.1.member.key' "
          "failed to satisfy constraint: Member must satisfy enum value set: [description, name, "
          "tag-key, tag-value, primary-region, owning-service, all]; Value '(' at "
          "'filters.1.member.values.1.member' failed to satisfy constraint: Member must satisfy "
          "regular expression pattern: ^\\!?[a-zA-Z0-9 :_@\\/\\+\\=\\.\\-\\!]*$");
}

static void finds_by_full_and_partial_arn(void **state)
{
    struct server *server = *state;
    char body[1024];
    server_autojson cJSON *made = ask(server, "CreateSecret", CREATE("a/b", TOKEN_A, "one"));
    (void)snprintf(body, sizeof body, "{\"SecretId\":\"%s\"}", server_json_text(made, "ARN"));
    answers(server, "GetSecretValue", body, "SecretString", "one");
    answers(server, "GetSecretValue",
            ID("arn:aws:secretsmanager:us-east-1:000000000000:secret:a/b"), "SecretString", "one");
    fails(server, "GetSecretValue", ID("arn:aws:secretsmanager:us-west-2:000000000000:secret:a/b"),
          "ResourceNotFoundException", NOT_FOUND);
    succeeds(server, "CreateSecret", CREATE("test-secret", TOKEN_A, "two"));
    answers(server, "GetSecretValue", ID("test-secret"), "SecretString", "two");
    fails(server, "GetSecretValue",
          ID("arn:aws:secretsmanager:us-east-1:000000000000:secret:test-secret"),
          "ResourceNotFoundException", NOT_FOUND); /* read as name "test" */
}

static void deletes_after_its_window(void **state)
{
    struct server *server = *state;
    succeeds(server, "CreateSecret", CREATE("db", TOKEN_A, "one"));
    fails(server, "DeleteSecret", "{\"SecretId\":\"db\",\"RecoveryWindowInDays\":6}",
          "InvalidParameterException",
          "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).");
    fails(server, "DeleteSecret",
          "{\"SecretId\":\"db\",\"RecoveryWindowInDays\":7,\"ForceDeleteWithoutRecovery\":true}",
          "InvalidParameterException", NULL);
    succeeds(server, "DeleteSecret", "{\"SecretId\":\"db\",\"RecoveryWindowInDays\":7}");
    fails(server, "GetSecretValue", ID("db"), "InvalidRequestException", DELETED);
    fails(server, "PutSecretValue", PUT("db", TOKEN_B, "x"), "InvalidRequestException", DELETED);
    fails(server, "DeleteSecret", ID("db"), "InvalidRequestException", DELETED);
    fails(server, "CreateSecret", CREATE("db", TOKEN_B, "x"), "InvalidRequestException",
          "You can't create this secret because a secret with this name is already scheduled for "
          "deletion.");
    server_autojson cJSON *described = ask(server, "DescribeSecret", ID("db"));
    assert_non_null(server_json_get(described, "DeletedDate"));
    succeeds(server, "RestoreSecret", ID("db"));
    answers(server, "GetSecretValue", ID("db"), "SecretString", "one");
    succeeds(server, "DeleteSecret", "{\"SecretId\":\"db\",\"RecoveryWindowInDays\":7}");
    fixture_now_ms += INT64_C(7) * 86400000 - 1;
    succeeds(server, "DescribeSecret", ID("db"));
    fixture_now_ms += 1;
    fails(server, "DescribeSecret", ID("db"), "ResourceNotFoundException", NOT_FOUND);
    succeeds(server, "CreateSecret", CREATE("db", TOKEN_B, "again"));
}

static void forces_deletion_even_of_nothing(void **state)
{
    struct server *server = *state;
    succeeds(server, "CreateSecret", CREATE("db", TOKEN_A, "one"));
    succeeds(server, "DeleteSecret", "{\"SecretId\":\"db\",\"ForceDeleteWithoutRecovery\":true}");
    fails(server, "GetSecretValue", ID("db"), "ResourceNotFoundException", NOT_FOUND);
    answers(server, "DeleteSecret", "{\"SecretId\":\"db\",\"ForceDeleteWithoutRecovery\":true}",
            "Name", "db");
    fails(server, "DeleteSecret", ID("db"), "ResourceNotFoundException", NOT_FOUND);
    fails(server, "DeleteSecret", "{\"SecretId\":\"a b\",\"ForceDeleteWithoutRecovery\":true}",
          "ValidationException", BAD_NAME);
}

static void lists_page_by_page(void **state)
{
    struct server *server = *state;
    char body[512], names[64] = "";
    const char *token = NULL;
    server_autojson cJSON *page = NULL;
    succeeds(server, "CreateSecret", CREATE("c", TOKEN_A, "x"));
    succeeds(server, "CreateSecret", CREATE("a", TOKEN_A, "x"));
    succeeds(server, "CreateSecret", CREATE("b", TOKEN_A, "x"));
    do {
        const cJSON *entry;
        (void)snprintf(body, sizeof body, "{\"MaxResults\":1%s%s%s}",
                       token ? ",\"NextToken\":\"" : "", token ? token : "", token ? "\"" : "");
        cJSON_Delete(page);
        page = ask(server, "ListSecrets", body);
        cJSON_ArrayForEach(entry, server_json_get(page, "SecretList"))
            strcat(names, server_json_text(entry, "Name"));
        token = server_json_text(page, "NextToken");
    } while (token && strlen(names) < 10);
    assert_string_equal(names, "cab"); /* in the order of creation */
    fails(server, "ListSecrets", "{\"NextToken\":\"eA==\"}", "InvalidNextTokenException", NULL);
    fails(server, "ListSecrets", "{\"NextToken\":\"?\"}", "InvalidNextTokenException", NULL);
}

static size_t list_count(struct server *server, const char *body)
{
    server_autojson cJSON *answer = ask(server, "ListSecrets", body);
    return (size_t)cJSON_GetArraySize(server_json_get(answer, "SecretList"));
}

static void lists_what_filters_select(void **state)
{
    struct server *server = *state;
    succeeds(server, "CreateSecret", CREATE("prod/db", TOKEN_A, "x"));
    succeeds(server, "CreateSecret", CREATE("test/db", TOKEN_A, "x"));
    succeeds(server, "TagResource",
             "{\"SecretId\":\"test/db\",\"Tags\":[{\"Key\":\"team\",\"Value\":\"Blue\"}]}");
#define FILTER(key, value) "{\"Filters\":[{\"Key\":\"" key "\",\"Values\":[\"" value "\"]}]}"
    assert_int_equal(list_count(server, FILTER("name", "prod")), 1);
    assert_int_equal(list_count(server, FILTER("name", "Prod")), 0);
    assert_int_equal(list_count(server, FILTER("name", "!prod")), 1);
    assert_int_equal(list_count(server, FILTER("tag-key", "te")), 1);
    assert_int_equal(list_count(server, FILTER("tag-value", "Blue")), 1);
    assert_int_equal(list_count(server, FILTER("all", "blue")), 1);
    assert_int_equal(list_count(server, FILTER("all", "db")), 2);
    fails(server, "ListSecrets", "{\"Filters\":[{\"Values\":[\"x\"]}]}",
          "InvalidParameterException", "Invalid filter key");
    succeeds(server, "DeleteSecret", ID("prod/db"));
    assert_int_equal(list_count(server, "{}"), 1);
    assert_int_equal(list_count(server, "{\"IncludePlannedDeletion\":true}"), 2);
}

static void lists_versions_with_and_without_labels(void **state)
{
    struct server *server = *state;
    succeeds(server, "CreateSecret", CREATE("db", TOKEN_A, "1"));
    succeeds(server, "PutSecretValue", PUT("db", TOKEN_B, "2"));
    succeeds(server, "PutSecretValue", PUT("db", TOKEN_C, "3"));
    server_autojson cJSON *some = ask(server, "ListSecretVersionIds", ID("db"));
    server_autojson cJSON *all =
        ask(server, "ListSecretVersionIds", "{\"SecretId\":\"db\",\"IncludeDeprecated\":true}");
    assert_int_equal(cJSON_GetArraySize(server_json_get(some, "Versions")), 2);
    assert_int_equal(cJSON_GetArraySize(server_json_get(all, "Versions")), 3);
    assert_null(
        server_json_get(cJSON_GetArrayItem(server_json_get(all, "Versions"), 0), "VersionStages"));
}

static void keeps_tags(void **state)
{
    struct server *server = *state;
    succeeds(server, "CreateSecret", CREATE("db", TOKEN_A, "1"));
    server_autojson cJSON *before = ask(server, "DescribeSecret", ID("db"));
    assert_null(server_json_get(before, "Tags"));
    succeeds(server, "TagResource",
             "{\"SecretId\":\"db\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"\"}]}");
    succeeds(server, "UntagResource", "{\"SecretId\":\"db\",\"TagKeys\":[\"a\",\"b\"]}");
    server_autojson cJSON *after = ask(server, "DescribeSecret", ID("db"));
    assert_true(cJSON_IsArray(server_json_get(after, "Tags")));
    fails(server, "TagResource",
          "{\"SecretId\":\"db\",\"Tags\":[{\"Key\":\"aws:x\",\"Value\":\"\"}]}",
          "InvalidParameterException", NULL);
}

static void keeps_places_apart(void **state)
{
    struct server *server = *state;
    struct server_place home = server->home;
    succeeds(server, "CreateSecret",
             "{\"Name\":\"db\",\"ClientRequestToken\":\"" TOKEN_A "\",\"SecretString\":\"one\"}");
    server->home = (struct server_place){.account = "000000000000", .region = "eu-west-1"};
    fails(server, "GetSecretValue", "{\"SecretId\":\"db\"}", "ResourceNotFoundException", NULL);
    succeeds(server, "CreateSecret",
             "{\"Name\":\"db\",\"ClientRequestToken\":\"" TOKEN_A "\",\"SecretString\":\"two\"}");
    server->home = (struct server_place){.account = "111122223333", .region = "us-east-1"};
    fails(server, "GetSecretValue", "{\"SecretId\":\"db\"}", "ResourceNotFoundException", NULL);
    server_autojson cJSON *none = ask(server, "ListSecrets", "{}");
    assert_int_equal(cJSON_GetArraySize(server_json_get(none, "SecretList")), 0);
    server->home = home;
    answers(server, "GetSecretValue", "{\"SecretId\":\"db\"}", "SecretString", "one");
    server_autojson cJSON *list = ask(server, "ListSecrets", "{}");
    assert_int_equal(cJSON_GetArraySize(server_json_get(list, "SecretList")), 1);
}

static void forgets_what_failed_halfway(void **state)
{
    struct server *server = *state;
    fails(server, "CreateSecret",
          "{\"Name\":\"db\",\"ClientRequestToken\":\"" TOKEN_A
          "\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"\"},{\"Key\":\"aws:b\",\"Value\":\"\"}]}",
          "InvalidParameterException", NULL);
    fails(server, "DescribeSecret", ID("db"), "ResourceNotFoundException", NOT_FOUND);
}

static void limits_the_labels_of_a_secret(void **state)
{
    struct server *server = *state;
    char body[4096];
    size_t len = (size_t)snprintf(body, sizeof body,
                                  "{\"SecretId\":\"db\",\"ClientRequestToken\":\"" TOKEN_B
                                  "\",\"SecretString\":\"x\",\"VersionStages\":[\"l0\"");
    for (int i = 1; i < 20; i++)
        len += (size_t)snprintf(body + len, sizeof body - len, ",\"l%d\"", i);
    (void)snprintf(body + len, sizeof body - len, "]}");
    succeeds(server, "CreateSecret", CREATE("db", TOKEN_A, "1"));
    fails(server, "PutSecretValue", body, "LimitExceededException", NULL); /* 20 and AWSCURRENT */
    has_labels(server, TOKEN_A, "AWSCURRENT");
}

static int lines_of(const char *path)
{
    FILE *file = fopen(path, "re");
    int lines = 0, c;
    assert_non_null(file);
    while ((c = getc(file)) != EOF)
        lines += c == '\n';
    assert_int_equal(fclose(file), 0);
    return lines;
}

static void deletes_once_whatever_becomes_of_the_call(void **state)
{
    struct server *server = *state;
    char path[] = "/tmp/trail.XXXXXX";
    int fd = mkstemp(path);
    assert_return_code(fd, errno);
    (void)close(fd); /* nothing was written */
    assert_int_equal(server_trail_open(path, &server->trail, NULL), SMCRED_OK);
    succeeds(server, "CreateSecret", CREATE("db", TOKEN_A, "1"));
    succeeds(server, "DeleteSecret", "{\"SecretId\":\"db\",\"RecoveryWindowInDays\":7}");
    fixture_now_ms += INT64_C(7) * 86400000;
    for (int i = 0; i < 3; i++)
        fails(server, "DescribeSecret", ID("db"), "ResourceNotFoundException", NOT_FOUND);
    assert_int_equal(lines_of(path), 3); /* two calls, and one EndSecretVersionDelete */
    server_trail_close(server->trail);
    server->trail = NULL;
    assert_return_code(unlink(path), errno);
}

static void updates_value_and_description(void **state)
{
    struct server *server = *state;
    succeeds(server, "CreateSecret", CREATE("db", TOKEN_A, "1"));
    server_autojson cJSON *bare =
        ask(server, "UpdateSecret",
            "{\"SecretId\":\"db\",\"ClientRequestToken\":\"" TOKEN_B "\",\"Description\":\"d\"}");
    assert_null(server_json_get(bare, "VersionId"));
    answers(server, "DescribeSecret", ID("db"), "Description", "d");
    answers(server, "UpdateSecret", PUT("db", TOKEN_B, "2"), "VersionId", TOKEN_B);
    answers(server, "GetSecretValue", ID("db"), "SecretString", "2");
}

#define SERVER_TEST(test) cmocka_unit_test_setup_teardown(test, start_server, stop_server)
SM_TEST_MAIN(SERVER_TEST(returns_what_was_stored), SERVER_TEST(creates_once_per_token),
             SERVER_TEST(moves_labels_as_versions_come),
             SERVER_TEST(rotates_by_moving_the_pending_version),
             SERVER_TEST(refuses_careless_moves), SERVER_TEST(says_which_value_is_missing),
             SERVER_TEST(checks_in_the_order_of_the_service),
             SERVER_TEST(never_repeats_a_value_in_a_message),
             SERVER_TEST(finds_by_full_and_partial_arn), SERVER_TEST(deletes_after_its_window),
             SERVER_TEST(forces_deletion_even_of_nothing), SERVER_TEST(lists_page_by_page),
             SERVER_TEST(lists_what_filters_select),
             SERVER_TEST(lists_versions_with_and_without_labels), SERVER_TEST(keeps_tags),
             SERVER_TEST(keeps_places_apart), SERVER_TEST(forgets_what_failed_halfway),
             SERVER_TEST(limits_the_labels_of_a_secret),
             SERVER_TEST(deletes_once_whatever_becomes_of_the_call),
             SERVER_TEST(updates_value_and_description))
