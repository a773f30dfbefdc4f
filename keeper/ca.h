/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ca.h - a file of CA certificates, checked, as a sealed memfd: relays have no files.
 */
#ifndef KEEPER_CA_H
#define KEEPER_CA_H

#include <sys/types.h>

#include "common/bytes.h"
#include "common/status.h"

#define CA_SIZE_MAX (4 << 20) /* bytes of one file; Debian's bundle has 220 KiB */

/*
 * Reads PEM certificates.
 *   owner      who may own the file besides root
 *   out_fd     a sealed memfd, only the certificates' own PEM inside; untouched on failure
 *   out_print  of those bytes
 * Errors: SMCRED_INVALID (no certificate, a broken one, a file others can write), SMCRED_SYSTEM,
 * SMCRED_TOO_LARGE, SMCRED_NO_MEMORY; err says why.
 */
SM_MUST_CHECK enum smcred_status ca_load(const char *path, uid_t owner, int *out_fd,
                                         uint64_t *out_print, struct sm_error *err);

#endif
