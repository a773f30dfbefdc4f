/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_value.h - a parameter's value between request, store and answer.
 */
#ifndef SERVER_PARAMETER_VALUE_H
#define SERVER_PARAMETER_VALUE_H

#include "server/call.h"
#include "server/parameter.h"

struct cJSON;

/*
 * Whether the key of a SecureString may be used by the caller, to write it or to read it decrypted:
 * SERVER_INVALID_KEY_ID where it is not there, or disabled.
 */
enum server_error server_parameter_may_seal(struct server_call *call,
                                            const struct server_parameter *parameter);
enum server_error server_parameter_may_open(struct server_call *call,
                                            const struct server_parameter *parameter);

/* Seals `text` as the value of this version of the parameter. */
SM_MUST_CHECK enum smcred_status server_parameter_seal(const struct server_call *call,
                                                       const char *text,
                                                       struct server_parameter *parameter);
/* For the next that the key has sealed: wraps its data key by the material of that row. */
SM_MUST_CHECK enum smcred_status server_parameter_rewrap(const struct server *server, int64_t key,
                                                         int64_t row);
/*
 * Adds "Value" to an answer.  What is a SecureString is a ciphertext to who did not ask for it
 * decrypted.  Errors: SMCRED_INVALID (damaged, or sealed for something else).
 */
SM_MUST_CHECK enum smcred_status
server_parameter_add_value(const struct server_call *call, const struct server_parameter *parameter,
                           bool decrypt, struct cJSON *object);

#endif
