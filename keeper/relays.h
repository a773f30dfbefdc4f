/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * relays.h - the relay processes by operator uid, and S2's transport: packets out in order, packets
 * in to sessions.c.  Started on demand by the parent, drained when they have been idle.
 */
#ifndef KEEPER_RELAYS_H
#define KEEPER_RELAYS_H

#include "common/seqpacket.h"
#include "keeper/accounts.h"
#include "keeper/keeper.h"

#define RELAYS_QUEUE_MAX (4 << 20) /* bytes that may wait for one relay */
#define RELAYS_SPAWN_MS  10000     /* until a relay that was asked for must be there */

struct people_ask;
struct relay_packet;

/* Numbers that a relay was told the meaning of. */
struct relay_known {
    uint8_t *bits;
    size_t size;
};

/* One relay.  Others read it; relays.c alone writes it, but for session_count. */
struct relay {
    struct relay *next;
    struct keeper *keeper;
    uid_t uid;
    pid_t pid;  /* 0: asked for, not there yet */
    int fd;     /* the keeper's end of S2; -1 likewise */
    bool ready; /* it is there, and its operator's name was looked up */
    bool draining;
    bool named; /* else the name is the uid's number: the directory has not answered in time */
    char operator_name[ACCOUNTS_NAME_MAX];
    struct people_ask *naming;
    size_t session_count;
    int64_t idle_since_ms; /* with no sessions */
    int64_t asked_ms;
    struct event *readable, *writable;
    struct relay_packet *first, *last; /* waiting to be sent */
    size_t waiting;                    /* bytes of them */
    struct relay_known endpoints, identities;
};

SM_MUST_CHECK enum smcred_status relays_new(struct keeper *keeper, struct relays **out_relays);
/* Tells every relay to end with its last session, and lets go of it.  NULL is allowed. */
void relays_free(struct relays *relays);

/* The relay that takes this uid's next session, asked for if there is none.  NULL: that failed. */
struct relay *relays_for(struct relays *relays, uid_t uid);
struct relay *relays_first(const struct relays *relays);

/* Queues one packet; descriptors are duplicated.  False: the relay was dropped, and is gone with
 * its sessions; who does nothing afterwards need not look. */
bool relays_send(struct relay *relay, struct sm_wire_out *out, const struct sm_fds *fds);
/* Has this relay been told about the number?  relays_mark() says that it has now. */
bool relays_knows(const struct relay_known *known, uint32_t number);
SM_MUST_CHECK bool relays_mark(struct relay_known *known, uint32_t number);
/* The identity is a new one: every relay must be told again. */
void relays_forget_identity(struct relays *relays, uint32_t number);
/* What relays keep of sessions that have ended is not to be used any more. */
void relays_forget_kept(struct relays *relays);
/* The relay broke the protocol: its sessions are written off and the parent ends it. */
void relays_drop(struct relay *relay, const char *why);

/* What the parent said. */
void relays_arrived(struct relays *relays, uid_t uid, pid_t pid, int fd);
void relays_failed(struct relays *relays, uid_t uid, const char *why);
void relays_gone(struct relays *relays, uid_t uid, pid_t pid);

/* What is due: relays that never came, relays that are idle. */
void relays_tick(struct relays *relays, int64_t now_ms);

#endif
