/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parts.h - what the keeper's half of S2 stands on, made of one secret and some targets, for
 * whoever plays its relays: test_sessions.c, fuzz_tokeeper.c.
 */
#ifndef TESTS_KEEPER_PARTS_H
#define TESTS_KEEPER_PARTS_H

#include <pwd.h>
#include <stdio.h>

#include "keeper/attempts.h"
#include "keeper/cache.h"
#include "keeper/drift.h"
#include "keeper/endpoints.h"
#include "keeper/humans.h"
#include "keeper/keeper.h"
#include "keeper/localtls.h"
#include "keeper/login.h"
#include "keeper/mend.h"
#include "keeper/people.h"
#include "keeper/proof.h"
#include "keeper/resolver.h"
#include "keeper/revocations.h"

/* What Secrets Manager says now. */
static struct {
    const char *version, *engine, *password, *host;
} secret;

static enum smcred_status parts_fetch(void *arg, const struct sm_source_query *query,
                                      struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    const struct keeper *keeper = arg;
    (void)query;
    (void)err;
    struct sm_secret *password;
    enum smcred_status status =
        sm_secret_new(keeper->vault, sm_bytes_of(secret.password), &password);
    struct sm_snapshot from = {.name = "prod/orders/db",
                               .version_id = secret.version,
                               .username = "app",
                               .host = secret.host,
                               .port = 1111,
                               .dbname = "of_the_secret",
                               .engine = secret.engine,
                               .password = password};
    return status == SMCRED_OK ? sm_snapshot_new(&from, out_snapshot) : status;
}

/* Who runs this may use all targets but "others"; "billing" is MySQL's and
 * "cache" Redis's, at sockets. */
static bool parts_configure(struct keeper *keeper)
{
    const struct passwd *me = getpwuid(getuid());
    char text[2048];
    struct config_problems problems;
    struct config_options how = {.file = "c.conf", .owner = getuid(), .without_files = true};
    if (!me)
        return false;
    (void)snprintf(
        text, sizeof text,
        "[target orders]\nsecret = prod/orders/db\ntls = disable\nlocal_tls = yes\nallow = %s\n"
        "[target mine]\nsecret = prod/orders/db\ntls = disable\nlocal_tls = yes\nallow = "
        "%s\nengine = postgres\n"
        "host = 127.0.0.3\nport = 2222\ndbname = of_the_target\n"
        "[target clear]\nsecret = prod/orders/db\nallow = %s\ncleartext = yes\nmd5 = no\n"
        "host = /nowhere\n"
        "[target open]\nsecret = prod/orders/db\ntls = disable\nallow = %s\ncleartext = yes\n"
        "[target others]\nsecret = prod/orders/db\ntls = disable\n"
        "[target billing]\nsecret = prod/orders/db\nallow = %s\nengine = mariadb\n"
        "host = /nowhere/mysqld.sock\n"
        "[target cache]\nsecret = prod/orders/db\nallow = %s\nengine = redis\n"
        "host = /nowhere/redis.sock\n"
        "[target cache-port]\nsecret = prod/orders/db\nallow = %s\nengine = valkey\n"
        "tls = disable\ncleartext = yes\n",
        me->pw_name, me->pw_name, me->pw_name, me->pw_name, me->pw_name, me->pw_name, me->pw_name);
    return config_parse(&how, sm_bytes_of(text), &keeper->config, &problems) == SMCRED_OK;
}

/* Needs keeper->base and keeper->vault; `workers` as the modules get them. */
static bool parts_new(struct keeper *keeper, struct workers *workers, int64_t (*now_ms)(void),
                      uint32_t (*random_number)(void))
{
    secret.version = "v1";
    secret.engine = "postgres";
    secret.password = "of v1";
    secret.host = "127.0.0.2";
    struct cache_options cache = {.base = keeper->base,
                                  .workers = workers,
                                  .source = {.fetch = parts_fetch, .arg = keeper},
                                  .limits = cache_limits_default(),
                                  .now_ms = now_ms,
                                  .random = random_number};
    struct proofs_options proofs = {workers, keeper->vault, 0};
    struct resolver_options resolver = {
        .base = keeper->base, .workers = workers, .lookup = resolver_lookup, .now_ms = now_ms};
    struct attempts_options attempts = {.now_ms = now_ms};
    struct people_options names = {keeper->base, workers, people_by_uid};
    struct sm_error err;
    if (!parts_configure(keeper) || cache_new(&cache, &keeper->cache) != SMCRED_OK ||
        proofs_new(&proofs, &keeper->proofs) != SMCRED_OK ||
        resolver_new(&resolver, &keeper->resolver) != SMCRED_OK ||
        attempts_new(&attempts, &keeper->attempts) != SMCRED_OK ||
        endpoints_new(&keeper->endpoints) != SMCRED_OK ||
        localtls_new(&keeper->localtls) != SMCRED_OK || drift_new(&keeper->drift) != SMCRED_OK ||
        humans_new(NULL, &keeper->humans) != SMCRED_OK ||
        mends_new(keeper, &keeper->mends) != SMCRED_OK ||
        people_new(&names, &keeper->names) != SMCRED_OK ||
        revocations_load("/nonexistent", &keeper->revocations, &err) != SMCRED_OK)
        return false;
    struct logins_options logins = {.base = keeper->base,
                                    .cache = keeper->cache,
                                    .attempts = keeper->attempts,
                                    .now_ms = now_ms,
                                    .random = random_number};
    return logins_new(&logins, &keeper->logins) == SMCRED_OK;
}

/* Before the workers have ended, and after; the vault may be asked then whether a secret is left.
 */
static void parts_free_logins(struct keeper *keeper)
{
    logins_free(keeper->logins);
    attempts_free(keeper->attempts);
}

static void parts_free(struct keeper *keeper)
{
    resolver_free(keeper->resolver);
    proofs_free(keeper->proofs);
    cache_free(keeper->cache);
    endpoints_free(keeper->endpoints);
    localtls_free(keeper->localtls);
    humans_free(keeper->humans);
    mends_free(keeper->mends);
    people_free(keeper->names);
    drift_free(keeper->drift);
    revocations_free(keeper->revocations);
    config_unref(keeper->config);
}

#endif
