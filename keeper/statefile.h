/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * statefile.h - a small text in the state directory, which outlives the keeper: replaced as a
 * whole.
 */
#ifndef KEEPER_STATEFILE_H
#define KEEPER_STATEFILE_H

#include "common/bytes.h"
#include "common/status.h"

#define STATEFILE_SIZE_MAX (4 << 20) /* bytes; 1024 of the longest revocations are less */

/*
 * Synced, its name too, before it returns.
 * Errors: SMCRED_SYSTEM, SMCRED_TOO_LARGE, SMCRED_NO_MEMORY; the old text is there then, or the
 * new.
 */
SM_MUST_CHECK enum smcred_status statefile_replace(const char *path, const char *text);
/* The same, for everybody to read, and not synced: it is written again after a restart. */
SM_MUST_CHECK enum smcred_status statefile_publish(const char *path, const char *text);
/*
 *   out_text  to be freed; NULL if there is no such file
 * Errors, which `err` explains: SMCRED_SYSTEM, SMCRED_TOO_LARGE (or it is no file),
 * SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status statefile_read(const char *path, char **out_text,
                                                struct sm_error *err);

#endif
