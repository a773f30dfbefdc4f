/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * status.c - the phrase for each status.  Linked by every program and by libsmcred.
 */
#include "common/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

const char *sm_status_text(enum smcred_status status)
{
    switch (status) {
    case SMCRED_OK:
        return "ok";
    case SMCRED_SYSTEM:
        return "system error";
    case SMCRED_NOT_FOUND:
        return "not found";
    case SMCRED_DENIED:
        return "denied";
    case SMCRED_UNAVAILABLE:
        return "unavailable";
    case SMCRED_TIMED_OUT:
        return "timed out";
    case SMCRED_INVALID:
        return "invalid";
    case SMCRED_TOO_LARGE:
        return "too large";
    case SMCRED_NO_MEMORY:
        return "out of memory";
    case SMCRED_PROTOCOL:
        return "protocol error";
    case SMCRED_REVOKED:
        return "revoked";
    case SMCRED_LIMITED:
        return "limit reached";
    case SMCRED_UNSUPPORTED:
        return "unsupported";
    }
    return "unknown status";
}

enum smcred_status sm_error_set(struct sm_error *err, enum smcred_status status, const char *format,
                                ...)
{
    int saved = errno;
    if (err) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(err->text, sizeof err->text, format, args); /* truncation is fine */
        va_end(args);
        err->code[0] = '\0';
    }
    errno = saved;
    return status;
}
