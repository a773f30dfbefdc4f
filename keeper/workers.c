/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * workers.c - the thread pool.  Called by cache, resolver and proof.
 *
 * Two queues under one lock: jobs that wait for a thread, and jobs whose done() waits for the loop.
 * An eventfd wakes the loop when the second stops being empty.
 */
#include "keeper/workers.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/queue.h>

struct job {
    STAILQ_ENTRY(job) link;
    workers_run *run;
    workers_done *done;
    void *arg;
    bool ran;
};
STAILQ_HEAD(jobs, job);

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct jobs waiting;
    struct jobs finished;
    size_t waiting_count;
    size_t queue_max;
    bool stopping;

    /* The loop's thread alone: */
    size_t pending;
    int wake_fd;
    struct event *wake_event;
    size_t thread_count;
    pthread_t threads[];
};

/* Wakes the loop.  Cannot fail: the counter would need 2^64 - 2 jobs to overflow. */
static void wake_loop(struct workers *workers)
{
    (void)eventfd_write(workers->wake_fd, 1);
}

static void *work(void *arg)
{
    struct workers *workers = arg;
    (void)pthread_mutex_lock(&workers->lock); /* fails only when misused; so do the others here */
    for (;;) {
        while (!workers->stopping && STAILQ_EMPTY(&workers->waiting))
            (void)pthread_cond_wait(&workers->wake, &workers->lock);
        if (workers->stopping)
            break;
        struct job *job = STAILQ_FIRST(&workers->waiting);
        STAILQ_REMOVE_HEAD(&workers->waiting, link);
        workers->waiting_count--;
        (void)pthread_mutex_unlock(&workers->lock);
        job->run(job->arg);
        job->ran = true;
        (void)pthread_mutex_lock(&workers->lock);
        if (STAILQ_EMPTY(&workers->finished))
            wake_loop(workers);
        STAILQ_INSERT_TAIL(&workers->finished, job, link);
    }
    (void)pthread_mutex_unlock(&workers->lock);
    return NULL;
}

static void finish_jobs(struct workers *workers, struct jobs *jobs)
{
    while (!STAILQ_EMPTY(jobs)) {
        struct job *job = STAILQ_FIRST(jobs);
        STAILQ_REMOVE_HEAD(jobs, link);
        workers->pending--;
        job->done(job->arg, job->ran);
        free(job);
    }
}

static void on_finished(evutil_socket_t fd, short what, void *arg)
{
    struct workers *workers = arg;
    struct jobs jobs = STAILQ_HEAD_INITIALIZER(jobs);
    eventfd_t count;
    (void)what;
    (void)eventfd_read(fd, &count); /* EAGAIN is fine: somebody emptied the queue before us */
    (void)pthread_mutex_lock(&workers->lock);
    STAILQ_CONCAT(&jobs, &workers->finished);
    (void)pthread_mutex_unlock(&workers->lock);
    finish_jobs(workers, &jobs);
}

/* A signal belongs to the loop: every one is blocked while threads, which inherit the mask, start.
 */
static enum smcred_status start_threads(struct workers *workers, size_t thread_count)
{
    sigset_t all, before;
    int failed = 0;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* valid arguments */
    while (workers->thread_count < thread_count && failed == 0) {
        failed = pthread_create(&workers->threads[workers->thread_count], NULL, work, workers);
        if (failed == 0)
            workers->thread_count++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed == 0)
        return SMCRED_OK;
    errno = failed;
    return SMCRED_SYSTEM;
}

static enum smcred_status make(struct event_base *base, size_t thread_count, size_t queue_max,
                               struct workers **out_workers)
{
    if (queue_max < 1)
        return SMCRED_INVALID;
    struct workers *workers = calloc(1, sizeof *workers + thread_count * sizeof(pthread_t));
    if (!workers)
        return SMCRED_NO_MEMORY;
    (void)pthread_mutex_init(&workers->lock, NULL); /* default attributes: cannot fail on Linux */
    (void)pthread_cond_init(&workers->wake, NULL);
    STAILQ_INIT(&workers->waiting);
    STAILQ_INIT(&workers->finished);
    workers->queue_max = queue_max;
    workers->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum smcred_status status = workers->wake_fd < 0 ? SMCRED_SYSTEM : SMCRED_OK;
    if (status == SMCRED_OK) {
        workers->wake_event =
            event_new(base, workers->wake_fd, EV_READ | EV_PERSIST, on_finished, workers);
        if (!workers->wake_event || event_add(workers->wake_event, NULL) != 0)
            status = SMCRED_NO_MEMORY;
    }
    if (status == SMCRED_OK)
        status = start_threads(workers, thread_count);
    if (status != SMCRED_OK) {
        workers_free(workers);
        return status;
    }
    *out_workers = workers;
    return SMCRED_OK;
}

enum smcred_status workers_new(struct event_base *base, size_t thread_count, size_t queue_max,
                               struct workers **out_workers)
{
    if (thread_count < 1 || thread_count > WORKERS_THREADS_MAX)
        return SMCRED_INVALID;
    return make(base, thread_count, queue_max, out_workers);
}

enum smcred_status workers_new_idle(struct event_base *base, size_t queue_max,
                                    struct workers **out_workers)
{
    return make(base, 0, queue_max, out_workers);
}

void workers_work(struct workers *workers)
{
    while (!STAILQ_EMPTY(&workers->waiting)) {
        struct jobs jobs = STAILQ_HEAD_INITIALIZER(jobs);
        struct job *job = STAILQ_FIRST(&workers->waiting);
        STAILQ_REMOVE_HEAD(&workers->waiting, link);
        workers->waiting_count--;
        job->run(job->arg);
        job->ran = true;
        STAILQ_INSERT_TAIL(&jobs, job, link);
        finish_jobs(workers, &jobs);
    }
}

static void stop_threads(struct workers *workers)
{
    (void)pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    (void)pthread_cond_broadcast(&workers->wake);
    (void)pthread_mutex_unlock(&workers->lock);
    for (size_t i = 0; i < workers->thread_count; i++)
        (void)pthread_join(workers->threads[i], NULL); /* ours, joined once */
}

void workers_free(struct workers *workers)
{
    if (!workers)
        return;
    int saved = errno;
    stop_threads(workers);
    finish_jobs(workers, &workers->finished);
    finish_jobs(workers, &workers->waiting);
    if (workers->wake_event)
        event_free(workers->wake_event);
    sm_close_fd(&workers->wake_fd);
    (void)pthread_cond_destroy(&workers->wake); /* nobody waits */
    (void)pthread_mutex_destroy(&workers->lock);
    free(workers);
    errno = saved;
}

enum smcred_status workers_submit(struct workers *workers, workers_run *run, workers_done *done,
                                  void *arg)
{
    struct job *job = malloc(sizeof *job);
    if (!job)
        return SMCRED_NO_MEMORY;
    *job = (struct job){.run = run, .done = done, .arg = arg};
    (void)pthread_mutex_lock(&workers->lock);
    bool taken = !workers->stopping && workers->waiting_count < workers->queue_max;
    if (taken) {
        STAILQ_INSERT_TAIL(&workers->waiting, job, link);
        workers->waiting_count++;
        (void)pthread_cond_signal(&workers->wake);
    }
    (void)pthread_mutex_unlock(&workers->lock);
    if (!taken) {
        free(job);
        return SMCRED_LIMITED;
    }
    workers->pending++;
    return SMCRED_OK;
}

size_t workers_pending(const struct workers *workers)
{
    return workers->pending;
}
