/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * preload.h - LD_PRELOAD with the shim in it.  Called by smcred exec and by pam_smcred.
 */
#ifndef SM_PRELOAD_H
#define SM_PRELOAD_H

#include "common/bytes.h"
#include "common/status.h"

/* True if `path` is one of the entries of `list`; NULL is an empty list. */
bool sm_preload_has(const char *list, const char *path);

/*
 * The list with the shim at its end; what others put there stays, and a shim that is there already
 * is not put there twice.
 *   others    LD_PRELOAD as it is; NULL if it is not set
 *   out_list  to be freed; untouched on failure
 * Errors, each with a sentence in err: SMCRED_INVALID (no absolute path, or one with a colon or
 * space, which separate entries), SMCRED_NOT_FOUND (a shim that cannot be read, of which every
 * program would complain), SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status sm_preload_list(const char *others, const char *shim,
                                                 char **out_list, struct sm_error *err);

#endif
