/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pump.c - the copy loop.
 *
 * A small transaction costs here two epoll_wait(2), two recv(2) and two send(2), and nothing else.
 */
#include "relay/pump.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#define TURNS_MAX  8    /* buffers in a row before other sessions have their turn */
#define ANSWER_MAX 4096 /* bytes of an answer in the server's stead */
#define SIFTED_MAX (4 * RELAY_PLAIN_SIZE) /* bytes of what is said in the client's or server's */

/* Sends what waits; AGAIN while some is left. */
static enum relay_io flush(struct relay_pump *pump, struct relay_watch *watch,
                           struct relay_stream *stream, struct relay_buffer *waiting)
{
    while (waiting->len > 0) {
        size_t sent = 0;
        enum relay_io io = relay_stream_write(stream, relay_buffer_view(waiting), &sent);
        if (io != RELAY_IO_DONE) {
            relay_loop_want_write(pump->loop, watch, true);
            return io;
        }
        relay_buffer_consume(waiting, sent);
    }
    relay_loop_want_write(pump->loop, watch, false);
    return RELAY_IO_DONE;
}

static enum relay_io flush_client(struct relay_pump *pump)
{
    return flush(pump, pump->client, pump->client_stream, &pump->to_client);
}

static enum relay_io flush_server(struct relay_pump *pump)
{
    return flush(pump, pump->server, pump->stream, &pump->to_server);
}

static void remember_tail(struct relay_pump *pump, const uint8_t *data, size_t len)
{
    if (len == 0)
        return;
    if (len > sizeof pump->tail) {
        data += len - sizeof pump->tail;
        len = sizeof pump->tail;
    }
    memmove(pump->tail, pump->tail + len, sizeof pump->tail - len);
    memcpy(pump->tail + sizeof pump->tail - len, data, len);
}

/* Writes; what is not taken waits, behind what waits already.  DONE even then. */
static enum relay_io give(struct relay_stream *stream, struct relay_buffer *waiting,
                          const uint8_t *data, size_t len)
{
    while (len > 0 && waiting->len == 0) {
        size_t sent = 0;
        enum relay_io io = relay_stream_write(stream, sm_bytes(data, len), &sent);
        if (io == RELAY_IO_AGAIN)
            break;
        if (io != RELAY_IO_DONE)
            return io;
        data += sent;
        len -= sent;
    }
    if (relay_buffer_add(waiting, sm_bytes(data, len)) != SMCRED_OK)
        return RELAY_IO_ERROR;
    return RELAY_IO_DONE;
}

static enum relay_io give_client(struct relay_pump *pump, const uint8_t *data, size_t len)
{
    pump->bytes_out += len;
    pump->server_told = false;
    remember_tail(pump, data, len);
    return give(pump->client_stream, &pump->to_client, data, len);
}

static enum relay_io give_server(struct relay_pump *pump, const uint8_t *data, size_t len)
{
    pump->bytes_in += len;
    pump->server_told = true;
    return give(pump->stream, &pump->to_server, data, len);
}

/* Reads what one recv(2) brings, so that one send(2) carries it on.  Never returns DONE. */
static enum relay_io fill(struct relay_pump *pump, struct relay_stream *stream, size_t *out_len)
{
    size_t len = 0, got = 0;
    enum relay_io io = RELAY_IO_DONE;
    relay_stream_turn(stream);
    while (io == RELAY_IO_DONE) {
        io = relay_stream_read(stream, pump->plain + len, RELAY_PLAIN_SIZE - len, &got);
        if (io == RELAY_IO_DONE)
            len += got;
        if (io == RELAY_IO_DONE && relay_stream_is_empty(stream))
            io = RELAY_IO_AGAIN;
    }
    if (io != RELAY_IO_AGAIN)
        stream->wire->at = stream->wire->end = 0; /* whatever follows an end is void */
    *out_len = len;
    return io;
}

/* TLS may have to answer before it can go on reading: a key update, say. */
static enum relay_pumped wait_for(struct relay_pump *pump, struct relay_watch *watch,
                                  const struct relay_stream *stream)
{
    if (stream->ssl && SSL_want_write(stream->ssl))
        relay_loop_want_write(pump->loop, watch, true);
    return RELAY_PUMP_ON;
}

