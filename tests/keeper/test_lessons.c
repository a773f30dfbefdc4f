/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_lessons.c - facts about (version, salt), and which version is tried first. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "keeper/lessons.h"
#include "keeper/stages.h"

static struct lessons lessons;
static struct lesson *lesson;

static int setup(void **state)
{
    (void)state;
    if (lessons_init(&lessons, 2) != SMCRED_OK)
        return 1;
    lesson = lessons_get(&lessons, "prod/orders/db", "db:5432");
    return lesson == NULL;
}

static int teardown(void **state)
{
    (void)state;
    lessons_done(&lessons);
    return 0;
}

static struct salt salt_of(const char *text)
{
    struct salt salt = {.len = strlen(text)};
    memcpy(salt.bytes, text, salt.len);
    return salt;
}

static void note(const char *version, const char *salt_text, bool right)
{
    struct salt salt = salt_of(salt_text);
    const struct sm_snapshot snapshot = {.version_id = version, .username = "app"};
    lesson_note(lesson, &snapshot, "AWSCURRENT", &salt, right, 1);
}

static enum lesson_word says(const char *version, const char *salt_text)
{
    struct salt salt = salt_of(salt_text);
    return lesson_says(lesson, version, &salt);
}

static struct stages *map_of(const char *current, const char *pending)
{
    static struct sm_stage_map map;
    map.count = pending ? 2 : 1;
    snprintf(map.list[0].label, sizeof map.list[0].label, "AWSCURRENT");
    snprintf(map.list[0].version_id, sizeof map.list[0].version_id, "%s", current);
    snprintf(map.list[1].label, sizeof map.list[1].label, "AWSPENDING");
    snprintf(map.list[1].version_id, sizeof map.list[1].version_id, "%s", pending ? pending : "");
    return stages_new(&map);
}

static void follow(const char *current, const char *pending)
{
    struct stages *map = map_of(current, pending);
    lesson_follow(lesson, map);
    stages_unref(map);
}

static void a_salt_tells_what_a_version_is_worth(void **state)
{
    (void)state;
    assert_int_equal(says("v1", "one"), LESSON_UNKNOWN);
    note("v1", "one", true);
    assert_int_equal(says("v1", "one"), LESSON_RIGHT);
    assert_int_equal(says("v1", "two"), LESSON_CHANGED);
    assert_int_equal(says("v2", "two"), LESSON_UNKNOWN);
    note("v1", "two", false);
    assert_int_equal(says("v1", "two"), LESSON_WRONG);
    assert_int_equal(says("v1", "one"), LESSON_RIGHT); /* if that password should come back */
    assert_int_equal(says("v1", "three"), LESSON_CHANGED);
}

static void a_user_whose_password_was_changed_is_known(void **state)
{
    (void)state;
    struct salt one = salt_of("one"), two = salt_of("two"), none = salt_of("");
    note("v1", "one", true);
    assert_false(lesson_is_behind(lesson, "app", &one));
    assert_true(lesson_is_behind(lesson, "app", &two));
    assert_false(lesson_is_behind(lesson, "app_clone", &two));
    assert_false(lesson_is_behind(lesson, "app", &none));
    note("v2", "two", true);
    assert_false(lesson_is_behind(lesson, "app", &two));
}

static void what_is_right_with_a_salt_is_found_by_it(void **state)
{
    (void)state;
    struct salt one = salt_of("one"), two = salt_of("two"), none = salt_of("");
    note("v1", "one", true);
    note("v2", "two", false);
    note("v3", "", true);
    assert_string_equal(lesson_right(lesson, &one)->version_id, "v1");
    assert_null(lesson_right(lesson, &two));
    assert_null(lesson_right(lesson, &none)); /* it says nothing of the password */
    assert_null(lesson_right(NULL, &one));
}

static void the_last_word_counts(void **state)
{
    (void)state;
    note("v1", "one", true);
    assert_false(lesson_refused(lesson, "v1"));
    note("v1", "two", false);
    assert_true(lesson_refused(lesson, "v1"));
    note("v1", "one", true);
    assert_false(lesson_refused(lesson, "v1"));
    assert_false(lesson_refused(NULL, "v1"));
}

