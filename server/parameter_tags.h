/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_tags.h - tags of a parameter, as PutParameter sets them too.
 */
#ifndef SERVER_PARAMETER_TAGS_H
#define SERVER_PARAMETER_TAGS_H

#include "server/call.h"

struct cJSON;

enum server_error server_parameter_tags_set(struct server_call *call, int64_t row,
                                            const struct cJSON *tags);

#endif
