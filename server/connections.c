/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connections.c - a list under a lock.  Called by http, from its own thread and from the sweeper's.
 */
#include "server/connections.h"

#include <pthread.h>
#include <sys/socket.h>

#include "common/clock.h"

struct server_connection {
    struct server_connection *next, **back;
    int fd;
    int64_t until_ms; /* CLOCK_BOOTTIME */
};

struct server_connections {
    pthread_mutex_t lock;
    struct server_connection *first;
    int64_t deadline_ms;
};

struct server_connections *server_connections_new(int64_t deadline_ms)
{
    struct server_connections *connections = calloc(1, sizeof *connections);
    if (!connections)
        return NULL;
    (void)pthread_mutex_init(&connections->lock, NULL); /* cannot fail on Linux */
    connections->deadline_ms = deadline_ms;
    return connections;
}

void server_connections_free(struct server_connections *connections)
{
    if (!connections)
        return;
    (void)pthread_mutex_destroy(&connections->lock); /* nobody holds it */
    free(connections);
}

struct server_connection *server_connections_add(struct server_connections *connections, int fd)
{
    struct server_connection *connection = malloc(sizeof *connection);
    if (!connection)
        return NULL;
    (void)pthread_mutex_lock(&connections->lock); /* fails only when misused, as below */
    *connection = (struct server_connection){.next = connections->first,
                                             .back = &connections->first,
                                             .fd = fd,
                                             .until_ms = sm_boot_ms() + connections->deadline_ms};
    if (connection->next)
        connection->next->back = &connection->next;
    connections->first = connection;
    (void)pthread_mutex_unlock(&connections->lock);
    return connection;
}

void server_connections_remove(struct server_connections *connections,
                               struct server_connection *connection)
{
    if (!connection)
        return;
    (void)pthread_mutex_lock(&connections->lock);
    *connection->back = connection->next;
    if (connection->next)
        connection->next->back = connection->back;
    (void)pthread_mutex_unlock(&connections->lock);
    free(connection);
}

void server_connections_renew(struct server_connections *connections,
                              struct server_connection *connection)
{
    if (!connection)
        return;
    (void)pthread_mutex_lock(&connections->lock);
    connection->until_ms = sm_boot_ms() + connections->deadline_ms;
    (void)pthread_mutex_unlock(&connections->lock);
}

unsigned server_connections_sweep(struct server_connections *connections)
{
    unsigned count = 0;
    int64_t now_ms = sm_boot_ms();
    (void)pthread_mutex_lock(&connections->lock);
    for (struct server_connection *each = connections->first; each; each = each->next) {
        if (each->until_ms > now_ms)
            continue;
        (void)shutdown(each->fd, SHUT_RDWR); /* its owner notices, and closes it */
        each->until_ms = INT64_MAX;
        count++;
    }
    (void)pthread_mutex_unlock(&connections->lock);
    return count;
}
