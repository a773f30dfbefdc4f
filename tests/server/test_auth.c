/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_auth.c - a good signature names its caller; every flaw is told in AWS's words. */
#include "tests/server/server_fixture.h"

#include "server/auth.h"
#include "server/keys.h"
#include "server/service.h"
#include "server/session.h"

#define HEADERS 5 /* authorization last */

struct signing {
    struct server *server;
    struct sm_secret *secret;
    const char *token; /* NULL: a long-term key */
    const char *date;  /* of HTTP, in place of X-Amz-Date; NULL: none */
    char id[SERVER_KEY_ID_LEN + 1];
    struct sigv4_scope scope;
    struct sigv4_header headers[HEADERS];
    char authorization[SIGV4_AUTHORIZATION_MAX];
    struct sigv4_request request;
};

static struct sigv4_header header(const char *name, const char *value)
{
    return (struct sigv4_header){sm_bytes_of(name), sm_bytes_of(value)};
}

/* Signs all headers but Authorization, and puts that behind them. */
static void sign(struct signing *s)
{
    s->headers[0] = header("Host", "localhost");
    s->headers[1] = header("Content-Type", "application/x-amz-json-1.1");
    s->headers[2] = s->token ? header("X-Amz-Security-Token", s->token)
                             : header("X-Amz-Target", "secretsmanager.ListSecrets");
    s->headers[3] = s->date ? header("Date", s->date) : header("X-Amz-Date", s->scope.date);
    s->request = (struct sigv4_request){.method = sm_bytes_of("POST"),
                                        .path = sm_bytes_of("/"),
                                        .headers = s->headers,
                                        .header_count = HEADERS - 1,
                                        .body = sm_bytes_of("{}")};
    assert_int_equal(sigv4_authorize(&s->request, &s->scope, s->id, s->secret, s->authorization,
                                     sizeof s->authorization),
                     SMCRED_OK);
    s->headers[HEADERS - 1] = header("Authorization", s->authorization);
    s->request.header_count = HEADERS;
}

static int start_signing(void **state)
{
    static struct signing signing;
    void *server;
    (void)start_server(&server);
    signing = (struct signing){.server = server,
                               .scope = {.region = "us-east-1", .service = "secretsmanager"}};
    sigv4_date(fixture_now_ms, signing.scope.date);
    assert_int_equal(server_key_create(server, "arn:aws:iam::000000000000:user/admin", signing.id,
                                       &signing.secret),
                     SMCRED_OK);
    sign(&signing);
    *state = &signing;
    return 0;
}

static int stop_signing(void **state)
{
    struct signing *signing = *state;
    void *server = signing->server;
    sm_secret_free(signing->secret);
    return stop_server(&server);
}

static void is_told(struct signing *s, enum server_error error, const char *message)
{
    struct server_call call;
    server_call_init(&call, s->server, "unix");
    call.service = &server_secretsmanager;
    assert_int_equal(server_authenticate(&call, &s->request), error);
    if (message)
        assert_string_equal(call.message, message);
    if (error != SERVER_OK)
        assert_string_equal(call.principal, "");
    server_call_done(&call);
}

#define MISMATCH                                                                                   \
    "The request signature we calculated does not match the signature you provided. Check your "   \
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
#define UNRECOGNIZED "The security token included in the request is invalid."

static void names_the_caller(void **state)
{
    struct signing *s = *state;
    struct server_call call;
    server_call_init(&call, s->server, "unix");
    call.service = &server_secretsmanager;
    assert_int_equal(server_authenticate(&call, &s->request), SERVER_OK);
    assert_string_equal(call.principal, "arn:aws:iam::000000000000:user/admin");
    assert_string_equal(call.access_key_id, s->id);
    server_call_done(&call);
}

static void notices_any_change(void **state)
{
    struct signing *s = *state;
    s->request.body = sm_bytes_of("{ }");
    is_told(s, SERVER_INVALID_SIGNATURE, MISMATCH);
    sign(s);
    s->headers[2] = header("X-Amz-Target", "secretsmanager.DeleteSecret");
    is_told(s, SERVER_INVALID_SIGNATURE, MISMATCH);
    sign(s);
    s->request.query = sm_bytes_of("a=b");
    is_told(s, SERVER_INVALID_SIGNATURE, MISMATCH);
    sign(s);
    char *last = s->authorization + strlen(s->authorization) - 1;
    *last = *last == '0' ? '1' : '0';
    is_told(s, SERVER_INVALID_SIGNATURE, MISMATCH);
    sign(s);
    is_told(s, SERVER_OK, NULL);
}

