/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * error.h - why a session ends, as the client and the audit log will read it.
 */
#ifndef RELAY_ERROR_H
#define RELAY_ERROR_H

#include "common/bytes.h"
#include "common/status.h"

/* SQLSTATEs that the relay itself says; PostgreSQL's appendix A. */
#define RELAY_CANNOT_CONNECT    "08001" /* sqlclient_unable_to_establish_sqlconnection */
#define RELAY_CONNECTION_FAILED "08006" /* connection_failure */
#define RELAY_PROTOCOL_BROKEN   "08P01" /* protocol_violation */
#define RELAY_NOT_SUPPORTED     "0A000" /* feature_not_supported */
#define RELAY_NOT_PRIVILEGED    "42501" /* insufficient_privilege */
#define RELAY_NOT_AUTHORIZED    "28000" /* invalid_authorization_specification */
#define RELAY_BAD_PASSWORD      "28P01" /* invalid_password */
#define RELAY_TOO_MANY          "53300" /* too_many_connections */
#define RELAY_NO_MEMORY         "53200" /* out_of_memory */
#define RELAY_CANNOT_NOW        "57P03" /* cannot_connect_now */

struct relay_error {
    char sqlstate[6];
    char text[SM_ERROR_TEXT_MAX]; /* one sentence, without the "smcred: " that clients see before it
                                   */
    char hint[SM_ERROR_TEXT_MAX]; /* or "" */
};

struct relay_error relay_error(const char *sqlstate, const char *format, ...) SM_PRINTF(2, 3);

#endif
