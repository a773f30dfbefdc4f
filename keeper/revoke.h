/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * revoke.h - the kill switch: what an administrator revokes is gone from memory, from mapped pages
 * and from open sessions when he has his answer, and is refused until he lifts it.
 */
#ifndef KEEPER_REVOKE_H
#define KEEPER_REVOKE_H

#include "keeper/keeper.h"
#include "keeper/policy.h"
#include "keeper/revocations.h"

struct revoke_done {
    size_t pages;    /* cached snapshots that were wiped, with their pages */
    size_t sessions; /* told to end */
    bool unknown;    /* a version that nothing here has seen: perhaps a slip of the pen */
};

/* Has this keeper seen a version of that id, or is it of another kind?  Asks nobody. */
bool revoke_knows(const struct keeper *keeper, const struct revocation *revocation);
/* After the revocation was added: withdraws what it covers. */
struct revoke_done revoke_apply(struct keeper *keeper, const struct revocation *revocation);
/* Ends one session of `status`.  Errors: SMCRED_NOT_FOUND. */
SM_MUST_CHECK enum smcred_status revoke_session(struct keeper *keeper, uint64_t id, const char *by,
                                                const char *reason);

/* A version that is revoked has come into the cache again, by a moved label: out with it. */
void revoke_tick(struct keeper *keeper);

/* Before the secret is read, of whoever asks.  Allowed, or not with rule and sentence. */
struct policy_decision revoke_decide(const struct keeper *keeper,
                                     const struct config_target *target,
                                     const struct sm_peer *peer);
/* When it has been read.  A revoked version is dropped soon, so that a newer one is found. */
struct policy_decision revoke_decide_version(struct keeper *keeper,
                                             const struct config_target *target,
                                             const struct sm_snapshot *snapshot);

#endif
