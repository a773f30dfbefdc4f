/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * base64.h - SecretBinary on the wire.
 */
#ifndef SERVER_BASE64_H
#define SERVER_BASE64_H

#include "common/bytes.h"

/* Strict: padded, no blanks, unused bits zero.  -1 if `text` is not base64, else its decoded
 * length. */
ptrdiff_t server_base64_decoded_len(const char *text);
/* Of a text the function above accepted; `out` has room for what it answered. */
void server_base64_decode(const char *text, uint8_t *out);

static inline size_t server_base64_encoded_len(size_t len)
{
    return (len + 2) / 3 * 4;
}
/* out: server_base64_encoded_len() characters and a NUL. */
void server_base64_encode(struct sm_bytes bytes, char *out);

#endif
