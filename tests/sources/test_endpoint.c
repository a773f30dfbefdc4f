/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_endpoint.c - the order of overrides, AWS's own names, and which URLs are none of ours. */
#include "tests/lib/sm_test.h"

#include "sources/endpoint.h"

static const char *const *variables; /* name, value, ..., NULL */

static const char *env(const char *name)
{
    for (size_t i = 0; variables && variables[i]; i += 2)
        if (strcmp(variables[i], name) == 0)
            return variables[i + 1];
    return NULL;
}

static struct sm_vault *vault;

static enum smcred_status resolve(const char *config, const char *url, const char *region,
                                  struct endpoint *out, struct sm_error *err)
{
    struct aws_profiles *profiles;
    assert_int_equal(aws_profiles_new(vault, &profiles), SMCRED_OK);
    assert_int_equal(aws_profiles_add(profiles, AWS_FILE_CONFIG, sm_bytes_of(config), NULL),
                     SMCRED_OK);
    const struct endpoint_wishes wishes = {
        .env = env, .profiles = profiles, .profile = "default", .url = url, .region = region};
    enum smcred_status status = endpoint_resolve(&wishes, out, err);
    aws_profiles_free(profiles);
    return status;
}

static int set_up(void **state)
{
    (void)state;
    variables = NULL;
    return sm_vault_new(&vault) != SMCRED_OK;
}

static int tear_down(void **state)
{
    (void)state;
    sm_vault_free(vault);
    return 0;
}

