/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sigv4.c - AWS Signature Version 4: keys, signatures, Authorization headers, dates.
 *
 * Called by the sources and tools (to sign) and by smcred-server (to verify).
 */
#include "common/sigv4.h"

#include <stdio.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/canonical.h"

#define ALGORITHM      "AWS4-HMAC-SHA256"
#define KEY_PREFIX     "AWS4"
#define TERMINATOR     "aws4_request"
#define DAY_LEN        8   /* yyyymmdd, the first part of a date */
#define SECRET_KEY_MAX 256 /* bytes; AWS's have 40 */

struct hmac_key {
    uint8_t bytes[sizeof KEY_PREFIX - 1 + SECRET_KEY_MAX];
    size_t len;
};

/* Replaces `key` by HMAC(key, text). */
static bool derive(struct hmac_key *key, struct sm_bytes text)
{
    uint8_t out[SHA256_LEN];
    bool done = HMAC(EVP_sha256(), key->bytes, (int)key->len, text.data, text.len, out, NULL);
    if (done) {
        memcpy(key->bytes, out, sizeof out);
        key->len = sizeof out;
    }
    explicit_bzero(out, sizeof out);
    return done;
}

/* From the secret access key to the key of one day, region and service. */
static enum smcred_status derive_key(const struct sm_secret *secret_key,
                                     const struct sigv4_scope *scope, struct hmac_key *out_key)
{
    struct sm_bytes secret = sm_secret_view(secret_key);
    if (secret.len > SECRET_KEY_MAX)
        return SMCRED_TOO_LARGE;
    *out_key = (struct hmac_key){.bytes = KEY_PREFIX, .len = sizeof KEY_PREFIX - 1};
    memcpy(out_key->bytes + out_key->len, secret.data, secret.len);
    out_key->len += secret.len;
    return derive(out_key, sm_bytes(scope->date, DAY_LEN)) &&
                   derive(out_key, sm_bytes_of(scope->region)) &&
                   derive(out_key, sm_bytes_of(scope->service)) &&
                   derive(out_key, sm_bytes_of(TERMINATOR))
               ? SMCRED_OK
               : SMCRED_NO_MEMORY;
}

enum smcred_status sigv4_derive(struct sm_vault *vault, const struct sigv4_scope *scope,
                                const struct sm_secret *secret_key,
                                struct sm_secret **out_signing_key)
{
    struct hmac_key key;
    enum smcred_status status = derive_key(secret_key, scope, &key);
    if (status == SMCRED_OK)
        status = sm_secret_new(vault, sm_bytes(key.bytes, key.len), out_signing_key);
    explicit_bzero(&key, sizeof key);
    return status;
}

static bool has_date(const struct sigv4_scope *scope)
{
    return strnlen(scope->date, sizeof scope->date) == SIGV4_DATE_LEN;
}

static enum smcred_status sign(const struct sigv4_request *request, const struct sigv4_scope *scope,
                               const char *signed_headers, struct hmac_key *key,
                               char out_signature[SIGV4_SIGNATURE_LEN + 1])
{
    char hash[SHA256_HEX_LEN + 1];
    char to_sign[sizeof ALGORITHM + SIGV4_DATE_LEN + SIGV4_SCOPE_MAX + sizeof hash + 3];
    enum smcred_status status = canonical_digest(request, signed_headers, hash);
    if (status != SMCRED_OK)
        return status;
    (void)snprintf(to_sign, sizeof to_sign, "%s\n%s\n%.*s/%s/%s/%s\n%s", ALGORITHM, scope->date,
                   DAY_LEN, scope->date, scope->region, scope->service, TERMINATOR,
                   hash); /* fits: each part has its maximum */
    if (!derive(key, sm_bytes_of(to_sign)))
        return SMCRED_NO_MEMORY;
    canonical_hex(key->bytes, out_signature);
    return SMCRED_OK;
}

