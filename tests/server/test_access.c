/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_access.c - who may: policies of users and secrets, combined, and refusals in AWS's words. */
#include "tests/server/server_fixture.h"

#include "server/kms.h"

#define ADA            "arn:aws:iam::000000000000:user/ada"
#define FOREIGN        "arn:aws:iam::111122223333:user/bob"
#define DENIED         "AccessDeniedException"
#define NOT_AUTHORIZED "User: " ADA " is not authorized to perform: secretsmanager:"

static char arn[SERVER_ARN_MAX + 1]; /* of the secret "prod/db" */

static int start(void **state)
{
    (void)start_server(state);
    struct server *server = *state;
    server_autojson cJSON *answer =
        ask(server, "CreateSecret",
            "{\"Name\":\"prod/db\",\"ClientRequestToken\":\"" TOKEN_A "\",\"SecretString\":\"one\","
            "\"Tags\":[{\"Key\":\"team\",\"Value\":\"db\"}]}");
    (void)snprintf(arn, sizeof arn, "%s", server_json_text(answer, "ARN"));
    assert_int_equal(server_store_principal_add(server->store, ADA, 1), SMCRED_OK);
    assert_int_equal(server_store_principal_add(server->store, FOREIGN, 1), SMCRED_OK);
    return 0;
}

