/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * step.c - names of steps, and what is said of them.
 */
#include "rotate/step.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[STEP_COUNT] = {
    [STEP_CREATE] = "createSecret",
    [STEP_SET] = "setSecret",
    [STEP_TEST] = "testSecret",
    [STEP_FINISH] = "finishSecret",
};

const char *step_name(enum step step)
{
    return names[step];
}

bool step_parse(const char *name, enum step *out_step)
{
    for (size_t i = 0; i < STEP_COUNT; i++) {
        if (strcmp(names[i], name) == 0) {
            *out_step = (enum step)i;
            return true;
        }
    }
    return false;
}

void step_tell(struct step_result *result, bool was_done, const char *format, ...)
{
    va_list args;
    result->was_done = was_done;
    va_start(args, format);
    (void)vsnprintf(result->text, sizeof result->text, format, args); /* truncation is fine */
    va_end(args);
}
