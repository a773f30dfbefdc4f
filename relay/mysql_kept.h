/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_kept.h - a server's connection that has outlived its client, for the next login.
 *
 * It is the relay's, at most one, and nobody's: whoever has it next logs in over it with
 * COM_CHANGE_USER, proves the password anew and is judged and written down as for any login.  What
 * a fresh connection would cost is saved: TCP, TLS and a thread of the server's.
 */
#ifndef RELAY_MYSQL_KEPT_H
#define RELAY_MYSQL_KEPT_H

#include <sys/socket.h>

#include "relay/loop.h"
#include "relay/mysql_echo.h"
#include "relay/mysql_packet.h"
#include "relay/stream.h"

struct relay;
struct relay_endpoint;
struct relay_session;

/* What a connection was made with, and no change of user changes. */
struct mysql_standing {
    struct mysql_greeting greeting;
    uint32_t capabilities, extended, max_packet; /* of the client that it was made for */
    const struct relay_endpoint *endpoint;
    bool repeats_nonce; /* its server asks for the same proof at each change of user */
};

/* The relay's; init it with a descriptor of -1. */
struct mysql_kept {
    struct relay_watch server; /* no descriptor: nothing is kept */
    struct relay_stream stream;
    struct relay_timer deadline;
    int64_t until_ms;
    bool is_ready; /* the server has shown that nothing is left unread */
    char word[MYSQL_ECHO_WORD];
    struct relay_buffer said; /* instead, so far */
    char *target;
    struct sockaddr_storage address;
    socklen_t address_len;
    struct mysql_standing *standing;
};

/* The session is logged in: its connection may be kept when its client has left. */
void mysql_stand(struct relay_session *session);
/* The client's last words are here, and the server's answer to all before.  True: the connection
 * is the relay's now, or closed, and the session has none. */
bool mysql_keep(struct relay_session *session);
/* A session that has just begun gets what is kept, if it leads to its target. */
bool mysql_take_kept(struct relay_session *session);
/* And the route is known now: will it do?  False: the session has none, or none any more. */
bool mysql_may_use_kept(struct relay_session *session);
/* Will it do for what the client has asked for since? */
bool mysql_is_fit(const struct relay_session *session);
/* It will not, or is broken: the attempt is made over a connection of its own. */
void mysql_dial_instead(struct relay_session *session);
/* Closes what is kept, if anything is. */
void mysql_let_go(struct relay *relay);

#endif
