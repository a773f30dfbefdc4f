/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * documents.c - JSON out; nothing here decides, policy.c does.
 *
 * A member that cJSON could not add for want of memory is missing; the client sees a document that
 * says less, which is no worse than none.
 */
#include "keeper/documents.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "keeper/accounts.h"
#include "keeper/attempts.h"
#include "keeper/canary.h"
#include "keeper/engine.h"
#include "keeper/humans.h"
#include "keeper/index.h"
#include "keeper/localtls.h"
#include "keeper/login.h"
#include "keeper/memfile.h"
#include "keeper/places.h"
#include "keeper/policy.h"
#include "keeper/proof.h"
#include "keeper/relays.h"
#include "keeper/revoke.h"
#include "keeper/secret_id.h"
#include "keeper/sessions.h"

static void text(cJSON *object, const char *key, const char *value)
{
    (void)cJSON_AddStringToObject(object, key, value ? value : "");
}

static void number(cJSON *object, const char *key, double value)
{
    (void)cJSON_AddNumberToObject(object, key, value);
}

static void flag(cJSON *object, const char *key, bool value)
{
    (void)cJSON_AddBoolToObject(object, key, value);
}

static void hex(cJSON *object, const char *key, uint64_t id)
{
    char digits[20];
    (void)snprintf(digits, sizeof digits, "%016llx", (unsigned long long)id); /* fits */
    text(object, key, digits);
}

