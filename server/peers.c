/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peers.c - a list of those who have connections.  Called by connections.c, under its lock.
 *
 * All of this machine that come by TCP are one peer.
 */
#include "server/peers.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define NETWORK_LEN                                                                                \
    8 /* bytes; whoever has one IPv6 address has the others of its network as well */

/* What cannot be told is all zeros, a peer as any other. */
static void read_name(int fd, uint8_t out_name[16])
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    struct ucred user = {.uid = 0};
    socklen_t len = sizeof address, user_len = sizeof user;
    (void)getpeername(fd, (struct sockaddr *)&address, &len); /* AF_UNSPEC then */
    memset(out_name, 0, 16);
    if (address.ss_family == AF_INET)
        memcpy(out_name, &((const struct sockaddr_in *)(const void *)&address)->sin_addr, 4);
    else if (address.ss_family == AF_INET6)
        memcpy(out_name, &((const struct sockaddr_in6 *)(const void *)&address)->sin6_addr,
               NETWORK_LEN);
    else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &user_len) == 0)
        memcpy(out_name, &user.uid, sizeof user.uid);
}

struct server_peer *server_peer_enter(struct server_peer **peers, int fd)
{
    uint8_t name[16];
    struct server_peer *peer = *peers;
    read_name(fd, name);
    while (peer && memcmp(peer->name, name, sizeof name) != 0)
        peer = peer->next;
    if (!peer && (peer = calloc(1, sizeof *peer))) {
        memcpy(peer->name, name, sizeof name);
        peer->next = *peers;
        *peers = peer;
    }
    if (peer)
        peer->count++;
    return peer;
}

void server_peer_leave(struct server_peer **peers, struct server_peer *peer)
{
    struct server_peer **back = peers;
    if (--peer->count > 0)
        return;
    while (*back != peer)
        back = &(*back)->next;
    *back = peer->next;
    free(peer);
}

struct server_peer *server_peer_busiest(struct server_peer *peers)
{
    struct server_peer *busiest = peers;
    for (; peers; peers = peers->next) {
        if (peers->count > busiest->count)
            busiest = peers;
    }
    return busiest;
}
