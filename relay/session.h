/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session.h - one database session, from the client's descriptor to its last counter.
 *
 *   STARTUP -> ASKING -> DIALLING -> LOGIN <-> PROVING -> COPYING -> OVER
 *                 ^                    |          |          any phase -> OVER
 *                 +---- refused -------+----------+ the keeper gives the attempt up
 */
#ifndef RELAY_SESSION_H
#define RELAY_SESSION_H

#include <sys/socket.h>

#include "common/oracle.h"
#include "common/wire.h"
#include "relay/endpoint.h"
#include "relay/error.h"
#include "relay/loop.h"
#include "relay/mysql_guard.h"
#include "relay/protocol.h"
#include "relay/pump.h"
#include "relay/stream.h"

#define RELAY_NAME_MAX 256 /* bytes of a name from the keeper, NUL included */
#define RELAY_KEY_MAX  256 /* bytes of a cancel key, protocol 3.2 */

struct relay;
struct relay_identity;
struct mysql_standing;

enum relay_phase {
    RELAY_STARTUP,   /* the client is to say what it wants */
    RELAY_ASKING,    /* the keeper is to say where, and as whom */
    RELAY_DIALLING,  /* connecting, TLS */
    RELAY_LOGIN,     /* the server is to say something */
    RELAY_PROVING,   /* the keeper is to answer the server's challenge */
    RELAY_COPYING,   /* logged in */
    RELAY_LINGERING, /* ended, and said why: the client is to read it */
    RELAY_OVER,      /* freed after this round of the loop */
};

/* Of the client's login, for the next one on its connection. */
struct relay_recall {
    uint32_t capabilities, extended, max_packet;
    uint8_t charset;
    const char *plugin;     /* that its client has, whatever it prefers */
    struct mysql_flow flow; /* of what it says once it is logged in */
};

/* Where the keeper said to go; exists while dialling and logging in. */
struct relay_route {
    struct sockaddr_storage addresses[ORC_ADDRESSES_MAX];
    socklen_t lengths[ORC_ADDRESSES_MAX];
    size_t count, next; /* next: the one to try now */
    bool connected;     /* the transport stands */
    bool hearing;       /* and a server that speaks first is listened to */
    bool asked_for_tls; /* or the protocol has said that it wants TLS */
    bool is_kept;       /* another session has left the transport behind */
    bool resumes;       /* the server is offered to go on with an earlier TLS session */
    bool again;         /* the connection is the one of the attempt before, which was refused */
    int last_errno;
    char user[RELAY_NAME_MAX], dbname[RELAY_NAME_MAX], application[RELAY_NAME_MAX];
};

struct relay_session {
    struct relay_session *next, *previous;
    struct relay *relay;
    const struct relay_protocol *protocol;
    void *state; /* the protocol's */
    enum relay_phase phase;
    uint64_t id;
    int64_t started_ms;
    int64_t login_deadline_ms; /* 0 until the first dial */
    uint32_t attempt;          /* the keeper's number of this dial */
    struct relay_timer deadline;
    struct relay_watch client, server;
    struct relay_stream stream, client_stream; /* of the server; of the client */
    struct relay_pump pump;
    const struct relay_identity *identity; /* to show to the client; NULL: it gets no TLS */
    struct relay_endpoint *endpoint;
    struct relay_route *route;
    bool is_anew; /* logged in until the keeper says where to: the server's connection stands */
    struct relay_recall recall;
    int64_t keep_ms; /* how long the server's connection may outlive the session; 0: it does not */
    struct mysql_standing *standing; /* it may: what the connection is.  NULL: it may not */
    bool may_replicate; /* where replication is asked for once the client is logged in */
    bool is_cancel;     /* the connection carries a cancel request, and nobody listens */

