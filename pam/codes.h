/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * codes.h - from the keeper's word to a PAM return code, one for each entry point.
 */
#ifndef PAM_CODES_H
#define PAM_CODES_H

#include "common/bytes.h"
#include "libsmcred/smcred.h"

enum sm_pam_entry {
    PAM_ENTRY_AUTH,
    PAM_ENTRY_ACCOUNT,
    PAM_ENTRY_SESSION,
    PAM_ENTRY_PRELIMINARY, /* of a change of password: may it be asked for? */
    PAM_ENTRY_CHANGE       /* and the change itself */
};

/*
 * The code of pam_smcred(8)'s table.
 *   ignore_failure  fail=ignore: PAM_IGNORE where no keeper decided
 */
int sm_pam_code(enum sm_pam_entry entry, enum smcred_status status, bool ignore_failure);

/* True if the keeper has decided; false if nobody did, because something is broken. */
bool sm_pam_is_verdict(enum smcred_status status);

#endif
