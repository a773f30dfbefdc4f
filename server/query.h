/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * query.h - AWS's query protocol: a form in, XML out.  STS speaks it.
 */
#ifndef SERVER_QUERY_H
#define SERVER_QUERY_H

#include "server/call.h"

struct cJSON;
struct server_member;

/*
 * A form's fields as members of one object, all of them texts; a field that comes again is ignored.
 * Errors: SMCRED_INVALID (escapes, UTF-8, NUL), SMCRED_TOO_LARGE (too many fields),
 * SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status server_query_parse(struct sm_bytes body, struct cJSON **out_input);
/*
 * Makes of texts what the model has: numbers, unless a text is none, and lists, whose elements a
 * form has as NAME.member.1 or NAME.member.1.KEY, and so on.
 */
void server_query_shape(struct cJSON *input, const struct server_member *members);

/* The call's answer in XML; free with cJSON_free(), which wipes; NULL without memory. */
char *server_query_body(struct server_call *call);
/* The HTTP status that STS gives to an error. */
unsigned server_query_code(enum server_error error);

#endif
