/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_iam.c - a table of policies and questions, one of flawed policies, and public ones. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "server/iam.h"
#include "server/json.h"

#define ADA    "arn:aws:iam::111122223333:user/ada"
#define ROLE   "arn:aws:iam::111122223333:role/app"
#define AS_APP "arn:aws:sts::111122223333:assumed-role/app/one"
#define DB     "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-a1b2c3"
#define GET    "secretsmanager:GetSecretValue"

#define ALLOW(rest)       "{'Version':'2012-10-17','Statement':{'Effect':'Allow'," rest "}}"
#define ALL_OF(condition) ALLOW("'Action':'*','Resource':'*','Condition':{" condition "}")
#define TO(principal)     ALLOW("'Action':'*','Resource':'*','Principal':" principal)

struct judgement {
    const char *policy; /* ' for " */
    const char *action, *resource;
    const char *facts; /* likewise; NULL: none */
    enum server_iam_verdict verdict;
};

static const struct judgement judgements[] = {
    /* actions */
    {ALLOW("'Action':'*','Resource':'*'"), GET, DB, NULL, SERVER_IAM_ALLOWED},
    {ALLOW("'Action':'secretsmanager:*','Resource':'*'"), GET, DB, NULL, SERVER_IAM_ALLOWED},
    {ALLOW("'Action':'SecretsManager:getsecret*','Resource':'*'"), GET, DB, NULL,
     SERVER_IAM_ALLOWED},
    {ALLOW("'Action':['ssm:*','secretsmanager:Get????????lue'],'Resource':'*'"), GET, DB, NULL,
     SERVER_IAM_ALLOWED},
    {ALLOW("'Action':'ssm:*','Resource':'*'"), GET, DB, NULL, SERVER_IAM_SILENT},
    {ALLOW("'NotAction':'ssm:*','Resource':'*'"), GET, DB, NULL, SERVER_IAM_ALLOWED},
    {ALLOW("'NotAction':['ssm:*','secretsmanager:Get*'],'Resource':'*'"), GET, DB, NULL,
     SERVER_IAM_SILENT},
    /* resources */
    {ALLOW("'Action':'*','Resource':'" DB "'"), GET, DB, NULL, SERVER_IAM_ALLOWED},
    {ALLOW("'Action':'*','Resource':'arn:aws:secretsmanager:*:*:secret:prod/db-?????"
           "?'"),
     GET, DB, NULL, SERVER_IAM_ALLOWED},
    {ALLOW("'Action':'*','Resource':'arn:aws:secretsmanager:*:*:secret:prod/db-????"
           "?'"),
     GET, DB, NULL, SERVER_IAM_SILENT},
    {ALLOW("'Action':'*','Resource':'arn:aws:secretsmanager:*:*:secret:PROD/*'"), GET, DB, NULL,
     SERVER_IAM_SILENT},
    {ALLOW("'Action':'*','NotResource':'arn:aws:secretsmanager:*:*:secret:test/*'"), GET, DB, NULL,
     SERVER_IAM_ALLOWED},
    {ALLOW("'Action':'*','NotResource':['arn:x','arn:*:secret:prod/*']"), GET, DB, NULL,
     SERVER_IAM_SILENT},
    {ALLOW("'Action':'*','Resource':'" DB "'"), "secretsmanager:ListSecrets", "*", NULL,
     SERVER_IAM_SILENT},
    /* variables, which a policy of the first Version has none of */
    {"{'Statement':{'Effect':'Allow','Action':'*','Resource':'arn:*:secret:${aws:a}/*'}}", GET, DB,
     "{'aws:a':'prod'}", SERVER_IAM_SILENT},
    {"{'Version':'2008-10-17','Statement':{'Effect':'Allow','Action':'*','Resource':'*',"
     "'Condition':{'StringEquals':{'aws:b':'${aws:a}'}}}}",
     GET, DB, "{'aws:a':'x','aws:b':'x'}", SERVER_IAM_SILENT},
    {ALLOW(
         "'Action':'*','Resource':'arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team}/*'"),
     GET, DB, "{'aws:PrincipalTag/team':'prod'}", SERVER_IAM_ALLOWED},
    {ALLOW(
         "'Action':'*','Resource':'arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team}/*'"),
     GET, DB, "{}", SERVER_IAM_SILENT},
    {ALLOW(
         "'Action':'*','Resource':'arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team}/*'"),
     GET, DB, "{'aws:PrincipalTag/team':'*'}", SERVER_IAM_SILENT},
    {ALLOW("'Action':'*','Resource':'arn:aws:secretsmanager:*:*:secret:${aws:x, 'prod'}/*'"), GET,
     DB, "{}", SERVER_IAM_ALLOWED},
    {ALLOW("'Action':'*','Resource':'arn:${*}'"), GET, "arn:*", NULL, SERVER_IAM_ALLOWED},
    {ALLOW("'Action':'*','Resource':'arn:${*}'"), GET, DB, NULL, SERVER_IAM_SILENT},
    /* deny wins */
    {"{'Statement':[{'Effect':'Allow','Action':'*','Resource':'*'},"
     "{'Effect':'Deny','Action':'secretsmanager:Get*','Resource':'*'}]}",
     GET, DB, NULL, SERVER_IAM_DENIED},
    {"{'Statement':[{'Effect':'Deny','Action':'secretsmanager:Put*','Resource':'*'},"
     "{'Effect':'Allow','Action':'*','Resource':'*'}]}",
     GET, DB, NULL, SERVER_IAM_ALLOWED},
    /* text */
    {ALL_OF("'StringEquals':{'aws:a':'x'}"), GET, DB, "{'aws:a':'x'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'StringEquals':{'AWS:A':'x'}"), GET, DB, "{'aws:a':'x'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'StringEquals':{'aws:a':['w','x']}"), GET, DB, "{'aws:a':'x'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'StringEquals':{'aws:a':'x*'}"), GET, DB, "{'aws:a':'xyz'}", SERVER_IAM_SILENT},
    {ALL_OF("'StringEquals':{'aws:a':'X'}"), GET, DB, "{'aws:a':'x'}", SERVER_IAM_SILENT},
    {ALL_OF("'StringEqualsIgnoreCase':{'aws:a':'X'}"), GET, DB, "{'aws:a':'x'}",
     SERVER_IAM_ALLOWED},
    {ALL_OF("'StringEquals':{'aws:a':'x','aws:b':'y'}"), GET, DB, "{'aws:a':'x'}",
     SERVER_IAM_SILENT},
    {ALL_OF("'StringEquals':{'aws:a':'x'},'StringLike':{'aws:b':'y*'}"), GET, DB,
     "{'aws:a':'x','aws:b':'yes'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'StringLike':{'aws:a':'x*'}"), GET, DB, "{'aws:a':'xyz'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'StringNotEquals':{'aws:a':['x','y']}"), GET, DB, "{'aws:a':'y'}", SERVER_IAM_SILENT},
    {ALL_OF("'StringNotEquals':{'aws:a':'x'}"), GET, DB, "{}", SERVER_IAM_ALLOWED},
    {ALL_OF("'StringNotLike':{'aws:a':'x*'}"), GET, DB, "{'aws:a':'y'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'StringEquals':{'aws:a':'x'}"), GET, DB, NULL, SERVER_IAM_SILENT},
    {ALL_OF("'StringEqualsIfExists':{'aws:a':'x'}"), GET, DB, "{}", SERVER_IAM_ALLOWED},
    {ALL_OF("'StringEqualsIfExists':{'aws:a':'x'}"), GET, DB, "{'aws:a':'y'}", SERVER_IAM_SILENT},
    {ALL_OF("'StringEquals':{'aws:a':'${aws:b}'}"), GET, DB, "{'aws:a':'x','aws:b':'x'}",
     SERVER_IAM_ALLOWED},
    /* numbers, dates, truth, nothing */
    {ALL_OF("'NumericLessThanEquals':{'aws:a':30}"), GET, DB, "{'aws:a':'30'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'NumericLessThan':{'aws:a':'30'}"), GET, DB, "{'aws:a':'30'}", SERVER_IAM_SILENT},
    {ALL_OF("'NumericGreaterThan':{'aws:a':'7'}"), GET, DB, "{'aws:a':'7.5'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'NumericEquals':{'aws:a':'7'}"), GET, DB, "{'aws:a':'seven'}", SERVER_IAM_SILENT},
    {ALL_OF("'NumericNotEquals':{'aws:a':'7'}"), GET, DB, "{'aws:a':'8'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'DateLessThan':{'aws:CurrentTime':'2026-11-21T00:00:01Z'}"), GET, DB,
     "{'aws:CurrentTime':'2026-11-21T00:00:00Z'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'DateGreaterThanEquals':{'aws:CurrentTime':'2026-11-22'}"), GET, DB,
     "{'aws:CurrentTime':'2026-11-21T23:59:59Z'}", SERVER_IAM_SILENT},
    {ALL_OF("'DateEquals':{'aws:CurrentTime':'1795219200'}"), GET, DB,
     "{'aws:CurrentTime':'2026-11-21T00:00:00Z'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'Bool':{'aws:SecureTransport':true}"), GET, DB, "{'aws:SecureTransport':'true'}",
     SERVER_IAM_ALLOWED},
    {ALL_OF("'Bool':{'aws:SecureTransport':'true'}"), GET, DB, "{'aws:SecureTransport':'false'}",
     SERVER_IAM_SILENT},
    {ALL_OF("'Bool':{'aws:SecureTransport':'false'}"), GET, DB, "{}", SERVER_IAM_SILENT},
    {ALL_OF("'Null':{'aws:a':'true'}"), GET, DB, "{}", SERVER_IAM_ALLOWED},
    {ALL_OF("'Null':{'aws:a':'true'}"), GET, DB, "{'aws:a':'x'}", SERVER_IAM_SILENT},
    {ALL_OF("'Null':{'aws:a':false}"), GET, DB, "{'aws:a':'x'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'BinaryEquals':{'aws:a':'QQ=='}"), GET, DB, "{'aws:a':'QQ=='}", SERVER_IAM_ALLOWED},
    /* addresses and ARNs */
    {ALL_OF("'IpAddress':{'aws:SourceIp':'10.1.0.0/20'}"), GET, DB, "{'aws:SourceIp':'10.1.15.9'}",
     SERVER_IAM_ALLOWED},
    {ALL_OF("'IpAddress':{'aws:SourceIp':'10.1.0.0/20'}"), GET, DB, "{'aws:SourceIp':'10.1.16.1'}",
     SERVER_IAM_SILENT},
    {ALL_OF("'IpAddress':{'aws:SourceIp':['::1','2001:db8::/33']}"), GET, DB,
     "{'aws:SourceIp':'2001:db8:7fff::1'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'IpAddress':{'aws:SourceIp':'0.0.0.0/0'}"), GET, DB, "{'aws:SourceIp':'::1'}",
     SERVER_IAM_SILENT},
    {ALL_OF("'NotIpAddress':{'aws:SourceIp':'10.0.0.0/8'}"), GET, DB, "{'aws:SourceIp':'10.9.9.9'}",
     SERVER_IAM_SILENT},
    {ALL_OF("'ArnLike':{'aws:PrincipalArn':'arn:aws:iam::*:role/a*'}"), GET, DB,
     "{'aws:PrincipalArn':'" ROLE "'}", SERVER_IAM_ALLOWED},
    {ALL_OF("'ArnEquals':{'aws:PrincipalArn':'arn:*:role/app'}"), GET, DB,
     "{'aws:PrincipalArn':'" ROLE "'}", SERVER_IAM_SILENT},
    {ALL_OF("'ArnNotLike':{'aws:PrincipalArn':'" ROLE "'}"), GET, DB,
     "{'aws:PrincipalArn':'" ADA "'}", SERVER_IAM_ALLOWED},
    /* several values */
    {ALL_OF("'ForAllValues:StringEquals':{'aws:TagKeys':['a','b']}"), GET, DB,
     "{'aws:TagKeys':['a','b']}", SERVER_IAM_ALLOWED},
    {ALL_OF("'ForAllValues:StringEquals':{'aws:TagKeys':['a','b']}"), GET, DB,
     "{'aws:TagKeys':['a','c']}", SERVER_IAM_SILENT},
    {ALL_OF("'ForAllValues:StringEquals':{'aws:TagKeys':'a'}"), GET, DB, "{}", SERVER_IAM_ALLOWED},
    {ALL_OF("'ForAnyValue:StringEquals':{'aws:TagKeys':'a'}"), GET, DB, "{'aws:TagKeys':['c','a']}",
     SERVER_IAM_ALLOWED},
    {ALL_OF("'ForAnyValue:StringEquals':{'aws:TagKeys':'a'}"), GET, DB, "{'aws:TagKeys':[]}",
     SERVER_IAM_SILENT},
    {ALL_OF("'ForAnyValue:StringNotLike':{'aws:TagKeys':'a*'}"), GET, DB,
     "{'aws:TagKeys':['ab','b']}", SERVER_IAM_ALLOWED},
    {ALL_OF("'ForAllValues:StringLikeIfExists':{'aws:TagKeys':'a*'}"), GET, DB,
     "{'aws:TagKeys':['ab','b']}", SERVER_IAM_SILENT},
    /* principals: the caller is a session of ROLE */
    {TO("'*'"), GET, DB, NULL, SERVER_IAM_ALLOWED},
    {TO("{'AWS':'*'}"), GET, DB, NULL, SERVER_IAM_ALLOWED},
    {TO("{'AWS':'111122223333'}"), GET, DB, NULL, SERVER_IAM_ALLOWED_ACCOUNT},
    {TO("{'AWS':['x','arn:aws:iam::111122223333:root']}"), GET, DB, NULL,
     SERVER_IAM_ALLOWED_ACCOUNT},
    {TO("{'AWS':['111122223333','" ROLE "']}"), GET, DB, NULL, SERVER_IAM_ALLOWED},
    {TO("{'AWS':['" ROLE "','" AS_APP "']}"), GET, DB, NULL, SERVER_IAM_ALLOWED_SELF},
    {TO("{'AWS':'" ADA "'}"), GET, DB, NULL, SERVER_IAM_SILENT},
    {TO("{'AWS':'444455556666'}"), GET, DB, NULL, SERVER_IAM_SILENT},
    {TO("{'Service':'lambda.amazonaws.com'}"), GET, DB, NULL, SERVER_IAM_SILENT},
    {TO("{'Federated':'arn:aws:iam::111122223333:oidc-provider/x'}"), GET, DB, NULL,
     SERVER_IAM_SILENT},
    {"{'Statement':{'Effect':'Deny','NotPrincipal':{'AWS':'" ADA "'},'Action':'*',"
     "'Resource':'*'}}",
     GET, DB, NULL, SERVER_IAM_DENIED},
    {"{'Statement':{'Effect':'Deny','NotPrincipal':{'AWS':'" ROLE "'},'Action':'*',"
     "'Resource':'*'}}",
     GET, DB, NULL, SERVER_IAM_SILENT},
};

