/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * password.h - a new password, made a new version of the secret by the keeper.
 */
#ifndef PAM_PASSWORD_H
#define PAM_PASSWORD_H

#include "pam/call.h"

/* Behind pam_sm_chauthtok(), both times that libpam calls it.  Returns a PAM code. */
SM_MUST_CHECK int sm_pam_change_password(struct sm_pam_call *call);

#endif
