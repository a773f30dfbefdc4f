/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pump.h - copying bytes between a client and its server, once the login is done.
 *
 * What was read is written at once, from the loop's own buffer; only what the other side does not
 * take is kept, and until it is gone its source is not read.  So a session holds at most one buffer
 * a way.
 */
#ifndef RELAY_PUMP_H
#define RELAY_PUMP_H

#include "relay/buffer.h"
#include "relay/loop.h"
#include "relay/protocol.h"
#include "relay/stream.h"

/* Plain bytes of one turn: all that one wire buffer can hold, so that it is always emptied. */
#define RELAY_PLAIN_SIZE (RELAY_WIRE_SIZE + RELAY_RECORD_ROOM)
#define RELAY_PUMP_MAX   (2 * RELAY_PLAIN_SIZE) /* bytes kept for a peer that does not read */

struct relay_pump {
    struct relay_loop *loop;
    struct relay_watch *client, *server;
    struct relay_stream *client_stream, *stream; /* the client's, the server's */
    uint8_t *plain;                              /* RELAY_PLAIN_SIZE bytes, the loop's */
    struct relay_buffer to_client, to_server;
    uint64_t bytes_in, bytes_out; /* client to server, server to client */
    uint8_t tail[RELAY_TAIL];     /* the last bytes that went to the client */
    bool server_told;             /* the client has said something since */
    bool goodbye;                 /* and it was its last word: the server may hang up as it likes */
    /* As in protocol.h.  NULL: nobody does. */
    enum relay_overheard (*overhear)(struct relay_pump *pump, struct sm_bytes words,
                                     struct relay_buffer *answer);
    bool (*sift)(struct relay_pump *pump, struct sm_bytes words, struct relay_sifted *out_sifted,
                 struct relay_buffer *instead, struct relay_buffer *answer);
    bool sift_failed;
    void (*follow)(struct relay_pump *pump, struct sm_bytes words);
    bool client_gone;                  /* it will neither send nor read any more */
    bool client_eof, server_eof, shut; /* shut: the server was told that there is no more */
};

enum relay_pumped {
    RELAY_PUMP_ON,
    RELAY_PUMP_CLOSED,
    RELAY_PUMP_BROKEN,
    RELAY_PUMP_RESET,   /* broken by the server, and everything before that is said */
    RELAY_PUMP_REFUSED, /* what the client says cannot be sifted */
};

/* The first bytes for the client, which waits for them; the buffer is taken. */
void relay_pump_greet(struct relay_pump *pump, struct relay_buffer *greeting);
/* One turn after `events` at the client's or the server's end, or 0 to try both ways. */
enum relay_pumped relay_pump_client(struct relay_pump *pump, uint32_t events);
enum relay_pumped relay_pump_server(struct relay_pump *pump, uint32_t events);
void relay_pump_done(struct relay_pump *pump);

#endif
