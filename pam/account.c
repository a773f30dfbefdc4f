/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * account.c - the keeper's rules, asked; and its refusal, told in its own words.
 */
#include "pam/account.h"

#include "pam/ask.h"
#include "pam/codes.h"
#include "pam/conversation.h"

int sm_pam_account(struct sm_pam_call *call)
{
    struct sm_pam_question question;
    struct sm_pam_answer answer;
    struct sm_pam_login login;
    struct sm_error err;
    int code = sm_pam_login_of(call, false, &login);
    if (code != PAM_SUCCESS)
        return code;
    sm_pam_question_begin(&question, CTL_PAM_ACCOUNT, call, &login);
    enum smcred_status status = sm_pam_ask(call, &question, &answer, &err);
    sm_pam_log(call, "account", &login, status, &err);
    if (status != SMCRED_OK && sm_pam_is_verdict(status))
        sm_pam_tell(call, PAM_ERROR_MSG, err.text);
    return sm_pam_code(PAM_ENTRY_ACCOUNT, status, call->options.ignore_failure);
}
