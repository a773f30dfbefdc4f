/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hours.h - times of the week, as `hours` in [pam] says them: "Mon-Fri 08:00-18:00, Sat".
 */
#ifndef KEEPER_HOURS_H
#define KEEPER_HOURS_H

#include <time.h>

#include "common/bytes.h"

/* From `from` up to, not including, `to`; if that is not later, it is the next day's. */
struct hours_span {
    uint8_t days;  /* bit 0: Sunday, as tm_wday; the days on which it begins */
    uint16_t from; /* minutes of the day */
    uint16_t to;   /* up to 1440, 24:00 */
};

/* One span: DAYS, FROM-TO, or both, such as "Fri-Mon 22:00-06:00".  False if it is none. */
bool hours_parse(const char *text, struct hours_span *out_span);
/* `now` is local time; its tm_wday, tm_hour and tm_min count. */
bool hours_contain(const struct hours_span *span, const struct tm *now);

#endif
