/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * line.c - called by the engines, for their errors.
 */
#include "rotate/line.h"

#include "common/bytes.h"

void line_write(char *out, size_t size, const char *message)
{
    size_t len = 0;
    for (; *message && len + 1 < size; message++) {
        bool is_blank = (unsigned char)*message <= ' ';
        if (is_blank && (len == 0 || out[len - 1] == ' '))
            continue;
        out[len++] = is_blank ? ' ' : *message;
    }
    while (len > 0 && out[len - 1] == ' ')
        len--;
    out[len] = '\0';
}
