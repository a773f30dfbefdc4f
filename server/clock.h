/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clock.h - a wall clock that tests move: for deletion windows, schedules, dates of access.
 */
#ifndef SERVER_CLOCK_H
#define SERVER_CLOCK_H

#include <stdint.h>

/* The file of --clock: a number of seconds the clock is ahead.  Set once, before any thread. */
void server_clock_set(const char *path);
/* The wall clock, moved by what the file says now; by nothing if it says nothing. */
int64_t server_clock_ms(void);

#endif
