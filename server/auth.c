/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * auth.c - Signature Version 4 as Secrets Manager's front end verifies it.
 *
 * Called by http before anything is looked up.  Stricter than AWS in two points, both documented in
 * doc/server.md: every x-amz-* header must be signed, and X-Amz-Content-Sha256 must be the body's.
 */
#include "server/auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "common/log.h"
#include "server/keys.h"
#include "server/names.h"
#include "server/service.h"
#include "server/session.h"

#define SIGNED_MAX   2048 /* bytes of SignedHeaders */
#define SHOWN_MAX    1024 /* bytes of the caller's header that a message repeats */
#define SHA256_CHARS 64

/* What the caller claims, and where and when. */
struct claim {
    struct sm_bytes header; /* all of Authorization */
    struct sigv4_authorization authorization;
    struct sigv4_scope scope;
    int64_t signed_ms;
    char signed_headers[SIGNED_MAX + 1];
};

static int shown(struct sm_bytes text)
{
    return (int)(text.len < SHOWN_MAX ? text.len : SHOWN_MAX);
}

static bool is_named(struct sm_bytes text, const char *name)
{
    return text.len == strlen(name) && strncasecmp(text.data, name, text.len) == 0;
}

bool server_header(const struct sigv4_request *request, const char *name,
                   struct sm_bytes *out_value)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (is_named(request->headers[i].name, name)) {
            *out_value = request->headers[i].value;
            return true;
        }
    }
    return false;
}

static enum server_error wrong_signature(struct server_call *call)
{
    return server_fail(call, SERVER_INVALID_SIGNATURE,
                       "The request signature we calculated does not match the signature you "
                       "provided. Check your AWS Secret Access Key and signing method. Consult the "
                       "service documentation for details.");
}

static enum server_error unrecognized(struct server_call *call)
{
    return server_fail(call, SERVER_UNRECOGNIZED_CLIENT,
                       "The security token included in the request is invalid.");
}

/* --- reading the claim ------------------------------------------------------------------------ */

static bool has_query_signature(const struct sigv4_request *request)
{
    static const char name[] = "X-Amz-Algorithm=";
    return request->query.len > 0 &&
           memmem(request->query.data, request->query.len, name, sizeof name - 1) != NULL;
}

static enum server_error find_header(struct server_call *call, const struct sigv4_request *request,
                                     struct claim *claim)
{
    bool found = server_header(request, "authorization", &claim->header);
    if (found && has_query_signature(request))
        return server_fail(call, SERVER_INVALID_SIGNATURE,
                           "Found both 'X-Amz-Algorithm' as a query-string param and "
                           "'Authorization' as HTTP header.");
    if (!found || claim->header.len < 5 || strncmp(claim->header.data, "AWS4-", 5) != 0)
        return server_fail(call, SERVER_MISSING_TOKEN, "Missing Authentication Token");
    return SERVER_OK;
}

static enum server_error incomplete(struct server_call *call, const struct claim *claim,
                                    bool has_date)
{
    const struct sigv4_authorization *a = &claim->authorization;
    return server_fail(
        call, SERVER_INCOMPLETE_SIGNATURE, "%s%s%s%sAuthorization=%.*s",
        a->access_key_id.len ? "" : "Authorization header requires 'Credential' parameter. ",
        a->signature.len ? "" : "Authorization header requires 'Signature' parameter. ",
        a->signed_headers.len ? "" : "Authorization header requires 'SignedHeaders' parameter. ",
        has_date ? ""
                 : "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
                   "header. ",
        shown(claim->header), (const char *)claim->header.data);
}

static bool copy(struct sm_bytes from, char *out, size_t size)
{
    if (from.len >= size)
        return false;
    memcpy(out, from.data, from.len);
    out[from.len] = '\0';
    return true;
}

