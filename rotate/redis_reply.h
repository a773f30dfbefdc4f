/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis_reply.h - RESP, the protocol of Redis and Valkey: a command to its bytes, and an answer
 * from them.
 */
#ifndef ROTATE_REDIS_REPLY_H
#define ROTATE_REDIS_REPLY_H

#include "common/bytes.h"
#include "common/status.h"

struct channel;

#define REDIS_REPLY_MAX (16 << 20) /* bytes of texts; ACL LIST of 100000 users */

struct redis_reply {
    bool is_error;
    /* All texts of the answer in their order, those of lists in lists too; each ends in NUL. */
    char **texts;
    size_t count, bytes;
    size_t parts; /* lists among them */
};

/*
 * Sends a command, and wipes what it made of it.
 *   words  `count` of them
 */
SM_MUST_CHECK enum smcred_status redis_send(struct channel *channel, const char *const *words,
                                            size_t count, struct sm_error *err);
/*
 *   reply  release with redis_reply_done(), also after a failure
 * Errors: SMCRED_UNAVAILABLE, SMCRED_PROTOCOL, SMCRED_TOO_LARGE, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status redis_receive(struct channel *channel, struct redis_reply *reply,
                                               struct sm_error *err);
/* Wipes: there may be hashes in it. */
void redis_reply_done(struct redis_reply *reply);
#define redis_autoreply __attribute__((cleanup(redis_reply_done)))

#endif
