/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * error.c - making a struct relay_error.
 */
#include "relay/error.h"

#include <stdarg.h>
#include <stdio.h>

struct relay_error relay_error(const char *sqlstate, const char *format, ...)
{
    struct relay_error error = {.hint = ""};
    va_list args;
    (void)snprintf(error.sqlstate, sizeof error.sqlstate, "%s", sqlstate);
    va_start(args, format);
    (void)vsnprintf(error.text, sizeof error.text, format, args); /* cut off if need be */
    va_end(args);
    return error;
}
