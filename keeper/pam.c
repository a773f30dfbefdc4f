/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam.c - pam_smcred's requests: may it be asked, by whom, and what is said.
 *
 * Whoever asks is trusted to say who wants to come in, and with nothing else: no value leaves the
 * keeper but by PAM_SUPPLY, whose names policy lists.
 */
#include "keeper/pam.h"

#include <event2/event.h>
#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "keeper/pam_request.h"
#include "keeper/revocations.h"
#include "keeper/revoke.h"

#define NEWS_MS 1000 /* so long a Secrets Manager that hangs keeps somebody waiting for news */

/* ---- the life of a request ---- */

/* A guess whose verdict was not awaited, as who guesses may know it by then. */
static void record_abandoned(struct pam_request *request)
{
    bool guessed = request->limit.begun && request->limit.was_wrong && !request->answered;
    if (guessed &&
        !pam_audit(request, SMCRED_DENIED, NULL, "the password is wrong, and who asked has gone"))
        log_error("a wrong password is not in the audit log");
}

void pam_request_free(struct pam_request *request)
{
    if (!request)
        return;
    record_abandoned(request);
    if (request->client)
        request->client->pam = NULL;
    request->client = NULL;
    if (request->working)
        return; /* until it is known what came of it */
    pam_limit_end(&request->limit, PAM_NO_VERDICT);
    cache_cancel(request->ask);
    people_cancel(request->looking);
    if (request->pause)
        event_free(request->pause);
    pam_check_cancel(request->check);
    sm_secret_free(request->typed);
    sm_secret_free(request->replacement);
    sm_snapshot_unref(request->snapshot);
    sm_snapshot_unref(request->tried);
    stages_unref(request->stages);
    config_unref(request->config);
    free(request);
}

void pam_go_on(struct pam_request *request, bool from_loop)
{
    struct client *client = request->client;
    if (request->going_on)
        return; /* whoever does so takes the next step, too */
    request->going_on = true;
    while (request->next) {
        pam_step *step = request->next;
        request->next = NULL;
        step(request);
    }
    request->going_on = false;
    if (!request->answered)
        return;
    pam_request_free(request);
    if (from_loop && client && client->gone)
        client_free(client);
}

static void copy(char *out, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1); /* request.c saw that it fits */
    memcpy(out, text, len);
    out[len] = '\0';
}

/* What was asked, kept for as long as it takes.  NULL: answered, memory is short. */
static struct pam_request *begin(struct client *client, const struct control_request *asked,
                                 const char *event)
{
    struct pam_request *request = calloc(1, sizeof *request);
    if (!request) {
        client_refuse(client, SMCRED_NO_MEMORY, NULL, "the keeper is out of memory");
        return NULL;
    }
    request->client = client;
    request->keeper = client->keeper;
    request->config = config_ref(client->keeper->config);
    request->event = event;
    request->grace_s = asked->grace_s;
    request->wait_ms = asked->wait_ms;
    request->deadline_ms = sm_boot_ms() + PAM_PATIENCE_MS;
    copy(request->name, sizeof request->name, asked->name);
    copy(request->service, sizeof request->service, asked->service);
    copy(request->user, sizeof request->user, asked->user);
    copy(request->rhost, sizeof request->rhost, asked->rhost);
    copy(request->ruser, sizeof request->ruser, asked->ruser);
    copy(request->tty, sizeof request->tty, asked->tty);
    request->target = config_find(request->config, request->name);
    request->secret = request->target ? request->target->secret : request->name;
    client->pam = request;
    return request;
}

void pam_take(struct client *client, const struct control_request *asked, const char *event,
              pam_step *first)
{
    struct pam_request *request = begin(client, asked, event);
    if (!request)
        return;
    request->next = first;
    pam_go_on(request, false);
}

void pam_take_typed(struct client *client, const struct control_request *asked,
                    struct sm_bytes typed, const char *event, pam_step *first)
{
    struct pam_request *request = begin(client, asked, event);
    struct sm_vault *vault = client->keeper->vault;
    if (!request)
        return;
    enum smcred_status status = sm_secret_new(vault, typed, &request->typed);
    if (status == SMCRED_OK && client->verb == CTL_PAM_CHANGE)
        status = sm_secret_new(vault, asked->password, &request->replacement);
    if (status == SMCRED_OK)
        request->next = first;
    else
        pam_answer(request, status, NULL, "the keeper is out of memory");
    pam_go_on(request, false);
}

