/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * turns.h - a pool of workers that is shared fairly: whoever has it do much waits for himself.
 *
 * Those for whom a job is done, by key, take turns; a job waits for one of each of the others, not
 * for all that one of them has asked for.  Nobody may have more waiting than a quarter of the room
 * that is left.  The loop's thread alone calls this.
 */
#ifndef KEEPER_TURNS_H
#define KEEPER_TURNS_H

#include "keeper/workers.h"

#define TURNS_WAITING_MAX 256

struct turns;

/*
 *   workers  to be freed before; whatever waits then is done without having run
 *   at_once  jobs that are given to them at a time: as many as there are threads
 */
SM_MUST_CHECK enum smcred_status turns_new(struct workers *workers, size_t at_once,
                                           struct turns **out_turns);
/* NULL is allowed. */
void turns_free(struct turns *turns);

/* As workers_submit(), whose errors it has; SMCRED_LIMITED: there is no room for this key. */
SM_MUST_CHECK enum smcred_status turns_submit(struct turns *turns, struct sm_bytes key,
                                              workers_run *run, workers_done *done, void *arg);

#endif