/* ' is " in the tables, which C would make hard to read; but not inside ${...}. */
static cJSON *parse(const char *text)
{
    char json[2048];
    size_t i = 0;
    bool variable = false;
    assert_true(strlen(text) < sizeof json);
    for (; text[i]; i++) {
        variable = (variable || (text[i] == '$' && text[i + 1] == '{')) && text[i] != '}';
        json[i] = text[i] == '\'' && !variable ? '"' : text[i];
    }
    json[i] = '\0';
    cJSON *parsed = cJSON_Parse(json);
    if (!parsed)
        fail_msg("%s", json);
    return parsed;
}

static const cJSON *lend_facts(void *context)
{
    return context;
}

static void judges_as_iam_does(void **state)
{
    static const struct server_iam_caller caller = {AS_APP, ROLE, "111122223333", ""};
    (void)state;
    for (size_t i = 0; i < sizeof judgements / sizeof *judgements; i++) {
        const struct judgement *j = &judgements[i];
        server_autojson cJSON *policy = parse(j->policy);
        server_autojson cJSON *facts = j->facts ? parse(j->facts) : NULL;
        const struct server_iam_question question = {.caller = &caller,
                                                     .action = j->action,
                                                     .resource = j->resource,
                                                     .facts = lend_facts,
                                                     .context = facts};
        enum server_iam_verdict verdict = server_iam_judge(policy, &question);
        if (verdict != j->verdict)
            fail_msg("%s with %s: %d, not %d", j->policy, j->facts, verdict, j->verdict);
    }
}