/* A new object in a list; an object that belongs to nobody if memory is short is NULL. */
static cJSON *row(cJSON *list)
{
    cJSON *object = cJSON_CreateObject();
    if (object && !cJSON_AddItemToArray(list, object)) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

/* ---- targets ---- */

static void put_matches(cJSON *object, const struct config_target *target)
{
    cJSON *list = cJSON_AddArrayToObject(object, "match");
    for (size_t i = 0; list && i < target->match_count; i++) {
        const struct config_match *match = &target->matches[i];
        char typed[INDEX_HOST_MAX + 16];
        (void)snprintf(typed, sizeof typed, match->port ? "%s:%u" : "%s", match->host, match->port);
        cJSON *item = cJSON_CreateString(typed);
        if (item && !cJSON_AddItemToArray(list, item))
            cJSON_Delete(item);
    }
}

static void put_target(const struct keeper *keeper, cJSON *object,
                       const struct config_target *target)
{
    char path[INDEX_PATH_MAX] = "";
    struct place place = places_of(keeper->places, target->secret);
    if (!index_socket_path(keeper->options->runtime_dir, target, path))
        path[0] = '\0';
    text(object, "name", target->name);
    text(object, "engine", engine_name(target->engine));
    text(object, "description", target->description);
    put_matches(object, target);
    text(object, "socket", path);
    text(object, "user", place.username);
    text(object, "dbname", target->dbname ? target->dbname : place.dbname);
    const char *host = target->host ? target->host : place.host;
    text(object, "host", host);
    if (target->hostaddr)
        text(object, "hostaddr", target->hostaddr);
    number(object, "port", target->port ? target->port : place.port);
    flag(object, "place_known", places_know(keeper->places, target));
    /* A Unix socket is spoken to without TLS, whatever the target says. */
    bool socket = !target->hostaddr && *host == '/';
    flag(object, "client_cert", target->client_cert != NULL);
    flag(object, "local_tls", target->local_tls);
    text(object, "local_ca", localtls_ca_path(keeper->localtls, target));
    text(object, "on_drift", target->mends ? "rotate" : "alarm");
    text(object, "tls", config_tls_name(socket ? ORC_TLS_DISABLE : target->tls));
}

cJSON *documents_targets(struct keeper *keeper, const struct sm_peer *peer, const char *name)
{
    cJSON *document = cJSON_CreateObject();
    text(document, "operator", name);
    cJSON *list = cJSON_AddArrayToObject(document, "targets");
    for (size_t i = 0; list && i < keeper->config->target_count; i++) {
        const struct config_target *target = &keeper->config->targets[i];
        struct policy_decision decision = policy_connect(target, peer, name);
        cJSON *object = decision.allowed ? row(list) : NULL;
        if (!object)
            continue;
        put_target(keeper, object, target);
        text(object, "rule", decision.rule);
        flag(object, "value", policy_value(target, peer, name).allowed);
    }
    return document;
}

/* ---- explain ---- */

/* "RUNDIR/NAME", as `psql -h` takes it, or a target's name. */
static const struct config_target *target_of_name(const struct keeper *keeper, const char *typed)
{
    const char *directory = keeper->options->runtime_dir;
    size_t len = strlen(directory);
    if (strncmp(typed, directory, len) == 0 && typed[len] == '/')
        typed += len + 1;
    return config_find(keeper->config, typed);
}

/* By the index that the shim reads, so that what is said here is what happens there. */
static const struct config_target *target_of_host(const struct keeper *keeper, const char *typed,
                                                  uint32_t port)
{
    char host[INDEX_HOST_MAX];
    uint32_t said = 0;
    if (!config_parse_host(typed, host, &said))
        return NULL;
    if (port == 0)
        port = said;
    const char *name = port ? index_look_up(keeper->index, host, port) : NULL;
    /* Without a port a client takes its engine's. */
    for (uint32_t engine = INDEX_POSTGRES; port == 0 && !name && engine_port(engine); engine++)
        name = index_look_up(keeper->index, host, engine_port(engine));
    return name ? config_find(keeper->config, name) : NULL;
}

cJSON *documents_explain(struct keeper *keeper, const struct sm_peer *peer, const char *name,
                         const char *host, uint32_t port, bool admin)
{
    cJSON *document = cJSON_CreateObject();
    const struct config_target *target = target_of_host(keeper, host, port);
    bool by_name = !target && *host != '/';
    if (!target)
        target = target_of_name(keeper, host);
    text(document, "asked_host", host);
    if (port > 0)
        number(document, "asked_port", port);
    text(document, "operator", name);
    number(document, "uid", peer->uid);
    if (!target) {
        text(document, "decision", "none");
        text(document, "text",
             "no target has this host and port: the connection is not smcred's, unless the name's "
             "addresses are a target's");
        return document;
    }
    struct policy_decision decision = policy_connect(target, peer, name);
    struct policy_decision value = policy_value(target, peer, name);
    struct policy_decision revoked = revoke_decide(keeper, target, peer);
    if (!revoked.allowed)
        decision = value = revoked;
    text(document, "decision", decision.allowed ? "allow" : "deny");
    text(document, "target", target->name);
    text(document, "secret", admin ? target->secret : "");
    text(document, "rule", decision.rule);
    text(document, "text",
         !decision.allowed ? decision.text
         : by_name ? "'smcred connect' with this name is logged in; as a host it is not smcred's"
                   : "the connection is logged in by smcred");
    if (decision.allowed)
        put_target(keeper, document, target);
    text(document, "value_decision", value.allowed ? "allow" : "deny");
    text(document, "value_rule", value.rule);
    text(document, "replication_rule", policy_replication(target).rule);
    return document;
}

/* ---- status ---- */

struct summary {
    cJSON *list; /* NULL: count only */
    size_t stale, failing;
    char error[SM_ERROR_TEXT_MAX];
};

static void put_cached(void *arg, const struct cache_state *state)
{
    struct summary *summary = arg;
    if (!*state->stage)
        return; /* a stage map spares reads; without it nothing is amiss */
    bool stale = state->stale_for_ms > 0;
    summary->stale += stale;
    if (state->last_status != SMCRED_OK && state->last_error[0]) {
        summary->failing++;
        (void)snprintf(summary->error, sizeof summary->error, "%s", state->last_error);
    }
    cJSON *object = summary->list ? row(summary->list) : NULL;
    if (!object)
        return;
    text(object, "secret", state->id);
    text(object, "stage", state->stage);
    text(object, "version", state->version_id);
    text(object, "state",
         stale                             ? "stale"
         : state->age_ms >= 0              ? "fresh"
         : state->last_status == SMCRED_OK ? "empty"
                                           : sm_status_text(state->last_status));
    number(object, "age_s", state->age_ms < 0 ? -1 : (double)(state->age_ms / 1000));
    number(object, "expires_in_s", (double)(state->expires_in_ms / 1000));
    number(object, "stale_for_s", (double)(state->stale_for_ms / 1000));
    number(object, "retry_in_s", (double)(state->retry_in_ms / 1000));
    number(object, "hits", (double)state->hits);
    number(object, "fetches", (double)state->fetches);
    number(object, "failures", (double)state->failures);
    number(object, "waiting", (double)state->waiting);
    flag(object, "shared", state->shared);
    text(object, "last_error", state->last_error);
}

static void put_account(void *arg, const struct attempts_state *state)
{
    cJSON *object = row(arg);
    char until[ATTEMPTS_UNTIL_MAX] = "";
    if (!object)
        return;
    if (state->refused_for_ms > 0)
        attempts_write_until(state->refused_for_ms, until);
    text(object, "account", state->account.user);
    text(object, "endpoint", state->account.endpoint);
    number(object, "wrong", state->count);
    number(object, "wrong_max", state->wrong_max);
    number(object, "refused_for_s", (double)((state->refused_for_ms + 999) / 1000));
    text(object, "refused_until", until);
}

static void put_verdict(void *arg, const struct logins_state *state)
{
    char at[32] = "";
    time_t seconds = (time_t)((sm_wall_ms() - state->age_ms) / 1000);
    struct tm parts;
    cJSON *object = row(arg);
    if (!object)
        return;
    if (gmtime_r(&seconds, &parts))
        (void)strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &parts);
    text(object, "secret", state->secret_id);
    text(object, "version", state->version_id);
    text(object, "endpoint", state->endpoint);
    text(object, "user", state->user);
    text(object, "verdict", state->right ? "proven" : "refused");
    text(object, "at", at);
}

