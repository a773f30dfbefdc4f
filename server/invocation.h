/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * invocation.h - one run of a rotation function, with a deadline: two processes, the function and a
 * watcher that ends with it and with the server, and ends all that the function has started.
 */
#ifndef SERVER_INVOCATION_H
#define SERVER_INVOCATION_H

#include <poll.h>

#include "common/bytes.h"
#include "common/secret.h"
#include "common/status.h"

#define SERVER_INVOCATION_FDS 2

struct server_invocation;

struct server_invocation_plan {
    const char *path;
    const char *user;         /* to become; "": the server's own, if that is not root */
    const char *event;        /* JSON, for its standard input */
    char *const *environment; /* all of it; the caller wipes it */
    int32_t timeout_s;
    int lock_fd;            /* stays open until all that it started has ended */
    struct sm_vault *vault; /* for what it says */
};

/*
 * Starts a watcher in a process group of its own, and under it the function: with standard input,
 * output and error and no other descriptor, and no way to new privileges.  Both end when the thread
 * that started them ends.  Free with server_invocation_free().
 */
SM_MUST_CHECK enum smcred_status server_invocation_start(const struct server_invocation_plan *plan,
                                                         struct server_invocation **out_invocation,
                                                         struct sm_error *err);
/* Ends what still runs of it. */
void server_invocation_free(struct server_invocation *invocation);

/* What to poll for. */
void server_invocation_poll(const struct server_invocation *invocation,
                            struct pollfd out[SERVER_INVOCATION_FDS]);
int64_t server_invocation_deadline_ms(const struct server_invocation *invocation);

/* Its output and errors so far, to read and overwrite; a NUL follows. */
char *server_invocation_said(struct server_invocation *invocation, size_t *out_len);

/*
 * Reads what it says, ends it if its time is over, and answers true once it has ended.
 *   out_why  "" for success, else why not; borrowed from the invocation
 */
bool server_invocation_look(struct server_invocation *invocation, int64_t boot_ms,
                            const char **out_why);

#endif
