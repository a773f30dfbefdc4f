/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client.c - called by session.c, and by the protocols while their clients log in.
 */
#include "relay/client.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include "relay/identity.h"
#include "relay/relay.h"

#define DISCARD_MAX   16   /* reads of a client's last bytes, so that its end is no reset */
#define TLS_HANDSHAKE 0x16 /* the first byte of a TLS connection (RFC 8446, 5.1) */

/* ---- TLS ---- */

bool relay_client_may_have_tls(const struct relay_session *session)
{
    return session->identity && !session->client_stream.ssl;
}

bool relay_client_begins_with_tls(const struct relay_session *session)
{
    uint8_t first = 0;
    return relay_client_may_have_tls(session) &&
           recv(session->client.fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 &&
           first == TLS_HANDSHAKE;
}

static void fail_tls(struct relay_session *session)
{
    unsigned long code = ERR_peek_error();
    const char *why = code != 0 ? ERR_reason_error_string(code) : NULL;
    struct relay_error error =
        relay_error(RELAY_PROTOCOL_BROKEN, "TLS with the client failed: %s", why ? why : "it left");
    relay_session_end(session, "failed", error.sqlstate, error.text);
}

static void shake_hands(struct relay_session *session)
{
    bool wants_write = false;
    enum relay_io io = relay_stream_handshake(&session->client_stream, &wants_write);
    if (io == RELAY_IO_EOF || io == RELAY_IO_ERROR) {
        fail_tls(session);
        return;
    }
    relay_loop_want_write(&session->relay->loop, &session->client,
                          io == RELAY_IO_AGAIN && wants_write);
    if (io == RELAY_IO_DONE)
        session->protocol->client_ready(session);
}

void relay_client_secure(struct relay_session *session)
{
    relay_stream_prepare(&session->client_stream, relay_identity_session(session->identity));
    if (relay_stream_secure(&session->client_stream))
        shake_hands(session);
    else
        relay_session_end(session, "failed", RELAY_NO_MEMORY, "cannot prepare TLS with the client");
}

bool relay_client_is_shaking_hands(const struct relay_session *session)
{
    return session->client_stream.ssl && !SSL_is_init_finished(session->client_stream.ssl);
}

void relay_client_step(struct relay_session *session)
{
    if (relay_client_is_shaking_hands(session))
        shake_hands(session);
    else
        session->protocol->client_ready(session);
}

/* ---- words ---- */

bool relay_client_say(struct relay_session *session, struct sm_bytes words)
{
    const uint8_t *at = words.data;
    size_t left = words.len;
    if (relay_client_is_shaking_hands(session))
        return false;
    while (left > 0) {
        size_t sent = 0;
        if (relay_stream_write(&session->client_stream, sm_bytes(at, left), &sent) != RELAY_IO_DONE)
            return false;
        at += sent;
        left -= sent;
    }
    return true;
}

void relay_client_reset(struct relay_session *session)
{
    static const struct linger reset = {.l_onoff = 1};
    (void)setsockopt(session->client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

void relay_client_hang_up(struct relay_session *session)
{
    char void_bytes[4096];
    size_t got = 0;
    int fd = relay_loop_forget(&session->relay->loop, &session->client);
    if (fd < 0)
        return;
    relay_stream_shut(&session->client_stream);
    relay_stream_done(&session->client_stream);
    for (int i = 0; i < DISCARD_MAX; i++) {
        if (relay_receive(fd, void_bytes, sizeof void_bytes, &got) != RELAY_IO_DONE)
            break;
    }
    sm_close_fd(&fd);
}
