/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.h - which process is it, and whose child: as /proc says.
 */
#ifndef KEEPER_PROCESS_H
#define KEEPER_PROCESS_H

#include <sys/types.h>

#include "common/bytes.h"

struct process {
    pid_t pid;
    pid_t parent;
    uint64_t started; /* ticks since boot: with the pid, no other process ever */
};

/* False: there is none, or it is hidden. */
bool process_read(pid_t pid, struct process *out_process);
/* The uid it was started by, which a setuid program keeps. */
bool process_real_uid(pid_t pid, uid_t *out_uid);
/* Is it the same process as then? */
bool process_lives(const struct process *process);

#endif
