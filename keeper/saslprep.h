/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * saslprep.h - a password as PostgreSQL feeds it to PBKDF2: SASLprep (RFC 4013).
 */
#ifndef KEEPER_SASLPREP_H
#define KEEPER_SASLPREP_H

#include "common/secret.h"

/*
 * SASLprep leaves most passwords as they are: ASCII, and composed letters of the usual scripts
 * (saslprep.c lists them).  So does PostgreSQL with what is not UTF-8.  Any other password would
 * need the tables of Unicode to be prepared; a wrong guess would be a wrong password at the
 * database and count towards its lock, so such a password is refused here. out_prepared  a secret
 * of `vault`, free with sm_secret_free() Errors: SMCRED_UNSUPPORTED (see above), SMCRED_TOO_LARGE,
 * SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status saslprep(struct sm_vault *vault, struct sm_bytes password,
                                          struct sm_secret **out_prepared);

#endif
