/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_value.c - every layout AWS writes is read, and what is wrong is named without its content.
 */
#include "tests/lib/freed.h"

#include <stdio.h>

#include "sources/json.h"
#include "sources/value.h"

static struct sm_vault *vault;

static enum smcred_status parse(struct sm_bytes text, struct sm_snapshot **out_snapshot,
                                struct sm_error *err)
{
    const struct sm_snapshot about = {.name = "orders", .version_id = "v1", .stages = "AWSCURRENT"};
    struct sm_secret *value;
    assert_int_equal(sm_secret_new(vault, text, &value), SMCRED_OK);
    enum smcred_status status = value_snapshot(vault, &about, value, false, out_snapshot, err);
    sm_secret_free(value);
    return status;
}

static int set_up(void **state)
{
    (void)state;
    return sm_vault_new(&vault) != SMCRED_OK;
}

static int tear_down(void **state)
{
    (void)state;
    sm_vault_free(vault); /* asserts that nothing of it lives */
    return 0;
}

static void reads_the_layout_of_a_database(void **state)
{
    (void)state;
    struct sm_snapshot *found;
    assert_int_equal(
        parse(sm_bytes_of("{\"engine\":\"postgres\",\"host\":\"db.example\",\"username\":\"app\","
                          "\"password\":\"p\\u00e4ss\",\"dbname\":\"orders\",\"port\":5432,"
                          "\"masterarn\":\"arn:x\",\"more\":{\"port\":1}}"),
              &found, NULL),
        SMCRED_OK);
    assert_string_equal(found->name, "orders");
    assert_string_equal(found->version_id, "v1");
    assert_string_equal(found->stages, "AWSCURRENT");
    assert_string_equal(found->engine, "postgres");
    assert_string_equal(found->host, "db.example");
    assert_string_equal(found->username, "app");
    assert_string_equal(found->dbname, "orders");
    assert_int_equal(found->port, 5432);
    assert_true(sm_secret_equal(found->password, sm_bytes_of("p\xc3\xa4ss")));
    assert_null(found->value);
    sm_snapshot_unref(found);
}

static void what_is_not_said_is_empty(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"username\":\"app\",\"password\":\"x\"}",
                                        " {\"username\":\"app\",\"password\":\"x\",\"host\":null,"
                                        "\"port\":null}\n"};
    for (size_t i = 0; i < 2; i++) {
        struct sm_snapshot *found;
        assert_int_equal(parse(sm_bytes_of(texts[i]), &found, NULL), SMCRED_OK);
        assert_string_equal(found->host, "");
        assert_string_equal(found->engine, "");
        assert_int_equal(found->port, 0);
        assert_true(sm_secret_equal(found->password, sm_bytes_of("x")));
        sm_snapshot_unref(found);
    }
}

static void an_object_may_have_no_password(void **state)
{
    (void)state;
    struct sm_snapshot *found;
    assert_int_equal(parse(sm_bytes_of("{}"), &found, NULL), SMCRED_OK);
    assert_null(found->password);
    sm_snapshot_unref(found);
}

static void text_that_is_no_object_is_a_password(void **state)
{
    (void)state;
    static const char *const texts[] = {"hunter2",    "{half",          "{}x",     "[1]",
                                        "\"quoted\"", " blank ",        "{a'}",    "5432",
                                        "null",       "{\"a\":1} tail", "\xff\xfe"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sm_snapshot *found;
        assert_int_equal(parse(sm_bytes_of(texts[i]), &found, NULL), SMCRED_OK);
        assert_true(sm_secret_equal(found->password, sm_bytes_of(texts[i])));
        assert_string_equal(found->username, "");
        sm_snapshot_unref(found);
    }
}

static void ports_are_numbers_or_digits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t port; /* 0: refused */
    } cases[] = {{"5432", 5432},  {"\"5432\"", 5432}, {"1", 1},      {"65535", 65535},
                 {"5.4e3", 5400}, {"0", 0},           {"65536", 0},  {"-1", 0},
                 {"5432.5", 0},   {"1e99", 0},        {"\"\"", 0},   {"\" 5432\"", 0},
                 {"\"0x15\"", 0}, {"true", 0},        {"[5432]", 0}, {"\"999999\"", 0},
                 {"\"0\"", 0},    {"{}", 0},          {"-1e999", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        struct sm_snapshot *found;
        struct sm_error err = {.text = ""};
        (void)snprintf(text, sizeof text, "{\"port\":%s}", cases[i].text);
        enum smcred_status status = parse(sm_bytes_of(text), &found, &err);
        if (cases[i].port == 0) {
            assert_int_equal(status, SMCRED_INVALID);
            assert_non_null(strstr(err.text, "\"port\""));
            continue;
        }
        assert_int_equal(status, SMCRED_OK);
        assert_int_equal(found->port, cases[i].port);
        sm_snapshot_unref(found);
    }
}

