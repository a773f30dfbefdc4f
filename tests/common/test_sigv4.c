/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_sigv4.c - we sign and read as AWS's published suite does, and no altered request passes. */
#include "tests/lib/sm_test.h"

#include "common/sigv4.h"
#include "tests/lib/stack.h"

#include <dirent.h>
#include <stdio.h>

#define ACCESS_KEY_ID "AKIDEXAMPLE"
#define SECRET_KEY    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define CASE_MAX      8192 /* bytes of one vector file */

struct vector {
    const char *name;
    char text[CASE_MAX];
    char signature[SIGV4_SIGNATURE_LEN + 1];
    struct sigv4_header headers[SIGV4_HEADERS_MAX]; /* without Authorization */
    struct sigv4_request request;
    struct sm_bytes authorization;
    struct sigv4_scope scope;
};

static struct sm_vault *vault;
static struct sm_secret *secret_key;

static int set_up(void **state)
{
    (void)state;
    return sm_vault_new(&vault) != SMCRED_OK ||
           sm_secret_new(vault, sm_bytes_of(SECRET_KEY), &secret_key) != SMCRED_OK;
}

static int tear_down(void **state)
{
    (void)state;
    sm_secret_free(secret_key);
    sm_vault_free(vault);
    return 0;
}

static const char *suite(void)
{
    static char path[4096];
    const char *top = getenv("top_srcdir");
    (void)snprintf(path, sizeof path, "%s/tests/common/sigv4", top ? top : ".");
    return path;
}

static void read_file(const char *name, const char *file, char *out, size_t size)
{
    char path[8192];
    (void)snprintf(path, sizeof path, "%s/%s/%s", suite(), name, file);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    size_t len = fread(out, 1, size - 1, stream);
    (void)fclose(stream);
    assert_in_range(len, 1, size - 1);
    out[len] = '\0';
}

/* "GET /a b?c=d HTTP/1.1": the target may hold blanks. */
static char *read_first_line(struct vector *vector)
{
    char *target = strchr(vector->text, ' ');
    char *version = strstr(target, " HTTP/1.1\n");
    assert_non_null(version);
    vector->request.method = sm_bytes(vector->text, (size_t)(target - vector->text));
    target++;
    size_t len = (size_t)(version - target);
    char *mark = memchr(target, '?', len);
    size_t path_len = mark ? (size_t)(mark - target) : len;
    vector->request.path = sm_bytes(target, path_len);
    vector->request.query = mark ? sm_bytes(mark + 1, len - path_len - 1) : sm_bytes("", 0);
    return version + strlen(" HTTP/1.1\n");
}

static void keep_header(struct vector *vector, struct sigv4_header header)
{
    if (sm_bytes_is(header.name, "Authorization")) {
        vector->authorization = header.value;
        return;
    }
    if (sm_bytes_is(header.name, "X-Amz-Date"))
        memcpy(vector->scope.date, header.value.data, SIGV4_DATE_LEN);
    assert_in_range(vector->request.header_count, 0, SIGV4_HEADERS_MAX - 1);
    vector->headers[vector->request.header_count++] = header;
}

static void read_vector(const char *name, struct vector *vector)
{
    *vector = (struct vector){.name = name, .scope = {.region = "us-east-1", .service = "service"}};
    read_file(name, "signed", vector->text, sizeof vector->text);
    read_file(name, "signature", vector->signature, sizeof vector->signature);
    char *line = read_first_line(vector);
    while (*line && *line != '\n') {
        char *colon = strchr(line, ':');
        char *end = strchr(line, '\n');
        while (end[1] == ' ') /* a folded line */
            end = strchr(end + 1, '\n');
        keep_header(vector, (struct sigv4_header){sm_bytes(line, (size_t)(colon - line)),
                                                  sm_bytes(colon + 1, (size_t)(end - colon - 1))});
        line = end + 1;
    }
    vector->request.headers = vector->headers;
    vector->request.body = sm_bytes_of(*line ? line + 1 : "");
}