    /* What a restarted keeper and a cancel request want to know. */
    uint64_t login; /* the keeper's, for ALIVE */
    char *target, *operator_name, *user, *dbname, *version;
    struct sockaddr_storage address;
    socklen_t address_len;
    uint32_t backend_pid;
    uint32_t told_pid; /* by which the client knows it, where that was said before the login */
    uint8_t key[RELAY_KEY_MAX];
    size_t key_len;
};

/*
 * Starts a session on a client's descriptor, owned from then on, also on failure.
 * The message is the keeper's SESSION.
 */
void relay_session_start(struct relay *relay, const struct sm_wire_in *message, int fd);
/* Frees a session that is over; relay.c does, between two rounds. */
void relay_session_free(struct relay_session *session);

/* The keeper's messages about this session. */
void relay_session_opened(struct relay_session *session, const struct sm_wire_in *message);
void relay_session_proof(struct relay_session *session, const struct sm_wire_in *message);
void relay_session_wait(struct relay_session *session, const struct sm_wire_in *message);
void relay_session_interrupt(struct relay_session *session, const struct sm_wire_in *message);
/* The keeper is gone: a login cannot go on, a session can. */
void relay_session_orphaned(struct relay_session *session);
/* Tells a new keeper about a session that the one before has opened. */
void relay_session_say_alive(const struct relay_session *session);

/* The loop has news of the server's descriptor, for upstream.c to register. */
void relay_session_server_event(struct relay_watch *watch, uint32_t events);

/* Called by the protocol: */

/* A message about this session, to be filled and sent by relay_session_tell(). */
void relay_session_message(const struct relay_session *session, struct sm_wire_out *out,
                           void *buffer, size_t size, enum orc_verb verb);
/* Sends it; from then on the keeper has time until its deadline.  False: the session is over. */
bool relay_session_ask(struct relay_session *session, struct sm_wire_out *out,
                       enum relay_phase phase);
/* The client said what it wants; its wishes are in `out` (ORC_OPEN).  Not where the server speaks
 * first. */
void relay_session_open(struct relay_session *session, struct sm_wire_out *out);
/* The server was heard: now the client is to say what it wants. */
void relay_session_await_client(struct relay_session *session);
/* The server, which was heard before it, may go on: the client has said what it wants. */
void relay_session_go_on(struct relay_session *session);
/* Why a server refused the credentials, in its own words. */
struct relay_verdict {
    const char *sqlstate, *text;
    const char *routine; /* NULL: it does not say */
    uint32_t code;       /* MySQL's number; 0: none */
};
/* The server refused the credentials: asks the keeper for another attempt. */
void relay_session_refused(struct relay_session *session, const struct relay_verdict *verdict);
/* The server has heard none of the attempt's proofs: the keeper is to give them once more. */
void relay_session_again(const struct relay_session *session);
/* Logged in.  `greeting` is for the client; the buffer is taken. */
void relay_session_logged_in(struct relay_session *session, struct relay_buffer *greeting);
/* Another session of this relay; NULL if none has this key. */
const struct relay_session *relay_session_of_key(const struct relay *relay, uint32_t backend_pid,
                                                 struct sm_bytes key);
/* Another session of this relay at the same server, whose client knows it by this number only. */
const struct relay_session *relay_session_of_told(const struct relay_session *session,
                                                  uint32_t told_pid);
/* The connection carries a cancel request: dials the server of `other`. */
void relay_session_cancel(struct relay_session *session, const struct relay_session *other);

/* Says the error to the client, at once or when it can hear it, and ends the session. */
void relay_session_fail(struct relay_session *session, const char *outcome,
                        const struct relay_error *error);
/* Passes the server's own words to the client and ends the session. */
void relay_session_relay_error(struct relay_session *session, struct sm_bytes words,
                               const char *sqlstate, const char *text);
/* Why nobody changes the password of the session's own user: for a protocol that overhears it. */
struct relay_error relay_session_own_password(const struct relay_session *session);
/* Ends it without a word.  sqlstate and text may be NULL. */
void relay_session_end(struct relay_session *session, const char *outcome, const char *sqlstate,
                       const char *text);

#endif
