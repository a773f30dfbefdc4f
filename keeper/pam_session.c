/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_session.c - logins begin and end: PAM_OPEN, PAM_CLOSE, and those whose process died without a
 * word.
 */
#include <stdio.h>

#include "common/clock.h"
#include "keeper/humans.h"
#include "keeper/pam_request.h"
#include "keeper/sessions.h"
#include "keeper/welcome.h"

#define ADMIN_SHUTDOWN "57P01" /* admin_shutdown */
#define PREFETCH_MS    30000
#define PREFETCH_MAX   64
#define SWEEP_MS       5000

/* ---- PAM_OPEN ---- */

static void on_prefetched(void *arg, const struct cache_answer *answer)
{
    (void)arg;
    (void)answer; /* whoever logs in will hear of it */
}

/* The first login to a database finds the secret in the cache. */
static void prefetch(struct keeper *keeper, const struct sm_peer *account)
{
    size_t count = 0;
    for (size_t i = 0; i < keeper->config->target_count && count < PREFETCH_MAX; i++) {
        const struct config_target *target = &keeper->config->targets[i];
        struct cache_query query = {.id = target->secret,
                                    .deadline_ms = sm_boot_ms() + PREFETCH_MS};
        if (!policy_granted(&target->allow, account))
            continue;
        cache_get(keeper->cache, &query, on_prefetched, NULL, NULL);
        count++;
    }
}

static void answer_opened(struct pam_request *request, const struct human_login *login,
                          const struct sm_peer *account)
{
    uint8_t buffer[CTL_REQUEST_MAX];
    char id[20], welcome[WELCOME_MAX];
    struct sm_wire_out out;
    (void)snprintf(id, sizeof id, "%016llx", (unsigned long long)login->id); /* fits */
    welcome_say(request->config, request->keeper->options->runtime_dir, account, welcome);
    client_begin_answer(request->client, &out, buffer, sizeof buffer);
    sm_wire_put_text(&out, CTL_SESSION_ID, id);
    if (welcome[0])
        sm_wire_put_text(&out, CTL_TEXT, welcome);
    client_answer(request->client, &out, -1);
}

static void open_login(struct pam_request *request)
{
    struct keeper *keeper = request->keeper;
    struct client *client = request->client;
    const struct human_login *login = NULL;
    const struct humans_claim claim = {request->user, request->service, request->tty,
                                       request->rhost, request->ruser};
    if (pam_refuse_stranger(request) || pam_refuse_revoked(request))
        return;
    enum smcred_status status = humans_open(keeper->humans, keeper_random_id(), &claim,
                                            &client->peer, sm_wall_ms(), &login);
    if (status != SMCRED_OK) {
        pam_answer(request, status, NULL,
                   status == SMCRED_LIMITED ? "too many logins are open" : "out of memory");
        return;
    }
    request->login = login->id;
    bool recorded = pam_audit(request, SMCRED_OK, NULL, NULL);
    request->answered = true;
    if (!recorded) {
        humans_close(keeper->humans, login->id);
        client_refuse_unrecorded(client);
        return;
    }
    answer_opened(request, login, &request->person);
    prefetch(keeper, &request->person);
}

static void begin_open(struct pam_request *request)
{
    if (!pam_refuse_caller(request))
        pam_find_person(request, open_login);
}

void pam_take_open(struct client *client, const struct control_request *asked)
{
    pam_take(client, asked, "pam_open", begin_open);
}

/* ---- the end ---- */

static void audit_end(struct keeper *keeper, const struct human_login *login, const char *how,
                      const char *reason, size_t ended)
{
    struct audit_line line;
    audit_begin(&line, sm_wall_ms(), "pam_close");
    audit_put_id(&line, "id", keeper_random_id());
    audit_put(&line, "asked_user", login->user);
    audit_put(&line, "asked_service", login->service);
    audit_put_id(&line, "login", login->id);
    audit_put_human(&line, login->human);
    audit_put(&line, "outcome", how);
    audit_put(&line, "reason", reason);
    audit_put_number(&line, "sessions_ended", ended);
    audit_put_number(&line, "duration_ms", (uint64_t)(sm_wall_ms() - login->opened_at_ms));
    if (!keeper_audit(keeper, &line)) /* it has ended all the same */
        log_error("the end of login=%016llx is not in the audit log",
                  (unsigned long long)login->id);
}

/* Its own database sessions end with it, if policy says so; and nobody else's. */
static void end_login(struct keeper *keeper, const struct human_login *login, const char *how,
                      const char *reason)
{
    const struct config_pam *rules = config_pam(keeper->config, login->service);
    size_t ended = 0;
    if (rules && rules->end_sessions)
        ended = sessions_end_login(keeper->sessions, login->id, ADMIN_SHUTDOWN,
                                   "the login that opened this session has ended");
    audit_end(keeper, login, how, reason, ended);
    humans_close(keeper->humans, login->id);
}

/* Somebody tries to take a login from whose it is: that is written down. */
static void refuse_to_close(struct client *client, const struct human_login *login)
{
    static const char rule[] = "pam: who opened it";
    static const char text[] = "a login is ended by root, or by who has opened it";
    struct audit_line line;
    client->audit_id = keeper_random_id();
    audit_begin(&line, sm_wall_ms(), "pam_close");
    audit_put_id(&line, "id", client->audit_id);
    client_put_who(client, &line);
    audit_put(&line, "asked_user", login->user);
    audit_put(&line, "asked_service", login->service);
    audit_put_id(&line, "login", login->id);
    audit_put(&line, "rule", rule);
    audit_put(&line, "outcome", "refused");
    audit_put(&line, "text", text);
    if (!keeper_audit(client->keeper, &line)) /* it is refused all the same */
        log_error("a refusal to end login=%016llx is not in the audit log",
                  (unsigned long long)login->id);
    client_refuse(client, SMCRED_DENIED, rule, text);
}

void pam_take_close(struct client *client, const struct control_request *asked)
{
    const struct human_login *login = humans_find(client->keeper->humans, asked->session);
    if (!login) {
        client_refuse(client, SMCRED_NOT_FOUND, NULL, "there is no such login");
        return;
    }
    if (client->peer.uid != 0 && client->peer.uid != login->opened_by) {
        refuse_to_close(client, login);
        return;
    }
    end_login(client->keeper, login, "closed", asked->reason);
    client_answer_yes(client);
}

void pam_sweep(struct keeper *keeper, int64_t now_ms)
{
    const struct human_login *login;
    if (now_ms < keeper->sweep_at_ms)
        return;
    keeper->sweep_at_ms = now_ms + SWEEP_MS;
    while ((login = humans_orphan(keeper->humans)))
        end_login(keeper, login, "lost", "its process ended without closing it");
}
