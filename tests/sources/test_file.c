/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_file.c - secrets from a file: its forms, its versions, its owner, its changes. */
#include "tests/lib/sm_test.h"

#include <stdio.h>
#include <sys/stat.h>

#include "sources/module.h"

static struct sm_vault *vault;
static char directory[] = "/tmp/smcred-file-XXXXXX";
static char path[64], other[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return 1;
    (void)snprintf(path, sizeof path, "%s/secrets", directory);
    (void)snprintf(other, sizeof other, "%s/other", directory);
    return sm_vault_new(&vault) != SMCRED_OK;
}

static int tear_down(void **state)
{
    (void)state;
    sm_vault_free(vault);
    (void)unlink(path);
    return rmdir(directory);
}

/* By way of another file and rename(2), as an administrator's tools do. */
static void write_file(const char *text, mode_t mode)
{
    FILE *file = fopen(other, "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fchmod(fileno(file), mode), 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(other, path), 0);
}

static enum smcred_status open_file(struct sm_source **out_source, struct sm_error *err)
{
    const struct sm_source_setting list[] = {{"path", path}};
    const struct sm_source_settings settings = {list, 1};
    return smcred_source.open(&settings, vault, out_source, err);
}

static struct sm_source *open_with(const char *text)
{
    struct sm_source *source;
    struct sm_error err = {.text = ""};
    write_file(text, 0600);
    if (open_file(&source, &err) != SMCRED_OK)
        fail_msg("%s", err.text);
    return source;
}

static enum smcred_status fetch(struct sm_source *source, const char *id, const char *stage,
                                const char *version_id, struct sm_snapshot **out_snapshot,
                                struct sm_error *err)
{
    const struct sm_source_query query = {
        .secret_id = id, .stage = stage, .version_id = version_id, .deadline_ms = INT64_MAX};
    return smcred_source.fetch(source, &query, out_snapshot, err);
}

static void expect(struct sm_source *source, const char *id, const char *stage,
                   const char *password)
{
    struct sm_snapshot *found;
    struct sm_error err = {.text = ""};
    enum smcred_status status = fetch(source, id, stage, NULL, &found, &err);
    if (!password) {
        assert_int_equal(status, SMCRED_NOT_FOUND);
        return;
    }
    if (status != SMCRED_OK)
        fail_msg("%s: %s", id, err.text);
    assert_true(sm_secret_equal(found->password, sm_bytes_of(password)));
    assert_string_equal(found->name, id);
    assert_string_equal(found->stages, stage ? stage : "AWSCURRENT");
    sm_snapshot_unref(found);
}

#define JSON                                                                                       \
    "{\"prod/orders/db\":{\"username\":\"app\",\"password\":\"one\",\"port\":5432},"               \
    "\"plain\":\"just this\","                                                                     \
    "\"prod/billing\":{\"AWSCURRENT\":{\"password\":\"now\",\"VersionId\":\"v-2\"},"               \
    "\"AWSPREVIOUS\":{\"password\":\"then\",\"VersionId\":\"v-1\"},\"AWSPENDING\":\"soon\"}}"

static void reads_json_by_name_and_stage(void **state)
{
    (void)state;
    struct sm_source *source = open_with(JSON);
    expect(source, "prod/orders/db", NULL, "one");
    expect(source, "prod/orders/db", "AWSPREVIOUS", NULL);
    expect(source, "plain", NULL, "just this");
    expect(source, "prod/billing", NULL, "now");
    expect(source, "prod/billing", "AWSPREVIOUS", "then");
    expect(source, "prod/billing", "AWSPENDING", "soon");
    expect(source, "prod/billing", "custom", NULL);
    expect(source, "PROD/billing", NULL, NULL);
    smcred_source.close(source);
}

static void reads_ini_with_every_sign_in_a_password(void **state)
{
    (void)state;
    struct sm_source *source = open_with("# comment\n[prod/orders/db]\nusername = app\n"
                                         "password = a # b ; c = \"d\" \\n\n\n"
                                         "[prod/orders/db AWSPREVIOUS]\npassword=old\n");
    expect(source, "prod/orders/db", NULL, "a # b ; c = \"d\" \\n");
    expect(source, "prod/orders/db", "AWSPREVIOUS", "old");
    expect(source, "prod/orders/db", "AWSPENDING", NULL);
    smcred_source.close(source);
}

static void a_version_has_an_id_that_lasts_and_finds_it(void **state)
{
    (void)state;
    struct sm_source *source = open_with(JSON);
    struct sm_snapshot *one, *two;
    assert_int_equal(fetch(source, "prod/orders/db", NULL, NULL, &one, NULL), SMCRED_OK);
    assert_int_equal(fetch(source, "prod/orders/db", NULL, one->version_id, &two, NULL), SMCRED_OK);
    assert_string_equal(one->version_id, two->version_id);
    assert_in_range(strlen(one->version_id), 32, 64);
    sm_snapshot_unref(two);
    assert_int_equal(fetch(source, "prod/billing", NULL, "v-1", &two, NULL), SMCRED_OK);
    assert_string_equal(two->stages, "AWSPREVIOUS");
    sm_snapshot_unref(two);
    assert_int_equal(fetch(source, "prod/billing", "AWSCURRENT", "v-1", &two, NULL),
                     SMCRED_NOT_FOUND);
    assert_int_equal(fetch(source, "plain", NULL, one->version_id, &two, NULL), SMCRED_NOT_FOUND);
    sm_snapshot_unref(one);
    smcred_source.close(source);
}

static void says_its_stages(void **state)
{
    (void)state;
    struct sm_source *source = open_with(JSON);
    struct sm_stage_map map;
    const struct sm_source_query query = {.secret_id = "prod/billing"};
    assert_int_equal(smcred_source.stages(source, &query, &map, NULL), SMCRED_OK);
    assert_int_equal(map.count, 3);
    assert_string_equal(map.list[0].label, "AWSCURRENT");
    assert_string_equal(map.list[0].version_id, "v-2");
    assert_false(map.fixed);
    smcred_source.close(source);
}

static void a_changed_file_is_read_again_and_a_broken_one_is_unavailable(void **state)
{
    (void)state;
    struct sm_source *source = open_with("{\"a\":{\"password\":\"one\"}}");
    struct sm_snapshot *before, *after;
    assert_int_equal(fetch(source, "a", NULL, NULL, &before, NULL), SMCRED_OK);
    write_file("{\"a\":{\"password\":\"two\"}}", 0600);
    assert_int_equal(fetch(source, "a", NULL, NULL, &after, NULL), SMCRED_OK);
    assert_true(sm_secret_equal(after->password, sm_bytes_of("two")));
    assert_string_not_equal(before->version_id, after->version_id);
    sm_snapshot_unref(before);
    sm_snapshot_unref(after);
    write_file("{\"a\":", 0600);
    assert_int_equal(fetch(source, "a", NULL, NULL, &after, NULL), SMCRED_UNAVAILABLE);
    write_file("{\"a\":\"three\"}", 0644);
    assert_int_equal(fetch(source, "a", NULL, NULL, &after, NULL), SMCRED_UNAVAILABLE);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(fetch(source, "a", NULL, NULL, &after, NULL), SMCRED_UNAVAILABLE);
    write_file("{\"a\":\"four\"}", 0400);
    expect(source, "a", NULL, "four");
    smcred_source.close(source);
}

static void refuses_a_file_others_can_get_at(void **state)
{
    (void)state;
    static const mode_t modes[] = {0644, 0640, 0620, 0602, 0604, 0601};
    struct sm_source *source;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct sm_error err = {.text = ""};
        write_file("{}", modes[i]);
        assert_int_equal(open_file(&source, &err), SMCRED_INVALID);
        assert_non_null(strstr(err.text, "chmod 0600"));
    }
}

