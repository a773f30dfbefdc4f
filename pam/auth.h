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
 * What can be no password (empty, or longer than PAM_PASSWORD_MAX) is wrong without being sent.
 * Errors: SMCRED_DENIED.
 */
SM_MUST_CHECK enum smcred_status sm_pam_distrust_password(const char *password,
                                                          struct sm_error *err);

#endif
