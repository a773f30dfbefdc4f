/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keeper.h - S2 from the relay's end: messages in, messages out, and what waits for a new keeper.
 */
#ifndef RELAY_KEEPER_H
#define RELAY_KEEPER_H

#include "common/wire.h"
#include "relay/loop.h"

#define RELAY_QUEUE_MAX 4096 /* messages that wait for a keeper, or for room in the socket */

struct relay;
struct relay_session;
struct relay_letter;

struct relay_keeper {
    struct relay_watch watch;
    struct relay_letter *first, *last; /* that could not be sent yet */
    size_t waiting;
};

/* A keeper, or a new one after another: tells it which sessions live.  `fd` is taken. */
void relay_keeper_attach(struct relay *relay, int fd);
/* No keeper any more; sessions go on, logins fail. */
void relay_keeper_detach(struct relay *relay);
/* Frees what waits. */
void relay_keeper_done(struct relay_keeper *keeper);

/*
 * Sends a finished message.  If the socket is full it waits its turn.  While there is no keeper it
 * waits for one if `keep` is set.  False: it will not arrive.
 */
bool relay_keeper_send(struct relay *relay, const struct sm_wire_out *message, bool keep);

#endif
