/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * listen.h - the socket the server listens on, and who may reach it.
 */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "common/bytes.h"
#include "common/status.h"

#define SERVER_URL_MAX 256

/*
 * Listens at "ADDRESS:PORT", "[ADDRESS]:PORT" (port 0: any) or "unix:/PATH".  Without TLS only
 * loopback and Unix sockets are allowed.  A stale Unix socket is replaced; one in use is not.
 *   out_url  what clients put before the path: "http://127.0.0.1:8080", "unix:/PATH"
 * Errors: SMCRED_INVALID (not an address), SMCRED_DENIED (needs TLS), SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status server_listen(const char *where, bool tls, int *out_fd,
                                               char out_url[SERVER_URL_MAX], struct sm_error *err);

/* Whether only this machine can reach what "WHERE" says. */
bool server_listen_is_local(const char *where);

#endif
