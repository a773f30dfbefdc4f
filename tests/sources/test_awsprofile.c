/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_awsprofile.c - the SDKs' grammar of config and credentials files, rule by rule. */
#include "tests/lib/sm_test.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>

#include "sources/awsprofile.h"

static struct sm_vault *vault;

static int set_up(void **state)
{
    (void)state;
    return sm_vault_new(&vault) != SMCRED_OK;
}

static int tear_down(void **state)
{
    (void)state;
    sm_vault_free(vault); /* asserts that no value outlives its profiles */
    return 0;
}

/* One line of a table: files, a look-up, and what it finds. */
struct rule {
    const char *config;
    const char *credentials;
    const char *profile;
    const char *key;
    const char *value; /* NULL: nothing */
};

static enum smcred_status read_files(const char *config, const char *credentials,
                                     struct aws_profiles **out_profiles, struct sm_error *err)
{
    assert_int_equal(aws_profiles_new(vault, out_profiles), SMCRED_OK);
    enum smcred_status status =
        aws_profiles_add(*out_profiles, AWS_FILE_CONFIG, sm_bytes_of(config), err);
    if (status == SMCRED_OK)
        status =
            aws_profiles_add(*out_profiles, AWS_FILE_CREDENTIALS, sm_bytes_of(credentials), err);
    return status;
}

static void check(const struct rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct aws_profiles *profiles;
        const struct rule *rule = &rules[i];
        struct sm_error err = {.text = ""};
        if (read_files(rule->config, rule->credentials, &profiles, &err) != SMCRED_OK)
            fail_msg("%s: %s", rule->config, err.text);
        const struct sm_secret *found =
            aws_profiles_get(profiles, AWS_PROFILE, rule->profile, rule->key, NULL);
        if (!found != !rule->value)
            fail_msg("%s: %s is %s", rule->config, rule->key, found ? "there" : "missing");
        if (found && !sm_bytes_is(sm_secret_view(found), rule->value))
            fail_msg("%s: \"%s\"", rule->config, (const char *)sm_secret_view(found).data);
        aws_profiles_free(profiles);
    }
}
#define CHECK(...)                                                                                 \
    do {                                                                                           \
        static const struct rule rules[] = {__VA_ARGS__};                                          \
        check(rules, sizeof rules / sizeof *rules);                                                \
    } while (0)

static void sections_are_named_as_their_file_wants(void **state)
{
    (void)state;
    CHECK({"[profile a]\nk=v", "", "a", "k", "v"}, {"[profile\ta]\nk=v", "", "a", "k", "v"},
          {"[ profile   a  ]\nk=v", "", "a", "k", "v"}, {"[a]\nk=v", "", "a", "k", NULL},
          {"[default]\nk=v", "", "default", "k", "v"}, {"", "[a]\nk=v", "a", "k", "v"},
          {"", "[profile a]\nk=v", "a", "k", NULL}, {"", "[ a ]\nk=v", "a", "k", "v"},
          {"", "[default]\nk=v", "default", "k", "v"}, {"[profilea]\nk=v", "", "a", "k", NULL},
          {"[profile A-z0-9-_/.%@:+]\nk=v", "", "A-z0-9-_/.%@:+", "k", "v"},
          {"[profile a b]\nk=v", "", "a b", "k", NULL}, {"[profile a!]\nk=v", "", "a!", "k", NULL},
          {"[profile a!]\nk=x\n[profile b]\nk=v", "", "b", "k", "v"},
          {"[profile a]\nk=v", "", "A", "k", NULL});
}

static void profile_default_beats_default_in_config(void **state)
{
    (void)state;
    CHECK({"[profile default]\nk=1\n[default]\nk=2", "", "default", "k", "1"},
          {"[default]\nk=2\n[profile default]\nk=1", "", "default", "k", "1"},
          {"[default]\nonly=2\n[profile default]\nk=1", "", "default", "only", NULL},
          {"[default]\nonly=2\n[profile default]", "", "default", "only", NULL},
          {"[profile default]\nk=1", "[default]\nk=3", "default", "k", "3"});
}