struct session_rows {
    cJSON *list;
    uid_t uid;
    bool all;
};

static void put_session(void *arg, const struct sessions_state *state)
{
    const struct session_rows *rows = arg;
    cJSON *object = rows->all || state->uid == rows->uid ? row(rows->list) : NULL;
    if (!object)
        return;
    hex(object, "id", state->id);
    text(object, "operator", state->operator_name);
    number(object, "uid", state->uid);
    text(object, "target", state->target);
    text(object, "state", state->state);
    text(object, "user", state->user);
    text(object, "dbname", state->dbname);
    text(object, "endpoint", state->endpoint);
    number(object, "backend_pid", state->backend_pid);
    number(object, "pid", state->pid);
    number(object, "age_s", (double)(state->age_ms / 1000));
    if (rows->all)
        text(object, "version", state->version_id);
}

static void put_relays(const struct keeper *keeper, cJSON *document, const struct session_rows *who)
{
    cJSON *list = cJSON_AddArrayToObject(document, "relays");
    for (const struct relay *at = relays_first(keeper->relays); list && at; at = at->next) {
        cJSON *object = who->all || at->uid == who->uid ? row(list) : NULL;
        if (!object)
            continue;
        text(object, "operator", at->operator_name);
        number(object, "uid", at->uid);
        number(object, "pid", at->pid);
        number(object, "sessions", (double)at->session_count);
        text(object, "state", at->draining ? "draining" : at->pid > 0 ? "running" : "starting");
    }
}

/* What is not as it should be, in words; "" if all is. */
static void put_state(const struct keeper *keeper, cJSON *document, const struct summary *summary,
                      bool admin)
{
    char secrets[SM_ERROR_TEXT_MAX + 128] = "", words[sizeof secrets + 64];
    if (summary->stale > 0 || summary->failing > 0)
        (void)snprintf(secrets, sizeof secrets,
                       "%zu secrets are served stale, %zu cannot be read%s%s", summary->stale,
                       summary->failing, admin && summary->error[0] ? ": " : "",
                       admin ? summary->error : "");
    (void)snprintf(words, sizeof words, "%s%s%s", secrets,
                   secrets[0] && keeper->audit_fails ? "; " : "",
                   keeper->audit_fails ? "the audit log cannot be written" : "");
    text(document, "state", words[0] ? "degraded" : "ok");
    text(document, "text", words[0] ? words : "secrets are fresh");
}

static void put_revocation(cJSON *object, const struct revocation *revocation)
{
    text(object, "kind", revocation_kind_name(revocation->kind));
    text(object, "name", revocation->name);
    text(object, "version", revocation->version);
    text(object, "by", revocation->by);
    text(object, "reason", revocation->reason);
    number(object, "at", (double)(revocation->at_ms / 1000));
}

static void put_revocations(const struct keeper *keeper, cJSON *document)
{
    cJSON *list = cJSON_AddArrayToObject(document, "revocations");
    for (size_t i = 0; list && i < keeper->revocations->count; i++) {
        cJSON *object = row(list);
        if (object)
            put_revocation(object, &keeper->revocations->list[i]);
    }
}

static void put_logins(const struct keeper *keeper, cJSON *document)
{
    cJSON *list = cJSON_AddArrayToObject(document, "logins");
    const struct human_login *at = list ? humans_first(keeper->humans) : NULL;
    for (; at; at = at->next) {
        cJSON *object = row(list);
        if (!object)
            continue;
        hex(object, "id", at->id);
        text(object, "human", at->human->user);
        text(object, "user", at->user);
        text(object, "service", at->service);
        text(object, "tty", at->human->tty);
        text(object, "rhost", at->human->rhost);
        hex(object, "login_session", at->human->login);
        number(object, "pid", at->process.pid);
        if (at->audit_session != SM_ID_UNKNOWN)
            number(object, "audit_session", at->audit_session);
        number(object, "age_s", (double)((sm_wall_ms() - at->opened_at_ms) / 1000));
    }
}

