/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * value.h - a secret's value on its way between a request, the store and an answer.
 */
#ifndef SERVER_VALUE_H
#define SERVER_VALUE_H

#include "server/call.h"

struct cJSON;

struct server_value {
    enum server_kind kind;   /* SERVER_KIND_NONE: the request has no value */
    struct sm_secret *plain; /* free with server_value_done() */
};

/* SecretString or SecretBinary of the request. */
enum server_error server_value_read(struct server_call *call, struct server_value *out_value);
void server_value_done(struct server_value *value);
#define server_autovalue __attribute__((cleanup(server_value_done)))

/* Puts the value, sealed for this version of call->secret, into `version`. */
SM_MUST_CHECK enum smcred_status server_value_seal(const struct server_call *call,
                                                   const struct server_value *value,
                                                   struct server_version *version);
/* Takes it out again.  Errors: SMCRED_INVALID (damaged, or sealed for something else). */
SM_MUST_CHECK enum smcred_status server_value_unseal(const struct server_call *call,
                                                     const struct server_version *version,
                                                     struct server_value *out_value);

/* Wraps the data key of a version of call->secret by the secret's key, once that is another. */
SM_MUST_CHECK enum smcred_status server_value_rekey(const struct server_call *call, const char *id);
/* The same for one that is known, by the material of that row. */
SM_MUST_CHECK enum smcred_status
server_data_key_rewrap(const struct server *server, const struct server_data_key *old, int64_t row);

/* As a member of an answer. */
SM_MUST_CHECK enum smcred_status server_value_add(const struct server_value *value,
                                                  struct cJSON *object);

#endif
