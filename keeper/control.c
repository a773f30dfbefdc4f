/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * control.c - connections of S1: one request at a time each, answered by the table at the end.
 *
 * A client that speaks before it was answered, or does not read its answers, is closed: nothing is
 * queued for anybody.
 */
#include "keeper/client.h"

#include <event2/event.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/seqpacket.h"
#include "keeper/audit.h"
#include "keeper/cache.h"
#include "keeper/canary.h"
#include "keeper/documents.h"
#include "keeper/humans.h"
#include "keeper/pam.h"
#include "keeper/pam_policy.h"
#include "keeper/people.h"
#include "keeper/revoke.h"
#include "keeper/seats.h"
#include "keeper/secret_id.h"
#include "keeper/sessions.h"
#include "keeper/simulated.h"
#include "keeper/spare.h"

#define RESOLVE_MS 4500 /* less than a client's patience, CTL_TIMEOUT_MS */
#define REFRESH_MS 30000

struct control {
    struct keeper *keeper;
    struct client *first;
    size_t count;
    struct seats *seats;
    struct spare *spare;       /* for the next client that is redirected */
    struct refresh *refreshes; /* of clients, and of clients that have gone */
    bool closing;              /* only refreshes are waited for */
    struct accounts_recent names;
};

/* One REFRESH: as many reads as secrets. */
struct refresh {
    struct refresh *next;
    struct control *control;
    struct client *client; /* NULL: it did not wait */
    size_t waiting;
    size_t unread; /* without a row: memory is short */
    cJSON *document, *rows;
};

struct refresh_row {
    struct refresh *refresh;
    char secret[];
};

enum smcred_status control_new(struct keeper *keeper, struct control **out_control)
{
    struct rlimit limit;
    struct control *control = calloc(1, sizeof *control);
    if (!control)
        return SMCRED_NO_MEMORY;
    control->keeper = keeper;
    size_t most = CONTROL_CLIENTS_MAX;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 4 < most)
        most = limit.rlim_cur / 4; /* a client has two, with the pidfd */
    if (seats_new(most, &control->seats) != SMCRED_OK ||
        spare_new(keeper->base, &control->spare) != SMCRED_OK) {
        seats_free(control->seats);
        free(control);
        return SMCRED_NO_MEMORY;
    }
    *out_control = control;
    return SMCRED_OK;
}

void client_free(struct client *client)
{
    struct control *control = client->control;
    if (client->previous)
        client->previous->next = client->next;
    else
        control->first = client->next;
    if (client->next)
        client->next->previous = client->previous;
    control->count--;
    seats_leave(control->seats, client->peer.uid);
    if (client->ask)
        cache_cancel(client->ask);
    people_cancel(client->naming);
    canary_forget(client->canary);
    pam_request_free(client->pam);
    if (client->refresh)
        client->refresh->client = NULL;
    if (client->readable)
        event_free(client->readable);
    config_unref(client->config);
    sm_close_fd(&client->fd);
    sm_peer_done(&client->peer);
    free(client);
}

static void free_refresh(struct refresh *refresh)
{
    struct control *control = refresh->control;
    struct refresh **at = &control->refreshes;
    while (*at != refresh)
        at = &(*at)->next;
    *at = refresh->next;
    cJSON_Delete(refresh->document);
    free(refresh);
    if (control->closing && !control->refreshes)
        free(control);
}

void control_free(struct control *control)
{
    if (!control)
        return;
    while (control->first)
        client_free(control->first);
    seats_free(control->seats);
    spare_free(control->spare);
    control->closing = true; /* what still waits is answered when the cache is freed */
    if (!control->refreshes)
        free(control);
}

/* ---- answers ---- */

void client_begin_answer(const struct client *client, struct sm_wire_out *out, void *buffer,
                         size_t size)
{
    sm_wire_begin(out, buffer, size, client->verb, SMCRED_OK, client->request_id);
}

void client_answer(struct client *client, struct sm_wire_out *out, int fd)
{
    struct sm_fds fds = {{fd, -1}, fd >= 0 ? 1 : 0};
    enum smcred_status status = sm_wire_finish(out);
    if (status == SMCRED_OK)
        status = sm_seqpacket_send(client->fd, sm_bytes(out->data, out->len), &fds, 0);
    client->busy = false;
    client->last_ms = sm_boot_ms();
    client->gone |= status != SMCRED_OK;
}

