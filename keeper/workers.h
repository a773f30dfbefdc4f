/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * workers.h - a few threads for calls that block: source modules, getaddrinfo(), long PBKDF2.
 *
 * The keeper is single-threaded but for these.  A job runs in some worker; its done function runs
 * in the thread of the event loop, so whoever submits needs no lock.
 */
#ifndef KEEPER_WORKERS_H
#define KEEPER_WORKERS_H

#include "common/bytes.h"
#include "libsmcred/smcred.h"

#define WORKERS_THREADS_DEFAULT 4
#define WORKERS_THREADS_MAX     64
#define WORKERS_QUEUE_DEFAULT   8192 /* jobs waiting; more than the cache's maximum of secrets */

struct event_base;
struct workers;

/* In a worker thread.  Whatever it waits for has a deadline of its own. */
typedef void workers_run(void *arg);
/*
 * In the loop's thread, exactly once for every job that was accepted.
 *   ran  false if the pool was freed before the job's turn; then run() was not called
 */
typedef void workers_done(void *arg, bool ran);

/*
 * Starts the threads, with every signal blocked in them.  No thread of ours may exist before a
 * fork. thread_count  1..WORKERS_THREADS_MAX queue_max     jobs that may wait; at least 1
 *   out_workers   free with workers_free(), before the base
 * Errors: SMCRED_INVALID, SMCRED_NO_MEMORY, SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status workers_new(struct event_base *base, size_t thread_count,
                                             size_t queue_max, struct workers **out_workers);

/*
 * A pool without threads: jobs wait for workers_work().  For a world on a clock of its own.
 * Errors: SMCRED_INVALID, SMCRED_NO_MEMORY, SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status workers_new_idle(struct event_base *base, size_t queue_max,
                                                  struct workers **out_workers);
/* Runs, in the caller's thread, what waits in such a pool, and what is submitted meanwhile. */
void workers_work(struct workers *workers);

/*
 * Takes no new job, drops those that wait, waits for those that run, and calls done() of each of
 * them.  So: free the workers before what their jobs belong to.  NULL is allowed.
 */
void workers_free(struct workers *workers);

/*
 * Called from the loop's thread, also from within a done function.
 * Errors: SMCRED_LIMITED (the queue is full), SMCRED_NO_MEMORY; then done() is not called.
 */
SM_MUST_CHECK enum smcred_status workers_submit(struct workers *workers, workers_run *run,
                                                workers_done *done, void *arg);

/* Jobs accepted whose done() has not been called; for `status`. */
size_t workers_pending(const struct workers *workers);

#endif
