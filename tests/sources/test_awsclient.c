/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_awsclient.c - what is signed and sent, and when it is sent again; on a clock of the test's.
 */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "common/sigv4.h"
#include "sources/awsclient.h"

#define WALL_MS 1440938160000 /* 20150830T123600Z */

/* What the service answers, in turn. */
static const struct reply {
    enum smcred_status status;
    long code;
    const char *body;
    int64_t date_ms;
    int64_t retry_after_ms; /* 0: no header */
} * replies;
static size_t sent;
static int64_t now_ms, slept_ms;
static char sent_headers[8][4096];

static int64_t test_now(void *context)
{
    (void)context;
    return now_ms;
}

static int64_t test_wall(void *context)
{
    (void)context;
    return WALL_MS + now_ms;
}

static void test_sleep(void *context, int64_t ms)
{
    (void)context;
    now_ms += ms;
    slept_ms += ms;
}

static double test_random(void *context)
{
    (void)context;
    return 0.5;
}

static enum smcred_status test_post(const struct http_request *request, struct sm_vault *vault,
                                    struct http_answer *out_answer, struct sm_error *err)
{
    const struct reply *reply = &replies[sent];
    size_t at = 0;
    for (size_t i = 0; i < request->header_count; i++)
        at += (size_t)snprintf(sent_headers[sent] + at, sizeof sent_headers[0] - at, "%s\n",
                               request->headers[i]);
    assert_true(request->timeout_ms > 0);
    sent++;
    if (reply->status != SMCRED_OK)
        return sm_error_set(err, reply->status, "no connection");
    *out_answer = (struct http_answer){
        .code = reply->code,
        .date_ms = reply->date_ms,
        .retry_after_ms = reply->retry_after_ms ? reply->retry_after_ms : RETRY_NO_HINT};
    return sm_secret_new(vault, sm_bytes_of(reply->body), &out_answer->body);
}

static struct sm_vault *vault;
static struct aws_credentials credentials = {.access_key_id = "AKIDEXAMPLE"};
static const struct endpoint endpoint = {"https://sm.example/", "sm.example", "/"};

static int set_up(void **state)
{
    (void)state;
    return sm_vault_new(&vault) != SMCRED_OK ||
           sm_secret_new(vault, sm_bytes_of("secret"), &credentials.secret_access_key) !=
               SMCRED_OK ||
           sm_secret_new(vault, sm_bytes_of("to//ken=="), &credentials.session_token) != SMCRED_OK;
}

static int tear_down(void **state)
{
    (void)state;
    sm_secret_free(credentials.secret_access_key);
    sm_secret_free(credentials.session_token);
    sm_vault_free(vault);
    return 0;
}

static enum smcred_status call(const struct reply *list, int64_t patience_ms, struct sm_error *err)
{
    struct aws_client client = {.vault = vault,
                                .connect_timeout_ms = 1000,
                                .timeout_ms = 5000,
                                .attempts_max = 3,
                                .world = {test_now, test_wall, test_sleep, test_random, NULL},
                                .quota = RETRY_QUOTA_FULL,
                                .post = test_post};
    const struct aws_call what = {.operation = "GetSecretValue",
                                  .body = sm_bytes_of("{}"),
                                  .endpoint = &endpoint,
                                  .region = "us-east-1",
                                  .credentials = &credentials,
                                  .deadline_ms = now_ms + patience_ms};
    struct sm_secret *body = NULL;
    struct aws_error error;
    replies = list;
    sent = 0;
    slept_ms = 0;
    memset(sent_headers, 0, sizeof sent_headers);
    enum smcred_status status = aws_client_call(&client, &what, &body, &error, err);
    if (status == SMCRED_OK)
        assert_true(sm_bytes_is(sm_secret_view(body), "{\"ok\":1}"));
    sm_secret_free(body);
    return status;
}

static const char *header(size_t attempt, const char *name)
{
    static char value[2][1024];
    static int turn;
    const char *at = strstr(sent_headers[attempt], name);
    turn = !turn;
    assert_non_null(at);
    (void)snprintf(value[turn], sizeof value[turn], "%.*s", (int)strcspn(at, "\n"), at);
    return value[turn] + strlen(name) + 2;
}

/* Recomputes the signature of what was sent, as a server does. */
static void check_signature(size_t attempt)
{
    struct sigv4_header list[HTTP_HEADERS_MAX];
    struct sigv4_authorization told;
    struct sigv4_scope scope = {.region = "us-east-1", .service = "secretsmanager"};
    char names[512], signature[SIGV4_SIGNATURE_LEN + 1];
    size_t count = 0;
    for (char *at = sent_headers[attempt]; *at; at += strcspn(at, "\n") + 1) {
        size_t name_len = strcspn(at, ":"), len = strcspn(at, "\n");
        list[count++] = (struct sigv4_header){sm_bytes(at, name_len),
                                              sm_bytes(at + name_len + 1, len - name_len - 1)};
    }
    const struct sigv4_request request = {.method = sm_bytes_of("POST"),
                                          .path = sm_bytes_of("/"),
                                          .headers = list,
                                          .header_count = count,
                                          .body = sm_bytes_of("{}")};
    assert_int_equal(sigv4_parse(sm_bytes_of(header(attempt, "Authorization")), &told), SMCRED_OK);
    (void)snprintf(names, sizeof names, "%.*s", (int)told.signed_headers.len,
                   (const char *)told.signed_headers.data);
    assert_string_equal(names, "amz-sdk-invocation-id;amz-sdk-request;content-type;host;x-amz-date;"
                               "x-amz-security-token;x-amz-target");
    memcpy(scope.date, header(attempt, "X-Amz-Date"), SIGV4_DATE_LEN);
    assert_int_equal(
        sigv4_signature(&request, &scope, names, credentials.secret_access_key, signature),
        SMCRED_OK);
    assert_true(sm_bytes_is(told.signature, signature));
}

