/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * steps.h - the four steps.  Each may be taken any number of times, also after it was broken off
 * anywhere: it looks at what there is, and does what is left to do.
 *
 *     createSecret   a new password, as the version AWSPENDING of the secret
 *     setSecret      the database has it
 *     testSecret     a login with it, and a query
 *     finishSecret   that version is AWSCURRENT
 */
#ifndef ROTATE_STEPS_H
#define ROTATE_STEPS_H

#include "common/status.h"
#include "rotate/step.h"

struct manager;
struct options;

/* Lent for the time of a step. */
struct rotation {
    struct manager *manager;
    const struct options *options;
    const char *secret_id;
    const char *token;          /* the version that rotates in */
    const char *rotation_token; /* of the event; "": none */
    bool alone;                 /* no service moves the labels and watches the order of steps */
};

/*
 * Takes one step.  Where AWS's own functions refuse, err has their words.
 *   out_result  what was done, in words; untouched on failure
 * Errors: SMCRED_INVALID (the secret is in no state for it), SMCRED_DENIED (by the database or
 * Secrets Manager), SMCRED_UNAVAILABLE, SMCRED_TIMED_OUT, SMCRED_LIMITED, SMCRED_NOT_FOUND.
 */
SM_MUST_CHECK enum smcred_status steps_take(const struct rotation *rotation, enum step step,
                                            struct step_result *out_result, struct sm_error *err);

#endif
