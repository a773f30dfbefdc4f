/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * debug.c - one line per decision on standard error, for whoever set SMCRED_DEBUG.
 */
#include "preload/shim.h"

#include <stdatomic.h>

#include "common/raw.h"

#define LINE_MAX_BYTES 512 /* one write(2), so that lines of many processes do not mix */

static atomic_bool on;

static size_t put(char *line, size_t at, const char *text)
{
    for (; *text && at < LINE_MAX_BYTES - 1; text++)
        line[at++] = (char)(*text >= ' ' && *text < 0x7f ? *text : '?');
    return at;
}

void shim_debug_on(void)
{
    atomic_store_explicit(&on, true, memory_order_relaxed);
}

void shim_debug(const char *what, const char *target, const char *how)
{
    if (!atomic_load_explicit(&on, memory_order_relaxed))
        return;
    char line[LINE_MAX_BYTES];
    size_t at = put(line, 0, "smcred: ");
    at = put(line, at, what);
    at = put(line, at, " ");
    at = put(line, at, target);
    if (how) {
        at = put(line, at, ": ");
        at = put(line, at, how);
    }
    line[at++] = '\n';
    (void)RAW(SYS_write, 2, line, at); /* there is nobody to tell */
}
