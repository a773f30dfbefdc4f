/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_hours.c - times of the week: what is one, and when it is. */
#include "tests/lib/sm_test.h"

#include "keeper/hours.h"

enum { SUN, MON, TUE, WED, THU, FRI, SAT };

static bool contains(const char *text, int day, int hour, int minute)
{
    struct hours_span span;
    struct tm now = {.tm_wday = day, .tm_hour = hour, .tm_min = minute};
    assert_true(hours_parse(text, &span));
    return hours_contain(&span, &now);
}

static void a_span_begins_with_its_first_minute_and_ends_before_its_last(void **state)
{
    (void)state;
    assert_false(contains("Mon-Fri 08:00-18:00", MON, 7, 59));
    assert_true(contains("Mon-Fri 08:00-18:00", MON, 8, 0));
    assert_true(contains("Mon-Fri 08:00-18:00", FRI, 17, 59));
    assert_false(contains("Mon-Fri 08:00-18:00", FRI, 18, 0));
    assert_false(contains("Mon-Fri 08:00-18:00", SAT, 12, 0));
    assert_true(contains("08:00-24:00", SUN, 23, 59));
    assert_true(contains("sat", SAT, 0, 0));
    assert_false(contains("Sat", SUN, 0, 0));
}

static void a_span_over_midnight_is_its_first_days(void **state)
{
    (void)state;
    assert_true(contains("Fri 22:00-06:00", FRI, 23, 0));
    assert_true(contains("Fri 22:00-06:00", SAT, 5, 59));
    assert_false(contains("Fri 22:00-06:00", SAT, 6, 0));
    assert_false(contains("Fri 22:00-06:00", FRI, 5, 0));
    assert_true(contains("Sat 22:00-06:00", SUN, 0, 0)); /* and the week is round */
}

static void days_go_over_the_weeks_end(void **state)
{
    (void)state;
    static const int days[] = {FRI, SAT, SUN, MON};
    for (size_t i = 0; i < 4; i++)
        assert_true(contains("Fri-Mon", days[i], 12, 0));
    assert_false(contains("Fri-Mon", TUE, 12, 0));
    assert_false(contains("Fri-Mon", THU, 12, 0));
}

static void nonsense_is_none(void **state)
{
    (void)state;
    static const char *const none[] = {
        "",
        "Mo",
        "Mon-",
        "Mon-Fry",
        "Monday",
        "Mon 8:00-18:00",
        "08:00",
        "08:00-",
        "08:00-08:00",
        "24:00-08:00",
        "08:60-9:00",
        "08:00-24:01",
        "08:00-18:0",
        "08:00-18:00x",
        "Mon,Tue",
        "Mon08:00-18:00",
        "-",
        "99:99-99:99",
    };
    struct hours_span span;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(hours_parse(none[i], &span));
}

SM_TEST_MAIN(cmocka_unit_test(a_span_begins_with_its_first_minute_and_ends_before_its_last),
             cmocka_unit_test(a_span_over_midnight_is_its_first_days),
             cmocka_unit_test(days_go_over_the_weeks_end), cmocka_unit_test(nonsense_is_none))