static void signs_all_it_sends(void **state)
{
    (void)state;
    static const struct reply list[] = {{SMCRED_OK, 200, "{\"ok\":1}", 0, 0}};
    assert_int_equal(call(list, 10000, NULL), SMCRED_OK);
    assert_int_equal(sent, 1);
    check_signature(0);
    assert_string_equal(header(0, "X-Amz-Target"), "secretsmanager.GetSecretValue");
    assert_string_equal(header(0, "X-Amz-Security-Token"), "to//ken==");
    assert_string_equal(header(0, "amz-sdk-request"), "attempt=1; max=3");
    assert_null(strstr(sent_headers[0], "secret\n"));
}

static void tries_transient_faults_again_with_a_new_signature(void **state)
{
    (void)state;
    static const struct reply list[] = {
        {SMCRED_UNAVAILABLE, 0, NULL, 0, 0},
        {SMCRED_OK, 400, "{\"__type\":\"ThrottlingException\"}", 0, 0},
        {SMCRED_OK, 200, "{\"ok\":1}", 0, 0}};
    assert_int_equal(call(list, 60000, NULL), SMCRED_OK);
    assert_int_equal(sent, 3);
    assert_int_equal(slept_ms, 25 + 1000);
    for (size_t i = 0; i < 3; i++)
        check_signature(i);
    assert_string_equal(header(0, "amz-sdk-invocation-id"), header(2, "amz-sdk-invocation-id"));
    assert_string_equal(header(2, "amz-sdk-request"), "attempt=3; max=3");
    assert_string_not_equal(header(0, "X-Amz-Date"), header(2, "X-Amz-Date"));
}

static void gives_up_after_its_attempts_and_says_why(void **state)
{
    (void)state;
    static const struct reply fault = {SMCRED_OK, 500, "{\"__type\":\"InternalServiceError\"}", 0,
                                       0};
    const struct reply list[] = {fault, fault, fault};
    struct sm_error err = {.text = ""};
    assert_int_equal(call(list, 60000, &err), SMCRED_UNAVAILABLE);
    assert_int_equal(sent, 3);
    assert_string_equal(err.code, "InternalServiceError");
    assert_non_null(strstr(err.text, "GetSecretValue"));
}

static void what_will_not_pass_is_tried_once(void **state)
{
    (void)state;
    static const struct reply lists[][1] = {
        {{SMCRED_OK, 400, "{\"__type\":\"ResourceNotFoundException\"}", 0, 0}},
        {{SMCRED_OK, 400, "{\"__type\":\"AccessDeniedException\"}", 0, 0}},
        {{SMCRED_OK, 307, "", 0, 0}},
        {{SMCRED_DENIED, 0, NULL, 0, 0}}, /* the wrong certificate */
        {{SMCRED_TOO_LARGE, 0, NULL, 0, 0}},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        assert_int_not_equal(call(lists[i], 60000, NULL), SMCRED_OK);
        assert_int_equal(sent, 1);
        assert_int_equal(slept_ms, 0);
    }
}

static void a_pause_beyond_the_deadline_is_not_begun(void **state)
{
    (void)state;
    static const struct reply list[] = {
        {SMCRED_OK, 400, "{\"__type\":\"ThrottlingException\"}", 0, 3000},
        {SMCRED_OK, 200, "{\"ok\":1}", 0, 0}};
    assert_int_equal(call(list, 2000, NULL), SMCRED_LIMITED);
    assert_int_equal(sent, 1);
    assert_int_equal(slept_ms, 0);
    assert_int_equal(call(list, 4000, NULL), SMCRED_OK);
    assert_int_equal(slept_ms, 3000);
}

#define SKEWED "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired: x\"}"

static void corrects_the_clock_once(void **state)
{
    (void)state;
    const int64_t hour_ms = 3600000;
    now_ms = 0;
    const struct reply list[] = {{SMCRED_OK, 400, SKEWED, WALL_MS + hour_ms, 0},
                                 {SMCRED_OK, 200, "{\"ok\":1}", 0, 0}};
    assert_int_equal(call(list, 10000, NULL), SMCRED_OK);
    assert_int_equal(sent, 2);
    assert_string_equal(header(0, "X-Amz-Date"), "20150830T123600Z");
    assert_string_equal(header(1, "X-Amz-Date"), "20150830T133600Z");
    const struct reply liar[] = {{SMCRED_OK, 400, SKEWED, WALL_MS + hour_ms, 0},
                                 {SMCRED_OK, 400, SKEWED, WALL_MS + 2 * hour_ms, 0},
                                 {SMCRED_OK, 200, "{\"ok\":1}", 0, 0}};
    assert_int_equal(call(liar, 10000, NULL), SMCRED_UNAVAILABLE);
    assert_int_equal(sent, 2);
}

static void a_refusal_with_the_right_time_is_final(void **state)
{
    (void)state;
    now_ms = 0;
    const struct reply list[] = {{SMCRED_OK, 400, SKEWED, WALL_MS + 1000, 0}};
    assert_int_equal(call(list, 10000, NULL), SMCRED_UNAVAILABLE);
    assert_int_equal(sent, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_all_it_sends),
        cmocka_unit_test(tries_transient_faults_again_with_a_new_signature),
        cmocka_unit_test(gives_up_after_its_attempts_and_says_why),
        cmocka_unit_test(what_will_not_pass_is_tried_once),
        cmocka_unit_test(a_pause_beyond_the_deadline_is_not_begun),
        cmocka_unit_test(corrects_the_clock_once),
        cmocka_unit_test(a_refusal_with_the_right_time_is_final),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
