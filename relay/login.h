/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login.h - what every protocol does while it logs in: keeping its buffers, reading one packet and
 * no more, sending what waits, and saying which rule the client or the server has broken.
 */
#ifndef RELAY_LOGIN_H
#define RELAY_LOGIN_H

#include "relay/session.h"

#define RELAY_PACKET_HEAD 4 /* bytes that say how long a packet is, in every protocol so far */

/* One of the buffers in a protocol's state, which are made and wiped together. */
struct relay_login_buffer {
    size_t offset;
    size_t max; /* 0 ends the list */
};

/* Allocates session->state, all zero but for the buffers.  False: no memory. */
bool relay_login_begin(struct relay_session *session, size_t size,
                       const struct relay_login_buffer *buffers);
/* Wipes the buffers, and what is in them. */
void relay_login_clear(struct relay_session *session, const struct relay_login_buffer *buffers);
/* The same, and wipes and frees the state, if there is one. */
void relay_login_finish(struct relay_session *session, size_t size,
                        const struct relay_login_buffer *buffers);

/*
 * Reads a packet up to its end and no further: what is behind it belongs to somebody else.
 *   len_of  the length of a packet from its first bytes, those included; 0: it cannot be
 * DONE when it is complete.  ERROR with errno EPROTO if its length is impossible.
 */
enum relay_io relay_login_read_packet(struct relay_stream *stream, struct relay_buffer *packet,
                                      size_t (*len_of)(const uint8_t head[RELAY_PACKET_HEAD]));

/* Some of what is there to be read, as far as the buffer's maximum allows. */
enum relay_io relay_login_read_some(struct relay_stream *stream, struct relay_buffer *buffer);
/*
 * Reads what the client says, until the login goes on elsewhere or there is no more.
 *   read        as much of it as take() can judge
 *   take        has what was read; false: nothing is to be read now
 *   impossible  said to the client when read() fails with EPROTO
 */
void relay_login_hear_client(struct relay_session *session,
                             enum relay_io (*read)(struct relay_session *session),
                             bool (*take)(struct relay_session *session), const char *impossible);

/* The client broke a rule, or cannot be served: is told TEXT, and the session ends. */
void relay_login_refuse(struct relay_session *session, const char *sqlstate, const char *text);
/* The server broke a rule: says which, as in: server "db" TEXT. */
void relay_login_fail(struct relay_session *session, const char *sqlstate, const char *text);
/* Sends what waits for the server; false if the session ended. */
bool relay_login_flush(struct relay_session *session, struct relay_buffer *to_server);
/*
 * Reads what the server says, until the login goes on elsewhere or there is no more.
 *   take  has what is in the buffer; false if the session went on to another phase
 */
void relay_login_listen(struct relay_session *session, struct relay_buffer *from_server,
                        bool (*take)(struct relay_session *session));
/* Were the server's certificate and name both checked?  A password may depend on it. */
bool relay_login_is_verified(const struct relay_session *session);

#endif
