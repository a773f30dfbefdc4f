/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * password.c - first the old password is checked and it is asked how there will be a new one; then
 * the keeper makes what was typed a version, or has the secret's rotation function make one, and
 * nobody is asked to type what would not be used.
 *
 * libpam asks all modules of the stack whether they could before it asks any to do it, so that
 * databases and files do not part.
 */
#include "pam/password.h"

#include <stdio.h>

#include "pam/auth.h"
#include "pam/codes.h"
#include "pam/conversation.h"
#include "pam/name.h"

#define WORD_MAX      16                                   /* bytes of a CTL_KIND with its NUL */
#define WAY_NAME_SIZE (CTL_PAM_NAME_MAX + sizeof WAY_DATA) /* bytes of libpam's name for it */
#define WAY_DATA      "pam_smcred way of "

#define UNKNOWN_CHANGE                                                                             \
    "It is not known whether the password was changed. Try the new one first, then the old one."
#define UNKNOWN_ROTATION                                                                           \
    "It is not known whether a new password is being made. Try the old one first."
#define NOT_TYPED                                                                                  \
    "This password is made by the secret's rotation function, which changes it at the database, "  \
    "too: no new one is asked for."
#define NOT_USED                                                                                   \
    "This password is made by the secret's rotation function, which changes it at the database, "  \
    "too: the new one that was typed is not used."
#define ROTATED "There is a new password. Secrets Manager has it; nobody is shown it here."
#define ROTATING                                                                                   \
    "A new password is being made, and it is not known to be finished: the old one may still be "  \
    "the right one."

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

/* ---- which way ---- */

static void name_way(const char *name, char out[WAY_NAME_SIZE])
{
    (void)snprintf(out, WAY_NAME_SIZE, WAY_DATA "%s", name); /* fits */
}

/*
 * From the preliminary check to the change; a stack may have lines of several secrets.
 *   way  CTL_WAY_CHOSEN, CTL_WAY_ROTATED; NULL: nothing may be changed
 */
static int remember_way(struct sm_pam_call *call, const char *name, const char *way)
{
    char data[WAY_NAME_SIZE];
    name_way(name, data);
    return pam_set_data(call->pamh, data, (void *)(uintptr_t)way, NULL);
}

static const char *way_of(struct sm_pam_call *call, const char *name)
{
    char data[WAY_NAME_SIZE];
    const void *way = NULL;
    name_way(name, data);
    return pam_get_data(call->pamh, data, &way) == PAM_SUCCESS ? way : NULL;
}

/* The one word that an answer brings: is it this one, or that? */
static enum smcred_status read_word(const struct sm_pam_answer *answer, const char *yes,
                                    const char *no, bool *out_yes, struct sm_error *err)
{
    char word[WORD_MAX];
    if (!sm_wire_get_text(&answer->wire, CTL_KIND, word, sizeof word) ||
        (strcmp(word, yes) != 0 && strcmp(word, no) != 0))
        return sm_error_set(err, SMCRED_PROTOCOL, "the keeper's answer is not %s or %s", yes, no);
    *out_yes = strcmp(word, yes) == 0;
    return SMCRED_OK;
}

/* ---- the preliminary check ---- */

static int get_old(struct sm_pam_call *call, const char **out_old)
{
    const char *old = item_of(call, PAM_OLDAUTHTOK);
    if (!old && call->options.use_first_pass)
        return PAM_AUTHTOK_RECOVERY_ERR;
    if (!old) {
        int code = sm_pam_ask_password(call, PAM_OLDAUTHTOK, "Current password: ", &old);
        if (code != PAM_SUCCESS)
            return code;
    }
    *out_old = old;
    return PAM_SUCCESS;
}

static void begin_question(struct sm_pam_question *question, enum ctl_verb verb,
                           struct sm_pam_call *call, const struct sm_pam_login *login,
                           const char *name, const char *old)
{
    sm_pam_question_begin(question, verb, call, login);
    sm_wire_put_text(&question->wire, CTL_NAME, name);
    sm_wire_put_text(&question->wire, CTL_OLD, old);
}

static enum smcred_status ask_way(struct sm_pam_call *call, const struct sm_pam_login *login,
                                  const char *name, const char *old, bool *out_rotated,
                                  struct sm_error *err)
{
    struct sm_pam_question question;
    struct sm_pam_answer answer;
    begin_question(&question, CTL_PAM_PREPARE, call, login, name, old);
    enum smcred_status status = sm_pam_ask(call, &question, &answer, err);
    return status == SMCRED_OK
               ? read_word(&answer, CTL_WAY_ROTATED, CTL_WAY_CHOSEN, out_rotated, err)
               : status;
}

