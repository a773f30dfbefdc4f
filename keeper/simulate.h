/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * simulate.h - what would become of the next login if something happened now.
 *
 * The solver itself (login.h) runs, on a copy of what cache, lessons and budget know, against a
 * Secrets Manager and a database that are made up, and on a clock of its own.  So what is said is
 * what would be done.  Nothing of the keeper's changes, nobody is asked, and no time passes.
 */
#ifndef KEEPER_SIMULATE_H
#define KEEPER_SIMULATE_H

#include "keeper/login.h"

struct attempts;
struct cache;
struct sm_vault;

enum simulate_event {
    SIMULATE_SM_DOWN,      /* Secrets Manager does not answer */
    SIMULATE_ROTATED,      /* role and secret have both moved to a version that nobody here knows */
    SIMULATE_HALF_ROTATED, /* setSecret was the last step: the role has AWSPENDING's password */
    SIMULATE_CHANGED,      /* the role has a new password, and the secret is not put yet */
};

/* Borrowed for the call. */
struct simulate_options {
    enum simulate_event event;
    const struct cache *cache;
    const struct attempts *attempts;
    const struct logins *logins;
    struct sm_vault *vault;
    struct login_target where;
    /* For a secret that has not been read; "" where it is not known. */
    const char *host, *username, *dbname;
    int64_t at_ms; /* on sm_boot_ms(): when the login begins */
    /* Says why this version may not be used, or NULL. */
    const char *(*forbid)(const void *arg, const struct sm_snapshot *version);
    const void *arg;
};

#define SIMULATE_STEPS_MAX 40
#define SIMULATE_STEP_SIZE 320

struct simulate_result {
    enum smcred_status status; /* of the login; SMCRED_DENIED: the database's own error */
    char version_id[65], stage[33], user[64], endpoint[320];
    bool stale;
    bool drifted;                /* the password was changed behind our back: an alarm */
    unsigned connections, wrong; /* passwords */
    unsigned values, maps;       /* GetSecretValue and DescribeSecret */
    int64_t took_ms;             /* of waiting; networks take no time here */
    char text[SM_ERROR_TEXT_MAX];
    size_t step_count;
    char steps[SIMULATE_STEPS_MAX][SIMULATE_STEP_SIZE]; /* the last one may stand for more */
};

/* Errors: SMCRED_NO_MEMORY, SMCRED_SYSTEM (no descriptor); then nothing was found out. */
SM_MUST_CHECK enum smcred_status simulate_login(const struct simulate_options *options,
                                                struct simulate_result *out_result);

#endif
