/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * delays.h - something done later, by a thread of its own: for faults of --faults alone.
 */
#ifndef SERVER_DELAYS_H
#define SERVER_DELAYS_H

#include "common/bytes.h"

struct server_delays;

struct server_delays *server_delays_new(void); /* NULL: no memory */
/* Does what is still waiting at once, and what is added from now on.  NULL is allowed, as below. */
void server_delays_end(struct server_delays *delays);
void server_delays_free(struct server_delays *delays);

/* Calls done(context) after `ms`, from another thread; at once from this one if there is none. */
void server_delays_add(struct server_delays *delays, unsigned ms, void (*done)(void *context),
                       void *context);

#endif