void client_refuse(struct client *client, enum smcred_status status, const char *rule,
                   const char *text)
{
    uint8_t buffer[4096];
    char id[20];
    struct sm_wire_out out;
    (void)snprintf(id, sizeof id, "%016llx", (unsigned long long)client->audit_id); /* fits */
    sm_wire_begin(&out, buffer, sizeof buffer, client->verb, status, client->request_id);
    sm_wire_put_text(&out, CTL_TEXT, text);
    sm_wire_put_text(&out, CTL_RULE, rule);
    if (client->audit_id != 0)
        sm_wire_put_text(&out, CTL_AUDIT_ID, id);
    client_answer(client, &out, -1);
}

void client_answer_fd(struct client *client, int fd)
{
    uint8_t buffer[64];
    struct sm_wire_out out;
    client_begin_answer(client, &out, buffer, sizeof buffer);
    client_answer(client, &out, fd);
}

void client_answer_yes(struct client *client)
{
    client_answer_fd(client, -1);
}

void client_refuse_unrecorded(struct client *client)
{
    client_refuse(client, SMCRED_UNAVAILABLE, "audit: on_error = refuse",
                  "the audit log cannot be written, so nothing is granted");
}

void client_answer_document(struct client *client, cJSON *document)
{
    sm_autoclose int fd = -1;
    enum smcred_status status = documents_seal(document, &fd);
    cJSON_Delete(document);
    if (status == SMCRED_OK)
        client_answer_fd(client, fd);
    else
        client_refuse(client, status, NULL, "the keeper is out of memory");
}

/* ---- audit ---- */

void client_put_who(const struct client *client, struct audit_line *line)
{
    const struct human_login *login = humans_of(client->keeper->humans, &client->peer);
    audit_put_peer(line, &client->peer, client->name);
    audit_put_human(line, login ? login->human : NULL);
}

/* One decision of this connection.  False: it cannot be recorded, so it cannot be granted. */
static bool audit_decision(struct client *client, const char *event, const char *target,
                           const struct policy_decision *decision, const char *secret)
{
    struct audit_line line;
    client->audit_id = keeper_random_id();
    audit_begin(&line, sm_wall_ms(), event);
    audit_put_id(&line, "id", client->audit_id);
    client_put_who(client, &line);
    audit_put(&line, "target", target);
    audit_put(&line, "rule", decision->rule);
    audit_put(&line, "secret", secret);
    audit_put(&line, "stage", client->stage);
    audit_put(&line, "outcome", decision->allowed ? "allowed" : "refused");
    audit_put(&line, "text", decision->allowed ? NULL : decision->text);
    return keeper_audit(client->control->keeper, &line);
}

static bool decide(struct client *client, const char *event, const char *target,
                   const struct policy_decision *decision, const char *secret)
{
    bool recorded = audit_decision(client, event, target, decision, secret);
    if (!decision->allowed)
        client_refuse(client, SMCRED_DENIED, decision->rule, decision->text);
    else if (!recorded)
        client_refuse_unrecorded(client);
    return decision->allowed && recorded;
}

/* ---- CONNECT ---- */

static void take_connect(struct client *client, const struct control_request *request)
{
    struct keeper *keeper = client->control->keeper;
    const struct config_target *target = config_find(keeper->config, request->name);
    sm_autoclose int client_end = -1;
    int server_end = -1;
    if (!target) {
        client_refuse(client, SMCRED_NOT_FOUND, NULL, "there is no such target");
        return;
    }
    /* Allowed or not is recorded when the session opens; a refusal is known now. */
    struct policy_decision decision = policy_connect(target, &client->peer, client->name);
    if (!decision.allowed) {
        (void)decide(client, "decision", target->name, &decision, NULL);
        return;
    }
    if (spare_take(client->control->spare, &client_end, &server_end) != SMCRED_OK) {
        log_error("cannot make a loopback connection: %s", strerror(errno));
        client_refuse(client, SMCRED_UNAVAILABLE, NULL,
                      "the keeper cannot make a loopback connection");
        return;
    }
    struct sm_peer peer = client->peer;
    peer.pidfd = -1;
    client_answer_fd(client, client_end); /* first: it has things to do before it wants to read */
    sessions_start(keeper->sessions, target, &peer, server_end, true);
}