/*
 * A server that hangs up without ceremony breaks nothing off once the client has said its last.
 *   error  of the read, or 0
 */
static enum relay_pumped broken_off(const struct relay_pump *pump, int error)
{
    if (pump->goodbye || pump->shut)
        return RELAY_PUMP_CLOSED;
    return error == ECONNRESET && pump->to_client.len == 0 ? RELAY_PUMP_RESET : RELAY_PUMP_BROKEN;
}

static enum relay_pumped server_to_client(struct relay_pump *pump)
{
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        size_t len = 0;
        enum relay_io io = flush_client(pump);
        if (io == RELAY_IO_ERROR)
            return RELAY_PUMP_CLOSED;
        if (io == RELAY_IO_AGAIN)
            return RELAY_PUMP_ON;
        if (pump->server_eof)
            return RELAY_PUMP_CLOSED;
        io = fill(pump, pump->stream, &len);
        int error = errno;
        if (len > 0 && pump->follow)
            pump->follow(pump, sm_bytes(pump->plain, len));
        if (len > 0 && give_client(pump, pump->plain, len) != RELAY_IO_DONE)
            return RELAY_PUMP_CLOSED;
        if (io == RELAY_IO_ERROR)
            return broken_off(pump, error);
        pump->server_eof = io == RELAY_IO_EOF;
        if (pump->stream->drained && pump->to_client.len == 0 && !pump->server_eof)
            return wait_for(pump, pump->server, pump->stream);
    }
    relay_loop_again(pump->loop, pump->server);
    return RELAY_PUMP_ON;
}

/* The client has no more to say.  If it cannot listen either, there is nothing left to do. */
static enum relay_pumped end_of_client(struct relay_pump *pump)
{
    if (!pump->shut)
        relay_stream_shut(pump->stream);
    pump->shut = true;
    return pump->client_gone ? RELAY_PUMP_CLOSED : RELAY_PUMP_ON;
}

/* One step of what becomes of the client's words; `out_taken` of them are done with then. */
static enum relay_io sift(struct relay_pump *pump, struct sm_bytes words, size_t *out_taken)
{
    struct relay_sifted sifted = {.taken = 0};
    struct relay_buffer instead = relay_buffer(SIFTED_MAX), answer = relay_buffer(SIFTED_MAX);
    enum relay_io io = RELAY_IO_ERROR;
    pump->sift_failed = !pump->sift(pump, words, &sifted, &instead, &answer);
    if (!pump->sift_failed)
        io = give_server(pump, words.data, sifted.pass);
    if (io == RELAY_IO_DONE && instead.len > 0)
        io = give_server(pump, relay_buffer_view(&instead).data, instead.len);
    if (io == RELAY_IO_DONE && answer.len > 0) /* who has gone is seen by the next read */
        (void)give_client(pump, relay_buffer_view(&answer).data, answer.len);
    relay_buffer_clear(&instead);
    relay_buffer_clear(&answer);
    *out_taken = sifted.taken;
    return io;
}

static enum relay_io give_server_what_it_may_hear(struct relay_pump *pump, struct sm_bytes words)
{
    const uint8_t *at = words.data, *end = at + words.len;
    enum relay_io io = RELAY_IO_DONE;
    size_t taken = 0;
    if (!pump->sift)
        return give_server(pump, at, words.len);
    for (; at < end && io == RELAY_IO_DONE; at += taken)
        io = sift(pump, sm_bytes(at, (size_t)(end - at)), &taken);
    return io;
}

/*
 * True if the words were answered here; then *out_io is how that went, and AGAIN if the client is
 * not copied from any more.
 */
