/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tries_file.h - the guesses that count, in a file of the state directory: who guesses gains
 * nothing by a keeper that is started anew.
 *
 * Neither a password nor a name is in it, but digests of what is counted by.  It is written some
 * time after a guess, by a worker, and once more at the end: a keeper that is killed forgets the
 * last seconds.
 */
#ifndef KEEPER_TRIES_FILE_H
#define KEEPER_TRIES_FILE_H

#include "common/status.h"
#include "keeper/tries.h"

#define TRIES_FILE "tries.json"

struct tries_file;
struct workers;

struct tries_file_options {
    struct tries *tries;     /* outlives the file */
    struct workers *workers; /* to be freed before the file */
    const char *directory;   /* likewise outlives it */
    int64_t (*now_ms)(void); /* sm_boot_ms */
    int64_t (*wall_ms)(void);
};

SM_MUST_CHECK enum smcred_status tries_file_new(const struct tries_file_options *options,
                                                struct tries_file **out_file);
/*
 * Counts on where the keeper before this one has stopped.
 * Errors: SMCRED_INVALID (a damaged file: what could be read counts), and those of
 * statefile_read().
 */
SM_MUST_CHECK enum smcred_status tries_file_load(struct tries_file *file, struct sm_error *err);
/* Has it written if there is news, and it is time: a flood of guesses is not one of writes. */
void tries_file_tick(struct tries_file *file);
/* Writes what is new.  NULL is allowed. */
void tries_file_free(struct tries_file *file);

#endif