/* ---- RESOLVE ---- */

static void answer_resolved(struct client *client, const struct cache_answer *result)
{
    struct keeper *keeper = client->control->keeper;
    int fd = -1;
    enum smcred_status status = result->status;
    if (status != SMCRED_OK) {
        client_refuse(client, status, NULL, result->err->text);
        return;
    }
    struct policy_decision decision =
        revoke_decide_version(keeper, client->target, result->snapshot);
    if (!decision.allowed) {
        (void)decide(client, "value", client->target->name, &decision, client->secret);
        return;
    }
    status = cache_page(keeper->cache, client->secret, client->stage, &fd);
    if (status == SMCRED_OK)
        client_answer_fd(client, fd);
    else
        client_refuse(client, status, NULL, "the secret cannot be shared with this process");
}

static void on_resolved(void *arg, const struct cache_answer *result)
{
    struct client *client = arg;
    bool from_loop = client->ask; /* else from take_resolve() */
    client->ask = NULL;
    answer_resolved(client, result);
    if (from_loop && client->gone)
        client_free(client);
}

/* The target of that name; else one of that secret, preferably one that grants it. */
static const struct config_target *find_value(const struct client *client, const char *name)
{
    const struct config *config = client->control->keeper->config;
    const struct config_target *target = config_find(config, name);
    for (size_t i = 0; !target && i < config->target_count; i++)
        if (strcmp(config->targets[i].secret, name) == 0 &&
            policy_value(&config->targets[i], &client->peer, client->name).allowed)
            target = &config->targets[i];
    for (size_t i = 0; !target && i < config->target_count; i++)
        if (strcmp(config->targets[i].secret, name) == 0)
            target = &config->targets[i];
    return target;
}

/* As that, by any name of the secret: for administrators, to whom no value is given. */
static const struct config_target *find_any(const struct client *client, const char *name)
{
    const struct config *config = client->control->keeper->config;
    const struct config_target *target = find_value(client, name);
    for (size_t i = 0; !target && i < config->target_count; i++)
        if (secret_id_same(config->targets[i].secret, name))
            target = &config->targets[i];
    return target;
}

static void take_resolve(struct client *client, const struct control_request *request)
{
    struct keeper *keeper = client->control->keeper;
    const struct config_target *target = find_value(client, request->name);
    if (!target) {
        client_refuse(client, SMCRED_NOT_FOUND, NULL,
                      "no target has that name, and none has that secret");
        return;
    }
    (void)snprintf(client->stage, sizeof client->stage, "%s",
                   request->stage[0] ? request->stage : CACHE_STAGE_DEFAULT);
    struct policy_decision decision = policy_value(target, &client->peer, client->name);
    struct policy_decision revoked = revoke_decide(keeper, target, &client->peer);
    if (decision.allowed && !revoked.allowed)
        decision = revoked;
    if (!decide(client, "value", target->name, &decision, target->secret))
        return;
    config_unref(client->config);
    client->config = config_ref(keeper->config);
    client->target = target;
    client->secret = target->secret;
    struct cache_query query = {
        .id = client->secret, .stage = client->stage, .deadline_ms = sm_boot_ms() + RESOLVE_MS};
    struct cache_ask *ask = NULL;
    cache_get(keeper->cache, &query, on_resolved, client, &ask);
    client->ask = ask; /* NULL: it was answered */
}

/* ---- documents ---- */

static void take_targets(struct client *client, const struct control_request *request)
{
    (void)request;
    client_answer_document(client,
                           documents_targets(client->control->keeper, &client->peer, client->name));
}

