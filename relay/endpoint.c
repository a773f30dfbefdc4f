/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * endpoint.c - how a server proves who it is.
 *
 * CA certificates, and our own with its key where the server wants one, come from the keeper in
 * sealed memfds; the relay has no files.
 */
#include "relay/endpoint.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include "common/clock.h"
#include "relay/tls.h"

static enum smcred_status load_context(struct relay_endpoint *endpoint,
                                       struct relay_endpoint_files files, struct relay_error *error)
{
    endpoint->context = relay_tls_context(TLS_client_method());
    if (!endpoint->context) {
        *error = relay_error(RELAY_NO_MEMORY, "cannot prepare TLS");
        return SMCRED_NO_MEMORY;
    }
    SSL_CTX_set_verify(endpoint->context, SSL_VERIFY_PEER, NULL);
    enum smcred_status status =
        files.ca_fd < 0 ? SMCRED_INVALID : relay_tls_trust(endpoint->context, files.ca_fd);
    if (status != SMCRED_OK) {
        *error = relay_error(RELAY_CANNOT_CONNECT, "no CA certificates for \"%s\": %s",
                             endpoint->host, sm_status_text(status));
        return status;
    }
    if (files.identity_fd < 0) {
        relay_tickets_collect(&endpoint->tickets, endpoint->context);
        return SMCRED_OK;
    }
    status = relay_tls_show(endpoint->context, files.identity_fd); /* so nothing is resumed */
    if (status != SMCRED_OK)
        *error = relay_error(RELAY_CANNOT_CONNECT, "no client certificate and key for \"%s\": %s",
                             endpoint->host, sm_status_text(status));
    return status;
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
