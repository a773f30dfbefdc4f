/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * certificate.h - the two kinds of certificates that are made here: of the CA of this host, and of
 * a target.  No I/O and no state; localca.c has both.
 */
#ifndef KEEPER_CERTIFICATE_H
#define KEEPER_CERTIFICATE_H

#include <openssl/x509.h>

#include "common/bytes.h"

#define CERTIFICATE_CA_DAYS      3650
#define CERTIFICATE_CA_SPARE     365  /* days before its end when a CA's certificate is made anew */
#define CERTIFICATE_SERVER_HOURS 24   /* ... and a target's, */
#define CERTIFICATE_SERVER_SPARE 12   /* so many hours before its end */
#define CERTIFICATE_EARLY_S      3600 /* valid so long before it is made: clocks are set back */

/* Host names and numeric addresses; borrowed. */
struct certificate_names {
    const char *const *list;
    size_t count;
};

/*
 * A CA that can vouch for servers of these names and for nothing else, its own successors included.
 *   before  the certificate whose place it takes: its subject stays; NULL: it is the first one
 * NULL: libcrypto failed, or memory is short.
 */
X509 *certificate_of_ca(EVP_PKEY *key, const X509 *before, struct certificate_names names,
                        int64_t now_s);
/* May this CA's certificate stay?  It says these names, and is good for long enough. */
bool certificate_ca_fits(const X509 *certificate, struct certificate_names names, int64_t now_s);

/* A target's, signed by the CA; O is the target's name.  NULL likewise. */
X509 *certificate_of_server(const X509 *ca, EVP_PKEY *ca_key, EVP_PKEY *key, const char *target,
                            struct certificate_names names, int64_t now_s);

#endif
