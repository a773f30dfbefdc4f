/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * relay.h - the process: one loop, the parent's and the keeper's sockets, and the sessions.
 */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include "common/wire.h"
#include "relay/endpoint.h"
#include "relay/identity.h"
#include "relay/keeper.h"
#include "relay/loop.h"
#include "relay/mysql_kept.h"
#include "relay/session.h"

#define RELAY_SESSIONS_MAX  8192
#define RELAY_ENDPOINTS_MAX 1024

/* How long a peer may take; nothing is limited once a session is logged in. */
struct relay_deadlines {
    int64_t startup_ms; /* the client, to say what it wants */
    int64_t connect_ms; /* one server, all its addresses and TLS */
    int64_t keeper_ms;  /* the keeper, to answer */
    int64_t login_ms;   /* the server, from the first dial until it is ready */
};

struct relay {
    struct relay_loop loop;
    struct relay_deadlines deadlines;
    struct relay_watch parent;
    struct relay_keeper keeper;
    struct relay_endpoint *endpoints;
    size_t endpoint_count;
    struct relay_identities identities;
    struct relay_session *sessions, *over;
    size_t session_count;
    struct mysql_kept kept;
    bool draining; /* take nothing new; stop when the last session is over */

    /* Buffers of whoever has his turn; empty, or of no more meaning, when it ends. */
    struct relay_wire wire;
    uint8_t plain[RELAY_PLAIN_SIZE];
    uint8_t packet[SM_WIRE_MAX];
};

extern const struct relay_deadlines relay_deadlines_default;

/*
 * Makes a relay that listens to the parent.
 *   parent_fd  the relay's end of S0, owned from then on, also on failure
 *   out_relay  free with relay_free()
 * Errors: SMCRED_SYSTEM, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status relay_new(int parent_fd, const struct relay_deadlines *deadlines,
                                           struct relay **out_relay);
void relay_free(struct relay *relay);
/* Until it was told to drain, or the parent is gone, and the last session has ended. */
void relay_run(struct relay *relay);

/* For keeper.c and session.c. */
void relay_drain(struct relay *relay);
struct relay_session *relay_find_session(const struct relay *relay, uint64_t id);
struct relay_endpoint *relay_find_endpoint(const struct relay *relay, uint32_t number);
/* Takes the endpoint; one of the same number before it must not be. */
void relay_add_endpoint(struct relay *relay, struct relay_endpoint *endpoint);
void relay_add_session(struct relay *relay, struct relay_session *session);
/* Off the list of the living; freed between two rounds. */
void relay_bury_session(struct relay *relay, struct relay_session *session);

#endif
