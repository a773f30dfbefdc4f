/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name.h - from the pattern in secret= or target= to the name that the keeper is asked about.
 *
 * %u is the user, %s the PAM service, %% a percent sign.  The user is whatever somebody typed at
 * sshd: what stands for %u or %s may hold no '/', no ':' and nothing else that a secret's name
 * cannot hold, so that nobody reaches another secret than the one of their own name.
 */
#ifndef PAM_NAME_H
#define PAM_NAME_H

#include "common/bytes.h"
#include "common/control.h"
#include "libsmcred/smcred.h"

/* True for text with nothing behind a '%' but u, s and %, not empty and not too long. */
bool sm_pam_name_is_pattern(const char *text);

/*
 * Fills in the name.
 *   out_name  at least CTL_PAM_NAME_MAX + 1 bytes; not to be used on failure
 * Errors: SMCRED_NOT_FOUND (a user or service for whom there can be no secret), SMCRED_TOO_LARGE.
 */
SM_MUST_CHECK enum smcred_status sm_pam_name_write(const char *pattern, const char *user,
                                                   const char *service, char *out_name);

#endif