static void properties_are_split_and_trimmed(void **state)
{
    (void)state;
    CHECK({"[profile a]\nk=v", "", "a", "K", "v"}, {"[profile a]\nNaMe = v", "", "a", "name", "v"},
          {"[profile a]\nk  =   v w  ", "", "a", "k", "v w"},
          {"[profile a]\nk=a=b==", "", "a", "k", "a=b=="}, {"[profile a]\nk=", "", "a", "k", ""},
          {"[profile a]\r\nk = v\r\n", "", "a", "k", "v"},
          {"\n\n[profile a]\n\n\t\n  \nk = v\n\n", "", "a", "k", "v"},
          {"[profile a]\nk k = v\nm = w", "", "a", "k k", NULL},
          {"[profile a]\nk! = v\nm = w", "", "a", "m", "w"},
          {"[profile a]\nk = \xc3\xa4", "", "a", "k", "\xc3\xa4"},
          {"[profile a]\nk = v", "", "a", "j", NULL});
}

static void comments_need_a_blank_behind_a_value_only(void **state)
{
    (void)state;
    CHECK({"# c\n; c\n[profile a] ; c\n# c\nk = v", "", "a", "k", "v"},
          {"[profile a]; c\nk = v", "", "a", "k", "v"},
          {"[profile a]# c\nk = v", "", "a", "k", "v"},
          {"[profile a]\nk = v ; c", "", "a", "k", "v"},
          {"[profile a]\nk = v # c", "", "a", "k", "v"},
          {"[profile a]\nk = v\t# c", "", "a", "k", "v"},
          {"[profile a]\nk = v; c", "", "a", "k", "v; c"},
          {"[profile a]\nk = v# c", "", "a", "k", "v# c"},
          {"[profile a]\nk = # c", "", "a", "k", ""}, {"[profile a]\n#k = v", "", "a", "k", NULL});
}

static void continuations_join_with_newlines(void **state)
{
    (void)state;
    CHECK({"[profile a]\nk = v\n  w", "", "a", "k", "v\nw"},
          {"[profile a]\nk = v\n\tw  \n x", "", "a", "k", "v\nw\nx"},
          {"[profile a]\nk = v\n\n w", "", "a", "k", "v\nw"},
          {"[profile a]\nk = v\n w ; kept", "", "a", "k", "v\nw ; kept"},
          {"[profile a]\nk = v # c\n # kept", "", "a", "k", "v\n# kept"},
          {"[profile a]\nk = v\n [b]", "", "a", "k", "v\n[b]"},
          {"[a]\nk = v\n w\n[profile b]\nk = x", "", "b", "k", "x"});
}

static void an_empty_value_has_sub_properties(void **state)
{
    (void)state;
    struct aws_profiles *profiles;
    assert_int_equal(
        read_files("[services local]\nsecrets_manager =\n  endpoint_url = http://a ; x\n"
                   "  other=\n\ns3=\n endpoint_url=http://b\n",
                   "", &profiles, NULL),
        SMCRED_OK);
    const struct sm_secret *found =
        aws_profiles_get(profiles, AWS_SERVICES, "local", "secrets_manager", "endpoint_url");
    assert_true(sm_bytes_is(sm_secret_view(found), "http://a ; x"));
    found = aws_profiles_get(profiles, AWS_SERVICES, "local", "s3", "ENDPOINT_URL");
    assert_true(sm_bytes_is(sm_secret_view(found), "http://b"));
    assert_null(aws_profiles_get(profiles, AWS_PROFILE, "local", "s3", "endpoint_url"));
    assert_null(aws_profiles_get(profiles, AWS_SERVICES, "local", "endpoint_url", NULL));
    assert_true(aws_profiles_has(profiles, AWS_SERVICES, "local"));
    assert_false(aws_profiles_has(profiles, AWS_PROFILE, "local"));
    aws_profiles_free(profiles);
}

