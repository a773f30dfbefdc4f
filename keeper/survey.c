/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * survey.c - a walk over the targets.  Called by keeper.c, which hears from the cache what was
 * read.
 */
#include "keeper/survey.h"

#include "keeper/cache.h"
#include "keeper/config.h"
#include "keeper/keeper.h"
#include "keeper/places.h"

struct survey {
    struct survey_options options;
    bool walking;
    size_t at;   /* the target that comes next ... */
    size_t left; /* ... of so many */
    bool missed; /* one could not be read now */
    bool asking;
    struct cache_ask *ask;
    int64_t next_ms; /* when the walk goes on */
    int64_t pause_ms;
};

enum smcred_status survey_new(const struct survey_options *options, struct survey **out_survey)
{
    struct survey *survey = calloc(1, sizeof *survey);
    if (!survey)
        return SMCRED_NO_MEMORY;
    survey->options = *options;
    *out_survey = survey;
    return SMCRED_OK;
}

static void stop_asking(struct survey *survey)
{
    cache_cancel(survey->ask);
    survey->ask = NULL;
    survey->asking = false;
}

void survey_free(struct survey *survey)
{
    if (!survey)
        return;
    stop_asking(survey);
    free(survey);
}

/* What was refused stays so until somebody changes it, and then somebody reads it. */
static bool is_verdict(enum smcred_status status)
{
    return status == SMCRED_OK || status == SMCRED_NOT_FOUND || status == SMCRED_DENIED ||
           status == SMCRED_INVALID || status == SMCRED_REVOKED;
}

static void on_read(void *arg, const struct cache_answer *answer)
{
    struct survey *survey = arg;
    survey->ask = NULL;
    survey->asking = false;
    survey->missed |= !is_verdict(answer->status);
    survey_tick(survey);
}

static void read_place(struct survey *survey, const char *secret_id)
{
    const struct cache_query query = {.id = secret_id,
                                      .deadline_ms = survey->options.now_ms() + SURVEY_READ_MS};
    struct cache_ask *ask = NULL;
    survey->asking = true;
    cache_get(survey->options.keeper->cache, &query, on_read, survey, &ask);
    if (survey->asking)
        survey->ask = ask;
}

/* Where one cannot be read now, most likely none can: later, then, and the others first. */
static void pause_walk(struct survey *survey)
{
    survey->missed = false;
    survey->left = survey->options.keeper->config->target_count;
    survey->next_ms = survey->options.now_ms() + survey->pause_ms;
    survey->pause_ms *= 2;
    if (survey->pause_ms > SURVEY_PAUSE_MAX_MS)
        survey->pause_ms = SURVEY_PAUSE_MAX_MS;
}

static void take_next(struct survey *survey)
{
    const struct keeper *keeper = survey->options.keeper;
    const struct config_target *target = &keeper->config->targets[survey->at];
    survey->at = (survey->at + 1) % keeper->config->target_count;
    survey->left--;
    if (!places_know(keeper->places, target))
        read_place(survey, target->secret);
}

void survey_tick(struct survey *survey)
{
    if (survey->walking) /* the cache has answered at once */
        return;
    survey->walking = true;
    while (!survey->asking && survey->options.now_ms() >= survey->next_ms &&
           (survey->missed || survey->left > 0)) {
        if (survey->missed)
            pause_walk(survey);
        else
            take_next(survey);
    }
    survey->walking = false;
}

void survey_begin(struct survey *survey)
{
    stop_asking(survey);
    survey->at = 0;
    survey->left = survey->options.keeper->config->target_count;
    survey->missed = false;
    survey->next_ms = 0;
    survey->pause_ms = SURVEY_PAUSE_MIN_MS;
    survey_tick(survey);
}
