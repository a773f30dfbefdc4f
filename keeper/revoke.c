/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * revoke.c - what a revocation does to the cache, to proofs and to sessions.
 */
#include "keeper/revoke.h"

#include <stdio.h>

#include "keeper/accounts.h"
#include "keeper/cache.h"
#include "keeper/proof.h"
#include "keeper/relays.h"
#include "keeper/secret_id.h"
#include "keeper/sessions.h"
#include "keeper/stages.h"

#define ADMIN_SHUTDOWN        "57P01"
#define INVALID_AUTHORIZATION "28000" /* invalid_authorization_specification */

/* ---- the cache ---- */

/* Every way the configuration spells this secret. */
static size_t drop_secret(struct keeper *keeper, const char *name, const char *version)
{
    const struct config *config = keeper->config;
    size_t dropped = cache_revoke(keeper->cache, name, version);
    for (size_t i = 0; i < config->target_count; i++)
        if (secret_id_same(config->targets[i].secret, name))
            dropped += cache_revoke(keeper->cache, config->targets[i].secret, version);
    proofs_revoke(keeper->proofs, name, version);
    return dropped;
}

/* Pages are shared: what this user may have mapped is dropped for all, and others ask again. */
static size_t drop_values_of(struct keeper *keeper, const char *user)
{
    const struct config *config = keeper->config;
    struct sm_peer peer;
    size_t dropped = 0;
    if (!accounts_peer(user, &peer))
        return 0;
    for (size_t i = 0; i < config->target_count; i++)
        if (policy_value(&config->targets[i], &peer, user).allowed)
            dropped += cache_revoke(keeper->cache, config->targets[i].secret, NULL);
    return dropped;
}

/* ---- sessions ---- */

struct ending {
    const struct revocation *revocation;
    uint64_t *ids;
    size_t count, room;
};

static bool covers(const struct revocation *revocation, const struct sessions_state *state)
{
    switch (revocation->kind) {
    case REVOKED_USER:
        return state->uid == revocation->uid;
    case REVOKED_VERSION:
        return strcmp(state->version_id, revocation->version) == 0 &&
               secret_id_same(state->secret, revocation->name);
    case REVOKED_SECRET:
        return secret_id_same(state->secret, revocation->name);
    case REVOKED_NOTHING:
        break;
    }
    return false;
}

static void note_session(void *arg, const struct sessions_state *state)
{
    struct ending *ending = arg;
    if (ending->count < ending->room && covers(ending->revocation, state))
        ending->ids[ending->count++] = state->id;
}

/* Ids first: telling a relay may lose it, and with it all of its sessions. */
static size_t end_sessions(struct keeper *keeper, const struct revocation *revocation)
{
    char text[REVOCATIONS_TEXT_MAX];
    size_t room = sessions_count(keeper->sessions);
    sm_autofree uint64_t *ids = calloc(room + 1, sizeof *ids);
    struct ending ending = {revocation, ids, 0, room};
    size_t ended = 0;
    if (!ids) {
        log_error("sessions are not ended: out of memory");
        return 0;
    }
    sessions_walk(keeper->sessions, note_session, &ending);
    revocation_say(revocation, text);
    for (size_t i = 0; i < ending.count; i++)
        ended += sessions_end(keeper->sessions, ids[i], ADMIN_SHUTDOWN, text);
    return ended;
}

enum smcred_status revoke_session(struct keeper *keeper, uint64_t id, const char *by,
                                  const char *reason)
{
    char text[REVOCATIONS_TEXT_MAX];
    (void)snprintf(text, sizeof text, "the session was ended by %s%s%s", by, *reason ? ": " : "",
                   reason);
    return sessions_end(keeper->sessions, id, ADMIN_SHUTDOWN, text) ? SMCRED_OK : SMCRED_NOT_FOUND;
}

/* ---- what is known ---- */

struct looking {
    const struct revocation *revocation;
    bool found;
};

static void look_at_entry(void *arg, const struct cache_state *state)
{
    struct looking *looking = arg;
    looking->found |= secret_id_same(state->id, looking->revocation->name) &&
                      strcmp(state->version_id, looking->revocation->version) == 0;
}

static void look_at_session(void *arg, const struct sessions_state *state)
{
    struct looking *looking = arg;
    looking->found |= covers(looking->revocation, state);
}

static bool has_label(const struct stages *map, const char *version_id)
{
    for (size_t i = 0; map && i < map->count; i++)
        if (strcmp(map->list[i].version_id, version_id) == 0)
            return true;
    return false;
}

bool revoke_knows(const struct keeper *keeper, const struct revocation *revocation)
{
    struct looking looking = {revocation, revocation->kind != REVOKED_VERSION};
    cache_walk(keeper->cache, look_at_entry, &looking);
    sessions_walk(keeper->sessions, look_at_session, &looking);
    for (size_t i = 0; i < keeper->config->target_count; i++) {
        const char *secret = keeper->config->targets[i].secret;
        if (secret_id_same(secret, revocation->name))
            looking.found |=
                has_label(cache_known_stages(keeper->cache, secret), revocation->version);
    }
    return looking.found;
}

/* ---- all of it ---- */

struct revoke_done revoke_apply(struct keeper *keeper, const struct revocation *revocation)
{
    struct revoke_done done = {0};
    switch (revocation->kind) {
    case REVOKED_SECRET:
        done.pages = drop_secret(keeper, revocation->name, NULL);
        break;
    case REVOKED_VERSION:
        done.pages = drop_secret(keeper, revocation->name, revocation->version);
        break;
    case REVOKED_USER:
        done.pages = drop_values_of(keeper, revocation->name);
        break;
    case REVOKED_NOTHING:
        return done;
    }
    done.sessions = end_sessions(keeper, revocation);
    relays_forget_kept(keeper->relays);
    return done;
}

void revoke_tick(struct keeper *keeper)
{
    if (!keeper->revoked_came_back)
        return;
    keeper->revoked_came_back = false;
    for (size_t i = 0; i < keeper->revocations->count; i++) {
        const struct revocation *at = &keeper->revocations->list[i];
        if (at->kind == REVOKED_VERSION)
            (void)drop_secret(keeper, at->name, at->version); /* how many does not matter */
    }
}

/* ---- decisions ---- */

static struct policy_decision forbid(const struct revocation *revocation, const char *what)
{
    struct policy_decision decision = {.allowed = !revocation};
    if (!revocation)
        return decision;
    char words[REVOCATIONS_TEXT_MAX];
    revocation_say(revocation, words);
    decision.sqlstate = INVALID_AUTHORIZATION;
    (void)snprintf(decision.rule, sizeof decision.rule, "revoked: %s %.200s",
                   revocation_kind_name(revocation->kind), revocation->name);
    (void)snprintf(decision.text, sizeof decision.text, "target %.64s: %.400s", what, words);
    return decision;
}

struct policy_decision revoke_decide(const struct keeper *keeper,
                                     const struct config_target *target, const struct sm_peer *peer)
{
    const struct revocation *found = revocations_of_user(keeper->revocations, peer->uid);
    if (!found)
        found = revocations_of_secret(keeper->revocations, target->secret);
    return forbid(found, target->name);
}

struct policy_decision revoke_decide_version(struct keeper *keeper,
                                             const struct config_target *target,
                                             const struct sm_snapshot *snapshot)
{
    const struct revocation *found = revocations_of_version(keeper->revocations, snapshot);
    keeper->revoked_came_back |= found != NULL;
    return forbid(found, target->name);
}
