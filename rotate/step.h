/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * step.h - the four steps of a rotation, by their names in the event.
 */
#ifndef ROTATE_STEP_H
#define ROTATE_STEP_H

#include "common/bytes.h"
#include "common/status.h"

enum step { STEP_CREATE, STEP_SET, STEP_TEST, STEP_FINISH };
#define STEP_COUNT 4

/* "createSecret" */
const char *step_name(enum step step);
SM_MUST_CHECK bool step_parse(const char *name, enum step *out_step);

/* What came of one. */
struct step_result {
    bool was_done;                /* nothing was left to do */
    char text[SM_ERROR_TEXT_MAX]; /* in words */
};
void step_tell(struct step_result *result, bool was_done, const char *format, ...) SM_PRINTF(3, 4);

#endif
