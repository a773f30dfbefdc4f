/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connections.h - the open connections and their deadlines.
 *
 * libmicrohttpd's own timeout begins anew with every byte, so a client that sends one byte at a
 * time would hold a connection for ever.  Here each request has one deadline, from its first byte
 * awaited.
 */
#ifndef SERVER_CONNECTIONS_H
#define SERVER_CONNECTIONS_H

#include "common/bytes.h"

struct server_connections;
struct server_connection;

/* deadline_ms: from the moment a request is awaited until it must be complete. */
struct server_connections *server_connections_new(int64_t deadline_ms); /* NULL: no memory */
void server_connections_free(struct server_connections *connections);

/* NULL without memory.  Removed again before `fd` is closed. */
struct server_connection *server_connections_add(struct server_connections *connections, int fd);
void server_connections_remove(struct server_connections *connections,
                               struct server_connection *connection);
/* A request was answered; the next has the whole time again. */
void server_connections_renew(struct server_connections *connections,
                              struct server_connection *connection);
/* Shuts down those past their deadline, from any thread; answers how many. */
unsigned server_connections_sweep(struct server_connections *connections);

#endif
