/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client.h - the client's end of a session: TLS if it wants it and the target has it
 * (doc/local-tls.md), words that fit into its socket, and the end.
 */
#ifndef RELAY_CLIENT_H
#define RELAY_CLIENT_H

#include "relay/session.h"

/* Is TLS on offer, and not in use yet?  For a protocol that agrees on it. */
bool relay_client_may_have_tls(const struct relay_session *session);
/*
 * The client is about to begin with TLS, in phase STARTUP and by its deadline; the protocol's
 * client_ready() is called when it stands.  What the client said behind its request was not read,
 * and must be TLS.  The session may be over afterwards.
 */
void relay_client_secure(struct relay_session *session);
/* Are the client's first bytes TLS, though nobody has agreed on it?  Looks, and leaves them. */
bool relay_client_begins_with_tls(const struct relay_session *session);

/* Has it begun with TLS, and not finished? */
bool relay_client_is_shaking_hands(const struct relay_session *session);

/* The loop has news of the client's descriptor, in phase STARTUP. */
void relay_client_step(struct relay_session *session);
/* Says all of it at once, or not: a client that lets its socket fill up reads nothing more. */
bool relay_client_say(struct relay_session *session, struct sm_bytes words);
/*
 * The end to come is a reset, as the server's was.  A client that writes then sees at once that
 * nobody is there, and MySQL's connect anew.
 */
void relay_client_reset(struct relay_session *session);
void relay_client_hang_up(struct relay_session *session);

#endif
