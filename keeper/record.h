/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record.h - a state file that a worker writes, again whenever there is news: a slow disk holds up
 * those alone who wait for what is written.
 *
 * One write at a time; what changes meanwhile is in the next one.  The loop's thread alone calls
 * this.
 */
#ifndef KEEPER_RECORD_H
#define KEEPER_RECORD_H

#include "common/bytes.h"
#include "common/status.h"

#define RECORD_PAUSE_MS 1000 /* between two writes by record_tick() */

struct record;
struct workers;

struct record_options {
    struct workers *workers; /* to be freed before the record */
    const char *directory, *name;
    const char *what;               /* a restart would forget without it, for the log */
    int64_t (*now_ms)(void);        /* sm_boot_ms */
    uint64_t (*changes)(void *arg); /* grows with each */
    char *(*print)(void *arg);      /* to be given to cJSON_free(); NULL for want of memory */
    /* As it was after so many changes, which are on the disk now, or, as the log says, cannot be;
     * not called by record_free().  NULL is allowed. */
    void (*written)(void *arg, uint64_t changes);
    void *arg;
};

SM_MUST_CHECK enum smcred_status record_new(const struct record_options *options,
                                            struct record **out_record);
/*
 * The file's text, if there is one; what it tells has no news by now.
 *   parse  takes the text; its status is returned, and explained as damage
 * Errors: those of statefile_read(), and of parse().
 */
SM_MUST_CHECK enum smcred_status
record_load(struct record *record, enum smcred_status (*parse)(void *arg, const char *text),
            struct sm_error *err);
/* Has it written if there is news; at once, or when the write that is under way has ended. */
void record_write(struct record *record);
/* The same, but not often.  What could not be written is tried again. */
void record_tick(struct record *record);
/* Writes what is new.  NULL is allowed. */
void record_free(struct record *record);

#endif
