/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * page.h - NextToken: where a list goes on, bound to the request it began with.
 */
#ifndef SERVER_PAGE_H
#define SERVER_PAGE_H

#include "server/call.h"

/* Where to go on, at the beginning without NextToken.  SERVER_INVALID_NEXT_TOKEN for one that is
 * not ours. */
enum server_error server_page_read(struct server_call *call, struct server_spot *out_spot);
/* Adds NextToken to the answer. */
void server_page_add(struct server_call *call, const struct server_spot *spot);

#endif
