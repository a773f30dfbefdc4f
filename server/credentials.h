/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * credentials.h - what a rotation function finds in its environment: the server's address, and a
 * key that is made for one step of one secret and ends with it.
 */
#ifndef SERVER_CREDENTIALS_H
#define SERVER_CREDENTIALS_H

#include "server/call.h"

#define SERVER_CREDENTIALS_VARIABLES 16 /* at most, with the NULL at their end */

struct server_credentials;

/*
 * Makes them for a function that rotates call->secret, inside the caller's transaction.
 *   url  where the server listens
 */
SM_MUST_CHECK enum smcred_status server_credentials_new(struct server_call *call, const char *url,
                                                        struct server_credentials **out);
/* The whole environment, NULL at its end; lent until the credentials are freed, which wipes it. */
void server_credentials_environment(const struct server_credentials *credentials,
                                    char *out[SERVER_CREDENTIALS_VARIABLES]);
void server_credentials_free(struct server_credentials *credentials);

/* Whose they are: an ARN made for them alone. */
const char *server_credentials_principal(const struct server_credentials *credentials);

/* Ends those of a run that is over; "" ends all that a crash has left. */
SM_MUST_CHECK enum smcred_status server_credentials_revoke(struct server_store *store,
                                                           const char *principal);

#endif
