/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * canary.h - a login without a query, to prove a version: for administrators, and by itself when
 * Secrets Manager has a new one (`canary = yes` of a target).
 *
 * It is a session like any other, of the keeper's own uid, through a relay: what a database says is
 * not read here.
 */
#ifndef KEEPER_CANARY_H
#define KEEPER_CANARY_H

#include "keeper/keeper.h"

struct canaries;
struct canary;
struct session;

SM_MUST_CHECK enum smcred_status canaries_new(struct canaries **out_canaries);
/* After sessions_free().  NULL is allowed. */
void canaries_free(struct canaries *canaries);

struct canary_result {
    enum smcred_status status; /* SMCRED_OK: logged in */
    const char *version_id;    /* the version that was tried last; "" if none was */
    const char *stage;         /* the label it was found by */
    const char *user;
    const char *endpoint;
    unsigned attempt;
    int64_t took_ms;
    const char *text; /* why not; "" if logged in */
};
/* Borrowed for the call.  Called once, from the loop or before canary_start() returns. */
typedef void canary_done(void *arg, const struct canary_result *result);

/*
 * Begins one; it ends by itself, as every login has its deadlines.
 *   out_canary  for canary_forget(); set before done() is called, which should clear it
 */
void canary_start(struct keeper *keeper, const struct config_target *target, canary_done *done,
                  void *arg, struct canary **out_canary);
/* done() will not be called; the login goes on.  NULL is allowed. */
void canary_forget(struct canary *canary);

/* Secrets Manager has another version of this secret: its targets with `canary = yes` are proven at
 * the next tick.  May be called while the cache is at work. */
void canary_want(struct keeper *keeper, const char *secret_id, const char *version_id);
void canary_tick(struct keeper *keeper);

/* For sessions.c.  `session` is the canary's; the client's end is closed. */
void canary_logged_in(struct canary *canary, const struct session *session);
/* It was refused: what there is to say, until it ends. */
void canary_refused(struct canary *canary, enum smcred_status status, const char *text);
/* Its session is freed. */
void canary_ended(struct canary *canary, const struct session *session);

#endif