static bool answer_here(struct relay_pump *pump, size_t len, enum relay_io *out_io)
{
    struct relay_buffer answer = relay_buffer(ANSWER_MAX);
    if (pump->server_told || !pump->overhear)
        return false;
    enum relay_overheard heard = pump->overhear(pump, sm_bytes(pump->plain, len), &answer);
    pump->goodbye = heard == RELAY_GOODBYE;
    *out_io = heard == RELAY_KEPT ? RELAY_IO_EOF : RELAY_IO_AGAIN;
    if (heard == RELAY_ANEW || heard == RELAY_KEPT)
        return true;
    if (heard != RELAY_ANSWERED && heard != RELAY_REWORDED)
        return false;
    struct sm_bytes words = relay_buffer_view(&answer);
    *out_io = heard == RELAY_ANSWERED ? give_client(pump, words.data, words.len)
                                      : give_server_what_it_may_hear(pump, words);
    relay_buffer_clear(&answer);
    return true;
}

static enum relay_pumped client_to_server(struct relay_pump *pump)
{
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        size_t len = 0;
        enum relay_io io = flush_server(pump);
        if (io == RELAY_IO_ERROR)
            return RELAY_PUMP_BROKEN;
        if (io == RELAY_IO_AGAIN)
            return RELAY_PUMP_ON;
        if (pump->client_eof)
            return end_of_client(pump);
        io = fill(pump, pump->client_stream, &len);
        pump->client_eof = io != RELAY_IO_AGAIN;
        if (io == RELAY_IO_AGAIN && len == 0)
            return wait_for(pump, pump->client, pump->client_stream);
        if (len > 0 && answer_here(pump, len, &io)) {
            if (io == RELAY_IO_AGAIN)
                return RELAY_PUMP_ON;
            if (io != RELAY_IO_DONE)
                return RELAY_PUMP_CLOSED;
            continue;
        }
        if (len > 0 &&
            give_server_what_it_may_hear(pump, sm_bytes(pump->plain, len)) != RELAY_IO_DONE)
            return pump->sift_failed ? RELAY_PUMP_REFUSED : RELAY_PUMP_BROKEN;
    }
    relay_loop_again(pump->loop, pump->client);
    return RELAY_PUMP_ON;
}

/* What the server said before it broke off still belongs to the client. */
static enum relay_pumped after_broken_write(struct relay_pump *pump)
{
    relay_buffer_clear(&pump->to_server);
    relay_stream_arrived(pump->stream, true);
    enum relay_pumped pumped = server_to_client(pump);
    if (pumped == RELAY_PUMP_ON && pump->to_client.len == 0)
        return broken_off(pump, 0);
    pump->server_eof = true;
    return pumped;
}

void relay_pump_greet(struct relay_pump *pump, struct relay_buffer *greeting)
{
    remember_tail(pump, relay_buffer_view(greeting).data, greeting->len);
    pump->bytes_out += greeting->len;
    pump->to_client = *greeting;
    pump->to_client.max = RELAY_PUMP_MAX;
    (void)flush_client(pump); /* what does not go now, or never will, is the next turn's business */
}

enum relay_pumped relay_pump_client(struct relay_pump *pump, uint32_t events)
{
    pump->client_gone |= (events & (EPOLLHUP | EPOLLERR)) != 0;
    if (events & ~(uint32_t)EPOLLOUT)
        relay_stream_arrived(pump->client_stream,
                             (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    enum relay_pumped pumped = RELAY_PUMP_ON;
    if (!pump->server_eof)
        pumped = client_to_server(pump);
    if (pumped == RELAY_PUMP_BROKEN)
        return after_broken_write(pump);
    if (pumped == RELAY_PUMP_ON && pump->to_client.len > 0)
        pumped = server_to_client(pump);
    return pumped;
}

enum relay_pumped relay_pump_server(struct relay_pump *pump, uint32_t events)
{
    if (events & ~(uint32_t)EPOLLOUT)
        relay_stream_arrived(pump->stream, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    enum relay_pumped pumped = server_to_client(pump);
    if (pumped == RELAY_PUMP_ON && (pump->to_server.len > 0 || (events & EPOLLOUT)))
        pumped = client_to_server(pump);
    return pumped;
}

void relay_pump_done(struct relay_pump *pump)
{
    relay_buffer_clear(&pump->to_client);
    relay_buffer_clear(&pump->to_server);
}
