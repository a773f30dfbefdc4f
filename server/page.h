/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * page.h - NextToken: where a list goes on, bound to the request it began with.
 */
#ifndef SERVER_PAGE_H
#define SERVER_PAGE_H

#include "server/call.h"

/* Where to begin: 0 without NextToken.  SERVER_INVALID_NEXT_TOKEN for one that is not ours. */
enum server_error server_page_read(struct server_call *call, int64_t *out_at);
/* Adds NextToken to the answer. */
void server_page_add(struct server_call *call, int64_t at);

#endif