static void take_explain(struct client *client, const struct control_request *request)
{
    struct keeper *keeper = client->control->keeper;
    const struct sm_peer *who = &client->peer;
    const char *name = client->name;
    struct sm_peer other;
    if (request->user[0] && strcmp(request->user, client->name) != 0) {
        struct policy_decision decision = policy_admin(keeper->config, who, name);
        if (!decision.allowed) {
            client_refuse(client, SMCRED_DENIED, decision.rule, decision.text);
            return;
        }
        if (!accounts_peer(request->user, &other)) {
            client_refuse(client, SMCRED_NOT_FOUND, NULL, "there is no such user on this host");
            return;
        }
        who = &other;
        name = request->user;
    }
    bool admin = policy_admin(keeper->config, &client->peer, client->name).allowed;
    client_answer_document(
        client, documents_explain(keeper, who, name, request->host, request->port, admin));
}

static void take_status(struct client *client, const struct control_request *request)
{
    struct keeper *keeper = client->control->keeper;
    (void)request;
    bool admin = policy_admin(keeper->config, &client->peer, client->name).allowed;
    client_answer_document(client, documents_status(keeper, &client->peer, admin));
}

/* ---- REFRESH ---- */

static void finish_refresh(struct refresh *refresh)
{
    cJSON *document = refresh->document;
    struct client *client = refresh->client;
    size_t unread = refresh->unread;
    refresh->document = NULL;
    free_refresh(refresh);
    if (!client) {
        cJSON_Delete(document);
        return;
    }
    client->refresh = NULL;
    if (unread > 0)
        log_error("a refresh lacks %zu of its secrets: memory is short", unread);
    if (unread > 0 && !cJSON_AddNumberToObject(document, "unread", (double)unread)) {
        cJSON_Delete(document);
        document = NULL; /* which is answered with "out of memory" */
    }
    client_answer_document(client, document);
}

static void on_refreshed(void *arg, const struct cache_answer *result)
{
    struct refresh_row *row = arg;
    struct refresh *refresh = row->refresh;
    cJSON *object = documents_refreshed(row->secret, result);
    if (!object || !cJSON_AddItemToArray(refresh->rows, object)) {
        cJSON_Delete(object);
        refresh->unread++;
    }
    free(row);
    if (--refresh->waiting > 0)
        return;
    struct client *client = refresh->client;
    finish_refresh(refresh);
    if (client && client->gone)
        client_free(client);
}