static void wants_to_be_signed_at_all(void **state)
{
    struct signing *s = *state;
    s->request.header_count = HEADERS - 1;
    is_told(s, SERVER_MISSING_TOKEN, "Missing Authentication Token");
    s->request.header_count = HEADERS;
    s->headers[HEADERS - 1] = header("Authorization", "Basic YWJj");
    is_told(s, SERVER_MISSING_TOKEN, "Missing Authentication Token");
    s->headers[HEADERS - 1] = header("Authorization", "AWS4-HMAC-SHA256 x=y");
    s->headers[3] = header("X-Other", "");
    is_told(s, SERVER_INCOMPLETE_SIGNATURE,
            "Authorization header requires 'Credential' parameter. Authorization header requires "
            "'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
            "Authorization=AWS4-HMAC-SHA256 x=y");
    sign(s);
    s->request.query = sm_bytes_of("X-Amz-Algorithm=AWS4-HMAC-SHA256");
    is_told(s, SERVER_INVALID_SIGNATURE,
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP "
            "header.");
}

static void knows_its_keys_only(void **state)
{
    struct signing *s = *state;
    memcpy(s->id, "AKIAAAAAAAAAAAAAAAAA", sizeof s->id);
    sign(s);
    is_told(s, SERVER_UNRECOGNIZED_CLIENT, UNRECOGNIZED);
}

static void wants_its_own_scope(void **state)
{
    struct signing *s = *state;
    s->server->regions = "eu-west-1,us-east-1";
    (void)snprintf(s->scope.region, sizeof s->scope.region, "us-east-9");
    sign(s);
    is_told(s, SERVER_INVALID_SIGNATURE,
            "Credential should be scoped to a valid Region, not 'us-east-9'.");
    (void)snprintf(s->scope.region, sizeof s->scope.region, "us-east-1");
    (void)snprintf(s->scope.service, sizeof s->scope.service, "s3");
    sign(s);
    is_told(s, SERVER_INVALID_SIGNATURE,
            "Credential should be scoped to correct service: 'secretsmanager'.");
    (void)snprintf(s->scope.service, sizeof s->scope.service, "secretsmanager");
    sign(s);
    s->headers[3] = header("X-Amz-Date", "20261120T235959Z");
    is_told(s, SERVER_INVALID_SIGNATURE,
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            "HTTP: '20261121' != '20261120', from '20261120T235959Z'.");
}

static void allows_five_minutes_either_way(void **state)
{
    struct signing *s = *state;
    fixture_now_ms = FIXTURE_NOW_MS + 300000;
    is_told(s, SERVER_OK, NULL);
    fixture_now_ms = FIXTURE_NOW_MS + 301000;
    is_told(s, SERVER_INVALID_SIGNATURE,
            "Signature expired: 20261121T000000Z is now earlier than 20261121T000001Z "
            "(20261121T000501Z - 5 min.)");
    fixture_now_ms = FIXTURE_NOW_MS - 300000;
    is_told(s, SERVER_OK, NULL);
    fixture_now_ms = FIXTURE_NOW_MS - 301000;
    is_told(s, SERVER_INVALID_SIGNATURE,
            "Signature not yet current: 20261121T000000Z is still later than 20261120T235959Z "
            "(20261120T235459Z + 5 min.)");
}

/* Signed over host alone, nothing keeps a man in the middle from exchanging the operation. */
static void wants_what_matters_signed(void **state)
{
    struct signing *s = *state;
    char signature[SIGV4_SIGNATURE_LEN + 1];
    const char *lists[] = {"content-type;host;x-amz-date", "content-type;x-amz-date;x-amz-target"};
    const char *told[] = {
        "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.",
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sigv4_signature(&s->request, &s->scope, lists[i], s->secret, signature),
                         SMCRED_OK);
        (void)snprintf(s->authorization, sizeof s->authorization,
                       "AWS4-HMAC-SHA256 Credential=%s/20261121/us-east-1/secretsmanager/"
                       "aws4_request,SignedHeaders=%s,Signature=%s",
                       s->id, lists[i], signature);
        s->headers[HEADERS - 1] = header("Authorization", s->authorization);
        is_told(s, SERVER_INVALID_SIGNATURE, told[i]);
    }
}

