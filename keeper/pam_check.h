/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_check.h - does what was typed fit what a secret holds?  A password, or a crypt(3) hash of
 * one.
 *
 * What looks like a hash is a hash, and never equal to itself typed in.  Hashes take tens of
 * milliseconds and megabytes, so they are computed in workers; methods that are no good any more
 * (DES, MD5, SHA-1) and costs that would take seconds are refused.
 */
#ifndef KEEPER_PAM_CHECK_H
#define KEEPER_PAM_CHECK_H

#include "common/secret.h"
#include "common/snapshot.h"

struct pam_check;
struct turns;

/* Of a stored password: "" if it is none, else the prefix of its method, such as "$y$" for
 * crypt_gensalt(); NULL if it is a hash that is not taken. */
const char *pam_check_method(struct sm_bytes stored);

struct pam_check_options {
    struct turns *turns; /* of workers of its own: logins to databases do not wait for hashes */
    struct sm_bytes key; /* for whom: they take turns; borrowed for the call */
    struct sm_vault *vault;
};

/* SMCRED_OK: it fits.  SMCRED_DENIED: it does not.  SMCRED_INVALID: there is no password in the
 * secret, or a hash that is not taken.  SMCRED_LIMITED, SMCRED_UNAVAILABLE, SMCRED_NO_MEMORY. */
typedef void pam_check_done(void *arg, enum smcred_status status);

/*
 * Answers through done(), exactly once unless cancelled; before it returns if no hash must be
 * computed, then *out_check is NULL.  Takes a reference and a copy; nothing stays borrowed.
 */
void pam_check_start(const struct pam_check_options *options, struct sm_snapshot *snapshot,
                     const struct sm_secret *typed, pam_check_done *done, void *arg,
                     struct pam_check **out_check);
/* done() will not be called; a hash that is not begun is not computed.  NULL is allowed. */
void pam_check_cancel(struct pam_check *check);

/*
 * The hash of a new password, by this method and its default cost.  For a worker.
 *   prefix    of pam_check_method(), not ""
 *   out_hash  free with sm_secret_free(); untouched on failure
 * Errors: SMCRED_INVALID (too long for it), SMCRED_NO_MEMORY, SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status pam_check_hash(struct sm_vault *vault, const char *prefix,
                                                const struct sm_secret *password,
                                                struct sm_secret **out_hash);

#endif