static void refresh_one(struct refresh *refresh, const char *secret)
{
    struct refresh_row *row = malloc(sizeof *row + strlen(secret) + 1);
    if (!row) {
        refresh->unread++;
        return;
    }
    row->refresh = refresh;
    memcpy(row->secret, secret, strlen(secret) + 1);
    refresh->waiting++;
    cache_refresh(refresh->control->keeper->cache, secret, NULL, sm_boot_ms() + REFRESH_MS,
                  on_refreshed, row, NULL);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every secret of the configuration, once however many targets have it. */
static void refresh_all(struct refresh *refresh)
{
    const struct config *config = refresh->control->keeper->config;
    size_t count = config->target_count;
    sm_autofree const char **names = calloc(count + 1, sizeof *names);
    if (!names) {
        refresh->unread += count;
        return;
    }
    for (size_t i = 0; i < count; i++)
        names[i] = config->targets[i].secret;
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
            refresh_one(refresh, names[i]);
}

static void take_refresh(struct client *client, const struct control_request *request)
{
    struct control *control = client->control;
    struct keeper *keeper = control->keeper;
    const struct config_target *target = config_find(keeper->config, request->name);
    const char *secret = NULL; /* one of pam_smcred's, if no target has it */
    if (!target && request->name[0])
        target = find_any(client, request->name);
    if (target)
        secret = target->secret;
    else if (request->name[0] && pam_policy_wants(keeper->config, request->name))
        secret = request->name;
    if (!secret && !request->all) {
        client_refuse(client, SMCRED_NOT_FOUND, NULL,
                      "no target has that name, and none has that secret");
        return;
    }
    struct policy_decision decision = policy_admin(keeper->config, &client->peer, client->name);
    if (!decide(client, "refresh",
                target         ? target->name
                : request->all ? "(all)"
                               : NULL,
                &decision, secret))
        return;
    struct refresh *refresh = calloc(1, sizeof *refresh);
    cJSON *document = cJSON_CreateObject();
    cJSON *rows = cJSON_AddArrayToObject(document, "refreshed");
    if (!refresh || !rows) {
        free(refresh);
        cJSON_Delete(document);
        client_refuse(client, SMCRED_NO_MEMORY, NULL, "the keeper is out of memory");
        return;
    }
    *refresh = (struct refresh){control->refreshes, control, client, 1, 0, document, rows};
    control->refreshes = refresh;
    client->refresh = refresh;
    if (secret)
        refresh_one(refresh, secret);
    else
        refresh_all(refresh);
    if (--refresh->waiting == 0) /* the one that stood for this loop */
        finish_refresh(refresh);
}

/* ---- PROVE ---- */

static void on_proven(void *arg, const struct canary_result *result)
{
    struct client *client = arg;
    bool from_loop = client->proving; /* else from take_prove() */
    client->canary = NULL;
    client->proving = false;
    client_answer_document(client, documents_proven(client->target, result));
    if (from_loop && client->gone)
        client_free(client);
}

static void take_prove(struct client *client, const struct control_request *request)
{
    struct keeper *keeper = client->control->keeper;
    const struct config_target *target = config_find(keeper->config, request->name);
    if (!target) {
        client_refuse(client, SMCRED_NOT_FOUND, NULL, "there is no such target");
        return;
    }
    struct policy_decision decision = policy_admin(keeper->config, &client->peer, client->name);
    if (!decide(client, "prove", target->name, &decision, target->secret))
        return;
    config_unref(client->config);
    client->config = config_ref(keeper->config);
    client->target = target;
    canary_start(keeper, target, on_proven, client, &client->canary);
    client->proving = client->canary != NULL;
}

/* ---- SIMULATE ---- */

static void take_simulate(struct client *client, const struct control_request *request)
{
    const struct keeper *keeper = client->control->keeper;
    const struct config_target *target = find_any(client, request->name);
    if (!target) {
        client_refuse(client, SMCRED_NOT_FOUND, NULL,
                      "no target has that name, and none has that secret");
        return;
    }
    if (!simulated_knows(request->kind)) {
        client_refuse(client, SMCRED_INVALID, NULL,
                      "sm-down, rotated, half-rotated and changed can be simulated");
        return;
    }
    struct policy_decision decision = policy_admin(keeper->config, &client->peer, client->name);
    if (decide(client, "simulate", NULL, &decision, target->secret))
        client_answer_document(
            client, simulated_document(keeper, target->secret, request->kind, &client->peer));
}

/* ---- REVOKE ---- */

/* What is asked for, as a revocation; the texts are borrowed.  False: answered with why not. */
static bool read_revocation(struct client *client, const struct control_request *request,
                            struct revocation *out)
{
    enum revocation_kind kind = revocation_kind_of(request->kind);
    uid_t uid = 0;
    gid_t gid;
    const struct config_target *target =
        config_find(client->control->keeper->config, request->name);
    const char *why = NULL;
    if (kind == REVOKED_NOTHING)
        why = "secret, version, user or session can be revoked";
    else if ((kind == REVOKED_VERSION) != (request->version[0] != '\0'))
        why = "a version, and nothing else, is named by a secret and a VersionId";
    else if (kind == REVOKED_USER && !accounts_user(request->name, &uid, &gid))
        why = "there is no such user on this host";
    if (why) {
        client_refuse(client, SMCRED_INVALID, NULL, why);
        return false;
    }
    *out =
        (struct revocation){.kind = kind,
                            .name = kind != REVOKED_USER && target ? target->secret : request->name,
                            .version = request->version,
                            .uid = uid,
                            .by = client->name,
                            .reason = request->reason,
                            .at_ms = sm_wall_ms()};
    return true;
}

/* Whoever takes rights away is not stopped by an audit log that is full. */
static void audit_revocation(struct client *client, const struct control_request *request,
                             const struct policy_decision *decision)
{
    struct audit_line line;
    client->audit_id = keeper_random_id();
    audit_begin(&line, sm_wall_ms(), request->lift ? "lift" : "revoke");
    audit_put_id(&line, "id", client->audit_id);
    client_put_who(client, &line);
    audit_put(&line, "kind", request->kind);
    audit_put(&line, "name", request->name);
    audit_put(&line, "version", request->version);
    audit_put(&line, "reason", request->reason);
    audit_put(&line, "rule", decision->rule);
    audit_put(&line, "outcome", decision->allowed ? "allowed" : "refused");
    audit_put(&line, "text", decision->allowed ? NULL : decision->text);
    if (!keeper_audit(client->control->keeper, &line))
        log_error("%s of %s %s by %s is not in the audit log", request->lift ? "lift" : "revoke",
                  log_quote(request->kind), log_quote(request->name), client->name);
}

static void end_one_session(struct client *client, const struct control_request *request)
{
    struct keeper *keeper = client->control->keeper;
    char *end = NULL;
    uint64_t id = strtoull(request->name, &end, 16);
    if (*end != '\0' || request->lift || request->version[0]) {
        client_refuse(client, SMCRED_INVALID, NULL,
                      "a session is named by its id, and stays ended");
        return;
    }
    if (revoke_session(keeper, id, client->name, request->reason) != SMCRED_OK) {
        client_refuse(client, SMCRED_NOT_FOUND, NULL, "there is no such session");
        return;
    }
    client_answer_document(client, documents_ended(request->name, client->name, request->reason));
}

static void revoke_or_lift(struct client *client, const struct revocation *revocation, bool lift)
{
    struct keeper *keeper = client->control->keeper;
    struct revoke_done done = {0};
    struct sm_error err = {0};
    enum smcred_status status = lift ? revocations_lift(keeper->revocations, revocation, &err)
                                     : revocations_add(keeper->revocations, revocation, &err);
    bool unknown = !lift && !revoke_knows(keeper, revocation);
    bool in_force = !lift && (status == SMCRED_OK || status == SMCRED_SYSTEM);
    if (in_force)
        done = revoke_apply(keeper, revocation);
    done.unknown = unknown;
    if (status == SMCRED_OK) {
        client_answer_document(client, documents_revoked(keeper, revocation, &done, lift));
        return;
    }
    char text[SM_ERROR_TEXT_MAX];
    log_error("%s", err.text);
    (void)snprintf(text, sizeof text, "%s%.400s",
                   in_force ? "revoked, but a restart of the keeper would forget it: " : "",
                   err.text);
    client_refuse(client, status, NULL, text);
}

static void take_revoke(struct client *client, const struct control_request *request)
{
    struct keeper *keeper = client->control->keeper;
    struct policy_decision decision = policy_admin(keeper->config, &client->peer, client->name);
    struct revocation revocation;
    bool is_session = strcmp(request->kind, "session") == 0;
    if (!is_session && decision.allowed && !read_revocation(client, request, &revocation))
        return;
    audit_revocation(client, request, &decision);
    if (!decision.allowed)
        client_refuse(client, SMCRED_DENIED, decision.rule, decision.text);
    else if (is_session)
        end_one_session(client, request);
    else
        revoke_or_lift(client, &revocation, request->lift);
}

/* ---- requests ---- */

static const struct {
    enum ctl_verb verb;
    void (*take)(struct client *client, const struct control_request *request);
} verbs[] = {
    {CTL_CONNECT, take_connect},
    {CTL_RESOLVE, take_resolve},
    {CTL_TARGETS, take_targets},
    {CTL_EXPLAIN, take_explain},
    {CTL_STATUS, take_status},
    {CTL_REFRESH, take_refresh},
    {CTL_PROVE, take_prove},
    {CTL_REVOKE, take_revoke},
    {CTL_PAM_CHECK, pam_take_check},
    {CTL_PAM_SUPPLY, pam_take_supply},
    {CTL_PAM_ACCOUNT, pam_take_account},
    {CTL_PAM_OPEN, pam_take_open},
    {CTL_PAM_CLOSE, pam_take_close},
    {CTL_PAM_CHANGE, pam_take_change},
    {CTL_PAM_PREPARE, pam_take_prepare},
    {CTL_PAM_ROTATE, pam_take_rotate},
    {CTL_SIMULATE, take_simulate},
};

static void dispatch(struct client *client, struct sm_bytes packet)
{
    struct control_request request;
    const char *why = NULL;
    enum smcred_status status = control_parse(packet, &request, &why);
    client->busy = true;
    client->verb = request.verb;
    client->request_id = request.id;
    client->audit_id = 0;
    client->stage[0] = '\0';
    if (status != SMCRED_OK) {
        client_refuse(client, status, NULL, why);
        return;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (verbs[i].verb == request.verb) {
            verbs[i].take(client, &request);
            return;
        }
    }
}

/* Reads one request, if there is one. */
static void serve(struct client *client)
{
    uint8_t packet[CTL_REQUEST_MAX];
    size_t len = 0;
    enum smcred_status status =
        sm_seqpacket_receive(client->fd, packet, sizeof packet, NULL, 0, &len);
    if (status == SMCRED_TIMED_OUT)
        return;
    if (status == SMCRED_PROTOCOL && !client->busy) { /* thrown away: too large, or with fds */
        client->verb = 0;
        client->request_id = 0;
        client->audit_id = 0;
        client_refuse(client, SMCRED_TOO_LARGE, NULL,
                      "the request is larger than 4096 bytes, or brought descriptors");
        return;
    }
    if (status != SMCRED_OK || client->busy)
        client->gone = true;
    else
        dispatch(client, sm_bytes(packet, len));
    explicit_bzero(packet, sizeof packet); /* there may be a password in it */
}

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
    struct client *client = arg;
    (void)fd;
    (void)events;
    serve(client);
    if (client->gone)
        client_free(client);
}

