/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_reading.h - one parameter, found and shown, for all operations that read.
 */
#ifndef SERVER_PARAMETER_READING_H
#define SERVER_PARAMETER_READING_H

#include "server/call.h"
#include "server/parameter.h"
#include "server/parameter_names.h"

struct cJSON;

/*
 * Finds what `text` names, with its selector.  SERVER_PARAMETER_NOT_FOUND,
 * SERVER_PARAMETER_VERSION_NOT_FOUND, SERVER_VALIDATION.
 *   out_parameter  release with server_parameter_done()
 */
enum server_error server_parameter_find(struct server_call *call, const char *text,
                                        struct server_parameter_id *out_id,
                                        struct server_parameter *out_parameter);
/* A member Parameter of an answer, or an element of Parameters. */
enum server_error server_parameter_show(struct server_call *call, const char *name,
                                        const char *selector,
                                        const struct server_parameter *parameter,
                                        struct cJSON *object);

/* parameter_reference.c: a secret, read through the name of a parameter. */
enum server_error server_parameter_read_reference(struct server_call *call, const char *name,
                                                  struct cJSON *object);

#endif