static const struct {
    const char *policy;
    enum server_iam_kind kind;
    enum server_iam_flaw flaw;
    const char *where;
} checks[] = {
    {ALLOW("'Action':'*','Resource':'*'"), SERVER_IAM_IDENTITY, SERVER_IAM_SOUND, ""},
    {TO("{'AWS':'" AS_APP "','Service':'lambda.amazonaws.com'}"), SERVER_IAM_RESOURCE,
     SERVER_IAM_SOUND, ""},
    {ALLOW("'Action':'sts:AssumeRole','Principal':{'AWS':'" ADA "'}"), SERVER_IAM_TRUST,
     SERVER_IAM_SOUND, ""},
    {"[]", SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX, "not one JSON object"},
    {"{}", SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX, "there is no Statement"},
    {"{'Version':'2020-01-01','Statement':[]}", SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Version is 2012-10-17 or 2008-10-17"},
    {"{'Statement':[1]}", SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX, "Statement 1: no object"},
    {"{'Statement':[{'Effect':'Allow','Action':'*','Resource':'*'},{'Effect':'allow',"
     "'Action':'*','Resource':'*'}]}",
     SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX, "Statement 2: Effect is Allow or Deny"},
    {ALLOW("'Resource':'*'"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: one of Action and NotAction is needed"},
    {ALLOW("'Action':'*','NotAction':'*','Resource':'*'"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: one of Action and NotAction is needed"},
    {ALLOW("'Action':[],'Resource':'*'"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: Action is no text and no list of texts"},
    {ALLOW("'Action':'GetSecretValue','Resource':'*'"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: Action: GetSecretValue is not of that form"},
    {ALL_OF("'NotIpAddress':{'aws:SourceIp':'10.1.0.0/33'}"), SERVER_IAM_IDENTITY,
     SERVER_IAM_SYNTAX, "Statement 1: Condition: aws:SourceIp is no network"},
    {ALL_OF("'IpAddress':{'aws:SourceIp':['::1','10.1.0']}"), SERVER_IAM_IDENTITY,
     SERVER_IAM_SYNTAX, "Statement 1: Condition: aws:SourceIp is no network"},
    {ALL_OF("'NotIpAddressIfExists':{'aws:SourceIp':'10.0.0.0/8x'}"), SERVER_IAM_IDENTITY,
     SERVER_IAM_SYNTAX, "Statement 1: Condition: aws:SourceIp is no network"},
    {ALLOW("'Action':'*'"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: one of Resource and NotResource is needed"},
    {ALLOW("'Action':'*','Resource':'db'"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: Resource: db is not of that form"},
    {ALLOW("'Action':'*','Resource':'*','Resource':'*'"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: Resource stands there twice"},
    {ALLOW("'Action':'*','Resource':'*','Colour':'red'"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: unknown member Colour"},
    {TO("'*'"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: a policy of a user or role has no Principal"},
    {ALLOW("'Action':'*','Resource':'*'"), SERVER_IAM_RESOURCE, SERVER_IAM_SYNTAX,
     "Statement 1: one of Principal and NotPrincipal is needed"},
    {TO("'ada'"), SERVER_IAM_RESOURCE, SERVER_IAM_PRINCIPAL,
     "Statement 1: Principal is * or an object of AWS, Service or Federated"},
    {TO("{'AWS':'arn:aws:iam::111122223333:user/*'}"), SERVER_IAM_RESOURCE, SERVER_IAM_PRINCIPAL,
     "Statement 1: AWS arn:aws:iam::111122223333:user/* is no principal"},
    {TO("{'AWS':'arn:aws:iam::1111:root'}"), SERVER_IAM_RESOURCE, SERVER_IAM_PRINCIPAL,
     "Statement 1: AWS arn:aws:iam::1111:root is no principal"},
    {TO("{'CanonicalUser':'x'}"), SERVER_IAM_RESOURCE, SERVER_IAM_PRINCIPAL,
     "Statement 1: CanonicalUser x is no principal"},
    {TO("{'Service':'lambda'}"), SERVER_IAM_RESOURCE, SERVER_IAM_INVALID_SERVICE,
     "Statement 1: Service lambda is no principal"},
    {ALL_OF("'StringIs':{'a':'b'}"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: Condition: StringIs is no operator"},
    {"{'Statement':[{'Sid':'a','Effect':'Deny','Action':'*','Resource':'*'},"
     "{'Sid':'a','Effect':'Allow','Action':'*','Resource':'*'}]}",
     SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX, "Statement 1: Sid a stands there twice"},
    {ALL_OF("'NullIfExists':{'a':'b'}"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: Condition: NullIfExists is no operator"},
    {ALL_OF("'Bool':{}"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: Condition: Bool has no keys"},
    {ALL_OF("'Bool':['a']"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: Condition: Bool has no keys"},
    {ALLOW("'Action':'*','Resource':'*','Condition':['a']"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: Condition is no object"},
    {ALL_OF("'Bool':{'a':[]}"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: Condition: a has no values"},
    {ALLOW("'Action':'*','Resource':'*','Principal':'*'"), SERVER_IAM_TRUST, SERVER_IAM_SYNTAX,
     "Statement 1: a trust policy has no Resource"},
    {ALLOW("'Action':'*','Resource':'arn:\\u0001'"), SERVER_IAM_IDENTITY, SERVER_IAM_SYNTAX,
     "Statement 1: Resource is no text and no list of texts"},
};

static void says_where_a_policy_is_flawed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        struct sm_error err = {.text = ""};
        server_autojson cJSON *policy = parse(checks[i].policy);
        if (server_iam_check(policy, checks[i].kind, &err) != checks[i].flaw)
            fail_msg("%s: %s", checks[i].policy, err.text);
        assert_string_equal(err.text, checks[i].where);
    }
    assert_int_equal(server_iam_check(NULL, SERVER_IAM_IDENTITY, NULL), SERVER_IAM_SYNTAX);
}

static void knows_what_is_public(void **state)
{
    static const struct {
        const char *policy;
        bool is_public;
    } cases[] = {
        {TO("'*'"), true},
        {TO("{'AWS':['" ADA "','*']}"), true},
        {TO("{'AWS':'" ADA "'}"), false},
        {"{'Statement':{'Effect':'Deny','Principal':'*','Action':'*','Resource':'*'}}", false},
        {ALLOW("'Action':'*','Resource':'*','Principal':'*','Condition':{'StringEquals':"
               "{'aws:PrincipalOrgID':'o-1'}}"),
         false},
        {ALLOW("'Action':'*','Resource':'*','Principal':'*','Condition':{'StringLike':"
               "{'aws:PrincipalArn':['arn:x','*']}}"),
         true},
        {ALLOW("'Action':'*','Resource':'*','Principal':'*','Condition':{'IpAddress':"
               "{'aws:SourceIp':'0.0.0.0/0'}}"),
         true},
        {ALLOW("'Action':'*','Resource':'*','Principal':'*','Condition':{'StringNotEquals':"
               "{'aws:PrincipalOrgID':'o-1'}}"),
         true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        server_autojson cJSON *policy = parse(cases[i].policy);
        if (server_iam_is_public(policy) != cases[i].is_public)
            fail_msg("%s", cases[i].policy);
    }
}

/* Would take for ever if each `*` tried everything again. */
static void is_not_slow_with_many_wildcards(void **state)
{
    char pattern[2001], text[2001];
    const struct server_iam_question question = {.facts = NULL};
    (void)state;
    for (size_t i = 0; i < 2000; i++) {
        pattern[i] = i % 2 ? 'a' : '*';
        text[i] = 'a';
    }
    pattern[1999] = 'b';
    pattern[2000] = text[2000] = '\0';
    assert_false(server_iam_matches(pattern, text, SERVER_IAM_WILD, &question));
}

SM_TEST_MAIN(cmocka_unit_test(judges_as_iam_does), cmocka_unit_test(says_where_a_policy_is_flawed),
             cmocka_unit_test(knows_what_is_public),
             cmocka_unit_test(is_not_slow_with_many_wildcards))
