/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tags.h - tags of a secret, as CreateSecret and TagResource set them and Describe and List show
 * them.
 */
#ifndef SERVER_TAGS_H
#define SERVER_TAGS_H

#include "server/call.h"

struct cJSON;

/* Sets the tags of a request's "Tags" on call->secret; NULL: none.  Updates call->secret.tagged. */
enum server_error server_tags_set(struct server_call *call, const struct cJSON *tags);
/* "Tags" of `secret`: present, maybe empty, once it had any. */
SM_MUST_CHECK enum smcred_status
server_tags_add(struct server_call *call, const struct server_secret *secret, struct cJSON *object);

#endif
