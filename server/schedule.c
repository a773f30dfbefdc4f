/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * schedule.c - parses ScheduleExpression and finds the next window.  Called by rotation.
 *
 * The dialect is AWS's: minutes are 0, years are *, one of the two day fields is ?, and a secret
 * rotates at most every four hours.
 */
#include "server/schedule.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOUR_MS         INT64_C(3600000)
#define DAY_MS          (24 * HOUR_MS)
#define HOURS_APART_MIN 4
#define RATE_DAYS_MAX   999
#define RATE_HOURS_MAX  (RATE_DAYS_MAX * 24)
#define HORIZON_DAYS    (366 * 9) /* 29 February may be eight years away */

/* --- days of the calendar --------------------------------------------------------------------- */

struct date {
    int64_t year;
    int month, day; /* from 1 */
};

/* From days since 1970, by eras of 400 years that begin in March. */
static struct date date_of(int64_t day)
{
    int64_t shifted = day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int month = (int)((5 * of_year + 2) / 153);
    return (struct date){
        .year = year + era * 400 + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = (int)(of_year - (153 * month + 2) / 5) + 1,
    };
}

static int days_in(const struct date *date)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);
    return days[date->month - 1] + (date->month == 2 && leap);
}

/* 1 Sunday .. 7 Saturday; 1970 began on a Thursday. */
static int weekday_of(int64_t day)
{
    return (int)((day % 7 + 7 + 4) % 7) + 1;
}

/* --- the fields of cron() --------------------------------------------------------------------- */

/* What a field may say. */
struct field {
    int least, most;
    const char *names; /* three letters each, from `least`; NULL: none */
};

