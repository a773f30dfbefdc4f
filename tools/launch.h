/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * launch.h - a program started so that its connections to targets go through smcred.
 *
 * Called by `smcred exec`.
 */
#ifndef TOOLS_LAUNCH_H
#define TOOLS_LAUNCH_H

#include <stdbool.h>

#include "common/status.h"

#define LAUNCH_CANNOT_RUN 126 /* found, and could not be started; or the shim was not */
#define LAUNCH_NOT_FOUND  127
#define LAUNCH_SIGNAL     128 /* and the number of the signal that ended it */

/* The shim: $SMCRED_PRELOAD, or the installed one. */
const char *launch_shim_path(void);
/* Is this object in our own LD_PRELOAD? */
bool launch_is_preloaded(const char *path);

/*
 * Becomes argv[0], looked up in PATH, with the shim added to LD_PRELOAD.
 *   seccomp  also watch connect() by seccomp user notification, for what LD_PRELOAD cannot reach;
 *            the program is then a child, signals sent to us are passed on to it
 *   err      why nothing was run; text is "" after a program has run
 * Returns the program's exit status (LAUNCH_SIGNAL + signal), LAUNCH_CANNOT_RUN or
 * LAUNCH_NOT_FOUND; not at all if it became the program.
 */
int launch_program(char *const argv[], bool seccomp, struct sm_error *err);

#endif
