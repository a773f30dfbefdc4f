/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_schedule.c - ScheduleExpression and Duration: what they accept, and when the windows are. */
#include "tests/lib/sm_test.h"

#include <stdio.h>
#include <time.h>

#include "server/schedule.h"

/* "2026-02-27 08:00" of UTC, in milliseconds. */
static int64_t time_of(const char *text)
{
    struct tm tm = {.tm_isdst = 0};
    assert_int_equal(sscanf(text, "%d-%d-%d %d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                            &tm.tm_hour, &tm.tm_min),
                     5);
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (int64_t)timegm(&tm) * 1000;
}

static void write_time(int64_t wall_ms, char out[32])
{
    time_t seconds = wall_ms / 1000;
    struct tm tm;
    assert_int_equal(wall_ms % 60000, 0);
    assert_non_null(gmtime_r(&seconds, &tm));
    assert_true(strftime(out, 32, "%Y-%m-%d %H:%M", &tm) > 0);
}

/* The windows that follow one another, "OPENS CLOSES" each; the last rotation is at their opening.
 */
static void has_windows(const char *expression, const char *duration, const char *after,
                        const char *const *windows)
{
    struct server_schedule schedule;
    int64_t after_ms = time_of(after);
    if (!server_schedule_parse(expression, &schedule))
        fail_msg("%s is refused", expression);
    if (duration && !server_schedule_set_duration(&schedule, duration))
        fail_msg("%s with %s is refused", expression, duration);
    for (; *windows; windows++) {
        char opens[32], closes[32], both[80];
        struct server_window window = server_schedule_next(&schedule, after_ms);
        write_time(window.opens_ms, opens);
        write_time(window.closes_ms, closes);
        (void)snprintf(both, sizeof both, "%s, %s", opens, closes); /* fits */
        if (strcmp(both, *windows) != 0)
            fail_msg("%s after %s: %s, not %s", expression, after, both, *windows);
        after_ms = window.opens_ms;
    }
}
#define WINDOWS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void rates_open_at_midnight(void **state)
{
    (void)state;
    has_windows(
        "rate(1 day)", NULL, "2026-02-27 13:10",
        WINDOWS("2026-02-28 00:00, 2026-03-01 00:00", "2026-03-01 00:00, 2026-03-02 00:00"));
    has_windows("rate(30 days)", "3h", "2026-02-27 13:10",
                WINDOWS("2026-03-29 00:00, 2026-03-29 03:00"));
    has_windows("rate(999 days)", NULL, "2026-01-01 00:00",
                WINDOWS("2028-09-26 00:00, 2028-09-27 00:00"));
    has_windows("rate(4 hours)", NULL, "2026-02-27 13:10",
                WINDOWS("2026-02-27 16:00, 2026-02-27 17:00", "2026-02-27 20:00, 2026-02-27 21:00",
                        "2026-02-28 00:00, 2026-02-28 01:00"));
    has_windows("rate(12 hours)", "2h", "2026-02-27 12:00",
                WINDOWS("2026-02-28 00:00, 2026-02-28 02:00"));
}

static void cron_opens_at_its_hours(void **state)
{
    (void)state;
    has_windows(
        "cron(0 8 1 * ? *)", NULL, "2026-02-27 13:10",
        WINDOWS("2026-03-01 08:00, 2026-03-02 00:00", "2026-04-01 08:00, 2026-04-02 00:00"));
    has_windows(
        "cron(0 18 ? * SAT *)", "2h", "2026-02-27 13:10",
        WINDOWS("2026-02-28 18:00, 2026-02-28 20:00", "2026-03-07 18:00, 2026-03-07 20:00"));
    has_windows("cron(0 /8 * * ? *)", NULL, "2026-02-27 13:10",
                WINDOWS("2026-02-27 16:00, 2026-02-27 17:00", "2026-02-28 00:00, 2026-02-28 01:00",
                        "2026-02-28 08:00, 2026-02-28 09:00"));
    has_windows(
        "cron(0 8/8 * * ? *)", NULL, "2026-02-27 13:10",
        WINDOWS("2026-02-27 16:00, 2026-02-27 17:00", "2026-02-28 08:00, 2026-02-28 09:00"));
    has_windows("cron(0 2,10,18 ? 1-3 MON-WED,fri *)", NULL, "2026-03-27 13:10",
                WINDOWS("2026-03-27 18:00, 2026-03-27 19:00", "2026-03-30 02:00, 2026-03-30 03:00",
                        "2026-03-30 10:00, 2026-03-30 11:00"));
    has_windows("cron(0 0 1,15 JAN,jul ? *)", NULL, "2026-02-27 13:10",
                WINDOWS("2026-07-01 00:00, 2026-07-02 00:00", "2026-07-15 00:00, 2026-07-16 00:00",
                        "2027-01-01 00:00, 2027-01-02 00:00"));
    has_windows("cron(0 1 ? * 2/2 *)", NULL, "2026-02-22 00:00", /* Monday, Wednesday, Friday */
                WINDOWS("2026-02-23 01:00, 2026-02-24 00:00", "2026-02-25 01:00, 2026-02-26 00:00",
                        "2026-02-27 01:00, 2026-02-28 00:00",
                        "2026-03-02 01:00, 2026-03-03 00:00"));
}

static void cron_knows_the_ends_of_months(void **state)
{
    (void)state;
    has_windows(
        "cron(0 17 L * ? *)", NULL, "2028-02-01 00:00",
        WINDOWS("2028-02-29 17:00, 2028-03-01 00:00", "2028-03-31 17:00, 2028-04-01 00:00"));
    has_windows("cron(0 17 31 * ? *)", NULL, "2026-03-31 17:00",
                WINDOWS("2026-05-31 17:00, 2026-06-01 00:00"));
    has_windows("cron(0 17 29 2 ? *)", NULL, "2096-03-01 00:00", /* 2100 is no leap year */
                WINDOWS("2104-02-29 17:00, 2104-03-01 00:00"));
    has_windows(
        "cron(0 3 ? * 1L *)", NULL, "2026-02-01 00:00",
        WINDOWS("2026-02-22 03:00, 2026-02-23 00:00", "2026-03-29 03:00, 2026-03-30 00:00"));
    has_windows("cron(0 3 SUNL * ? *)", NULL, "2026-02-01 00:00",
                WINDOWS("2026-02-22 03:00, 2026-02-23 00:00"));
    has_windows("cron(0 3 ? * L *)", NULL, "2026-02-01 00:00", /* Saturday */
                WINDOWS("2026-02-07 03:00, 2026-02-08 00:00"));
}

static void cron_counts_weekdays(void **state)
{
    (void)state;
    has_windows(
        "cron(0 1 ? 1/3 SUN#1 *)", NULL, "2026-02-01 00:00",
        WINDOWS("2026-04-05 01:00, 2026-04-06 00:00", "2026-07-05 01:00, 2026-07-06 00:00"));
    has_windows("cron(0 1 ? * TUE#3 *)", NULL, "2026-02-01 00:00",
                WINDOWS("2026-02-17 01:00, 2026-02-18 00:00"));
    has_windows("cron(0 1 ? * 6#5 *)", NULL, "2026-02-01 00:00", /* five Fridays */
                WINDOWS("2026-05-29 01:00, 2026-05-30 00:00"));
    has_windows("cron(0 1 15W * ? *)", NULL, "2026-02-01 00:00", /* a Sunday: Monday the 16th */
                WINDOWS("2026-02-16 01:00, 2026-02-17 00:00"));
    has_windows("cron(0 1 14W * ? *)", NULL, "2026-02-01 00:00", /* a Saturday: Friday the 13th */
                WINDOWS("2026-02-13 01:00, 2026-02-14 00:00"));
    has_windows("cron(0 1 1W * ? *)", NULL, "2026-07-31 23:00", /* a Saturday: Monday the 3rd */
                WINDOWS("2026-08-03 01:00, 2026-08-04 00:00"));
    has_windows("cron(0 1 LW * ? *)", NULL, "2026-05-01 00:00", /* Sunday the 31st: Friday */
                WINDOWS("2026-05-29 01:00, 2026-05-30 00:00"));
}

/* Clocks that go forward in Berlin or New York do not move a window. */
static void summer_time_is_unknown(void **state)
{
    (void)state;
    has_windows(
        "cron(0 2 * * ? *)", NULL, "2026-03-28 02:00",
        WINDOWS("2026-03-29 02:00, 2026-03-30 00:00", "2026-03-30 02:00, 2026-03-31 00:00"));
    has_windows(
        "rate(8 hours)", NULL, "2026-10-24 23:30",
        WINDOWS("2026-10-25 00:00, 2026-10-25 01:00", "2026-10-25 08:00, 2026-10-25 09:00"));
}

static void refuses_what_is_no_expression(void **state)
{
    static const char *const wrong[] = {
        "",
        "rate()",
        "rate(1)",
        "rate(1 day",
        "rate(0 days)",
        "rate(1000 days)",
        "rate(3 hours)",
        "rate(1 week)",
        "rate(-1 days)",
        "rate(1  days)",
        "rate(99999999999 days)",
        "rate(1 day) ",
        "RATE(1 day)",
        "every day",
        "cron()",
        "cron(0 8 1 * ?)",
        "cron(0 8 1 * ? * *)",
        "cron(5 8 1 * ? *)",
        "cron(* 8 1 * ? *)",
        "cron(0 8 1 * ? 2027)",
        "cron(0 8 1 * * *)",
        "cron(0 8 ? * ? *)",
        "cron(0 24 1 * ? *)",
        "cron(0 8 0 * ? *)",
        "cron(0 8 32 * ? *)",
        "cron(0 8 1 0 ? *)",
        "cron(0 8 1 13 ? *)",
        "cron(0 8 ? * 8 *)",
        "cron(0 8 ? * 0 *)",
        "cron(0 8 ? * XYZ *)",
        "cron(0 8 1, * ? *)",
        "cron(0 8 ,1 * ? *)",
        "cron(0 8 1-  * ? *)",
        "cron(0 8 5-3 * ? *)",
        "cron(0 8 */0 * ? *)",
        "cron(0 8 ? * TUE#6 *)",
        "cron(0 8 ? * TUE#0 *)",
        "cron(0 8 ? * TUE# *)",
        "cron(0 * * * ? *)",
        "cron(0 8,9 * * ? *)",
        "cron(0 /3 * * ? *)",
        "cron(0 1,22 * * ? *)",
        "cron(0 8 31 2,4,6 ? *)",
        "cron(0 8 30 2 ? *)",
        "cron(0 8 0W * ? *)",
        "cron(0 8 ? * 15W *)",
    };
    struct server_schedule schedule;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (server_schedule_parse(wrong[i], &schedule))
            fail_msg("\"%s\" is accepted", wrong[i]);
    }
}

