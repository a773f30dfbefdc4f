/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * endpoints.h - a number for each way to verify a server: (host name, TLS mode, CA).  A relay keeps
 * an SSL_CTX per number; a new CA file gets a new number.
 */
#ifndef KEEPER_ENDPOINTS_H
#define KEEPER_ENDPOINTS_H

#include "keeper/config.h"

struct endpoints;

/* What makes one way to verify a server, and to be verified by it, differ from another. */
struct endpoints_key {
    const char *host;
    uint32_t tls;            /* enum orc_tls */
    uint64_t ca_print;       /* 0: none */
    uint64_t identity_print; /* 0: none */
};

SM_MUST_CHECK enum smcred_status endpoints_new(struct endpoints **out_endpoints);
void endpoints_free(struct endpoints *endpoints);
/* Errors: SMCRED_LIMITED (1000 of them; a relay keeps no more), SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status endpoints_number(struct endpoints *endpoints,
                                                  const struct endpoints_key *key,
                                                  uint32_t *out_number);

#endif