static void turn_away(int fd)
{
    uint8_t buffer[256];
    struct sm_wire_out out;
    sm_wire_begin(&out, buffer, sizeof buffer, 0, SMCRED_LIMITED, 0);
    sm_wire_put_text(&out, CTL_TEXT, "too many connections to the keeper");
    if (sm_wire_finish(&out) != SMCRED_OK ||
        sm_seqpacket_send(fd, sm_bytes(out.data, out.len), NULL, 0) != SMCRED_OK)
        log_debug("a client was turned away without a word");
}

/* Most have sent their request by now. */
static void begin_serving(struct client *client)
{
    serve(client);
    if (client->gone || !client->readable || event_add(client->readable, NULL) != 0)
        client_free(client);
}

static void on_named(void *arg, enum smcred_status status, const struct person *person)
{
    struct client *client = arg;
    uid_t uid = client->peer.uid;
    client->naming = NULL;
    if (status == SMCRED_OK)
        (void)snprintf(client->name, sizeof client->name, "%s", person->name); /* as long */
    else
        (void)snprintf(client->name, sizeof client->name, "%u", (unsigned)uid); /* fits */
    client->last_ms = sm_boot_ms();
    accounts_recent_note(&client->control->names, uid, client->last_ms, client->name);
    begin_serving(client);
}

