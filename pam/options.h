/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.h - the words behind "pam_smcred.so" in a PAM service file.
 *
 * One set for all entry points, so that a line may be shared; each says what it uses.  A word that
 * is unknown, malformed, there twice or contradicts another makes every entry point fail, whatever
 * `fail=` says.
 */
#ifndef PAM_OPTIONS_H
#define PAM_OPTIONS_H

#include "common/bytes.h"

#define PAM_TIMEOUT_MS     3000  /* unless timeout= says otherwise */
#define PAM_TIMEOUT_MIN_MS 100   /* less refuses people on a busy host */
#define PAM_TIMEOUT_MAX_MS 60000 /* more is a hang to whoever waits at a prompt */
#define PAM_GRACE_MAX_S    (7 * 86400)

struct sm_pam_options {
    const char *name;    /* secret= or target=: a pattern, see name.h; NULL if none */
    const char *socket;  /* the keeper's control socket; never from the environment */
    const char *shim;    /* to be put into LD_PRELOAD; NULL: not asked for */
    int64_t timeout_ms;  /* what one entry point may wait for the keeper, in all */
    uint32_t grace_s;    /* how old a rotation may be for the versions beside AWSCURRENT to count */
    bool ignore_failure; /* fail=ignore: as if this line were not there when no keeper answers */
    bool supply_user;    /* supply=user, both */
    bool supply_authtok; /* supply, supply=authtok, both */
    bool use_first_pass; /* the password that an earlier module got, or none */
    bool try_first_pass; /* that one first */
    bool use_authtok;    /* the new password that an earlier module got, or none */
    bool quiet;          /* no list of targets for the person who logs in */
    bool debug;
};

/*
 * Reads the words.  Results borrow from argv.
 *   out_wrong  on failure the word that is wrong
 */
SM_MUST_CHECK bool sm_pam_options_parse(int argc, const char *const *argv,
                                        struct sm_pam_options *out_options, const char **out_wrong);

#endif
