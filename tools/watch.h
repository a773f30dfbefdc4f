/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch.h - a program whose connect() calls are looked at by a supervisor, for programs without the
 * dynamic linker: static ones, Go.  doc/shim.md draws the three processes.
 *
 * Called by launch.c.  watch.c is about processes, redirect.c about one connect() call.
 */
#ifndef TOOLS_WATCH_H
#define TOOLS_WATCH_H

#include <linux/seccomp.h>

#include "common/status.h"

/* As launch_program(), with the environment as it is. */
int watch_program(char *const argv[], struct sm_error *err);

/*
 * redirect.c: decides one call and, if it is ours, puts a connection in the place of the caller's
 * socket.
 *   listener   the filter's notification descriptor
 *   out_reply  what to send back: go on, done, or an errno
 */
void redirect_call(int listener, const struct seccomp_notif *call,
                   struct seccomp_notif_resp *out_reply);

#endif