/* Nothing is read from it before, so that nothing must be kept. */
static void name_client(struct client *client)
{
    char uid[16];
    if (accounts_recent_name(&client->control->names, client->peer.uid, client->last_ms,
                             client->name)) {
        begin_serving(client);
        return;
    }
    (void)snprintf(uid, sizeof uid, "%u", (unsigned)client->peer.uid); /* fits */
    people_find(client->keeper->names, uid, PEOPLE_NAME_MS, on_named, client, &client->naming);
}

void control_start(struct control *control, int fd, struct sm_peer *peer)
{
    sm_autoclose int owned = fd;
    struct client *client = NULL;
    bool seated =
        seats_take(control->seats, peer->uid, pam_policy_asks(control->keeper->config, peer));
    if (seated)
        client = calloc(1, sizeof *client);
    if (!client) {
        if (seated)
            seats_leave(control->seats, peer->uid);
        turn_away(fd);
        sm_peer_done(peer);
        return;
    }
    client->control = control;
    client->keeper = control->keeper;
    client->peer = *peer;
    peer->pidfd = -1;
    client->fd = sm_take_fd(&owned);
    client->last_ms = sm_boot_ms();
    client->next = control->first;
    if (client->next)
        client->next->previous = client;
    control->first = client;
    control->count++;
    client->readable =
        event_new(control->keeper->base, client->fd, EV_READ | EV_PERSIST, on_readable, client);
    name_client(client);
}

void control_tick(struct control *control, int64_t now_ms)
{
    for (struct client *client = control->first, *next; client; client = next) {
        next = client->next;
        if (!client->busy && now_ms - client->last_ms > CONTROL_IDLE_MS)
            client_free(client);
    }
}
