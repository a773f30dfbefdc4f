/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * last_words.h - how a client hears a refusal (refusal.h) when there is no relay to say it.
 *
 * Called by the shim and by `smcred exec --seccomp`; async-signal-safe.
 */
#ifndef SM_LAST_WORDS_H
#define SM_LAST_WORDS_H

#include <stddef.h>

/*
 * Returns a loopback TCP socket, CLOEXEC, connected to a peer that has sent `message` and gone
 * away; or a negative errno.  What the client writes to it is lost, what it reads is the message,
 * then EOF. len  a few hundred bytes at most, so that a fresh socket has room for it
 */
int sm_last_words(const char *message, size_t len);

#endif
