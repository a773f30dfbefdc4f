/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report.h - what a run says of its steps: lines for people and logs, or one JSON document.
 */
#ifndef ROTATE_REPORT_H
#define ROTATE_REPORT_H

#include <cjson/cJSON.h>

#include "common/status.h"
#include "rotate/step.h"

struct report {
    cJSON *document; /* NULL: lines */
    cJSON *steps;
    bool failed; /* memory ran out for the document */
};

/* Errors: SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status report_init(struct report *report, bool json);
void report_done(struct report *report);

/* What is rotated, before its first step. */
void report_begin(struct report *report, const char *secret_id, const char *token);
/* A step begins. */
void report_step(struct report *report, enum step step);
/* It is over. */
void report_result(struct report *report, enum step step, const struct step_result *result,
                   int64_t ms);
/* The run fails.  step  NULL: before the first one */
void report_failure(struct report *report, const enum step *step, enum smcred_status status,
                    const char *text);

/* Writes what is left to write.  False: it cannot be written. */
SM_MUST_CHECK bool report_end(struct report *report);

#endif
