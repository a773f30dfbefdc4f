/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * twin.h - the two users who take turns with alternating users: NAME and NAME_clone.
 */
#ifndef ROTATE_TWIN_H
#define ROTATE_TWIN_H

#include "common/bytes.h"
#include "common/status.h"

#define TWIN_NAME_MAX 128 /* bytes; no engine has longer ones */

struct twin_name {
    char text[TWIN_NAME_MAX + 1];
};

bool twin_is_clone(const char *username);

/*
 * The other one's name.
 *   max  what the engine allows, in bytes, not above TWIN_NAME_MAX
 * Errors: SMCRED_TOO_LARGE.
 */
SM_MUST_CHECK enum smcred_status twin_name(const char *username, size_t max,
                                           struct twin_name *out_name, struct sm_error *err);

#endif
