/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_kill.h - KILL, by the number of a connection.
 *
 * A client knows its connection by the number that it was greeted with.  Where its login took more
 * than one attempt the server knows it by another, and what the client says must be put right.
 */
#ifndef RELAY_MYSQL_KILL_H
#define RELAY_MYSQL_KILL_H

#include "common/bytes.h"
#include "relay/buffer.h"

/* Where in a client's words the number stands. */
struct mysql_kill {
    uint32_t thread_id;
    size_t at, len;
    bool is_text; /* in decimal, in a statement; else four bytes, of COM_PROCESS_KILL */
};

/* False: these words are not one whole command, or none that ends a connection or its statement. */
SM_MUST_CHECK bool mysql_kill_parse(struct sm_bytes words, struct mysql_kill *out_kill);
/* Appends the words with another number.  Errors: SMCRED_NO_MEMORY, SMCRED_TOO_LARGE. */
SM_MUST_CHECK enum smcred_status mysql_kill_write(struct relay_buffer *out, struct sm_bytes words,
                                                  const struct mysql_kill *kill,
                                                  uint32_t thread_id);

#endif
