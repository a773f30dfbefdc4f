/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * simulated.c - JSON out.  Called by control.c.
 */
#include "keeper/simulated.h"

#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "keeper/cache.h"
#include "keeper/engine.h"
#include "keeper/places.h"
#include "keeper/revoke.h"
#include "keeper/sessions.h"
#include "keeper/simulate.h"

static const struct scenario {
    const char *name, *text;
    enum simulate_event event;
} scenarios[] = {
    {"sm-down", "Secrets Manager does not answer", SIMULATE_SM_DOWN},
    {"rotated", "the database and AWSCURRENT have a new version, which the keeper has not seen",
     SIMULATE_ROTATED},
    {"half-rotated", "the database has the password of AWSPENDING, and AWSCURRENT has not moved",
     SIMULATE_HALF_ROTATED},
    {"changed", "the database has another password, and Secrets Manager nothing newer",
     SIMULATE_CHANGED},
};

static const struct scenario *find_scenario(const char *name)
{
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return &scenarios[i];
    return NULL;
}

bool simulated_knows(const char *scenario)
{
    return find_scenario(scenario) != NULL;
}

static void text(cJSON *object, const char *key, const char *value)
{
    (void)cJSON_AddStringToObject(object, key, value); /* missing for want of memory; so below */
}

static void number(cJSON *object, const char *key, double value)
{
    (void)cJSON_AddNumberToObject(object, key, value);
}

static void moment(cJSON *object, const char *key, int64_t boot_ms)
{
    char at[32] = "";
    time_t seconds = (time_t)((sm_wall_ms() + boot_ms - sm_boot_ms()) / 1000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts))
        (void)strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &parts);
    text(object, key, at);
}

/* ---- one login ---- */

/* A version that is revoked is not used, whoever asks. */
static const char *forbid(const void *arg, const struct sm_snapshot *version)
{
    static char words[REVOCATIONS_TEXT_MAX];
    const struct keeper *keeper = arg;
    const struct revocation *found = revocations_of_version(keeper->revocations, version);
    if (found)
        revocation_say(found, words);
    return found ? words : NULL;
}

static const char *plural(unsigned count)
{
    return count == 1 ? "" : "s";
}

/* The whole story in a sentence; what it was made of stands beside it. */
static void say(const struct simulate_result *result, char *out, size_t size)
{
    char wait[64] = "";
    if (result->took_ms > 0)
        (void)snprintf(wait, sizeof wait, "after %.1f s of waiting, ",
                       (double)result->took_ms / 1000); /* fits */
    if (result->status == SMCRED_OK)
        (void)snprintf(out, size,
                       "%slogs in as %s with %sversion %s (%s); %u connection%s, %u wrong "
                       "password%s, %u GetSecretValue, %u DescribeSecret",
                       wait, result->user, result->stale ? "the stale " : "", result->version_id,
                       result->stage, result->connections, plural(result->connections),
                       result->wrong, plural(result->wrong), result->values, result->maps);
    else
        (void)snprintf(out, size, "%sis refused (%s): %s%s", wait,
                       sessions_sqlstate(result->status), result->text,
                       result->drifted ? "; an alarm names the sessions since it was right" : "");
}

static void put_steps(cJSON *object, const struct simulate_result *result)
{
    cJSON *list = cJSON_AddArrayToObject(object, "steps");
    for (size_t i = 0; list && i < result->step_count; i++) {
        cJSON *item = cJSON_CreateString(result->steps[i]);
        if (item && !cJSON_AddItemToArray(list, item))
            cJSON_Delete(item);
    }
}

