/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * renewed.h - a secret's text with another password in it and everything else as it was.
 */
#ifndef KEEPER_RENEWED_H
#define KEEPER_RENEWED_H

#include "common/secret.h"
#include "common/status.h"

/*
 * Text that is no JSON object is a password and nothing else.  Where a hash stands, a hash by the
 * same method is put; that takes its time.
 *   text      a SecretString, still the caller's
 *   out_text  free with sm_secret_free(); untouched on failure
 * Errors, each with a sentence in err: SMCRED_UNSUPPORTED (it is a database's: "engine"),
 * SMCRED_INVALID (no password in it, or a hash that is not taken), SMCRED_TOO_LARGE,
 * SMCRED_NO_MEMORY, SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status renewed_text(struct sm_vault *vault, struct sm_bytes text,
                                              const struct sm_secret *password,
                                              struct sm_secret **out_text, struct sm_error *err);

#endif
