/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * endpoint.c - how a server proves who it is.
 *
 * CA certificates, and our own with its key where the server wants one, come from the keeper in
 * sealed memfds; the relay has no files.
 */
#include "relay/endpoint.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "common/clock.h"

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

static SSL_CTX *new_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
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

static enum smcred_status load_identity(struct relay_endpoint *endpoint, int fd,
                                        struct relay_error *error)
{
    sm_autofree char *text = NULL;
    size_t len = 0;
    enum smcred_status status = read_all(fd, &text, &len);
    BIO *certificates = status == SMCRED_OK ? BIO_new_mem_buf(text, (int)len) : NULL;
    BIO *key = status == SMCRED_OK ? BIO_new_mem_buf(text, (int)len) : NULL;
    if (status == SMCRED_OK &&
        (!certificates || !key || !use_certificates(endpoint->context, certificates) ||
         !use_key(endpoint->context, key)))
        status = SMCRED_INVALID;
    ERR_clear_error(); /* the end of the certificates is one */
    BIO_free(certificates);
    BIO_free(key);
    if (text)
        explicit_bzero(text, len);
    if (status != SMCRED_OK)
        *error = relay_error(RELAY_CANNOT_CONNECT, "no client certificate and key for \"%s\": %s",
                             endpoint->host, sm_status_text(status));
    return status;
}

static enum smcred_status load_context(struct relay_endpoint *endpoint,
                                       struct relay_endpoint_files files, struct relay_error *error)
{
    int ca_fd = files.ca_fd;
    sm_autofree char *pem = NULL;
    size_t len = 0;
    enum smcred_status status = ca_fd < 0 ? SMCRED_INVALID : read_all(ca_fd, &pem, &len);
    if (status != SMCRED_OK) {
        *error = relay_error(RELAY_CANNOT_CONNECT, "no CA certificates for \"%s\": %s",
                             endpoint->host, sm_status_text(status));
        return status;
    }
    endpoint->context = new_context();
    if (!endpoint->context) {
        *error = relay_error(RELAY_NO_MEMORY, "cannot prepare TLS");
        return SMCRED_NO_MEMORY;
    }
    if (trust(SSL_CTX_get_cert_store(endpoint->context), pem, len) == 0) {
        *error = relay_error(RELAY_CANNOT_CONNECT, "the CA file for \"%s\" holds no certificate",
                             endpoint->host);
        return SMCRED_INVALID;
    }
    if (files.identity_fd >= 0) /* shown at every login, so nothing is resumed */
        return load_identity(endpoint, files.identity_fd, error);
    relay_tickets_collect(&endpoint->tickets, endpoint->context);
    return SMCRED_OK;
}

enum smcred_status relay_endpoint_new(uint32_t number, const char *host, enum orc_tls tls,
                                      struct relay_endpoint_files files,
                                      struct relay_endpoint **out_endpoint,
                                      struct relay_error *error)
{
    struct relay_endpoint *endpoint = calloc(1, sizeof *endpoint);
    if (!endpoint || strlen(host) >= sizeof endpoint->host) {
        *error = relay_error(RELAY_NO_MEMORY, "no room for another endpoint");
        free(endpoint);
        return SMCRED_NO_MEMORY;
    }
    endpoint->number = number;
    endpoint->tls = tls;
    memcpy(endpoint->host, host, strlen(host) + 1);
    if (tls != ORC_TLS_DISABLE) {
        enum smcred_status status = load_context(endpoint, files, error);
        if (status != SMCRED_OK) {
            relay_endpoint_free(endpoint);
            return status;
        }
    }
    *out_endpoint = endpoint;
    return SMCRED_OK;
}

void relay_endpoint_free(struct relay_endpoint *endpoint)
{
    if (!endpoint)
        return;
    int saved = errno;
    relay_tickets_close(&endpoint->tickets);
    SSL_CTX_free(endpoint->context);
    free(endpoint);
    errno = saved;
}

static bool is_ip_address(const char *host)
{
    struct in6_addr room;
    return inet_pton(AF_INET, host, &room) == 1 || inet_pton(AF_INET6, host, &room) == 1;
}

/* SSL_set_tlsext_host_name(), whose macro casts const away; OpenSSL copies the name. */
static bool ask_for(SSL *ssl, const char *host)
{
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    (void *)(uintptr_t)host) == 1;
}

/* Name or address the certificate must be for, and the name to ask the server for (SNI). */
static bool expect_host(SSL *ssl, const struct relay_endpoint *endpoint)
{
    bool is_ip = is_ip_address(endpoint->host);
    if (!is_ip && !ask_for(ssl, endpoint->host))
        return false;
    if (endpoint->tls != ORC_TLS_VERIFY_FULL)
        return true;
    if (is_ip)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), endpoint->host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, endpoint->host) == 1;
}

SSL *relay_endpoint_session(struct relay_endpoint *endpoint, bool *out_resumes)
{
    SSL *ssl = SSL_new(endpoint->context);
    if (ssl && !expect_host(ssl, endpoint)) {
        SSL_free(ssl);
        ssl = NULL;
    }
    if (!ssl)
        return NULL;
    SSL_set_connect_state(ssl);
    *out_resumes = relay_tickets_use(&endpoint->tickets, ssl, sm_boot_ms());
    return ssl;
}