enum smcred_status sigv4_sign(const struct sigv4_request *request, const struct sigv4_scope *scope,
                              const char *signed_headers, const struct sm_secret *signing_key,
                              char out_signature[SIGV4_SIGNATURE_LEN + 1])
{
    struct sm_bytes bytes = sm_secret_view(signing_key);
    struct hmac_key key = {.len = bytes.len};
    if (bytes.len != SHA256_LEN || !has_date(scope))
        return SMCRED_INVALID;
    memcpy(key.bytes, bytes.data, bytes.len);
    enum smcred_status status = sign(request, scope, signed_headers, &key, out_signature);
    explicit_bzero(&key, sizeof key);
    return status;
}

enum smcred_status sigv4_signature(const struct sigv4_request *request,
                                   const struct sigv4_scope *scope, const char *signed_headers,
                                   const struct sm_secret *secret_key,
                                   char out_signature[SIGV4_SIGNATURE_LEN + 1])
{
    struct hmac_key key;
    if (!has_date(scope))
        return SMCRED_INVALID;
    enum smcred_status status = derive_key(secret_key, scope, &key);
    if (status == SMCRED_OK)
        status = sign(request, scope, signed_headers, &key, out_signature);
    explicit_bzero(&key, sizeof key);
    return status;
}

static int compare_names(const void *left, const void *right)
{
    const struct sm_bytes *a = left, *b = right;
    size_t common = a->len < b->len ? a->len : b->len;
    const char *a_text = a->data, *b_text = b->data;
    for (size_t i = 0; i < common; i++) {
        int order = canonical_lower(a_text[i]) - canonical_lower(b_text[i]);
        if (order)
            return order;
    }
    return (a->len > b->len) - (a->len < b->len);
}

/* The names of all headers, in lower case, sorted, each once, joined by ';'. */
static enum smcred_status name_headers(const struct sigv4_request *request, char *out, size_t size)
{
    struct sm_bytes names[SIGV4_HEADERS_MAX];
    size_t at = 0;
    if (request->header_count == 0 || request->header_count > SIGV4_HEADERS_MAX)
        return SMCRED_INVALID;
    for (size_t i = 0; i < request->header_count; i++)
        names[i] = request->headers[i].name;
    qsort(names, request->header_count, sizeof *names, compare_names);
    for (size_t i = 0; i < request->header_count; i++) {
        if (i > 0 && compare_names(&names[i - 1], &names[i]) == 0)
            continue;
        if (names[i].len + 2 > size - at)
            return SMCRED_TOO_LARGE;
        if (at > 0)
            out[at++] = ';';
        for (size_t k = 0; k < names[i].len; k++)
            out[at++] = canonical_lower(((const char *)names[i].data)[k]);
    }
    out[at] = '\0';
    return SMCRED_OK;
}

enum smcred_status sigv4_authorize(const struct sigv4_request *request,
                                   const struct sigv4_scope *scope, const char *access_key_id,
                                   const struct sm_secret *secret_key, char *out_value, size_t size)
{
    char signed_headers[SIGV4_AUTHORIZATION_MAX];
    char signature[SIGV4_SIGNATURE_LEN + 1];
    char value[SIGV4_AUTHORIZATION_MAX];
    enum smcred_status status = name_headers(request, signed_headers, sizeof signed_headers);
    if (status == SMCRED_OK)
        status = sigv4_signature(request, scope, signed_headers, secret_key, signature);
    if (status != SMCRED_OK)
        return status;
    int len = snprintf(value, sizeof value,
                       "%s Credential=%s/%.*s/%s/%s/%s, SignedHeaders=%s, Signature=%s", ALGORITHM,
                       access_key_id, DAY_LEN, scope->date, scope->region, scope->service,
                       TERMINATOR, signed_headers, signature);
    if (len < 0 || (size_t)len >= sizeof value || (size_t)len >= size)
        return SMCRED_TOO_LARGE;
    memcpy(out_value, value, (size_t)len + 1);
    return SMCRED_OK;
}

/* Takes what stands before `separator` off the front of `rest`; all of it if there is none. */
static struct sm_bytes take_part(struct sm_bytes *rest, char separator)
{
    const char *start = rest->data;
    const char *end = rest->len ? memchr(start, separator, rest->len) : NULL;
    size_t len = end ? (size_t)(end - start) : rest->len;
    size_t used = end ? len + 1 : len;
    *rest = sm_bytes(start + used, rest->len - used);
    return sm_bytes(start, len);
}

