/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attempts_file.h - the wrong passwords that count, in a file of the state directory: a database
 * counts on while the keeper is started anew.
 */
#ifndef KEEPER_ATTEMPTS_FILE_H
#define KEEPER_ATTEMPTS_FILE_H

#include "common/status.h"
#include "keeper/attempts.h"

#define ATTEMPTS_FILE "attempts.json"

struct attempts_file;
struct workers;

struct attempts_file_options {
    struct attempts *attempts; /* outlives the file, which tells it what is written */
    struct workers *workers;   /* to be freed before the file */
    const char *directory;
    int64_t (*now_ms)(void); /* sm_boot_ms */
    int64_t (*wall_ms)(void);
    void (*kept)(void *arg); /* more is written now; NULL is allowed */
    void *arg;
};

SM_MUST_CHECK enum smcred_status attempts_file_new(const struct attempts_file_options *options,
                                                   struct attempts_file **out_file);
/*
 * Counts on where the keeper before this one has stopped.  What is dated in the future is counted
 * from now on.  Errors: SMCRED_INVALID (a damaged file: what could be read counts), and those of
 * statefile_read().
 */
SM_MUST_CHECK enum smcred_status attempts_file_load(struct attempts_file *file,
                                                    struct sm_error *err);
/* One was counted, or forgotten: has it written. */
void attempts_file_write(struct attempts_file *file);
/* What could not be written is tried again, at times. */
void attempts_file_tick(struct attempts_file *file);
/* Writes what is new.  NULL is allowed. */
void attempts_file_free(struct attempts_file *file);

#endif
