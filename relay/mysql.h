/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql.h - what mysql.c (the client's side of a login) and mysql_login.c (the server's) share.
 */
#ifndef RELAY_MYSQL_H
#define RELAY_MYSQL_H

#include "relay/mysql_kept.h"
#include "relay/mysql_packet.h"
#include "relay/session.h"

#define MYSQL_NATIVE "mysql_native_password"
#define MYSQL_SHA2   "caching_sha2_password"

#define MYSQL_PROOF_KEPT 32 /* bytes of the longest proof that is for a nonce alone */

/* What is between client and relay, or relay and server, and cannot be between client and server.
 */
#define MYSQL_NOT_PASSED                                                                           \
    (MYSQL_SSL | MYSQL_COMPRESS | MYSQL_ZSTD | MYSQL_EXPIRED_PASSWORDS | MYSQL_MULTI_FACTOR)

/* How far the client's side of the login is; it is done once, however many attempts follow. */
enum mysql_client {
    MYSQL_CLIENT_UNGREETED,
    MYSQL_CLIENT_GREETED,  /* its response is awaited */
    MYSQL_CLIENT_SWITCHED, /* its answer to an auth switch is awaited */
    MYSQL_CLIENT_HEARD,    /* it waits for the verdict */
};

/* And the server's, in this attempt. */
enum mysql_step {
    MYSQL_STEP_SILENT,  /* its greeting is awaited */
    MYSQL_STEP_GREETED, /* it awaits a response */
    MYSQL_STEP_ASKED,   /* the keeper has the challenge */
    MYSQL_STEP_SALT,    /* the plugin is to say its salt */
    MYSQL_STEP_PROVEN,  /* the answer is sent: a verdict may come, or another question */
};

struct mysql_method;

/* session->state of a MySQL session that is not logged in yet. */
struct mysql {
    enum mysql_client client;
    uint8_t client_sequence;         /* of our next packet to the client */
    struct relay_buffer from_client; /* the packet that is being read */
    struct relay_buffer response;    /* the client's response; what it proved with is wiped */
    struct mysql_response wish;      /* borrowed from there */
    struct mysql_greeting shown;     /* our own greeting */
    const char *family;              /* a plugin that every client of such a server has */
    const char *conversation;        /* the plugin that the client was switched to */
    bool is_anew;                    /* the client was logged in before, and is not greeted */
    bool owes_fast_ok;               /* the client waits for its plugin's word that it is known */
    const char *outcome;             /* of a login that failed before the client was greeted */
    struct relay_error error;        /* and why */

    enum mysql_step step;
    uint8_t server_sequence; /* of the next packet, whoever sends it */
    struct mysql_greeting greeting;
    const struct mysql_method *method;
    uint8_t nonce[MYSQL_SWITCH_MAX];
    size_t nonce_len;
    bool responded;       /* the first packet to the server is sent */
    bool is_password;     /* the keeper was asked for the password itself */
    bool names_are_known; /* the keeper has heard what the client asked for, in any attempt */
    unsigned challenges;  /* of this attempt */
    unsigned begun;       /* its methods, a bit each: the keeper gives no second proof by one */
    uint8_t proof[MYSQL_PROOF_KEPT]; /* what a kept connection was shown, until its verdict */
    size_t proof_len;
    bool renewed;  /* it wanted another one, for another nonce */
    bool foretold; /* and again, for the question that its server is known to ask */
    struct relay_buffer from_server, to_server;
    struct relay_buffer refusal; /* the server's last error */
};

/* mysql_login.c */
enum relay_starttls mysql_hear_server(struct relay_session *session);
enum relay_starttls mysql_starttls(struct relay_session *session);
void mysql_server_connected(struct relay_session *session);
void mysql_server_ready(struct relay_session *session);
void mysql_proof(struct relay_session *session, struct sm_bytes proof,
                 struct sm_bytes server_signature);
bool mysql_say_refusal(struct relay_session *session);
/* What the client asks for, in a message that has it; the keeper hears of it once. */
void mysql_put_wishes(struct relay_session *session, struct sm_wire_out *out);

/* mysql.c: greets the client, which then has its say; false if the session ended. */
bool mysql_greet_client(struct relay_session *session);
/* The same, to say an error when the client has answered: the refusal that is kept, or else ours.
 */
void mysql_greet_before_end(struct relay_session *session, const char *outcome);

#endif
