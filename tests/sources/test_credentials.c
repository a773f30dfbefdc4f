/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_credentials.c - which provider wins, and which one fails instead of falling through. */
#include "tests/lib/sm_test.h"

#include <stdio.h>
#include <sys/stat.h>

#include "sources/credentials.h"

static const char *const *variables; /* name, value, ..., NULL */

static const char *env(const char *name)
{
    for (size_t i = 0; variables && variables[i]; i += 2)
        if (strcmp(variables[i], name) == 0)
            return variables[i + 1];
    return NULL;
}

static struct sm_vault *vault;
static char key_file[] = "/tmp/smcred-key-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    int fd = mkstemp(key_file); /* mode 0600 */
    if (fd < 0 || write(fd, "from-file\n", 10) != 10 || close(fd) != 0)
        return 1;
    return sm_vault_new(&vault) != SMCRED_OK;
}

static int tear_down(void **state)
{
    (void)state;
    sm_vault_free(vault);
    return unlink(key_file);
}

#define KEYS "aws_access_key_id = PROFILEID\naws_secret_access_key = from-profile\n"

struct situation {
    const char *config;
    const char *credentials;
    const char *profile;
    const char *const *variables;
    const char *access_key_id;
    const char *file;
    bool profile_is_setting;
};

static enum smcred_status resolve(const struct situation *situation,
                                  struct aws_credentials **out_credentials, struct sm_error *err)
{
    struct aws_profiles *profiles;
    assert_int_equal(aws_profiles_new(vault, &profiles), SMCRED_OK);
    assert_int_equal(aws_profiles_add(profiles, AWS_FILE_CONFIG,
                                      sm_bytes_of(situation->config ? situation->config : ""),
                                      NULL),
                     SMCRED_OK);
    assert_int_equal(
        aws_profiles_add(profiles, AWS_FILE_CREDENTIALS,
                         sm_bytes_of(situation->credentials ? situation->credentials : ""), NULL),
        SMCRED_OK);
    variables = situation->variables;
    const struct credentials_wishes wishes = {.vault = vault,
                                              .env = env,
                                              .profiles = profiles,
                                              .profile = situation->profile ? situation->profile
                                                                            : "default",
                                              .profile_is_setting = situation->profile_is_setting,
                                              .access_key_id = situation->access_key_id,
                                              .secret_access_key_file = situation->file};
    enum smcred_status status = credentials_resolve(&wishes, out_credentials, err);
    aws_profiles_free(profiles);
    return status;
}

static const char *const env_keys[] = {"AWS_ACCESS_KEY_ID",
                                       "ENVID",
                                       "AWS_SECRET_ACCESS_KEY",
                                       "from-env",
                                       "AWS_SESSION_TOKEN",
                                       "token",
                                       NULL};
static const char *const blank_keys[] = {"AWS_ACCESS_KEY_ID", "", "AWS_SECRET_ACCESS_KEY", "x",
                                         NULL};
static const char *const half_keys[] = {"AWS_ACCESS_KEY_ID", "ENVID", NULL};

static void the_first_that_applies_wins(void **state)
{
    (void)state;
    static const struct {
        struct situation situation;
        const char *id;
        const char *secret;
        const char *token;
    } cases[] = {
        {{.access_key_id = "SETID",
          .file = key_file,
          .variables = env_keys,
          .credentials = "[default]\n" KEYS},
         "SETID",
         "from-file",
         NULL},
        {{.variables = env_keys, .credentials = "[default]\n" KEYS}, "ENVID", "from-env", "token"},
        {{.variables = env_keys, .credentials = "[b]\n" KEYS, .profile = "b"},
         "ENVID",
         "from-env",
         "token"},
        {{.variables = env_keys,
          .credentials = "[b]\n" KEYS,
          .profile = "b",
          .profile_is_setting = true},
         "PROFILEID",
         "from-profile",
         NULL},
        {{.variables = blank_keys, .credentials = "[default]\n" KEYS},
         "PROFILEID",
         "from-profile",
         NULL},
        {{.credentials = "[default]\n" KEYS "aws_session_token = t\n"},
         "PROFILEID",
         "from-profile",
         "t"},
        {{.config = "[profile b]\n" KEYS, .profile = "b"}, "PROFILEID", "from-profile", NULL},
        {{.config = "[default]\n" KEYS,
          .credentials = "[default]\naws_access_key_id=X\naws_secret_access_key=y\n"},
         "X",
         "y",
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aws_credentials *found;
        struct sm_error err = {.text = ""};
        if (resolve(&cases[i].situation, &found, &err) != SMCRED_OK)
            fail_msg("case %zu: %s", i, err.text);
        assert_string_equal(found->access_key_id, cases[i].id);
        assert_true(sm_secret_equal(found->secret_access_key, sm_bytes_of(cases[i].secret)));
        assert_int_equal(!found->session_token, !cases[i].token);
        if (cases[i].token)
            assert_true(sm_secret_equal(found->session_token, sm_bytes_of(cases[i].token)));
        aws_credentials_unref(aws_credentials_ref(found));
        aws_credentials_unref(found);
    }
}

static void one_that_applies_and_fails_ends_the_chain(void **state)
{
    (void)state;
    static const char *const folded[] = {"AWS_ACCESS_KEY_ID", "EN\nVID", "AWS_SECRET_ACCESS_KEY",
                                         "x", NULL};
    static const struct {
        struct situation situation;
        enum smcred_status status;
        const char *text;
    } cases[] = {
        {{.credentials = ""}, SMCRED_UNAVAILABLE, "no AWS credentials"},
        {{.variables = half_keys, .credentials = "[default]\n" KEYS},
         SMCRED_INVALID,
         "AWS_SECRET_ACCESS_KEY"},
        {{.variables = folded}, SMCRED_INVALID, "access key id"},
        {{.profile = "gone", .credentials = "[default]\n" KEYS}, SMCRED_INVALID, "profile gone"},
        {{.credentials = "[default]\naws_access_key_id = X\n"},
         SMCRED_INVALID,
         "lacks aws_secret_access_key"},
        {{.credentials = "[default]\n" KEYS, .config = "[default]\nrole_arn = arn:x\n"},
         SMCRED_INVALID,
         "role_arn"},
        {{.config = "[default]\nsso_session = x\n"}, SMCRED_INVALID, "sso_session"},
        {{.config = "[default]\ncredential_process = /bin/x\n"},
         SMCRED_INVALID,
         "credential_process, which is not supported"},
        {{.access_key_id = "SETID", .file = "/nonexistent", .variables = env_keys},
         SMCRED_INVALID,
         "/nonexistent"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aws_credentials *found;
        struct sm_error err = {.text = ""};
        assert_int_equal(resolve(&cases[i].situation, &found, &err), cases[i].status);
        if (!strstr(err.text, cases[i].text))
            fail_msg("case %zu: %s", i, err.text);
        assert_null(strstr(err.text, "from-"));
    }
}

static void a_key_file_that_others_can_read_is_refused(void **state)
{
    (void)state;
    const struct situation situation = {.access_key_id = "SETID", .file = key_file};
    struct aws_credentials *found;
    struct sm_error err = {.text = ""};
    assert_int_equal(chmod(key_file, 0640), 0);
    assert_int_equal(resolve(&situation, &found, &err), SMCRED_DENIED);
    assert_non_null(strstr(err.text, "0640"));
    assert_int_equal(chmod(key_file, 0600), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_applies_wins),
        cmocka_unit_test(one_that_applies_and_fails_ends_the_chain),
        cmocka_unit_test(a_key_file_that_others_can_read_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
