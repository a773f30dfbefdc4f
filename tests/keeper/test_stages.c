/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_stages.c - which version has which label, and whether that has changed. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "keeper/stages.h"

/* "AWSCURRENT=v1 AWSPENDING=v2" */
static struct stages *make(const char *text)
{
    static struct sm_stage_map map;
    char copy[256], *rest = NULL;
    map.count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *is = strchr(word, '=');
        struct sm_stage *stage = &map.list[map.count++];
        snprintf(stage->label, sizeof stage->label, "%.*s", (int)(is - word), word);
        snprintf(stage->version_id, sizeof stage->version_id, "%s", is + 1);
    }
    struct stages *stages = stages_new(&map);
    assert_non_null(stages);
    return stages;
}

static void a_label_has_one_version(void **state)
{
    (void)state;
    struct stages *stages = make("AWSCURRENT=v2 AWSPREVIOUS=v1 mine=v1");
    assert_string_equal(stages_version(stages, "AWSCURRENT"), "v2");
    assert_string_equal(stages_version(stages, "mine"), "v1");
    assert_null(stages_version(stages, "AWSPENDING"));
    stages_unref(stages);
}

static void pending_is_what_is_not_current_yet(void **state)
{
    (void)state;
    static const struct {
        const char *map, *pending;
    } cases[] = {
        {"AWSCURRENT=v1", NULL},
        {"AWSCURRENT=v1 AWSPENDING=v2", "v2"},
        {"AWSCURRENT=v2 AWSPENDING=v2 AWSPREVIOUS=v1", NULL}, /* as AWS leaves it for a while */
        {"AWSPENDING=v1", "v1"},                              /* never had a value */
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stages *stages = make(cases[i].map);
        const char *pending = stages_pending(stages);
        if (cases[i].pending)
            assert_string_equal(pending, cases[i].pending);
        else
            assert_null(pending);
        stages_unref(stages);
    }
}

static void equal_is_what_a_login_cannot_tell_apart(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"AWSCURRENT=v1 AWSPREVIOUS=v0", "AWSPREVIOUS=v0 AWSCURRENT=v1 mine=v7", true},
        {"AWSCURRENT=v2 AWSPENDING=v2", "AWSCURRENT=v2", true},
        {"AWSCURRENT=v1", "AWSCURRENT=v2", false},
        {"AWSCURRENT=v1", "AWSCURRENT=v1 AWSPENDING=v2", false},
        {"AWSCURRENT=v1 AWSPENDING=v3", "AWSCURRENT=v1 AWSPENDING=v2", false},
        {"AWSCURRENT=v1 AWSPREVIOUS=v0", "AWSCURRENT=v1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stages *a = make(cases[i].a), *b = make(cases[i].b);
        assert_int_equal(stages_equal(a, b), cases[i].equal);
        assert_int_equal(stages_equal(b, a), cases[i].equal);
        assert_false(stages_equal(a, NULL));
        stages_unref(a);
        stages_unref(b);
    }
    assert_true(stages_equal(NULL, NULL));
}

SM_TEST_MAIN(cmocka_unit_test(a_label_has_one_version),
             cmocka_unit_test(pending_is_what_is_not_current_yet),
             cmocka_unit_test(equal_is_what_a_login_cannot_tell_apart))
