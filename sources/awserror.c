/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * awserror.c - from an AWS error type to a status.  Read the table before anything else here.
 */
#include "sources/awserror.h"

#include "sources/json.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

static const struct {
    const char *code;
    enum smcred_status status;
} meanings[] = {
    {"ResourceNotFoundException", SMCRED_NOT_FOUND},
    {"AccessDeniedException", SMCRED_DENIED},
    {"AccessDenied", SMCRED_DENIED},
    {"NotAuthorized", SMCRED_DENIED},
    {"DecryptionFailure", SMCRED_DENIED},
    {"EncryptionFailure", SMCRED_DENIED},
    {"PublicPolicyException", SMCRED_DENIED},
    /* Who we are was not believed, so nothing was said of any secret. */
    {"UnrecognizedClientException", SMCRED_UNAVAILABLE},
    {"InvalidClientTokenId", SMCRED_UNAVAILABLE},
    {"InvalidSignatureException", SMCRED_UNAVAILABLE},
    {"SignatureDoesNotMatch", SMCRED_UNAVAILABLE},
    {"IncompleteSignatureException", SMCRED_UNAVAILABLE},
    {"IncompleteSignature", SMCRED_UNAVAILABLE},
    {"MissingAuthenticationTokenException", SMCRED_UNAVAILABLE},
    {"MissingAuthenticationToken", SMCRED_UNAVAILABLE},
    {"ExpiredTokenException", SMCRED_UNAVAILABLE},
    {"ExpiredToken", SMCRED_UNAVAILABLE},
    {"RequestTimeTooSkewed", SMCRED_UNAVAILABLE},
    {"RequestExpired", SMCRED_UNAVAILABLE},
    {"AuthFailure", SMCRED_UNAVAILABLE},
    {"OptInRequired", SMCRED_UNAVAILABLE},
    {"LimitExceededException", SMCRED_LIMITED},
    {"RequestEntityTooLargeException", SMCRED_TOO_LARGE},
    {"UnknownOperationException", SMCRED_UNSUPPORTED},
    {"InternalServiceError", SMCRED_UNAVAILABLE},
    {"InternalServiceErrorException", SMCRED_UNAVAILABLE},
    {"InternalFailure", SMCRED_UNAVAILABLE},
    {"ServiceUnavailable", SMCRED_UNAVAILABLE},
    {"RequestTimeout", SMCRED_UNAVAILABLE},
    {"RequestTimeoutException", SMCRED_UNAVAILABLE},
    {"InvalidRequestException", SMCRED_INVALID},
    {"InvalidParameterException", SMCRED_INVALID},
    {"InvalidNextTokenException", SMCRED_INVALID},
    {"ValidationException", SMCRED_INVALID},
    {"ResourceExistsException", SMCRED_INVALID},
    {"MalformedPolicyDocumentException", SMCRED_INVALID},
    {"PreconditionNotMetException", SMCRED_INVALID},
    {"SerializationException", SMCRED_INVALID},
};

/*
 * LimitExceededException is not among them, though SDKs have it there: Secrets Manager says it of
 * quotas, which no waiting of ours changes.
 */
static const char *const throttles[] = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "RequestThrottled",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
};

static bool is_one_of(const char *code, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], code) == 0)
            return true;
    return false;
}

/* "com.amazonaws.x#Name:http://..." -> "Name" */
static void write_code(const char *type, char *out, size_t size)
{
    size_t len = strcspn(type, ":");
    const char *hash = memrchr(type, '#', len);
    const char *start = hash ? hash + 1 : type;
    len -= (size_t)(start - type);
    if (len >= size)
        len = size - 1;
    for (size_t i = 0; i < len; i++) {
        bool plain = start[i] > ' ' && start[i] < 0x7f && start[i] != '"';
        out[i] = plain ? start[i] : '?';
    }
    out[len] = '\0';
}

static void write_message(const char *text, char *out, size_t size)
{
    size_t len = strnlen(text, size - 1);
    for (size_t i = 0; i < len; i++)
        out[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
    out[len] = '\0';
}

static const char *first_text(const cJSON *json, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = json_text(json, names[i]);
        if (text)
            return text;
    }
    return NULL;
}

void aws_error_parse(const char *type_header, struct sm_bytes body, struct aws_error *out_error)
{
    static const char *const types[] = {"__type", "code", "Code"};
    static const char *const messages[] = {"message", "Message", "errorMessage"};
    *out_error = (struct aws_error){.code = ""};
    json_auto cJSON *json = json_parse(body);
    const char *type = first_text(json, types, COUNT_OF(types));
    const char *message = first_text(json, messages, COUNT_OF(messages));
    write_code(type ? type : type_header, out_error->code, sizeof out_error->code);
    if (message)
        write_message(message, out_error->message, sizeof out_error->message);
}

static enum smcred_status status_of_http(long http_code)
{
    if (http_code >= 500)
        return SMCRED_UNAVAILABLE;
    switch (http_code) {
    case 401:
    case 403:
    case 407: /* a proxy's or portal's: Secrets Manager says why it denies */
        return SMCRED_UNAVAILABLE;
    case 413:
        return SMCRED_TOO_LARGE;
    case 429:
        return SMCRED_LIMITED;
    default:
        return SMCRED_PROTOCOL; /* a redirect, or something that is no Secrets Manager */
    }
}

enum smcred_status aws_error_status(long http_code, const struct aws_error *error)
{
    if (aws_error_is_throttle(http_code, error))
        return SMCRED_LIMITED;
    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (strcmp(meanings[i].code, error->code) == 0)
            return meanings[i].status;
    if (error->code[0] && http_code == 400)
        return SMCRED_INVALID;
    if (error->code[0] && http_code == 403)
        return SMCRED_DENIED;
    return status_of_http(http_code);
}

bool aws_error_is_throttle(long http_code, const struct aws_error *error)
{
    return http_code == 429 || is_one_of(error->code, throttles, COUNT_OF(throttles));
}

bool aws_error_is_transient(long http_code, const struct aws_error *error)
{
    static const char *const codes[] = {"RequestTimeout", "RequestTimeoutException",
                                        "PriorRequestNotComplete"};
    return http_code == 500 || http_code == 502 || http_code == 503 || http_code == 504 ||
           aws_error_is_throttle(http_code, error) ||
           is_one_of(error->code, codes, COUNT_OF(codes));
}

bool aws_error_is_skew(const struct aws_error *error)
{
    static const char *const codes[] = {"RequestTimeTooSkewed", "RequestExpired", "AuthFailure"};
    if (is_one_of(error->code, codes, COUNT_OF(codes)))
        return true;
    return strcmp(error->code, "InvalidSignatureException") == 0 &&
           (strstr(error->message, "Signature expired") ||
            strstr(error->message, "Signature not yet current"));
}

bool aws_error_is_credentials(const struct aws_error *error)
{
    static const char *const codes[] = {"ExpiredTokenException",       "ExpiredToken",
                                        "UnrecognizedClientException", "InvalidClientTokenId",
                                        "InvalidSignatureException",   "SignatureDoesNotMatch"};
    return is_one_of(error->code, codes, COUNT_OF(codes)) && !aws_error_is_skew(error);
}
