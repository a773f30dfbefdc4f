/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tls.h - what both legs' TLS have in common: an SSL_CTX, filled from memfds of the keeper's.
 */
#ifndef RELAY_TLS_H
#define RELAY_TLS_H

#include <openssl/ssl.h>

#include "common/bytes.h"
#include "common/status.h"

/* TLS 1.2 or newer, for non-blocking streams.  NULL: no memory. */
SSL_CTX *relay_tls_context(const SSL_METHOD *method);
/*
 * Believes every certificate of a PEM file, read from its start.
 * Errors: SMCRED_INVALID (there is none), SMCRED_NO_MEMORY, SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status relay_tls_trust(SSL_CTX *context, int fd);
/*
 * Shows the first certificate of a PEM file as ours, those behind it as leading to its CA, and uses
 * the key that is there too.
 * Errors: the same, and SMCRED_INVALID for a key that is not the certificate's.
 */
SM_MUST_CHECK enum smcred_status relay_tls_show(SSL_CTX *context, int fd);

#endif