static void takes_the_date_of_http_as_well(void **state)
{
    struct signing *s = *state;
    static const char *const no_dates[] = {"Sat, 21 Nov 2026 00:00:00 CET",
                                           "Sat, 21 Nov 2026 00:00:00 GMT and more",
                                           "Sat, 31 Feb 2026", "20261121T000000", ""};
    s->date = "Sat, 21 Nov 2026 00:00:00 GMT";
    sign(s);
    is_told(s, SERVER_OK, NULL);
    s->headers[3] = header("Date", "Sat, 21 Nov 2026 00:00:01 GMT");
    is_told(s, SERVER_INVALID_SIGNATURE, MISMATCH);
    s->date = s->scope.date;
    sign(s);
    is_told(s, SERVER_OK, NULL);
    for (size_t i = 0; i < sizeof no_dates / sizeof *no_dates; i++) {
        char text[256];
        s->date = no_dates[i];
        sign(s);
        (void)snprintf(text, sizeof text,
                       "Date must be in ISO-8601 'basic format'. Got '%s'. See "
                       "http://en.wikipedia.org/wiki/ISO_8601",
                       s->date);
        is_told(s, SERVER_INCOMPLETE_SIGNATURE, text);
    }
}

#define APP "arn:aws:iam::111122223333:role/app"

static void knows_a_session_until_it_expires(void **state)
{
    struct signing *s = *state;
    struct server_session session;
    struct server_credentials credentials;
    struct server_call call;
    assert_int_equal(server_store_principal_add(s->server->store, APP, 1), SMCRED_OK);
    server_session_init(&session, APP, "one");
    session.expires_ms = fixture_now_ms + 1000;
    assert_int_equal(server_session_create(s->server, &session, &credentials), SMCRED_OK);
    sm_secret_free(s->secret);
    s->secret = sm_take_ptr(&credentials.secret);
    memcpy(s->id, credentials.key_id, sizeof s->id);
    s->token = credentials.token;
    sign(s);
    server_call_init(&call, s->server, "unix");
    call.service = &server_secretsmanager;
    assert_int_equal(server_authenticate(&call, &s->request), SERVER_OK);
    assert_string_equal(call.principal, "arn:aws:sts::111122223333:assumed-role/app/one");
    assert_string_equal(call.role, APP);
    assert_int_equal(call.issued_ms, fixture_now_ms);
    assert_string_equal(call.place.account, "111122223333");
    server_call_done(&call);
    fixture_now_ms += 1000;
    is_told(s, SERVER_EXPIRED_TOKEN, "The security token included in the request is expired");
    fixture_now_ms -= 1000;
    is_told(s, SERVER_OK, NULL);
    assert_int_equal(server_store_principal_delete(s->server->store, APP), SMCRED_OK);
    is_told(s, SERVER_UNRECOGNIZED_CLIENT, UNRECOGNIZED);
    assert_int_equal(server_store_principal_add(s->server->store, APP, fixture_now_ms + 1),
                     SMCRED_OK); /* another of the same name */
    is_told(s, SERVER_UNRECOGNIZED_CLIENT, UNRECOGNIZED);
    s->headers[2] = header("X-Other", "");
    is_told(s, SERVER_UNRECOGNIZED_CLIENT, UNRECOGNIZED);
    server_credentials_done(&credentials);
}

#define AUTH_TEST(test) cmocka_unit_test_setup_teardown(test, start_signing, stop_signing)
SM_TEST_MAIN(AUTH_TEST(names_the_caller), AUTH_TEST(notices_any_change),
             AUTH_TEST(wants_to_be_signed_at_all), AUTH_TEST(knows_its_keys_only),
             AUTH_TEST(wants_its_own_scope), AUTH_TEST(allows_five_minutes_either_way),
             AUTH_TEST(takes_the_date_of_http_as_well), AUTH_TEST(knows_a_session_until_it_expires),
             AUTH_TEST(wants_what_matters_signed))
