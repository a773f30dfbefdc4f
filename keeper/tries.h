/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tries.h - how often may somebody guess?  Wrong passwords per thing that is guessed at.
 *
 * A key is what the caller counts by: a secret and a host, a host, a secret; its digest is kept.
 * Each wrong one costs
 * `window_ms / max`, which time gives back: after `max` at once there is one more in each such
 * part of the window.  Guesses that are under way count as wrong ones, but for a key without any:
 * so many may log in at once, and only who guessed wrong has to queue.
 *
 * The loop's thread alone calls this.
 */
#ifndef KEEPER_TRIES_H
#define KEEPER_TRIES_H

#include "common/bytes.h"
#include "libsmcred/smcred.h"

#define TRIES_KEYS_DEFAULT 16384 /* the least recently used one is forgotten */
#define TRIES_AT_ONCE      64    /* under way for a key without a wrong one */

struct tries;

struct tries_limit {
    unsigned max;
    int64_t window_ms;
};

/*   now_ms    sm_boot_ms
 *   keys_max  0: TRIES_KEYS_DEFAULT */
SM_MUST_CHECK enum smcred_status tries_new(int64_t (*now_ms)(void), size_t keys_max,
                                           struct tries **out_tries);
void tries_free(struct tries *tries);

/*
 * One guess begins.  False: not now, and *out_until_ms, on now_ms(), says when; else
 * tries_end() must follow.  For want of memory it is false, too.
 */
SM_MUST_CHECK bool tries_begin(struct tries *tries, struct sm_bytes key, struct tries_limit limit,
                               int64_t *out_until_ms);
/* It has ended.  An end without a verdict (the secret could not be read) costs nothing. */
void tries_end(struct tries *tries, struct sm_bytes key, struct tries_limit limit, bool wrong);
/* Whoever guessed right is no guesser: what the key's wrong ones cost is given back. */
void tries_forgive(struct tries *tries, struct sm_bytes key);
size_t tries_count(const struct tries *tries);

/* ---- what outlives the keeper ---- */

#define TRIES_DIGEST_SIZE 32

/* A key whose wrong ones are not all given back. */
struct tries_debt {
    uint8_t digest[TRIES_DIGEST_SIZE];
    int64_t owes_ms; /* until they are */
};

/* Grows when a debt does, or is forgiven. */
uint64_t tries_changes(const struct tries *tries);
/* Least recently used first.  `each` must not call back. */
void tries_walk(const struct tries *tries, void (*each)(void *arg, const struct tries_debt *debt),
                void *arg);
/* A debt of before the start.  Errors: SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status tries_restore(struct tries *tries, const struct tries_debt *debt);

#endif
