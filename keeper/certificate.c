/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * certificate.c - X.509 by libcrypto, whose texts for extensions are shorter than its calls.
 */
#include "keeper/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

#define SERIAL_BYTES    16
#define KEY_ID_BYTES    4  /* of its SHA-256, in the CA's name: two hosts may be called alike */
#define COMMON_NAME_MAX 64 /* bytes; RFC 5280's upper bound */
#define DAY_S           86400
#define HOUR_S          3600

/* A text that grows; NULL once memory was short. */
struct words {
    char *text;
    size_t size;
    FILE *out;
};

static bool words_begin(struct words *words)
{
    words->text = NULL;
    words->out = open_memstream(&words->text, &words->size);
    return words->out != NULL;
}

/* The caller frees it; NULL for want of memory. */
static char *words_end(struct words *words)
{
    bool whole = !ferror(words->out);
    if (fclose(words->out) != 0 || !whole) {
        free(words->text);
        return NULL;
    }
    return words->text;
}

static int family_of(const char *host)
{
    uint8_t room[16];
    if (inet_pton(AF_INET, host, room) == 1)
        return AF_INET;
    return inet_pton(AF_INET6, host, room) == 1 ? AF_INET6 : AF_UNSPEC;
}

/* ---- what a CA may vouch for ---- */

/* Is there a name below this one: a.b below b? */
static bool has_child(struct certificate_names names, const char *host)
{
    size_t len = strlen(host);
    for (size_t i = 0; i < names.count; i++) {
        size_t other = strlen(names.list[i]);
        if (other > len && names.list[i][other - len - 1] == '.' &&
            strcmp(names.list[i] + other - len, host) == 0)
            return true;
    }
    return false;
}

/* A permitted name permits all that end in it, so those are excluded again. */
static void permit_name(FILE *out, struct certificate_names names, const char *host)
{
    (void)fprintf(out, ",permitted;DNS:%s", host); /* words_end() looks */
    if (!has_child(names, host))
        (void)fprintf(out, ",excluded;DNS:.%s", host);
}

/* The extension, as libcrypto reads it; the caller frees it.  NULL for want of memory. */
static char *constraints_of(struct certificate_names names)
{
    static const char *const masks[] = {"255.255.255.255",
                                        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
    struct words words;
    size_t host_count = 0, address_count = 0;
    if (!words_begin(&words))
        return NULL;
    (void)fputs("critical", words.out);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.list[i];
        int family = family_of(name);
        if (family == AF_UNSPEC)
            permit_name(words.out, names, name);
        else
            (void)fprintf(words.out, ",permitted;IP:%s/%s", name, masks[family == AF_INET6]);
        host_count += family == AF_UNSPEC;
        address_count += family != AF_UNSPEC;
    }
    if (host_count == 0) /* where no name is permitted all would be */
        permit_name(words.out, names, "nothing.invalid");
    if (address_count == 0)
        (void)fputs(",excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:::/::", words.out);
    return words_end(&words);
}

static X509_EXTENSION *constraints_extension(struct certificate_names names)
{
    sm_autofree char *text = constraints_of(names);
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    return text ? X509V3_EXT_conf_nid(NULL, &context, NID_name_constraints, text) : NULL;
}

static bool has_constraints(const X509 *certificate, struct certificate_names names)
{
    int at = X509_get_ext_by_NID(certificate, NID_name_constraints, -1);
    X509_EXTENSION *wanted = constraints_extension(names);
    bool has = at >= 0 && wanted &&
               ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(X509_get_ext(certificate, at)),
                                     X509_EXTENSION_get_data(wanted)) == 0;
    X509_EXTENSION_free(wanted);
    return has;
}

static bool is_valid_at(const X509 *certificate, int64_t at_s)
{
    time_t at = (time_t)at_s;
    return X509_cmp_time(X509_get0_notBefore(certificate), &at) < 0 &&
           X509_cmp_time(X509_get0_notAfter(certificate), &at) > 0;
}

bool certificate_ca_fits(const X509 *certificate, struct certificate_names names, int64_t now_s)
{
    return has_constraints(certificate, names) && is_valid_at(certificate, now_s) &&
           is_valid_at(certificate, now_s + (int64_t)CERTIFICATE_CA_SPARE * DAY_S);
}

/* ---- what every certificate has ---- */

static bool set_serial(X509 *certificate)
{
    uint8_t random[SERIAL_BYTES];
    if (RAND_bytes(random, sizeof random) != 1)
        return false;
    random[0] = (uint8_t)((random[0] & 0x7f) | 0x40); /* positive, and always as long */
    BIGNUM *number = BN_bin2bn(random, sizeof random, NULL);
    bool set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return set;
}

