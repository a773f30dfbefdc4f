/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * identity.h - what a target shows to clients that want TLS: a number of the keeper's, and the
 * SSL_CTX made for it.  A newer certificate takes the place of the one before; sessions that have
 * begun keep theirs.
 */
#ifndef RELAY_IDENTITY_H
#define RELAY_IDENTITY_H

#include <openssl/ssl.h>

#include "common/bytes.h"
#include "common/status.h"

#define RELAY_IDENTITIES_MAX 4096 /* as many as a configuration has targets */

struct relay_identity {
    struct relay_identity *next;
    uint32_t number;
    SSL_CTX *context;
};

/* All of a relay's; zeroed at first. */
struct relay_identities {
    struct relay_identity *first;
    size_t count;
};

/*
 * A certificate and its key, in PEM, under a number that may be known.
 * Errors: SMCRED_INVALID, SMCRED_LIMITED, SMCRED_NO_MEMORY, SMCRED_SYSTEM; the one before stays.
 */
SM_MUST_CHECK enum smcred_status relay_identity_put(struct relay_identities *identities,
                                                    uint32_t number, int fd);
/* NULL: there is no such number.  Lives as long as the relay. */
const struct relay_identity *relay_identity_find(const struct relay_identities *identities,
                                                 uint32_t number);
/* A TLS server session; NULL: no memory. */
SSL *relay_identity_session(const struct relay_identity *identity);
void relay_identities_done(struct relay_identities *identities);

#endif
