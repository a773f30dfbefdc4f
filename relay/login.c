/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login.c - the I/O of a login, whatever the protocol.
 */
#include "relay/login.h"

#include "relay/relay.h"

enum relay_io relay_login_read_packet(struct relay_stream *stream, struct relay_buffer *packet,
                                      size_t (*len_of)(const uint8_t head[RELAY_PACKET_HEAD]))
{
    size_t need = RELAY_PACKET_HEAD;
    for (;;) {
        if (packet->len >= RELAY_PACKET_HEAD) {
            need = len_of(relay_buffer_view(packet).data);
            if (packet->len == need)
                return RELAY_IO_DONE;
        }
        uint8_t *room;
        size_t got = 0, missing = need - packet->len;
        if (need == 0 || relay_buffer_reserve(packet, missing, &room) != SMCRED_OK) {
            errno = need == 0 ? EPROTO : ENOMEM;
            return RELAY_IO_ERROR;
        }
        enum relay_io io = relay_stream_read(stream, room, missing, &got);
        if (io != RELAY_IO_DONE)
            return io;
        relay_buffer_grow(packet, got);
    }
}

void relay_login_fail(struct relay_session *session, const char *sqlstate, const char *text)
{
    struct relay_error error =
        relay_error(sqlstate, "server \"%s\" %s", session->endpoint->host, text);
    relay_session_fail(session, "failed", &error);
}

bool relay_login_flush(struct relay_session *session, struct relay_buffer *to_server)
{
    while (to_server->len > 0) {
        size_t sent = 0;
        switch (relay_stream_write(&session->stream, relay_buffer_view(to_server), &sent)) {
        case RELAY_IO_DONE:
            relay_buffer_consume(to_server, sent);
            break;
        case RELAY_IO_AGAIN:
            relay_loop_want_write(&session->relay->loop, &session->server, true);
            return true;
        case RELAY_IO_EOF:
        case RELAY_IO_ERROR:
            relay_login_fail(session, RELAY_CONNECTION_FAILED,
                             "closed the connection during the login");
            return false;
        }
    }
    relay_loop_want_write(&session->relay->loop, &session->server, false);
    return true;
}

/* Some of what the server says, as far as the buffer's maximum allows. */
static enum relay_io read_some(struct relay_session *session, struct relay_buffer *from_server)
{
    uint8_t chunk[4096];
    size_t got = 0;
    size_t room = from_server->max - from_server->len;
    enum relay_io io =
        relay_stream_read(&session->stream, chunk, room < sizeof chunk ? room : sizeof chunk, &got);
    if (io == RELAY_IO_DONE && relay_buffer_add(from_server, sm_bytes(chunk, got)) != SMCRED_OK)
        return RELAY_IO_ERROR;
    return io;
}

void relay_login_listen(struct relay_session *session, struct relay_buffer *from_server,
                        bool (*take)(struct relay_session *session))
{
    while (session->phase == RELAY_LOGIN && take(session)) {
        switch (read_some(session, from_server)) {
        case RELAY_IO_DONE:
            break;
        case RELAY_IO_AGAIN:
            return;
        case RELAY_IO_EOF:
        case RELAY_IO_ERROR:
            relay_login_fail(session, RELAY_CONNECTION_FAILED,
                             "closed the connection during the login");
            return;
        }
    }
}

bool relay_login_is_verified(const struct relay_session *session)
{
    return session->stream.ssl && session->endpoint->tls == ORC_TLS_VERIFY_FULL &&
           SSL_get_verify_result(session->stream.ssl) == X509_V_OK;
}
