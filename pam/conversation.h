/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conversation.h - what is asked of, and told to, the person who logs in.
 *
 * An application's conversation may be missing, fail, or answer with nothing; cron's always does.
 * Every function answers with a PAM code.
 */
#ifndef PAM_CONVERSATION_H
#define PAM_CONVERSATION_H

#include "pam/call.h"

#define PAM_PASSWORD_MAX 1024 /* bytes; longer ones are wrong, and are never sent */

/*
 * Asks for a password and leaves it with libpam as `item`, which wipes it.
 *   item          PAM_AUTHTOK or PAM_OLDAUTHTOK
 *   out_password  libpam's copy; untouched on failure
 * Returns PAM_SUCCESS, PAM_INCOMPLETE (ask again later), PAM_CONV_ERR, PAM_BUF_ERR.
 */
SM_MUST_CHECK int sm_pam_ask_password(struct sm_pam_call *call, int item, const char *prompt,
                                      const char **out_password);

/* The new password, typed twice; as above, and PAM_TRY_AGAIN if they differ. */
SM_MUST_CHECK int sm_pam_ask_new_password(struct sm_pam_call *call, const char **out_password);

/* Tells, unless the application wants silence (PAM_SILENT).  Nothing depends on its being heard. */
void sm_pam_tell(struct sm_pam_call *call, int style, const char *text);

#endif