/* ' is " here. */
static const char *quoted(const char *text)
{
    static char out[8][1024];
    static size_t next;
    char *at = out[next++ % 8];
    (void)snprintf(at, 1024, "%s", text);
    for (char *c = at; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    return at;
}

static void give(struct server *server, const char *who, const char *statement)
{
    char document[1024];
    (void)snprintf(document, sizeof document, "{'Version':'2012-10-17','Statement':{%s}}",
                   statement);
    assert_int_equal(server_store_policy_put(server->store, who, "p", quoted(document)), SMCRED_OK);
}

static void put_resource_policy(struct server *server, const char *statement)
{
    cJSON *body = cJSON_CreateObject();
    char document[1024];
    (void)snprintf(document, sizeof document, "{'Version':'2012-10-17','Statement':{%s}}",
                   statement);
    (void)cJSON_AddStringToObject(body, "SecretId", "prod/db");
    (void)cJSON_AddStringToObject(body, "ResourcePolicy", quoted(document));
    char *text = cJSON_PrintUnformatted(body);
    const char *caller = fixture_caller;
    fixture_caller = FIXTURE_ADMIN;
    succeeds(server, "PutResourcePolicy", text);
    fixture_caller = caller;
    cJSON_free(text);
    cJSON_Delete(body);
}

#define GET "{\"SecretId\":\"prod/db\"}"
static const char *get_by_arn(void)
{
    static char body[SERVER_ARN_MAX + 32];
    (void)snprintf(body, sizeof body, "{\"SecretId\":\"%s\"}", arn);
    return body;
}

static const char *refusal(const char *rest)
{
    static char text[2048];
    (void)snprintf(text, sizeof text, NOT_AUTHORIZED "%s", rest);
    return text;
}

static void allows_nothing_by_itself(void **state)
{
    struct server *server = *state;
    char text[1024];
    fixture_caller = ADA;
    (void)snprintf(text, sizeof text,
                   "GetSecretValue on resource: %s because no identity-based policy allows the "
                   "secretsmanager:GetSecretValue action",
                   arn);
    fails(server, "GetSecretValue", GET, DENIED, refusal(text));
    fails(server, "GetSecretValue", "{\"SecretId\":\"settings\"}", DENIED,
          refusal("GetSecretValue on resource: settings because no identity-based policy allows "
                  "the secretsmanager:GetSecretValue action"));
    fails(server, "ListSecrets", "{}", DENIED,
          refusal("ListSecrets because no identity-based policy allows the "
                  "secretsmanager:ListSecrets action"));
    fails(server, "CreateSecret", "{\"Name\":\"new\",\"ClientRequestToken\":\"" TOKEN_B "\"}",
          DENIED,
          refusal("CreateSecret on resource: new because no identity-based policy allows the "
                  "secretsmanager:CreateSecret action"));
}

static void allows_what_an_identity_policy_says(void **state)
{
    struct server *server = *state;
    fixture_caller = ADA;
    give(
        server, ADA,
        "'Effect':'Allow','Action':['secretsmanager:GetSecretValue','secretsmanager:CreateSecret'],"
        "'Resource':'arn:aws:secretsmanager:us-east-1:000000000000:secret:prod/*'");
    answers(server, "GetSecretValue", GET, "SecretString", "one");
    fails(server, "GetSecretValue", "{\"SecretId\":\"settings\"}", DENIED, NULL);
    fails(server, "DescribeSecret", GET, DENIED, NULL);
    succeeds(server, "CreateSecret",
             "{\"Name\":\"prod/new\",\"ClientRequestToken\":\"" TOKEN_B "\"}");
    fails(server, "CreateSecret", "{\"Name\":\"test/new\",\"ClientRequestToken\":\"" TOKEN_B "\"}",
          DENIED, NULL);
    fails(server, "CreateSecret",
          "{\"Name\":\"prod/tagged\",\"ClientRequestToken\":\"" TOKEN_B
          "\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"b\"}]}",
          DENIED,
          refusal("TagResource on resource: prod/tagged because no identity-based policy allows "
                  "the secretsmanager:TagResource action"));
}

static void tells_absence_only_to_those_who_may_look(void **state)
{
    struct server *server = *state;
    fixture_caller = ADA;
    give(server, ADA, "'Effect':'Allow','Action':'secretsmanager:GetSecretValue','Resource':'*'");
    fails(server, "GetSecretValue", "{\"SecretId\":\"settings\"}", "ResourceNotFoundException",
          "Secrets Manager can't find the specified secret.");
}

static void denies_before_all_else(void **state)
{
    struct server *server = *state;
    char text[1024];
    give(server, FIXTURE_ADMIN, "'Effect':'Deny','Action':'secretsmanager:Get*','Resource':'*'");
    (void)snprintf(text, sizeof text,
                   "User: " FIXTURE_ADMIN " is not authorized to perform: "
                   "secretsmanager:GetSecretValue on resource: %s with an explicit deny in an "
                   "identity-based policy",
                   arn);
    fails(server, "GetSecretValue", GET, DENIED, text);
    give(server, FIXTURE_ADMIN, "'Effect':'Allow','Action':'*','Resource':'*'");
    put_resource_policy(server, "'Effect':'Deny','Principal':'*','Action':'secretsmanager:Get*',"
                                "'Resource':'*'");
    (void)snprintf(text, sizeof text,
                   "User: " FIXTURE_ADMIN " is not authorized to perform: "
                   "secretsmanager:GetSecretValue on resource: %s with an explicit deny in a "
                   "resource-based policy",
                   arn);
    fails(server, "GetSecretValue", GET, DENIED, text);
}

static void lets_a_secret_admit_its_account(void **state)
{
    struct server *server = *state;
    fixture_caller = ADA;
    put_resource_policy(server, "'Effect':'Allow','Principal':{'AWS':'000000000000'},"
                                "'Action':'*','Resource':'*'");
    fails(server, "GetSecretValue", GET, DENIED, NULL); /* leaves it to the account */
    put_resource_policy(server, "'Effect':'Allow','Principal':{'AWS':'" ADA "'},"
                                "'Action':'secretsmanager:GetSecretValue','Resource':'*'");
    answers(server, "GetSecretValue", GET, "SecretString", "one");
    fails(server, "DescribeSecret", GET, DENIED, NULL);
}

static void wants_both_between_accounts(void **state)
{
    struct server *server = *state;
    struct server_place home = server->home;
    char text[1024];
    const char *body = get_by_arn();
    put_resource_policy(server, "'Effect':'Allow','Principal':{'AWS':'" ADA "'},"
                                "'Action':'*','Resource':'*'");
    fixture_caller = FOREIGN;
    server->home.account[0] = '1';
    memcpy(server->home.account, "111122223333", 12);
    fails(server, "DescribeSecret", body, DENIED, NULL);
    give(server, FOREIGN, "'Effect':'Allow','Action':'*','Resource':'*'");
    (void)snprintf(text, sizeof text,
                   "User: " FOREIGN " is not authorized to perform: secretsmanager:DescribeSecret "
                   "on resource: %s because no resource-based policy allows the "
                   "secretsmanager:DescribeSecret action",
                   arn);
    fails(server, "DescribeSecret", body, DENIED, text);
    server->home = home;
    put_resource_policy(server, "'Effect':'Allow','Principal':{'AWS':'111122223333'},"
                                "'Action':'*','Resource':'*'");
    memcpy(server->home.account, "111122223333", 12);
    answers(server, "DescribeSecret", body, "Name", "prod/db");
    fails(server, "GetSecretValue", body, "InvalidRequestException",
          "You can't access a secret from a different AWS account if you encrypt the secret with "
          "the default KMS service key.");
    server->home = home;
}

static void set_function(struct server *server, const char *function)
{
    struct server_secret secret;
    struct server_rotation rotation = {.enabled = true};
    assert_int_equal(
        server_store_secret_by_name(server->store, &server->home, sm_bytes_of("prod/db"), &secret),
        SMCRED_OK);
    rotation.secret = secret.row;
    (void)snprintf(rotation.function_arn, sizeof rotation.function_arn, "%s", function);
    assert_int_equal(server_store_rotation_put(server->store, &rotation), SMCRED_OK);
}

static void knows_the_condition_keys(void **state)
{
    struct server *server = *state;
    static const struct {
        const char *condition, *operation, *body;
        bool allowed;
    } cases[] = {
        {"'StringEquals':{'aws:ResourceTag/team':'db'}", "GetSecretValue", GET, true},
        {"'StringEquals':{'secretsmanager:ResourceTag/team':'web'}", "GetSecretValue", GET, false},
        {"'StringEquals':{'secretsmanager:VersionStage':'AWSCURRENT'}", "GetSecretValue", GET,
         true},
        {"'StringEquals':{'secretsmanager:VersionStage':'AWSCURRENT'}", "GetSecretValue",
         "{'SecretId':'prod/db','VersionStage':'AWSPREVIOUS'}", false},
        {"'StringEquals':{'aws:username':'ada'}", "GetSecretValue", GET, true},
        {"'ArnLike':{'aws:PrincipalArn':'arn:aws:iam::*:user/a*'}", "GetSecretValue", GET, true},
        {"'StringEquals':{'aws:PrincipalTag/team':'db'}", "GetSecretValue", GET, true},
        {"'StringEquals':{'aws:ResourceTag/team':'${aws:PrincipalTag/team}'}", "GetSecretValue",
         GET, true},
        {"'Bool':{'aws:SecureTransport':'true'}", "GetSecretValue", GET, false},
        {"'DateLessThan':{'aws:CurrentTime':'2026-11-22T00:00:00Z'}", "GetSecretValue", GET, true},
        {"'StringEquals':{'aws:RequestedRegion':'us-east-1'}", "GetSecretValue", GET, true},
        {"'Bool':{'aws:ViaAWSService':'false','aws:PrincipalIsAWSService':'false'}",
         "GetSecretValue", GET, true},
        {"'Null':{'aws:TokenIssueTime':'true','aws:MultiFactorAuthPresent':'true'}",
         "GetSecretValue", GET, true},
        {"'StringLike':{'secretsmanager:resource/AllowRotationLambdaArn':'arn:*:function:turn'}",
         "GetSecretValue", GET, true},
        {"'StringLike':{'secretsmanager:resource/AllowRotationLambdaArn':'arn:*:function:other'}",
         "GetSecretValue", GET, false},
        {"'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}", "GetSecretValue", GET, false},
        {"'ArnLike':{'secretsmanager:SecretId':'arn:*:*:*:*:secret:prod/*'}", "GetSecretValue", GET,
         true},
        {"'NumericGreaterThanEquals':{'secretsmanager:RecoveryWindowInDays':'14'}", "DeleteSecret",
         "{'SecretId':'prod/db','RecoveryWindowInDays':7}", false},
        {"'Bool':{'secretsmanager:ForceDeleteWithoutRecovery':'false'}", "DeleteSecret",
         "{'SecretId':'prod/db','ForceDeleteWithoutRecovery':true}", false},
        {"'StringLike':{'secretsmanager:Name':'prod/*'}", "CreateSecret",
         "{'Name':'test/x','ClientRequestToken':'" TOKEN_C "'}", false},
        {"'StringEquals':{'aws:RequestTag/team':'db'}", "TagResource",
         "{'SecretId':'prod/db','Tags':[{'Key':'team','Value':'web'}]}", false},
        {"'ForAllValues:StringEquals':{'aws:TagKeys':['team']}", "UntagResource",
         "{'SecretId':'prod/db','TagKeys':['owner']}", false},
        {"'ForAllValues:StringEquals':{'aws:TagKeys':['owner']}", "UntagResource",
         "{'SecretId':'prod/db','TagKeys':['owner']}", true},
    };
    assert_int_equal(server_store_principal_tag(server->store, ADA, "team", "db"), SMCRED_OK);
    set_function(server, "arn:aws:lambda:us-east-1:000000000000:function:turn");
    fixture_caller = ADA;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char statement[512];
        (void)snprintf(statement, sizeof statement,
                       "'Effect':'Allow','Action':'*','Resource':'*','Condition':{%s}",
                       cases[i].condition);
        give(server, ADA, statement);
        server_autojson cJSON *answer = ask(server, cases[i].operation, quoted(cases[i].body));
        const char *type = server_json_text(answer, "__type");
        if ((!type || strcmp(type, DENIED) != 0) != cases[i].allowed)
            fail_msg("%s: %s", cases[i].condition, type);
    }
}

