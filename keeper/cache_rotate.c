/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache_rotate.c - one RotateSecret, in a worker thread; then the map is read anew, so that logins
 * hear of the rotation.
 */
#include "keeper/cache_entry.h"
#include "keeper/workers.h"

struct rotate_job {
    struct cache *cache;
    struct source *source;
    int64_t deadline_ms;
    cache_rotated *done;
    void *arg;
    enum smcred_status status;
    char version_id[CACHE_VERSION_MAX];
    struct sm_error err;
    char id[];
};

static void job_run(void *arg)
{
    struct rotate_job *job = arg;
    const struct cache_source *source = &job->source->given;
    struct sm_source_query query = {.secret_id = job->id, .deadline_ms = job->deadline_ms};
    if (source->rotate)
        job->status = source->rotate(source->arg, &query, job->version_id, &job->err);
    else
        job->status = sm_error_set(&job->err, SMCRED_UNSUPPORTED, "its source cannot rotate");
}

static void job_free(struct rotate_job *job)
{
    cache_source_unref(job->source);
    free(job);
}

static void on_map(void *arg, const struct cache_answer *answer)
{
    (void)arg;
    (void)answer; /* the cache has followed it */
}

static void job_done(void *arg, bool ran)
{
    struct rotate_job *job = arg;
    struct cache *cache = job->cache;
    if (!ran)
        job->status = sm_error_set(&job->err, SMCRED_UNAVAILABLE, "the keeper is stopping");
    if (job->status == SMCRED_OK) {
        int64_t now_ms = cache_now(cache);
        struct cache_query query = {.id = job->id,
                                    .deadline_ms = now_ms + cache->options.limits.fetch_timeout_ms,
                                    .fresh_from_ms = now_ms,
                                    .insist = true};
        cache_stages(cache, &query, on_map, NULL, NULL);
    }
    job->done(job->arg, job->status, job->version_id, &job->err);
    job_free(job);
}

enum smcred_status cache_rotate(struct cache *cache, const char *id, int64_t deadline_ms,
                                cache_rotated *done, void *arg)
{
    size_t id_size = strlen(id) + 1;
    struct rotate_job *job = malloc(sizeof *job + id_size);
    if (!job)
        return SMCRED_NO_MEMORY;
    *job = (struct rotate_job){.cache = cache,
                               .source = cache->source,
                               .deadline_ms = deadline_ms,
                               .done = done,
                               .arg = arg};
    memcpy(job->id, id, id_size);
    job->source->references++;
    enum smcred_status status = workers_submit(cache->options.workers, job_run, job_done, job);
    if (status != SMCRED_OK)
        job_free(job);
    return status;
}
