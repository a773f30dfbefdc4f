/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text.c - text for paths and addresses, where libc's may not be called.
 */
#include "preload/shim.h"

char *shim_put_text(char *at, const char *text)
{
    while (*text != '\0')
        *at++ = *text++;
    return at;
}

char *shim_put_number(char *at, unsigned number)
{
    if (number >= 10)
        at = shim_put_number(at, number / 10);
    *at++ = (char)('0' + number % 10);
    return at;
}
