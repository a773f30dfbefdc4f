/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session.c - what is remembered between open and close, in libpam's handle.
 *
 * A handle may hold several sessions: of two lines in one stack, or of an application that opens
 * twice.  Each stands in a slot of its own, with the socket it was opened at, and the last one is
 * closed first.
 */
#include "pam/session.h"

#include <security/pam_ext.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "common/preload.h"
#include "pam/ask.h"
#include "pam/codes.h"
#include "pam/conversation.h"

#define SLOTS       16
#define SLOT_NAME   32   /* bytes of "pam_smcred session 15" */
#define ID_MAX      64   /* bytes of an id with its NUL; the keeper's have 16 digits */
#define MESSAGE_MAX 4096 /* bytes of what a person is told */

/* What the sessions of one handle share: its end waits for a keeper that hangs once, not for each.
 */
struct end {
    unsigned session_count;
    int64_t waited_ms;
};

struct session {
    char id[ID_MAX]; /* "" once it is closed */
    pid_t opened_by;
    int64_t timeout_ms;
    struct end *end;
    char socket[]; /* the options may be gone when libpam cleans up */
};

static enum smcred_status close_at_keeper(struct sm_pam_call *call, const char *id,
                                          struct sm_error *err)
{
    struct sm_pam_question question;
    struct sm_pam_answer answer;
    sm_pam_question_begin_bare(&question, CTL_PAM_CLOSE);
    sm_wire_put_text(&question.wire, CTL_SESSION_ID, id);
    enum smcred_status status = sm_pam_ask(call, &question, &answer, err);
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status; /* it has ended by itself */
}

/* The keeper is told in any case: one that hangs hears it later. */
static void close_at_end(pam_handle_t *pamh, struct session *session)
{
    struct sm_error err;
    int64_t left_ms = session->timeout_ms - session->end->waited_ms;
    struct sm_pam_call call = {.pamh = pamh, .left_ms = left_ms > 0 ? left_ms : 0};
    int64_t patience_ms = call.left_ms;
    call.options.socket = session->socket;
    enum smcred_status status = close_at_keeper(&call, session->id, &err);
    session->end->waited_ms += patience_ms - call.left_ms;
    if (status != SMCRED_OK)
        pam_syslog(pamh, LOG_ERR, "a session that was never closed: %s", err.text);
}

static void free_session(struct session *session)
{
    if (--session->end->session_count == 0)
        free(session->end);
    free(session);
}

/*
 * Called by libpam when the handle ends or the slot is used again.  A child of the application that
 * ends its copy of the handle has not logged anybody out.
 */
static void clean_up(pam_handle_t *pamh, void *data, int error_status)
{
    struct session *session = data;
    if (!session)
        return;
    bool ours = session->opened_by == getpid() && !(error_status & PAM_DATA_SILENT);
    if (ours && session->id[0] != '\0')
        close_at_end(pamh, session);
    free_session(session);
}

static struct session *session_in(struct sm_pam_call *call, int slot, char *out_name)
{
    const void *data = NULL;
    (void)snprintf(out_name, SLOT_NAME, "pam_smcred session %d", slot);
    if (pam_get_data(call->pamh, out_name, &data) != PAM_SUCCESS)
        return NULL;
    return (struct session *)(uintptr_t)data; /* ours, as we gave it */
}

/* One more session of the handle that `other` is of; NULL: its first. */
static struct session *new_session(const struct session *other, const char *socket)
{
    size_t size = strlen(socket) + 1;
    struct session *session = malloc(sizeof *session + size);
    if (!session)
        return NULL;
    *session = (struct session){.opened_by = getpid(),
                                .end = other ? other->end : calloc(1, sizeof *session->end)};
    if (!session->end) {
        free(session);
        return NULL;
    }
    session->end->session_count++;
    memcpy(session->socket, socket, size);
    return session;
}

