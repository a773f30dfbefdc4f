/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * base64.c - RFC 4648, section 4.  Called by validate and value.
 */
#include "server/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

ptrdiff_t server_base64_decoded_len(const char *text)
{
    size_t digits = strspn(text, alphabet);
    size_t pads = strspn(text + digits, "=");
    if (text[digits + pads] != '\0' || (digits + pads) % 4 != 0 || pads > 2)
        return -1;
    /* With one pad two bits of the last digit say nothing, with two pads four. */
    if (pads > 0 && (digit(text[digits - 1]) & (pads == 1 ? 0x03 : 0x0f)) != 0)
        return -1;
    return (ptrdiff_t)(digits * 6 / 8);
}

void server_base64_decode(const char *text, uint8_t *out)
{
    uint32_t bits = 0;
    unsigned have = 0;
    for (; digit(*text) >= 0; text++) {
        bits = bits << 6 | (uint32_t)digit(*text);
        have += 6;
        if (have >= 8) {
            have -= 8;
            *out++ = (uint8_t)(bits >> have);
        }
    }
}

void server_base64_encode(struct sm_bytes bytes, char *out)
{
    const uint8_t *in = bytes.data;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t bits = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                        (left > 2 ? in[i + 2] : 0);
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
        *out++ = left > 2 ? alphabet[bits & 63] : '=';
    }
    *out = '\0';
}
