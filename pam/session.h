/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session.h - a login from its beginning to its end: the keeper's session, what the person is told,
 * and the shim in their environment.
 */
#ifndef PAM_SESSION_H
#define PAM_SESSION_H

#include "pam/call.h"

/* Behind pam_sm_open_session() and pam_sm_close_session().  Each returns a PAM code. */
SM_MUST_CHECK int sm_pam_open_session(struct sm_pam_call *call);
SM_MUST_CHECK int sm_pam_close_session(struct sm_pam_call *call);

#endif
