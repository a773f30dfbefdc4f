/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keeper.h - the keeper process: what its parts share, and its life from start to reload to stop.
 *
 * Included by the keeper's outer modules (listen, control, relays, sessions); the inner ones
 * (core.mk) know nothing of it.
 */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include "common/peer.h"
#include "common/wire.h"
#include "keeper/config.h"
#include "keeper/options.h"

#define KEEPER_EXIT_CONFIG 78  /* EX_CONFIG of sysexits.h: starting again would not help */
#define KEEPER_EXIT_HUNG   70  /* EX_SOFTWARE */
#define KEEPER_TICK_MS     500 /* how often deadlines of minor weight are looked at */

struct attempts;
struct attempts_file;
struct audit;
struct audit_line;
struct cache;
struct cache_state;
struct canaries;
struct control;
struct drift;
struct endpoints;
struct event;
struct event_base;
struct humans;
struct index_writer;
struct localtls;
struct people;
struct places;
struct listeners;
struct logins;
struct mends;
struct proofs;
struct relays;
struct revocations;
struct resolver;
struct sessions;
struct source;
struct survey;
struct tries;
struct tries_file;
struct turns;
struct watch;
struct workers;

struct keeper {
    const struct options *options;
    struct event_base *base;
    struct sm_vault *vault;
    struct config *config;
    struct workers *fetchers;  /* source modules and long PBKDF2 */
    struct workers *lookups;   /* getaddrinfo() */
    struct workers *hashers;   /* crypt() of typed passwords */
    struct turns *hashing;     /* theirs */
    struct workers *directory; /* NSS */
    struct workers *writers;   /* of state files: two, so that each has one */
    struct people *names;      /* theirs, by uid */
    struct people *people;     /* theirs */
    struct cache *cache;
    struct watch *watch;
    struct proofs *proofs;
    struct resolver *resolver;
    struct attempts *attempts;
    struct attempts_file *attempts_file;
    struct tries *tries;
    struct tries_file *tries_file;
    struct logins *logins;
    struct audit *audit;
    struct index_writer *index;
    struct survey *survey;
    struct endpoints *endpoints;
    struct places *places;
    struct localtls *localtls;
    struct relays *relays;
    struct sessions *sessions;
    struct humans *humans;
    struct revocations *revocations;
    struct canaries *canaries;
    struct drift *drift;
    struct mends *mends;
    struct listeners *listeners;
    struct control *control;
    struct event *events[5]; /* signals, the parent, the tick */
    int64_t started_ms;      /* wall clock */
    int parent_fd;
    int exit_code;
    bool audit_fails;       /* its last line could not be written */
    bool revoked_came_back; /* a revoked version was met in the cache: drop it at the next tick */
    bool index_is_old;      /* a secret brought another port: write it at the next tick */
    int64_t sweep_at_ms;    /* when logins are looked at next whose process may be gone */
    int64_t alive_at_ms;    /* when the parent is told next that the loop turns */
};

/* Runs the keeper until it is told to stop.  `parent_fd` is its end of S0.  Returns an exit code.
 */
int keeper_run(const struct options *options, int parent_fd);

/* Writes a line of the audit log.  False: it could not be written and nothing may be done that is
 * not in it ([audit] on_error = refuse); then that is logged. */
SM_MUST_CHECK bool keeper_audit(struct keeper *keeper, struct audit_line *line);
/* Asks the parent for something (common/parent.h); `id` is a uid or pid by `tag`. */
SM_MUST_CHECK bool keeper_ask_parent(struct keeper *keeper, uint16_t verb, uint16_t tag,
                                     uint32_t id);
/* A random number that is not 0: for sessions and audit ids. */
uint64_t keeper_random_id(void);

#endif
