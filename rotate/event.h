/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event.h - what Secrets Manager tells a rotation function: one step of one secret's rotation.
 *
 *     {"Step":"createSecret","SecretId":"arn:...","ClientRequestToken":"...","RotationToken":"..."}
 */
#ifndef ROTATE_EVENT_H
#define ROTATE_EVENT_H

#include "common/status.h"
#include "rotate/step.h"

#define EVENT_MAX           16384 /* bytes */
#define EVENT_SECRET_ID_MAX 2048  /* as the members' own limits, API 2017-10-17 */
#define EVENT_TOKEN_MAX     64
#define EVENT_ROTATION_MAX  256

struct event {
    enum step step;
    char secret_id[EVENT_SECRET_ID_MAX + 1];
    char token[EVENT_TOKEN_MAX + 1];
    char rotation_token[EVENT_ROTATION_MAX + 1]; /* "" if there is none */
};

/* Errors: SMCRED_INVALID; err says which member. */
SM_MUST_CHECK enum smcred_status event_parse(struct sm_bytes text, struct event *out_event,
                                             struct sm_error *err);

/*
 * Reads one from `fd` to its end.
 * Errors: those of event_parse(), SMCRED_TIMED_OUT (nobody writes), SMCRED_TOO_LARGE,
 * SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status event_read(int fd, int64_t deadline_ms, struct event *out_event,
                                            struct sm_error *err);

#endif
