/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * control.h - the keeper's end of S1 (common/control.h, doc/control-protocol.md).
 */
#ifndef KEEPER_CONTROL_H
#define KEEPER_CONTROL_H

#include "common/control.h"
#include "keeper/keeper.h"

#define CONTROL_IDLE_MS     10000 /* a connection without a question is closed */
#define CONTROL_CLIENTS_MAX 8192  /* keeper/seats.h says whose; fewer if descriptors are short */

SM_MUST_CHECK enum smcred_status control_new(struct keeper *keeper, struct control **out_control);
void control_free(struct control *control);
/* A client came.  fd, and the pidfd in `peer`, are owned from now on. */
void control_start(struct control *control, int fd, struct sm_peer *peer);
void control_tick(struct control *control, int64_t now_ms);

/* A request that parses and may be dispatched; for control.c and the fuzzer. */
struct control_request {
    uint16_t verb;
    uint64_t id;
    char name[CTL_NAME_MAX + 1]; /* CTL_TARGET or CTL_NAME */
    char stage[257];
    char host[256];
    char user[CTL_PAM_USER_MAX + 1];
    char kind[16];
    char version[65];
    char reason[256];
    uint32_t port; /* 0: not said */
    bool all;
    bool lift;
    char service[CTL_PAM_SERVICE_MAX + 1];
    char rhost[CTL_PAM_RHOST_MAX + 1];
    char ruser[CTL_PAM_USER_MAX + 1];
    char tty[CTL_PAM_TTY_MAX + 1];
    struct sm_bytes password; /* in the packet, which its owner wipes */
    struct sm_bytes old_password;
    uint32_t grace_s;
    uint32_t wait_ms; /* 0: not said */
    uint64_t session; /* 0: not said */
};

/*
 * Parses one packet.
 *   out_request  verb and id are set whenever the header could be read, so that one can answer
 *   out_why      a sentence for the client
 * Errors: SMCRED_PROTOCOL (not ours, or damaged), SMCRED_UNSUPPORTED (another version, an unknown
 * verb), SMCRED_TOO_LARGE (for this verb), SMCRED_INVALID (a field is missing or impossible).
 */
SM_MUST_CHECK enum smcred_status
control_parse(struct sm_bytes packet, struct control_request *out_request, const char **out_why);

#endif