/* Hands a session to libpam, in the first free slot. */
static enum smcred_status remember(struct sm_pam_call *call, const char *id)
{
    char name[SLOT_NAME];
    int slot = 0;
    struct session *other = NULL, *session = NULL;
    for (struct session *at; slot < SLOTS && (at = session_in(call, slot, name)); slot++)
        other = at;
    if (slot < SLOTS)
        session = new_session(other, call->options.socket);
    if (!session)
        return SMCRED_NO_MEMORY;
    session->timeout_ms = call->options.timeout_ms;
    (void)snprintf(session->id, sizeof session->id, "%s", id); /* both have ID_MAX bytes */
    if (pam_set_data(call->pamh, name, session, clean_up) == PAM_SUCCESS)
        return SMCRED_OK;
    free_session(session);
    return SMCRED_NO_MEMORY;
}

static void put_shim_into_environment(struct sm_pam_call *call)
{
    struct sm_error err;
    sm_autofree char *list = NULL;
    sm_autofree char *assignment = NULL;
    if (!call->options.shim)
        return;
    enum smcred_status status =
        sm_preload_list(pam_getenv(call->pamh, "LD_PRELOAD"), call->options.shim, &list, &err);
    if (status == SMCRED_OK && (asprintf(&assignment, "LD_PRELOAD=%s", list) < 0 ||
                                pam_putenv(call->pamh, assignment) != PAM_SUCCESS))
        status = sm_error_set(&err, SMCRED_NO_MEMORY, "no memory for the environment");
    if (status != SMCRED_OK) /* a convenience: nobody is kept out for it */
        pam_syslog(call->pamh, LOG_ERR, "no shim: %s", err.text);
}

/* Lines stay lines; other control bytes would be orders to a terminal. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\n') || *text == 0x7f)
            *text = '?';
}

static enum smcred_status open_at_keeper(struct sm_pam_call *call, const struct sm_pam_login *login,
                                         char *out_message, struct sm_error *err)
{
    struct sm_pam_question question;
    struct sm_pam_answer answer;
    char id[ID_MAX];
    sm_pam_question_begin(&question, CTL_PAM_OPEN, call, login);
    enum smcred_status status = sm_pam_ask(call, &question, &answer, err);
    if (status != SMCRED_OK)
        return status;
    if (!sm_wire_get_text(&answer.wire, CTL_SESSION_ID, id, sizeof id) || id[0] == '\0')
        return sm_error_set(err, SMCRED_PROTOCOL, "the keeper's session has no id");
    (void)sm_wire_get_text(&answer.wire, CTL_TEXT, out_message, MESSAGE_MAX); /* or "" */
    make_printable(out_message);
    status = remember(call, id);
    if (status == SMCRED_OK)
        return status;
    (void)close_at_keeper(call, id, err); /* nobody else could */
    return sm_error_set(err, status, "no room to remember the session");
}

int sm_pam_open_session(struct sm_pam_call *call)
{
    char message[MESSAGE_MAX];
    struct sm_pam_login login;
    struct sm_error err;
    if (sm_pam_login_of(call, false, &login) != PAM_SUCCESS)
        return PAM_SESSION_ERR;
    enum smcred_status status = open_at_keeper(call, &login, message, &err);
    sm_pam_log(call, "session", &login, status, &err);
    if (status == SMCRED_OK) {
        put_shim_into_environment(call);
        if (!call->options.quiet)
            sm_pam_tell(call, PAM_TEXT_INFO, message);
    } else if (sm_pam_is_verdict(status)) {
        sm_pam_tell(call, PAM_ERROR_MSG, err.text);
    }
    return sm_pam_code(PAM_ENTRY_SESSION, status, call->options.ignore_failure);
}

int sm_pam_close_session(struct sm_pam_call *call)
{
    char name[SLOT_NAME];
    struct session *session = NULL;
    struct sm_error err;
    for (int slot = SLOTS - 1; slot >= 0 && !session; slot--)
        session = session_in(call, slot, name);
    if (!session) /* it was not opened by us, or not here */
        return PAM_SUCCESS;
    call->options.socket = session->socket;
    enum smcred_status status = close_at_keeper(call, session->id, &err);
    session->id[0] = '\0';
    (void)pam_set_data(call->pamh, name, NULL, NULL); /* frees the session */
    if (status != SMCRED_OK)
        pam_syslog(call->pamh, LOG_ERR, "end of session: %s", err.text);
    return sm_pam_code(PAM_ENTRY_SESSION, status, call->options.ignore_failure);
}
