/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis_filter.h - what of a client's commands a server may hear.
 *
 * Commands are found wherever they begin, however the bytes come in pieces.  Of most of them only
 * the name is looked at.  Those that would log in or out, change or show the own password, copy all
 * that the server has or go without the human's name are held until they are whole, and changed.  A
 * refusal is a command too: one that no server knows, so that its answer comes where the client
 * expects one.
 */
#ifndef RELAY_REDIS_FILTER_H
#define RELAY_REDIS_FILTER_H

#include "relay/protocol.h"
#include "relay/redis_command.h"

#define REDIS_INSTEAD_MAX (4 * REDIS_COMMAND_MAX) /* bytes of what goes in a command's stead */
#define REDIS_NAME_MAX    256                     /* bytes of a connection's name, NUL included */

struct redis_filter {
    const char *user, *operator_name; /* the secret's and the human's; borrowed */
    bool may_replicate;               /* the target says so */
    uint64_t words_left;              /* of a command that goes by */
    uint64_t bytes_left;              /* of its present word, and of the end of that */
    uint8_t size[REDIS_SIZE_MAX];     /* what has come of the next word's size */
    size_t size_len;
    struct relay_buffer held; /* the beginning of a command, until it is known what to do with it */
    bool spoke;               /* a command went to the server */
    bool goodbye;             /* one that ends the connection */
    bool replicates; /* one that makes a replica of the client: its stream is the server's */
    bool broken;     /* it is no protocol: nobody listens any more */
};

struct redis_filter redis_filter(const char *user, const char *operator_name, bool may_replicate);
void redis_filter_done(struct redis_filter *filter);

/* As in protocol.h.  Buffers take REDIS_INSTEAD_MAX. */
bool redis_filter_sift(struct redis_filter *filter, struct sm_bytes words,
                       struct relay_sifted *out_sifted, struct relay_buffer *instead,
                       struct relay_buffer *answer);

/* What the first command of a client says of it; lent.  Empty: nothing. */
struct redis_wish {
    struct sm_bytes user, name;
};
/* False: there is more to come before that is known. */
bool redis_wish_parse(struct sm_bytes words, struct redis_wish *out_wish);

/*
 * The human's name and the client's own, as CLIENT SETNAME takes them: "smcred:alice:worker".
 * Returns its length.
 */
size_t redis_stamp(const char *operator_name, struct sm_bytes name, char out[REDIS_NAME_MAX]);

#endif
