/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * jwt.c - parses and verifies JSON Web Tokens.  Called by web_identity.c.
 */
#include "server/jwt.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "server/json.h"

#define PART_MAX      20000 /* characters; of WebIdentityToken, by its model */
#define ES256_HALF    32    /* bytes of each of the two numbers of a signature */
#define SIGNATURE_MAX 1024

static int sextet(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* base64url without padding; a NUL follows, not counted.  False if it is none or has no room. */
static bool decode(struct sm_bytes text, uint8_t *out, size_t size, size_t *out_len)
{
    const char *at = text.data;
    uint32_t bits = 0;
    unsigned count = 0;
    size_t len = 0;
    if (text.len % 4 == 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = sextet(at[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xffffff;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        if (len + 1 >= size)
            return false;
        out[len++] = (uint8_t)(bits >> count);
    }
    out[len] = '\0';
    *out_len = len;
    return (bits & ((1u << count) - 1)) == 0; /* one form alone */
}

/* HEADER.CLAIMS.SIGNATURE */
struct parts {
    struct sm_bytes header, claims, signature, covered; /* by the signature: the first two */
};

static bool split(const char *token, struct parts *out)
{
    const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    if (!second || strchr(second + 1, '.') || strlen(token) > PART_MAX)
        return false;
    out->header = sm_bytes(token, (size_t)(first - token));
    out->claims = sm_bytes(first + 1, (size_t)(second - first - 1));
    out->signature = sm_bytes_of(second + 1);
    out->covered = sm_bytes(token, (size_t)(second - token));
    return true;
}

static enum smcred_status parse_part(struct sm_bytes part, cJSON **out_json)
{
    size_t len;
    sm_autofree uint8_t *text = malloc(part.len + 1);
    if (!text)
        return SMCRED_NO_MEMORY;
    if (!decode(part, text, part.len + 1, &len))
        return SMCRED_INVALID;
    return server_json_parse(sm_bytes(text, len), out_json);
}

enum smcred_status server_jwt_claims(const char *token, cJSON **out_claims)
{
    struct parts parts;
    return split(token, &parts) ? parse_part(parts.claims, out_claims) : SMCRED_INVALID;
}

/* --- signatures ---------------------------------------------------------------------------------
 */

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}
#define auto_key __attribute__((cleanup(free_key)))

static void free_bio(BIO **bio)
{
    (void)BIO_free(*bio); /* memory alone */
}
#define auto_bio __attribute__((cleanup(free_bio)))

/* "RS256" or "ES256"; NULL for any other, "none" among them. */
static const char *algorithm_of(const cJSON *header)
{
    const char *name = server_json_text(header, "alg");
    if (name && strcmp(name, "RS256") == 0)
        return "RS256";
    return name && strcmp(name, "ES256") == 0 ? "ES256" : NULL;
}

static bool fits(const EVP_PKEY *key, const char *algorithm)
{
    if (strcmp(algorithm, "RS256") == 0)
        return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= 2048;
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_bits(key) == 256;
}

/* Two numbers side by side, as JWTs have an ES256 signature, to DER; 0 if they are none. */
static size_t to_der(const uint8_t *raw, size_t len, uint8_t out[SIGNATURE_MAX])
{
    if (len != 2 * ES256_HALF)
        return 0;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, ES256_HALF, NULL),
           *s = BN_bin2bn(raw + ES256_HALF, ES256_HALF, NULL);
    int der_len = 0;
    if (signature && r && s && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = s = NULL; /* taken over */
        der_len = i2d_ECDSA_SIG(signature, &out);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    return der_len > 0 ? (size_t)der_len : 0;
}

static bool verify(EVP_PKEY *key, struct sm_bytes covered, const uint8_t *signature, size_t len)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestVerify(context, signature, len, covered.data, covered.len) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

enum smcred_status server_jwt_verify(const char *token, const char *pem)
{
    struct parts parts;
    server_autojson cJSON *header = NULL;
    uint8_t raw[SIGNATURE_MAX + 1], der[SIGNATURE_MAX];
    size_t raw_len, der_len;
    if (!split(token, &parts) || parse_part(parts.header, &header) != SMCRED_OK ||
        !decode(parts.signature, raw, sizeof raw, &raw_len))
        return SMCRED_DENIED;
    const char *algorithm = algorithm_of(header);
    if (!algorithm || cJSON_HasObjectItem(header, "crit")) /* RFC 7515 4.1.11: we know none */
        return SMCRED_DENIED;
    bool is_rsa = strcmp(algorithm, "RS256") == 0;
    der_len = is_rsa ? 0 : to_der(raw, raw_len, der);
    auto_bio BIO *bio = BIO_new_mem_buf(pem, -1);
    if (!bio)
        return SMCRED_NO_MEMORY;
    for (;;) {
        auto_key EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
        if (!key)
            return SMCRED_DENIED; /* that was the last */
        if (fits(key, algorithm) &&
            verify(key, parts.covered, is_rsa ? raw : der, is_rsa ? raw_len : der_len))
            return SMCRED_OK;
    }
}

unsigned server_jwt_keys(const char *pem)
{
    auto_bio BIO *bio = BIO_new_mem_buf(pem, -1);
    unsigned count = 0;
    while (bio) {
        auto_key EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
        if (!key)
            break;
        count += fits(key, "RS256") || fits(key, "ES256");
    }
    return count;
}