static void refuses_and_names_the_member_but_not_its_content(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *named;
    } cases[] = {
        {"{\"password\":[\"" FREED_CANARY "\"]}", "\"password\""},
        {"{\"password\":12345}", "\"password\""},
        {"{\"password\":\"" FREED_CANARY "\",\"password\":\"b\"}", "twice"},
        {"{\"username\":{},\"password\":\"" FREED_CANARY "\"}", "\"username\""},
        {"{\"password\":\"" FREED_CANARY "\\u0000\"}", "JSON"},
        {"{\"password\":\"" FREED_CANARY "\"", NULL}, /* no brace at its end: a password */
        {"{\"password\":\"" FREED_CANARY "\",}", "JSON"},
        {"{\"password\":\"" FREED_CANARY "\"}{\"}", "JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sm_snapshot *found = NULL;
        struct sm_error err = {.text = ""};
        enum smcred_status status = parse(sm_bytes_of(cases[i].text), &found, &err);
        if (!cases[i].named) {
            assert_int_equal(status, SMCRED_OK);
            sm_snapshot_unref(found);
            continue;
        }
        assert_int_equal(status, SMCRED_INVALID);
        assert_null(found);
        assert_non_null(strstr(err.text, cases[i].named));
        assert_null(strstr(err.text, "canary"));
        assert_null(strstr(err.text, "12345"));
    }
}

static void an_escaped_backslash_before_u0000_is_no_nul(void **state)
{
    (void)state;
    struct sm_snapshot *found;
    assert_int_equal(parse(sm_bytes_of("{\"password\":\"a\\\\u0000\"}"), &found, NULL), SMCRED_OK);
    assert_true(sm_secret_equal(found->password, sm_bytes_of("a\\u0000")));
    sm_snapshot_unref(found);
}

static void refuses_nothing_and_nul_bytes(void **state)
{
    (void)state;
    struct sm_snapshot *found;
    assert_int_equal(parse(sm_bytes("", 0), &found, NULL), SMCRED_INVALID);
    assert_int_equal(parse(sm_bytes("a\0b", 3), &found, NULL), SMCRED_INVALID);
    assert_int_equal(parse(sm_bytes("{\"a\":\"\0\"}", 9), &found, NULL), SMCRED_INVALID);
}

static void keeps_the_whole_value_when_asked(void **state)
{
    (void)state;
    const struct sm_snapshot about = {.version_id = "v1"};
    struct sm_secret *value;
    struct sm_snapshot *found;
    assert_int_equal(sm_secret_new(vault, sm_bytes_of("{\"password\":\"x\"}"), &value), SMCRED_OK);
    assert_int_equal(value_snapshot(vault, &about, value, true, &found, NULL), SMCRED_OK);
    sm_secret_free(value);
    assert_true(sm_secret_equal(found->value, sm_bytes_of("{\"password\":\"x\"}")));
    sm_snapshot_unref(found);
}

static void no_freed_memory_holds_a_password(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"username\":\"app\",\"password\":\"" FREED_CANARY "\"}",
        "{\"password\":\"" FREED_CANARY "\",\"port\":\"x\"}",
        "{\"password\":\"" FREED_CANARY "\" oops}",
        "{\"password\":\"" FREED_CANARY "\\uZZZZ\"}",
        FREED_CANARY,
    };
    freed_begin();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sm_snapshot *found = NULL;
        (void)!parse(sm_bytes_of(texts[i]), &found, NULL); /* broken ones are of interest, too */
        sm_snapshot_unref(found);
    }
    assert_int_equal(freed_with_canary, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_layout_of_a_database),
        cmocka_unit_test(what_is_not_said_is_empty),
        cmocka_unit_test(an_object_may_have_no_password),
        cmocka_unit_test(text_that_is_no_object_is_a_password),
        cmocka_unit_test(ports_are_numbers_or_digits),
        cmocka_unit_test(refuses_and_names_the_member_but_not_its_content),
        cmocka_unit_test(an_escaped_backslash_before_u0000_is_no_nul),
        cmocka_unit_test(refuses_nothing_and_nul_bytes),
        cmocka_unit_test(keeps_the_whole_value_when_asked),
        cmocka_unit_test(no_freed_memory_holds_a_password),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