static const struct field hours_field = {0, 23, NULL};
static const struct field of_month_field = {1, 31, NULL};
static const struct field months_field = {1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"};
static const struct field of_week_field = {1, 7, "SUNMONTUEWEDTHUFRISAT"};

static bool parse_number(const char **at, int most, int *out)
{
    int number = 0;
    const char *digit = *at;
    for (; isdigit((unsigned char)*digit); digit++) {
        number = number * 10 + (*digit - '0');
        if (number > most)
            return false;
    }
    if (digit == *at)
        return false;
    *at = digit;
    *out = number;
    return true;
}

/* A number or a name of the field. */
static bool parse_value(const char **at, const struct field *field, int *out)
{
    for (int i = 0; field->names && i <= field->most - field->least; i++) {
        if (strncasecmp(*at, field->names + (size_t)i * 3, 3) == 0) {
            *at += 3;
            *out = field->least + i;
            return true;
        }
    }
    return parse_number(at, field->most, out) && *out >= field->least;
}

/* "*", "3", "3-7", and "/2" after any of these or after nothing; sets bits. */
static bool parse_range(const char **at, const struct field *field, uint32_t *out_mask)
{
    int from = field->least, to = field->most, step = 1;
    bool open = **at == '*' || **at == '/'; /* up to the end by itself */
    *at += **at == '*';
    if (!open) {
        if (!parse_value(at, field, &from))
            return false;
        to = from;
        if (**at == '-' && (++*at, !parse_value(at, field, &to) || to < from))
            return false;
    }
    if (**at == '/') {
        ++*at;
        if (!parse_number(at, field->most, &step) || step == 0)
            return false;
        if (to == from)
            to = field->most; /* "8/8": from 8 on */
    }
    for (int value = from; value <= to; value += step)
        *out_mask |= UINT32_C(1) << value;
    return true;
}

/* Ends an item: at a comma another follows, at the end none. */
static bool ends_item(const char **at)
{
    if (**at == ',')
        return *++*at != '\0';
    return **at == '\0';
}

static bool parse_list(const char *text, const struct field *field, uint32_t *out_mask)
{
    *out_mask = 0;
    do {
        if (!parse_range(&text, field, out_mask) || !ends_item(&text))
            return false;
    } while (*text);
    return true;
}

/* "SUNL" or "1L", the last one of the month; as it stands in either field of days. */
static bool parse_last(const char **at, struct server_schedule_days *days)
{
    const char *end = *at;
    int value;
    if (!parse_value(&end, &of_week_field, &value) || toupper((unsigned char)*end) != 'L')
        return false;
    days->last_of_week |= (uint8_t)(1u << value);
    *at = end + 1;
    return true;
}

static bool parse_of_month(const char **at, struct server_schedule_days *days)
{
    const char *end = *at;
    int value;
    if (toupper((unsigned char)*end) == 'L') {
        bool weekday = toupper((unsigned char)end[1]) == 'W';
        days->last = days->last || !weekday;
        days->last_weekday = days->last_weekday || weekday;
        *at += weekday ? 2 : 1;
        return true;
    }
    if (parse_number(&end, 31, &value) && value > 0 && toupper((unsigned char)*end) == 'W') {
        days->weekday_near |= UINT32_C(1) << value;
        *at = end + 1;
        return true;
    }
    return (isalpha((unsigned char)**at) && parse_last(at, days)) ||
           parse_range(at, &of_month_field, &days->of_month);
}

static bool parse_of_week(const char **at, struct server_schedule_days *days)
{
    const char *end = *at;
    uint32_t mask = 0;
    int value, which;
    if (toupper((unsigned char)*end) == 'L') { /* the week's last day */
        days->of_week |= 1u << 7;
        ++*at;
        return true;
    }
    if (parse_last(at, days))
        return true;
    if (parse_value(&end, &of_week_field, &value) && *end == '#') {
        end++;
        if (!parse_number(&end, 5, &which) || which == 0)
            return false;
        days->nth_of_week[which] |= (uint8_t)(1u << value);
        *at = end;
        return true;
    }
    if (!parse_range(at, &of_week_field, &mask))
        return false;
    days->of_week |= (uint8_t)mask;
    return true;
}

static bool parse_days(const char *of_month, const char *of_week, struct server_schedule_days *days)
{
    bool by_week = strcmp(of_month, "?") == 0;
    const char *at = by_week ? of_week : of_month;
    if (by_week == (strcmp(of_week, "?") == 0))
        return false; /* exactly one of them is a question mark */
    do {
        if (!(by_week ? parse_of_week(&at, days) : parse_of_month(&at, days)) || !ends_item(&at))
            return false;
    } while (*at);
    return true;
}

/* The least number of hours between two of them, over midnight too. */
static int hours_apart(uint32_t hours)
{
    int apart = 24, first = -1, before = -1;
    for (int hour = 0; hour < 24; hour++) {
        if (!(hours & UINT32_C(1) << hour))
            continue;
        if (first < 0)
            first = hour;
        else if (hour - before < apart)
            apart = hour - before;
        before = hour;
    }
    return first + 24 - before < apart ? first + 24 - before : apart;
}

static bool matches(const struct server_schedule *schedule, int64_t day);

static bool ever_matches(const struct server_schedule *schedule)
{
    for (int64_t day = 0; day < HORIZON_DAYS; day++) {
        if (matches(schedule, day))
            return true;
    }
    return false;
}

static bool parse_cron(char *text, struct server_schedule *out)
{
    enum { MINUTES, HOURS, OF_MONTH, MONTHS, OF_WEEK, YEARS, FIELDS };
    char *fields[FIELDS], *rest = NULL;
    uint32_t months;
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = strtok_r(i == 0 ? text : NULL, " ", &rest);
        if (!fields[i])
            return false;
    }
    if (strtok_r(NULL, " ", &rest) || strcmp(fields[MINUTES], "0") != 0 ||
        strcmp(fields[YEARS], "*") != 0)
        return false;
    out->kind = SERVER_SCHEDULE_CRON;
    if (!parse_list(fields[HOURS], &hours_field, &out->hours) ||
        !parse_list(fields[MONTHS], &months_field, &months) ||
        !parse_days(fields[OF_MONTH], fields[OF_WEEK], &out->days))
        return false;
    out->months = (uint16_t)months;
    return hours_apart(out->hours) >= HOURS_APART_MIN && ever_matches(out);
}

/* --- expressions ------------------------------------------------------------------------------ */

static bool parse_rate(const char *text, struct server_schedule *out)
{
    int number;
    if (!parse_number(&text, RATE_HOURS_MAX, &number) || *text++ != ' ')
        return false;
    out->every = number;
    if (strcmp(text, "hours") == 0 || strcmp(text, "hour") == 0) {
        out->kind = SERVER_SCHEDULE_HOURS;
        return number >= HOURS_APART_MIN;
    }
    out->kind = SERVER_SCHEDULE_DAYS;
    return (strcmp(text, "days") == 0 || strcmp(text, "day") == 0) && number >= 1 &&
           number <= RATE_DAYS_MAX;
}

struct server_schedule server_schedule_every(int32_t days)
{
    return (struct server_schedule){.kind = SERVER_SCHEDULE_DAYS, .every = days};
}

bool server_schedule_parse(const char *text, struct server_schedule *out_schedule)
{
    char inside[256 + 1];
    struct server_schedule schedule = {.kind = SERVER_SCHEDULE_DAYS};
    size_t len = strlen(text);
    bool is_rate = strncmp(text, "rate(", 5) == 0;
    if ((!is_rate && strncmp(text, "cron(", 5) != 0) || len - 5 > sizeof inside ||
        text[len - 1] != ')')
        return false;
    memcpy(inside, text + 5, len - 6);
    inside[len - 6] = '\0';
    if (!(is_rate ? parse_rate(inside, &schedule) : parse_cron(inside, &schedule)))
        return false;
    *out_schedule = schedule;
    return true;
}

