/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connections.c - a list under a lock.  Called by http, from its own thread and from the sweeper's.
 */
#include "server/connections.h"

#include <pthread.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "server/peers.h"

struct server_connection {
    struct server_connection *next, **back;
    struct server_peer *peer; /* NULL: shut down, or nobody knows whose */
    int fd;
    int64_t until_ms; /* CLOCK_BOOTTIME; INT64_MAX: held, or shut down */
};

struct server_connections {
    pthread_mutex_t lock;
    struct server_connection *first; /* the one that has waited longest is the last */
    struct server_peer *peers;
    unsigned count, max; /* `count` are not shut down */
    unsigned crowded;
    int64_t deadline_ms;
};

struct server_connections *server_connections_new(int64_t deadline_ms, unsigned max)
{
    struct server_connections *connections = calloc(1, sizeof *connections);
    if (!connections)
        return NULL;
    (void)pthread_mutex_init(&connections->lock, NULL); /* cannot fail on Linux */
    connections->deadline_ms = deadline_ms;
    connections->max = max;
    return connections;
}

void server_connections_free(struct server_connections *connections)
{
    if (!connections)
        return;
    (void)pthread_mutex_destroy(&connections->lock); /* nobody holds it */
    free(connections);
}

/* --- under the lock --------------------------------------------------------------------------- */

static void link_first(struct server_connections *connections, struct server_connection *connection)
{
    connection->next = connections->first;
    connection->back = &connections->first;
    if (connection->next)
        connection->next->back = &connection->next;
    connections->first = connection;
}

static void unlink_it(struct server_connection *connection)
{
    *connection->back = connection->next;
    if (connection->next)
        connection->next->back = connection->back;
}

/* It counts no more. */
static void leave(struct server_connections *connections, struct server_connection *connection)
{
    if (!connection->peer)
        return;
    server_peer_leave(&connections->peers, connection->peer);
    connection->peer = NULL;
    connections->count--;
}

static void shut_down(struct server_connections *connections, struct server_connection *connection)
{
    (void)shutdown(connection->fd, SHUT_RDWR); /* its owner notices, and closes it */
    connection->until_ms = INT64_MAX;
    leave(connections, connection);
}

static void make_room(struct server_connections *connections)
{
    const struct server_peer *busiest = server_peer_busiest(connections->peers);
    struct server_connection *longest = NULL;
    for (struct server_connection *each = connections->first; each; each = each->next) {
        if (each->peer && each->peer == busiest && each->until_ms != INT64_MAX)
            longest = each;
    }
    if (!longest)
        return; /* all are held */
    shut_down(connections, longest);
    connections->crowded++;
}

/* --- from outside ----------------------------------------------------------------------------- */

struct server_connection *server_connections_add(struct server_connections *connections, int fd)
{
    struct server_connection *connection = malloc(sizeof *connection);
    if (!connection)
        return NULL;
    (void)pthread_mutex_lock(&connections->lock); /* fails only when misused, as below */
    if (connections->count >= connections->max)
        make_room(connections);
    *connection = (struct server_connection){.peer = server_peer_enter(&connections->peers, fd),
                                             .fd = fd,
                                             .until_ms = sm_boot_ms() + connections->deadline_ms};
    connections->count += connection->peer != NULL;
    link_first(connections, connection);
    (void)pthread_mutex_unlock(&connections->lock);
    return connection;
}

void server_connections_remove(struct server_connections *connections,
                               struct server_connection *connection)
{
    if (!connection)
        return;
    (void)pthread_mutex_lock(&connections->lock);
    leave(connections, connection);
    unlink_it(connection);
    (void)pthread_mutex_unlock(&connections->lock);
    free(connection);
}

static void set_until(struct server_connections *connections, struct server_connection *connection,
                      int64_t until_ms)
{
    if (!connection)
        return;
    (void)pthread_mutex_lock(&connections->lock);
    if (connection->peer) { /* else it is shut down, and stays so */
        connection->until_ms = until_ms;
        unlink_it(connection);
        link_first(connections, connection);
    }
    (void)pthread_mutex_unlock(&connections->lock);
}

void server_connections_renew(struct server_connections *connections,
                              struct server_connection *connection)
{
    set_until(connections, connection, sm_boot_ms() + connections->deadline_ms);
}

void server_connections_hold(struct server_connections *connections,
                             struct server_connection *connection)
{
    set_until(connections, connection, INT64_MAX);
}

struct server_connections_ended server_connections_sweep(struct server_connections *connections)
{
    struct server_connections_ended ended = {.late = 0};
    int64_t now_ms = sm_boot_ms();
    (void)pthread_mutex_lock(&connections->lock);
    for (struct server_connection *each = connections->first; each; each = each->next) {
        if (each->until_ms > now_ms)
            continue;
        shut_down(connections, each);
        ended.late++;
    }
    ended.crowded = connections->crowded;
    connections->crowded = 0;
    (void)pthread_mutex_unlock(&connections->lock);
    return ended;
}