static void reads_in_batches_what_it_may(void **state)
{
    struct server *server = *state;
    fixture_caller = ADA;
    give(server, ADA,
         "'Effect':'Allow','Action':['secretsmanager:BatchGetSecretValue',"
         "'secretsmanager:ListSecrets'],'Resource':'*'");
    server_autojson cJSON *answer =
        ask(server, "BatchGetSecretValue", "{\"SecretIdList\":[\"prod/db\"]}");
    const cJSON *errors = server_json_get(answer, "Errors");
    assert_string_equal(server_json_text(cJSON_GetArrayItem(errors, 0), "ErrorCode"), DENIED);
    assert_int_equal(cJSON_GetArraySize(server_json_get(answer, "SecretValues")), 0);
    server_autojson cJSON *found = ask(server, "BatchGetSecretValue",
                                       "{\"Filters\":[{\"Key\":\"name\",\"Values\":[\"prod\"]}]}");
    errors = server_json_get(found, "Errors");
    assert_string_equal(server_json_text(cJSON_GetArrayItem(errors, 0), "ErrorCode"), DENIED);
}

#define PUT(policy, more) "{\"SecretId\":\"prod/db\",\"ResourcePolicy\":\"" policy "\"" more "}"
#define OPEN                                                                                       \
    "{\\\"Statement\\\":{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":\\\"*\\\","                \
    "\\\"Action\\\":\\\"secretsmanager:GetSecretValue\\\",\\\"Resource\\\":\\\"*\\\"}}"
