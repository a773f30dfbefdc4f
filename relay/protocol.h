/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * protocol.h - what a database's protocol must know to be relayed.
 *
 * session.c drives a session from the client's descriptor to the last counter and calls these when
 * a step needs the protocol.  A new engine is a file that fills this table and one line in
 * session.c.
 */
#ifndef RELAY_PROTOCOL_H
#define RELAY_PROTOCOL_H

#include "common/bytes.h"
#include "relay/error.h"

struct relay_buffer;
struct relay_session;

#define RELAY_TAIL 11 /* bytes of the server's last words that are remembered */

enum relay_starttls { RELAY_STARTTLS_WAIT, RELAY_STARTTLS_GO, RELAY_STARTTLS_FAILED };

enum relay_overheard {
    RELAY_PASS_ON,  /* they are the server's business */
    RELAY_ANSWERED, /* they were answered here, and the server shall not hear them */
    RELAY_REWORDED, /* the server shall hear the answer instead */
    RELAY_KEPT, /* nobody shall hear them: the server's connection is not the session's any more */
    RELAY_GOODBYE, /* the server shall hang up when it has heard them */
    RELAY_ANEW,    /* the client wants another login: log_in_anew() hears them */
};

/* Of a client's words: how many go on as they are, and how many are done with. */
struct relay_sifted {
    size_t pass, taken;
};

struct relay_protocol {
    const char *engine; /* as in ORC_T_ENGINE */

    /* Allocates session->state.  False: no memory. */
    bool (*begin)(struct relay_session *session);
    /*
     * The login is over, one way or the other: wipes and frees what session->state had for it, and,
     * once the session is RELAY_OVER, all of it.
     */
    void (*finish)(struct relay_session *session);

    /*
     * Bytes came from the client before it has said what it wants: read them, then ask the keeper,
     * or, if the server was heard first, relay_session_go_on().
     */
    void (*client_ready)(struct relay_session *session);
    /*
     * The client has said nothing for as long as it may.  True: that is no wish either, and it is
     * logged in.  NULL: it has to speak.
     */
    bool (*is_silent)(const struct relay_session *session);
    /*
     * The transport stands, and here the server speaks first, in plain text: hear it, and say so to
     * the client.  NULL: the client speaks first.  Such a session is opened at the keeper before
     * anything is known of the client's wishes, and its client is in phase STARTUP while the server
     * waits.
     */
    enum relay_starttls (*hear_server)(struct relay_session *session);
    /* The transport stands, and TLS was asked for: agree on it with the server. */
    enum relay_starttls (*starttls)(struct relay_session *session);
    /* The server was reached, over TLS if it had to be: log in. */
    void (*server_connected)(struct relay_session *session);
    /* Bytes came from the server, or it can take some, while logging in. */
    void (*server_ready)(struct relay_session *session);
    /*
     * The keeper's answer to a challenge.  Both are wiped by the caller.
     *   server_signature  empty where the method has none
     */
    void (*proof)(struct relay_session *session, struct sm_bytes proof,
                  struct sm_bytes server_signature);
    /* The keeper makes no other attempt: says what the server said, if it did; else false. */
    bool (*say_refusal)(struct relay_session *session);

    /*
     * The session is to fail, with an error that the client would not understand before it has been
     * greeted.  True: it is kept, and said when the client has answered the greeting.  NULL: every
     * error can be said at any time.
     */
    bool (*postpone)(struct relay_session *session, const char *outcome,
                     const struct relay_error *error);
    /* Appends the error in the protocol's own form. */
    enum smcred_status (*write_error)(const struct relay_session *session, struct relay_buffer *out,
                                      const struct relay_error *error);
    /*
     * The client's first words after the server's last.  `answer` is said to the client if they are
     * RELAY_ANSWERED, and to the server if they are RELAY_REWORDED.  NULL: nobody listens.
     */
    enum relay_overheard (*overhear)(const struct relay_session *session, struct sm_bytes words,
                                     struct relay_buffer *answer);
    /*
     * The client has said its last words, RELAY_GOODBYE: takes the server's connection away for a
     * login to come.  False: they are the server's to hear.  NULL: as every time.
     */
    bool (*keep)(struct relay_session *session);
    /*
     * A client has come, and the keeper is to be asked about it: greets it, if there is a
     * connection that was kept.  False: the session ended.  NULL: there never is.
     */
    bool (*greet_early)(struct relay_session *session);
    /*
     * Before a server is dialled: goes on over that connection, as if it had just been dialled and
     * heard.  False: there is none, or it will not do.  With the former.
     */
    bool (*go_on_early)(struct relay_session *session);
    /*
     * Begins another login, for a client that was logged in: has its say, then
     * relay_session_open().  state is new; the server's connection stands until the keeper agrees.
     */
    void (*log_in_anew)(struct relay_session *session, struct sm_bytes words);
    /* Says the server that no more comes, before its connection is given up for another. */
    void (*part)(struct relay_session *session);
    /*
     * What of the client's words the server may hear: the first `pass` of them, then `instead`; the
     * rest of what is taken is dropped.  `answer` is said to the client, at once.  Called until all
     * are taken.  False: the session must end.  NULL: all of it.
     */
    bool (*sift)(struct relay_session *session, struct sm_bytes words,
                 struct relay_sifted *out_sifted, struct relay_buffer *instead,
                 struct relay_buffer *answer);
    const char *sift_failed; /* why the session ends then */
    /* The server's words, on their way to the client.  NULL: nobody looks at them. */
    void (*follow)(struct relay_session *session, struct sm_bytes words);
    /* True if the server's last bytes, pump.tail, show that an error may be put behind them. */
    bool (*may_interrupt)(const struct relay_session *session);
    /* Its clients read such an error when they have said their next command, and not before. */
    bool reads_late;
    /* Its servers hear another login on the connection on which they have refused one. */
    bool hears_again;
};

extern const struct relay_protocol relay_mysql, relay_pgsql, relay_redis;

#endif
