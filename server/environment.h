/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * environment.h - what a rotation function finds in its environment: the server's address, and the
 * credentials of a session that may rotate one secret, for the time of one step.
 */
#ifndef SERVER_ENVIRONMENT_H
#define SERVER_ENVIRONMENT_H

#include "server/call.h"

#define SERVER_ENVIRONMENT_VARIABLES 16 /* at most, with the NULL at their end */

struct server_environment;

/*
 * Makes it for a function that rotates call->secret, inside the caller's transaction.
 *   url  where the server listens
 */
SM_MUST_CHECK enum smcred_status server_environment_new(const struct server_call *call,
                                                        const char *url,
                                                        const struct server_function *function,
                                                        struct server_environment **out);
/* The whole environment, NULL at its end; lent until it is freed, which wipes it. */
void server_environment_list(const struct server_environment *environment,
                             char *out[SERVER_ENVIRONMENT_VARIABLES]);
void server_environment_free(struct server_environment *environment);

#endif
