/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * auth.c - the typed password goes to the keeper, and yes or no comes back; or, with `supply`, what
 * later modules need goes to libpam.  The stored value is never here to be compared.
 */
#include "pam/auth.h"

#include "pam/codes.h"
#include "pam/conversation.h"
#include "pam/name.h"
#include "pam/supply.h"

enum smcred_status sm_pam_distrust_password(const char *password, struct sm_error *err)
{
    size_t len = strnlen(password, PAM_PASSWORD_MAX + 1);
    if (len > 0 && len <= PAM_PASSWORD_MAX)
        return SMCRED_OK;
    return sm_error_set(err, SMCRED_DENIED, "what was typed is too %s to be a password",
                        len == 0 ? "short" : "long");
}

/* The keeper compares. */
static enum smcred_status ask_about(struct sm_pam_call *call, const struct sm_pam_login *login,
                                    const char *name, const char *password, struct sm_error *err)
{
    struct sm_pam_question question;
    struct sm_pam_answer answer;
    sm_pam_question_begin(&question, CTL_PAM_CHECK, call, login);
    sm_wire_put_text(&question.wire, CTL_NAME, name);
    sm_wire_put_text(&question.wire, CTL_PASSWORD, password);
    if (call->options.grace_s > 0)
        sm_wire_put_u32(&question.wire, CTL_GRACE_S, call->options.grace_s);
    return sm_pam_ask(call, &question, &answer, err);
}

static int check(struct sm_pam_call *call, const struct sm_pam_login *login, const char *name,
                 const char *password)
{
    struct sm_error err;
    enum smcred_status status = sm_pam_distrust_password(password, &err);
    if (status == SMCRED_OK)
        status = ask_about(call, login, name, password, &err);
    sm_pam_log(call, "authentication", login, status, &err);
    return sm_pam_code(PAM_ENTRY_AUTH, status, call->options.ignore_failure);
}

/* The password that an earlier module asked for; NULL if none did. */
static const char *first_pass(struct sm_pam_call *call)
{
    const void *password = NULL;
    if (!call->options.use_first_pass && !call->options.try_first_pass)
        return NULL;
    return pam_get_item(call->pamh, PAM_AUTHTOK, &password) == PAM_SUCCESS ? password : NULL;
}

static int ask_and_check(struct sm_pam_call *call, const struct sm_pam_login *login,
                         const char *name)
{
    const char *password = first_pass(call);
    int code = password ? check(call, login, name, password) : PAM_AUTH_ERR;
    if (code != PAM_AUTH_ERR || call->options.use_first_pass)
        return code;
    code = sm_pam_ask_password(call, PAM_AUTHTOK, "Password: ", &password);
    return code == PAM_SUCCESS ? check(call, login, name, password) : code;
}

int sm_pam_authenticate(struct sm_pam_call *call)
{
    char name[CTL_PAM_NAME_MAX + 1];
    struct sm_pam_login login;
    int code = sm_pam_login_of(call, true, &login);
    if (code != PAM_SUCCESS)
        return code;
    enum smcred_status status =
        sm_pam_name_write(call->options.name, login.user, login.service, name);
    if (status != SMCRED_OK) {
        struct sm_error err;
        (void)sm_error_set(&err, status, "no secret can have that name");
        sm_pam_log(call, "authentication", &login, status, &err);
        return sm_pam_code(PAM_ENTRY_AUTH, status, false);
    }
    if (call->options.supply_user || call->options.supply_authtok)
        return sm_pam_supply(call, &login, name);
    return ask_and_check(call, &login, name);
}
