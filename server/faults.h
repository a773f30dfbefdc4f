/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faults.h - failures on demand, so that clients can be tested against them.
 *
 * A file of rules, one a line; the first that applies to a call decides:
 *
 *     # OPERATION SECRET FAULT [count=N] [after=N] [probability=P] [ms=N]
 *     seed 42
 *     GetSecretValue prod?* throttle count=3
 *     PutSecretValue *      error    probability=0.1
 *     *              *      delay    ms=500
 *
 * OPERATION and SECRET are patterns of fnmatch(3); SECRET is compared with what the caller wrote.
 * throttle, error: ThrottlingException, InternalServiceError; drop: the connection closes, nothing
 * was done; lose: it closes after everything was done; delay: the answer waits.
 */
#ifndef SERVER_FAULTS_H
#define SERVER_FAULTS_H

#include "common/bytes.h"
#include "common/status.h"

#define SERVER_FAULT_RULES  64
#define SERVER_FAULT_MS_MAX 60000

enum server_fault_kind {
    SERVER_FAULT_NONE,
    SERVER_FAULT_THROTTLE,
    SERVER_FAULT_ERROR,
    SERVER_FAULT_DROP,
    SERVER_FAULT_LOSE,
    SERVER_FAULT_DELAY,
};

struct server_fault {
    enum server_fault_kind kind;
    unsigned ms; /* of a delay */
};

struct server_faults;

/* Errors: SMCRED_INVALID (the line is named), SMCRED_SYSTEM.  Free with server_faults_free(). */
SM_MUST_CHECK enum smcred_status
server_faults_read(const char *path, struct server_faults **out_faults, struct sm_error *err);
void server_faults_free(struct server_faults *faults);

/* What happens to this call; it counts.  NULL: no faults. */
struct server_fault server_faults_next(struct server_faults *faults, const char *operation,
                                       const char *secret);

#endif