static void for_each_vector(void (*check)(struct vector *))
{
    static struct vector vector;
    struct dirent **entries;
    size_t checked = 0;
    int count = scandir(suite(), &entries, NULL, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        if (strchr(entries[i]->d_name, '-')) {
            read_vector(entries[i]->d_name, &vector);
            check(&vector);
            checked++;
        }
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(checked, 31);
}

static void signed_names(const struct sigv4_authorization *authorization, char *out, size_t size)
{
    assert_in_range(authorization->signed_headers.len, 1, size - 1);
    memcpy(out, authorization->signed_headers.data, authorization->signed_headers.len);
    out[authorization->signed_headers.len] = '\0';
}

static void check_verify(struct vector *vector)
{
    struct sigv4_authorization authorization;
    char names[1024], signature[SIGV4_SIGNATURE_LEN + 1];
    assert_int_equal(sigv4_parse(vector->authorization, &authorization), SMCRED_OK);
    assert_true(sm_bytes_is(authorization.access_key_id, ACCESS_KEY_ID));
    assert_true(sm_bytes_is(authorization.date, "20150830"));
    assert_true(sm_bytes_is(authorization.region, "us-east-1"));
    assert_true(sm_bytes_is(authorization.service, "service"));
    assert_true(sm_bytes_is(authorization.signature, vector->signature));
    signed_names(&authorization, names, sizeof names);
    assert_int_equal(
        sigv4_signature(&vector->request, &vector->scope, names, secret_key, signature), SMCRED_OK);
    if (strcmp(signature, vector->signature) != 0)
        fail_msg("%s: %s, not %s", vector->name, signature, vector->signature);
    struct sm_secret *signing_key;
    assert_int_equal(sigv4_derive(vault, &vector->scope, secret_key, &signing_key), SMCRED_OK);
    memset(signature, 0, sizeof signature);
    assert_int_equal(sigv4_sign(&vector->request, &vector->scope, names, signing_key, signature),
                     SMCRED_OK);
    assert_string_equal(signature, vector->signature);
    sm_secret_free(signing_key);
}

static void verifies_the_published_suite(void **state)
{
    (void)state;
    for_each_vector(check_verify);
}

static void check_sign(struct vector *vector)
{
    char value[SIGV4_AUTHORIZATION_MAX];
    if (strcmp(vector->name, "post-sts-header-after") == 0)
        return; /* its token joins the request after it was signed; we sign all headers */
    assert_int_equal(sigv4_authorize(&vector->request, &vector->scope, ACCESS_KEY_ID, secret_key,
                                     value, sizeof value),
                     SMCRED_OK);
    if (!sm_bytes_is(vector->authorization, value))
        fail_msg("%s: %s", vector->name, value);
}

static void signs_as_the_published_suite(void **state)
{
    (void)state;
    for_each_vector(check_sign);
}

static void check_alterations(struct vector *vector)
{
    char value[SIGV4_AUTHORIZATION_MAX], other[SIGV4_AUTHORIZATION_MAX];
    struct sigv4_request altered = vector->request;
    struct sigv4_scope scope = vector->scope;
    assert_int_equal(
        sigv4_authorize(&vector->request, &scope, ACCESS_KEY_ID, secret_key, value, sizeof value),
        SMCRED_OK);
    altered.body = sm_bytes_of("{}");
    assert_int_equal(
        sigv4_authorize(&altered, &scope, ACCESS_KEY_ID, secret_key, other, sizeof other),
        SMCRED_OK);
    assert_string_not_equal(value, other);
    memcpy(scope.region, "us-east-2", 10);
    assert_int_equal(
        sigv4_authorize(&vector->request, &scope, ACCESS_KEY_ID, secret_key, other, sizeof other),
        SMCRED_OK);
    assert_string_not_equal(value, other);
}

static void no_altered_request_keeps_its_signature(void **state)
{
    (void)state;
    for_each_vector(check_alterations);
}

static const struct sigv4_scope scope = {"20150830T123600Z", "us-east-1", "service"};

static void refuses_a_signed_header_that_is_not_there(void **state)
{
    (void)state;
    static const char *const names[] = {"host;x-amz-date", "", "host;", ";host", "host;;host"};
    const struct sigv4_header host = {sm_bytes_of("Host"), sm_bytes_of("a")};
    const struct sigv4_request request = {.headers = &host, .header_count = 1};
    char signature[SIGV4_SIGNATURE_LEN + 1] = "untouched";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(sigv4_signature(&request, &scope, names[i], secret_key, signature),
                         SMCRED_INVALID);
        assert_string_equal(signature, "untouched");
    }
}

