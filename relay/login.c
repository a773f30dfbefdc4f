/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login.c - the buffers and the I/O of a login, whatever the protocol.
 */
#include "relay/login.h"

#include "relay/relay.h"

static struct relay_buffer *buffer_at(struct relay_session *session,
                                      const struct relay_login_buffer *place)
{
    return (struct relay_buffer *)(void *)((char *)session->state + place->offset);
}

bool relay_login_begin(struct relay_session *session, size_t size,
                       const struct relay_login_buffer *buffers)
{
    session->state = calloc(1, size);
    if (!session->state)
        return false;
    for (const struct relay_login_buffer *at = buffers; at->max > 0; at++)
        *buffer_at(session, at) = relay_buffer(at->max);
    return true;
}

void relay_login_clear(struct relay_session *session, const struct relay_login_buffer *buffers)
{
    for (const struct relay_login_buffer *at = buffers; at->max > 0; at++)
        relay_buffer_clear(buffer_at(session, at));
}

void relay_login_finish(struct relay_session *session, size_t size,
                        const struct relay_login_buffer *buffers)
{
    if (!session->state)
        return;
    relay_login_clear(session, buffers);
    explicit_bzero(session->state, size);
    free(session->state);
    session->state = NULL;
}

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

enum relay_io relay_login_read_some(struct relay_stream *stream, struct relay_buffer *buffer)
{
    uint8_t chunk[4096];
    size_t got = 0, room = buffer->max - buffer->len;
    enum relay_io io =
        relay_stream_read(stream, chunk, room < sizeof chunk ? room : sizeof chunk, &got);
    if (io == RELAY_IO_DONE && relay_buffer_add(buffer, sm_bytes(chunk, got)) != SMCRED_OK) {
        errno = ENOMEM;
        io = RELAY_IO_ERROR;
    }
    explicit_bzero(chunk, got);
    return io;
}

void relay_login_hear_client(struct relay_session *session,
                             enum relay_io (*read)(struct relay_session *session),
                             bool (*take)(struct relay_session *session), const char *impossible)
{
    for (;;) {
        switch (read(session)) {
        case RELAY_IO_AGAIN:
            return;
        case RELAY_IO_EOF:
            relay_session_end(session, "closed", NULL, "the client left before it said anything");
            return;
        case RELAY_IO_ERROR:
            if (errno == EPROTO)
                relay_login_refuse(session, RELAY_PROTOCOL_BROKEN, impossible);
            else
                relay_session_end(session, "closed", NULL, strerror(errno));
            return;
        case RELAY_IO_DONE:
            if (!take(session))
                return;
        }
    }
}

void relay_login_refuse(struct relay_session *session, const char *sqlstate, const char *text)
{
    struct relay_error error = relay_error(sqlstate, "%s", text);
    relay_session_fail(session, "failed", &error);
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

void relay_login_listen(struct relay_session *session, struct relay_buffer *from_server,
                        bool (*take)(struct relay_session *session))
{
    while (session->phase == RELAY_LOGIN && take(session)) {
        switch (relay_login_read_some(&session->stream, from_server)) {
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