#define BAD_PRINCIPAL(kind, who)                                                                   \
    "{\\\"Statement\\\":{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":{\\\"" kind                \
    "\\\":\\\"" who "\\\"},\\\"Action\\\":\\\"*\\\",\\\"Resource\\\":\\\"*\\\"}}"

/* What a policy denies GetSecretValue, nothing else reads in its place. */
static void reads_no_way_round_a_condition(void **state)
{
    struct server *server = *state;
    static const char reference[] = "{\"Name\":\"/aws/reference/secretsmanager/prod/db%s\","
                                    "\"WithDecryption\":true,\"VersionStage\":\"AWSPENDING\"}";
    static const char batch[] = "{\"SecretIdList\":[\"prod/db\"],\"VersionStage\":\"AWSPENDING\"}";
    const struct {
        const char *key, *value, *selector;
        int refused; /* of the batch, which asks for no version by its id */
    } cases[] = {
        {"SecretId", arn, "", 1},
        {"VersionStage", "AWSCURRENT", ":AWSCURRENT", 1},
        {"VersionId", TOKEN_A, ":" TOKEN_A, 0},
    };
    give(server, ADA, "'Effect':'Allow','Action':'*','Resource':'*'");
    fixture_caller = ADA;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char statement[SERVER_ARN_MAX + 256], body[256];
        (void)snprintf(statement, sizeof statement,
                       "'Effect':'Deny','Principal':'*','Action':'secretsmanager:GetSecretValue',"
                       "'Resource':'*','Condition':{'StringEquals':"
                       "{'secretsmanager:%s':'%s'}}",
                       cases[i].key, cases[i].value);
        put_resource_policy(server, statement);
        fixture_target = "AmazonSSM.";
        (void)snprintf(body, sizeof body, reference, cases[i].selector);
        fails(server, "GetParameter", body, DENIED, NULL);
        fixture_target = "secretsmanager.";
        server_autojson cJSON *answer = ask(server, "BatchGetSecretValue", batch);
        assert_int_equal(cJSON_GetArraySize(server_json_get(answer, "Errors")), cases[i].refused);
    }
}

