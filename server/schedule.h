/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * schedule.h - when a secret is due for rotation: rate(), cron() and windows, all in UTC.
 */
#ifndef SERVER_SCHEDULE_H
#define SERVER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define SERVER_SCHEDULE_DAYS_MAX 1000

enum server_schedule_kind { SERVER_SCHEDULE_DAYS, SERVER_SCHEDULE_HOURS, SERVER_SCHEDULE_CRON };

/* The days that one of cron's two day fields selects; bit N of a mask stands for day N. */
struct server_schedule_days {
    uint32_t of_month;          /* 1..31 */
    uint32_t weekday_near;      /* 15W: the weekday nearest to the 15th, within the month */
    bool last;                  /* L */
    bool last_weekday;          /* LW */
    uint8_t of_week;            /* 1 Sunday .. 7 Saturday */
    uint8_t last_of_week;       /* SUNL: the month's last Sunday */
    uint8_t nth_of_week[5 + 1]; /* TUE#3: of_week masks by number, 1..5 */
};

struct server_schedule {
    enum server_schedule_kind kind;
    int32_t every;   /* days or hours */
    uint32_t hours;  /* cron: bit 0..23 */
    uint16_t months; /* bit 1..12 */
    struct server_schedule_days days;
    int32_t window_hours; /* 0: as AWS has it, an hour or the rest of the day */
};

struct server_window {
    int64_t opens_ms;
    int64_t closes_ms;
};

/* Every `days` days, 1..SERVER_SCHEDULE_DAYS_MAX. */
struct server_schedule server_schedule_every(int32_t days);

/* A ScheduleExpression; false if it is none, never comes true, or comes true too often. */
bool server_schedule_parse(const char *text, struct server_schedule *out_schedule);

/* A Duration, "3h"; false if it is none, or a window would reach the next one or another day. */
bool server_schedule_set_duration(struct server_schedule *schedule, const char *text);

/*
 * The first window after `after_ms`, the moment of the last rotation.
 *   days  the window of the day so many days later
 *   else  one that opens later than `after_ms`
 */
struct server_window server_schedule_next(const struct server_schedule *schedule, int64_t after_ms);

#endif
