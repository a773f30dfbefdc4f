/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_schedule.c - a schedule that parses has windows: each later than the last rotation, on the
 * hour, within one day, and at least four hours after the one before.
 *
 * Input: the expression, and after a newline, if there is one, a Duration.
 */
#include <stdlib.h>
#include <string.h>

#include "server/schedule.h"

#define HOUR_MS INT64_C(3600000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_windows(const struct server_schedule *schedule, int64_t after_ms)
{
    int64_t before_ms = 0;
    for (int i = 0; i < 4; i++) {
        struct server_window window = server_schedule_next(schedule, after_ms);
        if (window.opens_ms <= after_ms || window.opens_ms % HOUR_MS != 0 ||
            window.closes_ms <= window.opens_ms || window.closes_ms % HOUR_MS != 0 ||
            window.opens_ms / (24 * HOUR_MS) != (window.closes_ms - 1) / (24 * HOUR_MS))
            abort();
        if (i > 0 && window.opens_ms - before_ms < 4 * HOUR_MS)
            abort();
        after_ms = before_ms = window.opens_ms;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct server_schedule schedule;
    if (size > 300)
        return 0;
    char *text = malloc(size + 1); /* exact, so that a sanitizer sees the end */
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    char *duration = strchr(text, '\n');
    if (duration)
        *duration++ = '\0';
    if (server_schedule_parse(text, &schedule) &&
        (!duration || server_schedule_set_duration(&schedule, duration))) {
        check_windows(&schedule, INT64_C(1795219200123));
        check_windows(&schedule, INT64_C(1835395200000)); /* a leap year's 29 February */
        check_windows(&schedule, 0);
    }
    free(text);
    return 0;
}
