/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login.h - the solver: which version of a secret a login tries, and what it tries next.
 *
 * One struct login per database session, from OPEN until the database's verdict.  The caller tells
 * what the database said and gets, through one callback, the next snapshot to try, "wait", or "give
 * up"; doc/rotation.md has the rules.
 *
 *   login_begin() -> next(snapshot) -> [the database's challenge] -> login_challenged() -> prove()
 *                                   -> [the database: yes] -> login_accepted()
 *                                   -> [the database: no]  -> login_refused() -> next(...)
 *
 * A challenge may also be answered with next(): then nothing is proved, and the connection is given
 * up for another attempt, or to wait.
 */
#ifndef KEEPER_LOGIN_H
#define KEEPER_LOGIN_H

#include "common/snapshot.h"
#include "common/status.h"

#define LOGIN_VERSIONS_MAX 6 /* one login may try */
#define LOGIN_DIALS_MAX                                                                            \
    24 /* connections one login may cost, those to look at the salt included                       \
        */

struct attempts;
struct cache;
struct event_base;
struct login;
struct verdict_refusal;
struct logins; /* what logins teach each other, per endpoint */

struct logins_options {
    struct event_base *base;
    struct cache *cache;
    struct attempts *attempts;
    int64_t (*now_ms)(void);
    uint32_t (*random)(void);
    int64_t patience_ms; /* within which each answer comes, 8 s for 0; then the reads give up */
    int64_t
        rotation_wait_ms; /* how long a login waits for a version that is right; 0: not at all */
    size_t
        endpoints_max; /* 0: 4096 (secret, endpoint) pairs remembered; least recently used goes */
};

SM_MUST_CHECK enum smcred_status logins_new(const struct logins_options *options,
                                            struct logins **out_logins);
/* After the last login_free().  NULL is allowed. */
void logins_free(struct logins *logins);
/* For a reload: of waits that begin from now on. */
void logins_set_rotation_wait(struct logins *logins, int64_t rotation_wait_ms);
/* Does what is due for those who wait.  The logins' own timer calls it; so do tests. */
void logins_tick(struct logins *logins);

/* More wrong passwords are on disk (attempts_kept()): who waited for that goes on, soon. */
void logins_recorded(struct logins *logins);

/* Borrowed for the call of login_begin(). */
struct login_target {
    const char *secret_id;
    const char *host;      /* NULL: the secret's own */
    uint32_t port;         /* 0: the secret's own, ... */
    uint32_t default_port; /* ... or this, if it has none */
};

struct login_answer {
    enum smcred_status status;
    struct sm_snapshot *snapshot; /* to try now; the login's reference, until its next answer */
    const char *host;             /* where: of the target, or of that snapshot; borrowed likewise */
    uint32_t port;
    const char *stage; /* staging label it was found by */
    unsigned attempt;  /* 1 for the first */
    bool stale;        /* Secrets Manager could not be asked */
    bool proven;       /* this endpoint has accepted this version before */
    int64_t wait_ms;   /* not 0: nothing to try now, no snapshot; the next answer comes then */
    bool drifted;      /* given up, and the password of this snapshot's user was changed since */
    int64_t allowed_from_ms;    /* with SMCRED_LIMITED by the budget: when to try again; else 0 */
    const struct sm_error *err; /* never NULL; a sentence for the operator if not SMCRED_OK */
};
/* May call login_free() of this login; not logins_free(). */
typedef void login_next(void *arg, const struct login_answer *answer);

/*
 * The first attempt.  `next` is called at once, or later, or never if login_free() comes first.
 * Answers: SMCRED_OK; errors of cache_get(); SMCRED_LIMITED: the account's budget is used up;
 * SMCRED_INVALID: the secret has no username, password or host.
 *   out_login  free with login_free(); set before `next` is called
 */
SM_MUST_CHECK enum smcred_status login_begin(struct logins *logins,
                                             const struct login_target *target, login_next *next,
                                             void *arg, struct login **out_login);

struct login_proof {
    struct sm_snapshot *snapshot; /* to prove; the current attempt's from now on; the login's */
    const char *stage;
    bool renewed; /* it took the place of the version that was to be tried */
};
/* May call login_free() of this login; not logins_free(). */
typedef void login_prove(void *arg, const struct login_proof *proof);

/*
 * The database challenges the current attempt with this salt; empty for methods whose salt is not
 * the password's. A salt comes with a password, so it tells which version is right, or that none of
 * those that were tried is: then others are looked for before anything is sent.  One of the same
 * user at the same endpoint takes the attempt's place, one of another is the next attempt.  While
 * another login's proof may be wrong, this one waits for its verdict. Either callback, once, with
 * `arg` of login_begin(); at once, or later, or never if login_free() or a verdict comes first.
 */
void login_challenged(struct login *login, struct sm_bytes salt, login_prove *prove);

/*
 * The database refused the current attempt (verdict.h).  If for its password, nothing more is tried
 * before that is on disk.  Answers through `next` as above, and
 * SMCRED_DENIED: no version is left to try, so the database's own error goes to the client.
 */
void login_refused(struct login *login, const struct verdict_refusal *refusal);
/*
 * The database accepted it: the version is proven, the budget is whole again.  Free the login soon:
 * it holds the versions it tried.
 */
void login_accepted(struct login *login);
/* Any time.  NULL is allowed. */
void login_free(struct login *login);

/* What an endpoint last said of a version, for `status`.  Borrowed for the call. */
struct logins_state {
    const char *secret_id;
    const char *endpoint;
    const char *version_id;
    const char *user;
    bool right;
    int64_t age_ms;
};
void logins_walk(const struct logins *logins,
                 void (*each)(void *arg, const struct logins_state *state), void *arg);

struct lesson;
/* What is known of it (lessons.h), or NULL.  Borrowed until the next call. */
const struct lesson *logins_lesson(const struct logins *logins, const char *secret_id,
                                   const char *endpoint);
/* Times, and what is known of one secret; `to` is new.  Errors: SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status logins_copy(const struct logins *from, const char *secret_id,
                                             struct logins *to);

/*
 * The version that last worked there, "" if none is remembered.  Borrowed until the next call.
 *   endpoint  as "host:port"; a socket's path stands alone
 */
const char *logins_proven(const struct logins *logins, const char *secret_id, const char *endpoint);

#endif
