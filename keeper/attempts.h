/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attempts.h - the budget of wrong passwords per database account, counted over the whole host.
 *
 * A database locks an account after some wrong passwords; a stale secret tried by every operator
 * must not be what does it.  The solver (login.c) asks before each attempt and tells the verdict.
 */
#ifndef KEEPER_ATTEMPTS_H
#define KEEPER_ATTEMPTS_H

#include "common/bytes.h"
#include "libsmcred/smcred.h"

struct attempts;

/* The user at the database, and where that is: "host:port", or a socket's path. */
struct attempts_account {
    const char *user;
    const char *endpoint;
};

struct attempts_options {
    int64_t (*now_ms)(void); /* sm_boot_ms */
    unsigned wrong_max;      /* 0: 3 wrong passwords ... */
    int64_t window_ms;       /* 0: ... within 10 minutes */
    size_t accounts_max;     /* 0: 4096; beyond it, the account longest without a wrong one goes */
};

SM_MUST_CHECK enum smcred_status attempts_new(const struct attempts_options *options,
                                              struct attempts **out_attempts);
void attempts_free(struct attempts *attempts);

/*
 * May this account be tried now, with the password of this version?  False: the budget is used up,
 * and this version is among those that used it.  One that is not has a try of its own, so that
 * whoever mends a secret is let in at once.
 *   out_until_ms  on now_ms(): when the next attempt is allowed; untouched if true
 */
bool attempts_allowed(struct attempts *attempts, struct attempts_account account,
                      const char *version_id, int64_t *out_until_ms);
/* The database refused the password.  Errors: SMCRED_NO_MEMORY: not counted. */
SM_MUST_CHECK enum smcred_status
attempts_wrong(struct attempts *attempts, struct attempts_account account, const char *version_id);
/* The database took it: all is forgotten. */
void attempts_right(struct attempts *attempts, struct attempts_account account);
/* Wrong ones within the window; for `status`. */
unsigned attempts_count(struct attempts *attempts, struct attempts_account account);

#endif
