/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream.c - reading and writing a server's connection.
 *
 * TLS goes through a BIO of our own: OpenSSL's socket BIO costs two recv(2) a record, and its
 * read-ahead moves the rest of its buffer for each.
 */
#include "relay/stream.h"

#include <openssl/err.h>
#include <sys/socket.h>

enum relay_io relay_receive(int fd, void *buffer, size_t size, size_t *out_len)
{
    for (;;) {
        ssize_t len = recv(fd, buffer, size, MSG_DONTWAIT);
        if (len > 0) {
            *out_len = (size_t)len;
            return RELAY_IO_DONE;
        }
        if (len == 0)
            return RELAY_IO_EOF;
        if (errno == EAGAIN)
            return RELAY_IO_AGAIN;
        if (errno != EINTR)
            return RELAY_IO_ERROR;
    }
}

enum relay_io relay_send(int fd, struct sm_bytes bytes, size_t *out_len)
{
    for (;;) {
        ssize_t len = send(fd, bytes.data, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (len >= 0) {
            *out_len = (size_t)len;
            return RELAY_IO_DONE;
        }
        if (errno == EAGAIN)
            return RELAY_IO_AGAIN;
        if (errno != EINTR)
            return RELAY_IO_ERROR;
    }
}

/*
 * One recv(2) a turn, once bytes are copied: so a turn's bytes have a bound.  A short read has
 * emptied a stream socket (epoll(7)), unless its end is behind the bytes.
 */
static enum relay_io receive(struct relay_stream *stream, void *buffer, size_t size,
                             size_t *out_len)
{
    if (!stream->wire)
        return relay_receive(stream->fd, buffer, size, out_len);
    if (stream->drained || stream->received)
        return RELAY_IO_AGAIN;
    stream->received = true;
    enum relay_io io = relay_receive(stream->fd, buffer, size, out_len);
    if (io == RELAY_IO_AGAIN || (io == RELAY_IO_DONE && *out_len < size && !stream->hung_up))
        stream->drained = true;
    return io;
}

static enum relay_io receive_shared(struct relay_stream *stream, void *buffer, size_t size,
                                    size_t *out_len)
{
    struct relay_wire *wire = stream->wire;
    if (wire->at == wire->end) {
        size_t len = 0;
        wire->at = wire->end = 0;
        enum relay_io io = receive(stream, wire->data, sizeof wire->data, &len);
        if (io != RELAY_IO_DONE)
            return io;
        wire->end = len;
    }
    size_t len = wire->end - wire->at < size ? wire->end - wire->at : size;
    memcpy(buffer, wire->data + wire->at, len);
    wire->at += len;
    *out_len = len;
    return RELAY_IO_DONE;
}

static int bio_read(BIO *bio, char *buffer, int size)
{
    struct relay_stream *stream = BIO_get_data(bio);
    size_t len = 0;
    enum relay_io io = RELAY_IO_AGAIN;
    BIO_clear_retry_flags(bio);
    if (!stream->prepared) /* what comes before TLS is not for it */
        io = stream->wire ? receive_shared(stream, buffer, (size_t)size, &len)
                          : receive(stream, buffer, (size_t)size, &len);
    if (io == RELAY_IO_DONE)
        return (int)len;
    if (io == RELAY_IO_AGAIN)
        BIO_set_retry_read(bio);
    return io == RELAY_IO_EOF ? 0 : -1;
}

static int bio_write(BIO *bio, const char *buffer, int len)
{
    struct relay_stream *stream = BIO_get_data(bio);
    size_t sent = 0;
    BIO_clear_retry_flags(bio);
    if (stream->prepared)
        return relay_buffer_add(&stream->first, sm_bytes(buffer, (size_t)len)) == SMCRED_OK ? len
                                                                                            : -1;
    enum relay_io io = relay_send(stream->fd, sm_bytes(buffer, (size_t)len), &sent);
    if (io == RELAY_IO_DONE)
        return (int)sent;
    if (io == RELAY_IO_AGAIN)
        BIO_set_retry_write(bio);
    return -1;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH; /* nothing waits in here */
}

/* Made once; OpenSSL has no static form of it. */
static const BIO_METHOD *stream_method(void)
{
    static BIO_METHOD *method;
    if (method)
        return method;
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "smcred stream");
    if (method) {
        BIO_meth_set_read(method, bio_read);
        BIO_meth_set_write(method, bio_write);
        BIO_meth_set_ctrl(method, bio_control);
    }
    return method;
}

