/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * canonical.c - a request, written in its canonical form straight into a digest.
 *
 * Only path and query need memory of their own: dot segments go, parameters are sorted.
 */
#include "common/canonical.h"

#include <openssl/evp.h>

static const char *text_of(struct sm_bytes bytes)
{
    return bytes.data;
}

/* A SHA-256 in the making.  A failure is remembered, so that only the end need ask. */
struct digest {
    EVP_MD_CTX *context;
    bool failed;
};

static struct digest digest_begin(void)
{
    struct digest digest = {.context = EVP_MD_CTX_new()};
    digest.failed = !digest.context || EVP_DigestInit_ex(digest.context, EVP_sha256(), NULL) != 1;
    return digest;
}

static void digest_add(struct digest *digest, struct sm_bytes bytes)
{
    if (!digest->failed && bytes.len > 0)
        digest->failed = EVP_DigestUpdate(digest->context, bytes.data, bytes.len) != 1;
}

static void digest_add_text(struct digest *digest, const char *text)
{
    digest_add(digest, sm_bytes_of(text));
}

/* OpenSSL fails to hash for want of memory only. */
static enum smcred_status digest_end(struct digest *digest, char out_hex[SHA256_HEX_LEN + 1])
{
    uint8_t hash[SHA256_LEN];
    bool done = !digest->failed && EVP_DigestFinal_ex(digest->context, hash, NULL) == 1;
    EVP_MD_CTX_free(digest->context);
    if (!done)
        return SMCRED_NO_MEMORY;
    canonical_hex(hash, out_hex);
    return SMCRED_OK;
}

void canonical_hex(const uint8_t hash[SHA256_LEN], char out_hex[SHA256_HEX_LEN + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_LEN; i++) {
        out_hex[2 * i] = digits[hash[i] >> 4];
        out_hex[2 * i + 1] = digits[hash[i] & 15];
    }
    out_hex[SHA256_HEX_LEN] = '\0';
}

static enum smcred_status sha256_hex(struct sm_bytes bytes, char out_hex[SHA256_HEX_LEN + 1])
{
    struct digest digest = digest_begin();
    digest_add(&digest, bytes);
    return digest_end(&digest, out_hex);
}

