/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record.h - what the event trail says about a call, in CloudTrail's form: who did what to which
 * secret, never a value.
 */
#ifndef SERVER_RECORD_H
#define SERVER_RECORD_H

#include "server/call.h"

/*
 * Writes what came of the call, so far, into the event trail, if there is one.
 * Errors: SERVER_INTERNAL, which is then what came of the call.
 */
enum server_error server_record_call(struct server_call *call);

/*
 * Something the service did by itself: "RotationStarted".
 *   call  has the secret, its place, and the version if there is one
 *   why   an error's text; NULL: it went well
 */
char *server_record_of_event(const struct server_call *call, const char *name, const char *why);

/*
 * Something done by a command.
 *   user     of this machine, who ran it
 *   details  of the request; taken over
 */
char *server_record_of_command(const struct server_call *call, const char *user,
                               const char *service, const char *event, struct cJSON *details);

#endif