void relay_stream_init(struct relay_stream *stream, int fd)
{
    *stream = (struct relay_stream){.fd = fd};
}

void relay_stream_prepare(struct relay_stream *stream, SSL *ssl)
{
    const BIO_METHOD *method = stream_method();
    BIO *bio = ssl && method ? BIO_new(method) : NULL;
    if (!bio) {
        SSL_free(ssl);
        return; /* relay_stream_secure() will say so */
    }
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    stream->prepared = ssl;
    stream->first = relay_buffer(RELAY_RECORD_ROOM);
    ERR_clear_error();
    (void)SSL_do_handshake(ssl); /* wants an answer; what else may be wrong shows there */
}

bool relay_stream_precede(struct relay_stream *stream, struct sm_bytes words)
{
    struct relay_buffer both = relay_buffer(RELAY_RECORD_ROOM + words.len);
    bool fit = relay_buffer_add(&both, words) == SMCRED_OK &&
               relay_buffer_add(&both, relay_buffer_view(&stream->first)) == SMCRED_OK;
    relay_buffer_clear(&stream->first);
    stream->first = both;
    return fit;
}

bool relay_stream_secure(struct relay_stream *stream)
{
    stream->ssl = stream->prepared;
    stream->prepared = NULL;
    return stream->ssl != NULL;
}

void relay_stream_done(struct relay_stream *stream)
{
    int saved = errno;
    SSL_free(stream->ssl);
    SSL_free(stream->prepared);
    relay_buffer_clear(&stream->first);
    stream->ssl = stream->prepared = NULL;
    errno = saved;
}

static enum relay_io io_of(struct relay_stream *stream, int result)
{
    switch (SSL_get_error(stream->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return RELAY_IO_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return RELAY_IO_EOF;
    default:
        return RELAY_IO_ERROR;
    }
}

static enum relay_io send_first(struct relay_stream *stream)
{
    while (stream->first.len > 0) {
        size_t sent = 0;
        enum relay_io io = relay_send(stream->fd, relay_buffer_view(&stream->first), &sent);
        if (io != RELAY_IO_DONE)
            return io;
        relay_buffer_consume(&stream->first, sent);
    }
    return RELAY_IO_DONE;
}

enum relay_io relay_stream_handshake(struct relay_stream *stream, bool *out_wants_write)
{
    enum relay_io io = send_first(stream);
    *out_wants_write = io == RELAY_IO_AGAIN;
    if (io != RELAY_IO_DONE)
        return io;
    ERR_clear_error();
    int result = SSL_do_handshake(stream->ssl);
    *out_wants_write = SSL_want_write(stream->ssl);
    return result == 1 ? RELAY_IO_DONE : io_of(stream, result);
}

enum relay_io relay_stream_read(struct relay_stream *stream, void *buffer, size_t size,
                                size_t *out_len)
{
    if (!stream->ssl)
        return receive(stream, buffer, size, out_len);
    ERR_clear_error();
    int result = SSL_read_ex(stream->ssl, buffer, size, out_len);
    return result == 1 ? RELAY_IO_DONE : io_of(stream, result);
}

enum relay_io relay_stream_write(struct relay_stream *stream, struct sm_bytes bytes,
                                 size_t *out_len)
{
    if (!stream->ssl)
        return relay_send(stream->fd, bytes, out_len);
    ERR_clear_error();
    int result = SSL_write_ex(stream->ssl, bytes.data, bytes.len, out_len);
    return result == 1 ? RELAY_IO_DONE : io_of(stream, result);
}

void relay_stream_shut(struct relay_stream *stream)
{
    ERR_clear_error();
    if (stream->ssl && SSL_is_init_finished(stream->ssl))
        (void)SSL_shutdown(stream->ssl); /* a courtesy; the FIN below says the same */
    (void)shutdown(stream->fd, SHUT_WR); /* may be gone already */
}

void relay_stream_move(struct relay_stream *to, struct relay_stream *from)
{
    *to = *from;
    *from = (struct relay_stream){.fd = -1};
    to->wire = NULL;
    if (to->ssl)
        BIO_set_data(SSL_get_rbio(to->ssl), to);
}

void relay_stream_share(struct relay_stream *stream, struct relay_wire *wire)
{
    stream->wire = wire;
    stream->drained = false;
}
