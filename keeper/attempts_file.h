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

/* Replaces DIRECTORY/attempts.json.  `wall_ms`: the wall clock's, here and below. */
SM_MUST_CHECK enum smcred_status attempts_save(const struct attempts *attempts,
                                               const char *directory, int64_t wall_ms,
                                               struct sm_error *err);
/*
 * Counts on where the keeper before this one has stopped.  What is dated in the future is counted
 * from now on.  Errors: SMCRED_INVALID (a damaged file: what could be read counts), and those of
 * statefile_read().
 */
SM_MUST_CHECK enum smcred_status attempts_load(struct attempts *attempts, const char *directory,
                                               int64_t wall_ms, struct sm_error *err);

#endif
