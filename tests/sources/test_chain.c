/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_chain.c - modules are loaded by name, and asked in turn as the line says. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "sources/chain.h"

static struct sm_vault *vault;
static char module_dir[4096];

static int set_up(void **state)
{
    (void)state;
    return sm_vault_new(&vault) != SMCRED_OK;
}

static int tear_down(void **state)
{
    (void)state;
    sm_vault_free(vault);
    return 0;
}

static bool find_modules(void)
{
    char path[8192];
    const char *top = getenv("top_builddir");
    (void)snprintf(module_dir, sizeof module_dir, "%s/tests/sources/.libs", top ? top : ".");
    (void)snprintf(path, sizeof path, "%s/libsmcred_source_fake1.so", module_dir);
    return access(path, R_OK) == 0;
}

/* Opens `line` with the two fakes answering those statuses. */
static struct source_chain *open_chain(const char *line, const char *status1, const char *status2)
{
    struct source_chain *chain;
    struct sm_error err = {.text = ""};
    const struct sm_source_setting one[] = {{"status", status1}, {"name", "first"}};
    const struct sm_source_setting two[] = {{"status", status2}, {"name", "second"}};
    const struct source_chain_section sections[] = {{"fake1", {one, 2}}, {"fake2", {two, 2}}};
    if (source_chain_load(line, module_dir, &chain, &err) != SMCRED_OK ||
        source_chain_open(chain, sections, 2, vault, &err) != SMCRED_OK)
        fail_msg("%s", err.text);
    return chain;
}

static void sources_are_asked_as_their_actions_say(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *status1, *status2;
        enum smcred_status status;
        const char *said; /* who answered, or what stands in the error */
    } cases[] = {
        {"fake1 fake2", "0", "0", SMCRED_OK, "first"},
        {"fake2 fake1", "0", "0", SMCRED_OK, "second"},
        {"fake1 fake2", "2", "0", SMCRED_OK, "second"},  /* not found */
        {"fake1 fake2", "4", "0", SMCRED_OK, "second"},  /* unavailable */
        {"fake1 fake2", "11", "0", SMCRED_OK, "second"}, /* limited */
        {"fake1 [NOTFOUND=return] fake2", "2", "0", SMCRED_NOT_FOUND, "source fake1: no x here"},
        {"fake1 [UNAVAIL=return] fake2", "4", "0", SMCRED_UNAVAILABLE, "fake1"},
        {"fake1 [TRYAGAIN=return] fake2", "11", "0", SMCRED_LIMITED, "fake1"},
        {"fake1 [TRYAGAIN=return] fake2", "5", "0", SMCRED_TIMED_OUT, "fake1"},
        {"fake1 fake2", "3", "0", SMCRED_DENIED, "fake1"}, /* a decision, whatever the line says */
        {"fake1 [!SUCCESS=continue] fake2", "6", "0", SMCRED_INVALID, "fake1"},
        {"fake1 fake2", "2", "2", SMCRED_NOT_FOUND, "fake1: no x here; source fake2: no x here"},
        {"fake1 fake2", "4", "2", SMCRED_UNAVAILABLE,
         "fake2"}, /* it may be where nobody answered */
        {"fake1 fake2", "2", "4", SMCRED_UNAVAILABLE, "fake2"},
        {"fake1 fake2", "4", "3", SMCRED_DENIED, "fake2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct source_chain *chain = open_chain(cases[i].line, cases[i].status1, cases[i].status2);
        const struct sm_source_query query = {.secret_id = "x"};
        struct sm_snapshot *found = NULL;
        struct sm_error err = {.text = ""};
        assert_int_equal(source_chain_fetch(chain, &query, &found, &err), cases[i].status);
        if (!strstr(found ? found->username : err.text, cases[i].said))
            fail_msg("case %zu: %s", i, err.text);
        sm_snapshot_unref(found);
        source_chain_free(chain);
    }
}

static void the_code_is_that_of_the_status(void **state)
{
    (void)state;
    struct source_chain *chain = open_chain("fake1 fake2", "2", "4");
    const struct sm_source_query query = {.secret_id = "x"};
    struct sm_snapshot *found;
    struct sm_error err = {.text = ""};
    assert_int_equal(source_chain_fetch(chain, &query, &found, &err), SMCRED_UNAVAILABLE);
    assert_string_equal(err.code, "Fake4");
    source_chain_free(chain);
}

static void what_no_source_can_do_is_unsupported(void **state)
{
    (void)state;
    struct source_chain *chain = open_chain("fake1 fake2", "0", "0");
    const struct sm_source_query query = {.secret_id = "x"};
    struct sm_stage_map map;
    bool seen;
    struct sm_secret *answer;
    struct sm_error err = {.text = ""};
    assert_int_equal(source_chain_stages(chain, &query, &map, &err), SMCRED_UNSUPPORTED);
    assert_int_equal(source_chain_stages_many(chain, &query.secret_id, 1, 0, &map, &seen, &err),
                     SMCRED_UNSUPPORTED);
    assert_int_equal(source_chain_call(chain, "CreateSecret", NULL, 0, &answer, &err),
                     SMCRED_UNSUPPORTED);
    assert_string_not_equal(err.text, "");
    source_chain_free(chain);
}

static void keys_belong_to_sections(void **state)
{
    (void)state;
    struct source_chain *chain = open_chain("fake1", "0", "0");
    assert_true(source_chain_reads(chain, "fake1"));
    assert_false(source_chain_reads(chain, "fake2"));
    assert_true(source_chain_knows(chain, "fake1", "status"));
    assert_false(source_chain_knows(chain, "fake1", "statsu"));
    assert_false(source_chain_knows(chain, "fake2", "status"));
    assert_string_equal(source_chain_section_of("secretsmanager"), "aws");
    assert_string_equal(source_chain_section_of("ssm"), "aws");
    assert_string_equal(source_chain_section_of("file"), "file");
    source_chain_free(chain);
}

static void a_bad_setting_names_its_source(void **state)
{
    (void)state;
    struct source_chain *chain;
    struct sm_error err = {.text = ""};
    const struct sm_source_setting wrong[] = {{"status", "many"}};
    const struct source_chain_section section = {"fake2", {wrong, 1}};
    assert_int_equal(source_chain_load("fake1 fake2", module_dir, &chain, &err), SMCRED_OK);
    assert_int_equal(source_chain_open(chain, &section, 1, vault, &err), SMCRED_INVALID);
    assert_non_null(strstr(err.text, "source fake2: status"));
    source_chain_free(chain); /* the first one is open */
}

static void what_cannot_be_loaded_is_refused(void **state)
{
    (void)state;
    struct source_chain *chain = NULL;
    struct sm_error err = {.text = ""};
    assert_int_equal(source_chain_load("no_such_thing", module_dir, &chain, &err),
                     SMCRED_NOT_FOUND);
    assert_non_null(strstr(err.text, "no_such_thing"));
    assert_int_equal(source_chain_load("../fake1", module_dir, &chain, &err), SMCRED_INVALID);
    assert_int_equal(source_chain_load("stale", module_dir, &chain, &err), SMCRED_UNSUPPORTED);
    assert_null(chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_are_asked_as_their_actions_say),
        cmocka_unit_test(the_code_is_that_of_the_status),
        cmocka_unit_test(what_no_source_can_do_is_unsupported),
        cmocka_unit_test(keys_belong_to_sections),
        cmocka_unit_test(a_bad_setting_names_its_source),
        cmocka_unit_test(what_cannot_be_loaded_is_refused),
    };
    if (!find_modules()) {
        printf("1..0 # SKIP this build has no shared modules\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