/* As HTTP has dates, "Fri, 27 Nov 2026 04:05:06 GMT", written as X-Amz-Date would be. */
static bool convert_date(struct sm_bytes text, char out[SIGV4_DATE_LEN + 1])
{
    char date[64];
    struct tm utc = {.tm_mday = 1};
    if (!copy(text, date, sizeof date))
        return false;
    const char *end = strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    if (!end || *end)
        return false;
    sigv4_date((int64_t)timegm(&utc) * 1000, out);
    return true;
}

/* When it was signed: X-Amz-Date, or else the Date of HTTP. */
static enum server_error read_date(struct server_call *call, struct sm_bytes date,
                                   struct claim *claim)
{
    char *out = claim->scope.date;
    if ((copy(date, out, sizeof claim->scope.date) || convert_date(date, out)) &&
        sigv4_date_parse(sm_bytes_of(out), &claim->signed_ms) == SMCRED_OK)
        return SERVER_OK;
    return server_fail(call, SERVER_INCOMPLETE_SIGNATURE,
                       "Date must be in ISO-8601 'basic format'. Got '%.*s'. See "
                       "http://en.wikipedia.org/wiki/ISO_8601",
                       shown(date), (const char *)date.data);
}

static enum server_error read_claim(struct server_call *call, const struct sigv4_request *request,
                                    struct claim *claim)
{
    struct sigv4_authorization *a = &claim->authorization;
    struct sm_bytes date = sm_bytes(NULL, 0);
    enum server_error error = find_header(call, request, claim);
    if (error != SERVER_OK)
        return error;
    if (sigv4_parse(claim->header, a) != SMCRED_OK)
        return server_fail(call, SERVER_INCOMPLETE_SIGNATURE,
                           "Credential must have exactly 5 slash-delimited elements, e.g. "
                           "keyid/date/region/service/term, and the algorithm must be "
                           "AWS4-HMAC-SHA256. Authorization=%.*s",
                           shown(claim->header), (const char *)claim->header.data);
    bool has_date =
        server_header(request, "x-amz-date", &date) || server_header(request, "date", &date);
    if (!a->access_key_id.len || !a->signature.len || !a->signed_headers.len || !has_date)
        return incomplete(call, claim, has_date);
    error = read_date(call, date, claim);
    if (error != SERVER_OK)
        return error;
    if (!copy(a->region, claim->scope.region, sizeof claim->scope.region) ||
        !copy(a->service, claim->scope.service, sizeof claim->scope.service) ||
        !copy(a->signed_headers, claim->signed_headers, sizeof claim->signed_headers))
        return wrong_signature(call);
    return SERVER_OK;
}

/* --- judging it ------------------------------------------------------------------------------- */

static enum server_error check_scope(struct server_call *call, const struct claim *claim)
{
    if (!server_region_is_served(call->server, claim->scope.region))
        return server_fail(call, SERVER_INVALID_SIGNATURE,
                           "Credential should be scoped to a valid Region, not '%s'.",
                           claim->scope.region);
    if (strcmp(claim->scope.service, call->service->name) != 0)
        return server_fail(call, SERVER_INVALID_SIGNATURE,
                           "Credential should be scoped to correct service: '%s'.",
                           call->service->name);
    if (!sm_bytes_equal(claim->authorization.date, sm_bytes(claim->scope.date, 8)))
        return server_fail(call, SERVER_INVALID_SIGNATURE,
                           "Date in Credential scope does not match YYYYMMDD from ISO-8601 version "
                           "of date from HTTP: '%.*s' != '%.8s', from '%s'.",
                           shown(claim->authorization.date),
                           (const char *)claim->authorization.date.data, claim->scope.date,
                           claim->scope.date);
    return SERVER_OK;
}

static bool is_signed(const struct claim *claim, struct sm_bytes name)
{
    const char *at = claim->signed_headers;
    while (*at) {
        size_t len = strcspn(at, ";");
        if (len == name.len && strncasecmp(at, name.data, len) == 0)
            return true;
        at += len;
        at += *at == ';';
    }
    return false;
}

