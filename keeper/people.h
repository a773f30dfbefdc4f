/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * people.h - the host's users, looked up where a directory that hangs stops nobody but those who
 * are in it.
 *
 * NSS may ask a directory, which may take its time: look-ups are done in workers, one per name at a
 * time, and whoever waits has a deadline.  Nothing is kept: who is in which group is the
 * directory's to say, each time.  The loop's thread alone calls this.
 */
#ifndef KEEPER_PEOPLE_H
#define KEEPER_PEOPLE_H

#include "keeper/accounts.h"
#include "libsmcred/smcred.h"

#define PEOPLE_THREADS 8    /* so many look-ups may hang before others wait for them */
#define PEOPLE_MAX     256  /* look-ups under way; more are refused */
#define PEOPLE_NAME_MS 1000 /* who is in a directory that hangs has a number for a name */

struct event_base;
struct people;
struct people_ask;
struct workers;

struct person {
    struct sm_peer peer;
    char name[ACCOUNTS_NAME_MAX];
};

/* The blocking look-up of a key, in a worker: one of the two below; tests give their own. */
typedef bool people_lookup_fn(const char *key, struct person *out_person);
/* By a user's name: `peer`. */
people_lookup_fn people_by_name;
/* By a uid in decimal: `name`. */
people_lookup_fn people_by_uid;

struct people_options {
    struct event_base *base;
    struct workers *workers; /* of its own */
    people_lookup_fn *lookup;
};

SM_MUST_CHECK enum smcred_status people_new(const struct people_options *options,
                                            struct people **out_people);
/* After workers_free() and all who have asked.  NULL is allowed. */
void people_free(struct people *people);

/* `person` is NULL unless the status is SMCRED_OK; borrowed. */
typedef void people_done(void *arg, enum smcred_status status, const struct person *person);

/*
 * Who is this?  Answers through done(), exactly once unless cancelled, from the loop or, when none
 * can be looked up, before this returns; then *out_ask is NULL.
 *   wait_ms  how long to wait at most
 * Answers: SMCRED_OK; SMCRED_NOT_FOUND; SMCRED_TIMED_OUT; SMCRED_LIMITED; SMCRED_UNAVAILABLE (the
 * workers are stopping); SMCRED_NO_MEMORY.
 */
void people_find(struct people *people, const char *key, int64_t wait_ms, people_done *done,
                 void *arg, struct people_ask **out_ask);
/* done() will not be called; the look-up goes on.  NULL is allowed. */
void people_cancel(struct people_ask *ask);

#endif