cJSON *documents_status(struct keeper *keeper, const struct sm_peer *peer, bool admin)
{
    struct summary summary = {.list = NULL};
    cJSON *document = cJSON_CreateObject();
    struct session_rows rows = {.uid = peer->uid, .all = admin};
    text(document, "version", PACKAGE_VERSION);
    cJSON *cached = cJSON_CreateArray();
    summary.list = admin ? cached : NULL;
    cache_walk(keeper->cache, put_cached, &summary);
    put_state(keeper, document, &summary, admin);
    number(document, "pid", (double)getpid());
    number(document, "uptime_s", (double)((sm_wall_ms() - keeper->started_ms) / 1000));
    number(document, "targets", (double)keeper->config->target_count);
    number(document, "stale", (double)summary.stale);
    number(document, "failing", (double)summary.failing);
    flag(document, "hidden_memory", sm_vault_hidden(keeper->vault));
    flag(document, "admin", admin);
    if (admin)
        number(document, "scram_keys", (double)proofs_count(keeper->proofs));
    if (!admin || !cached || !cJSON_AddItemToObject(document, "cache", cached))
        cJSON_Delete(cached);
    cJSON *wrong = admin ? cJSON_AddArrayToObject(document, "accounts") : NULL;
    if (wrong)
        attempts_walk(keeper->attempts, put_account, wrong);
    cJSON *verdicts = admin ? cJSON_AddArrayToObject(document, "versions") : NULL;
    if (verdicts)
        logins_walk(keeper->logins, put_verdict, verdicts);
    put_relays(keeper, document, &rows);
    rows.list = cJSON_AddArrayToObject(document, "sessions");
    if (rows.list)
        sessions_walk(keeper->sessions, put_session, &rows);
    if (admin) {
        put_logins(keeper, document);
        put_revocations(keeper, document);
    }
    return document;
}

/* Whose secret it is: none may be a slip of the pen. */
static void put_targets_of(cJSON *object, const struct config *config, const char *secret)
{
    cJSON *list = cJSON_AddArrayToObject(object, "targets");
    for (size_t i = 0; list && i < config->target_count; i++) {
        const struct config_target *target = &config->targets[i];
        if (secret_id_same(target->secret, secret))
            (void)cJSON_AddItemToArray(list, cJSON_CreateString(target->name));
    }
}

cJSON *documents_revoked(const struct keeper *keeper, const struct revocation *revocation,
                         const struct revoke_done *done, bool lifted)
{
    cJSON *object = cJSON_CreateObject();
    put_revocation(object, revocation);
    if (revocation->kind != REVOKED_USER)
        put_targets_of(object, keeper->config, revocation->name);
    flag(object, "lifted", lifted);
    number(object, "values_wiped", (double)done->pages);
    number(object, "sessions_ended", (double)done->sessions);
    if (done->unknown)
        flag(object, "unknown", true);
    return object;
}

cJSON *documents_ended(const char *session, const char *by, const char *reason)
{
    cJSON *object = cJSON_CreateObject();
    text(object, "kind", "session");
    text(object, "name", session);
    text(object, "by", by);
    text(object, "reason", reason);
    number(object, "sessions_ended", 1);
    return object;
}

cJSON *documents_proven(const struct config_target *target, const struct canary_result *result)
{
    cJSON *object = cJSON_CreateObject();
    text(object, "target", target->name);
    text(object, "secret", target->secret);
    text(object, "outcome", result->status == SMCRED_OK ? "proven" : "refused");
    text(object, "version", result->version_id);
    text(object, "stage", result->stage);
    text(object, "user", result->user);
    text(object, "endpoint", result->endpoint);
    number(object, "attempt", result->attempt);
    number(object, "took_ms", (double)result->took_ms);
    text(object, "text", result->text);
    return object;
}

cJSON *documents_refreshed(const char *secret, const struct cache_answer *answer)
{
    cJSON *object = cJSON_CreateObject();
    text(object, "secret", secret);
    text(object, "status", sm_status_text(answer->status));
    text(object, "version", answer->snapshot ? answer->snapshot->version_id : "");
    flag(object, "stale", answer->stale);
    text(object, "text", answer->err->text);
    return object;
}

enum smcred_status documents_seal(const cJSON *document, int *out_fd)
{
    char *json = document ? cJSON_PrintUnformatted(document) : NULL;
    if (!json)
        return SMCRED_NO_MEMORY;
    enum smcred_status status = memfile_new("smcred-document", sm_bytes_of(json), out_fd);
    cJSON_free(json);
    return status;
}