static X509 *begin(EVP_PKEY *key, int64_t now_s, int64_t lives_s)
{
    X509 *certificate = X509_new();
    if (certificate && X509_set_version(certificate, X509_VERSION_3) == 1 &&
        set_serial(certificate) && X509_set_pubkey(certificate, key) == 1 &&
        ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(now_s - CERTIFICATE_EARLY_S)) &&
        ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(now_s + lives_s)))
        return certificate;
    X509_free(certificate);
    return NULL;
}

static bool add_text(X509 *certificate, const X509 *issuer, int nid, const char *text)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, (X509 *)(uintptr_t)issuer, certificate, NULL, NULL, 0); /* only read */
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, text);
    bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool put_name(X509_NAME *name, int nid, const char *text)
{
    return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, (const unsigned char *)text, -1, -1,
                                      0) == 1;
}

/* Signed, or freed. */
static X509 *finish(X509 *certificate, EVP_PKEY *key, bool whole)
{
    if (whole && X509_sign(certificate, key, EVP_sha256()) > 0)
        return certificate;
    ERR_clear_error();
    X509_free(certificate);
    return NULL;
}

/* ---- the two kinds ---- */

/* "smcred on HOST (KEY)": which host's it is, in a store with several of them. */
static bool name_ca(X509 *certificate)
{
    char host[COMMON_NAME_MAX + 1] = "", text[COMMON_NAME_MAX + 1];
    unsigned char hash[EVP_MAX_MD_SIZE];
    X509_NAME *name = X509_get_subject_name(certificate);
    (void)gethostname(host, sizeof host - 1); /* "" or a part of it, then */
    if (X509_pubkey_digest(certificate, EVP_sha256(), hash, NULL) != 1)
        return false;
    (void)snprintf(text, sizeof text, "smcred on %.32s (%02x%02x%02x%02x)", host, hash[0], hash[1],
                   hash[2], hash[KEY_ID_BYTES - 1]); /* it fits */
    return put_name(name, NID_organizationName, "smcred") && put_name(name, NID_commonName, text);
}

static bool add_constraints(X509 *certificate, struct certificate_names names)
{
    X509_EXTENSION *extension = constraints_extension(names);
    bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

X509 *certificate_of_ca(EVP_PKEY *key, const X509 *before, struct certificate_names names,
                        int64_t now_s)
{
    X509 *certificate = begin(key, now_s, (int64_t)CERTIFICATE_CA_DAYS * DAY_S);
    bool whole =
        certificate &&
        (before ? X509_set_subject_name(certificate, X509_get_subject_name(before)) == 1
                : name_ca(certificate)) &&
        X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
        add_text(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_text(certificate, certificate, NID_key_usage, "critical,keyCertSign") &&
        add_text(certificate, certificate, NID_ext_key_usage, "serverAuth") &&
        add_text(certificate, certificate, NID_subject_key_identifier, "hash") &&
        add_constraints(certificate, names);
    return finish(certificate, key, whole);
}

/* Old clients look at the common name alone; one that is no host name breaks the CA's constraints.
 */
static bool name_server(X509_NAME *name, const char *target, struct certificate_names names)
{
    if (!put_name(name, NID_organizationName, target))
        return false;
    for (size_t i = 0; i < names.count; i++)
        if (family_of(names.list[i]) == AF_UNSPEC && strlen(names.list[i]) <= COMMON_NAME_MAX)
            return put_name(name, NID_commonName, names.list[i]);
    return true;
}

/* "DNS:a,IP:b"; the caller frees it.  NULL for want of memory. */
static char *alternatives_of(struct certificate_names names)
{
    struct words words;
    if (!words_begin(&words))
        return NULL;
    for (size_t i = 0; i < names.count; i++) /* words_end() looks */
        (void)fprintf(words.out, "%s%s:%s", i > 0 ? "," : "",
                      family_of(names.list[i]) == AF_UNSPEC ? "DNS" : "IP", names.list[i]);
    return words_end(&words);
}

X509 *certificate_of_server(const X509 *ca, EVP_PKEY *ca_key, EVP_PKEY *key, const char *target,
                            struct certificate_names names, int64_t now_s)
{
    sm_autofree char *alternatives = alternatives_of(names);
    X509 *certificate = begin(key, now_s, (int64_t)CERTIFICATE_SERVER_HOURS * HOUR_S);
    bool whole = certificate && alternatives &&
                 name_server(X509_get_subject_name(certificate), target, names) &&
                 X509_set_issuer_name(certificate, X509_get_subject_name(ca)) == 1 &&
                 add_text(certificate, ca, NID_basic_constraints, "critical,CA:FALSE") &&
                 add_text(certificate, ca, NID_key_usage, "critical,digitalSignature") &&
                 add_text(certificate, ca, NID_ext_key_usage, "serverAuth") &&
                 add_text(certificate, ca, NID_subject_key_identifier, "hash") &&
                 add_text(certificate, ca, NID_authority_key_identifier, "keyid:always") &&
                 add_text(certificate, ca, NID_subject_alt_name, alternatives);
    return finish(certificate, ca_key, whole);
}
