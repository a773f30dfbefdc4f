/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_workers.c - every accepted job is done once, in the loop's thread. */
#include "tests/lib/sm_test.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#include "tests/keeper/world.h"

static atomic_int runs;
static int dones, not_run;
static pthread_t loop_thread;
static sem_t started, gate;

static void run(void *arg)
{
    (void)arg;
    assert_false(pthread_equal(pthread_self(), loop_thread));
    atomic_fetch_add(&runs, 1);
}

static void run_gated(void *arg)
{
    run(arg);
    sem_post(&started);
    sem_wait(&gate);
}

static void done(void *arg, bool ran)
{
    (void)arg;
    assert_true(pthread_equal(pthread_self(), loop_thread));
    dones++;
    not_run += !ran;
}

static int setup(void **state)
{
    (void)state;
    runs = dones = not_run = 0;
    loop_thread = pthread_self();
    assert_int_equal(sem_init(&started, 0, 0), 0);
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    return 0;
}

static void every_job_is_done_once(void **state)
{
    (void)state;
    world_begin(4, 100);
    int accepted = 0;
    for (int i = 0; i < 100; i++)
        accepted += workers_submit(world.workers, run, done, NULL) == SMCRED_OK;
    assert_int_equal(accepted, 100);
    world_settle();
    assert_int_equal(runs, 100);
    assert_int_equal(dones, 100);
    assert_int_equal(not_run, 0);
    world_stop_workers();
    assert_int_equal(dones, 100);
    world_end();
}

static void a_full_queue_says_so(void **state)
{
    (void)state;
    world_begin(1, 2);
    assert_int_equal(workers_submit(world.workers, run_gated, done, NULL), SMCRED_OK);
    sem_wait(&started); /* it left the queue */
    assert_int_equal(workers_submit(world.workers, run, done, NULL), SMCRED_OK);
    assert_int_equal(workers_submit(world.workers, run, done, NULL), SMCRED_OK);
    assert_int_equal(workers_submit(world.workers, run, done, NULL), SMCRED_LIMITED);
    sem_post(&gate);
    world_settle();
    assert_int_equal(dones, 3);
    world_stop_workers();
    world_end();
}

static void stopping_waits_for_the_running_and_drops_the_waiting(void **state)
{
    (void)state;
    world_begin(1, 10);
    assert_int_equal(workers_submit(world.workers, run_gated, done, NULL), SMCRED_OK);
    sem_wait(&started);
    for (int i = 0; i < 5; i++)
        assert_int_equal(workers_submit(world.workers, run, done, NULL), SMCRED_OK);
    sem_post(&gate);
    world_stop_workers(); /* the one worker may have taken some more before it was told */
    assert_int_equal(dones, 6);
    assert_int_equal(not_run, 6 - runs);
    world_end();
}

static void look_at_signals(void *arg)
{
    sigset_t blocked;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    *(int *)arg = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGHUP) &&
                  sigismember(&blocked, SIGCHLD);
}

static void signals_belong_to_the_loop(void **state)
{
    (void)state;
    int blocked = 0;
    sigset_t ours;
    world_begin(1, 1);
    assert_int_equal(workers_submit(world.workers, look_at_signals, done, &blocked), SMCRED_OK);
    world_settle();
    assert_true(blocked);
    (void)pthread_sigmask(SIG_BLOCK, NULL, &ours);
    assert_false(sigismember(&ours, SIGTERM));
    world_stop_workers();
    world_end();
}

static void run_here(void *arg)
{
    (void)arg;
    assert_true(pthread_equal(pthread_self(), loop_thread));
    atomic_fetch_add(&runs, 1);
}

static void submit_another(void *arg, bool ran)
{
    struct workers *workers = arg;
    done(arg, ran);
    if (dones < 3)
        assert_int_equal(workers_submit(workers, run_here, submit_another, workers), SMCRED_OK);
}

static void without_threads_jobs_wait_for_the_caller(void **state)
{
    (void)state;
    struct event_base *base = event_base_new();
    struct workers *workers;
    assert_int_equal(workers_new_idle(base, 2, &workers), SMCRED_OK);
    assert_int_equal(workers_submit(workers, run_here, submit_another, workers), SMCRED_OK);
    assert_int_equal(runs, 0);
    workers_work(workers);
    assert_int_equal(runs, 3); /* and what was submitted meanwhile */
    assert_int_equal(dones, 3);
    assert_int_equal(workers_pending(workers), 0);
    assert_int_equal(workers_submit(workers, run_here, done, NULL), SMCRED_OK);
    workers_free(workers);
    assert_int_equal(runs, 3);
    assert_int_equal(not_run, 1);
    event_base_free(base);
}

static void nonsense_sizes_are_refused(void **state)
{
    (void)state;
    struct event_base *base = event_base_new();
    struct workers *workers;
    assert_int_equal(workers_new(base, 0, 1, &workers), SMCRED_INVALID);
    assert_int_equal(workers_new(base, WORKERS_THREADS_MAX + 1, 1, &workers), SMCRED_INVALID);
    assert_int_equal(workers_new(base, 1, 0, &workers), SMCRED_INVALID);
    event_base_free(base);
}

SM_TEST_MAIN(cmocka_unit_test_setup(every_job_is_done_once, setup),
             cmocka_unit_test_setup(a_full_queue_says_so, setup),
             cmocka_unit_test_setup(stopping_waits_for_the_running_and_drops_the_waiting, setup),
             cmocka_unit_test_setup(signals_belong_to_the_loop, setup),
             cmocka_unit_test_setup(without_threads_jobs_wait_for_the_caller, setup),
             cmocka_unit_test(nonsense_sizes_are_refused))