static void a_hash_in_a_header_does_not_replace_the_body(void **state)
{
    (void)state;
    const struct sigv4_header header = {sm_bytes_of("X-Amz-Content-Sha256"),
                                        sm_bytes_of("UNSIGNED-PAYLOAD")};
    struct sigv4_request request = {.headers = &header, .header_count = 1};
    char one[SIGV4_SIGNATURE_LEN + 1], two[SIGV4_SIGNATURE_LEN + 1];
    request.body = sm_bytes_of("{\"SecretId\":\"mine\"}");
    assert_int_equal(sigv4_signature(&request, &scope, "x-amz-content-sha256", secret_key, one),
                     SMCRED_OK);
    request.body = sm_bytes_of("{\"SecretId\":\"yours\"}");
    assert_int_equal(sigv4_signature(&request, &scope, "x-amz-content-sha256", secret_key, two),
                     SMCRED_OK);
    assert_string_not_equal(one, two);
}

static void refuses_what_is_too_large(void **state)
{
    (void)state;
    static char text[CASE_MAX + 2];
    memset(text, 'a', CASE_MAX + 1);
    const struct sigv4_header host = {sm_bytes_of("Host"), sm_bytes_of("a")};
    struct sigv4_request request = {.headers = &host, .header_count = 1};
    char value[SIGV4_AUTHORIZATION_MAX];
    request.path = sm_bytes_of(text);
    assert_int_equal(sigv4_authorize(&request, &scope, "A", secret_key, value, sizeof value),
                     SMCRED_TOO_LARGE);
    request.path = sm_bytes("/", 1);
    request.query = sm_bytes_of(text);
    assert_int_equal(sigv4_authorize(&request, &scope, "A", secret_key, value, sizeof value),
                     SMCRED_TOO_LARGE);
    memset(text, '&', CASE_MAX);
    for (size_t i = 0; i < 2 * 65; i += 2)
        text[i] = 'a';
    request.query = sm_bytes(text, 2 * 65);
    assert_int_equal(sigv4_authorize(&request, &scope, "A", secret_key, value, sizeof value),
                     SMCRED_TOO_LARGE);
    request.query = sm_bytes(text, 2 * 64);
    assert_int_equal(sigv4_authorize(&request, &scope, "A", secret_key, value, 40),
                     SMCRED_TOO_LARGE);
    assert_int_equal(sigv4_authorize(&request, &scope, "A", secret_key, value, sizeof value),
                     SMCRED_OK);
}

static void reads_a_header_in_every_order_and_spacing(void **state)
{
    (void)state;
    static const char *const same[] = {
        "AWS4-HMAC-SHA256 Credential=K/20150830/r/s/aws4_request, SignedHeaders=a;b, Signature=0f",
        "AWS4-HMAC-SHA256 Credential=K/20150830/r/s/aws4_request,SignedHeaders=a;b,Signature=0f",
        "AWS4-HMAC-SHA256 Signature=0f ,Credential=K/20150830/r/s/aws4_request , SignedHeaders=a;b",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct sigv4_authorization found;
        assert_int_equal(sigv4_parse(sm_bytes_of(same[i]), &found), SMCRED_OK);
        assert_true(sm_bytes_is(found.access_key_id, "K"));
        assert_true(sm_bytes_is(found.date, "20150830"));
        assert_true(sm_bytes_is(found.region, "r"));
        assert_true(sm_bytes_is(found.service, "s"));
        assert_true(sm_bytes_is(found.signed_headers, "a;b"));
        assert_true(sm_bytes_is(found.signature, "0f"));
    }
}

