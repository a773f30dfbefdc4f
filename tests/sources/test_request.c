/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_request.c - requests are JSON whatever the values hold, and what does not fit is told. */
#include "tests/lib/sm_test.h"

#include <regex.h>

#include "sources/request.h"

static struct sm_vault *vault;

static int make_vault(void **state)
{
    (void)state;
    return sm_vault_new(&vault) == SMCRED_OK ? 0 : -1;
}

static int free_vault(void **state)
{
    (void)state;
    sm_vault_free(vault);
    return 0;
}

static struct request *begin(void)
{
    struct request *request = NULL;
    assert_int_equal(request_new(vault, &request), SMCRED_OK);
    return request;
}

/* What request_end() answers, as a string: a NUL follows every secret. */
static const char *ended(struct request *request)
{
    const struct sm_secret *body = request_end(request);
    assert_non_null(body);
    return sm_secret_view(body).data;
}

static void one_without_members_is_an_empty_object(void **state)
{
    (void)state;
    autorequest struct request *request = begin();
    request_text(request, "Description", NULL);
    assert_string_equal(ended(request), "{}");
}

static void members_keep_their_order(void **state)
{
    (void)state;
    autorequest struct request *request = begin();
    request_text(request, "Name", "prod/db");
    request_number(request, "MaxResults", 100);
    assert_string_equal(ended(request), "{\"Name\":\"prod/db\",\"MaxResults\":100}");
}

static void lists_are_of_texts(void **state)
{
    (void)state;
    static const char *const values[] = {"AWSPENDING", "a\"b"};
    autorequest struct request *request = begin();
    request_list(request, "VersionStages", values, 2);
    request_list(request, "None", NULL, 0);
    assert_string_equal(ended(request),
                        "{\"VersionStages\":[\"AWSPENDING\",\"a\\u0022b\"],\"None\":[]}");
}

static void no_value_leaves_its_string(void **state)
{
    (void)state;
    static const char value[] = "a\"b\\c\nd\0\x01\xc3\xa9";
    autorequest struct request *request = begin();
    sm_autosecret struct sm_secret *secret = NULL;
    assert_int_equal(sm_secret_new(vault, sm_bytes(value, sizeof value - 1), &secret), SMCRED_OK);
    request_secret(request, "SecretString", secret);
    assert_string_equal(ended(request), "{\"SecretString\":"
                                        "\"a\\u0022b\\u005cc\\u000ad\\u0000\\u0001\xc3\xa9\"}");
}

static void a_token_is_a_random_uuid(void **state)
{
    (void)state;
    static const char pattern[] = "^\\{\"ClientRequestToken\":\"[0-9a-f]{8}-[0-9a-f]{4}-"
                                  "4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\"\\}$";
    autorequest struct request *one = begin();
    autorequest struct request *other = begin();
    regex_t regex;
    request_token(one);
    request_token(other);
    const char *text = ended(one);
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    int missed = regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);
    assert_int_equal(missed, 0);
    assert_string_not_equal(text, ended(other));
}

/* 64 KiB of control characters are the longest that a value can become. */
static void the_largest_value_fits_and_two_do_not(void **state)
{
    (void)state;
    static const char zeros[SM_SECRET_MAX];
    autorequest struct request *request = begin();
    autorequest struct request *larger = begin();
    sm_autosecret struct sm_secret *secret = NULL;
    assert_int_equal(sm_secret_new(vault, sm_bytes(zeros, sizeof zeros), &secret), SMCRED_OK);
    request_secret(request, "SecretString", secret);
    assert_int_equal(strlen(ended(request)), 6 * sizeof zeros + strlen("{\"SecretString\":\"\"}"));
    request_secret(larger, "SecretString", secret);
    request_secret(larger, "Description", secret);
    request_text(larger, "Name", "x");
    assert_null(request_end(larger));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_without_members_is_an_empty_object),
        cmocka_unit_test(members_keep_their_order),
        cmocka_unit_test(lists_are_of_texts),
        cmocka_unit_test(no_value_leaves_its_string),
        cmocka_unit_test(a_token_is_a_random_uuid),
        cmocka_unit_test(the_largest_value_fits_and_two_do_not),
    };
    return cmocka_run_group_tests(tests, make_vault, free_vault);
}