static void put_result(cJSON *object, const struct simulate_result *result)
{
    char words[SM_ERROR_TEXT_MAX + 512];
    bool in = result->status == SMCRED_OK;
    say(result, words, sizeof words);
    text(object, "outcome", in ? "in" : "refused");
    text(object, "text", words);
    text(object, "sqlstate", in ? "" : sessions_sqlstate(result->status));
    text(object, "version", result->version_id);
    text(object, "stage", result->stage);
    text(object, "user", result->user);
    text(object, "endpoint", result->endpoint);
    (void)cJSON_AddBoolToObject(object, "stale", result->stale);
    (void)cJSON_AddBoolToObject(object, "alarm", result->drifted);
    number(object, "connections", result->connections);
    number(object, "wrong_passwords", result->wrong);
    number(object, "get_secret_value", result->values);
    number(object, "describe_secret", result->maps);
    number(object, "waits_ms", (double)result->took_ms);
    put_steps(object, result);
}

/* False: nothing was found out. */
static bool put_login(cJSON *object, const struct simulate_options *options)
{
    sm_autofree struct simulate_result *result = malloc(sizeof *result);
    if (!result || simulate_login(options, result) != SMCRED_OK)
        return false;
    put_result(object, result);
    return true;
}

/* ---- one target ---- */

/* When the login that gets in now does not any more: AWSCURRENT, or the version that is right, has
 * become too old. */
static int64_t end_of(const struct simulate_options *options, const char *stage)
{
    const char *secret_id = options->where.secret_id;
    int64_t until_ms = cache_served_until(options->cache, secret_id, CACHE_STAGE_DEFAULT);
    int64_t other_ms = cache_served_until(options->cache, secret_id, stage);
    return other_ms < until_ms ? other_ms : until_ms;
}

/* The outage goes on: when does what is held end, and what comes then? */
static bool put_end(cJSON *object, struct simulate_options *options)
{
    const char *stage = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "stage"));
    int64_t until_ms = end_of(options, stage ? stage : CACHE_STAGE_DEFAULT);
    if (until_ms <= options->at_ms)
        return true; /* it is now */
    moment(object, "served_until", until_ms);
    number(object, "served_for_s", (double)((until_ms - options->at_ms) / 1000));
    cJSON *then = cJSON_AddObjectToObject(object, "then");
    options->at_ms = until_ms;
    return then && put_login(then, options);
}

static bool put_target(const struct keeper *keeper, cJSON *object,
                       const struct config_target *target, const struct scenario *scenario,
                       const struct sm_peer *peer)
{
    struct policy_decision decision = revoke_decide(keeper, target, peer);
    struct place place = places_of(keeper->places, target->secret);
    struct simulate_options options = {
        .event = scenario->event,
        .cache = keeper->cache,
        .attempts = keeper->attempts,
        .logins = keeper->logins,
        .vault = keeper->vault,
        .where = {.secret_id = target->secret,
                  .host = target->host,
                  .port = target->port,
                  .default_port = engine_port(target->engine)},
        .host = place.host,
        .username = place.username,
        .dbname = place.dbname,
        .at_ms = sm_boot_ms(),
        .forbid = forbid,
        .arg = keeper,
    };
    text(object, "target", target->name);
    if (!decision.allowed) {
        text(object, "outcome", "refused");
        text(object, "text", decision.text);
        text(object, "sqlstate", decision.sqlstate);
        return true;
    }
    return put_login(object, &options) &&
           (scenario->event != SIMULATE_SM_DOWN || put_end(object, &options));
}

cJSON *simulated_document(const struct keeper *keeper, const char *secret_id, const char *scenario,
                          const struct sm_peer *peer)
{
    const struct scenario *found = find_scenario(scenario);
    if (!found)
        return NULL;
    const struct config *config = keeper->config;
    cJSON *document = cJSON_CreateObject();
    text(document, "secret", secret_id);
    text(document, "scenario", found->name);
    text(document, "text", found->text);
    cJSON *list = cJSON_AddArrayToObject(document, "targets");
    bool done = list != NULL;
    for (size_t i = 0; i < config->target_count && done; i++) {
        if (strcmp(config->targets[i].secret, secret_id) != 0)
            continue;
        cJSON *object = cJSON_CreateObject();
        done = object && put_target(keeper, object, &config->targets[i], found, peer) &&
               cJSON_AddItemToArray(list, object);
        if (!done)
            cJSON_Delete(object);
    }
    if (done)
        return document;
    cJSON_Delete(document);
    return NULL;
}
