/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream.h - the connection to a server, plain or TLS, never blocking.
 *
 * While a session is copied, all streams of the loop share one wire buffer: one recv(2) brings many
 * TLS records, OpenSSL takes them from there, and an idle session holds no buffer at all.  The
 * price is a rule: who reads must go on until RELAY_IO_AGAIN, so that the wire buffer is empty for
 * the next.
 */
#ifndef RELAY_STREAM_H
#define RELAY_STREAM_H

#include <openssl/ssl.h>

#include "common/bytes.h"
#include "relay/buffer.h"

#define RELAY_WIRE_SIZE 131072 /* bytes that one recv(2) may bring */
#define RELAY_RECORD_ROOM                                                                          \
    16640 /* bytes of a TLS record that OpenSSL may hold back, and its frame */

enum relay_io {
    RELAY_IO_DONE,  /* some bytes went */
    RELAY_IO_AGAIN, /* none now; the loop will tell */
    RELAY_IO_EOF,   /* the peer has said its last */
    RELAY_IO_ERROR, /* the connection is broken; errno may say how */
};

/* Received and not yet looked at; empty between two sessions' turns. */
struct relay_wire {
    size_t at, end;
    uint8_t data[RELAY_WIRE_SIZE];
};

struct relay_stream {
    int fd; /* borrowed from the watch that owns it */
    SSL *ssl;
    SSL *prepared;             /* until TLS begins */
    struct relay_buffer first; /* what TLS says first, kept until it may */
    struct relay_wire *wire;   /* NULL: read only what was asked for */
    bool received;             /* there was a recv(2) in this turn */
    bool drained;              /* the last recv(2) emptied the socket */
    bool hung_up;              /* the kernel has announced the end: read until it shows */
};

/* Plain from the start. */
void relay_stream_init(struct relay_stream *stream, int fd);
/*
 * Gives the stream a TLS session, owned from then on, and has it work out its first words while
 * there is nothing else to do.  It stays plain, and nothing is sent.  A server's session has none,
 * and waits.
 */
void relay_stream_prepare(struct relay_stream *stream, SSL *ssl);
/* Puts plain words in front of those, so that one send(2) takes both.  False: no memory. */
SM_MUST_CHECK bool relay_stream_precede(struct relay_stream *stream, struct sm_bytes words);
/* From now on it speaks TLS.  False: no memory. */
SM_MUST_CHECK bool relay_stream_secure(struct relay_stream *stream);
/* Frees the TLS session; the descriptor stays. */
void relay_stream_done(struct relay_stream *stream);

/* Goes on with the TLS handshake; DONE when it is complete. */
enum relay_io relay_stream_handshake(struct relay_stream *stream, bool *out_wants_write);
enum relay_io relay_stream_read(struct relay_stream *stream, void *buffer, size_t size,
                                size_t *out_len);
/* After AGAIN the same bytes, or more behind them, must be offered again. */
enum relay_io relay_stream_write(struct relay_stream *stream, struct sm_bytes bytes,
                                 size_t *out_len);
/* Another's from now on, read only for what is asked for; the older one is as if it was done. */
void relay_stream_move(struct relay_stream *to, struct relay_stream *from);
/* Says that nothing more will be written. */
void relay_stream_shut(struct relay_stream *stream);

/* From now on many records a recv(2), through the loop's buffer. */
void relay_stream_share(struct relay_stream *stream, struct relay_wire *wire);
/* The loop says the descriptor is readable. */
static inline void relay_stream_arrived(struct relay_stream *stream, bool hung_up)
{
    stream->drained = false;
    stream->hung_up |= hung_up;
}

/*
 * A turn begins: reads until AGAIN give what OpenSSL held back and what one recv(2) brings, at most
 * RELAY_WIRE_SIZE + RELAY_RECORD_ROOM bytes.  More may be waiting unless the stream is drained.
 */
static inline void relay_stream_turn(struct relay_stream *stream)
{
    stream->received = false;
}

/* True if a read would find nothing, so that neither the kernel nor OpenSSL need be asked. */
static inline bool relay_stream_is_empty(const struct relay_stream *stream)
{
    return (stream->drained || stream->received) && stream->wire->at == stream->wire->end &&
           (!stream->ssl || !SSL_has_pending(stream->ssl));
}

/* recv(2) and send(2) with the same answers, for the client's end. */
enum relay_io relay_receive(int fd, void *buffer, size_t size, size_t *out_len);
enum relay_io relay_send(int fd, struct sm_bytes bytes, size_t *out_len);

#endif