/* ---- answers ---- */

bool pam_audit(struct pam_request *request, enum smcred_status status, const char *rule,
               const char *text)
{
    struct audit_line line;
    struct client *client = request->client;
    uint64_t id = keeper_random_id();
    audit_begin(&line, sm_wall_ms(), request->event);
    audit_put_id(&line, "id", id);
    if (client) {
        client->audit_id = id;
        client_put_who(client, &line);
    }
    audit_put(&line, "asked_user", request->user);
    audit_put(&line, "asked_service", request->service);
    audit_put(&line, "asked_tty", request->tty);
    audit_put(&line, "asked_rhost", request->rhost);
    if (request->login != 0)
        audit_put_id(&line, "login", request->login);
    audit_put(&line, "target", request->target ? request->target->name : NULL);
    audit_put(&line, "secret", request->secret); /* "": none is asked for */
    audit_put(&line, "version", request->snapshot ? request->snapshot->version_id : NULL);
    audit_put(&line, "new_version", request->new_version[0] ? request->new_version : NULL);
    audit_put(&line, "rule", rule);
    audit_put(&line, "outcome", status == SMCRED_OK ? "allowed" : "refused");
    audit_put(&line, "text", status == SMCRED_OK ? NULL : text);
    return keeper_audit(request->keeper, &line);
}

void pam_answer(struct pam_request *request, enum smcred_status status, const char *rule,
                const char *text)
{
    struct client *client = request->client;
    bool recorded = pam_audit(request, status, rule, text);
    request->answered = true;
    if (!client)
        return;
    if (status != SMCRED_OK)
        client_refuse(client, status, rule && *rule ? rule : NULL, text);
    else if (!recorded)
        client_refuse_unrecorded(client);
    else
        client_answer_yes(client);
}

void pam_answer_kind(struct pam_request *request, const char *kind)
{
    uint8_t buffer[64];
    struct sm_wire_out out;
    request->answered = true;
    client_begin_answer(request->client, &out, buffer, sizeof buffer);
    sm_wire_put_text(&out, CTL_KIND, kind);
    client_answer(request->client, &out, -1);
}

bool pam_record_yes(struct pam_request *request)
{
    if (pam_audit(request, SMCRED_OK, NULL, NULL))
        return true;
    request->answered = true;
    client_refuse_unrecorded(request->client);
    return false;
}

void pam_answer_unread(struct pam_request *request)
{
    char text[SM_ERROR_TEXT_MAX];
    (void)snprintf(text, sizeof text, "%.100s cannot be read: %.350s", log_quote(request->secret),
                   request->err.text);
    pam_answer(request, request->status, NULL, text);
}

bool pam_is_revoked(struct pam_request *request)
{
    struct keeper *keeper = request->keeper;
    const struct config_target what = {.name = request->name,
                                       .secret = (char *)(uintptr_t)request->secret};
    struct policy_decision decision = revoke_decide_version(keeper, &what, request->snapshot);
    if (!decision.allowed)
        pam_answer(request, SMCRED_REVOKED, decision.rule, decision.text);
    return !decision.allowed;
}

/* ---- reading ---- */

static void on_read(void *arg, const struct cache_answer *answer)
{
    struct pam_request *request = arg;
    request->ask = NULL;
    request->status = answer->status;
    request->err = *answer->err;
    request->known_ms = answer->known_ms;
    sm_snapshot_unref(request->snapshot);
    request->snapshot = answer->snapshot ? sm_snapshot_ref(answer->snapshot) : NULL;
    request->next = request->then;
    pam_go_on(request, true);
}

void pam_ask(struct pam_request *request, struct cache_query *query, pam_step *then)
{
    struct cache_ask *ask = NULL;
    query->id = request->secret;
    request->then = then;
    cache_get(request->keeper->cache, query, on_read, request, &ask);
    request->ask = ask; /* NULL: it was answered */
}

