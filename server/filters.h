/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filters.h - the Filters of ListSecrets.
 */
#ifndef SERVER_FILTERS_H
#define SERVER_FILTERS_H

#include "server/call.h"

/* Every filter of the request has a key and values. */
enum server_error server_filters_check(struct server_call *call);

/* Whether all filters of the request select `secret`; true without filters. */
SM_MUST_CHECK enum smcred_status
server_filters_match(struct server_call *call, const struct server_secret *secret, bool *out_match);

/*
 * The search of "description" and "all": every word of `query` begins some word of `text`, whatever
 * the case.  Here for its test.
 */
bool server_words_match(const char *text, const char *query);

#endif
