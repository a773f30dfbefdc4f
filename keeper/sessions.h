/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sessions.h - every client connection from its accept to its last audit line: S2's messages
 * (common/oracle.h, doc/oracle-protocol.md) and what the keeper answers.
 */
#ifndef KEEPER_SESSIONS_H
#define KEEPER_SESSIONS_H

#include "keeper/keeper.h"

#define SESSIONS_MAX         16384
#define SESSIONS_PER_UID_MAX 4096
#define SESSIONS_LOGIN_MS    8000 /* of reading secrets or names; a relay waits 10 s for us */

struct relay;

SM_MUST_CHECK enum smcred_status sessions_new(struct keeper *keeper,
                                              struct sessions **out_sessions);
/* Sessions that are open go on in their relays. */
void sessions_free(struct sessions *sessions);

/*
 * A client came; its relay serves it.  Policy decides when the relay has read what it wants.
 *   peer  moved from
 *   fd    owned from now on
 */
void sessions_start(struct sessions *sessions, const struct config_target *target,
                    struct sm_peer *peer, int fd, bool tcp);

struct canary;
/* The same for a canary (canary.h), which policy does not ask who it is. */
void sessions_start_canary(struct sessions *sessions, const struct config_target *target,
                           struct sm_peer *peer, int fd, struct canary *canary);

/*
 * Who gets no relay is told so as a database of that engine would: "smcred: WHY"; what he has said
 * so far goes unread.  Async-signal-safe, for the keeper that gives up.
 */
void sessions_send_away(int fd, uint32_t engine, const char *sqlstate, const char *why);

/* How a client hears of a login that ended with this status. */
const char *sessions_sqlstate(enum smcred_status status);

/* For relays.c. */
void sessions_relay_ready(struct relay *relay);
void sessions_relay_lost(struct relay *relay, const char *why);
/* NULL, or how the relay broke the protocol. */
const char *sessions_message(struct relay *relay, const struct sm_wire_in *in);

/* Secrets Manager has answered mend.h: who waited for it logs in anew, or is refused. */
void sessions_mended(struct sessions *sessions, const char *secret_id, bool accepted);

/* One session, for `status`.  Borrowed for the call. */
struct sessions_state {
    uint64_t id;
    uid_t uid;
    const char *operator_name;
    const char *target;
    const char *state; /* waiting, login, open */
    const char *user;
    const char *dbname;
    const char *version_id;
    const char *secret; /* ARN or name; "" before it was read, unless the target still names it */
    const char *endpoint;
    uint32_t backend_pid;
    pid_t pid;
    int64_t age_ms;
    int64_t opened_ms; /* on sm_boot_ms(); 0: not logged in yet */
};
void sessions_walk(const struct sessions *sessions,
                   void (*each)(void *arg, const struct sessions_state *state), void *arg);
/* Tells it, and its client, that it ends.  False: there is no such session. */
bool sessions_end(struct sessions *sessions, uint64_t id, const char *sqlstate, const char *text);
/* The same for all that were opened in this login of PAM's, or in one inside it.  How many. */
size_t sessions_end_login(struct sessions *sessions, uint64_t login, const char *sqlstate,
                          const char *text);
size_t sessions_count(const struct sessions *sessions);

#endif
