/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * call.h - one call of one entry point: the handle, the options, and the patience that is left.
 *
 * Made on the stack by module.c.  There is nothing global in this module: two lines in one stack,
 * or two handles in one process, do not know each other.
 */
#ifndef PAM_CALL_H
#define PAM_CALL_H

#include <security/pam_modules.h>

#include "pam/options.h"

struct sm_pam_call {
    pam_handle_t *pamh;
    int flags;
    struct sm_pam_options options;
    int64_t left_ms; /* of timeout=; the time somebody takes to type does not count */
};

#endif
