/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connections.h - the open connections, their deadlines, and who has to make room.
 *
 * libmicrohttpd's own timeout begins anew with every byte, so a client that sends one byte at a
 * time would hold a connection for ever.  Here each request has one deadline, from its first byte
 * awaited.  And where libmicrohttpd lets nobody in while it is full, here the newest is let in: who
 * has the most connections loses the one that has waited longest for a request.
 */
#ifndef SERVER_CONNECTIONS_H
#define SERVER_CONNECTIONS_H

#include "common/bytes.h"

struct server_connections;
struct server_connection;

/*
 * deadline_ms  from the moment a request is awaited until it must be complete
 * max          connections at a time
 * NULL: no memory.
 */
struct server_connections *server_connections_new(int64_t deadline_ms, unsigned max);
void server_connections_free(struct server_connections *connections);

/* NULL without memory.  Removed again before `fd` is closed. */
struct server_connection *server_connections_add(struct server_connections *connections, int fd);
void server_connections_remove(struct server_connections *connections,
                               struct server_connection *connection);
/* A request was answered; the next has the whole time again. */
void server_connections_renew(struct server_connections *connections,
                              struct server_connection *connection);
/* Its answer waits for us: until the next renewal it is neither late nor in the way. */
void server_connections_hold(struct server_connections *connections,
                             struct server_connection *connection);

struct server_connections_ended {
    unsigned late, crowded; /* past their deadline; to make room, since the last time */
};

/* Shuts down those past their deadline, from any thread. */
struct server_connections_ended server_connections_sweep(struct server_connections *connections);

#endif
