/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wire.c - writing and parsing the frame of wire.h.  Every byte parsed here is a stranger's.
 */
#include "common/wire.h"

static size_t padded(size_t len)
{
    return (len + 7) & ~(size_t)7;
}

void sm_wire_begin(struct sm_wire_out *out, void *buffer, size_t capacity, uint16_t verb,
                   enum smcred_status status, uint64_t request_id)
{
    struct sm_wire_header header = {.magic = SM_WIRE_MAGIC,
                                    .version = SM_WIRE_VERSION,
                                    .verb = verb,
                                    .status = (uint32_t)status,
                                    .request_id = request_id};
    assert(capacity >= sizeof header);
    *out = (struct sm_wire_out){.data = buffer,
                                .len = sizeof header,
                                .capacity = capacity < SM_WIRE_MAX ? capacity : SM_WIRE_MAX};
    memcpy(out->data, &header, sizeof header);
}

void sm_wire_put(struct sm_wire_out *out, uint16_t tag, struct sm_bytes value)
{
    struct sm_wire_field field = {.tag = tag, .len = (uint32_t)value.len};
    if (value.len > SM_WIRE_MAX || out->capacity - out->len < sizeof field + padded(value.len)) {
        out->overflow = true;
        return;
    }
    memcpy(out->data + out->len, &field, sizeof field);
    out->len += sizeof field;
    if (value.len > 0)
        memcpy(out->data + out->len, value.data, value.len);
    memset(out->data + out->len + value.len, 0, padded(value.len) - value.len);
    out->len += padded(value.len);
}

void sm_wire_put_text(struct sm_wire_out *out, uint16_t tag, const char *text)
{
    if (text)
        sm_wire_put(out, tag, sm_bytes_of(text));
}

void sm_wire_put_u32(struct sm_wire_out *out, uint16_t tag, uint32_t value)
{
    sm_wire_put(out, tag, sm_bytes(&value, sizeof value));
}

void sm_wire_put_u64(struct sm_wire_out *out, uint16_t tag, uint64_t value)
{
    sm_wire_put(out, tag, sm_bytes(&value, sizeof value));
}

enum smcred_status sm_wire_finish(struct sm_wire_out *out)
{
    struct sm_wire_header header;
    if (out->overflow)
        return SMCRED_TOO_LARGE;
    memcpy(&header, out->data, sizeof header);
    header.body_len = (uint32_t)(out->len - sizeof header);
    memcpy(out->data, &header, sizeof header);
    return SMCRED_OK;
}

/* One field at *cursor; false where no whole field stands. */
static bool field_at(struct sm_bytes body, size_t *cursor, uint16_t *out_tag,
                     struct sm_bytes *out_value)
{
    struct sm_wire_field field;
    if (body.len - *cursor < sizeof field)
        return false;
    const uint8_t *at = (const uint8_t *)body.data + *cursor;
    memcpy(&field, at, sizeof field);
    size_t rest = body.len - *cursor - sizeof field;
    if (field.zero != 0 || field.len > rest || padded(field.len) > rest)
        return false;
    *out_tag = field.tag;
    *out_value = sm_bytes(at + sizeof field, field.len);
    *cursor += sizeof field + padded(field.len);
    return true;
}

enum smcred_status sm_wire_parse(struct sm_bytes packet, struct sm_wire_in *out_in)
{
    struct sm_wire_in in;
    if (packet.len < sizeof in.header || packet.len > SM_WIRE_MAX)
        return SMCRED_PROTOCOL;
    memcpy(&in.header, packet.data, sizeof in.header);
    if (in.header.magic != SM_WIRE_MAGIC)
        return SMCRED_PROTOCOL;
    in.body =
        sm_bytes((const uint8_t *)packet.data + sizeof in.header, packet.len - sizeof in.header);
    if (in.header.version != SM_WIRE_VERSION) {
        in.body.len = 0; /* whatever it means in that version */
        *out_in = in;
        return SMCRED_UNSUPPORTED;
    }
    if (in.header.body_len != in.body.len)
        return SMCRED_PROTOCOL;
    size_t cursor = 0;
    while (cursor < in.body.len) {
        uint16_t tag;
        struct sm_bytes value;
        if (!field_at(in.body, &cursor, &tag, &value))
            return SMCRED_PROTOCOL;
    }
    *out_in = in;
    return SMCRED_OK;
}

bool sm_wire_next(const struct sm_wire_in *in, size_t *cursor, uint16_t *out_tag,
                  struct sm_bytes *out_value)
{
    return *cursor < in->body.len && field_at(in->body, cursor, out_tag, out_value);
}

bool sm_wire_get(const struct sm_wire_in *in, uint16_t tag, struct sm_bytes *out_value)
{
    size_t cursor = 0;
    uint16_t found;
    struct sm_bytes value;
    while (sm_wire_next(in, &cursor, &found, &value)) {
        if (found == tag) {
            *out_value = value;
            return true;
        }
    }
    return false;
}

bool sm_wire_get_u32(const struct sm_wire_in *in, uint16_t tag, uint32_t *out_value)
{
    struct sm_bytes value;
    if (!sm_wire_get(in, tag, &value) || value.len != sizeof *out_value)
        return false;
    memcpy(out_value, value.data, sizeof *out_value);
    return true;
}

bool sm_wire_get_u64(const struct sm_wire_in *in, uint16_t tag, uint64_t *out_value)
{
    struct sm_bytes value;
    if (!sm_wire_get(in, tag, &value) || value.len != sizeof *out_value)
        return false;
    memcpy(out_value, value.data, sizeof *out_value);
    return true;
}

bool sm_wire_get_text(const struct sm_wire_in *in, uint16_t tag, char *buffer, size_t size)
{
    struct sm_bytes value;
    buffer[0] = '\0';
    if (!sm_wire_get(in, tag, &value) || value.len >= size || memchr(value.data, 0, value.len))
        return false;
    memcpy(buffer, value.data, value.len);
    buffer[value.len] = '\0';
    return true;
}
