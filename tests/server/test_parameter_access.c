/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_parameter_access.c - who may read, list and put which parameters. */
#include "tests/server/server_fixture.h"

#define ADA    "arn:aws:iam::000000000000:user/ada"
#define HEAD   "arn:aws:ssm:us-east-1:000000000000:parameter"
#define DENIED "AccessDeniedException"

static int start(void **state)
{
    (void)start_server(state);
    struct server *server = *state;
    fixture_target = "AmazonSSM.";
    succeeds(server, "PutParameter",
             "{\"Name\":\"/app/a\",\"Value\":\"1\",\"Type\":\"String\","
             "\"Tags\":[{\"Key\":\"team\",\"Value\":\"db\"}]}");
    succeeds(server, "PutParameter", "{\"Name\":\"flat\",\"Value\":\"1\",\"Type\":\"String\"}");
    assert_int_equal(server_store_principal_add(server->store, ADA, 1), SMCRED_OK);
    fixture_caller = ADA;
    return 0;
}

/* Ada may what the statement says, in which ' is ". */
static void give(struct server *server, const char *statement)
{
    char document[1024];
    (void)snprintf(document, sizeof document, "{'Version':'2012-10-17','Statement':{%s}}",
                   statement);
    for (char *c = document; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    assert_int_equal(server_store_policy_put(server->store, ADA, "p", document), SMCRED_OK);
}

static void is_refused(struct server *server, const char *operation, const char *body,
                       const char *action, const char *resource)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "User: " ADA " is not authorized to perform: ssm:%s on resource: %s because no "
                   "identity-based policy allows the ssm:%s action",
                   action, resource, action);
    fails(server, operation, body, DENIED, text);
}

static void asks_for_the_path_however_it_ends(void **state)
{
    struct server *server = *state;
    give(server, "'Effect':'Allow','Action':'ssm:GetParametersByPath','Resource':'" HEAD "/app*'");
    succeeds(server, "GetParametersByPath", "{\"Path\":\"/app\"}");
    succeeds(server, "GetParametersByPath", "{\"Path\":\"/app/\"}");
    is_refused(server, "GetParametersByPath", "{\"Path\":\"/\"}", "GetParametersByPath", HEAD "/");
    is_refused(server, "GetParametersByPath", "{\"Path\":\"/else/\"}", "GetParametersByPath",
               HEAD "/else");
    fails(server, "GetParametersByPath", "{\"Path\":\"app\"}", DENIED, NULL);
}

static void asks_for_each_name(void **state)
{
    struct server *server = *state;
    give(server, "'Effect':'Allow','Action':'ssm:Get*','Resource':'" HEAD "/app/*'");
    succeeds(server, "GetParameter", "{\"Name\":\"/app/a\"}");
    succeeds(server, "GetParameter", "{\"Name\":\"" HEAD "/app/a\"}");
    succeeds(server, "GetParameters", "{\"Names\":[\"/app/a:1\"]}");
    is_refused(server, "GetParameter", "{\"Name\":\"flat\"}", "GetParameter", HEAD "/flat");
    is_refused(server, "GetParameters", "{\"Names\":[\"/app/a\",\"none\"]}", "GetParameters",
               HEAD "/none");
}

static void tags_only_where_tagging_is_allowed(void **state)
{
    struct server *server = *state;
    static const char tagged[] = "{\"Name\":\"/app/t\",\"Value\":\"1\",\"Type\":\"String\","
                                 "\"Tags\":[{\"Key\":\"team\",\"Value\":\"db\"}]}";
    give(server, "'Effect':'Allow','Action':'ssm:PutParameter','Resource':'*'");
    is_refused(server, "PutParameter", tagged, "AddTagsToResource", HEAD "/app/t");
    succeeds(server, "PutParameter", "{\"Name\":\"/app/t\",\"Value\":\"1\",\"Type\":\"String\"}");
    give(server, "'Effect':'Allow','Action':['ssm:PutParameter','ssm:AddTagsToResource'],"
                 "'Resource':'" HEAD "/new/*'");
    succeeds(server, "PutParameter",
             "{\"Name\":\"/new/t\",\"Value\":\"1\",\"Type\":\"String\",\"Tags\":[]}");
}

static void knows_the_condition_keys(void **state)
{
    struct server *server = *state;
    static const struct {
        const char *condition, *operation, *body;
        bool allowed;
    } cases[] = {
        {"'StringEquals':{'aws:ResourceTag/team':'db'}", "GetParameter", "{\"Name\":\"/app/a\"}",
         true},
        {"'StringEquals':{'ssm:resourceTag/team':'db'}", "GetParameters",
         "{\"Names\":[\"/app/a\"]}", true},
        {"'StringEquals':{'aws:ResourceTag/team':'db'}", "GetParameter", "{\"Name\":\"flat\"}",
         false},
        {"'StringEquals':{'aws:ResourceTag/team':'db'}", "GetParameter", "{\"Name\":\"none\"}",
         false},
        {"'Bool':{'ssm:Overwrite':'false'}", "PutParameter",
         "{\"Name\":\"flat\",\"Value\":\"2\",\"Overwrite\":true}", false},
        {"'Bool':{'ssm:Overwrite':'false'}", "PutParameter",
         "{\"Name\":\"n\",\"Value\":\"2\",\"Type\":\"String\"}", true},
        {"'Bool':{'ssm:Recursive':'false'}", "GetParametersByPath",
         "{\"Path\":\"/\",\"Recursive\":true}", false},
        {"'Bool':{'ssm:Recursive':'false'}", "GetParametersByPath", "{\"Path\":\"/\"}", true},
        {"'StringEquals':{'aws:RequestTag/team':'db'}", "PutParameter",
         "{\"Name\":\"m\",\"Value\":\"2\",\"Type\":\"String\","
         "\"Tags\":[{\"Key\":\"team\",\"Value\":\"web\"}]}",
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char statement[512];
        (void)snprintf(statement, sizeof statement,
                       "'Effect':'Allow','Action':'ssm:*','Resource':'*','Condition':{%s}",
                       cases[i].condition);
        give(server, statement);
        if (cases[i].allowed)
            succeeds(server, cases[i].operation, cases[i].body);
        else
            fails(server, cases[i].operation, cases[i].body, DENIED, NULL);
    }
}

#define PARAMETER_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop_server)
SM_TEST_MAIN(PARAMETER_TEST(asks_for_the_path_however_it_ends), PARAMETER_TEST(asks_for_each_name),
             PARAMETER_TEST(tags_only_where_tagging_is_allowed),
             PARAMETER_TEST(knows_the_condition_keys))
