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

#define ATTEMPTS_WRONG_DEFAULT 3 /* wrong passwords ... */
#define ATTEMPTS_WINDOW_DEFAULT                                                                    \
    (10 * 60 * 1000)          /* ... within so many ms; rules lock after five                      \
                               */
#define ATTEMPTS_WRONG_MAX 16 /* that can be configured */

struct attempts_options {
    int64_t (*now_ms)(void); /* sm_boot_ms */
    unsigned wrong_max;      /* 0: the default; up to ATTEMPTS_WRONG_MAX */
    int64_t window_ms;       /* 0: the default */
    size_t accounts_max;     /* 0: 4096; beyond it, the account longest without a wrong one goes */
    void (*changed)(void *arg); /* after each that was counted, or forgotten: someone keeps a record
                                   of them; NULL: nobody does */
    void *arg;
};

SM_MUST_CHECK enum smcred_status attempts_new(const struct attempts_options *options,
                                              struct attempts **out_attempts);
void attempts_free(struct attempts *attempts);
/* For a reload.  What was counted stays counted. */
void attempts_set_limits(struct attempts *attempts, unsigned wrong_max, int64_t window_ms);

/*
 * May this account be tried now, with the password of this version?  False: the budget is used up.
 * One try beyond it is for a version that has used nothing of it, so that whoever mends a secret is
 * let in at once; so there are at most wrong_max + 1 wrong ones in any window.
 *   version_id    NULL: of an old one, which has no such try
 *   out_until_ms  on now_ms(): when the next attempt is allowed; untouched if true
 */
bool attempts_allowed(struct attempts *attempts, struct attempts_account account,
                      const char *version_id, int64_t *out_until_ms);
/* How many more wrong ones there may be, without a new version's own try. */
unsigned attempts_left(struct attempts *attempts, struct attempts_account account);
/* The database refused the password.  Errors: SMCRED_NO_MEMORY: not counted. */
SM_MUST_CHECK enum smcred_status
attempts_wrong(struct attempts *attempts, struct attempts_account account, const char *version_id);
/* The database took it: all is forgotten. */
void attempts_right(struct attempts *attempts, struct attempts_account account);
/* Wrong ones within the window. */
unsigned attempts_count(struct attempts *attempts, struct attempts_account account);

/* One wrong password within the window. */
struct attempts_wrong_one {
    struct attempts_account account;
    const char *version_id;
    int64_t age_ms;
};
/* Each that counts, an account's oldest first.  Borrowed for the call. */
void attempts_walk_wrong(const struct attempts *attempts,
                         void (*each)(void *arg, const struct attempts_wrong_one *one), void *arg);
/* As walked, by a keeper before this one.  Errors: SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status attempts_restore(struct attempts *attempts,
                                                  const struct attempts_wrong_one *one);

/* How many were counted or forgotten since the start. */
uint64_t attempts_changes(const struct attempts *attempts);
/* The record has so many of them, or cannot be had. */
void attempts_kept(struct attempts *attempts, uint64_t changes);
/* Has it, or is there none? */
bool attempts_are_kept(const struct attempts *attempts, uint64_t changes);

/* Limits and all accounts; `to` is new.  Errors: SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status attempts_copy(const struct attempts *from, struct attempts *to);

/* One account with wrong ones within the window, for `status`.  Borrowed for the call. */
struct attempts_state {
    struct attempts_account account;
    unsigned count;
    unsigned wrong_max;
    int64_t refused_for_ms; /* to the versions that were wrong; 0: not */
};
void attempts_walk(struct attempts *attempts,
                   void (*each)(void *arg, const struct attempts_state *state), void *arg);

#define ATTEMPTS_UNTIL_MAX 48
/* So many ms from now, by the wall clock: "2026-11-27 04:11:20 UTC". */
void attempts_write_until(int64_t in_ms, char out_until[ATTEMPTS_UNTIL_MAX]);

#endif
