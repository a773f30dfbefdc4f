/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watches.h - what a watched program has told epoll about a socket before it connected it.
 */
#ifndef TOOLS_WATCHES_H
#define TOOLS_WATCHES_H

#include <stdint.h>

/* A socket of another process that was put in the place of another. */
struct watches_change {
    uint32_t tid; /* a thread of that process, which waits for us */
    int pidfd;    /* of the process */
    int number;   /* of the socket over there */
    int before;   /* descriptors of ours: the socket that it was, */
    int now;      /* and the one that it is */
};

/* Tells that process's epoll instances of the new socket what they were told of the old one.  Where
 * /proc or the kernel does not let us, they are not told. */
void watches_follow(const struct watches_change *change);

#endif
