/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * errors.h - what can go wrong for a caller of the API, and how AWS says it on the wire.
 */
#ifndef SERVER_ERRORS_H
#define SERVER_ERRORS_H

#include "libsmcred/smcred.h"

enum server_error {
    SERVER_OK = 0,
    /* modelled by the service */
    SERVER_RESOURCE_NOT_FOUND,
    SERVER_RESOURCE_EXISTS,
    SERVER_INVALID_REQUEST,
    SERVER_INVALID_PARAMETER,
    SERVER_INVALID_NEXT_TOKEN,
    SERVER_LIMIT_EXCEEDED,
    SERVER_DECRYPTION_FAILURE,
    SERVER_ACCESS_DENIED,
    SERVER_ENCRYPTION_FAILURE,
    SERVER_MALFORMED_POLICY,
    SERVER_PUBLIC_POLICY,
    SERVER_INTERNAL,
    /* said by AWS's front end, before the service proper */
    SERVER_VALIDATION,
    SERVER_SERIALIZATION,
    SERVER_UNKNOWN_OPERATION,
    SERVER_TOO_LARGE,
    SERVER_MISSING_TOKEN,
    SERVER_INCOMPLETE_SIGNATURE,
    SERVER_UNRECOGNIZED_CLIENT,
    SERVER_INVALID_SIGNATURE,
    SERVER_THROTTLING,
    /* Parameter Store's own */
    SERVER_PARAMETER_NOT_FOUND,
    SERVER_PARAMETER_VERSION_NOT_FOUND,
    SERVER_PARAMETER_EXISTS,
    SERVER_PARAMETER_MAX_VERSIONS,
    SERVER_PARAMETER_MISMATCH,
    SERVER_PARAMETER_LABEL_LIMIT,
    SERVER_INVALID_ALLOWED_PATTERN,
    SERVER_INVALID_KEY_ID,
    SERVER_HIERARCHY_LEVEL_LIMIT,
    SERVER_HIERARCHY_TYPE_MISMATCH,
    SERVER_INVALID_FILTER_KEY,
    SERVER_INVALID_FILTER_OPTION,
    SERVER_INVALID_FILTER_VALUE,
    SERVER_INVALID_TOKEN,
    SERVER_INVALID_POLICY_TYPE,
    SERVER_INVALID_RESOURCE_ID,
    SERVER_INVALID_RESOURCE_TYPE,
    SERVER_TOO_MANY_TAGS,
    SERVER_EXPIRED_TOKEN,
    /* STS's own */
    SERVER_INVALID_IDENTITY_TOKEN,
    SERVER_IDENTITY_TOKEN_EXPIRED,
    SERVER_PACKED_TOO_LARGE, /* policy and tags of a session */
};

/* One row per error; what the client sees of it. */
struct server_error_form {
    const char *type;   /* the "__type" */
    unsigned http_code; /* 400 for all that is the caller's fault, also not found and refused */
    const char *member; /* "Message" in the service's own errors, "message" in the front end's */
};

const struct server_error_form *server_error_form(enum server_error error);

/* The edge between what our own code says and what a caller is told. */
enum server_error server_error_of(enum smcred_status status);

#endif
