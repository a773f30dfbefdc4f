/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peer.h - who is at the other end of a Unix socket, as the kernel says.
 *
 * Called by the keeper once per connection.  What the kernel of today does not give is left at its
 * "unknown" value; only uid, gid and pid are certain.
 */
#ifndef SM_PEER_H
#define SM_PEER_H

#include <sys/types.h>

#include "common/bytes.h"
#include "libsmcred/smcred.h"

#define SM_PEER_GROUPS_MAX 256
#define SM_ID_UNKNOWN      UINT32_MAX

struct sm_peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
    gid_t groups[SM_PEER_GROUPS_MAX]; /* supplementary, SO_PEERGROUPS */
    size_t group_count;
    uint32_t loginuid;      /* /proc/PID/loginuid; SM_ID_UNKNOWN if unset */
    uint32_t audit_session; /* /proc/PID/sessionid; SM_ID_UNKNOWN if unset */
    char program[32];       /* /proc/PID/comm: what the program calls itself, not evidence */
    char tty[32];           /* such as pts/3; "" if none */
    int pidfd;              /* SO_PEERPIDFD; -1 if the kernel has none.  Owned */
};

/*
 * Asks about the peer of a connected Unix socket.  /proc is read while the pidfd says that the pid
 * still means the same process; otherwise those members stay unknown.
 * Errors: SMCRED_SYSTEM; SMCRED_DENIED for the overflow uid (65534), who may be anybody.
 */
SM_MUST_CHECK enum smcred_status sm_peer_of(int fd, struct sm_peer *out_peer);
/* Closes the pidfd. */
void sm_peer_done(struct sm_peer *peer);
bool sm_peer_in_group(const struct sm_peer *peer, gid_t gid);

#endif