static void meets_no_condition_with_a_member_that_decides_nothing(void **state)
{
    struct server *server = *state;
    fixture_caller = ADA;
    give(server, ADA,
         "'Effect':'Allow','Action':'*','Resource':'*','Condition':{'StringEquals':"
         "{'secretsmanager:KmsKeyId':'alias/k','aws:RequestTag/team':'db'}}");
    fails(server, "GetSecretValue",
          "{\"SecretId\":\"prod/db\",\"KmsKeyId\":\"alias/k\","
          "\"Tags\":[{\"Key\":\"team\",\"Value\":\"db\"}]}",
          DENIED, NULL);
}

static void checks_resource_policies(void **state)
{
    struct server *server = *state;
    fails(server, "PutResourcePolicy", PUT("{", ""), "MalformedPolicyDocumentException",
          "This resource policy contains a syntax error.");
    fails(server, "PutResourcePolicy", PUT(BAD_PRINCIPAL("AWS", "ada"), ""),
          "MalformedPolicyDocumentException",
          "This resource policy contains an unsupported principal.");
    fails(server, "PutResourcePolicy", PUT(BAD_PRINCIPAL("Service", "lambda"), ""),
          "MalformedPolicyDocumentException",
          "This resource policy contains an invalid service principal.");
    fails(server, "PutResourcePolicy", PUT(OPEN, ",\"BlockPublicPolicy\":true"),
          "PublicPolicyException",
          "You can't attach a resource-based policy that allows broad access to the secret.");
    fails(server, "PutResourcePolicy",
          PUT("{\\\"Statement\\\":{\\\"Effect\\\":\\\"Deny\\\",\\\"Principal\\\":\\\"*\\\","
              "\\\"Action\\\":\\\"*\\\",\\\"Resource\\\":\\\"*\\\"}}",
              ""),
          "InvalidParameterException",
          "Your requested changes will not allow you to manage this secret in the future.");
    server_autojson cJSON *none = ask(server, "GetResourcePolicy", GET);
    assert_null(server_json_get(none, "ResourcePolicy"));
    answers(server, "PutResourcePolicy", PUT(OPEN, ""), "Name", "prod/db");
    answers(server, "GetResourcePolicy", GET, "ResourcePolicy",
            "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\","
            "\"Action\":\"secretsmanager:GetSecretValue\",\"Resource\":\"*\"}}");
    answers(server, "DeleteResourcePolicy", GET, "Name", "prod/db");
    server_autojson cJSON *gone = ask(server, "GetResourcePolicy", GET);
    assert_null(server_json_get(gone, "ResourcePolicy"));
}