static void each_region_has_its_partition(void **state)
{
    (void)state;
    static const char *const fips[] = {"AWS_USE_FIPS_ENDPOINT", "true", NULL};
    static const char *const dual[] = {"AWS_USE_DUALSTACK_ENDPOINT", "TRUE", NULL};
    static const char *const both[] = {"AWS_USE_FIPS_ENDPOINT", "true",
                                       "AWS_USE_DUALSTACK_ENDPOINT", "true", NULL};
    static const struct {
        const char *const *variables;
        const char *region;
        const char *url;
    } cases[] = {
        {NULL, "us-east-1", "https://secretsmanager.us-east-1.amazonaws.com/"},
        {NULL, "mars-north-7", "https://secretsmanager.mars-north-7.amazonaws.com/"},
        {NULL, "cn-north-1", "https://secretsmanager.cn-north-1.amazonaws.com.cn/"},
        {NULL, "us-gov-west-1", "https://secretsmanager.us-gov-west-1.amazonaws.com/"},
        {NULL, "us-iso-east-1", "https://secretsmanager.us-iso-east-1.c2s.ic.gov/"},
        {NULL, "us-isob-east-1", "https://secretsmanager.us-isob-east-1.sc2s.sgov.gov/"},
        {NULL, "eusc-de-east-1", "https://secretsmanager.eusc-de-east-1.amazonaws.eu/"},
        {fips, "us-east-1", "https://secretsmanager-fips.us-east-1.amazonaws.com/"},
        {dual, "us-east-1", "https://secretsmanager.us-east-1.amazonaws.com/"},
        {dual, "cn-north-1", "https://secretsmanager.cn-north-1.amazonaws.com.cn/"},
        {dual, "us-iso-east-1", "https://secretsmanager.us-iso-east-1.api.aws.ic.gov/"},
        {both, "us-gov-west-1", "https://secretsmanager-fips.us-gov-west-1.amazonaws.com/"},
        {both, "cn-north-1",
         "https://secretsmanager-fips.cn-north-1.api.amazonwebservices.com.cn/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct endpoint endpoint;
        variables = cases[i].variables;
        assert_int_equal(resolve("", NULL, cases[i].region, &endpoint, NULL), SMCRED_OK);
        assert_string_equal(endpoint.url, cases[i].url);
        assert_string_equal(endpoint.path, "/");
        assert_memory_equal(endpoint.url + 8, endpoint.host, strlen(endpoint.host));
    }
}

static void the_nearest_override_wins(void **state)
{
    (void)state;
    static const char config[] =
        "[default]\nservices = local\nendpoint_url = https://e\n"
        "[services local]\nsecrets_manager =\n  endpoint_url = https://d\n";
    static const char *const all[] = {"AWS_ENDPOINT_URL_SECRETS_MANAGER", "https://b",
                                      "AWS_ENDPOINT_URL", "https://c", NULL};
    static const char *const general[] = {"AWS_ENDPOINT_URL_SECRETS_MANAGER", "",
                                          "AWS_ENDPOINT_URL", "https://c", NULL};
    static const char *const ignored[] = {"AWS_ENDPOINT_URL", "https://c",
                                          "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", NULL};
    static const struct {
        const char *const *variables;
        const char *config;
        const char *url;
        const char *host;
    } cases[] = {
        {all, config, "https://a", "a"},
        {all, config, NULL, "b"},
        {general, config, NULL, "c"},
        {NULL, config, NULL, "d"},
        {NULL, "[default]\nendpoint_url = https://e\n", NULL, "e"},
        {ignored, config, NULL, "secretsmanager.us-east-1.amazonaws.com"},
        {ignored, config, "https://a", "a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct endpoint endpoint;
        variables = cases[i].variables;
        assert_int_equal(resolve(cases[i].config, cases[i].url, "us-east-1", &endpoint, NULL),
                         SMCRED_OK);
        assert_string_equal(endpoint.host, cases[i].host);
    }
}

static void hosts_and_paths_are_cut_as_they_go_over_the_wire(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *host;
        const char *path;
    } cases[] = {{"http://127.0.0.1:8200", "127.0.0.1:8200", "/"},
                 {"http://127.9.9.9:80/x", "127.9.9.9", "/x"},
                 {"http://[::1]:8200/", "[::1]:8200", "/"},
                 {"HTTP://LOCALHOST", "LOCALHOST", "/"},
                 {"https://vpce.example:443/a/b%20c", "vpce.example", "/a/b%20c"},
                 {"https://vpce.example:8443", "vpce.example:8443", "/"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct endpoint endpoint;
        assert_int_equal(resolve("", cases[i].url, "us-east-1", &endpoint, NULL), SMCRED_OK);
        assert_string_equal(endpoint.host, cases[i].host);
        assert_string_equal(endpoint.path, cases[i].path);
    }
}

static void refuses_urls_that_are_unsafe_or_none(void **state)
{
    (void)state;
    static const char *const urls[] = {"ftp://a",
                                       "secretsmanager",
                                       "https://",
                                       "https:///x",
                                       "https://a b",
                                       "https://u:p@a",
                                       "https://a?x",
                                       "https://a#x",
                                       "https://a\n",
                                       "https://a:x",
                                       "https://a:123456",
                                       "http://10.0.0.1",
                                       "http://127.0.0.1.evil.example",
                                       "http://localhost.evil.example",
                                       "http://[::2]",
                                       "https://[::1",
                                       "file:///etc/passwd",
                                       "https://a:"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct endpoint endpoint;
        if (resolve("", urls[i], "us-east-1", &endpoint, NULL) != SMCRED_INVALID)
            fail_msg("%s is taken", urls[i]);
    }
}

static void refuses_contradictions(void **state)
{
    (void)state;
    static const char *const fips[] = {"AWS_USE_FIPS_ENDPOINT", "true", NULL};
    struct endpoint endpoint;
    struct sm_error err;
    assert_int_equal(resolve("[default]\nservices = gone\n", NULL, "us-east-1", &endpoint, &err),
                     SMCRED_INVALID);
    assert_non_null(strstr(err.text, "[services gone]"));
    assert_int_equal(resolve("", NULL, "us-east-1.evil/", &endpoint, &err), SMCRED_INVALID);
    assert_int_equal(resolve("", NULL, "", &endpoint, &err), SMCRED_INVALID);
    variables = fips;
    assert_int_equal(resolve("", "https://a", "us-east-1", &endpoint, &err), SMCRED_INVALID);
    assert_non_null(strstr(err.text, "FIPS"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_region_has_its_partition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_nearest_override_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hosts_and_paths_are_cut_as_they_go_over_the_wire, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_urls_that_are_unsafe_or_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_contradictions, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