static void leaves_missing_parts_empty_and_refuses_broken_ones(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        "Basic abc",
        "AWS4-HMAC-SHA512 Signature=0f",
        "AWS4-HMAC-SHA256-X Signature=0f",
        "AWS4-HMAC-SHA256 Credential=K/20150830/r/s",
        "AWS4-HMAC-SHA256 Credential=K/20150830/r/s/aws4_request/more",
        "AWS4-HMAC-SHA256 Credential=K//r/s/aws4_request",
        "AWS4-HMAC-SHA256 Credential=",
        "AWS4-HMAC-SHA256 Signature=0f, Signature=0e",
    };
    struct sigv4_authorization found;
    assert_int_equal(sigv4_parse(sm_bytes_of("AWS4-HMAC-SHA256 Signature=0f"), &found), SMCRED_OK);
    assert_int_equal(found.access_key_id.len, 0);
    assert_int_equal(found.signed_headers.len, 0);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_int_equal(sigv4_parse(sm_bytes_of(broken[i]), &found), SMCRED_INVALID);
}

static void dates_survive_the_trip_and_wrong_ones_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "20150830T123600",
                                        "20150830 123600Z",
                                        "20150230T123600Z",
                                        "20151301T123600Z",
                                        "20150830T243600Z",
                                        "20150830T126000Z",
                                        "2015083xT123600Z",
                                        "20150830T123600Zz"};
    char text[SIGV4_DATE_LEN + 1];
    int64_t wall_ms = 0;
    sigv4_date(1440938160999, text);
    assert_string_equal(text, "20150830T123600Z");
    assert_int_equal(sigv4_date_parse(sm_bytes_of(text), &wall_ms), SMCRED_OK);
    assert_int_equal(wall_ms, 1440938160000);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(sigv4_date_parse(sm_bytes_of(wrong[i]), &wall_ms), SMCRED_INVALID);
    sigv4_date(INT64_MAX, text);
    assert_int_equal(strlen(text), SIGV4_DATE_LEN);
}

static const struct sigv4_scope some_scope = {"20150830T123600Z", "us-east-1", "service"};

static void *derive(void *arg)
{
    struct sm_secret *signing_key;
    assert_int_equal(sigv4_derive(vault, &some_scope, arg, &signing_key), SMCRED_OK);
    sm_secret_free(signing_key);
    return NULL;
}

static void *sign(void *arg)
{
    static const struct sigv4_header host = {{"host", 4}, {"h", 1}};
    const struct sigv4_request request = {
        .method = {"POST", 4}, .path = {"/", 1}, .headers = &host, .header_count = 1};
    char signature[SIGV4_SIGNATURE_LEN + 1];
    assert_int_equal(sigv4_signature(&request, &some_scope, "host", arg, signature), SMCRED_OK);
    return NULL;
}

/* Of a secret key, what is behind the first 28 bytes outlives the first HMAC in its buffer. */
static void leaves_no_key_on_the_stack(void **state)
{
    (void)state;
    struct sm_secret *signing_key;
    struct sm_bytes tail = sm_bytes(&SECRET_KEY[28], strlen(SECRET_KEY) - 28);
    if (!stack_is_seen())
        skip();
    assert_int_equal(sigv4_derive(vault, &some_scope, secret_key, &signing_key), SMCRED_OK);
    assert_false(stack_keeps(tail, derive, secret_key));
    assert_false(stack_keeps(sm_secret_view(signing_key), derive, secret_key));
    assert_false(stack_keeps(tail, sign, secret_key));
    sm_secret_free(signing_key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifies_the_published_suite),
        cmocka_unit_test(signs_as_the_published_suite),
        cmocka_unit_test(no_altered_request_keeps_its_signature),
        cmocka_unit_test(refuses_a_signed_header_that_is_not_there),
        cmocka_unit_test(a_hash_in_a_header_does_not_replace_the_body),
        cmocka_unit_test(refuses_what_is_too_large),
        cmocka_unit_test(reads_a_header_in_every_order_and_spacing),
        cmocka_unit_test(leaves_missing_parts_empty_and_refuses_broken_ones),
        cmocka_unit_test(leaves_no_key_on_the_stack),
        cmocka_unit_test(dates_survive_the_trip_and_wrong_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
