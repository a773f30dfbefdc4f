/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * status.h - statuses inside the project: their phrases, and the sentence that goes with a failure.
 */
#ifndef SM_STATUS_H
#define SM_STATUS_H

#include "libsmcred/smcred.h"

/* What smcred_status_text() answers; here so that programs need not link the shared library. */
const char *sm_status_text(enum smcred_status status);

#define SM_ERROR_TEXT_MAX 512 /* bytes, NUL included */
#define SM_ERROR_CODE_MAX 64

/*
 * Why something failed, in words for an operator.  Filled by whoever returns a failing status,
 * printed by whoever handles it.  Never holds a secret.
 */
struct sm_error {
    char text[SM_ERROR_TEXT_MAX]; /* one sentence, no newline */
    char code[SM_ERROR_CODE_MAX]; /* the other side's own code (AWS error type), or "" */
};

/* Sets err->text (truncated if need be) and clears err->code; err may be NULL.  Returns status. */
enum smcred_status sm_error_set(struct sm_error *err, enum smcred_status status, const char *format,
                                ...) __attribute__((format(printf, 3, 4)));

#endif
