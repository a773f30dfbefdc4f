/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secretsmanager.h - Secrets Manager as one of the services.
 */
#ifndef SERVER_SECRETSMANAGER_H
#define SERVER_SECRETSMANAGER_H

#include "server/call.h"

/* Sets call->secret to the one named, for operations that name several. */
enum server_error server_secretsmanager_find(struct server_call *call, const char *id,
                                             bool refuses_deleted);

#endif