static void a_proven_version_outranks_a_newer_one_that_was_refused(void **state)
{
    (void)state;
    assert_null(lesson_preferred(lesson, "v2"));
    note("v1", "one", true);
    assert_null(lesson_preferred(lesson, "v2"));
    note("v2", "one", false);
    assert_string_equal(lesson_preferred(lesson, "v2")->version_id, "v1");
    note("v1", "two", false);
    assert_null(lesson_preferred(lesson, "v2")); /* both were refused */
}

static void another_map_makes_it_all_open_again(void **state)
{
    (void)state;
    follow("v2", NULL);
    note("v1", "one", true);
    note("v2", "one", false);
    follow("v2", NULL);
    assert_non_null(lesson_preferred(lesson, "v2"));
    lesson->stuck_since_ms = 1;
    follow("v2", "v3");
    assert_null(lesson_preferred(lesson, "v2"));
    assert_false(lesson_refused(lesson, "v2"));
    assert_int_equal(lesson->stuck_since_ms, 0);
    assert_int_equal(says("v2", "one"), LESSON_WRONG); /* a password does not change by itself */
    assert_string_equal(lesson_proven(lesson)->version_id, "v1");
}

static void without_a_salt_a_refusal_is_as_old_as_the_map(void **state)
{
    (void)state;
    follow("v1", NULL);
    note("v1", "", false);
    assert_int_equal(says("v1", ""), LESSON_WRONG);
    follow("v1", "v2");
    assert_int_equal(says("v1", ""), LESSON_UNKNOWN);
}

static void without_a_salt_a_password_is_lost_by_the_refusal_of_what_was_right_last(void **state)
{
    (void)state;
    struct salt none = salt_of("");
    follow("v1", NULL);
    note("v1", "", true);
    follow("v2", NULL);
    note("v2", "", true);
    assert_false(lesson_is_behind(lesson, "app", &none));
    note("v2", "", false); /* nobody has asked about v1 again */
    assert_true(lesson_is_behind(lesson, "app", &none));
    follow("v2", "v3");
    assert_true(lesson_is_behind(lesson, "app", &none));
    note("v3", "", true);
    assert_false(lesson_is_behind(lesson, "app", &none));
}

static void what_is_proven_is_not_crowded_out(void **state)
{
    (void)state;
    char version[16];
    note("good", "one", true);
    for (int i = 0; i < 3 * LESSON_FACTS_MAX; i++) {
        snprintf(version, sizeof version, "v%d", i);
        note(version, "one", false);
    }
    assert_int_equal(says("good", "one"), LESSON_RIGHT);
    assert_int_equal(says(version, "one"), LESSON_WRONG);
    assert_int_equal(says("v0", "one"), LESSON_UNKNOWN);
}

static void a_version_id_that_is_too_long_teaches_nothing(void **state)
{
    (void)state;
    char version[100];
    memset(version, 'x', sizeof version - 1);
    version[sizeof version - 1] = '\0';
    note(version, "one", true);
    assert_null(lesson_proven(lesson));
}

static void the_least_recently_used_lesson_goes(void **state)
{
    (void)state;
    assert_non_null(lessons_get(&lessons, "b", "db:5432"));
    assert_ptr_equal(lessons_get(&lessons, "prod/orders/db", "db:5432"), lesson);
    assert_non_null(lessons_get(&lessons, "c", "db:5432"));
    assert_null(lessons_find(&lessons, "b", "db:5432"));
    assert_ptr_equal(lessons_find(&lessons, "prod/orders/db", "db:5432"), lesson);
    assert_null(lessons_find(&lessons, "prod/orders/dbdb", ":5432"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(a_salt_tells_what_a_version_is_worth),
             TEST(a_user_whose_password_was_changed_is_known),
             TEST(what_is_right_with_a_salt_is_found_by_it), TEST(the_last_word_counts),
             TEST(a_proven_version_outranks_a_newer_one_that_was_refused),
             TEST(another_map_makes_it_all_open_again),
             TEST(without_a_salt_a_refusal_is_as_old_as_the_map),
             TEST(without_a_salt_a_password_is_lost_by_the_refusal_of_what_was_right_last),
             TEST(what_is_proven_is_not_crowded_out),
             TEST(a_version_id_that_is_too_long_teaches_nothing),
             TEST(the_least_recently_used_lesson_goes))
