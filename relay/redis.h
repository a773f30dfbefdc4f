/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis.h - what redis.c (the client's side) and redis_login.c (the server's) share.
 */
#ifndef RELAY_REDIS_H
#define RELAY_REDIS_H

#include "relay/redis_filter.h"
#include "relay/session.h"

/* What of the server's is awaited in this attempt. */
enum redis_step {
    REDIS_STEP_SILENT,   /* nothing: the keeper has the password */
    REDIS_STEP_PROVEN,   /* the verdict */
    REDIS_STEP_SELECTED, /* whether there is such a database */
    REDIS_STEP_NAMED,    /* whether the connection may have a name: the last answer */
};

/* session->state of a Redis session. */
struct redis {
    struct relay_buffer from_client; /* what it has said before the login was over */
    char name[RELAY_NAME_MAX];       /* that it wants for its connection */
    enum redis_step step;
    unsigned
        unheard; /* answers of the server to what was said behind a login that it has refused */
    struct relay_buffer from_server, to_server;
    struct relay_buffer refusal; /* the server's error in the last attempt */
    struct redis_filter filter;  /* once it is logged in */
};

/* redis_login.c */
enum relay_starttls redis_starttls(struct relay_session *session);
void redis_server_connected(struct relay_session *session);
void redis_server_ready(struct relay_session *session);
void redis_proof(struct relay_session *session, struct sm_bytes proof,
                 struct sm_bytes server_signature);
bool redis_say_refusal(struct relay_session *session);

/* redis.c: what the client has said so far goes to the server; answers of ours to `greeting`. */
bool redis_say_all(struct relay_session *session, struct relay_buffer *greeting);

#endif
