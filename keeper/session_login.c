/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session_login.c - from OPEN to OPENED: who, where, with which version.
 */
#include "keeper/session.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

#include "common/clock.h"
#include "keeper/drift.h"
#include "keeper/endpoints.h"
#include "keeper/engine.h"
#include "keeper/login.h"
#include "keeper/mend.h"
#include "keeper/resolver.h"
#include "keeper/revoke.h"

static bool is_loopback(const struct resolver_address *at)
{
    if (at->address.ss_family == AF_UNIX)
        return true;
    if (at->address.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&at->address;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&at->address;
    return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* tls = disable is for peers on this host, however their address was found. */
static bool may_go_without_tls(const struct session *session, const struct resolver_answer *answer)
{
    if (session->target->tls != ORC_TLS_DISABLE || session->target->allow_insecure)
        return true;
    for (size_t i = 0; i < answer->count; i++)
        if (!is_loopback(&answer->addresses[i]))
            return false;
    return true;
}

void session_stamp(const struct session *session, char out_stamp[SESSION_STAMP_MAX])
{
    int put = snprintf(out_stamp, SESSION_STAMP_MAX, "smcred:%s:%s", session->relay->operator_name,
                       session->application);
    size_t len = put < SESSION_STAMP_MAX
                     ? (size_t)put
                     : SESSION_STAMP_MAX - 1; /* not into the middle of a character */
    while (len == SESSION_STAMP_MAX - 1 && ((unsigned char)out_stamp[len - 1] & 0x80) != 0)
        out_stamp[--len] = '\0';
}

/*
 * libpq names the database after the user when it is told none, and the user after the operator; so
 * a database of the asked user's name means: the target's own.
 */
static bool is_implied(const struct session *session, const char *dbname)
{
    return strcmp(dbname, session->asked_user) == 0 ||
           strcmp(dbname, session->relay->operator_name) == 0;
}

static const char *database_of(const struct session *session)
{
    const struct config_target *target = session->target;
    const struct sm_snapshot *snapshot = session->snapshot;
    const char *asked = session->asked_dbname;
    bool postgres = target->engine == INDEX_POSTGRES;
    if (*asked && !(postgres && is_implied(session, asked)))
        return asked;
    if (target->dbname)
        return target->dbname;
    return *snapshot->dbname || !postgres ? snapshot->dbname : snapshot->username;
}

/* Tells the relay about the endpoint, once.  False: refused, or the relay is gone. */
static bool introduce_endpoint(struct session *session, uint32_t *out_number)
{
    struct keeper *keeper = session->owner->keeper;
    uint8_t buffer[1024];
    struct sm_wire_out out;
    const struct config_target *target = session->target;
    uint32_t tls = session->local ? ORC_TLS_DISABLE : target->tls;
    struct endpoints_key key = {.host = session->host, .tls = tls};
    struct sm_fds fds = {.count = 0};
    if (tls != ORC_TLS_DISABLE) {
        key.ca_print = target->ca->print;
        key.identity_print = target->identity.print;
        fds.fd[fds.count++] = target->ca->fd;
        if (target->identity.fd >= 0)
            fds.fd[fds.count++] = target->identity.fd;
    }
    if (endpoints_number(keeper->endpoints, &key, out_number) != SMCRED_OK) {
        session_refuse(session, SMCRED_LIMITED, LIMIT_EXCEEDED, "too many endpoints were in use",
                       NULL);
        return false;
    }
    if (relays_knows(&session->relay->endpoints, *out_number))
        return true;
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_ENDPOINT, SMCRED_OK, 0);
    sm_wire_put_u32(&out, ORC_T_ENDPOINT, *out_number);
    sm_wire_put_text(&out, ORC_T_HOST, session->host);
    sm_wire_put_u32(&out, ORC_T_TLS, tls);
    if (!relays_mark(&session->relay->endpoints, *out_number)) {
        session_refuse(session, SMCRED_NO_MEMORY, CANNOT_NOW, "the keeper is out of memory", NULL);
        return false;
    }
    return relays_send(session->relay, &out, &fds);
}

static void send_opened(struct session *session, const struct resolver_answer *answer,
                        uint32_t endpoint)
{
    uint8_t buffer[4096];
    struct sm_wire_out out;
    char application[SESSION_STAMP_MAX];
    session_stamp(session, application);
    session_begin_message(&out, buffer, sizeof buffer, session, ORC_OPENED, SMCRED_OK);
    sm_wire_put_u32(&out, ORC_T_ENDPOINT, endpoint);
    sm_wire_put_text(&out, ORC_T_HOST, session->host);
    sm_wire_put_u32(&out, ORC_T_PORT, session->port);
    for (size_t i = 0; i < answer->count; i++)
        sm_wire_put(&out, ORC_T_ADDRESS,
                    sm_bytes(&answer->addresses[i].address, answer->addresses[i].len));
    sm_wire_put_text(&out, ORC_T_USER, session->user);
    sm_wire_put_text(&out, ORC_T_DBNAME, session->dbname);
    sm_wire_put_text(&out, ORC_T_APPLICATION, application);
    sm_wire_put_text(&out, ORC_T_VERSION, session->version_id);
    sm_wire_put_u32(&out, ORC_T_ATTEMPT, session->attempt);
    if (session->target->replication)
        sm_wire_put(&out, ORC_T_REPLICATION, sm_bytes("", 0)); /* most ask for it afterwards */
    if (session->target->keep_connection_ms > 0)
        sm_wire_put_u32(&out, ORC_T_KEEP_MS, (uint32_t)session->target->keep_connection_ms);
    session->again = 0;
    session->version_asked = false;
    session->phase = TRYING;
    session->proofs_given = 0;
    session->is_proved = false;
    (void)relays_send(session->relay, &out, NULL); /* a failure has ended the session */
}

static void on_resolved(void *arg, const struct resolver_answer *answer)
{
    struct session *session = arg;
    uint32_t endpoint = 0;
    char text[SM_ERROR_TEXT_MAX];
    session->resolving = NULL;
    if (answer->status != SMCRED_OK) {
        (void)snprintf(text, sizeof text, "target %s: %.120s cannot be resolved: %.200s",
                       session->target_name, session->host, answer->err->text);
        session_refuse(session, answer->status, CANNOT_NOW, text, NULL);
        return;
    }
    session->local = answer->addresses[0].address.ss_family == AF_UNIX;
    if (!may_go_without_tls(session, answer)) {
        (void)snprintf(text, sizeof text,
                       "target %s: tls = disable is for loopback and Unix sockets, and %.120s is "
                       "neither",
                       session->target_name, session->host);
        session_refuse(session, SMCRED_DENIED, CONFIG_ERROR, text, NULL);
        return;
    }
    if (!session_audit_decision(session, "allowed", NULL, NULL)) {
        session_refuse(session, SMCRED_SYSTEM, NO_AUDIT,
                       "the audit log cannot be written, so nobody is let in", NULL);
        return;
    }
    if (introduce_endpoint(session, &endpoint))
        send_opened(session, answer, endpoint);
}

struct policy_decision session_decide_user(const struct session *session)
{
    return policy_user(session->target, session->asked_user, session->relay->operator_name,
                       session->snapshot->username);
}

bool session_name_database(struct session *session)
{
    return session_keep_text(&session->dbname, database_of(session));
}

/* Text of the present attempt, for the audit log and for a relay's ALIVE. */
static bool take_attempt(struct session *session, const struct login_answer *answer)
{
    struct sm_snapshot *snapshot = sm_snapshot_ref(answer->snapshot);
    sm_snapshot_unref(session->snapshot);
    session->snapshot = snapshot;
    session->attempt = answer->attempt;
    session->stale = answer->stale;
    session->port = answer->port;
    (void)snprintf(session->stage, sizeof session->stage, "%s", answer->stage);
    (void)snprintf(session->host, sizeof session->host, "%s", answer->host);
    bool whole = true;
    if (*answer->host == '/')
        whole = engine_server_socket(session->target->engine, answer->host, answer->port,
                                     session->endpoint, sizeof session->endpoint);
    else
        (void)snprintf(session->endpoint, sizeof session->endpoint, "%.255s:%u", answer->host,
                       answer->port);
    return whole && strlen(answer->host) < sizeof session->host &&
           session_keep_text(&session->secret, *snapshot->arn ? snapshot->arn : snapshot->name) &&
           session_keep_text(&session->version_id, snapshot->version_id) &&
           session_keep_text(&session->user, snapshot->username) && session_name_database(session);
}

static void resolve(struct session *session)
{
    const struct config_target *target = session->target;
    const char *dialled = target->hostaddr          ? target->hostaddr
                          : session->host[0] == '/' ? session->endpoint
                                                    : session->host;
    struct resolver_ask *ask = NULL;
    resolver_get(session->owner->keeper->resolver, dialled, (uint16_t)session->port,
                 sm_boot_ms() + SESSIONS_LOGIN_MS, on_resolved, session, &ask);
    if (ask) /* else it was answered, and the session may be gone */
        session->resolving = ask;
}

const char *sessions_sqlstate(enum smcred_status status)
{
    switch (status) {
    case SMCRED_UNAVAILABLE:
    case SMCRED_TIMED_OUT:
    case SMCRED_SYSTEM:
    case SMCRED_NO_MEMORY:
    case SMCRED_PROTOCOL:
        return CANNOT_NOW;
    case SMCRED_NOT_FOUND:
    case SMCRED_INVALID:
    case SMCRED_TOO_LARGE:
    case SMCRED_UNSUPPORTED:
        return CONFIG_ERROR;
    case SMCRED_LIMITED:
        return LIMIT_EXCEEDED;
    case SMCRED_OK:
    case SMCRED_DENIED:
    case SMCRED_REVOKED:
        return NOT_ALLOWED;
    }
    return CANNOT_NOW;
}

/* False: refused, as the secret is another engine's and the target does not say otherwise. */
static bool is_spoken(struct session *session)
{
    const struct config_target *target = session->target;
    const char *engine = session->snapshot->engine;
    enum index_engine found;
    char text[SM_ERROR_TEXT_MAX];
    bool known = engine_find(engine, &found);
    if (target->engine_given || !*engine || (known && found == target->engine))
        return true;
    (void)snprintf(text, sizeof text,
                   "target %s: its secret is of engine %s, which is not %s (engine = %s in the "
                   "target goes over it)",
                   session->target_name, log_quote(engine), known ? "the target's" : "spoken here",
                   engine_name(known ? found : target->engine));
    session_refuse(session, SMCRED_UNSUPPORTED, CONFIG_ERROR, text, NULL);
    return false;
}

/* The relay waits as long as we do; the client does not hear of it. */
static void send_wait(struct session *session, int64_t wait_ms)
{
    uint8_t buffer[128];
    struct sm_wire_out out;
    if (!session->waited)
        log_warning("session=%016llx of target=%s waits: no version of its secret is right now",
                    (unsigned long long)session->id, session->target_name);
    session->waited = true;
    session_begin_message(&out, buffer, sizeof buffer, session, ORC_WAIT, SMCRED_OK);
    sm_wire_put_u32(&out, ORC_T_WAIT_MS, (uint32_t)wait_ms);
    (void)relays_send(session->relay, &out, NULL); /* a failure has ended the session */
}

/* The password was changed behind our back.  True: it is being mended, and this login waits. */
static bool is_mended(struct session *session, const char *refusal)
{
    struct keeper *keeper = session->owner->keeper;
    if (drift_alarm(keeper->drift, session) && session->target->mends)
        mend_start(keeper->mends, session);
    if (session->mended || !mend_is_asked(keeper->mends, session->target->secret) ||
        !session_keep_text(&session->refusal, refusal))
        return false;
    session->mending = session->mended = true;
    return true;
}

static void refuse_login(struct session *session, const struct login_answer *answer)
{
    char text[SM_ERROR_TEXT_MAX];
    (void)snprintf(text, sizeof text, "target %s: %.380s", session->target_name,
                   answer->err->text[0] ? answer->err->text : sm_status_text(answer->status));
    if (answer->drifted && take_attempt(session, answer) && is_mended(session, text))
        send_wait(session, MEND_MS);
    else
        session_refuse(session, answer->status, sessions_sqlstate(answer->status), text, NULL);
}

static void on_login(void *arg, const struct login_answer *answer)
{
    struct session *session = arg;
    session_forget_challenge(session); /* the relay hangs up, whatever it hears now */
    session->phase = SOLVING;
    if (answer->wait_ms > 0) {
        send_wait(session, answer->wait_ms);
        return;
    }
    if (answer->status != SMCRED_OK) {
        refuse_login(session, answer);
        return;
    }
    if (!take_attempt(session, answer)) {
        session_refuse(session, SMCRED_NO_MEMORY, CANNOT_NOW, "the keeper is out of memory", NULL);
        return;
    }
    if (!is_spoken(session))
        return;
    struct policy_decision decision = session_decide_user(session);
    /* Rotations may alternate between two users: a later attempt's needs not be the one asked for.
     */
    if (!decision.allowed && session->attempt == 1 && !session->is_anew) {
        char hint[512];
        memcpy(session->rule, decision.rule, sizeof session->rule);
        policy_fitting(session->config, &session->peer, hint, sizeof hint);
        session_refuse(session, SMCRED_DENIED, decision.sqlstate, decision.text, hint);
        return;
    }
    decision = revoke_decide_version(session->owner->keeper, session->target, session->snapshot);
    if (!decision.allowed) {
        memcpy(session->rule, decision.rule, sizeof session->rule);
        session_refuse(session, SMCRED_REVOKED, decision.sqlstate, decision.text, NULL);
        return;
    }
    resolve(session);
}

/* May end the session. */
static void begin_login(struct session *session)
{
    const struct config_target *target = session->target;
    struct login_target where = {.secret_id = target->secret,
                                 .host = target->host,
                                 .port = target->port,
                                 .default_port = engine_port(target->engine)};
    if (login_begin(session->owner->keeper->logins, &where, on_login, session, &session->login) !=
        SMCRED_OK)
        session_refuse(session, SMCRED_NO_MEMORY, CANNOT_NOW, "the keeper is out of memory", NULL);
}

void session_go_on(struct session *session, bool accepted)
{
    if (!accepted) {
        session_refuse(session, SMCRED_DENIED, NOT_ALLOWED, session->refusal, NULL);
        return;
    }
    login_free(session->login);
    session->login = NULL;
    begin_login(session);
}

/* Policy of what is known before the secret is read. */
static struct policy_decision decide(const struct session *session)
{
    struct policy_decision decision =
        session->canary
            ? policy_canary(session->target)
            : policy_connect(session->target, &session->peer, session->relay->operator_name);
    if (!decision.allowed)
        return decision;
    struct policy_decision revoked =
        revoke_decide(session->owner->keeper, session->target, &session->peer);
    return revoked.allowed ? decision : revoked;
}

/* False: refused. */
static bool is_permitted(struct session *session, bool replication)
{
    struct policy_decision decision = decide(session);
    memcpy(session->rule, decision.rule, sizeof session->rule);
    if (decision.allowed && replication)
        decision = policy_replication(session->target);
    if (!decision.allowed) {
        char hint[512];
        memcpy(session->rule, decision.rule, sizeof session->rule);
        policy_fitting(session->config, &session->peer, hint, sizeof hint);
        session_refuse(session, SMCRED_DENIED, decision.sqlstate, decision.text, hint);
    }
    return decision.allowed;
}

bool session_take_wishes(struct session *session, const struct sm_wire_in *in)
{
    struct sm_bytes value;
    (void)sm_wire_get_text(in, ORC_T_USER, session->asked_user, sizeof session->asked_user);
    (void)sm_wire_get_text(in, ORC_T_DBNAME, session->asked_dbname, sizeof session->asked_dbname);
    (void)sm_wire_get_text(in, ORC_T_APPLICATION, session->application,
                           sizeof session->application);
    return !(sm_wire_get(in, ORC_T_USER, &value) && value.len >= sizeof session->asked_user) &&
           !(sm_wire_get(in, ORC_T_DBNAME, &value) && value.len >= sizeof session->asked_dbname);
}

/* ---- another login of a session that is logged in ---- */

/* The user may be the one that it is logged in as, or any that names nobody. */
static bool is_permitted_anew(struct session *session, bool whole, struct policy_decision *decision)
{
    *decision = (struct policy_decision){.sqlstate = NOT_ALLOWED, .text = SESSION_NAME_TOO_LONG};
    if (!session->target || session->target->engine != session->engine)
        *decision = (struct policy_decision){.sqlstate = NOT_ALLOWED,
                                             .text = "this target does not exist any more"};
    else if (whole)
        *decision = decide(session);
    if (!decision->allowed)
        return false;
    memcpy(session->rule, decision->rule, sizeof session->rule);
    *decision = policy_user(session->target, session->asked_user, session->relay->operator_name,
                            session->user);
    return decision->allowed;
}

/* Nothing has changed for it, and the relay is told so. */
static void refuse_anew(struct session *session, const struct policy_decision *decision)
{
    uint8_t buffer[4096];
    struct sm_wire_out out;
    char text[SM_ERROR_TEXT_MAX];
    session_audit_refusal(session, decision);
    session_end_login(session);
    (void)snprintf(text, sizeof text, "%.440s (audit id %016llx)", decision->text,
                   (unsigned long long)session->id);
    session_begin_message(&out, buffer, sizeof buffer, session, ORC_OPENED, SMCRED_DENIED);
    sm_wire_put_text(&out, ORC_T_SQLSTATE, decision->sqlstate);
    sm_wire_put_text(&out, ORC_T_TEXT, text);
    sm_wire_put(&out, ORC_T_STAYS, sm_bytes("", 0));
    (void)relays_send(session->relay, &out, NULL); /* a failure has ended the session */
}

/* COM_CHANGE_USER: a login like any other, but for the one that it takes the place of. */
static void open_anew(struct session *session, const struct sm_wire_in *in)
{
    struct keeper *keeper = session->owner->keeper;
    bool whole = session_take_wishes(session, in);
    session->config = config_ref(keeper->config);
    session->target = config_find(keeper->config, session->target_name);
    struct policy_decision decision;
    if (!is_permitted_anew(session, whole, &decision)) {
        refuse_anew(session, &decision);
        return;
    }
    drift_note_end(keeper->drift, session);
    session->phase = SOLVING;
    session->is_anew = session->wishes_known = true;
    session->waited = session->mended = false;
    begin_login(session);
}

const char *session_take_open(struct session *session, const struct sm_wire_in *in)
{
    struct keeper *keeper = session->owner->keeper;
    struct sm_bytes value;
    if (session->phase == OPEN && engine_greets(session->engine)) {
        open_anew(session, in);
        return NULL;
    }
    if (session->phase != ASKED)
        return "it opened a session twice";
    bool whole = session_take_wishes(session, in);
    session->phase = SOLVING;
    session->config = config_ref(keeper->config);
    session->target = config_find(keeper->config, session->target_name);
    session->wishes_known = !session->target || !engine_greets(session->target->engine);
    if (!whole) {
        session_refuse(session, SMCRED_TOO_LARGE, NOT_ALLOWED, SESSION_NAME_TOO_LONG, NULL);
        return NULL;
    }
    if (!session->target) {
        session_refuse(session, SMCRED_NOT_FOUND, NOT_ALLOWED,
                       "this target does not exist any more", NULL);
        return NULL;
    }
    if (!is_permitted(session, sm_wire_get(in, ORC_T_REPLICATION, &value)))
        return NULL;
    begin_login(session);
    return NULL;
}
