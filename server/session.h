/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session.h - temporary credentials: a key pair and a token that says all about it.
 *
 * Nothing is stored.  The token is sealed under the master key, as AWS's are, so it outlives a
 * restart and nobody can read or forge one.
 */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H

#include "server/keys.h"

#define SERVER_SESSION_TOKEN_MAX  8192 /* characters */
#define SERVER_SESSION_POLICY_MAX 2048
#define SERVER_PRINCIPAL_ID_LEN   21 /* "AROA" and seventeen more */

struct server_session {
    char role[SERVER_PRINCIPAL_MAX + 1];      /* ARN */
    char principal[SERVER_PRINCIPAL_MAX + 1]; /* ARN of the session: assumed-role/ROLE/NAME */
    char user_id[SERVER_USER_ID_MAX + 1];
    int64_t issued_ms; /* set when it is made */
    int64_t expires_ms;
    char *policy;       /* narrows what the role may; NULL: none; free with server_session_done() */
    struct cJSON *tags; /* a list of Key and Value; NULL: none; likewise */
};
void server_session_done(struct server_session *session);

/* What a client signs with. */
struct server_credentials {
    char key_id[SERVER_KEY_ID_LEN + 1];
    struct sm_secret *secret; /* free with server_credentials_done() */
    char *token;
};
void server_credentials_done(struct server_credentials *credentials);

/*
 * The session of `role` under a name, without policy and end; both ARNs fit.
 *   name  [A-Za-z0-9+=,.@_-], up to 64
 */
void server_session_init(struct server_session *session, const char *role, const char *name);

/* Credentials for it.  Errors: SMCRED_TOO_LARGE (the policy), and those of the seal. */
SM_MUST_CHECK enum smcred_status server_session_create(const struct server *server,
                                                       const struct server_session *session,
                                                       struct server_credentials *out_credentials);

/*
 * What a token says, and the secret half of its key.  Whether it has expired is not asked here.
 * Errors: SMCRED_INVALID (not ours, or of another key).
 */
SM_MUST_CHECK enum smcred_status server_session_open(const struct server *server,
                                                     struct sm_bytes key_id, struct sm_bytes token,
                                                     struct server_session *out_session,
                                                     struct sm_secret **out_secret);

/* The id IAM would show for a principal: `prefix`, AIDA or AROA, and letters that its ARN decides.
 */
void server_principal_id(const char *prefix, const char *arn,
                         char out_id[SERVER_PRINCIPAL_ID_LEN + 1]);

#endif