static void validates_without_storing(void **state)
{
    struct server *server = *state;
    server_autojson cJSON *bad = ask(server, "ValidateResourcePolicy", PUT("{}", ""));
    const cJSON *finding = cJSON_GetArrayItem(server_json_get(bad, "ValidationErrors"), 0);
    assert_false(server_json_is_true(bad, "PolicyValidationPassed"));
    assert_string_equal(server_json_text(finding, "CheckName"), "PolicySyntax");
    assert_string_equal(server_json_text(finding, "ErrorMessage"), "there is no Statement");
    server_autojson cJSON *good =
        ask(server, "ValidateResourcePolicy", PUT(BAD_PRINCIPAL("AWS", "000000000000"), ""));
    assert_true(server_json_is_true(good, "PolicyValidationPassed"));
    assert_null(server_json_get(good, "ValidationErrors"));
    fails(server, "ValidateResourcePolicy", "{\"SecretId\":\"Inv Name\",\"ResourcePolicy\":\"{}\"}",
          "ValidationException", NULL);
    server_autojson cJSON *none = ask(server, "GetResourcePolicy", GET);
    assert_null(server_json_get(none, "ResourcePolicy"));
}

/* --- keys of KMS ------------------------------------------------------------------------------ */

#define NO_KEY  "Access to KMS is not allowed"
#define KEPT    "{\"SecretId\":\"prod/kept\"}"
#define TOKENED "\"ClientRequestToken\":\"" TOKEN_B "\""

/* A secret of the administrator's under alias/mine, a key that Ada may not use. */
static void keep_under_a_key(struct server *server)
{
    struct server_kms_key key;
    assert_int_equal(server_kms_create(server, &server->home, NULL, &key), SMCRED_OK);
    assert_int_equal(server_store_kms_alias(server->store, &key, "alias/mine"), SMCRED_OK);
    succeeds(server, "CreateSecret",
             "{\"Name\":\"prod/kept\",\"SecretString\":\"two\",\"KmsKeyId\":\"alias/mine\","
             "\"ClientRequestToken\":\"" TOKEN_A "\"}");
    give(server, ADA, "'Effect':'Allow','Action':'secretsmanager:*','Resource':'*'");
    fixture_caller = ADA;
}

static void opens_nothing_under_a_key_that_is_not_allowed(void **state)
{
    struct server *server = *state;
    static const char *const batches[] = {
        "{\"SecretIdList\":[\"prod/kept\"]}",
        "{\"Filters\":[{\"Key\":\"name\",\"Values\":[\"prod/kept\"]}]}"};
    keep_under_a_key(server);
    fails(server, "GetSecretValue", KEPT, DENIED, NO_KEY);
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        server_autojson cJSON *answer = ask(server, "BatchGetSecretValue", batches[i]);
        const cJSON *error = cJSON_GetArrayItem(server_json_get(answer, "Errors"), 0);
        assert_int_equal(cJSON_GetArraySize(server_json_get(answer, "SecretValues")), 0);
        assert_string_equal(server_json_text(error, "ErrorCode"), DENIED);
        assert_string_equal(server_json_text(error, "Message"), NO_KEY);
    }
    /* Nor is it brought where she could open it. */
    fails(server, "UpdateSecret", "{\"SecretId\":\"prod/kept\",\"KmsKeyId\":\"\"," TOKENED "}",
          DENIED, NO_KEY);
    fails(server, "ReplicateSecretToRegions",
          "{\"SecretId\":\"prod/kept\",\"AddReplicaRegions\":[{\"Region\":\"us-west-2\"}]}", DENIED,
          NO_KEY);
}

