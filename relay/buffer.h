/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * buffer.h - bytes that wait: a queue that grows to a maximum and keeps no memory while empty.
 *
 * Used by every part of the relay that meets a peer who is not ready yet.  A proof or, with
 * cleartext methods, a password may pass through one, so memory is wiped before it is given back.
 */
#ifndef RELAY_BUFFER_H
#define RELAY_BUFFER_H

#include "common/bytes.h"
#include "libsmcred/smcred.h"

struct relay_buffer {
    uint8_t *data;
    size_t start;    /* bytes before it were consumed */
    size_t len;      /* bytes that wait, from data + start */
    size_t capacity; /* 0 while data is NULL */
    size_t max;
};

static inline struct relay_buffer relay_buffer(size_t max)
{
    return (struct relay_buffer){.max = max};
}

static inline struct sm_bytes relay_buffer_view(const struct relay_buffer *buffer)
{
    return sm_bytes(buffer->len > 0 ? buffer->data + buffer->start : NULL, buffer->len);
}

/* Appends a copy.  Errors: SMCRED_TOO_LARGE (over the maximum), SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status relay_buffer_add(struct relay_buffer *buffer,
                                                  struct sm_bytes bytes);
/*
 * Room for `len` more bytes, to be written and then declared by relay_buffer_grow().
 * Errors: as above.
 */
SM_MUST_CHECK enum smcred_status relay_buffer_reserve(struct relay_buffer *buffer, size_t len,
                                                      uint8_t **out_room);
void relay_buffer_grow(struct relay_buffer *buffer, size_t len);
/* Drops `len` bytes from the front; the last one takes the memory along, wiped. */
void relay_buffer_consume(struct relay_buffer *buffer, size_t len);
/* Drops everything, wiped. */
void relay_buffer_clear(struct relay_buffer *buffer);

#endif
