/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http.h - HTTP/1.1 around the calls.
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "server/call.h"

struct server_faults;
struct server_http;

struct server_http_settings {
    int listen_fd;                  /* taken over, also on failure */
    const char *tls_cert, *tls_key; /* PEM text, or NULL; must outlive the server */
    struct server_faults *faults;   /* NULL: none; lent */
    unsigned connections_max;
    unsigned timeout_s; /* for a request to arrive, and for a connection to stay idle */
};

/*
 * Starts answering, in one thread.  The caller's signal mask is inherited.
 *   out_http  stop with server_http_stop()
 */
SM_MUST_CHECK enum smcred_status server_http_start(struct server *server,
                                                   const struct server_http_settings *settings,
                                                   struct server_http **out_http,
                                                   struct sm_error *err);
/* Ends connections that take too long.  Call it every second or so. */
void server_http_sweep(struct server_http *http);
/* Answers what is under way, then closes everything.  NULL is allowed. */
void server_http_stop(struct server_http *http);

#endif
