/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secretvalue.h - a secret's new value, read where no other process sees it.
 */
#ifndef TOOLS_SECRETVALUE_H
#define TOOLS_SECRETVALUE_H

#include "common/secret.h"
#include "common/status.h"

/*
 * Reads a value: from `path` ("-" is standard input); without one from standard input, and from a
 * terminal by a prompt without echo, twice.  One newline at the end is not part of the value.
 *   out_value  1..SM_SECRET_MAX bytes of UTF-8 without NUL; free with sm_secret_free()
 * Errors, each with a sentence in err: SMCRED_SYSTEM, SMCRED_TOO_LARGE, SMCRED_INVALID (empty, not
 * text, or typed differently the second time), SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status secret_value_read(struct sm_vault *vault, const char *path,
                                                   struct sm_secret **out_value,
                                                   struct sm_error *err);

#endif
