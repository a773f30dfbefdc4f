/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * errors.c - from our errors to AWS's types, codes and spelling.  Called by dispatch and http.
 */
#include "server/errors.h"

#include <stddef.h>

const struct server_error_form *server_error_form(enum server_error error)
{
    static const struct server_error_form forms[] = {
        [SERVER_OK] = {"", 200, NULL},
        [SERVER_RESOURCE_NOT_FOUND] = {"ResourceNotFoundException", 400, "Message"},
        [SERVER_RESOURCE_EXISTS] = {"ResourceExistsException", 400, "Message"},
        [SERVER_INVALID_REQUEST] = {"InvalidRequestException", 400, "Message"},
        [SERVER_INVALID_PARAMETER] = {"InvalidParameterException", 400, "Message"},
        [SERVER_INVALID_NEXT_TOKEN] = {"InvalidNextTokenException", 400, "Message"},
        [SERVER_LIMIT_EXCEEDED] = {"LimitExceededException", 400, "Message"},
        [SERVER_DECRYPTION_FAILURE] = {"DecryptionFailure", 400, "Message"},
        [SERVER_ACCESS_DENIED] = {"AccessDeniedException", 400, "Message"},
        [SERVER_ENCRYPTION_FAILURE] = {"EncryptionFailure", 400, "Message"},
        [SERVER_MALFORMED_POLICY] = {"MalformedPolicyDocumentException", 400, "Message"},
        [SERVER_PUBLIC_POLICY] = {"PublicPolicyException", 400, "Message"},
        [SERVER_INTERNAL] = {"InternalServiceError", 500, "Message"},
        [SERVER_VALIDATION] = {"ValidationException", 400, "message"},
        [SERVER_SERIALIZATION] = {"SerializationException", 400, "Message"},
        [SERVER_UNKNOWN_OPERATION] = {"UnknownOperationException", 400, "message"},
        [SERVER_TOO_LARGE] = {"RequestEntityTooLargeException", 413, "message"},
        [SERVER_MISSING_TOKEN] = {"MissingAuthenticationTokenException", 400, "message"},
        [SERVER_INCOMPLETE_SIGNATURE] = {"IncompleteSignatureException", 400, "message"},
        [SERVER_UNRECOGNIZED_CLIENT] = {"UnrecognizedClientException", 400, "message"},
        [SERVER_THROTTLING] = {"ThrottlingException", 400, "message"},
        [SERVER_INVALID_SIGNATURE] = {"InvalidSignatureException", 400, "message"},
        [SERVER_PARAMETER_NOT_FOUND] = {"ParameterNotFound", 400, "message"},
        [SERVER_PARAMETER_VERSION_NOT_FOUND] = {"ParameterVersionNotFound", 400, "message"},
        [SERVER_PARAMETER_EXISTS] = {"ParameterAlreadyExists", 400, "message"},
        [SERVER_PARAMETER_MAX_VERSIONS] = {"ParameterMaxVersionLimitExceeded", 400, "message"},
        [SERVER_PARAMETER_MISMATCH] = {"ParameterPatternMismatchException", 400, "message"},
        [SERVER_PARAMETER_LABEL_LIMIT] = {"ParameterVersionLabelLimitExceeded", 400, "message"},
        [SERVER_INVALID_KEY_ID] = {"InvalidKeyId", 400, "message"},
        [SERVER_INVALID_ALLOWED_PATTERN] = {"InvalidAllowedPatternException", 400, "message"},
        [SERVER_HIERARCHY_LEVEL_LIMIT] = {"HierarchyLevelLimitExceededException", 400, "message"},
        [SERVER_HIERARCHY_TYPE_MISMATCH] = {"HierarchyTypeMismatchException", 400, "message"},
        [SERVER_INVALID_FILTER_KEY] = {"InvalidFilterKey", 400, "message"},
        [SERVER_INVALID_FILTER_OPTION] = {"InvalidFilterOption", 400, "message"},
        [SERVER_INVALID_FILTER_VALUE] = {"InvalidFilterValue", 400, "Message"},
        [SERVER_INVALID_TOKEN] = {"InvalidNextToken", 400, "Message"},
        [SERVER_INVALID_POLICY_TYPE] = {"InvalidPolicyTypeException", 400, "message"},
        [SERVER_INVALID_RESOURCE_ID] = {"InvalidResourceId", 400, "message"},
        [SERVER_INVALID_RESOURCE_TYPE] = {"InvalidResourceType", 400, "message"},
        [SERVER_TOO_MANY_TAGS] = {"TooManyTagsError", 400, "message"},
        [SERVER_INVALID_IDENTITY_TOKEN] = {"InvalidIdentityTokenException", 400, "message"},
        [SERVER_PACKED_TOO_LARGE] = {"PackedPolicyTooLargeException", 400, "message"},
        [SERVER_IDENTITY_TOKEN_EXPIRED] = {"ExpiredTokenException", 400, "message"},
        [SERVER_EXPIRED_TOKEN] = {"ExpiredTokenException", 400, "message"},
    };
    return &forms[error];
}

enum server_error server_error_of(enum smcred_status status)
{
    switch (status) {
    case SMCRED_OK:
        return SERVER_OK;
    case SMCRED_NOT_FOUND:
        return SERVER_RESOURCE_NOT_FOUND;
    case SMCRED_INVALID: /* a sealed value that does not open: damaged, or another master key */
        return SERVER_DECRYPTION_FAILURE;
    case SMCRED_REVOKED: /* a key that is disabled */
        return SERVER_ENCRYPTION_FAILURE;
    case SMCRED_LIMITED:
        return SERVER_LIMIT_EXCEEDED;
    case SMCRED_TOO_LARGE:
    case SMCRED_SYSTEM:
    case SMCRED_NO_MEMORY:
    case SMCRED_UNAVAILABLE:
    case SMCRED_TIMED_OUT:
    case SMCRED_DENIED:
    case SMCRED_PROTOCOL:
    case SMCRED_UNSUPPORTED:
        return SERVER_INTERNAL; /* ours to repair, and not the caller's business */
    }
    return SERVER_INTERNAL;
}
