/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hours.c - reading times of the week, and looking whether it is one.
 */
#include "keeper/hours.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#define DAYS        7
#define EVERY_DAY   0x7f
#define DAY_MINUTES 1440

static bool parse_day(const char *text, unsigned *out_day)
{
    static const char *const names[DAYS] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    for (unsigned day = 0; day < DAYS; day++) {
        if (strncasecmp(text, names[day], 3) == 0) {
            *out_day = day;
            return true;
        }
    }
    return false;
}

/* "Mon" or "Mon-Fri"; what follows it is `*out_rest`. */
static bool parse_days(const char *text, uint8_t *out_days, const char **out_rest)
{
    unsigned first, last;
    if (!parse_day(text, &first))
        return false;
    text += 3;
    last = first;
    if (*text == '-') {
        if (!parse_day(text + 1, &last))
            return false;
        text += 4;
    }
    *out_days = (uint8_t)(1u << first);
    for (unsigned day = first; day != last;) {
        day = (day + 1) % DAYS;
        *out_days |= (uint8_t)(1u << day);
    }
    *out_rest = text;
    return true;
}

/* Five characters, "00:00" to "24:00". */
static bool parse_time(const char *text, uint16_t *out_minutes)
{
    for (int i = 0; i < 5; i++)
        if (i == 2 ? text[i] != ':' : !isdigit((unsigned char)text[i]))
            return false;
    int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
    if (minute > 59 || hour * 60 + minute > DAY_MINUTES)
        return false;
    *out_minutes = (uint16_t)(hour * 60 + minute);
    return true;
}

static bool parse_times(const char *text, struct hours_span *span)
{
    return parse_time(text, &span->from) && text[5] == '-' && parse_time(text + 6, &span->to) &&
           text[11] == '\0' && span->from != span->to && span->from < DAY_MINUTES;
}

bool hours_parse(const char *text, struct hours_span *out_span)
{
    struct hours_span span = {EVERY_DAY, 0, DAY_MINUTES};
    if (isdigit((unsigned char)*text)) {
        if (!parse_times(text, &span))
            return false;
    } else if (!parse_days(text, &span.days, &text) ||
               (*text != '\0' && *text != ' ' && *text != '\t')) {
        return false;
    } else {
        text += strspn(text, " \t");
        if (*text != '\0' && !parse_times(text, &span))
            return false;
    }
    *out_span = span;
    return true;
}

bool hours_contain(const struct hours_span *span, const struct tm *now)
{
    int minute = now->tm_hour * 60 + now->tm_min;
    bool today = span->days & (1u << now->tm_wday);
    bool yesterday = span->days & (1u << (now->tm_wday + DAYS - 1) % DAYS);
    if (span->to > span->from)
        return today && minute >= span->from && minute < span->to;
    return (today && minute >= span->from) || (yesterday && minute < span->to);
}