/* What steers the service must be covered: the host, and all that begins with x-amz-. */
static enum server_error check_coverage(struct server_call *call,
                                        const struct sigv4_request *request,
                                        const struct claim *claim)
{
    if (!is_signed(claim, sm_bytes_of("host")))
        return server_fail(call, SERVER_INVALID_SIGNATURE,
                           "'Host' or ':authority' must be a 'SignedHeader' in the AWS "
                           "Authorization.");
    for (size_t i = 0; i < request->header_count; i++) {
        struct sm_bytes name = request->headers[i].name;
        if (name.len >= 6 && strncasecmp(name.data, "x-amz-", 6) == 0 && !is_signed(claim, name))
            return server_fail(call, SERVER_INVALID_SIGNATURE,
                               "'%.*s' must be a 'SignedHeader' in the AWS Authorization.",
                               shown(name), (const char *)name.data);
    }
    return SERVER_OK;
}

static enum server_error check_time(struct server_call *call, const struct claim *claim)
{
    char now[SIGV4_DATE_LEN + 1], limit[SIGV4_DATE_LEN + 1];
    int64_t clock_ms = call->server->signed_ms ? call->server->signed_ms() : call->now_ms;
    int64_t now_ms = clock_ms - clock_ms % 1000; /* the claim has whole seconds */
    sigv4_date(now_ms, now);
    if (claim->signed_ms < now_ms - SERVER_SKEW_MS) {
        sigv4_date(now_ms - SERVER_SKEW_MS, limit);
        return server_fail(call, SERVER_INVALID_SIGNATURE,
                           "Signature expired: %s is now earlier than %s (%s - 5 min.)",
                           claim->scope.date, limit, now);
    }
    if (claim->signed_ms > now_ms + SERVER_SKEW_MS) {
        sigv4_date(now_ms + SERVER_SKEW_MS, limit);
        return server_fail(call, SERVER_INVALID_SIGNATURE,
                           "Signature not yet current: %s is still later than %s (%s + 5 min.)",
                           claim->scope.date, limit, now);
    }
    return SERVER_OK;
}

/* The digest a client declares replaces the body's in the signature, so it must be the body's. */
static enum server_error check_content_digest(struct server_call *call,
                                              const struct sigv4_request *request)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char text[SHA256_CHARS + 1];
    struct sm_bytes declared;
    if (!server_header(request, "x-amz-content-sha256", &declared))
        return SERVER_OK;
    if (EVP_Digest(request->body.data, request->body.len, digest, NULL, EVP_sha256(), NULL) != 1)
        return server_fail_status(call, SMCRED_NO_MEMORY);
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", digest[i]); /* fits */
    return sm_bytes_is(declared, text) ? SERVER_OK : wrong_signature(call);
}

static enum server_error check_signature(struct server_call *call,
                                         const struct sigv4_request *request,
                                         const struct claim *claim,
                                         const struct sm_secret *signing_key)
{
    char expected[SIGV4_SIGNATURE_LEN + 1];
    struct sm_bytes given = claim->authorization.signature;
    enum smcred_status status =
        sigv4_sign(request, &claim->scope, claim->signed_headers, signing_key, expected);
    if (status == SMCRED_NO_MEMORY)
        return server_fail_status(call, status);
    if (status != SMCRED_OK || given.len != SIGV4_SIGNATURE_LEN ||
        CRYPTO_memcmp(given.data, expected, SIGV4_SIGNATURE_LEN) != 0)
        return wrong_signature(call);
    return SERVER_OK;
}

/* --- who it is ----------------------------------------------------------------------------------
 */

/* Whose key it is, and what it signs with. */
struct signer {
    struct server_key key;
    struct server_session session;
    const struct sm_secret *signing_key;
    struct sm_secret *derived; /* the same, where it is ours: for a session */
};

static void signer_done(struct signer *signer)
{
    server_session_done(&signer->session);
    sm_secret_free(signer->derived);
}

