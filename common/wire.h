/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wire.h - the frame that all of smcred's own protocols share (doc/wire.md draws it).
 *
 * One message is one SOCK_SEQPACKET packet: a fixed header, then fields of tag, length and bytes.
 * Numbers are in host order: both ends are on one host.  What the verbs and tags mean stands in
 * control.h (client and keeper), oracle.h (keeper and relay) and parent.h (parent and children).
 */
#ifndef SM_WIRE_H
#define SM_WIRE_H

#include <assert.h>

#include "common/bytes.h"
#include "libsmcred/smcred.h"

#define SM_WIRE_MAGIC   0x31434d53u /* "SMC1" */
#define SM_WIRE_VERSION 1
#define SM_WIRE_MAX     98304 /* bytes of one message: a 64 KiB secret and its frame, with room */
#define SM_WIRE_FDS_MAX 2     /* descriptors that may travel with one message */

struct sm_wire_header {
    uint32_t magic;
    uint16_t version;
    uint16_t verb;
    uint32_t status;     /* enum smcred_status; 0 in a request */
    uint32_t body_len;   /* bytes that follow; the packet is exactly this long */
    uint64_t request_id; /* chosen by the asker, repeated in the answer */
};
static_assert(sizeof(struct sm_wire_header) == 24, "layout is on the wire");

struct sm_wire_field {
    uint16_t tag;
    uint16_t zero;
    uint32_t len;
    /* `len` bytes, then zero bytes up to a multiple of 8 */
};
static_assert(sizeof(struct sm_wire_field) == 8, "layout is on the wire");

/* A message being written, into a buffer of the caller's. */
struct sm_wire_out {
    uint8_t *data;
    size_t len;
    size_t capacity;
    bool overflow; /* something did not fit; sm_wire_finish() then fails */
};

void sm_wire_begin(struct sm_wire_out *out, void *buffer, size_t capacity, uint16_t verb,
                   enum smcred_status status, uint64_t request_id);
void sm_wire_put(struct sm_wire_out *out, uint16_t tag, struct sm_bytes value);
void sm_wire_put_text(struct sm_wire_out *out, uint16_t tag, const char *text); /* NULL: nothing */
void sm_wire_put_u32(struct sm_wire_out *out, uint16_t tag, uint32_t value);
void sm_wire_put_u64(struct sm_wire_out *out, uint16_t tag, uint64_t value);
/* Completes the header.  Errors: SMCRED_TOO_LARGE. */
SM_MUST_CHECK enum smcred_status sm_wire_finish(struct sm_wire_out *out);

/* A message that arrived, borrowed from the packet it was parsed from. */
struct sm_wire_in {
    struct sm_wire_header header;
    struct sm_bytes body;
};

/*
 * Checks the header and every field of a packet; after SMCRED_OK the getters below cannot read
 * outside it.  On a wrong version the header is filled all the same, so that one can answer.
 * Errors: SMCRED_PROTOCOL (not ours, cut off, or malformed), SMCRED_UNSUPPORTED (another version).
 */
SM_MUST_CHECK enum smcred_status sm_wire_parse(struct sm_bytes packet, struct sm_wire_in *out_in);

/* Walks the fields: start with *cursor 0; false when there are no more. */
bool sm_wire_next(const struct sm_wire_in *in, size_t *cursor, uint16_t *out_tag,
                  struct sm_bytes *out_value);
/* The first field of that tag; false, and nothing stored, if there is none. */
bool sm_wire_get(const struct sm_wire_in *in, uint16_t tag, struct sm_bytes *out_value);
/* As sm_wire_get(), for numbers; false also when the length is not 4 or 8. */
bool sm_wire_get_u32(const struct sm_wire_in *in, uint16_t tag, uint32_t *out_value);
bool sm_wire_get_u64(const struct sm_wire_in *in, uint16_t tag, uint64_t *out_value);
/*
 * Copies a text field and ends it with NUL.  False, and buffer[0] = 0, if it is missing, does not
 * fit, or holds a NUL byte.
 */
bool sm_wire_get_text(const struct sm_wire_in *in, uint16_t tag, char *buffer, size_t size);

#endif
