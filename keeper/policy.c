/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * policy.c - allow lists against kernel identities.
 */
#include "keeper/policy.h"

#include <stdio.h>

#include "keeper/accounts.h"

#define INVALID_AUTHORIZATION "28000" /* invalid_authorization_specification */
#define INSUFFICIENT          "42501" /* insufficient_privilege */

bool policy_granted(const struct config_grants *grants, const struct sm_peer *peer)
{
    if (peer->uid == ACCOUNTS_UID_ANYBODY || peer->uid == (uid_t)-1)
        return false;
    for (size_t i = 0; i < grants->count; i++) {
        const struct config_grant *grant = &grants->list[i];
        if (grant->group ? sm_peer_in_group(peer, grant->id) : peer->uid == grant->id)
            return true;
    }
    return false;
}

static void name_rule(struct policy_decision *decision, const struct config_target *target,
                      const char *key, const struct config_grants *grants)
{
    if (grants->text)
        (void)snprintf(decision->rule, sizeof decision->rule, "target %s: %s = %s", target->name,
                       key, grants->text); /* cut if very long */
    else
        (void)snprintf(decision->rule, sizeof decision->rule, "target %s: no %s", target->name,
                       key);
}

struct policy_decision policy_connect(const struct config_target *target,
                                      const struct sm_peer *peer, const char *operator_name)
{
    struct policy_decision decision = {.allowed = policy_granted(&target->allow, peer)};
    name_rule(&decision, target, "allow", &target->allow);
    if (!decision.allowed) {
        decision.sqlstate = INVALID_AUTHORIZATION;
        (void)snprintf(decision.text, sizeof decision.text,
                       "%s may not use target %s, by rule \"%s\"", operator_name, target->name,
                       decision.rule);
    }
    return decision;
}

struct policy_decision policy_canary(const struct config_target *target)
{
    struct policy_decision decision = {.allowed = true};
    (void)snprintf(decision.rule, sizeof decision.rule, "target %s: a canary", target->name);
    return decision;
}

struct policy_decision policy_value(const struct config_target *target, const struct sm_peer *peer,
                                    const char *operator_name)
{
    struct policy_decision decision = {.allowed = policy_granted(&target->allow_value, peer)};
    name_rule(&decision, target, "allow_value", &target->allow_value);
    if (!decision.allowed) {
        decision.sqlstate = INSUFFICIENT;
        (void)snprintf(decision.text, sizeof decision.text,
                       "%s may not have the value of target %s, by rule \"%s\"", operator_name,
                       target->name, decision.rule);
    }
    return decision;
}

struct policy_decision policy_admin(const struct config *config, const struct sm_peer *peer,
                                    const char *operator_name)
{
    struct policy_decision decision = {.allowed =
                                           peer->uid == 0 || policy_granted(&config->admin, peer)};
    if (peer->uid == 0)
        (void)snprintf(decision.rule, sizeof decision.rule, "root");
    else if (config->admin.text)
        (void)snprintf(decision.rule, sizeof decision.rule, "keeper: admin = %s",
                       config->admin.text);
    else
        (void)snprintf(decision.rule, sizeof decision.rule, "keeper: no admin");
    if (!decision.allowed) {
        decision.sqlstate = INSUFFICIENT;
        (void)snprintf(decision.text, sizeof decision.text,
                       "%s is no administrator, by rule \"%s\"", operator_name, decision.rule);
    }
    return decision;
}

struct policy_decision policy_user(const struct config_target *target, const char *asked,
                                   const char *operator_name, const char *secret_user)
{
    struct policy_decision decision = {.allowed = *asked == '\0' ||
                                                  strcmp(asked, operator_name) == 0 ||
                                                  strcmp(asked, secret_user) == 0};
    (void)snprintf(decision.rule, sizeof decision.rule, "target %s: user", target->name);
    if (!decision.allowed) {
        decision.sqlstate = INVALID_AUTHORIZATION;
        (void)snprintf(decision.text, sizeof decision.text,
                       "target %s logs in as \"%.64s\", not as %.160s: leave the user out, or say "
                       "\"%s\"",
                       target->name, secret_user, log_quote(asked), operator_name);
    }
    return decision;
}

struct policy_decision policy_replication(const struct config_target *target)
{
    struct policy_decision decision = {.allowed = target->replication};
    (void)snprintf(decision.rule, sizeof decision.rule, "target %s: replication = %s", target->name,
                   target->replication ? "yes" : "no");
    if (!decision.allowed) {
        decision.sqlstate = INVALID_AUTHORIZATION;
        (void)snprintf(decision.text, sizeof decision.text,
                       "target %s permits no replication connections, by rule \"%s\"", target->name,
                       decision.rule);
    }
    return decision;
}

void policy_fitting(const struct config *config, const struct sm_peer *peer, char *out_text,
                    size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < config->target_count && len < size; i++) {
        if (!policy_granted(&config->targets[i].allow, peer))
            continue;
        int put = snprintf(out_text + len, size - len, "%s%s",
                           len == 0 ? "Targets you may use: " : ", ", config->targets[i].name);
        len += put > 0 ? (size_t)put : 0;
    }
    if (len == 0)
        (void)snprintf(out_text, size, "There is no target you may use.");
    else if (len + 1 < size)
        (void)snprintf(out_text + len, size - len, ".");
    else
        (void)snprintf(out_text + size - 4, 4, "..."); /* many */
}
