/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ask.c - questions, their one deadline, and when it is right to ask again.
 */
#include "pam/ask.h"

#include <poll.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/controlclient.h"
#include "pam/codes.h"

#define RETRY_MS    50 /* between two tries */
#define RETRY_SHARE 3  /* an absent keeper is waited for a third of the patience: it may restart */
#define SHOWN_MAX   64 /* bytes of a name in the log */

/* One try, for an answer that is a descriptor or, if `out_fd` is NULL, fields. */
static enum smcred_status try_once(struct sm_pam_call *call, struct sm_pam_question *question,
                                   int64_t deadline_ms, struct sm_pam_answer *out_answer,
                                   int *out_fd, bool *out_again, struct sm_error *err)
{
    sm_autocontrol struct sm_control control = {.fd = -1};
    enum smcred_status status =
        sm_control_ask(call->options.socket, &question->wire, deadline_ms, &control, err);
    bool sent = status == SMCRED_OK;
    if (sent)
        status = out_fd
                     ? sm_control_answer(&control, out_fd, err)
                     : sm_control_answer_fields(&control, out_answer->packet,
                                                sizeof out_answer->packet, &out_answer->wire, err);
    question->sent = question->sent || (sent && !control.unread);
    *out_again = status == SMCRED_UNAVAILABLE || control.unread;
    if (control.unread)
        status = SMCRED_UNAVAILABLE; /* a crowd at the door is no verdict about this person */
    return status;
}

/* What may have been done already is not asked for twice. */
static bool may_repeat(const struct sm_pam_question *question)
{
    struct sm_wire_header header;
    memcpy(&header, question->packet, sizeof header);
    bool changes = header.verb == CTL_PAM_CHANGE || header.verb == CTL_PAM_ROTATE;
    return !changes || !question->sent;
}

static enum smcred_status ask(struct sm_pam_call *call, struct sm_pam_question *question,
                              struct sm_pam_answer *out_answer, int *out_fd, struct sm_error *err)
{
    int64_t begun_ms = sm_boot_ms(), deadline_ms = begun_ms + call->left_ms;
    int64_t retry_until_ms = begun_ms + call->left_ms / RETRY_SHARE;
    enum smcred_status status;
    bool again;
    for (;;) {
        status = try_once(call, question, deadline_ms, out_answer, out_fd, &again, err);
        if (!again || !may_repeat(question) || sm_boot_ms() + RETRY_MS > retry_until_ms)
            break;
        (void)poll(NULL, 0, RETRY_MS); /* a pause */
    }
    explicit_bzero(question->packet, sizeof question->packet);
    int64_t took_ms = sm_boot_ms() - begun_ms;
    call->left_ms = took_ms < call->left_ms ? call->left_ms - took_ms : 0;
    return status;
}

enum smcred_status sm_pam_ask(struct sm_pam_call *call, struct sm_pam_question *question,
                              struct sm_pam_answer *out_answer, struct sm_error *err)
{
    return ask(call, question, out_answer, NULL, err);
}

enum smcred_status sm_pam_ask_fd(struct sm_pam_call *call, struct sm_pam_question *question,
                                 int *out_fd, struct sm_error *err)
{
    return ask(call, question, NULL, out_fd, err);
}

/* What an application may have set, or not; longer than the keeper takes is as good as not. */
static const char *item_of(struct sm_pam_call *call, int item, size_t max)
{
    const void *value = NULL;
    if (pam_get_item(call->pamh, item, &value) != PAM_SUCCESS || !value)
        return NULL;
    size_t len = strnlen(value, max + 1);
    return len == 0 || len > max ? NULL : value;
}

/*
 * Who comes from a host with too long a name still does not come from here: its beginning, and a
 * character that is in no name of a host, so that no rule takes it for one.
 */
static void put_rhost(struct sm_pam_call *call, struct sm_pam_question *question)
{
    char rhost[CTL_PAM_RHOST_MAX + 1];
    const void *value = NULL;
    if (pam_get_item(call->pamh, PAM_RHOST, &value) != PAM_SUCCESS || !value)
        return;
    if (snprintf(rhost, sizeof rhost, "%s", (const char *)value) > CTL_PAM_RHOST_MAX)
        rhost[CTL_PAM_RHOST_MAX - 1] = '?';
    if (rhost[0] != '\0')
        sm_wire_put_text(&question->wire, CTL_RHOST, rhost);
}

int sm_pam_login_of(struct sm_pam_call *call, bool may_ask, struct sm_pam_login *out_login)
{
    if (may_ask) {
        const char *user = NULL;
        int code = pam_get_user(call->pamh, &user, NULL);
        if (code == PAM_CONV_AGAIN || code == PAM_INCOMPLETE)
            return PAM_INCOMPLETE;
        if (code != PAM_SUCCESS)
            return PAM_CONV_ERR;
    }
    out_login->user = item_of(call, PAM_USER, CTL_PAM_USER_MAX);
    out_login->service = item_of(call, PAM_SERVICE, CTL_PAM_SERVICE_MAX);
    return out_login->user && out_login->service ? PAM_SUCCESS : PAM_USER_UNKNOWN;
}

void sm_pam_question_begin_bare(struct sm_pam_question *question, enum ctl_verb verb)
{
    sm_wire_begin(&question->wire, question->packet, sizeof question->packet, (uint16_t)verb,
                  SMCRED_OK, (uint64_t)sm_boot_ms());
    question->sent = false;
}

void sm_pam_question_begin(struct sm_pam_question *question, enum ctl_verb verb,
                           struct sm_pam_call *call, const struct sm_pam_login *login)
{
    sm_pam_question_begin_bare(question, verb);
    sm_wire_put_text(&question->wire, CTL_SERVICE, login->service);
    sm_wire_put_text(&question->wire, CTL_USER, login->user);
    put_rhost(call, question);
    sm_wire_put_text(&question->wire, CTL_TTY, item_of(call, PAM_TTY, CTL_PAM_TTY_MAX));
    if (verb == CTL_PAM_OPEN)
        sm_wire_put_text(&question->wire, CTL_RUSER, item_of(call, PAM_RUSER, CTL_PAM_USER_MAX));
}

/* Somebody typed it: control bytes in it would be orders to whoever reads the log. */
static const char *printable(const char *text, char *buffer)
{
    size_t len = 0;
    for (; len < SHOWN_MAX && text[len] != '\0'; len++)
        buffer[len] = (unsigned char)text[len] < 0x20 || text[len] == 0x7f ? '?' : text[len];
    buffer[len] = '\0';
    return buffer;
}

void sm_pam_log(struct sm_pam_call *call, const char *what, const struct sm_pam_login *login,
                enum smcred_status status, const struct sm_error *err)
{
    char user[SHOWN_MAX + 1];
    (void)printable(login->user, user);
    if (status != SMCRED_OK)
        pam_syslog(call->pamh, sm_pam_is_verdict(status) ? LOG_NOTICE : LOG_ERR,
                   "%s of user=%s: %s", what, user, err->text);
    else if (call->options.debug)
        pam_syslog(call->pamh, LOG_DEBUG, "%s of user=%s: ok, %lld ms left", what, user,
                   (long long)call->left_ms);
}