static void windows_do_not_reach_further(void **state)
{
    static const struct {
        const char *expression, *duration;
        bool fits;
    } cases[] = {
        {"rate(1 day)", "24h", true},         {"rate(1 day)", "25h", false},
        {"rate(1 day)", "0h", false},         {"rate(1 day)", "3", false},
        {"rate(1 day)", "3m", false},         {"rate(1 day)", "h", false},
        {"rate(4 hours)", "4h", true},        {"rate(4 hours)", "5h", false},
        {"cron(0 8 1 * ? *)", "16h", true},   {"cron(0 8 1 * ? *)", "17h", false},
        {"cron(0 /8 * * ? *)", "8h", true},   {"cron(0 /8 * * ? *)", "9h", false},
        {"cron(0 2,20 * * ? *)", "4h", true}, {"cron(0 2,20 * * ? *)", "5h", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server_schedule schedule;
        assert_true(server_schedule_parse(cases[i].expression, &schedule));
        if (server_schedule_set_duration(&schedule, cases[i].duration) != cases[i].fits)
            fail_msg("%s with %s", cases[i].expression, cases[i].duration);
    }
}

SM_TEST_MAIN(cmocka_unit_test(rates_open_at_midnight), cmocka_unit_test(cron_opens_at_its_hours),
             cmocka_unit_test(cron_knows_the_ends_of_months),
             cmocka_unit_test(cron_counts_weekdays), cmocka_unit_test(summer_time_is_unknown),
             cmocka_unit_test(refuses_what_is_no_expression),
             cmocka_unit_test(windows_do_not_reach_further))
