/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * endpoint.h - one way to verify a server: a number of the keeper's, and the SSL_CTX made for it.
 */
#ifndef RELAY_ENDPOINT_H
#define RELAY_ENDPOINT_H

#include <openssl/ssl.h>

#include "common/oracle.h"
#include "relay/error.h"
#include "relay/tickets.h"

#define RELAY_HOST_MAX 256 /* bytes, NUL included; a DNS name or a socket's path */

struct relay_endpoint {
    struct relay_endpoint *next;
    uint32_t number;
    char host[RELAY_HOST_MAX];
    enum orc_tls tls;
    SSL_CTX *context; /* NULL with ORC_TLS_DISABLE */
    struct relay_tickets tickets;
};

/* Of PEM, read from their start; the caller's. */
struct relay_endpoint_files {
    int ca_fd;       /* certificates to believe; -1 with ORC_TLS_DISABLE */
    int identity_fd; /* our own certificate, those between, and its key; -1: none */
};

/*
 * Makes an endpoint.
 *   out_endpoint  free with relay_endpoint_free()
 * Errors: SMCRED_INVALID (no certificate in a file, no key, TLS without a file), SMCRED_NO_MEMORY,
 * SMCRED_SYSTEM; the sentence goes to `error`.
 */
SM_MUST_CHECK enum smcred_status relay_endpoint_new(uint32_t number, const char *host,
                                                    enum orc_tls tls,
                                                    struct relay_endpoint_files files,
                                                    struct relay_endpoint **out_endpoint,
                                                    struct relay_error *error);
void relay_endpoint_free(struct relay_endpoint *endpoint);

/*
 * A TLS client session that will accept no other server than this endpoint's; NULL: no memory.
 *   out_resumes  whether the server is offered to go on with an earlier one
 */
SSL *relay_endpoint_session(struct relay_endpoint *endpoint, bool *out_resumes);

#endif
