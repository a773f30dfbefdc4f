/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tickets.c - a small stack of TLS sessions.
 */
#include "relay/tickets.h"

#include "common/clock.h"

static void drop(struct relay_tickets *tickets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        SSL_SESSION_free(tickets->kept[i].session);
    tickets->count -= count;
    memmove(tickets->kept, tickets->kept + count, tickets->count * sizeof *tickets->kept);
}

/* OpenSSL's, for each ticket that arrives. */
static int keep(SSL *ssl, SSL_SESSION *session)
{
    struct relay_tickets *tickets = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    /* A connection that breaks spoils the session that it has itself. */
    SSL_SESSION *copy = tickets->closed ? NULL : SSL_SESSION_dup(session);
    if (!copy)
        return 0;
    if (tickets->count == RELAY_TICKETS_MAX)
        drop(tickets, 1);
    tickets->kept[tickets->count].session = copy;
    tickets->kept[tickets->count++].until_ms = sm_boot_ms() + RELAY_TICKETS_AGE_MAX_MS;
    return 0; /* the one we were shown is not kept */
}

void relay_tickets_collect(struct relay_tickets *tickets, SSL_CTX *context)
{
    SSL_CTX_set_app_data(context, tickets);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep);
}

bool relay_tickets_use(struct relay_tickets *tickets, SSL *ssl, int64_t now_ms)
{
    size_t old = 0;
    while (old < tickets->count && tickets->kept[old].until_ms <= now_ms)
        old++;
    drop(tickets, old);
    if (tickets->count == 0)
        return false;
    SSL_SESSION *newest = tickets->kept[--tickets->count].session;
    bool used = SSL_SESSION_is_resumable(newest) == 1 && SSL_set_session(ssl, newest) == 1;
    SSL_SESSION_free(newest);
    return used;
}

void relay_tickets_close(struct relay_tickets *tickets)
{
    drop(tickets, tickets->count);
    tickets->closed = true;
}
