/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * line.h - the `sources =` line: names, and after each what to do when it answers so or so.
 *
 *     secretsmanager [NOTFOUND=continue UNAVAIL=return] file
 *
 * The form is nsswitch.conf(5)'s: statuses SUCCESS, NOTFOUND, UNAVAIL, TRYAGAIN, in any case, "!"
 * for all but one; actions return and continue; without a word SUCCESS returns and the others
 * continue.
 */
#ifndef SM_SOURCES_LINE_H
#define SM_SOURCES_LINE_H

#include "common/status.h"
#include "sources/chain.h"

#define SOURCE_NAME_MAX 32 /* bytes, NUL included */

enum line_status { LINE_SUCCESS, LINE_NOTFOUND, LINE_UNAVAIL, LINE_TRYAGAIN, LINE_STATUS_COUNT };

struct line_source {
    char name[SOURCE_NAME_MAX];      /* [a-z0-9_]+ */
    bool returns[LINE_STATUS_COUNT]; /* else continue */
};

struct source_line {
    struct line_source list[SOURCE_CHAIN_MAX];
    size_t count; /* at least 1 */
};

/* Errors: SMCRED_INVALID; err says at which word. */
SM_MUST_CHECK enum smcred_status source_line_parse(const char *text, struct source_line *out_line,
                                                   struct sm_error *err);

#endif
