/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rotation.h - the life of a rotation, without the function that does the work.
 *
 *   none --begin--> createSecret --> setSecret --> testSecret --> finishSecret --> none
 *                        ^---------------- a step failed ------------'
 *
 * All of it is in the store, so that whoever comes after a crash goes on where it stood.  Each
 * function changes the store inside the caller's transaction.
 */
#ifndef SERVER_ROTATION_H
#define SERVER_ROTATION_H

#include "server/call.h"

struct cJSON;

#define SERVER_ROTATION_TRIES 5 /* before a rotation waits for its next window */

/* "createSecret" */
const char *server_step_name(enum server_step step);

/* Adds what DescribeSecret and ListSecrets say about rotation. */
SM_MUST_CHECK enum smcred_status server_rotation_describe(struct server_call *call,
                                                          const struct server_secret *secret,
                                                          struct cJSON *object);

/* The value of call->secret was changed by hand: days are counted from now. */
SM_MUST_CHECK enum smcred_status server_rotation_put_off(struct server_call *call);

/*
 * Begins one for call->secret: the version `token`, labelled AWSPENDING.
 *   rotation  changed, and stored
 * Errors: SERVER_INVALID_REQUEST, an earlier one is not complete; SERVER_LIMIT_EXCEEDED, no version
 * or label more can be.  What has been done until then is to be rolled back.
 */
SM_MUST_CHECK enum server_error server_rotation_begin(struct server_call *call,
                                                      struct server_rotation *rotation,
                                                      const char *token, bool is_test);

/* Instead: the next window is waited for. */
SM_MUST_CHECK enum smcred_status server_rotation_skip(struct server_call *call,
                                                      struct server_rotation *rotation);

enum server_rotation_result {
    SERVER_ROTATION_GOES_ON,
    SERVER_ROTATION_DONE,
    SERVER_ROTATION_FAILED,    /* and will be tried again */
    SERVER_ROTATION_ABANDONED, /* until its next window, or for good if it has none */
};

/* A step of call->secret's rotation has ended.  Changes `rotation`, and stores it. */
SM_MUST_CHECK enum smcred_status server_rotation_advance(struct server_call *call,
                                                         struct server_rotation *rotation,
                                                         bool success,
                                                         enum server_rotation_result *out_result);

#endif
