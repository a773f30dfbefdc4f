/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pgsql_message.h - PostgreSQL's messages, as far as a login needs them.
 *
 * Source: PostgreSQL 17 manual, "Frontend/Backend Protocol".  Every byte parsed here is a
 * stranger's; nothing here allocates or does I/O, so that the fuzzer can reach all of it.
 */
#ifndef RELAY_PGSQL_MESSAGE_H
#define RELAY_PGSQL_MESSAGE_H

#include "common/bytes.h"
#include "relay/buffer.h"
#include "relay/error.h"

#define PGSQL_STARTUP_MAX    10000 /* bytes after the length word; PostgreSQL's own limit */
#define PGSQL_MESSAGE_MAX    30000 /* bytes of one message during a login; libpq's limit */
#define PGSQL_PROTOCOL(a, b) (((uint32_t)(a) << 16) | (b))
#define PGSQL_CANCEL_REQUEST PGSQL_PROTOCOL(1234, 5678)
#define PGSQL_SSL_REQUEST    PGSQL_PROTOCOL(1234, 5679)
#define PGSQL_GSSENC_REQUEST PGSQL_PROTOCOL(1234, 5680)

/* The request codes of an AuthenticationXXX message. */
enum pgsql_authentication {
    PGSQL_AUTH_OK = 0,
    PGSQL_AUTH_CLEARTEXT = 3,
    PGSQL_AUTH_MD5 = 5,
    PGSQL_AUTH_SASL = 10,
    PGSQL_AUTH_SASL_CONTINUE = 11,
    PGSQL_AUTH_SASL_FINAL = 12,
};

static inline uint32_t pgsql_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* A client's first packet, borrowed from its bytes.  Texts are "" if they are absent. */
struct pgsql_startup {
    uint32_t version;        /* or one of the request codes above */
    struct sm_bytes packet;  /* all of it, with the length word */
    struct sm_bytes options; /* the pairs "key\0value\0", without the last terminator */
    const char *user, *database, *application_name, *replication;
    bool has_user, has_database, has_application_name, has_replication;
    uint32_t backend_pid; /* of a cancel request */
    struct sm_bytes key;
};

/*
 * Parses a whole packet, the length word included.  A failing status comes with a sentence.
 * Errors: SMCRED_PROTOCOL, SMCRED_UNSUPPORTED (a major version that is not 3).
 */
SM_MUST_CHECK enum smcred_status pgsql_startup_parse(struct sm_bytes packet,
                                                     struct pgsql_startup *out_startup,
                                                     struct relay_error *error);
/* Does it ask for a replication connection?  Whatever is not plainly "no" does. */
bool pgsql_startup_replicates(const struct pgsql_startup *startup);
/* How long a packet is whose first four bytes are these; 0 if it cannot be one. */
size_t pgsql_startup_len(const uint8_t length_word[4]);

/*
 * Appends the client's startup packet with its names replaced; NULL leaves one out.
 * Errors: SMCRED_TOO_LARGE, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status pgsql_startup_write(struct relay_buffer *out,
                                                     const struct pgsql_startup *startup,
                                                     const char *user, const char *database,
                                                     const char *application_name);

struct pgsql_message {
    uint8_t type;
    struct sm_bytes whole; /* type and length included */
    struct sm_bytes body;
};

/*
 * The first message of some bytes.
 * Errors: SMCRED_NOT_FOUND (not all of it is here yet), SMCRED_PROTOCOL (it can never be one).
 */
SM_MUST_CHECK enum smcred_status pgsql_message_parse(struct sm_bytes bytes,
                                                     struct pgsql_message *out_message);

/* The request code and what follows it.  False: the message is too short. */
SM_MUST_CHECK bool pgsql_authentication_parse(const struct pgsql_message *message,
                                              uint32_t *out_request, struct sm_bytes *out_rest);
/* Is `mechanism` in an AuthenticationSASL's list? */
bool pgsql_sasl_offers(struct sm_bytes list, const char *mechanism);
/* One field of an ErrorResponse ('C', 'M', ...), "" if it has none.  Borrowed. */
const char *pgsql_error_field(const struct pgsql_message *message, char field);

/* Appends a FATAL ErrorResponse; a hint of "" is left out. */
SM_MUST_CHECK enum smcred_status pgsql_error_write(struct relay_buffer *out,
                                                   const struct relay_error *error);
/* Appends an ErrorResponse that ends a statement and not the session, and ReadyForQuery. */
SM_MUST_CHECK enum smcred_status pgsql_refusal_write(struct relay_buffer *out,
                                                     const struct relay_error *error,
                                                     uint8_t transaction_status);
/* Appends type, length and the pieces; type 0 writes none, as in the first packets. */
SM_MUST_CHECK enum smcred_status pgsql_message_write(struct relay_buffer *out, uint8_t type,
                                                     const struct sm_bytes *pieces, size_t count);

#endif
