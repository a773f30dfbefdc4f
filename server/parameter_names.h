/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_names.h - names of parameters: their syntax, their selectors, their ARNs.
 */
#ifndef SERVER_PARAMETER_NAMES_H
#define SERVER_PARAMETER_NAMES_H

#include "server/call.h"
#include "server/parameter.h"

#define SERVER_PARAMETER_ID_MAX (2048 * SERVER_UTF8_MAX)

/* What a Name of a request asks for, taken apart. */
struct server_parameter_id {
    char name[SERVER_PARAMETER_NAME_MAX + 2];  /* begins with a slash */
    char shown[SERVER_PARAMETER_NAME_MAX + 1]; /* as it was asked for, without blanks */
    char selector[SERVER_PARAMETER_ID_MAX];    /* a version's number or a label; "": none */
};

/*
 * Takes `text` apart: a name or ARN, maybe with a selector behind a colon.  SERVER_VALIDATION in
 * AWS's words for what cannot be one, SERVER_PARAMETER_NOT_FOUND for the ARN of another place.
 */
enum server_error server_parameter_id(struct server_call *call, const char *text,
                                      struct server_parameter_id *out_id);
/* The same for a name that is to be made, with the rules for that. */
enum server_error server_parameter_new_id(struct server_call *call, const char *text,
                                          struct server_parameter_id *out_id);
/* The Path of a request, and of a filter: "/" or "/a/b", a slash at its end taken off. */
enum server_error server_parameter_path(struct server_call *call, const char *text,
                                        char out_path[SERVER_PARAMETER_NAME_MAX + 2]);
/* Whether `name` is below `path`, at any depth or directly. */
bool server_parameter_is_below(const char *name, const char *path, bool recursive);

void server_parameter_arn(const struct server_place *place, const char *name,
                          char out_arn[SERVER_PARAMETER_ARN_MAX + 1]);

/* AWS gives the type alone. */
enum server_error server_parameter_not_found(struct server_call *call);

/* The secret's id behind "/aws/reference/secretsmanager/"; NULL if it is another name. */
const char *server_parameter_reference(const char *text);

#endif