/* Whoever changes a password knows the present one: no grace. */
static int prepare(struct sm_pam_call *call, const struct sm_pam_login *login, const char *name)
{
    struct sm_error err;
    const char *old = "";
    bool rotated = false;
    int code = remember_way(call, name, NULL); /* of an earlier change by this handle */
    if (code == PAM_SUCCESS && needs_old(call))
        code = get_old(call, &old);
    if (code != PAM_SUCCESS)
        return code;
    enum smcred_status status = needs_old(call) ? sm_pam_distrust_password(old, &err) : SMCRED_OK;
    if (status == SMCRED_OK)
        status = ask_way(call, login, name, old, &rotated, &err);
    sm_pam_log(call, "old password", login, status, &err);
    if (status == SMCRED_OK &&
        remember_way(call, name, rotated ? CTL_WAY_ROTATED : CTL_WAY_CHOSEN) != PAM_SUCCESS)
        return PAM_BUF_ERR;
    if (status != SMCRED_OK && sm_pam_is_verdict(status))
        sm_pam_tell(call, PAM_ERROR_MSG, err.text);
    return sm_pam_code(PAM_ENTRY_PRELIMINARY, status, call->options.ignore_failure);
}

/* ---- somebody chooses ---- */

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
                         const char *unknown, enum smcred_status status, const struct sm_error *err)
{
    bool decided = sm_pam_is_verdict(status) || status == SMCRED_UNSUPPORTED;
    if (status == SMCRED_OK)
        return;
    if (decided)
        sm_pam_tell(call, PAM_ERROR_MSG, err->text);
    else if (question->sent)
        sm_pam_tell(call, PAM_ERROR_MSG, unknown);
}

static const char *known_old(struct sm_pam_call *call)
{
    const char *old = needs_old(call) ? item_of(call, PAM_OLDAUTHTOK) : NULL;
    return old ? old : "";
}

static int make_new(struct sm_pam_call *call, const struct sm_pam_login *login, const char *name)
{
    struct sm_pam_question question;
    struct sm_pam_answer answer;
    struct sm_error err;
    const char *password;
    int code = get_new(call, &password);
    if (code != PAM_SUCCESS)
        return code;
    begin_question(&question, CTL_PAM_CHANGE, call, login, name, known_old(call));
    sm_wire_put_text(&question.wire, CTL_PASSWORD, password);
    enum smcred_status status = sm_pam_ask(call, &question, &answer, &err);
    sm_pam_log(call, "change of password", login, status, &err);
    tell_outcome(call, &question, UNKNOWN_CHANGE, status, &err);
    /* Whoever must try which one is true now is not told that all is well. */
    return sm_pam_code(PAM_ENTRY_CHANGE, status, call->options.ignore_failure && !question.sent);
}

/* ---- the rotation function chooses ---- */

/* Only what has ended is a success: until then the old password may be true. */
static int rotate(struct sm_pam_call *call, const struct sm_pam_login *login, const char *name)
{
    struct sm_pam_question question;
    struct sm_pam_answer answer;
    struct sm_error err;
    bool done = false;
    sm_pam_tell(call, PAM_TEXT_INFO, call->options.use_authtok ? NOT_USED : NOT_TYPED);
    begin_question(&question, CTL_PAM_ROTATE, call, login, name, known_old(call));
    sm_wire_put_u32(&question.wire, CTL_WAIT_MS, (uint32_t)call->left_ms);
    enum smcred_status status = sm_pam_ask(call, &question, &answer, &err);
    if (status == SMCRED_OK)
        status = read_word(&answer, CTL_DONE, CTL_BEGUN, &done, &err);
    sm_pam_log(call, "rotation", login, status, &err);
    tell_outcome(call, &question, UNKNOWN_ROTATION, status, &err);
    if (status == SMCRED_OK)
        sm_pam_tell(call, done ? PAM_TEXT_INFO : PAM_ERROR_MSG, done ? ROTATED : ROTATING);
    if (status == SMCRED_OK && !done)
        status = SMCRED_TIMED_OUT;
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
    if (call->flags & PAM_PRELIM_CHECK)
        return prepare(call, &login, name);
    const char *way = way_of(call, name);
    if (!way) /* this line has failed, or was passed over, and the stack goes on */
        return call->options.ignore_failure ? PAM_IGNORE : PAM_AUTHTOK_ERR;
    return strcmp(way, CTL_WAY_ROTATED) == 0 ? rotate(call, &login, name)
                                             : make_new(call, &login, name);
}