/* Hours from one window to the next, or to the end of the day: none is longer than that. */
static int window_max(const struct server_schedule *schedule)
{
    int apart = 24, last = 0;
    if (schedule->kind == SERVER_SCHEDULE_DAYS)
        return 24;
    if (schedule->kind == SERVER_SCHEDULE_HOURS)
        return schedule->every < 24 ? schedule->every : 24;
    apart = hours_apart(schedule->hours);
    for (int hour = 0; hour < 24; hour++) {
        if (schedule->hours & UINT32_C(1) << hour)
            last = hour;
    }
    return 24 - last < apart ? 24 - last : apart;
}

bool server_schedule_set_duration(struct server_schedule *schedule, const char *text)
{
    int hours;
    if (!parse_number(&text, 24, &hours) || hours == 0 || strcmp(text, "h") != 0 ||
        hours > window_max(schedule))
        return false;
    schedule->window_hours = hours;
    return true;
}

/* --- the next window -------------------------------------------------------------------------- */

/* Whether `date`, a weekday, is the one nearest to the month's day `wanted`. */
static bool is_nearest(const struct date *date, int weekday, int wanted)
{
    int last = days_in(date);
    int away = date->day - wanted;
    if (weekday == 1 || weekday == 7 || wanted > last)
        return false;
    if (away == 0)
        return true;
    if (weekday == 6 && (away == -1 || (away == -2 && wanted == last)))
        return true; /* a Friday for a Saturday; for a Sunday that ends the month */
    return weekday == 2 && (away == 1 || (away == 2 && wanted == 1)); /* a Monday likewise */
}

static bool matches_of_month(const struct server_schedule_days *days, const struct date *date,
                             int weekday)
{
    int last = days_in(date);
    if (days->of_month & UINT32_C(1) << date->day || (days->last && date->day == last) ||
        (days->last_weekday && is_nearest(date, weekday, last)))
        return true;
    for (int wanted = 1; days->weekday_near && wanted <= 31; wanted++) {
        if (days->weekday_near & UINT32_C(1) << wanted && is_nearest(date, weekday, wanted))
            return true;
    }
    return false;
}

static bool matches(const struct server_schedule *schedule, int64_t day)
{
    const struct server_schedule_days *days = &schedule->days;
    struct date date = date_of(day);
    int weekday = weekday_of(day);
    unsigned bit = 1u << weekday;
    if (!(schedule->months & 1u << date.month))
        return false;
    return days->of_week & bit || days->nth_of_week[(date.day - 1) / 7 + 1] & bit ||
           (days->last_of_week & bit && date.day + 7 > days_in(&date)) ||
           matches_of_month(days, &date, weekday);
}

static int64_t next_cron(const struct server_schedule *schedule, int64_t after_ms)
{
    int64_t today = after_ms / DAY_MS;
    for (int64_t day = today; day < today + HORIZON_DAYS; day++) {
        if (!matches(schedule, day))
            continue;
        for (int hour = 0; hour < 24; hour++) {
            int64_t opens_ms = day * DAY_MS + hour * HOUR_MS;
            if (schedule->hours & UINT32_C(1) << hour && opens_ms > after_ms)
                return opens_ms;
        }
    }
    return after_ms + DAY_MS; /* not reached: what never matches does not parse */
}

static int64_t next_opening(const struct server_schedule *schedule, int64_t after_ms)
{
    int64_t every_ms = schedule->every * HOUR_MS;
    switch (schedule->kind) {
    case SERVER_SCHEDULE_DAYS:
        return (after_ms / DAY_MS + schedule->every) * DAY_MS;
    case SERVER_SCHEDULE_HOURS:
        return (after_ms / every_ms + 1) * every_ms;
    case SERVER_SCHEDULE_CRON:
        return next_cron(schedule, after_ms);
    }
    return after_ms + DAY_MS;
}

/* Several windows a day last an hour, one lasts the day, unless a Duration says otherwise. */
static int64_t window_ms(const struct server_schedule *schedule)
{
    bool hourly =
        schedule->kind == SERVER_SCHEDULE_HOURS ||
        (schedule->kind == SERVER_SCHEDULE_CRON && (schedule->hours & (schedule->hours - 1)) != 0);
    return schedule->window_hours > 0 ? schedule->window_hours * HOUR_MS
           : hourly                   ? HOUR_MS
                                      : DAY_MS;
}

struct server_window server_schedule_next(const struct server_schedule *schedule, int64_t after_ms)
{
    int64_t opens_ms = next_opening(schedule, after_ms);
    int64_t day_ends_ms = (opens_ms / DAY_MS + 1) * DAY_MS;
    int64_t closes_ms = opens_ms + window_ms(schedule);
    return (struct server_window){opens_ms, closes_ms < day_ends_ms ? closes_ms : day_ends_ms};
}
