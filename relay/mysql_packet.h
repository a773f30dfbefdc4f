/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_packet.h - MySQL's and MariaDB's packets, as far as a login needs them.
 *
 * Sources: MySQL Internals, "Client/Server Protocol: Connection Phase"; MariaDB's "Connection"
 * page for what differs.  Every byte parsed here is a stranger's; nothing here does I/O, so that
 * the fuzzer can reach all of it.
 */
#ifndef RELAY_MYSQL_PACKET_H
#define RELAY_MYSQL_PACKET_H

#include "common/bytes.h"
#include "relay/buffer.h"
#include "relay/error.h"

#define MYSQL_HEADER         4     /* bytes before each packet's: length (3) and sequence number */
#define MYSQL_PACKET_MAX     73728 /* bytes of one packet of a login: 64 KiB of attributes, room */
#define MYSQL_NONCE          20    /* bytes that a greeting carries to be answered */
#define MYSQL_SWITCH_MAX     255   /* bytes of data in an auth switch, or of a plugin's words */
#define MYSQL_NAME_MAX       128   /* bytes of a version or a plugin's name, NUL included */
#define MYSQL_ATTRIBUTES_MAX 65536 /* bytes of all connection attributes; the servers' limit */

/* Capability flags; those that nobody here asks for are left out. */
#define MYSQL_CLIENT_MYSQL      (1u << 0) /* clear: MariaDB, which has more flags */
#define MYSQL_WITH_DB           (1u << 3)
#define MYSQL_COMPRESS          (1u << 5)
#define MYSQL_PROTOCOL_41       (1u << 9)
#define MYSQL_SSL               (1u << 11)
#define MYSQL_SECURE_CONNECTION (1u << 15)
#define MYSQL_PLUGIN_AUTH       (1u << 19)
#define MYSQL_ATTRIBUTES        (1u << 20)
#define MYSQL_LENENC_PROOF      (1u << 21)
#define MYSQL_EXPIRED_PASSWORDS (1u << 22)
#define MYSQL_DEPRECATE_EOF     (1u << 24)
#define MYSQL_ZSTD              (1u << 26)
#define MYSQL_QUERY_ATTRIBUTES  (1u << 27)
#define MYSQL_MULTI_FACTOR      (1u << 28)

/* Of MariaDB's further ones, which are the bits from 32 on. */
#define MYSQL_MULTI (1u << 1) /* COM_MULTI: several commands in one packet */

/* The first byte of what a server says during a login. */
enum mysql_kind {
    MYSQL_OK = 0x00,
    MYSQL_MORE_DATA = 0x01,   /* the plugin's own words */
    MYSQL_NEXT_FACTOR = 0x02, /* of several */
    MYSQL_SWITCH = 0xfe,      /* another plugin, please */
    MYSQL_ERROR = 0xff,
};

struct mysql_packet {
    uint8_t sequence;
    struct sm_bytes whole; /* header included */
    struct sm_bytes body;
};

/* Bytes behind the header, of a packet of any size. */
static inline uint32_t mysql_body_len(const uint8_t header[MYSQL_HEADER])
{
    return (uint32_t)header[0] | (uint32_t)header[1] << 8 | (uint32_t)header[2] << 16;
}
/* How long the packet is that has this header, header included; 0: too long for a login. */
size_t mysql_packet_len(const uint8_t header[MYSQL_HEADER]);
/*
 * The first packet of some bytes.
 * Errors: SMCRED_NOT_FOUND (not all of it is here yet), SMCRED_PROTOCOL (it can never be one).
 */
SM_MUST_CHECK enum smcred_status mysql_packet_parse(struct sm_bytes bytes,
                                                    struct mysql_packet *out_packet);
/* Appends a header and the pieces.  Errors: SMCRED_TOO_LARGE, SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status mysql_packet_write(struct relay_buffer *out, uint8_t sequence,
                                                    const struct sm_bytes *pieces, size_t count);

/* A server's first packet. */
struct mysql_greeting {
    char version[MYSQL_NAME_MAX];
    uint32_t thread_id;
    uint32_t capabilities;
    uint32_t extended; /* MariaDB's further capabilities */
    uint8_t charset;
    uint16_t status;
    uint8_t nonce[MYSQL_NONCE];
    char plugin[MYSQL_NAME_MAX]; /* "": it knows of none */
};

