/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clock.h - the clocks.  Ages and deadlines are judged on CLOCK_BOOTTIME, which goes on in suspend
 * and never jumps; the wall clock is for people and for AWS signatures.
 */
#ifndef SM_CLOCK_H
#define SM_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since boot.  A vDSO read, no system call. */
static inline int64_t sm_boot_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail with a valid clock and address */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Milliseconds since the epoch. */
static inline int64_t sm_wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* as above */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
