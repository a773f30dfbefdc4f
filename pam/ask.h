/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ask.h - one question to the keeper, within what is left of the call's patience.
 *
 * A keeper that is being restarted is asked again.  However many tries that takes, and however many
 * questions a call has, they share the one limit.
 */
#ifndef PAM_ASK_H
#define PAM_ASK_H

#include "common/control.h"
#include "common/status.h"
#include "common/wire.h"
#include "pam/call.h"

#define PAM_ANSWER_MAX 8192 /* bytes of an answer */

struct sm_pam_question {
    struct sm_wire_out wire;
    uint8_t packet[CTL_REQUEST_MAX]; /* holds a password at times; wiped by sm_pam_ask() */
    bool sent;                       /* set by sm_pam_ask(): a keeper may have acted on it */
};

struct sm_pam_answer {
    struct sm_wire_in wire; /* borrows from packet */
    uint8_t packet[PAM_ANSWER_MAX];
};

/* The login that a question is about: PAM service, user, and what is known of where from. */
struct sm_pam_login {
    const char *service;
    const char *user;
};

/*
 * Fills in both, borrowed from libpam.  Asks for the user's name where `may_ask` and nobody has.
 * Returns PAM_SUCCESS, PAM_USER_UNKNOWN (no name, or one that is too long), PAM_CONV_ERR,
 * PAM_INCOMPLETE.
 */
SM_MUST_CHECK int sm_pam_login_of(struct sm_pam_call *call, bool may_ask,
                                  struct sm_pam_login *out_login);

/* Begins a question with the login that it is about.  Add fields to `wire`. */
void sm_pam_question_begin(struct sm_pam_question *question, enum ctl_verb verb,
                           struct sm_pam_call *call, const struct sm_pam_login *login);

/* A question about nobody: only the verb. */
void sm_pam_question_begin_bare(struct sm_pam_question *question, enum ctl_verb verb);

/*
 * Asks, and wipes the question.
 *   out_answer  filled on SMCRED_OK
 * Errors, each with a sentence in err: the keeper's own; SMCRED_UNAVAILABLE, SMCRED_TIMED_OUT,
 * SMCRED_PROTOCOL (what answers is no keeper of this version), SMCRED_TOO_LARGE, SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status sm_pam_ask(struct sm_pam_call *call,
                                            struct sm_pam_question *question,
                                            struct sm_pam_answer *out_answer, struct sm_error *err);

/* As sm_pam_ask(), for an answer that is one descriptor. */
SM_MUST_CHECK enum smcred_status sm_pam_ask_fd(struct sm_pam_call *call,
                                               struct sm_pam_question *question, int *out_fd,
                                               struct sm_error *err);

/* Writes to syslog what did not succeed, and with `debug` also what did.  Never a secret. */
void sm_pam_log(struct sm_pam_call *call, const char *what, const struct sm_pam_login *login,
                enum smcred_status status, const struct sm_error *err);

#endif
