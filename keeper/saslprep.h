/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * saslprep.h - a password as PostgreSQL feeds it to PBKDF2: SASLprep (RFC 4013).
 */
#ifndef KEEPER_SASLPREP_H
#define KEEPER_SASLPREP_H

#include "common/secret.h"

/*
 * As PostgreSQL, a password that SASLprep cannot prepare (not UTF-8, prohibited or unassigned
 * characters, mixed directions, empty afterwards) is used as it is.
 *   out_prepared  a secret of `vault`, free with sm_secret_free()
 * Errors: SMCRED_TOO_LARGE, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status saslprep(struct sm_vault *vault, struct sm_bytes password,
                                          struct sm_secret **out_prepared);

#endif
