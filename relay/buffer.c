/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * buffer.c - the queue of bytes that wait for a peer.
 */
#include "relay/buffer.h"

#include <assert.h>

#define CAPACITY_MIN 512u /* bytes */

/* Moves what waits into memory of `capacity` bytes.  Not realloc(): the old place must be wiped. */
static bool move_to(struct relay_buffer *buffer, size_t capacity)
{
    uint8_t *data = malloc(capacity);
    if (!data)
        return false;
    size_t len = buffer->len, max = buffer->max;
    if (len > 0)
        memcpy(data, buffer->data + buffer->start, len);
    relay_buffer_clear(buffer);
    *buffer = (struct relay_buffer){.data = data, .len = len, .capacity = capacity, .max = max};
    return true;
}

enum smcred_status relay_buffer_reserve(struct relay_buffer *buffer, size_t len, uint8_t **out_room)
{
    if (len > buffer->max || buffer->len > buffer->max - len)
        return SMCRED_TOO_LARGE;
    size_t need = buffer->len + len;
    if (buffer->capacity - buffer->start < need) {
        size_t capacity = CAPACITY_MIN;
        while (capacity < need)
            capacity *= 2;
        if (!move_to(buffer, capacity))
            return SMCRED_NO_MEMORY;
    }
    *out_room = buffer->data + buffer->start + buffer->len;
    return SMCRED_OK;
}

void relay_buffer_grow(struct relay_buffer *buffer, size_t len)
{
    assert(len <= buffer->capacity - buffer->start - buffer->len);
    buffer->len += len;
}

enum smcred_status relay_buffer_add(struct relay_buffer *buffer, struct sm_bytes bytes)
{
    uint8_t *room;
    if (bytes.len == 0)
        return SMCRED_OK;
    enum smcred_status status = relay_buffer_reserve(buffer, bytes.len, &room);
    if (status != SMCRED_OK)
        return status;
    memcpy(room, bytes.data, bytes.len);
    relay_buffer_grow(buffer, bytes.len);
    return SMCRED_OK;
}

void relay_buffer_consume(struct relay_buffer *buffer, size_t len)
{
    assert(len <= buffer->len);
    buffer->start += len;
    buffer->len -= len;
    if (buffer->len == 0)
        relay_buffer_clear(buffer);
}

void relay_buffer_clear(struct relay_buffer *buffer)
{
    int saved = errno;
    if (buffer->data) {
        explicit_bzero(buffer->data, buffer->capacity);
        free(buffer->data);
    }
    *buffer = relay_buffer(buffer->max);
    errno = saved;
}
