/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pattern.h - AllowedPattern of a parameter: a regular expression that a caller wrote.
 */
#ifndef SERVER_PATTERN_H
#define SERVER_PATTERN_H

#include "common/bytes.h"
#include "libsmcred/smcred.h"

/*
 * Whether all of `value` matches.  Neither a pattern nor a value can make it take long or much.
 * Errors: SMCRED_INVALID (no regular expression), SMCRED_DENIED (does not match, or cannot be told
 * within bounds), SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status server_pattern_match(const char *pattern, const char *value);

#endif
