/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trail.h - the event trail: a file of lines, and older ones beside it.
 */
#ifndef SERVER_TRAIL_H
#define SERVER_TRAIL_H

#include "common/bytes.h"
#include "common/status.h"

#define SERVER_TRAIL_MIB_DEFAULT  64
#define SERVER_TRAIL_KEEP_DEFAULT 10
#define SERVER_TRAIL_KEEP_MAX     1000

struct server_trail;

/* Opens `path` (made with mode 0600) for appending.  Close with server_trail_close(). */
SM_MUST_CHECK enum smcred_status
server_trail_open(const char *path, struct server_trail **out_trail, struct sm_error *err);
void server_trail_close(struct server_trail *trail);

/*
 * When a line would make the file larger than that it becomes PATH.1, which becomes PATH.2, up to
 * PATH.keep; the oldest goes.  Before the first line.
 *   max_bytes  0: it grows, and somebody else rotates it
 */
void server_trail_limit(struct server_trail *trail, int64_t max_bytes, unsigned keep);

/* Opens the file again, for whoever rotates it; the old one is kept on failure. */
SM_MUST_CHECK enum smcred_status server_trail_reopen(struct server_trail *trail);

/*
 * Appends a line and frees it, from any thread.
 *   line  without its newline; of cJSON's memory; NULL is SMCRED_NO_MEMORY
 */
SM_MUST_CHECK enum smcred_status server_trail_write(struct server_trail *trail, char *line);

#endif