static struct sm_bytes trim(struct sm_bytes bytes)
{
    const char *text = bytes.data;
    size_t from = 0, to = bytes.len;
    while (from < to && (text[from] == ' ' || text[from] == '\t'))
        from++;
    while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\t'))
        to--;
    return sm_bytes(text + from, to - from);
}

/* "AKID/20261121/us-east-1/secretsmanager/aws4_request" */
static bool parse_credential(struct sm_bytes value, struct sigv4_authorization *out)
{
    out->access_key_id = take_part(&value, '/');
    out->date = take_part(&value, '/');
    out->region = take_part(&value, '/');
    out->service = take_part(&value, '/');
    return out->access_key_id.len > 0 && out->date.len > 0 && out->region.len > 0 &&
           out->service.len > 0 && sm_bytes_is(value, TERMINATOR);
}

/* One "Name=value" of the header; a name of no meaning to us is passed over. */
static bool parse_part(struct sm_bytes part, struct sigv4_authorization *out)
{
    struct sm_bytes name = trim(take_part(&part, '='));
    struct sm_bytes value = trim(part);
    struct sm_bytes *slot = sm_bytes_is(name, "Credential")      ? &out->access_key_id
                            : sm_bytes_is(name, "SignedHeaders") ? &out->signed_headers
                            : sm_bytes_is(name, "Signature")     ? &out->signature
                                                                 : NULL;
    if (!slot)
        return true;
    if (slot->len > 0)
        return false; /* said twice: which one would be checked */
    if (slot == &out->access_key_id)
        return parse_credential(value, out);
    *slot = value;
    return true;
}

enum smcred_status sigv4_parse(struct sm_bytes value, struct sigv4_authorization *out_authorization)
{
    if (value.len == 0)
        return SMCRED_INVALID;
    struct sm_bytes rest = trim(value);
    struct sm_bytes algorithm = take_part(&rest, ' ');
    struct sigv4_authorization found = {.signature = sm_bytes("", 0)};
    if (!sm_bytes_is(algorithm, ALGORITHM))
        return SMCRED_INVALID;
    while (rest.len > 0)
        if (!parse_part(take_part(&rest, ','), &found))
            return SMCRED_INVALID;
    *out_authorization = found;
    return SMCRED_OK;
}

void sigv4_date(int64_t wall_ms, char out_date[SIGV4_DATE_LEN + 1])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;
    if (!gmtime_r(&seconds, &parts) ||
        strftime(out_date, SIGV4_DATE_LEN + 1, "%Y%m%dT%H%M%SZ", &parts) != SIGV4_DATE_LEN)
        memcpy(out_date, "19700101T000000Z", SIGV4_DATE_LEN + 1); /* a year of five digits */
}

static int number_at(const char *digits, size_t len)
{
    int number = 0;
    for (size_t i = 0; i < len; i++)
        number = number * 10 + (digits[i] - '0');
    return number;
}

enum smcred_status sigv4_date_parse(struct sm_bytes date, int64_t *out_wall_ms)
{
    static const char form[] = "ddddddddTddddddZ";
    const char *text = date.data;
    if (date.len != SIGV4_DATE_LEN)
        return SMCRED_INVALID;
    for (size_t i = 0; i < SIGV4_DATE_LEN; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return SMCRED_INVALID;
    struct tm parts = {.tm_year = number_at(text, 4) - 1900,
                       .tm_mon = number_at(text + 4, 2) - 1,
                       .tm_mday = number_at(text + 6, 2),
                       .tm_hour = number_at(text + 9, 2),
                       .tm_min = number_at(text + 11, 2),
                       .tm_sec = number_at(text + 13, 2)};
    int64_t wall_ms = (int64_t)timegm(&parts) * 1000;
    char again[SIGV4_DATE_LEN + 1];
    sigv4_date(wall_ms, again); /* the 31st of February comes back as another day */
    if (memcmp(again, text, SIGV4_DATE_LEN) != 0)
        return SMCRED_INVALID;
    *out_wall_ms = wall_ms;
    return SMCRED_OK;
}
