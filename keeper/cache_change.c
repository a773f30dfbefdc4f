/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache_change.c - one new version of a secret, in a worker thread; then the value is read anew, so
 * that whoever comes next finds it.
 */
#include "keeper/cache_entry.h"
#include "keeper/workers.h"

struct change_job {
    struct cache *cache;
    struct source *source;
    struct cache_change change; /* its texts are behind the job */
    cache_changed *done;
    void *arg;
    enum smcred_status status;
    char version_id[CACHE_VERSION_MAX];
    struct sm_error err;
    char texts[];
};

static void job_run(void *arg)
{
    struct change_job *job = arg;
    const struct cache_source *source = &job->source->given;
    if (source->change)
        job->status = source->change(source->arg, &job->change, job->version_id, &job->err);
    else
        job->status = sm_error_set(&job->err, SMCRED_UNSUPPORTED, "its source takes no new value");
}

static void job_free(struct change_job *job)
{
    cache_source_unref(job->source);
    free(job);
}

/* The value that is cached is the old one, whatever became of the reading. */
static void on_read(void *arg, const struct cache_answer *answer)
{
    struct change_job *job = arg;
    (void)answer;
    job->done(job->arg, job->status, job->version_id, &job->err);
    job_free(job);
}

static void job_done(void *arg, bool ran)
{
    struct change_job *job = arg;
    struct cache *cache = job->cache;
    if (!ran)
        job->status = sm_error_set(&job->err, SMCRED_UNAVAILABLE, "the keeper is stopping");
    if (!ran || job->status == SMCRED_NOT_FOUND || job->status == SMCRED_DENIED ||
        job->status == SMCRED_INVALID || job->status == SMCRED_UNSUPPORTED) {
        job->done(job->arg, job->status, job->version_id, &job->err);
        job_free(job);
        return;
    }
    /* Also when it is not known what came of it. */
    struct cache_query query = {.id = job->change.id,
                                .deadline_ms = job->change.deadline_ms + 1000,
                                .fresh_from_ms = cache_now(cache),
                                .insist = true};
    cache_get(cache, &query, on_read, job, NULL);
}

enum smcred_status cache_change(struct cache *cache, const struct cache_change *change,
                                cache_changed *done, void *arg)
{
    size_t id_size = strlen(change->id) + 1;
    size_t version_size = change->version_id ? strlen(change->version_id) + 1 : 0;
    struct change_job *job = malloc(sizeof *job + id_size + version_size);
    if (!job)
        return SMCRED_NO_MEMORY;
    *job = (struct change_job){
        .cache = cache, .source = cache->source, .change = *change, .done = done, .arg = arg};
    memcpy(job->texts, change->id, id_size);
    job->change.id = job->texts;
    if (change->version_id) {
        memcpy(job->texts + id_size, change->version_id, version_size);
        job->change.version_id = job->texts + id_size;
    }
    job->source->references++;
    enum smcred_status status = workers_submit(cache->options.workers, job_run, job_done, job);
    if (status != SMCRED_OK)
        job_free(job);
    return status;
}
