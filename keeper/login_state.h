/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login_state.h - one login from the inside, as login.c, login_search.c and login_wait.c see it;
 * nobody else includes it.
 *
 * Nothing of a login is touched after its callback, which may free it: whatever may call one is the
 * last thing its caller does.
 */
#ifndef KEEPER_LOGIN_STATE_H
#define KEEPER_LOGIN_STATE_H

#include <sys/queue.h>

#include "keeper/attempts.h"
#include "keeper/cache.h"
#include "keeper/lessons.h"
#include "keeper/login.h"
#include "keeper/stages.h"

#define LOGIN_ENDPOINT_SIZE 320 /* bytes: a host name or a socket's path, a port, NUL */

enum search {
    NO_SEARCH,
    FOR_FIRST,     /* AWSCURRENT was refused by this endpoint in an earlier login */
    BY_SALT,       /* there is a challenge: is a version known to be right? */
    FOR_CHALLENGE, /* there is a challenge, and the current version does not fit */
    AFTER_REFUSAL, /* the database has refused the attempt */
    IN_WINDOW,     /* a pause is over */
};

struct tried { /* refused */
    struct sm_snapshot *snapshot;
    char stage[LESSON_STAGE_MAX];
    struct salt salt;
    bool for_its_role; /* and not for its password */
};

enum waiting { NOT_WAITING, FOR_VERDICT, FOR_ROTATION, FOR_RECORD };

struct login {
    struct logins *logins;
    char *secret_id;
    char *host; /* NULL: the snapshot's */
    uint32_t port;
    uint32_t default_port;
    login_next *next;
    login_prove *prove; /* since the current attempt's challenge */
    void *arg;

    /* The search. */
    enum search search;
    size_t step;                     /* in its list, to be taken next */
    struct cache_ask *ask;           /* while the cache is asked */
    int64_t deadline_ms;             /* of what is asked */
    int64_t fresh_from_ms;           /* for what is read anew */
    char wanted[LESSON_VERSION_MAX]; /* by KNOWN and RELABEL */
    struct stages *map;              /* as last read; NULL: it could not be */
    bool current_failed;             /* AWSCURRENT could not be read anew */
    struct sm_error why;             /* of the last step that brought nothing */

    /* The current attempt. */
    struct sm_snapshot *current; /* before the first one: what to try if there is nothing better */
    char stage[LESSON_STAGE_MAX];
    char endpoint[LOGIN_ENDPOINT_SIZE];
    struct salt salt;
    bool picked;  /* it took the place of another version */
    bool last;    /* prove it, be it wrong: the client shall have the database's own error */
    bool refused; /* an attempt before it was, so the relay has such an error */
    unsigned dial_count;
    struct tried tried[LOGIN_VERSIONS_MAX];
    unsigned tried_count;

    /* Waiting. */
    enum waiting waiting;
    bool overtime;   /* it has waited for a verdict */
    uint64_t change; /* of attempts_changes(): its last wrong password, waited for to be on disk */
    TAILQ_ENTRY(login) link;
    int64_t wake_ms;
    int64_t give_up_ms; /* of all waits for a rotation; 0: there was none */
    unsigned pause_count;
};
TAILQ_HEAD(login_list, login);

struct logins {
    struct logins_options options;
    struct lessons lessons;
    struct login_list waiting;
    struct event *timer;
};

/* ---- login.c ---- */

static inline int64_t login_now(const struct login *login)
{
    return login->logins->options.now_ms();
}

/* What is known of the current attempt's endpoint, or NULL. */
struct lesson *login_lesson(const struct login *login);
/* False if the name is too long for any host. */
bool login_endpoint(const struct login *login, const struct sm_snapshot *snapshot,
                    char endpoint[LOGIN_ENDPOINT_SIZE]);
/* Says what in the secret keeps it from being tried, or NULL. */
const char *login_missing(const struct login *login, const struct sm_snapshot *snapshot);
bool login_same_password(const struct sm_snapshot *a, const struct sm_snapshot *b);
/* The connection of the current attempt is for one user and database at one endpoint. */
bool login_fits(const struct login *login, const struct sm_snapshot *snapshot);
bool login_within_budget(const struct login *login, const struct sm_snapshot *snapshot,
                         const char *stage, int64_t *out_until_ms);
/* Takes another snapshot to be tried. */
void login_set_current(struct login *login, struct sm_snapshot *snapshot, const char *stage);
/* The current version is refused, by this login's attempt or by another's. */
void login_note_tried(struct login *login, bool for_its_role);

/* Asks the cache until the login's deadline, as struct cache_query says; done() has the login. */
void login_ask(struct login *login, const char *stage, int64_t fresh_from_ms,
               const char *version_id, cache_done *done);

/* These answer. */
void login_give_up_saying(struct login *login, enum smcred_status status, const char *text);
void login_give_up_limited(struct login *login, int64_t until_ms);
void login_give_up_refused(struct login *login);
/* The current snapshot is to be tried over a new connection. */
void login_dial(struct login *login, bool stale, const struct sm_error *err);
/* The same, if its budget allows that it be sent. */
void login_offer(struct login *login, bool stale, const struct sm_error *err);
/* There is a challenge that was not answered: what is to be proved, if anything? */
void login_decide(struct login *login);

/* The wrong password is on disk, or it takes too long: what is tried next? */
void login_recorded(struct login *login);

/* ---- login_search.c ---- */

/* Looks for another version; what it finds, or what comes of finding nothing, is an answer. */
void login_search(struct login *login, enum search search);

/* ---- login_wait.c ---- */

void login_stop_waiting(struct login *login);
/* Proves the current version, which is known to be right. */
void login_tell_proof(struct login *login);
/* The same of one that may be wrong: one at a time. */
void login_prove_on_trial(struct login *login);
/* Of one that was right, and nothing tells whether it is: no more at a time than may be wrong. */
void login_prove_in_flight(struct login *login);
/* The verdict is there, or will never be: who waited for it goes on. */
void login_land(struct login *login);
/* False: the login's last wrong password is on disk.  Else it waits for that, and whoever waits for
 * its verdict goes on waiting. */
bool login_wait_for_record(struct login *login);
bool login_is_rotating(const struct login *login);
bool login_knows_better(const struct login *login);
/* Until when it may help to wait; 0: it does not. */
int64_t login_window_end(struct login *login);
/* False: there is no window, or it is over. */
bool login_wait(struct login *login);

#endif
