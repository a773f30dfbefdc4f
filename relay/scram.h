/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scram.h - the text of a SCRAM conversation, client side (RFC 5802, RFC 7677).
 *
 * The relay reads and writes the messages; the keeper, which has the keys and parses nothing, is
 * given the AuthMessage and answers with the proof and with the signature the server must show.
 */
#ifndef RELAY_SCRAM_H
#define RELAY_SCRAM_H

#include "common/bytes.h"
#include "common/oracle.h"
#include "libsmcred/smcred.h"

#define SCRAM_NONCE_RAW   18   /* random bytes; 24 characters of base64 */
#define SCRAM_FIRST_MAX   2048 /* bytes of the server's first message */
#define SCRAM_DIGEST      32   /* bytes of SHA-256 */
#define SCRAM_BINDING_MAX 64   /* bytes of a certificate's hash */

/* Whether the proof names the TLS channel it is for (RFC 5802, section 6). */
enum scram_binding {
    SCRAM_BINDING_NONE,        /* n: we could not */
    SCRAM_BINDING_NOT_OFFERED, /* y: we could, and a server that could too has been tampered with */
    SCRAM_BINDING_CERTIFICATE, /* p: tls-server-end-point (RFC 5929) */
};

struct scram {
    enum scram_binding binding;
    uint8_t certificate_hash[SCRAM_BINDING_MAX];
    size_t certificate_hash_len;
    char nonce[SCRAM_NONCE_RAW / 3 * 4 + 1];

    /* From the server's first message, by scram_challenge_parse(). */
    uint8_t salt[ORC_SALT_MAX];
    size_t salt_len;
    uint32_t iterations;
    char final_without_proof[512];
    char auth_message[ORC_AUTH_MESSAGE_MAX];
    size_t auth_message_len;
};

/* Begins a conversation with SCRAM_NONCE_RAW random bytes. */
void scram_begin(struct scram *scram, const uint8_t random[SCRAM_NONCE_RAW]);
/* Writes client-first-message; returns its length.  Fits into 128 bytes. */
size_t scram_write_first(const struct scram *scram, char *buffer, size_t size);
/*
 * Reads server-first-message and prepares AuthMessage and the client's last message.
 * Errors: SMCRED_PROTOCOL (malformed, or not an answer to our nonce), SMCRED_UNSUPPORTED (a
 * mandatory extension), SMCRED_TOO_LARGE.
 */
SM_MUST_CHECK enum smcred_status scram_challenge_parse(struct scram *scram, struct sm_bytes text);
/* Writes client-final-message; returns its length, or 0 if it does not fit. */
size_t scram_write_final(const struct scram *scram, struct sm_bytes proof, char *buffer,
                         size_t size);
/*
 * Does server-final-message show this signature?  Constant time.
 * Errors: SMCRED_PROTOCOL (malformed, or the server's own "e="), SMCRED_DENIED (another signature).
 */
SM_MUST_CHECK enum smcred_status scram_final_check(struct sm_bytes text,
                                                   struct sm_bytes server_signature);

#endif
