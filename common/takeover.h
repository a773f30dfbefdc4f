/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * takeover.h - what a client may have set on its socket before connect(), and expects to find on
 * the one that takes its place.
 *
 * Read by the shim and by `smcred exec --seccomp`.  Options the new socket does not know (a Unix
 * one has no TCP_NODELAY) are left out; none of them decides whether the connection works.
 */
#ifndef SM_TAKEOVER_H
#define SM_TAKEOVER_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define TAKEOVER_OPTION_MAX 16 /* bytes of the longest value, struct timeval and struct linger */

static const struct {
    int level;
    int name;
} takeover_options[] = {
    {SOL_SOCKET, SO_KEEPALIVE},   {SOL_SOCKET, SO_LINGER},    {SOL_SOCKET, SO_RCVTIMEO},
    {SOL_SOCKET, SO_SNDTIMEO},    {IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_TCP, TCP_KEEPIDLE},
    {IPPROTO_TCP, TCP_KEEPINTVL}, {IPPROTO_TCP, TCP_KEEPCNT}, {IPPROTO_TCP, TCP_USER_TIMEOUT},
};

#endif
