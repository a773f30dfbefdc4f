/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * upstream.c - dialling.
 *
 * An address that cannot be connected to is passed over; a server that was reached and then fails,
 * refuses TLS or shows a wrong certificate ends the attempt, as it is the one that was meant.
 */
#include "relay/upstream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "common/clock.h"
#include "common/log.h"
#include "relay/relay.h"

#define CONNECT_MIN_MS 2000 /* for each of several addresses, however many there are */

void relay_upstream_close(struct relay_session *session)
{
    relay_stream_done(&session->stream);
    int fd = relay_loop_forget(&session->relay->loop, &session->server);
    sm_close_fd(&fd);
}

static void fail(struct relay_session *session, const char *what, const char *why)
{
    struct relay_error error =
        relay_error(RELAY_CANNOT_CONNECT, "%s \"%s\": %s", what, session->endpoint->host, why);
    relay_session_fail(session, "failed", &error);
}

static int64_t share_of_deadline(const struct relay_session *session)
{
    int64_t whole_ms = session->relay->deadlines.connect_ms;
    int64_t share_ms = whole_ms / (int64_t)session->route->count;
    int64_t least_ms = whole_ms < CONNECT_MIN_MS ? whole_ms : CONNECT_MIN_MS;
    return share_ms > least_ms ? share_ms : least_ms;
}

/* While the connection is made, and a server that greets thinks of what to say. */
static void prepare_tls(struct relay_session *session)
{
    if (session->endpoint->tls == ORC_TLS_DISABLE)
        return;
    relay_stream_prepare(&session->stream,
                         relay_endpoint_session(session->endpoint, &session->route->resumes));
}

/* Begins to connect to one address; false if that failed at once (errno says why). */
static bool connect_to(struct relay_session *session, const struct sockaddr_storage *address,
                       socklen_t len)
{
    static const int on = 1;
    sm_autoclose int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    if (address->ss_family != AF_UNIX) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* slower without */
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on); /* dies later without */
    }
    if (connect(fd, (const struct sockaddr *)address, len) != 0 && errno != EINPROGRESS)
        return false;
    session->server.ready = relay_session_server_event;
    if (relay_loop_watch(&session->relay->loop, &session->server, fd, true) != SMCRED_OK)
        return false;
    relay_stream_init(&session->stream, sm_take_fd(&fd));
    prepare_tls(session);
    return true;
}

void relay_upstream_dial(struct relay_session *session)
{
    struct relay_route *route = session->route;
    session->phase = RELAY_DIALLING;
    for (; route->next < route->count; route->next++) {
        relay_upstream_close(session);
        if (connect_to(session, &route->addresses[route->next], route->lengths[route->next])) {
            int64_t deadline_ms = sm_boot_ms() + share_of_deadline(session);
            relay_loop_arm(&session->relay->loop, &session->deadline,
                           deadline_ms < session->login_deadline_ms ? deadline_ms
                                                                    : session->login_deadline_ms);
            return; /* the loop tells when it stands */
        }
        route->last_errno = errno;
    }
    fail(session, "cannot connect to", strerror(route->last_errno));
}

static void try_next(struct relay_session *session, int error)
{
    session->route->last_errno = error;
    session->route->next++;
    relay_upstream_dial(session);
}

void relay_upstream_expired(struct relay_session *session)
{
    if (!session->route->connected && sm_boot_ms() < session->login_deadline_ms)
        try_next(session, ETIMEDOUT);
    else
        fail(session, session->route->connected ? "no answer in time from" : "cannot connect to",
             session->route->connected ? "it was reached, and did not go on" : "it took too long");
}

/* True if the transport stands; otherwise there is more to wait for, or it was handled. */
static bool transport_stands(struct relay_session *session)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(session->server.fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error == 0) {
        struct sockaddr_storage peer;
        len = sizeof peer;
        if (getpeername(session->server.fd, (struct sockaddr *)&peer, &len) != 0)
            return false; /* a first event, sent before anything happened */
        return true;
    }
    try_next(session, error);
    return false;
}

void relay_upstream_redial(struct relay_session *session)
{
    struct relay_route *route = session->route;
    route->connected = route->hearing = route->asked_for_tls = route->resumes = false;
    route->is_kept = false;
    relay_upstream_dial(session);
}

/* Some servers give tickets and then stumble over them.  Nothing has been said to it yet. */
static void go_without_tickets(struct relay_session *session)
{
    log_warning("\"%s\" cannot resume a TLS session, and will not be asked to again",
                log_quote(session->endpoint->host));
    relay_tickets_close(&session->endpoint->tickets);
    relay_upstream_redial(session);
}

static bool begin_tls(struct relay_session *session)
{
    switch (session->protocol->starttls(session)) {
    case RELAY_STARTTLS_WAIT:
    case RELAY_STARTTLS_FAILED:
        return false;
    case RELAY_STARTTLS_GO:
        break;
    }
    if (!relay_stream_secure(&session->stream)) {
        struct relay_error error = relay_error(RELAY_NO_MEMORY, "cannot prepare TLS");
        relay_session_fail(session, "failed", &error);
        return false;
    }
    return true;
}

static void hand_over(struct relay_session *session)
{
    relay_loop_arm(&session->relay->loop, &session->deadline, session->login_deadline_ms);
    session->protocol->server_connected(session);
}

static void fail_tls(struct relay_session *session)
{
    long verdict = SSL_get_verify_result(session->stream.ssl);
    unsigned long code = ERR_peek_error();
    if (verdict != X509_V_OK)
        fail(session, "cannot trust the certificate of", X509_verify_cert_error_string(verdict));
    else
        fail(session, "TLS failed with",
             code != 0 && ERR_reason_error_string(code) ? ERR_reason_error_string(code)
                                                        : "the connection was closed");
}

static void shake_hands(struct relay_session *session)
{
    bool wants_write = false;
    switch (relay_stream_handshake(&session->stream, &wants_write)) {
    case RELAY_IO_AGAIN:
        relay_loop_want_write(&session->relay->loop, &session->server, wants_write);
        return;
    case RELAY_IO_EOF:
    case RELAY_IO_ERROR:
        if (session->route->resumes)
            go_without_tickets(session);
        else
            fail_tls(session);
        return;
    case RELAY_IO_DONE:
        break;
    }
    hand_over(session);
}

void relay_upstream_step(struct relay_session *session)
{
    struct relay_route *route = session->route;
    if (!route->connected) {
        if (!transport_stands(session))
            return;
        route->connected = true;
        session->address = route->addresses[route->next];
        session->address_len = route->lengths[route->next];
        relay_loop_want_write(&session->relay->loop, &session->server, false);
    }
    if (!session->stream.ssl && session->protocol->hear_server &&
        session->protocol->hear_server(session) != RELAY_STARTTLS_GO)
        return;
    if (session->endpoint->tls == ORC_TLS_DISABLE) {
        hand_over(session);
        return;
    }
    if (!session->stream.ssl && !begin_tls(session))
        return;
    shake_hands(session);
}
