/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tls.c - contexts of OpenSSL's.  The relay has no files: PEM comes in sealed memfds.
 */
#include "relay/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#define PEM_FILE_MAX (4 << 20) /* bytes; a distribution's bundle is some 250 KB */

/* The whole file, to be wiped if it was a key. */
static enum smcred_status read_all(int fd, char **out_data, size_t *out_len)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return SMCRED_SYSTEM;
    if (about.st_size <= 0 || about.st_size > PEM_FILE_MAX)
        return SMCRED_INVALID;
    size_t len = (size_t)about.st_size;
    sm_autofree char *data = malloc(len);
    if (!data)
        return SMCRED_NO_MEMORY;
    for (size_t at = 0; at < len;) {
        ssize_t got = pread(fd, data + at, len - at, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return SMCRED_SYSTEM;
        at += (size_t)got;
    }
    *out_data = sm_take_ptr(&data);
    *out_len = len;
    return SMCRED_OK;
}

/* Adds every certificate of a PEM text to the store; returns how many there were. */
static size_t trust(X509_STORE *store, const char *pem, size_t len)
{
    size_t count = 0;
    BIO *source = BIO_new_mem_buf(pem, (int)len);
    X509 *certificate;
    while (source && (certificate = PEM_read_bio_X509_AUX(source, NULL, NULL, NULL))) {
        count += X509_STORE_add_cert(store, certificate) == 1;
        X509_free(certificate);
    }
    BIO_free(source);
    ERR_clear_error(); /* the end of the text is one */
    return count;
}

SSL_CTX *relay_tls_context(const SSL_METHOD *method)
{
    SSL_CTX *context = SSL_CTX_new(method);
    if (!context)
        return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer, (void)size, (void)writing, (void)arg;
    return -1;
}

/* The first certificate is ours, those behind it lead to its CA. */
static bool use_certificates(SSL_CTX *context, BIO *pem)
{
    X509 *certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    bool used = certificate && SSL_CTX_use_certificate(context, certificate) == 1;
    X509_free(certificate);
    while (used && (certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL))) {
        used = SSL_CTX_add1_chain_cert(context, certificate) == 1;
        X509_free(certificate);
    }
    return used;
}

/* Refuses a key that is not the certificate's. */
static bool use_key(SSL_CTX *context, BIO *pem)
{
    EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, no_passphrase, NULL);
    bool used = key && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    return used;
}

enum smcred_status relay_tls_trust(SSL_CTX *context, int fd)
{
    sm_autofree char *pem = NULL;
    size_t len = 0;
    enum smcred_status status = read_all(fd, &pem, &len);
    if (status != SMCRED_OK)
        return status;
    return trust(SSL_CTX_get_cert_store(context), pem, len) > 0 ? SMCRED_OK : SMCRED_INVALID;
}

enum smcred_status relay_tls_show(SSL_CTX *context, int fd)
{
    sm_autofree char *text = NULL;
    size_t len = 0;
    enum smcred_status status = read_all(fd, &text, &len);
    if (status != SMCRED_OK)
        return status;
    BIO *certificates = BIO_new_mem_buf(text, (int)len);
    BIO *key = BIO_new_mem_buf(text, (int)len);
    if (!certificates || !key)
        status = SMCRED_NO_MEMORY;
    else if (!use_certificates(context, certificates) || !use_key(context, key))
        status = SMCRED_INVALID;
    ERR_clear_error(); /* the end of the certificates is one */
    BIO_free(certificates);
    BIO_free(key);
    explicit_bzero(text, len);
    return status;
}