/* Errors: SMCRED_PROTOCOL, SMCRED_UNSUPPORTED (a protocol before 4.1, or another than 10). */
SM_MUST_CHECK enum smcred_status mysql_greeting_parse(struct sm_bytes body,
                                                      struct mysql_greeting *out_greeting);
SM_MUST_CHECK enum smcred_status mysql_greeting_write(struct relay_buffer *out, uint8_t sequence,
                                                      const struct mysql_greeting *greeting);

/* A client's answer to it, borrowed from its bytes.  Texts are "" if they are absent. */
struct mysql_response {
    uint32_t capabilities, max_packet;
    uint32_t extended;
    uint8_t charset;
    const char *user, *database, *plugin;
    struct sm_bytes proof;
    struct sm_bytes attributes; /* pairs of length-encoded texts; well-formed */
};

/* Errors: SMCRED_PROTOCOL, SMCRED_UNSUPPORTED (a client from before 4.1). */
SM_MUST_CHECK enum smcred_status mysql_response_parse(struct sm_bytes body,
                                                      struct mysql_response *out_response);
/*
 * The words of COM_CHANGE_USER: a response without its head, which is the caller's; its charset is
 * kept if they say none that fits.  Errors: SMCRED_PROTOCOL.
 */
SM_MUST_CHECK enum smcred_status mysql_change_user_parse(struct sm_bytes body,
                                                         struct mysql_response *in_out_response);
/* Appends the fields that its capabilities say; its proof has up to 250 bytes. */
SM_MUST_CHECK enum smcred_status mysql_response_write(struct relay_buffer *out, uint8_t sequence,
                                                      const struct mysql_response *response);
/* Appends COM_CHANGE_USER with the same, but for what belongs to the connection. */
SM_MUST_CHECK enum smcred_status mysql_change_user_write(struct relay_buffer *out,
                                                         const struct mysql_response *response);
/* Appends the request for TLS that goes before such a response. */
SM_MUST_CHECK enum smcred_status mysql_tls_request_write(struct relay_buffer *out, uint8_t sequence,
                                                         const struct mysql_response *response);

/* Is a client's first packet such a request? */
bool mysql_is_tls_request(struct sm_bytes body);

/* The value of a connection attribute; false if there is none, or it does not fit. */
bool mysql_attribute(struct sm_bytes attributes, const char *key, char *buffer, size_t size);
/*
 * Appends the attributes with this one of ours before them, where no server's limit cuts it off.
 * Of the client's own those are left out that could pass for it, and those for which `out` has no
 * room then.  Errors: SMCRED_TOO_LARGE (ours has none), SMCRED_NO_MEMORY, SMCRED_PROTOCOL.
 */
SM_MUST_CHECK enum smcred_status mysql_attributes_write(struct relay_buffer *out,
                                                        struct sm_bytes attributes, const char *key,
                                                        const char *value);

struct mysql_switch {
    char plugin[MYSQL_NAME_MAX];
    struct sm_bytes data; /* borrowed */
};

SM_MUST_CHECK bool mysql_switch_parse(struct sm_bytes body, struct mysql_switch *out_switch);
SM_MUST_CHECK enum smcred_status mysql_switch_write(struct relay_buffer *out, uint8_t sequence,
                                                    const char *plugin, struct sm_bytes nonce);

struct mysql_error {
    uint16_t code;
    char sqlstate[6]; /* "HY000" if the server says none */
    char text[SM_ERROR_TEXT_MAX];
};

SM_MUST_CHECK bool mysql_error_parse(struct sm_bytes body, struct mysql_error *out_error);
/*
 * Appends an error of ours, under MySQL's number and SQLSTATE for it (common/refusal.h).
 *   with_sqlstate  false before the client has said that it knows them
 */
SM_MUST_CHECK enum smcred_status mysql_error_write(struct relay_buffer *out, uint8_t sequence,
                                                   const struct relay_error *error,
                                                   bool with_sqlstate);
#endif
