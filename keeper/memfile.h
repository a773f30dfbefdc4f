/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memfile.h - bytes as a sealed memfd, to be given away: documents to clients, CAs to relays.
 */
#ifndef KEEPER_MEMFILE_H
#define KEEPER_MEMFILE_H

#include "common/bytes.h"
#include "libsmcred/smcred.h"

/* out_fd: CLOEXEC, sealed against every change, its offset 0.  Errors: SMCRED_SYSTEM. */
SM_MUST_CHECK enum smcred_status memfile_new(const char *name, struct sm_bytes content,
                                             int *out_fd);

#endif
