/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login.h - the solver: which version of a secret a login tries, and what it tries next.
 *
 * One struct login per database session, from OPEN until the database's verdict.  The caller tells
 * what the database said and gets, through one callback, the next snapshot to try or "give up".
 *
 *   login_begin() -> next(OK) -> [the database: yes] -> login_accepted()
 *                             -> [the database: no]  -> login_refused() -> next(OK), or next(not
 * OK)
 *
 * Before it answers the database's challenge, the caller asks login_challenged() with which
 * version: the salt tells that a password has changed before a wrong one is sent.
 *
 * Each version is tried at most once per login; a version that this endpoint has refused is tried
 * by a later login only after that login has had the secret read again; no attempt goes beyond the
 * budget of its account.
 */
#ifndef KEEPER_LOGIN_H
#define KEEPER_LOGIN_H

#include "common/snapshot.h"
#include "common/status.h"

#define LOGIN_ATTEMPTS_MAX 4 /* versions one login may try */

struct attempts;
struct cache;
struct login;
struct logins; /* what logins teach each other: proven and refused versions per endpoint */

struct logins_options {
    struct cache *cache;
    struct attempts *attempts;
    int64_t (*now_ms)(void);
    size_t
        endpoints_max; /* 0: 4096 (secret, endpoint) pairs remembered; least recently used goes */
};

SM_MUST_CHECK enum smcred_status logins_new(const struct logins_options *options,
                                            struct logins **out_logins);
/* After the last login_free().  NULL is allowed. */
void logins_free(struct logins *logins);

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
    const char *stage;          /* staging label it was found by */
    unsigned attempt;           /* 1 for the first */
    bool stale;                 /* Secrets Manager could not be asked */
    bool proven;                /* this endpoint has accepted this version before */
    int64_t allowed_from_ms;    /* with SMCRED_LIMITED by the budget: when to try again; else 0 */
    const struct sm_error *err; /* never NULL; a sentence for the operator if not SMCRED_OK */
};
/* May call login_free() of this login; not logins_free(). */
typedef void login_next(void *arg, const struct login_answer *answer);

/*
 * The first attempt.  `next` is called at once, or later, or never if login_free() comes first.
 *   deadline_ms  on now_ms(): of every read of the secret in this login
 * Answers: SMCRED_OK; errors of cache_get(); SMCRED_LIMITED: the account's budget is used up;
 * SMCRED_INVALID: the secret has no username, password or host.
 *   out_login  free with login_free(); set before `next` is called
 */
SM_MUST_CHECK enum smcred_status login_begin(struct logins *logins,
                                             const struct login_target *target, int64_t deadline_ms,
                                             login_next *next, void *arg, struct login **out_login);

struct login_proof {
    struct sm_snapshot *snapshot; /* to prove; the current attempt's from now on; the login's */
    const char *stage;
    bool renewed; /* it took the place of the version that was to be tried */
};
/* May call login_free() of this login; not logins_free(). */
typedef void login_prove(void *arg, const struct login_proof *proof);

/*
 * The database challenges the current attempt with this SCRAM salt.  A salt comes with a password,
 * so if this version was accepted here with another one, the password has changed: the secret is
 * read again first, and what is current then takes the attempt's place if it is for the same user
 * at the same endpoint.  A salt that was never seen tells nothing.  At most once per attempt. prove
 * called at once, or later, or never if login_free() comes first; with `arg` of login_begin()
 */
void login_challenged(struct login *login, struct sm_bytes salt, login_prove *prove);

/*
 * The database refused the current attempt.  Answers through `next` as above, and SMCRED_DENIED: no
 * version is left to try, so the database's own error goes to the client.
 *   sqlstate  28P01 and 28000 ask for another attempt; anything else gives up at once.  Only 28P01
 *             counts as a wrong password.
 */
void login_refused(struct login *login, const char *sqlstate);
/*
 * The database accepted it: the version is proven, the budget is whole again.  Free the login soon:
 * it holds the versions it tried.
 */
void login_accepted(struct login *login);
/* Any time.  NULL is allowed. */
void login_free(struct login *login);

/*
 * The version that last worked there, "" if none is remembered.  Borrowed until the next call.
 *   endpoint  as "host:port"; a socket's path stands alone
 */
const char *logins_proven(const struct logins *logins, const char *secret_id, const char *endpoint);

#endif
