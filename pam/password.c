/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * password.c - first the old password is checked, then the keeper makes the new one a version.
 *
 * libpam asks all modules of the stack whether they could before it asks any to do it, so that
 * databases and files do not part.
 */
#include "pam/password.h"

#include "pam/auth.h"
#include "pam/codes.h"
#include "pam/conversation.h"
#include "pam/name.h"

#define UNKNOWN_OUTCOME                                                                            \
    "It is not known whether the password was changed. Try the new one first, then the old one."

/* Root sets other people's passwords without knowing them; not while logging in as one of them. */
static bool needs_old(const struct sm_pam_call *call)
{
    return getuid() != 0 || (call->flags & PAM_CHANGE_EXPIRED_AUTHTOK);
}

static const char *item_of(struct sm_pam_call *call, int item)
{
    const void *value = NULL;
    return pam_get_item(call->pamh, item, &value) == PAM_SUCCESS ? value : NULL;
}

static int check_old(struct sm_pam_call *call, const struct sm_pam_login *login, const char *name)
{
    struct sm_error err;
    const char *old = item_of(call, PAM_OLDAUTHTOK);
    if (!needs_old(call))
        return PAM_SUCCESS;
    if (!old && call->options.use_first_pass)
        return PAM_AUTHTOK_RECOVERY_ERR;
    if (!old) {
        int code = sm_pam_ask_password(call, PAM_OLDAUTHTOK, "Current password: ", &old);
        if (code != PAM_SUCCESS)
            return code;
    }
    call->options.grace_s = 0; /* whoever changes a password knows the present one */
    enum smcred_status status = sm_pam_check(call, login, name, old, &err);
    sm_pam_log(call, "old password", login, status, &err);
    return sm_pam_code(PAM_ENTRY_PRELIMINARY, status, call->options.ignore_failure);
}

static int get_new(struct sm_pam_call *call, const char **out_password)
{
    const char *password = NULL;
    if (call->options.use_authtok) {
        password = item_of(call, PAM_AUTHTOK);
    } else {
        int code = sm_pam_ask_new_password(call, &password);
        if (code != PAM_SUCCESS)
            return code;
    }
    size_t len = password ? strnlen(password, PAM_PASSWORD_MAX + 1) : 0;
    if (len > PAM_PASSWORD_MAX)
        sm_pam_tell(call, PAM_ERROR_MSG, "The new password is too long.");
    if (len == 0 || len > PAM_PASSWORD_MAX)
        return PAM_AUTHTOK_ERR;
    *out_password = password;
    return PAM_SUCCESS;
}

/* What the keeper says of a change, and what it leaves open. */
static void tell_outcome(struct sm_pam_call *call, const struct sm_pam_question *question,
                         enum smcred_status status, const struct sm_error *err)
{
    bool decided = sm_pam_is_verdict(status) || status == SMCRED_UNSUPPORTED;
    if (status == SMCRED_OK)
        return;
    if (decided)
        sm_pam_tell(call, PAM_ERROR_MSG, err->text);
    else if (question->sent)
        sm_pam_tell(call, PAM_ERROR_MSG, UNKNOWN_OUTCOME);
}

static int make_new(struct sm_pam_call *call, const struct sm_pam_login *login, const char *name)
{
    struct sm_pam_question question;
    struct sm_pam_answer answer;
    struct sm_error err;
    const char *password;
    const char *old = needs_old(call) ? item_of(call, PAM_OLDAUTHTOK) : NULL;
    int code = get_new(call, &password);
    if (code != PAM_SUCCESS)
        return code;
    sm_pam_question_begin(&question, CTL_PAM_CHANGE, call, login);
    sm_wire_put_text(&question.wire, CTL_NAME, name);
    sm_wire_put_text(&question.wire, CTL_OLD, old ? old : "");
    sm_wire_put_text(&question.wire, CTL_PASSWORD, password);
    enum smcred_status status = sm_pam_ask(call, &question, &answer, &err);
    sm_pam_log(call, "change of password", login, status, &err);
    tell_outcome(call, &question, status, &err);
    /* Whoever must try which one is true now is not told that all is well. */
    return sm_pam_code(PAM_ENTRY_CHANGE, status, call->options.ignore_failure && !question.sent);
}

int sm_pam_change_password(struct sm_pam_call *call)
{
    char name[CTL_PAM_NAME_MAX + 1];
    struct sm_pam_login login;
    int code = sm_pam_login_of(call, true, &login);
    if (code != PAM_SUCCESS)
        return code;
    if (sm_pam_name_write(call->options.name, login.user, login.service, name) != SMCRED_OK)
        return PAM_USER_UNKNOWN;
    return call->flags & PAM_PRELIM_CHECK ? check_old(call, &login, name)
                                          : make_new(call, &login, name);
}