char canonical_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_unreserved(char c)
{
    char small = canonical_lower(c);
    return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

/* Writes one byte percent-encoded where it must be; returns what follows it. */
static char *encode_byte(char *at, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    if (is_unreserved(c)) {
        *at++ = c;
        return at;
    }
    *at++ = '%';
    *at++ = digits[(unsigned char)c >> 4];
    *at++ = digits[(unsigned char)c & 15];
    return at;
}

/* Drops the last segment of an encoded path without its trailing slash. */
static char *parent_of(const char *start, char *at)
{
    while (at > start && *--at != '/')
        ;
    return at;
}

/*
 * Writes `path` without empty, "." and ".." segments, each one encoded, with a slash at its end if
 * it had one there.  Needs room for 3 * len + 1 bytes.
 */
static size_t write_path(struct sm_bytes path, char *out)
{
    char *at = out;
    size_t from = 0;
    bool ends_in_slash = true;
    while (from < path.len) {
        const char *segment = text_of(path) + from;
        const char *end = memchr(segment, '/', path.len - from);
        size_t len = end ? (size_t)(end - segment) : path.len - from;
        struct sm_bytes name = sm_bytes(segment, len);
        from += len + 1;
        ends_in_slash = true;
        if (len == 0 || sm_bytes_is(name, "."))
            continue;
        if (sm_bytes_is(name, "..")) {
            at = parent_of(out, at);
            continue;
        }
        *at++ = '/';
        for (size_t i = 0; i < len; i++)
            at = encode_byte(at, segment[i]);
        ends_in_slash = end != NULL;
    }
    if (at == out || ends_in_slash)
        *at++ = '/';
    return (size_t)(at - out);
}

static enum smcred_status add_path(struct digest *digest, struct sm_bytes path)
{
    if (path.len > CANON_TARGET_MAX)
        return SMCRED_TOO_LARGE;
    sm_autofree char *room = malloc(3 * path.len + 1);
    if (!room)
        return SMCRED_NO_MEMORY;
    digest_add(digest, sm_bytes(room, write_path(path, room)));
    digest_add_text(digest, "\n");
    return SMCRED_OK;
}

/* One parameter of the query, both halves encoded. */
struct parameter {
    struct sm_bytes name;
    struct sm_bytes value;
};

static int compare_bytes(struct sm_bytes a, struct sm_bytes b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_parameters(const void *left, const void *right)
{
    const struct parameter *a = left, *b = right;
    int order = compare_bytes(a->name, b->name);
    return order ? order : compare_bytes(a->value, b->value);
}

static int hex_value(char c)
{
    char small = canonical_lower(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/* Encodes one half of a parameter anew: however the client encoded it, AWS's form comes out. */
static struct sm_bytes write_half(struct sm_bytes half, char **at)
{
    const char *text = half.data;
    char *start = *at;
    for (size_t i = 0; i < half.len; i++) {
        char c = text[i];
        if (c == '%' && half.len - i > 2 && hex_value(text[i + 1]) >= 0 &&
            hex_value(text[i + 2]) >= 0) {
            c = (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
            i += 2;
        }
        *at = encode_byte(*at, c);
    }
    return sm_bytes(start, (size_t)(*at - start));
}

/* Splits and encodes `query` into `list`; false if there are too many.  Needs 3 * len bytes of
 * room. */
static bool split_query(struct sm_bytes query, char *room, struct parameter *list,
                        size_t *out_count)
{
    size_t count = 0, from = 0;
    while (from < query.len) {
        const char *start = text_of(query) + from;
        const char *end = memchr(start, '&', query.len - from);
        size_t len = end ? (size_t)(end - start) : query.len - from;
        from += len + 1;
        if (len == 0)
            continue;
        if (count == CANON_PARAMS_MAX)
            return false;
        const char *equal = memchr(start, '=', len);
        size_t name_len = equal ? (size_t)(equal - start) : len;
        size_t value_at = equal ? name_len + 1 : len;
        list[count].name = write_half(sm_bytes(start, name_len), &room);
        list[count].value = write_half(sm_bytes(start + value_at, len - value_at), &room);
        count++;
    }
    *out_count = count;
    return true;
}

static enum smcred_status add_query(struct digest *digest, struct sm_bytes query)
{
    struct parameter list[CANON_PARAMS_MAX];
    size_t count = 0;
    if (query.len > CANON_TARGET_MAX)
        return SMCRED_TOO_LARGE;
    sm_autofree char *room = malloc(3 * query.len + 1);
    if (!room)
        return SMCRED_NO_MEMORY;
    if (!split_query(query, room, list, &count))
        return SMCRED_TOO_LARGE;
    qsort(list, count, sizeof *list, compare_parameters);
    for (size_t i = 0; i < count; i++) {
        digest_add_text(digest, i ? "&" : "");
        digest_add(digest, list[i].name);
        digest_add_text(digest, "=");
        digest_add(digest, list[i].value);
    }
    digest_add_text(digest, "\n");
    return SMCRED_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n'; /* a folded line is blank, too */
}

/* The value trimmed, with every run of blanks as one. */
static void add_value(struct digest *digest, struct sm_bytes value)
{
    const char *text = value.data;
    bool first = true;
    size_t at = 0;
    while (at < value.len) {
        size_t from = at;
        while (at < value.len && !is_blank(text[at]))
            at++;
        if (at > from) {
            digest_add_text(digest, first ? "" : " ");
            digest_add(digest, sm_bytes(text + from, at - from));
            first = false;
        }
        while (at < value.len && is_blank(text[at]))
            at++;
    }
}

static bool same_name(struct sm_bytes a, struct sm_bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (canonical_lower(text_of(a)[i]) != canonical_lower(text_of(b)[i]))
            return false;
    return true;
}

/* Every header of that name on one line; false if there is none. */
static bool add_header(struct digest *digest, const struct sigv4_request *request,
                       struct sm_bytes name)
{
    size_t found = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct sigv4_header *header = &request->headers[i];
        if (!same_name(header->name, name))
            continue;
        if (found++ == 0) {
            digest_add(digest, name);
            digest_add_text(digest, ":");
        } else {
            digest_add_text(digest, ",");
        }
        add_value(digest, header->value);
    }
    digest_add_text(digest, "\n");
    return found > 0;
}

static enum smcred_status add_headers(struct digest *digest, const struct sigv4_request *request,
                                      const char *signed_headers)
{
    const char *name = signed_headers;
    for (size_t count = 0;; count++) {
        size_t len = strcspn(name, ";");
        if (count == SIGV4_HEADERS_MAX || !add_header(digest, request, sm_bytes(name, len)))
            return SMCRED_INVALID;
        if (name[len] == '\0')
            break;
        name += len + 1;
    }
    digest_add_text(digest, "\n");
    digest_add_text(digest, signed_headers);
    digest_add_text(digest, "\n");
    return SMCRED_OK;
}

static enum smcred_status add_request(struct digest *digest, const struct sigv4_request *request,
                                      const char *signed_headers)
{
    char body_hex[SHA256_HEX_LEN + 1];
    if (request->header_count > SIGV4_HEADERS_MAX)
        return SMCRED_INVALID;
    digest_add(digest, request->method);
    digest_add_text(digest, "\n");
    enum smcred_status status = add_path(digest, request->path);
    if (status == SMCRED_OK)
        status = add_query(digest, request->query);
    if (status == SMCRED_OK)
        status = add_headers(digest, request, signed_headers);
    if (status == SMCRED_OK)
        status = sha256_hex(request->body, body_hex);
    if (status == SMCRED_OK)
        digest_add_text(digest, body_hex);
    return status;
}

enum smcred_status canonical_digest(const struct sigv4_request *request, const char *signed_headers,
                                    char out_hex[SHA256_HEX_LEN + 1])
{
    char hex[SHA256_HEX_LEN + 1];
    struct digest digest = digest_begin();
    enum smcred_status status = add_request(&digest, request, signed_headers);
    enum smcred_status ended = digest_end(&digest, hex);
    if (status == SMCRED_OK)
        status = ended;
    if (status == SMCRED_OK)
        memcpy(out_hex, hex, sizeof hex);
    return status;
}
