/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * list.h - the secrets that a request's Filters select, page by page.
 */
#ifndef SERVER_LIST_H
#define SERVER_LIST_H

#include "server/call.h"

struct server_listing {
    enum server_order order;
    bool descending;
    bool with_deleted; /* those scheduled for deletion too */
    int64_t most;      /* on one page, where the request has no MaxResults */
    /* Called for each that is selected; an error ends the list. */
    enum server_error (*add)(struct server_call *call, const struct server_secret *secret);
};

/* Goes on where the request's NextToken says, and adds one to the answer if there is more. */
enum server_error server_list(struct server_call *call, const struct server_listing *listing);

#endif
