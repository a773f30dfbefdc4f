/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * script.h - a fuzzer's bytes as a script for harnesses that play one end of a conversation:
 * numbers, bytes, and messages of common/wire.h made of them, so that not every input must find the
 * frame by itself.  What is said to the log meanwhile is formatted, under a sanitizer's eyes, and
 * thrown away.
 *
 * Included once by a harness that is linked with $(fuzz_quiet).
 */
#ifndef FUZZ_SCRIPT_H
#define FUZZ_SCRIPT_H

#include <stdarg.h>
#include <stdio.h>

#include "common/seqpacket.h"

struct script {
    const uint8_t *at;
    size_t left;
};

/* The next byte; 0 behind the end. */
static uint8_t script_byte(struct script *script)
{
    if (script->left == 0)
        return 0;
    script->left--;
    return *script->at++;
}

/* A length byte, and as many bytes, or what is left of them. */
static struct sm_bytes script_bytes(struct script *script)
{
    size_t len = script_byte(script);
    if (len > script->left)
        len = script->left;
    struct sm_bytes bytes = sm_bytes(script->at, len);
    script->at += len;
    script->left -= len;
    return bytes;
}

static uint64_t script_number(struct script *script)
{
    struct sm_bytes bytes = script_bytes(script);
    uint64_t number = 0;
    memcpy(&number, bytes.data, bytes.len < sizeof number ? bytes.len : sizeof number);
    return number;
}

/* Bytes, or many times the same ones: what is too long must not cost the fuzzer its whole input. */
static void put_long(struct script *script, struct sm_wire_out *out, uint16_t tag)
{
    static uint8_t room[SM_WIRE_MAX];
    struct sm_bytes bytes = script_bytes(script);
    size_t times = (size_t)script_byte(script) * 8, len = 0;
    while (times-- > 0 && len + bytes.len <= sizeof room) {
        memcpy(room + len, bytes.data, bytes.len);
        len += bytes.len;
    }
    sm_wire_put(out, tag, sm_bytes(room, len));
}

/*
 * Fields until a tag of 0.  The upper two bits of a tag's byte say how its value is written;
 * `special` is for the harness's own values.
 */
static void script_fields(struct script *script, struct sm_wire_out *out,
                          void (*special)(struct sm_wire_out *out, uint16_t tag))
{
    for (uint8_t byte; (byte = script_byte(script)) != 0;) {
        uint16_t tag = byte & 0x3f;
        switch (byte >> 6) {
        case 0:
            sm_wire_put(out, tag, script_bytes(script));
            break;
        case 1:
            sm_wire_put_u32(out, tag, (uint32_t)script_number(script));
            break;
        case 2:
            put_long(script, out, tag);
            break;
        default:
            special(out, tag);
        }
    }
}

/* Says it, if it is not too long, and if somebody listens. */
static void script_send(int fd, struct sm_wire_out *out, const struct sm_fds *fds)
{
    if (sm_wire_finish(out) != SMCRED_OK)
        return;
    enum smcred_status status = sm_seqpacket_send(fd, sm_bytes(out->data, out->len), fds, 0);
    (void)status; /* he may have hung up */
}

/* Like memmem(), but without a hint for the fuzzer of how near it was: it would say the secret
 * itself. */
static bool script_finds(const void *bytes, size_t len, const char *secret)
{
    const uint8_t *at = bytes;
    for (size_t secret_len = strlen(secret); len >= secret_len; at++, len--) {
        unsigned differs = 0;
        for (size_t i = 0; i < secret_len; i++)
            differs |= at[i] ^ (unsigned char)secret[i];
        if (differs == 0)
            return true;
    }
    return false;
}

#define SCRIPT_QUIET(name)                                                                         \
    SM_PRINTF(1, 2) void __wrap_##name(const char *format, ...);                                   \
    void __wrap_##name(const char *format, ...)                                                    \
    {                                                                                              \
        char line[2048];                                                                           \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        (void)vsnprintf(line, sizeof line, format, args);                                          \
        va_end(args);                                                                              \
    }
SCRIPT_QUIET(log_error)
SCRIPT_QUIET(log_warning)
SCRIPT_QUIET(log_info)
SCRIPT_QUIET(log_debug)

/* The lowest free descriptor: the same before an input and after it, if none is left behind. */
static int script_lowest_descriptor(void)
{
    int lowest = dup(STDERR_FILENO);
    (void)close(lowest); /* a copy */
    return lowest;
}

#endif
