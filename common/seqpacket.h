/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seqpacket.h - one packet over a Unix SOCK_SEQPACKET socket, with descriptors and a deadline.
 *
 * Called by libsmcred, tools, keeper, relay and the parent.  The shim has its own, smaller one: it
 * may not link anything.
 */
#ifndef SM_SEQPACKET_H
#define SM_SEQPACKET_H

#include "common/bytes.h"
#include "common/wire.h"

/* Descriptors that came with a packet; close what you do not take. */
struct sm_fds {
    int fd[SM_WIRE_FDS_MAX];
    size_t count;
};
void sm_fds_close(struct sm_fds *fds);

/*
 * Connects to the socket at `path`.
 *   deadline_ms  on sm_boot_ms()'s clock
 *   out_fd       CLOEXEC, non-blocking
 * Errors: SMCRED_UNAVAILABLE (nobody listens), SMCRED_TIMED_OUT, SMCRED_INVALID (path too long),
 * SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status sm_seqpacket_connect(const char *path, int64_t deadline_ms,
                                                      int *out_fd);

/*
 * Sends one packet.  `fds` may be NULL; the descriptors stay the caller's.  Never raises SIGPIPE.
 *   deadline_ms  0: do not wait (SMCRED_TIMED_OUT when the socket is full)
 * Errors: SMCRED_UNAVAILABLE (the peer is gone), SMCRED_TIMED_OUT, SMCRED_TOO_LARGE, SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status sm_seqpacket_send(int fd, struct sm_bytes packet,
                                                   const struct sm_fds *fds, int64_t deadline_ms);

/*
 * Receives one packet.
 *   fds      filled with what came along (CLOEXEC); NULL: a packet with descriptors is an error
 *   out_len  bytes stored in buffer
 * Errors: as for sending, and SMCRED_PROTOCOL (a packet larger than buffer, or too many
 * descriptors; it is thrown away).
 */
SM_MUST_CHECK enum smcred_status sm_seqpacket_receive(int fd, void *buffer, size_t size,
                                                      struct sm_fds *fds, int64_t deadline_ms,
                                                      size_t *out_len);

#endif
