/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ownfile.h - files that hold a secret, or lead to one.
 */
#ifndef SM_SOURCES_OWNFILE_H
#define SM_SOURCES_OWNFILE_H

#include <sys/stat.h>

#include "common/secret.h"
#include "common/status.h"

enum own_file_rule {
    OWN_FILE_ANY,    /* any regular file we can read: the AWS configuration of a user */
    OWN_FILE_SECRET, /* no symbolic link, owned by root or us, no access for group or others */
};

/*
 * Reads a whole file of at most SM_BUFFER_MAX - 1 bytes.
 *   out_text   free with sm_secret_free(); untouched on failure
 *   out_about  what the file was when it was read; may be NULL
 * Errors: SMCRED_NOT_FOUND, SMCRED_DENIED (the rule, or no permission; err says what to do),
 * SMCRED_TOO_LARGE, SMCRED_NO_MEMORY, SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status own_file_read(const char *path, enum own_file_rule rule,
                                               struct sm_vault *vault, struct sm_secret **out_text,
                                               struct stat *out_about, struct sm_error *err);

#endif