/* A keeper that root has started is somebody else, who cannot read root's own files. */
static void a_file_of_somebody_else_says_whose_it_should_be(void **state)
{
    (void)state;
    struct sm_source *source;
    struct sm_error err = {.text = ""};
    if (geteuid() != 0)
        skip();
    write_file("{}", 0600);
    assert_int_equal(seteuid(4711), 0);
    enum smcred_status status = open_file(&source, &err);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, SMCRED_INVALID);
    assert_non_null(strstr(err.text, "uid 4711 may not read it; give it to that uid"));
}

static void refuses_links_directories_and_fifos(void **state)
{
    (void)state;
    struct sm_source *source;
    struct sm_error err = {.text = ""};
    (void)unlink(path);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    assert_int_equal(open_file(&source, &err), SMCRED_INVALID);
    assert_non_null(strstr(err.text, "symbolic link"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(open_file(&source, &err), SMCRED_INVALID);
    assert_non_null(strstr(err.text, "regular"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(open_file(&source, &err), SMCRED_INVALID);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(open_file(&source, &err), SMCRED_INVALID);
    assert_non_null(strstr(err.text, "no such file"));
}

static void refuses_nonsense_without_repeating_it(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"hunter2\"",
                                        "",
                                        "[a]\nhunter2",
                                        "hunter2=1\n",
                                        "[a]\nk=hunter2\nk=2\n",
                                        "[a]\n[a]\n",
                                        "[a b c]\nk=v\n",
                                        "{} hunter2",
                                        "[]\nk=v\n",
                                        "[a\nk=v\n",
                                        "[a]\n=hunter2\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sm_source *source;
        struct sm_error err = {.text = ""};
        write_file(texts[i], 0600);
        if (open_file(&source, &err) != SMCRED_INVALID)
            fail_msg("\"%s\" is taken", texts[i]);
        assert_null(strstr(err.text, "hunter2"));
    }
}

static void settings_are_checked(void **state)
{
    (void)state;
    static const struct sm_source_setting wrong[][1] = {
        {{"path", "relative"}}, {{"path", ""}}, {{"keep", "yes"}}};
    for (size_t i = 0; i < 3; i++) {
        struct sm_source *source;
        const struct sm_source_settings settings = {wrong[i], 1};
        assert_int_equal(smcred_source.open(&settings, vault, &source, NULL), SMCRED_INVALID);
    }
    assert_true(smcred_source.knows("path"));
    assert_false(smcred_source.knows("paths"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_json_by_name_and_stage),
        cmocka_unit_test(reads_ini_with_every_sign_in_a_password),
        cmocka_unit_test(a_version_has_an_id_that_lasts_and_finds_it),
        cmocka_unit_test(says_its_stages),
        cmocka_unit_test(a_changed_file_is_read_again_and_a_broken_one_is_unavailable),
        cmocka_unit_test(refuses_a_file_others_can_get_at),
        cmocka_unit_test(a_file_of_somebody_else_says_whose_it_should_be),
        cmocka_unit_test(refuses_links_directories_and_fifos),
        cmocka_unit_test(refuses_nonsense_without_repeating_it),
        cmocka_unit_test(settings_are_checked),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
