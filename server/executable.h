/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * executable.h - what may run with the keys to a secret: a program that only root and we can
 * change.
 */
#ifndef SERVER_EXECUTABLE_H
#define SERVER_EXECUTABLE_H

#include "common/bytes.h"
#include "common/status.h"

/*
 * Neither the file nor a directory above it can be changed by others.
 *   path  absolute, without symbolic links: what a link leads to was asked when it was registered
 * Errors: SMCRED_DENIED, SMCRED_INVALID, SMCRED_SYSTEM, each with its reason.
 */
SM_MUST_CHECK enum smcred_status server_executable_check(const char *path, struct sm_error *err);

#endif