/* Not Parameter Store's, through which the secret may be read. */
static void opens_a_secret_under_a_key_as_secrets_manager(void **state)
{
    struct server *server = *state;
    keep_under_a_key(server);
    give(server, ADA,
         "'Effect':'Allow','Action':'*','Resource':'*','Condition':{'StringEqualsIfExists':"
         "{'kms:ViaService':'secretsmanager.us-east-1.amazonaws.com'}}");
    succeeds(server, "GetSecretValue", KEPT);
    fixture_target = "AmazonSSM.";
    succeeds(server, "GetParameter",
             "{\"Name\":\"/aws/reference/secretsmanager/prod/kept\",\"WithDecryption\":true}");
}

static void seals_nothing_under_a_key_that_is_not_allowed(void **state)
{
    struct server *server = *state;
    keep_under_a_key(server);
    fails(server, "PutSecretValue",
          "{\"SecretId\":\"prod/kept\",\"SecretString\":\"x\"," TOKENED "}", DENIED, NO_KEY);
    fails(server, "UpdateSecret", "{\"SecretId\":\"prod/kept\",\"SecretString\":\"x\"," TOKENED "}",
          DENIED, NO_KEY);
    fails(server, "UpdateSecret",
          "{\"SecretId\":\"prod/db\",\"KmsKeyId\":\"alias/mine\"," TOKENED "}", DENIED, NO_KEY);
    fails(server, "CreateSecret", "{\"Name\":\"new\",\"KmsKeyId\":\"alias/mine\"," TOKENED "}",
          DENIED, NO_KEY);
    succeeds(server, "UpdateSecret",
             "{\"SecretId\":\"prod/kept\",\"Description\":\"no value\"," TOKENED "}");
    fixture_caller = FIXTURE_ADMIN;
    answers(server, "GetSecretValue", KEPT, "SecretString", "two");
}

static void seals_no_replica_under_such_a_key(void **state)
{
    struct server *server = *state;
    struct server_kms_key key;
    struct server_place west = server->home;
    memcpy(west.region, "us-west-2", sizeof "us-west-2");
    assert_int_equal(server_kms_create(server, &west, NULL, &key), SMCRED_OK);
    assert_int_equal(server_store_kms_alias(server->store, &key, "alias/west"), SMCRED_OK);
    give(server, ADA, "'Effect':'Allow','Action':'secretsmanager:*','Resource':'*'");
    fixture_caller = ADA;
    fails(server, "ReplicateSecretToRegions",
          "{\"SecretId\":\"prod/db\",\"AddReplicaRegions\":[{\"Region\":\"us-west-2\","
          "\"KmsKeyId\":\"alias/west\"}]}",
          DENIED, NO_KEY);
    give(server, ADA, "'Effect':'Allow','Action':['secretsmanager:*','kms:*'],'Resource':'*'");
    succeeds(server, "ReplicateSecretToRegions",
             "{\"SecretId\":\"prod/db\",\"AddReplicaRegions\":[{\"Region\":\"us-west-2\","
             "\"KmsKeyId\":\"alias/west\"}]}");
}

#define ACCESS_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop_server)
SM_TEST_MAIN(ACCESS_TEST(allows_nothing_by_itself),
             ACCESS_TEST(allows_what_an_identity_policy_says),
             ACCESS_TEST(tells_absence_only_to_those_who_may_look),
             ACCESS_TEST(denies_before_all_else), ACCESS_TEST(lets_a_secret_admit_its_account),
             ACCESS_TEST(wants_both_between_accounts), ACCESS_TEST(knows_the_condition_keys),
             ACCESS_TEST(reads_in_batches_what_it_may), ACCESS_TEST(reads_no_way_round_a_condition),
             ACCESS_TEST(meets_no_condition_with_a_member_that_decides_nothing),
             ACCESS_TEST(checks_resource_policies), ACCESS_TEST(validates_without_storing),
             ACCESS_TEST(opens_nothing_under_a_key_that_is_not_allowed),
             ACCESS_TEST(opens_a_secret_under_a_key_as_secrets_manager),
             ACCESS_TEST(seals_nothing_under_a_key_that_is_not_allowed),
             ACCESS_TEST(seals_no_replica_under_such_a_key))
