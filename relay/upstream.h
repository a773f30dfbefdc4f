/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * upstream.h - reaching the server: its addresses in order, then TLS.
 *
 * Works on a session in phase DIALLING whose route and endpoint are set, and ends by calling the
 * protocol's server_connected(), or relay_session_fail() with SQLSTATE 08001.
 */
#ifndef RELAY_UPSTREAM_H
#define RELAY_UPSTREAM_H

#include "relay/session.h"

void relay_upstream_dial(struct relay_session *session);
/* The same address once more, or as the route says, over a connection of its own. */
void relay_upstream_redial(struct relay_session *session);
/* The loop has news about the server's descriptor. */
void relay_upstream_step(struct relay_session *session);
/* The present address took too long. */
void relay_upstream_expired(struct relay_session *session);
/* Hangs up, without ceremony. */
void relay_upstream_close(struct relay_session *session);

#endif
