/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * localca.c - a key that stays, and certificates for it as the configuration changes.  Called by
 * localtls.c.
 */
#include "keeper/localca.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>

#include "keeper/statefile.h"

struct localca {
    EVP_PKEY *key;
    X509 *certificate; /* NULL: none was made yet */
    char *key_path, *cert_path;
};

static enum smcred_status no_memory(struct sm_error *err)
{
    return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
}

/* ---- as text ---- */

static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer, (void)size, (void)writing, (void)arg;
    return -1;
}

/* False: not both are in there, or they do not belong together. */
static bool parse(struct localca *ca, const char *text)
{
    BIO *pem = BIO_new_mem_buf(text, -1);
    if (!pem)
        return false;
    ca->key = PEM_read_bio_PrivateKey(pem, NULL, no_passphrase, NULL);
    ca->certificate = ca->key ? PEM_read_bio_X509(pem, NULL, NULL, NULL) : NULL;
    BIO_free(pem);
    bool whole = ca->certificate && X509_check_private_key(ca->certificate, ca->key) == 1;
    ERR_clear_error();
    return whole;
}

/* Key, if there is one, and certificate, in memory that is wiped; NULL: there is none. */
static BIO *print(EVP_PKEY *key, X509 *certificate)
{
    BIO *pem = BIO_new(BIO_s_secmem());
    if (pem && (!key || PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) == 1) &&
        PEM_write_bio_X509(pem, certificate) == 1)
        return pem;
    ERR_clear_error();
    BIO_free(pem);
    return NULL;
}

/* ---- files ---- */

static enum smcred_status read_key(struct localca *ca, struct sm_error *err)
{
    char *text = NULL;
    enum smcred_status status = statefile_read(ca->key_path, &text, err);
    if (status != SMCRED_OK)
        return status;
    if (!text) {
        ca->key = EVP_EC_gen("P-256");
        return ca->key ? SMCRED_OK : no_memory(err);
    }
    bool whole = parse(ca, text);
    explicit_bzero(text, strlen(text));
    free(text);
    return whole ? SMCRED_OK
                 : sm_error_set(err, SMCRED_INVALID,
                                "%s holds no CA; without that file another one is made",
                                ca->key_path);
}

/* The file as a whole, by `write`. */
static enum smcred_status put(const char *path, BIO *pem,
                              enum smcred_status (*write)(const char *path, const char *text),
                              struct sm_error *err)
{
    char *text = NULL;
    enum smcred_status status = SMCRED_NO_MEMORY;
    if (pem && BIO_write(pem, "", 1) == 1 && BIO_get_mem_data(pem, &text) > 0)
        status = write(path, text);
    BIO_free(pem);
    return status == SMCRED_OK
               ? status
               : sm_error_set(err, status, "%s is not written: %s", path,
                              status == SMCRED_SYSTEM ? strerror(errno) : sm_status_text(status));
}

/* ---- life ---- */

enum smcred_status localca_new(const char *state_dir, const char *runtime_dir,
                               struct localca **out_ca, struct sm_error *err)
{
    struct localca *ca = calloc(1, sizeof *ca);
    if (!ca)
        return no_memory(err);
    if (asprintf(&ca->key_path, "%s/" LOCALCA_KEY_FILE, state_dir) < 0)
        ca->key_path = NULL;
    if (asprintf(&ca->cert_path, "%s/" LOCALCA_CERT_FILE, runtime_dir) < 0)
        ca->cert_path = NULL;
    enum smcred_status status = ca->key_path && ca->cert_path ? read_key(ca, err) : no_memory(err);
    if (status == SMCRED_OK)
        *out_ca = ca;
    else
        localca_free(ca);
    return status;
}

void localca_free(struct localca *ca)
{
    if (!ca)
        return;
    EVP_PKEY_free(ca->key);
    X509_free(ca->certificate);
    free(ca->key_path);
    free(ca->cert_path);
    free(ca);
}

/* Another certificate for the same key, which is the better one once it is in the file. */
static enum smcred_status renew(struct localca *ca, struct certificate_names names, int64_t now_s,
                                struct sm_error *err)
{
    X509 *certificate = certificate_of_ca(ca->key, ca->certificate, names, now_s);
    if (!certificate)
        return no_memory(err);
    enum smcred_status status =
        put(ca->key_path, print(ca->key, certificate), statefile_replace, err);
    if (status != SMCRED_OK) {
        X509_free(certificate);
        return status;
    }
    X509_free(ca->certificate);
    ca->certificate = certificate;
    return SMCRED_OK;
}

enum smcred_status localca_constrain(struct localca *ca, struct certificate_names names,
                                     int64_t now_s, struct sm_error *err)
{
    enum smcred_status status = SMCRED_OK;
    if (!ca->certificate || !certificate_ca_fits(ca->certificate, names, now_s))
        status = renew(ca, names, now_s, err);
    if (status == SMCRED_OK)
        status = put(ca->cert_path, print(NULL, ca->certificate), statefile_publish, err);
    return status;
}

const char *localca_path(const struct localca *ca)
{
    return ca->certificate ? ca->cert_path : NULL;
}

enum smcred_status localca_issue(const struct localca *ca, const char *target,
                                 struct certificate_names names, int64_t now_s,
                                 struct pemfile *out_identity, struct sm_error *err)
{
    EVP_PKEY *key = ca->certificate ? EVP_EC_gen("P-256") : NULL;
    X509 *certificate =
        key ? certificate_of_server(ca->certificate, ca->key, key, target, names, now_s) : NULL;
    BIO *pem = certificate ? print(key, certificate) : NULL;
    enum smcred_status status = pem ? pemfile_of_identity(pem, out_identity, err) : no_memory(err);
    BIO_free(pem);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return status;
}
