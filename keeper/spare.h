/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spare.h - a pair of loopback TCP sockets that is made before it is wanted.
 *
 * A client that is redirected would wait for the dozen system calls that a pair takes.  So the next
 * one is made a moment after the last one went, when that one's login is done.
 */
#ifndef KEEPER_SPARE_H
#define KEEPER_SPARE_H

#include "common/bytes.h"
#include "libsmcred/smcred.h"

struct event_base;
struct spare;

/* Errors: SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status spare_new(struct event_base *base, struct spare **out_spare);
void spare_free(struct spare *spare);
/* As listen_tcp_pair(), at once if there is a spare one. */
SM_MUST_CHECK enum smcred_status spare_take(struct spare *spare, int *out_client, int *out_server);

#endif
