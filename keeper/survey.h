/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * survey.h - at the start, and after a reload: where the databases are of which only the secrets
 * say, so that clients which type a port or an address are recognised before anybody has logged in.
 *
 * In the background, one secret at a time, each with a deadline.
 */
#ifndef KEEPER_SURVEY_H
#define KEEPER_SURVEY_H

#include "common/bytes.h"
#include "libsmcred/smcred.h"

#define SURVEY_READ_MS      20000            /* for one secret */
#define SURVEY_PAUSE_MIN_MS 10000            /* before what could not be read is asked for again, */
#define SURVEY_PAUSE_MAX_MS (10 * 60 * 1000) /* doubled each time */

struct keeper;
struct survey;

struct survey_options {
    const struct keeper *keeper; /* config, cache, places: as they are at each step */
    int64_t (*now_ms)(void);     /* sm_boot_ms */
};

SM_MUST_CHECK enum smcred_status survey_new(const struct survey_options *options,
                                            struct survey **out_survey);
/* Before the cache is freed.  NULL is allowed. */
void survey_free(struct survey *survey);
/* From the first target; those whose place is known cost nothing. */
void survey_begin(struct survey *survey);
/* Does what is due. */
void survey_tick(struct survey *survey);

#endif
