/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_limit.h - how `tries` in [pam] counts: one secret from one host, one host, one secret.
 *
 * The second is for who tries one password on everybody, the third for who has many hosts, or says
 * so.
 */
#ifndef KEEPER_PAM_LIMIT_H
#define KEEPER_PAM_LIMIT_H

#include "common/control.h"
#include "keeper/config.h"
#include "keeper/tries.h"

#define PAM_LIMITS 3

/* One guess, from its begin to its end. */
struct pam_limit {
    struct tries *tries;
    struct {
        char key[2 + CTL_NAME_MAX + 1 + CTL_PAM_RHOST_MAX];
        size_t len; /* 0: does not count */
        struct tries_limit limit;
    } by[PAM_LIMITS];
    bool begun;
    bool was_wrong; /* one version was: who hangs up before the last has guessed all the same */
};

/* False: not now; *out_until_ms, on sm_boot_ms(), says when. */
SM_MUST_CHECK bool pam_limit_begin(struct pam_limit *limit, struct tries *tries,
                                   const struct config_pam *rules, const char *secret,
                                   const char *rhost, int64_t *out_until_ms);
enum pam_verdict { PAM_NO_VERDICT, PAM_WRONG, PAM_RIGHT };
/* Once; does nothing if it was not begun. */
void pam_limit_end(struct pam_limit *limit, enum pam_verdict verdict);

#endif
