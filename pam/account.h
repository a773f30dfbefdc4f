/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * account.h - whether this person, on this service, now, from there, may use anything here.
 */
#ifndef PAM_ACCOUNT_H
#define PAM_ACCOUNT_H

#include "pam/call.h"

/* Behind pam_sm_acct_mgmt().  Returns a PAM code. */
SM_MUST_CHECK int sm_pam_account(struct sm_pam_call *call);

#endif
