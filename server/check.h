/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.h - is everything in a store as it must be?
 */
#ifndef SERVER_CHECK_H
#define SERVER_CHECK_H

#include "server/call.h"

struct server_check {
    /* Called for each finding; what  in one line, without a value */
    void (*found)(void *context, const char *where, const char *what);
    void *context;
    uint64_t versions, parameters, keys; /* how many were opened */
    uint64_t findings;
};

/*
 * Looks at pages, references and labels, and opens every value, parameter and access key.
 * Findings are told, not errors.  Errors: the store cannot be read at all.
 */
SM_MUST_CHECK enum smcred_status server_check(struct server *server, struct server_check *check);

/* The pages, indexes and references alone: for a store that cannot be opened otherwise. */
SM_MUST_CHECK enum smcred_status server_check_pages(struct server_store *store,
                                                    struct server_check *check);

#endif
