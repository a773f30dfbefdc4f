/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * identity.c - certificates for the clients' leg.
 */
#include "relay/identity.h"

#include "relay/tls.h"

/* What a client of PostgreSQL that begins with TLS insists on (protocol.sgml, "ALPN"). */
static int choose_protocol(SSL *ssl, const unsigned char **out_name, unsigned char *out_len,
                           const unsigned char *offered, unsigned int offered_len, void *arg)
{
    static const unsigned char spoken[] = "\x0apostgresql";
    unsigned char *name;
    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&name, out_len, spoken, sizeof spoken - 1, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out_name = name;
    return SSL_TLSEXT_ERR_OK;
}

static enum smcred_status new_context(int fd, SSL_CTX **out_context)
{
    SSL_CTX *context = relay_tls_context(TLS_server_method());
    enum smcred_status status = context ? relay_tls_show(context, fd) : SMCRED_NO_MEMORY;
    if (status != SMCRED_OK) {
        SSL_CTX_free(context);
        return status;
    }
    (void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET); /* nothing is resumed, */
    (void)SSL_CTX_set_num_tickets(context, 0);            /* by any version */
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    *out_context = context;
    return SMCRED_OK;
}

static struct relay_identity *find(const struct relay_identities *identities, uint32_t number)
{
    struct relay_identity *identity = identities->first;
    while (identity && identity->number != number)
        identity = identity->next;
    return identity;
}

static struct relay_identity *add(struct relay_identities *identities, uint32_t number)
{
    struct relay_identity *identity = calloc(1, sizeof *identity);
    if (!identity)
        return NULL;
    identity->number = number;
    identity->next = identities->first;
    identities->first = identity;
    identities->count++;
    return identity;
}

enum smcred_status relay_identity_put(struct relay_identities *identities, uint32_t number, int fd)
{
    SSL_CTX *context;
    struct relay_identity *identity = find(identities, number);
    if (!identity && identities->count >= RELAY_IDENTITIES_MAX)
        return SMCRED_LIMITED;
    enum smcred_status status = new_context(fd, &context);
    if (status != SMCRED_OK)
        return status;
    if (!identity)
        identity = add(identities, number);
    if (!identity) {
        SSL_CTX_free(context);
        return SMCRED_NO_MEMORY;
    }
    SSL_CTX_free(identity->context); /* its sessions have it as long as they need it */
    identity->context = context;
    return SMCRED_OK;
}

const struct relay_identity *relay_identity_find(const struct relay_identities *identities,
                                                 uint32_t number)
{
    return find(identities, number);
}

SSL *relay_identity_session(const struct relay_identity *identity)
{
    SSL *ssl = SSL_new(identity->context);
    if (ssl)
        SSL_set_accept_state(ssl);
    return ssl;
}

void relay_identities_done(struct relay_identities *identities)
{
    while (identities->first) {
        struct relay_identity *identity = identities->first;
        identities->first = identity->next;
        SSL_CTX_free(identity->context);
        free(identity);
    }
}
