/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * policy.h - who may do what on which target.  Pure functions of configuration and peer: the same
 * ones decide for a session and explain.
 */
#ifndef KEEPER_POLICY_H
#define KEEPER_POLICY_H

#include "common/peer.h"
#include "keeper/config.h"

#define POLICY_RULE_MAX 320
#define POLICY_TEXT_MAX 512

struct policy_decision {
    bool allowed;
    char rule[POLICY_RULE_MAX]; /* "target orders: allow = @dba alice" */
    char text[POLICY_TEXT_MAX]; /* one sentence for a person, if not allowed */
    const char *sqlstate;       /* five characters, if not allowed */
};

/* Is this peer on the list?  Who may be anybody is nobody here, whatever the lists say. */
bool policy_granted(const struct config_grants *grants, const struct sm_peer *peer);

/* To be logged in at the target. */
struct policy_decision policy_connect(const struct config_target *target,
                                      const struct sm_peer *peer, const char *operator_name);
/* To be logged in as a canary: always, as nobody gets the session. */
struct policy_decision policy_canary(const struct config_target *target);
/* To have the secret's value. */
struct policy_decision policy_value(const struct config_target *target, const struct sm_peer *peer,
                                    const char *operator_name);
/* To see everything and to refresh: root, and `admin`. */
struct policy_decision policy_admin(const struct config *config, const struct sm_peer *peer,
                                    const char *operator_name);

/*
 * The user a client asked for: none, the operator's own name and the secret's user are one and the
 * same, anything else is refused, so that nobody believes to be somebody else.
 *   asked  "" if the client named none
 */
struct policy_decision policy_user(const struct config_target *target, const char *asked,
                                   const char *operator_name, const char *secret_user);

/* A replication connection. */
struct policy_decision policy_replication(const struct config_target *target);

/* "Targets you may use: billing, orders." or that there are none. */
void policy_fitting(const struct config *config, const struct sm_peer *peer, char *out_text,
                    size_t size);

#endif