/* Nobody acts as a role that is gone, nor as one that another has followed by the same name. */
static enum smcred_status check_role(const struct server *server,
                                     const struct server_session *session)
{
    int64_t created_ms;
    enum smcred_status status =
        server_store_principal_age(server->store, session->role, &created_ms);
    return status == SMCRED_NOT_FOUND || (status == SMCRED_OK && created_ms > session->issued_ms)
               ? SMCRED_INVALID
               : status;
}

static enum server_error find_session(struct server_call *call, const struct claim *claim,
                                      struct sm_bytes token, struct signer *signer)
{
    sm_autosecret struct sm_secret *secret = NULL;
    enum smcred_status status = server_session_open(
        call->server, claim->authorization.access_key_id, token, &signer->session, &secret);
    if (status == SMCRED_OK)
        status = check_role(call->server, &signer->session);
    if (status == SMCRED_INVALID)
        return unrecognized(call);
    if (status == SMCRED_OK)
        status = sigv4_derive(call->server->vault, &claim->scope, secret, &signer->derived);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    signer->signing_key = signer->derived;
    if (signer->session.expires_ms <= call->now_ms)
        return server_fail(call, SERVER_EXPIRED_TOKEN,
                           "The security token included in the request is expired");
    return SERVER_OK;
}

static enum server_error find_signer(struct server_call *call, const struct sigv4_request *request,
                                     const struct claim *claim, struct signer *signer)
{
    struct sm_bytes id = claim->authorization.access_key_id, token;
    if (server_header(request, "x-amz-security-token", &token))
        return find_session(call, claim, token, signer);
    enum smcred_status status =
        server_key_find(call->server, id, &claim->scope, &signer->key, &signer->signing_key);
    if (status == SMCRED_NOT_FOUND || (status == SMCRED_OK && signer->key.disabled))
        return unrecognized(call);
    return server_fail_status(call, status);
}

/* The caller is who the key or the token says, in its account and the region of the scope. */
static void identify(struct server_call *call, const struct claim *claim, struct signer *signer)
{
    char id[SERVER_PRINCIPAL_ID_LEN + 1];
    struct server_session *session = &signer->session;
    memccpy(call->place.region, claim->scope.region, 0, sizeof call->place.region);
    if (*session->role) {
        memcpy(call->principal, session->principal, sizeof call->principal);
        memcpy(call->role, session->role, sizeof call->role);
        memcpy(call->user_id, session->user_id, sizeof call->user_id);
        call->issued_ms = session->issued_ms;
        call->session_policy = sm_take_ptr(&session->policy);
        call->session_tags = sm_take_ptr(&session->tags);
    } else {
        memcpy(call->principal, signer->key.principal, sizeof call->principal);
        server_principal_id("AIDA", call->principal, id);
        memcpy(call->user_id, id, sizeof id);
    }
    if (!server_arn_account(call->principal, call->place.account))
        log_error("access key %s is of no account", call->access_key_id); /* never made so */
}

static bool needs_none(const struct server_call *call)
{
    const char *name = call->service->unsigned_operation;
    return name && call->operation && strcmp(call->operation->name, name) == 0;
}

enum server_error server_authenticate(struct server_call *call, const struct sigv4_request *request)
{
    struct claim claim = {.signed_ms = 0};
    __attribute__((cleanup(signer_done))) struct signer signer = {.derived = NULL};
    if (needs_none(call))
        return SERVER_OK;
    enum server_error error = read_claim(call, request, &claim);
    if (error != SERVER_OK)
        return error;
    (void)copy(claim.authorization.access_key_id, call->access_key_id,
               sizeof call->access_key_id); /* for the trail; a longer one will not be found */
    error = check_scope(call, &claim);
    if (error == SERVER_OK)
        error = check_coverage(call, request, &claim);
    if (error == SERVER_OK)
        error = find_signer(call, request, &claim, &signer);
    if (error == SERVER_OK)
        error = check_time(call, &claim);
    if (error == SERVER_OK)
        error = check_content_digest(call, request);
    if (error == SERVER_OK)
        error = check_signature(call, request, &claim, signer.signing_key);
    if (error == SERVER_OK)
        identify(call, &claim, &signer);
    return error;
}