void pam_read(struct pam_request *request, const char *stage, int64_t fresh_from_ms,
              int64_t deadline_ms, pam_step *then)
{
    struct cache_query query = {
        .stage = stage, .deadline_ms = deadline_ms, .fresh_from_ms = fresh_from_ms};
    pam_ask(request, &query, then);
}

int64_t pam_news_until(const struct pam_request *request)
{
    int64_t until = sm_boot_ms() + NEWS_MS;
    return until < request->deadline_ms ? until : request->deadline_ms;
}

bool pam_heard_nothing(const struct pam_request *request)
{
    enum smcred_status status = request->status;
    return status == SMCRED_UNAVAILABLE || status == SMCRED_TIMED_OUT || status == SMCRED_LIMITED ||
           status == SMCRED_NO_MEMORY || status == SMCRED_PROTOCOL || status == SMCRED_SYSTEM;
}

static void on_map(void *arg, const struct cache_answer *answer)
{
    struct pam_request *request = arg;
    request->ask = NULL;
    request->status = answer->status;
    request->err = *answer->err;
    stages_unref(request->stages);
    request->stages = answer->stages;
    if (!request->stages) /* Secrets Manager does not say; this is the best there is */
        request->stages = cache_known_stages(request->keeper->cache, request->secret);
    if (request->stages)
        request->stages = stages_ref(request->stages);
    request->next = request->then;
    pam_go_on(request, true);
}

void pam_read_map(struct pam_request *request, int64_t fresh_from_ms, int64_t deadline_ms,
                  pam_step *then)
{
    struct cache_query query = {
        .id = request->secret, .deadline_ms = deadline_ms, .fresh_from_ms = fresh_from_ms};
    struct cache_ask *ask = NULL;
    request->then = then;
    cache_stages(request->keeper->cache, &query, on_map, request, &ask);
    request->ask = ask; /* NULL: it was answered */
}

/* ---- policy before anything is read ---- */

static bool refuse(struct pam_request *request, enum smcred_status status,
                   const struct policy_decision *decision)
{
    if (!decision->allowed)
        pam_answer(request, status, decision->rule, decision->text);
    return !decision->allowed;
}

static void on_person(void *arg, enum smcred_status status, const struct person *person)
{
    struct pam_request *request = arg;
    request->looking = NULL;
    request->is_known = status == SMCRED_OK;
    if (person)
        request->person = person->peer;
    if (status == SMCRED_OK || status == SMCRED_NOT_FOUND)
        request->next = request->then;
    else
        pam_answer(request, SMCRED_UNAVAILABLE, NULL,
                   "it cannot be said now who that is: the users of this host are not to be had");
    pam_go_on(request, true);
}

void pam_find_person(struct pam_request *request, pam_step *then)
{
    struct people_ask *looking = NULL;
    request->then = then;
    people_find(request->keeper->people, request->user, request->deadline_ms - sm_boot_ms(),
                on_person, request, &looking);
    request->looking = looking; /* NULL: it was answered */
}

void pam_find_revoked(struct pam_request *request, pam_step *then)
{
    if (revocations_have_users(request->keeper->revocations))
        pam_find_person(request, then);
    else
        request->next = then;
}

bool pam_refuse_stranger(struct pam_request *request)
{
    if (!request->is_known)
        pam_answer(request, SMCRED_NOT_FOUND, NULL, "there is no such user on this host");
    return !request->is_known;
}

/* Has an administrator withdrawn the secret, or this person's rights?  Who is unknown here is not
 * revoked here. */
bool pam_refuse_revoked(struct pam_request *request)
{
    uid_t uid = request->is_known ? request->person.uid : ACCOUNTS_UID_ANYBODY;
    const struct config_target what = {.name = request->name,
                                       .secret = (char *)(uintptr_t)request->secret};
    const struct sm_peer person = {.uid = uid, .pidfd = -1};
    struct policy_decision decision = revoke_decide(request->keeper, &what, &person);
    return refuse(request, SMCRED_REVOKED, &decision);
}

bool pam_refuse_caller(struct pam_request *request)
{
    struct policy_decision decision =
        pam_policy_caller(request->config, request->service, &request->client->peer);
    request->rules = config_pam(request->config, request->service);
    return refuse(request, SMCRED_DENIED, &decision);
}

