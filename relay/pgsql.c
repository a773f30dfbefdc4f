/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pgsql.c - PostgreSQL's protocol: the client's first packets, and the table of the rest.
 *
 * The client's end is a Unix socket or a loopback pair made by the keeper, so encryption is for
 * those who ask for it alone.
 */
#include "relay/pgsql.h"

#include "relay/client.h"
#include "relay/login.h"
#include "relay/pgsql_guard.h"

/* FATAL, as the session ends. */
static enum smcred_status write_error(const struct relay_session *session, struct relay_buffer *out,
                                      const struct relay_error *error)
{
    (void)session; /* every message stands for itself */
    return pgsql_error_write(out, error);
}

static const struct relay_login_buffer buffers[] = {
    {offsetof(struct pgsql, packet), PGSQL_STARTUP_MAX + 4},
    {offsetof(struct pgsql, from_server), PGSQL_MESSAGE_MAX + 1},
    {offsetof(struct pgsql, to_server), 2 * PGSQL_STARTUP_MAX},
    {offsetof(struct pgsql, greeting), 2 * PGSQL_MESSAGE_MAX},
    {offsetof(struct pgsql, notices), PGSQL_MESSAGE_MAX},
    {offsetof(struct pgsql, refusal), PGSQL_MESSAGE_MAX + 1},
    {0},
};

static bool begin(struct relay_session *session)
{
    return relay_login_begin(session, sizeof(struct pgsql), buffers);
}

static void finish(struct relay_session *session)
{
    relay_login_finish(session, sizeof(struct pgsql), buffers);
}

/* To a request for encryption: 'S', or 'N'.  False: the session ended. */
static bool answer_request(struct relay_session *session, const char *word)
{
    relay_buffer_clear(&((struct pgsql *)session->state)->packet);
    if (relay_client_say(session, sm_bytes(word, 1)))
        return true;
    relay_session_end(session, "closed", NULL, NULL);
    return false;
}

/* GSSAPI is declined, and TLS where the target has none.  True: another packet follows. */
static bool negotiate(struct relay_session *session)
{
    bool accepts = ((struct pgsql *)session->state)->startup.version == PGSQL_SSL_REQUEST &&
                   relay_client_may_have_tls(session);
    if (!accepts)
        return answer_request(session, "N");
    if (answer_request(session, "S"))
        relay_client_secure(session);
    return false;
}

static void forward_cancel(struct relay_session *session)
{
    const struct pgsql *pgsql = session->state;
    const struct relay_session *other =
        relay_session_of_key(session->relay, pgsql->startup.backend_pid, pgsql->startup.key);
    if (other)
        relay_session_cancel(session, other);
    else /* as PostgreSQL does: not a word to who guesses */
        relay_session_end(session, "refused", NULL, "cancel request with an unknown key");
}

static void ask_to_open(struct relay_session *session)
{
    const struct pgsql_startup *startup = &((struct pgsql *)session->state)->startup;
    uint8_t buffer[PGSQL_STARTUP_MAX + 256];
    struct sm_wire_out out;
    if (startup->has_user && startup->user[0] == '\0') {
        struct relay_error error =
            relay_error(RELAY_NOT_AUTHORIZED, "the startup packet has an empty user name");
        relay_session_fail(session, "refused", &error);
        return;
    }
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_OPEN);
    sm_wire_put_text(&out, ORC_T_USER, startup->has_user ? startup->user : NULL);
    sm_wire_put_text(&out, ORC_T_DBNAME, startup->has_database ? startup->database : NULL);
    sm_wire_put_text(&out, ORC_T_APPLICATION,
                     startup->has_application_name ? startup->application_name : NULL);
    if (pgsql_startup_replicates(startup))
        sm_wire_put(&out, ORC_T_REPLICATION, sm_bytes("", 0));
    relay_session_open(session, &out);
}

/* One whole packet is here.  True if another one follows. */
static bool answer_packet(struct relay_session *session)
{
    struct pgsql *pgsql = session->state;
    struct relay_error error;
    enum smcred_status status =
        pgsql_startup_parse(relay_buffer_view(&pgsql->packet), &pgsql->startup, &error);
    if (status != SMCRED_OK) {
        relay_session_fail(session, "failed", &error);
        return false;
    }
    bool *asked = pgsql->startup.version == PGSQL_SSL_REQUEST      ? &pgsql->ssl_asked
                  : pgsql->startup.version == PGSQL_GSSENC_REQUEST ? &pgsql->gss_asked
                                                                   : NULL;
    if (asked && !*asked) {
        *asked = true;
        return negotiate(session);
    }
    if (asked)
        relay_login_refuse(session, RELAY_PROTOCOL_BROKEN, "encryption was asked for twice");
    else if (pgsql->startup.version == PGSQL_CANCEL_REQUEST)
        forward_cancel(session);
    else
        ask_to_open(session);
    return false;
}

/* PostgreSQL 17: TLS without having asked for it (sslnegotiation=direct). */
static bool begins_with_tls(const struct relay_session *session)
{
    const struct pgsql *pgsql = session->state;
    return pgsql->packet.len == 0 && !pgsql->ssl_asked && !pgsql->gss_asked &&
           relay_client_begins_with_tls(session);
}

static enum relay_io read_packet(struct relay_session *session)
{
    struct pgsql *pgsql = session->state;
    return relay_login_read_packet(&session->client_stream, &pgsql->packet, pgsql_startup_len);
}

static void client_ready(struct relay_session *session)
{
    if (begins_with_tls(session))
        relay_client_secure(session);
    else
        relay_login_hear_client(session, read_packet, answer_packet,
                                "the startup packet has an impossible length");
}

/* ReadyForQuery is the last thing said: the server is idle and the client between two messages. */
static bool may_interrupt(const struct relay_session *session)
{
    static const uint8_t ready_for_query[5] = {'Z', 0, 0, 0, 5}; /* and the transaction's status */
    return memcmp(session->pump.tail + RELAY_TAIL - 6, ready_for_query, sizeof ready_for_query) ==
           0;
}

/* What would lock everybody out until the next rotation: psql's \password, above all. */
static enum relay_overheard overhear(const struct relay_session *session, struct sm_bytes words,
                                     struct relay_buffer *answer)
{
    if (!may_interrupt(session) || !pgsql_says_sets_password(words, session->user))
        return RELAY_PASS_ON;
    struct relay_error error = relay_session_own_password(session);
    bool said =
        pgsql_refusal_write(answer, &error, session->pump.tail[RELAY_TAIL - 1]) == SMCRED_OK;
    return said ? RELAY_ANSWERED : RELAY_PASS_ON;
}

const struct relay_protocol relay_pgsql = {
    .engine = "postgres",
    .begin = begin,
    .finish = finish,
    .client_ready = client_ready,
    .starttls = pgsql_starttls,
    .server_connected = pgsql_server_connected,
    .server_ready = pgsql_server_ready,
    .proof = pgsql_proof,
    .say_refusal = pgsql_say_refusal,
    .write_error = write_error,
    .overhear = overhear,
    .may_interrupt = may_interrupt,
};
