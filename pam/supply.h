/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * supply.h - a target's user and password for the modules that are stacked after this one.
 */
#ifndef PAM_SUPPLY_H
#define PAM_SUPPLY_H

#include "pam/ask.h"

/*
 * Sets PAM_USER, PAM_AUTHTOK or both, as the options say, if policy names this service.
 * Returns PAM_IGNORE when it did: nobody has shown who they are yet, so this must not count as a
 * success.  Else a code that says why not.
 */
SM_MUST_CHECK int sm_pam_supply(struct sm_pam_call *call, const struct sm_pam_login *login,
                                const char *name);

#endif
