/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conversation.c - prompts and sentences, and what applications make of them.
 */
#include "pam/conversation.h"

#include <security/pam_ext.h>

static void wipe_text(char **text)
{
    if (!*text)
        return;
    explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}
#define autowipe __attribute__((cleanup(wipe_text)))

/* What somebody typed, to be wiped; never NULL on PAM_SUCCESS. */
static int prompt_for(struct sm_pam_call *call, const char *prompt, char **out_typed)
{
    char *typed = NULL;
    int code = pam_prompt(call->pamh, PAM_PROMPT_ECHO_OFF, &typed, "%s", prompt);
    if (code == PAM_CONV_AGAIN)
        code = PAM_INCOMPLETE;
    else if (code != PAM_SUCCESS || !typed)
        code = code == PAM_BUF_ERR ? code : PAM_CONV_ERR;
    if (code == PAM_SUCCESS)
        *out_typed = typed;
    else
        wipe_text(&typed);
    return code;
}

/* Hands a password to libpam, which copies it, wipes its copy at the end, and lends it. */
static int leave_with_libpam(struct sm_pam_call *call, int item, const char *typed,
                             const char **out_password)
{
    const void *kept = NULL;
    int code = pam_set_item(call->pamh, item, typed);
    if (code == PAM_SUCCESS)
        code = pam_get_item(call->pamh, item, &kept);
    if (code != PAM_SUCCESS || !kept)
        return code == PAM_SUCCESS ? PAM_BUF_ERR : code;
    *out_password = kept;
    return PAM_SUCCESS;
}

int sm_pam_ask_password(struct sm_pam_call *call, int item, const char *prompt,
                        const char **out_password)
{
    autowipe char *typed = NULL;
    int code = prompt_for(call, prompt, &typed);
    return code == PAM_SUCCESS ? leave_with_libpam(call, item, typed, out_password) : code;
}

int sm_pam_ask_new_password(struct sm_pam_call *call, const char **out_password)
{
    autowipe char *first = NULL;
    autowipe char *second = NULL;
    int code = prompt_for(call, "New password: ", &first);
    if (code == PAM_SUCCESS)
        code = prompt_for(call, "Retype new password: ", &second);
    if (code != PAM_SUCCESS)
        return code;
    if (strcmp(first, second) != 0) {
        sm_pam_tell(call, PAM_ERROR_MSG, "The two passwords are not the same.");
        return PAM_TRY_AGAIN;
    }
    return leave_with_libpam(call, PAM_AUTHTOK, first, out_password);
}

void sm_pam_tell(struct sm_pam_call *call, int style, const char *text)
{
    if ((call->flags & PAM_SILENT) || *text == '\0')
        return;
    char *answer = NULL;
    (void)pam_prompt(call->pamh, style, &answer, "%s", text); /* it was only said */
    wipe_text(&answer);
}
