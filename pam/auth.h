/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * auth.h - whether somebody is who they say: a typed password against a secret, in the keeper.
 */
#ifndef PAM_AUTH_H
#define PAM_AUTH_H

#include "common/status.h"
#include "pam/ask.h"

/* Behind pam_sm_authenticate().  Returns a PAM code. */
SM_MUST_CHECK int sm_pam_authenticate(struct sm_pam_call *call);

/*
 * Lets the keeper compare.  What can be no password (empty, or longer than PAM_PASSWORD_MAX) is
 * wrong without being sent.
 *   name  from sm_pam_name_write()
 * Errors: SMCRED_DENIED, and those of sm_pam_ask().
 */
SM_MUST_CHECK enum smcred_status sm_pam_check(struct sm_pam_call *call,
                                              const struct sm_pam_login *login, const char *name,
                                              const char *password, struct sm_error *err);

#endif
