/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peers.h - who is at the other ends of connections, and how many each has.
 */
#ifndef SERVER_PEERS_H
#define SERVER_PEERS_H

#include "common/bytes.h"

struct server_peer {
    struct server_peer *next;
    uint8_t name[16]; /* an address, of IPv6 the network's half, or a user on a Unix socket */
    unsigned count;
};

/* Counts one more connection of whoever is at the other end of `fd`; NULL without memory. */
struct server_peer *server_peer_enter(struct server_peer **peers, int fd);
/* One less; who has none is forgotten. */
void server_peer_leave(struct server_peer **peers, struct server_peer *peer);
/* The one with the most; NULL if there is nobody. */
struct server_peer *server_peer_busiest(struct server_peer *peers);

#endif
