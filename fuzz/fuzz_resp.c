/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_resp.c - what a Redis answers, read whole or refused, in bounds.
 */
#include <stdlib.h>

#include "rotate/channel.h"
#include "rotate/redis_reply.h"

static struct sm_bytes rest; /* the server's bytes that nobody has read */

enum smcred_status __wrap_channel_read(struct channel *channel, char *out, size_t len,
                                       struct sm_error *err);

enum smcred_status __wrap_channel_read(struct channel *channel, char *out, size_t len,
                                       struct sm_error *err)
{
    (void)channel, (void)err;
    if (len > rest.len)
        return SMCRED_UNAVAILABLE;
    memcpy(out, rest.data, len);
    rest = sm_bytes((const char *)rest.data + len, rest.len - len);
    return SMCRED_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    redis_autoreply struct redis_reply reply;
    size_t bytes = 0;
    rest = sm_bytes(data, size);
    enum smcred_status status = redis_receive(NULL, &reply, NULL);
    for (size_t i = 0; i < reply.count; i++)
        bytes += strlen(reply.texts[i]);
    if (bytes > reply.bytes || (status == SMCRED_OK && reply.is_error && reply.count == 0))
        abort();
    return 0;
}