static void the_same_profile_is_merged_and_the_later_wins(void **state)
{
    (void)state;
    CHECK({"[profile a]\nk=1\nj=1\n[profile b]\n[profile a]\nk=2", "", "a", "k", "2"},
          {"[profile a]\nk=1\nj=1\n[profile a]\nk=2", "", "a", "j", "1"},
          {"[profile a]\nk=1\nk=2", "", "a", "k", "2"},
          {"[profile a]\nk=1\nj=1", "[a]\nk=2", "a", "k", "2"},
          {"[profile a]\nk=1\nj=1", "[a]\nk=2", "a", "j", "1"});
}

static void a_broken_file_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *config;
        const char *line;
    } cases[] = {{"k = v", "line 1"},
                 {"[profile a\nk=v", "line 1"},
                 {"\n[profile a]\nk", "line 3"},
                 {"[profile a]\n= v", "line 2"},
                 {"[profile a]\n = v", "line 2"},
                 {"[profile a]\n v", "line 2"},
                 {"[profile a]\nk=v\n[profile b]\n w", "line 4"},
                 {"[profile a]\nk =\n sub", "line 3"},
                 {"[profile a]\nk =\n = sub", "line 3"},
                 {"[profile a] x\nk=v", "line 1"},
                 {" w", "line 1"},
                 {"[profile a!]\nk", "line 2"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aws_profiles *profiles;
        struct sm_error err = {.text = ""};
        if (read_files(cases[i].config, "", &profiles, &err) != SMCRED_INVALID)
            fail_msg("%s is taken", cases[i].config);
        assert_non_null(strstr(err.text, cases[i].line));
        aws_profiles_free(profiles);
    }
}

static char home[40]; /* what passwd(5) says */

int getpwuid_r(uid_t uid, struct passwd *entry, char *room, size_t size, struct passwd **out_found)
{
    (void)room;
    (void)size;
    *entry = (struct passwd){.pw_uid = uid, .pw_dir = home};
    *out_found = entry;
    return 0;
}

static const char *no_environment(const char *name)
{
    (void)name;
    return NULL;
}

static void who_has_no_home_has_that_of_passwd(void **state)
{
    (void)state;
    char directory[60], path[80];
    struct aws_profiles *profiles;
    strcpy(home, "/tmp/smcred-home-XXXXXX");
    assert_non_null(mkdtemp(home));
    (void)snprintf(directory, sizeof directory, "%s/.aws", home);
    (void)snprintf(path, sizeof path, "%s/credentials", directory);
    assert_int_equal(mkdir(directory, 0700), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("[default]\nregion = eu-west-1\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(aws_profiles_load(vault, no_environment, &profiles, NULL), SMCRED_OK);
    assert_string_equal(aws_profiles_text(profiles, AWS_PROFILE, "default", "region"), "eu-west-1");
    aws_profiles_free(profiles);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(rmdir(home), 0);
    /* and who has none there either has no profiles, which is no error */
    assert_int_equal(aws_profiles_load(vault, no_environment, &profiles, NULL), SMCRED_OK);
    assert_false(aws_profiles_has(profiles, AWS_PROFILE, "default"));
    aws_profiles_free(profiles);
}

static void refuses_more_than_it_can_hold(void **state)
{
    (void)state;
    enum { LINES = AWS_PROPERTIES_MAX + 1 };
    char *text = malloc(4 * LINES + 16);
    assert_non_null(text);
    char *at = text + sprintf(text, "[default]\n");
    for (int i = 0; i < LINES; i++)
        at += sprintf(at, "k=v\n");
    struct aws_profiles *profiles;
    assert_int_equal(read_files(text, "", &profiles, NULL), SMCRED_TOO_LARGE);
    aws_profiles_free(profiles);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_named_as_their_file_wants),
        cmocka_unit_test(profile_default_beats_default_in_config),
        cmocka_unit_test(properties_are_split_and_trimmed),
        cmocka_unit_test(comments_need_a_blank_behind_a_value_only),
        cmocka_unit_test(continuations_join_with_newlines),
        cmocka_unit_test(an_empty_value_has_sub_properties),
        cmocka_unit_test(the_same_profile_is_merged_and_the_later_wins),
        cmocka_unit_test(a_broken_file_is_refused_with_its_line),
        cmocka_unit_test(who_has_no_home_has_that_of_passwd),
        cmocka_unit_test(refuses_more_than_it_can_hold),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