bool pam_refuse_name(struct pam_request *request, enum pam_use use)
{
    struct policy_decision decision =
        pam_policy_name(request->rules, request->service, use, request->name);
    return refuse(request, SMCRED_DENIED, &decision);
}

/* ---- PAM_CHECK ---- */

bool pam_refuse_guesser(struct pam_request *request)
{
    int64_t until_ms = 0;
    char text[160], time[32] = "";
    if (pam_limit_begin(&request->limit, request->keeper->tries, request->rules, request->secret,
                        request->rhost, &until_ms))
        return false;
    time_t until = (sm_wall_ms() + until_ms - sm_boot_ms() + 999) / 1000;
    struct tm local;
    if (localtime_r(&until, &local))
        (void)strftime(time, sizeof time, "%H:%M:%S", &local); /* fits */
    (void)snprintf(text, sizeof text, "too many wrong passwords: none is looked at until %s", time);
    pam_answer(request, SMCRED_LIMITED, NULL, text);
    return true;
}

static void check_known(struct pam_request *request)
{
    if (!pam_refuse_revoked(request) && !pam_refuse_guesser(request))
        request->next = pam_verify;
}

static void begin_check(struct pam_request *request)
{
    if (!pam_refuse_caller(request) && !pam_refuse_name(request, PAM_USE_CHECK))
        pam_find_revoked(request, check_known);
}

void pam_take_check(struct client *client, const struct control_request *asked)
{
    pam_take_typed(client, asked, asked->password, "pam_check", begin_check);
}

/* ---- PAM_SUPPLY ---- */

static void supply(struct pam_request *request)
{
    struct client *client = request->client;
    int fd = -1;
    if (request->status != SMCRED_OK) {
        pam_refuse_unread(request);
        return;
    }
    if (pam_is_revoked(request))
        return;
    enum smcred_status status =
        cache_page(request->keeper->cache, request->secret, CACHE_STAGE_DEFAULT, &fd);
    if (status != SMCRED_OK) {
        pam_answer(request, status, NULL, "the secret cannot be shared with this process");
        return;
    }
    bool recorded = pam_audit(request, SMCRED_OK, NULL, NULL);
    request->answered = true;
    if (recorded)
        client_answer_fd(client, fd);
    else
        client_refuse_unrecorded(client);
}

/* What is cached counts, as long as it may, where nobody says anything else. */
static void supply_news(struct pam_request *request)
{
    if (pam_heard_nothing(request))
        pam_read(request, CACHE_STAGE_DEFAULT, 0, request->deadline_ms, supply);
    else
        supply(request);
}

static void supply_known(struct pam_request *request)
{
    if (!pam_refuse_revoked(request))
        pam_read(request, CACHE_STAGE_DEFAULT, sm_boot_ms() - request->rules->fresh_ms,
                 pam_news_until(request), supply_news);
}

static void begin_supply(struct pam_request *request)
{
    if (!pam_refuse_caller(request) && !pam_refuse_name(request, PAM_USE_SUPPLY))
        pam_find_revoked(request, supply_known);
}

void pam_take_supply(struct client *client, const struct control_request *asked)
{
    pam_take(client, asked, "pam_supply", begin_supply);
}

/* ---- PAM_ACCOUNT ---- */

static void decide_account(struct pam_request *request)
{
    struct tm now;
    time_t seconds = sm_wall_ms() / 1000;
    if (pam_refuse_stranger(request) || pam_refuse_revoked(request))
        return;
    if (!localtime_r(&seconds, &now)) {
        pam_answer(request, SMCRED_SYSTEM, NULL, "the host does not know what time it is");
        return;
    }
    struct pam_visitor visitor = {&request->person, request->user, request->service, request->rhost,
                                  &now};
    struct policy_decision decision = pam_policy_account(request->rules, &visitor);
    pam_answer(request, decision.allowed ? SMCRED_OK : SMCRED_DENIED, decision.rule, decision.text);
}

static void begin_account(struct pam_request *request)
{
    if (!pam_refuse_caller(request))
        pam_find_person(request, decide_account);
}

void pam_take_account(struct client *client, const struct control_request *asked)
{
    pam_take(client, asked, "pam_account", begin_account);
}
