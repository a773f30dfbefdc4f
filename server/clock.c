/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clock.c - reads its file at every look, so that a test moves time by writing to it.
 *
 * Put into struct server by serve.  Signatures are judged by the real clock all the same, since
 * clients sign by it.
 */
#include "server/clock.h"

#include <stdio.h>

#include "common/clock.h"

static const char *file_path; /* written once, before the first thread */

void server_clock_set(const char *path)
{
    file_path = path;
}

int64_t server_clock_ms(void)
{
    long long ahead_s = 0;
    FILE *file = file_path ? fopen(file_path, "re") : NULL;
    if (file) {
        if (fscanf(file, "%lld", &ahead_s) != 1 || ahead_s < -4000000000 || ahead_s > 4000000000)
            ahead_s = 0;
        (void)fclose(file); /* only read */
    }
    return sm_wall_ms() + ahead_s * 1000;
}
