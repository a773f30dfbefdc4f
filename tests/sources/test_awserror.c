/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_awserror.c - every form of an AWS error is understood, and nonsense is no crash. */
#include "tests/lib/sm_test.h"

#include "sources/awserror.h"

static struct aws_error parse(const char *header, const char *body)
{
    struct aws_error error;
    aws_error_parse(header, sm_bytes_of(body), &error);
    return error;
}

static void every_form_of_the_type_is_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        const char *body;
    } forms[] = {
        {"", "{\"__type\":\"ResourceNotFoundException\",\"Message\":\"gone\"}"},
        {"", "{\"__type\":\"com.amazon.x#ResourceNotFoundException\",\"message\":\"gone\"}"},
        {"", "{\"__type\":\"ResourceNotFoundException:http://a#b\",\"errorMessage\":\"gone\"}"},
        {"", "{\"__type\":\"a.b#ResourceNotFoundException:http://a\",\"message\":\"gone\"}"},
        {"", "{\"code\":\"ResourceNotFoundException\",\"message\":\"gone\"}"},
        {"", "{\"Code\":\"ResourceNotFoundException\",\"message\":\"gone\"}"},
        {"ResourceNotFoundException:http://x", "{\"message\":\"gone\"}"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct aws_error error = parse(forms[i].header, forms[i].body);
        assert_string_equal(error.code, "ResourceNotFoundException");
        assert_string_equal(error.message, "gone");
        assert_int_equal(aws_error_status(400, &error), SMCRED_NOT_FOUND);
    }
}

static void what_is_no_error_of_aws_is_judged_by_its_code(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",   "<html>",         "[]",
                                         "{}", "{\"__type\":5}", "{\"__type\":\"\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct aws_error error = parse("", bodies[i]);
        assert_string_equal(error.code, "");
        assert_int_equal(aws_error_status(500, &error), SMCRED_UNAVAILABLE);
        assert_int_equal(aws_error_status(503, &error), SMCRED_UNAVAILABLE);
        assert_int_equal(aws_error_status(403, &error), SMCRED_UNAVAILABLE); /* some proxy's */
        assert_int_equal(aws_error_status(407, &error), SMCRED_UNAVAILABLE);
        assert_int_equal(aws_error_status(413, &error), SMCRED_TOO_LARGE);
        assert_int_equal(aws_error_status(429, &error), SMCRED_LIMITED);
        assert_int_equal(aws_error_status(307, &error), SMCRED_PROTOCOL);
        assert_int_equal(aws_error_status(400, &error), SMCRED_PROTOCOL);
    }
}

static void types_have_their_status(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        enum smcred_status status;
    } cases[] = {{"AccessDeniedException", SMCRED_DENIED},
                 {"AccessDenied", SMCRED_DENIED},
                 {"DecryptionFailure", SMCRED_DENIED},
                 {"ThrottlingException", SMCRED_LIMITED},
                 {"InternalServiceError", SMCRED_UNAVAILABLE},
                 {"InvalidRequestException", SMCRED_INVALID},
                 {"UnknownOperationException", SMCRED_UNSUPPORTED},
                 {"SomethingNewException", SMCRED_INVALID}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aws_error error = parse(cases[i].code, "");
        assert_int_equal(aws_error_status(400, &error), cases[i].status);
    }
    struct aws_error error = parse("SomethingNewException", "");
    assert_int_equal(aws_error_status(403, &error), SMCRED_DENIED);
}

/* What Secrets Manager says of us, it does not say of a secret: none may be dropped for it. */
static void who_we_are_is_no_verdict_about_a_secret(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        bool other_credentials_may_help;
    } cases[] = {{"ExpiredToken", true},
                 {"ExpiredTokenException", true},
                 {"UnrecognizedClientException", true},
                 {"InvalidClientTokenId", true},
                 {"InvalidSignatureException", true},
                 {"SignatureDoesNotMatch", true},
                 {"IncompleteSignature", false},
                 {"IncompleteSignatureException", false},
                 {"MissingAuthenticationToken", false},
                 {"MissingAuthenticationTokenException", false},
                 {"RequestExpired", false},
                 {"RequestTimeTooSkewed", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aws_error error = parse(cases[i].code, "");
        assert_int_equal(aws_error_status(400, &error), SMCRED_UNAVAILABLE);
        assert_int_equal(aws_error_status(403, &error), SMCRED_UNAVAILABLE);
        assert_int_equal(aws_error_is_credentials(&error), cases[i].other_credentials_may_help);
        assert_false(aws_error_is_transient(400, &error));
    }
}

static void only_what_may_pass_is_transient(void **state)
{
    (void)state;
    struct aws_error throttled = parse("ThrottlingException", "");
    struct aws_error denied = parse("AccessDeniedException", "");
    struct aws_error quota = parse("LimitExceededException", "");
    struct aws_error none = parse("", "");
    assert_true(aws_error_is_transient(400, &throttled));
    assert_true(aws_error_is_throttle(400, &throttled));
    assert_false(aws_error_is_transient(400, &denied));
    assert_false(aws_error_is_transient(400, &quota));
    assert_true(aws_error_is_transient(500, &none));
    assert_true(aws_error_is_transient(503, &none));
    assert_false(aws_error_is_transient(501, &none));
    assert_false(aws_error_is_transient(404, &none));
}

static void a_wrong_clock_is_told_from_a_wrong_key(void **state)
{
    (void)state;
    struct aws_error old = parse("InvalidSignatureException",
                                 "{\"message\":\"Signature expired: 2026 is now earlier than\"}");
    struct aws_error early =
        parse("InvalidSignatureException", "{\"message\":\"Signature not yet current: x\"}");
    struct aws_error wrong =
        parse("InvalidSignatureException",
              "{\"message\":\"The request signature we calculated does not\"}");
    struct aws_error expired = parse("ExpiredTokenException", "");
    assert_true(aws_error_is_skew(&old));
    assert_true(aws_error_is_skew(&early));
    assert_false(aws_error_is_skew(&wrong));
    assert_false(aws_error_is_skew(&expired));
    assert_true(aws_error_is_credentials(&expired));
    assert_true(aws_error_is_credentials(&wrong));
    assert_false(aws_error_is_credentials(&old));
}

static void long_and_wild_texts_are_cut_and_printable(void **state)
{
    (void)state;
    static char body[2048];
    memcpy(body, "{\"__type\":\"", 11);
    memset(body + 11, 'A', 500);
    memcpy(body + 511, "\",\"message\":\"a\\n\\u001b[2J", 26);
    memset(body + 511 + 25, 0xc3, 600);
    memcpy(body + 511 + 25 + 600, "\"}", 3);
    struct aws_error error = parse("", body);
    assert_int_equal(strlen(error.code), sizeof error.code - 1);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    for (size_t i = 0; error.message[i]; i++)
        assert_in_range(error.message[i], ' ', '~');
}

SM_TEST_MAIN(cmocka_unit_test(every_form_of_the_type_is_the_same),
             cmocka_unit_test(what_is_no_error_of_aws_is_judged_by_its_code),
             cmocka_unit_test(types_have_their_status),
             cmocka_unit_test(who_we_are_is_no_verdict_about_a_secret),
             cmocka_unit_test(only_what_may_pass_is_transient),
             cmocka_unit_test(a_wrong_clock_is_told_from_a_wrong_key),
             cmocka_unit_test(long_and_wild_texts_are_cut_and_printable))
