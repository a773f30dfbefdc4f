/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pgsql.h - what pgsql.c (the client's side of a login) and pgsql_login.c (the server's) share.
 */
#ifndef RELAY_PGSQL_H
#define RELAY_PGSQL_H

#include "relay/pgsql_message.h"
#include "relay/scram.h"
#include "relay/session.h"

/* What the server may have been asked and told; one challenge an attempt. */
enum pgsql_step {
    PGSQL_STEP_START,      /* startup packet sent */
    PGSQL_STEP_SASL_FIRST, /* our nonce sent */
    PGSQL_STEP_ASKED,      /* the keeper has the challenge */
    PGSQL_STEP_SASL_FINAL, /* proof sent; the server must show its signature */
    PGSQL_STEP_PROVEN,     /* nothing is owed: AuthenticationOk may come */
    PGSQL_STEP_ACCEPTED,   /* AuthenticationOk came; until ReadyForQuery */
};

/* session->state of a PostgreSQL session that is not logged in yet. */
struct pgsql {
    struct relay_buffer packet; /* the client's first packet */
    struct pgsql_startup startup;
    bool ssl_asked, gss_asked;

    struct relay_buffer from_server, to_server;
    struct relay_buffer greeting; /* for the client, once the login has succeeded */
    struct relay_buffer notices;  /* that came before AuthenticationOk */
    struct relay_buffer refusal;  /* the server's ErrorResponse to the last attempt */
    enum pgsql_step step;
    struct scram scram;
    uint8_t server_signature[SCRAM_DIGEST];
};

/* pgsql_login.c */
enum relay_starttls pgsql_starttls(struct relay_session *session);
void pgsql_server_connected(struct relay_session *session);
void pgsql_server_ready(struct relay_session *session);
void pgsql_proof(struct relay_session *session, struct sm_bytes proof,
                 struct sm_bytes server_signature);
bool pgsql_say_refusal(struct relay_session *session);

#endif
