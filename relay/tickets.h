/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tickets.h - what a server gave to shorten the next TLS handshake with it: kept by its endpoint,
 * used once each, and not for long.
 *
 * A ticket stands for a handshake in which the server was verified as the endpoint demands, so it
 * is of use there and nowhere else.
 */
#ifndef RELAY_TICKETS_H
#define RELAY_TICKETS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#define RELAY_TICKETS_MAX        16     /* of one endpoint; a server sends one or two a handshake */
#define RELAY_TICKETS_AGE_MAX_MS 600000 /* then the server must show its certificate again */

struct relay_tickets {
    struct {
        SSL_SESSION *session;
        int64_t until_ms;      /* CLOCK_BOOTTIME */
    } kept[RELAY_TICKETS_MAX]; /* the newest last */
    size_t count;
    bool closed; /* nothing is kept any more */
};

/* Connections made of the context put their tickets there, which must live as long as they. */
void relay_tickets_collect(struct relay_tickets *tickets, SSL_CTX *context);
/* Resumes with the newest, if there is one; true then. */
bool relay_tickets_use(struct relay_tickets *tickets, SSL *ssl, int64_t now_ms);
/* The server cannot do it, whatever it says: drops them all, and those to come. */
void relay_tickets_close(struct relay_tickets *tickets);

#endif
