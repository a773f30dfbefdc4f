/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sessions.c - the keeper's half of a login, message by message.
 *
 * Whatever a relay sends is checked against where its session stands: a proof is given once per
 * attempt, for the snapshot of that attempt, and never after the verdict.  A function that sends
 * may lose the relay and with it the session, so sending is always the last thing it does.
 */
#include "keeper/sessions.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

#include "common/clock.h"
#include "common/oracle.h"
#include "keeper/audit.h"
#include "keeper/cache.h"
#include "keeper/endpoints.h"
#include "keeper/login.h"
#include "keeper/policy.h"
#include "keeper/proof.h"
#include "keeper/relays.h"
#include "keeper/resolver.h"
#include "keeper/table.h"

#define NAME_TEXT_MAX  256 /* bytes of user, database and application, NUL included */
#define STAMP_MAX      64  /* bytes of application_name, NUL included; PostgreSQL's NAMEDATALEN */
#define CANNOT_NOW     "57P03" /* cannot_connect_now */
#define CONFIG_ERROR   "F0000" /* config_file_error */
#define LIMIT_EXCEEDED "53400" /* configuration_limit_exceeded */
#define NO_AUDIT       "58030" /* io_error */
#define NOT_ALLOWED    "28000" /* invalid_authorization_specification */

enum phase {
    WAITING, /* for the relay to be there */
    ASKED,   /* the relay has the client; OPEN is to come */
    SOLVING, /* looking for the version and the addresses to try */
    TRYING,  /* OPENED was sent; challenge and verdict are to come */
    OPEN,    /* logged in */
    REFUSED, /* told so; ENDED is to come */
};

/* A server's, kept while the secret is read again before it is answered. */
struct challenge {
    uint32_t iterations;
    size_t salt_len;
    size_t message_len;
    uint8_t bytes[]; /* the salt, then the AuthMessage */
};

struct session {
    struct table_entry entry; /* first; the key is `id` */
    uint64_t id;
    struct sessions *owner;
    struct relay *relay;
    enum phase phase;
    struct sm_peer peer;
    int client_fd; /* while WAITING */
    bool tcp;
    int64_t started_ms;

    /* Until the verdict. */
    struct config *config;
    const struct config_target *target;
    struct login *login;
    struct resolver_ask *resolving;
    struct challenge *challenge;
    struct proof_ask *proving;
    struct sm_snapshot *snapshot; /* of the present attempt */
    bool proof_given;             /* in the present attempt */
    bool local;                   /* its addresses are all Unix sockets */
    char asked_user[NAME_TEXT_MAX];
    char asked_dbname[NAME_TEXT_MAX];
    char application[NAME_TEXT_MAX];

    /* For the audit log and status, to the end. */
    char target_name[INDEX_TARGET_MAX];
    char rule[POLICY_RULE_MAX];
    char *secret; /* ARN, or the name */
    char *version_id;
    char *user;
    char *dbname;
    char stage[64];
    char endpoint[INDEX_HOST_MAX + 16];
    char host[INDEX_HOST_MAX];
    char tls_version[16];
    unsigned attempt;
    uint32_t port;
    uint32_t backend_pid;
    bool stale;
    bool resumed; /* from the keeper before: who it was is known by uid alone */
};

struct sessions {
    struct keeper *keeper;
    struct table table;
};

enum smcred_status sessions_new(struct keeper *keeper, struct sessions **out_sessions)
{
    sm_autofree struct sessions *sessions = calloc(1, sizeof *sessions);
    if (!sessions || table_init(&sessions->table, 1024) != SMCRED_OK)
        return SMCRED_NO_MEMORY;
    sessions->keeper = keeper;
    *out_sessions = sm_take_ptr(&sessions);
    return SMCRED_OK;
}

size_t sessions_count(const struct sessions *sessions)
{
    return sessions->table.count;
}

/* ---- a session's own ---- */

static bool keep_text(char **field, const char *text)
{
    free(*field);
    *field = strdup(text);
    return *field != NULL;
}

/* What only a login needs; the session may live on for days without it. */
static void end_login(struct session *session)
{
    login_free(session->login);
    free(session->challenge);
    if (session->resolving)
        resolver_cancel(session->resolving);
    if (session->proving)
        proof_cancel(session->proving);
    sm_snapshot_unref(session->snapshot);
    config_unref(session->config);
    session->login = NULL;
    session->challenge = NULL;
    session->resolving = NULL;
    session->proving = NULL;
    session->snapshot = NULL;
    session->config = NULL;
    session->target = NULL;
}

static void free_session(struct session *session)
{
    end_login(session);
    table_remove(&session->owner->table, &session->entry);
    if (session->relay)
        session->relay->session_count--;
    sm_close_fd(&session->client_fd);
    sm_peer_done(&session->peer);
    free(session->secret);
    free(session->version_id);
    free(session->user);
    free(session->dbname);
    free(session);
}

static struct session *find(const struct sessions *sessions, uint64_t id)
{
    return (struct session *)table_find(&sessions->table, sm_bytes(&id, sizeof id));
}

static struct session *add_session(struct sessions *sessions, struct relay *relay, uint64_t id)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    session->id = id;
    session->entry.key = sm_bytes(&session->id, sizeof session->id);
    session->owner = sessions;
    session->relay = relay;
    session->client_fd = -1;
    session->peer = (struct sm_peer){
        .uid = relay->uid, .loginuid = SM_ID_UNKNOWN, .audit_session = SM_ID_UNKNOWN, .pidfd = -1};
    session->started_ms = sm_boot_ms();
    table_add(&sessions->table, &session->entry);
    relay->session_count++;
    return session;
}

/* ---- audit ---- */

static void audit_session(struct audit_line *line, const struct session *session, const char *event)
{
    audit_begin(line, sm_wall_ms(), event);
    audit_put_id(line, "id", session->id);
    audit_put_peer(line, &session->peer, session->relay->operator_name);
    audit_put(line, "target", session->target_name);
    audit_put(line, "rule", session->rule);
    audit_put(line, "via", session->resumed ? NULL : session->tcp ? "tcp" : "socket");
    audit_put(line, "secret", session->secret);
    audit_put(line, "version", session->version_id);
    audit_put(line, "stage", session->stage);
    if (session->attempt > 0)
        audit_put_number(line, "attempt", session->attempt);
    if (session->stale)
        audit_put_flag(line, "stale", true);
    audit_put(line, "endpoint", session->endpoint);
    audit_put(line, "user", session->user);
    audit_put(line, "dbname", session->dbname);
    if (session->backend_pid > 0)
        audit_put_number(line, "backend_pid", session->backend_pid);
    audit_put(line, "tls_version", session->tls_version);
}

static bool audit_decision(const struct session *session, const char *outcome, const char *sqlstate,
                           const char *text)
{
    struct audit_line line;
    audit_session(&line, session, "decision");
    audit_put(&line, "asked_user", session->asked_user);
    audit_put(&line, "asked_dbname", session->asked_dbname);
    audit_put(&line, "application", session->application);
    audit_put(&line, "outcome", outcome);
    audit_put(&line, "sqlstate", sqlstate);
    audit_put(&line, "text", text);
    return keeper_audit(session->owner->keeper, &line);
}

/* For what has happened and cannot be refused any more; a failure is logged there. */
static void audit_fact(const struct session *session, struct audit_line *line)
{
    if (!keeper_audit(session->owner->keeper, line))
        log_error("session=%016llx goes on without its audit line",
                  (unsigned long long)session->id);
}

static void audit_lost(const struct session *session, const char *why)
{
    struct audit_line line;
    audit_session(&line, session, "end");
    audit_put(&line, "outcome", "lost");
    audit_put(&line, "text", why);
    audit_put_number(&line, "duration_ms", (uint64_t)(sm_boot_ms() - session->started_ms));
    audit_fact(session, &line);
}

/* The keeper stops.  Sessions that are open go on in their relays, whose logs tell the end. */
static void audit_detached(const struct session *session)
{
    struct audit_line line;
    if (session->phase != OPEN) {
        audit_lost(session, "smcredd stopped before the login was over");
        return;
    }
    audit_session(&line, session, "detached");
    audit_put_number(&line, "duration_ms", (uint64_t)(sm_boot_ms() - session->started_ms));
    audit_fact(session, &line);
}

void sessions_free(struct sessions *sessions)
{
    if (!sessions)
        return;
    while (sessions->table.oldest) {
        struct session *session = (struct session *)sessions->table.oldest;
        audit_detached(session);
        free_session(session);
    }
    table_done(&sessions->table);
    free(sessions);
}

/* ---- to the relay ---- */

static void begin(struct sm_wire_out *out, void *buffer, size_t size, const struct session *session,
                  enum orc_verb verb, enum smcred_status status)
{
    sm_wire_begin(out, buffer, size, (uint16_t)verb, status, 0);
    sm_wire_put_u64(out, ORC_T_SESSION, session->id);
}

static void send_refusal(struct session *session, enum orc_verb verb, enum smcred_status status,
                         const char *sqlstate, const char *text, const char *hint)
{
    uint8_t buffer[4096];
    struct sm_wire_out out;
    char whole[SM_ERROR_TEXT_MAX];
    (void)snprintf(whole, sizeof whole, "%.440s (audit id %016llx)", text,
                   (unsigned long long)session->id);
    begin(&out, buffer, sizeof buffer, session, verb, status);
    sm_wire_put_text(&out, ORC_T_SQLSTATE, sqlstate);
    sm_wire_put_text(&out, ORC_T_TEXT, whole);
    sm_wire_put_text(&out, ORC_T_HINT, hint);
    (void)relays_send(session->relay, &out, NULL); /* a failure has ended the session */
}

/* The login is over without success: said to the audit log, then to the client. */
static void refuse(struct session *session, enum smcred_status status, const char *sqlstate,
                   const char *text, const char *hint)
{
    if (!audit_decision(session, "refused", sqlstate, text))
        log_warning("a refusal of session=%016llx is not in the audit log",
                    (unsigned long long)session->id);
    session->phase = REFUSED;
    end_login(session);
    send_refusal(session, ORC_OPENED, status, sqlstate, text, hint);
}

/* ---- from the client's arrival to OPEN ---- */

static void hand_over(struct session *session)
{
    uint8_t buffer[512];
    struct sm_wire_out out;
    sm_autoclose int fd = sm_take_fd(&session->client_fd);
    struct sm_fds fds = {{fd, -1}, 1};
    session->phase = ASKED;
    begin(&out, buffer, sizeof buffer, session, ORC_SESSION, SMCRED_OK);
    sm_wire_put_text(&out, ORC_T_ENGINE, "postgres");
    sm_wire_put_text(&out, ORC_T_TARGET, session->target_name);
    sm_wire_put_text(&out, ORC_T_OPERATOR, session->relay->operator_name);
    if (session->tcp)
        sm_wire_put(&out, ORC_T_TCP, sm_bytes("", 0));
    (void)relays_send(session->relay, &out, &fds); /* a failure has ended the session */
}

void sessions_start(struct sessions *sessions, const struct config_target *target,
                    struct sm_peer *peer, int fd, bool tcp)
{
    sm_autoclose int owned = fd;
    struct relay *relay = NULL;
    struct session *session = NULL;
    if (sessions->table.count < SESSIONS_MAX)
        relay = relays_for(sessions->keeper->relays, peer->uid);
    if (relay && relay->session_count < SESSIONS_PER_UID_MAX)
        session = add_session(sessions, relay, keeper_random_id());
    if (!session) {
        log_warning("a connection of uid=%u to target=%s is closed: %s", (unsigned)peer->uid,
                    target->name, relay ? "too many sessions" : "no relay");
        sm_peer_done(peer);
        return;
    }
    session->peer = *peer;
    peer->pidfd = -1;
    session->client_fd = sm_take_fd(&owned);
    session->tcp = tcp;
    (void)snprintf(session->target_name, sizeof session->target_name, "%s", target->name);
    if (relay->fd >= 0)
        hand_over(session);
}

void sessions_relay_ready(struct relay *relay)
{
    struct sessions *sessions = relay->keeper->sessions;
    struct table_entry *entry = sessions->table.oldest, *newer;
    for (; entry; entry = newer) {
        struct session *session = (struct session *)entry;
        newer = entry->newer;
        if (session->relay != relay || session->phase != WAITING)
            continue;
        hand_over(session);
        /* If the relay was lost, so were its sessions; what follows may be gone. */
        bool alive = false;
        for (const struct relay *at = relays_first(sessions->keeper->relays); at; at = at->next)
            alive |= at == relay;
        if (!alive)
            return;
    }
}

void sessions_relay_lost(struct relay *relay, const char *why)
{
    struct sessions *sessions = relay->keeper->sessions;
    for (struct table_entry *entry = sessions->table.oldest, *newer; entry; entry = newer) {
        struct session *session = (struct session *)entry;
        newer = entry->newer;
        if (session->relay != relay)
            continue;
        audit_lost(session, why);
        free_session(session);
    }
}

/* ---- OPEN: who, where, with which version ---- */

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

/* "smcred:OPERATOR:CLIENTAPP": the human, where the database's own log shows it. */
static void stamp(const struct session *session, char out_stamp[STAMP_MAX])
{
    int put = snprintf(out_stamp, STAMP_MAX, "smcred:%s:%s", session->relay->operator_name,
                       session->application);
    size_t len =
        put < STAMP_MAX ? (size_t)put : STAMP_MAX - 1; /* not into the middle of a character */
    while (len == STAMP_MAX - 1 && ((unsigned char)out_stamp[len - 1] & 0x80) != 0)
        out_stamp[--len] = '\0';
}

/*
 * libpq names the database after the user when it is told none, and the user after the operator; so
 * a database of the asked user's name means: the target's own.
 */
static const char *database_of(const struct session *session)
{
    const struct config_target *target = session->target;
    const struct sm_snapshot *snapshot = session->snapshot;
    const char *asked = session->asked_dbname;
    bool implied = !*asked || strcmp(asked, session->asked_user) == 0 ||
                   strcmp(asked, session->relay->operator_name) == 0;
    if (!implied)
        return asked;
    return target->dbname      ? target->dbname
           : *snapshot->dbname ? snapshot->dbname
                               : snapshot->username;
}

/* Tells the relay about the endpoint, once.  False: refused, or the relay is gone. */
static bool introduce_endpoint(struct session *session, uint32_t *out_number)
{
    struct keeper *keeper = session->owner->keeper;
    uint8_t buffer[1024];
    struct sm_wire_out out;
    uint32_t tls = session->local ? ORC_TLS_DISABLE : session->target->tls;
    struct sm_fds fds = {{session->target->ca_fd, -1}, tls == ORC_TLS_DISABLE ? 0 : 1};
    if (endpoints_number(keeper->endpoints, session->host, tls,
                         session->local ? 0 : session->target->ca_print, out_number) != SMCRED_OK) {
        refuse(session, SMCRED_LIMITED, LIMIT_EXCEEDED, "too many endpoints were in use", NULL);
        return false;
    }
    if (relays_knows(session->relay, *out_number))
        return true;
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_ENDPOINT, SMCRED_OK, 0);
    sm_wire_put_u32(&out, ORC_T_ENDPOINT, *out_number);
    sm_wire_put_text(&out, ORC_T_HOST, session->host);
    sm_wire_put_u32(&out, ORC_T_TLS, tls);
    if (!relays_mark(session->relay, *out_number)) {
        refuse(session, SMCRED_NO_MEMORY, CANNOT_NOW, "the keeper is out of memory", NULL);
        return false;
    }
    return relays_send(session->relay, &out, &fds);
}

static void send_opened(struct session *session, const struct resolver_answer *answer,
                        uint32_t endpoint)
{
    uint8_t buffer[4096];
    struct sm_wire_out out;
    char application[STAMP_MAX];
    stamp(session, application);
    begin(&out, buffer, sizeof buffer, session, ORC_OPENED, SMCRED_OK);
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
    session->phase = TRYING;
    session->proof_given = false;
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
        refuse(session, answer->status, CANNOT_NOW, text, NULL);
        return;
    }
    session->local = answer->addresses[0].address.ss_family == AF_UNIX;
    if (!may_go_without_tls(session, answer)) {
        (void)snprintf(text, sizeof text,
                       "target %s: tls = disable is for loopback and Unix sockets, and %.120s is "
                       "neither",
                       session->target_name, session->host);
        refuse(session, SMCRED_DENIED, CONFIG_ERROR, text, NULL);
        return;
    }
    if (!audit_decision(session, "allowed", NULL, NULL)) {
        refuse(session, SMCRED_SYSTEM, NO_AUDIT,
               "the audit log cannot be written, so nobody is let in", NULL);
        return;
    }
    if (introduce_endpoint(session, &endpoint))
        send_opened(session, answer, endpoint);
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
    if (*answer->host == '/')
        (void)snprintf(session->endpoint, sizeof session->endpoint, "%.240s/.s.PGSQL.%u",
                       answer->host, answer->port);
    else
        (void)snprintf(session->endpoint, sizeof session->endpoint, "%.255s:%u", answer->host,
                       answer->port);
    return strlen(answer->host) < sizeof session->host &&
           keep_text(&session->secret, *snapshot->arn ? snapshot->arn : snapshot->name) &&
           keep_text(&session->version_id, snapshot->version_id) &&
           keep_text(&session->user, snapshot->username) &&
           keep_text(&session->dbname, database_of(session));
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

static const char *sqlstate_of(enum smcred_status status)
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
    char text[SM_ERROR_TEXT_MAX];
    if (target->engine_given || !*engine || config_engine_is(target->engine, engine))
        return true;
    (void)snprintf(
        text, sizeof text,
        "target %s: its secret is of engine %s, which is not spoken here (engine = %s in "
        "the target goes over it)",
        session->target_name, log_quote(engine), config_engine_name(target->engine));
    refuse(session, SMCRED_UNSUPPORTED, CONFIG_ERROR, text, NULL);
    return false;
}

static void on_login(void *arg, const struct login_answer *answer)
{
    struct session *session = arg;
    if (answer->status != SMCRED_OK) {
        char text[SM_ERROR_TEXT_MAX];
        (void)snprintf(text, sizeof text, "target %s: %.380s", session->target_name,
                       answer->err->text[0] ? answer->err->text : sm_status_text(answer->status));
        refuse(session, answer->status, sqlstate_of(answer->status), text, NULL);
        return;
    }
    if (!take_attempt(session, answer)) {
        refuse(session, SMCRED_NO_MEMORY, CANNOT_NOW, "the keeper is out of memory", NULL);
        return;
    }
    if (!is_spoken(session))
        return;
    struct policy_decision decision =
        policy_user(session->target, session->asked_user, session->relay->operator_name,
                    session->snapshot->username);
    if (!decision.allowed) {
        char hint[512];
        policy_fitting(session->config, &session->peer, hint, sizeof hint);
        refuse(session, SMCRED_DENIED, decision.sqlstate, decision.text, hint);
        return;
    }
    resolve(session);
}

/* Policy of what is known before the secret is read.  False: refused. */
static bool is_permitted(struct session *session, bool replication)
{
    struct policy_decision decision =
        policy_connect(session->target, &session->peer, session->relay->operator_name);
    memcpy(session->rule, decision.rule, sizeof session->rule);
    if (decision.allowed && replication)
        decision = policy_replication(session->target);
    if (!decision.allowed) {
        char hint[512];
        memcpy(session->rule, decision.rule, sizeof session->rule);
        policy_fitting(session->config, &session->peer, hint, sizeof hint);
        refuse(session, SMCRED_DENIED, decision.sqlstate, decision.text, hint);
    }
    return decision.allowed;
}

static const char *take_open(struct session *session, const struct sm_wire_in *in)
{
    struct keeper *keeper = session->owner->keeper;
    struct sm_bytes value;
    if (session->phase != ASKED)
        return "it opened a session twice";
    (void)sm_wire_get_text(in, ORC_T_USER, session->asked_user, sizeof session->asked_user);
    (void)sm_wire_get_text(in, ORC_T_DBNAME, session->asked_dbname, sizeof session->asked_dbname);
    (void)sm_wire_get_text(in, ORC_T_APPLICATION, session->application,
                           sizeof session->application);
    session->phase = SOLVING;
    session->config = config_ref(keeper->config);
    session->target = config_find(keeper->config, session->target_name);
    if ((sm_wire_get(in, ORC_T_USER, &value) && value.len >= sizeof session->asked_user) ||
        (sm_wire_get(in, ORC_T_DBNAME, &value) && value.len >= sizeof session->asked_dbname)) {
        refuse(session, SMCRED_TOO_LARGE, NOT_ALLOWED, "a user or database name is too long", NULL);
        return NULL;
    }
    if (!session->target) {
        refuse(session, SMCRED_NOT_FOUND, NOT_ALLOWED, "this target does not exist any more", NULL);
        return NULL;
    }
    if (!is_permitted(session, sm_wire_get(in, ORC_T_REPLICATION, &value)))
        return NULL;
    struct login_target where = {.secret_id = session->target->secret,
                                 .host = session->target->host,
                                 .port = session->target->port,
                                 .default_port = config_engine_port(session->target->engine)};
    if (login_begin(keeper->logins, &where, sm_boot_ms() + SESSIONS_LOGIN_MS, on_login, session,
                    &session->login) != SMCRED_OK)
        refuse(session, SMCRED_NO_MEMORY, CANNOT_NOW, "the keeper is out of memory", NULL);
    return NULL;
}

/* ---- challenges ---- */

static void send_proof(struct session *session, struct sm_bytes proof, struct sm_bytes signature)
{
    uint8_t buffer[2048 + SM_SECRET_MAX];
    struct sm_wire_out out;
    begin(&out, buffer, sizeof buffer, session, ORC_PROOF, SMCRED_OK);
    sm_wire_put(&out, ORC_T_PROOF, proof);
    sm_wire_put_text(&out, ORC_T_VERSION, session->version_id);
    if (signature.len > 0)
        sm_wire_put(&out, ORC_T_SERVER_SIGNATURE, signature);
    size_t len = out.len;
    (void)relays_send(session->relay, &out, NULL); /* a failure has ended the session */
    explicit_bzero(buffer, len);
}

static void refuse_proof(struct session *session, enum smcred_status status, const char *text)
{
    struct audit_line line;
    audit_session(&line, session, "proof");
    audit_put(&line, "outcome", "refused");
    audit_put(&line, "text", text);
    audit_fact(session, &line);
    send_refusal(session, ORC_PROOF, status, NOT_ALLOWED, text, NULL);
}

static void on_proof(void *arg, const struct proof_answer *answer)
{
    struct session *session = arg;
    session->proving = NULL;
    if (answer->status == SMCRED_OK)
        send_proof(session, sm_bytes(answer->proof, sizeof answer->proof),
                   sm_bytes(answer->server_signature, sizeof answer->server_signature));
    else
        refuse_proof(session, answer->status, answer->err->text);
}

/* One proof per attempt: a relay that was broken into learns no more than its sessions need. */
static const char *claim_proof(struct session *session)
{
    if (session->phase != TRYING)
        return "it asked for a proof outside of a login";
    if (session->proof_given)
        return "it asked for a second proof in one attempt";
    session->proof_given = true;
    return NULL;
}

static struct challenge *copy_challenge(const struct proof_challenge *from)
{
    struct challenge *copy = malloc(sizeof *copy + from->salt.len + from->auth_message.len);
    if (!copy)
        return NULL;
    *copy = (struct challenge){from->iterations, from->salt.len, from->auth_message.len};
    memcpy(copy->bytes, from->salt.data, from->salt.len);
    memcpy(copy->bytes + copy->salt_len, from->auth_message.data, copy->message_len);
    return copy;
}

/* Another version has taken the place of the attempt's, which was not sent. */
static bool take_renewed(struct session *session, const struct login_proof *proof)
{
    struct audit_line line;
    char text[SM_ERROR_TEXT_MAX];
    (void)snprintf(text, sizeof text, "the server's salt is not the one of version %.200s",
                   session->version_id);
    sm_snapshot_unref(session->snapshot);
    session->snapshot = sm_snapshot_ref(proof->snapshot);
    session->stale = false;
    (void)snprintf(session->stage, sizeof session->stage, "%s", proof->stage);
    if (!keep_text(&session->version_id, proof->snapshot->version_id))
        return false;
    audit_session(&line, session, "proof");
    audit_put(&line, "outcome", "renewed");
    audit_put(&line, "text", text);
    return keeper_audit(session->owner->keeper, &line);
}

static void on_prove(void *arg, const struct login_proof *proof)
{
    struct session *session = arg;
    sm_autofree struct challenge *challenge = sm_take_ptr(&session->challenge);
    if (proof->renewed && !take_renewed(session, proof)) {
        refuse_proof(session, SMCRED_SYSTEM,
                     "the audit log cannot be written, or memory is short, so nobody is let in");
        return;
    }
    struct proof_challenge question = {
        .salt = sm_bytes(challenge->bytes, challenge->salt_len),
        .iterations = challenge->iterations,
        .auth_message = sm_bytes(challenge->bytes + challenge->salt_len, challenge->message_len)};
    struct proof_ask *ask = NULL;
    proof_get(session->owner->keeper->proofs, session->snapshot, &question, on_proof, session,
              &ask);
    if (ask) /* else it was answered, and the session may be gone */
        session->proving = ask;
}

static const char *take_scram(struct session *session, const struct sm_wire_in *in)
{
    struct proof_challenge challenge = {.iterations_min = 0};
    const char *why = claim_proof(session);
    if (why)
        return why;
    if (!sm_wire_get(in, ORC_T_SALT, &challenge.salt) ||
        !sm_wire_get_u32(in, ORC_T_ITERATIONS, &challenge.iterations) ||
        !sm_wire_get(in, ORC_T_AUTH_MESSAGE, &challenge.auth_message))
        return "a SCRAM question without salt, iterations or message";
    session->challenge = copy_challenge(&challenge);
    if (session->challenge)
        login_challenged(session->login, challenge.salt, on_prove);
    else
        refuse_proof(session, SMCRED_NO_MEMORY, "the keeper is out of memory");
    return NULL;
}

static const char *take_md5(struct session *session, const struct sm_wire_in *in)
{
    struct sm_bytes salt;
    char answer[MD5_ANSWER_LEN + 1];
    const char *why = claim_proof(session);
    if (why)
        return why;
    if (!sm_wire_get(in, ORC_T_SALT, &salt) || salt.len != MD5_SALT_SIZE)
        return "an md5 question without its salt";
    if (!session->target->md5) {
        refuse_proof(session, SMCRED_DENIED,
                     "the server asks for md5, which the target's md5 = no forbids");
        return NULL;
    }
    enum smcred_status status =
        md5_answer(session->snapshot->password, session->snapshot->username, salt.data, answer);
    if (status != SMCRED_OK)
        refuse_proof(session, status, "md5 is not available on this host");
    else
        send_proof(session, sm_bytes(answer, MD5_ANSWER_LEN), sm_bytes(NULL, 0));
    explicit_bzero(answer, sizeof answer);
    return NULL;
}

static const char *take_cleartext(struct session *session, const struct sm_wire_in *in)
{
    struct sm_bytes value;
    const char *why = claim_proof(session);
    if (why)
        return why;
    bool verified =
        session->target->tls == ORC_TLS_VERIFY_FULL && sm_wire_get(in, ORC_T_TLS_VERIFIED, &value);
    if (!session->target->cleartext)
        refuse_proof(session, SMCRED_DENIED,
                     "the server asks for the password in clear text, which only a target with "
                     "cleartext = yes permits");
    else if (!verified && !session->local)
        refuse_proof(session, SMCRED_DENIED,
                     "the server asks for the password in clear text over a connection whose peer "
                     "was not verified");
    else
        send_proof(session, sm_secret_view(session->snapshot->password), sm_bytes(NULL, 0));
    return NULL;
}

/* ---- verdicts ---- */

static const char *take_logged_in(struct session *session, const struct sm_wire_in *in)
{
    struct audit_line line;
    if (session->phase != TRYING)
        return "it reported a login that was not under way";
    (void)sm_wire_get_u32(in, ORC_T_BACKEND_PID, &session->backend_pid);
    (void)sm_wire_get_text(in, ORC_T_TLS_VERSION, session->tls_version,
                           sizeof session->tls_version);
    login_accepted(session->login);
    session->phase = OPEN;
    audit_session(&line, session, "login");
    audit_put(&line, "outcome", "accepted");
    audit_fact(session, &line);
    end_login(session);
    return NULL;
}

static const char *take_refused(struct session *session, const struct sm_wire_in *in)
{
    struct audit_line line;
    char sqlstate[8], text[SM_ERROR_TEXT_MAX];
    if (session->phase != TRYING)
        return "it reported a refusal of no attempt";
    if (!sm_wire_get_text(in, ORC_T_SQLSTATE, sqlstate, sizeof sqlstate))
        return "it reported a refusal without an SQLSTATE";
    (void)sm_wire_get_text(in, ORC_T_TEXT, text, sizeof text);
    audit_session(&line, session, "login");
    audit_put(&line, "outcome", "refused");
    audit_put(&line, "sqlstate", sqlstate);
    audit_put(&line, "text", text);
    audit_fact(session, &line);
    session->phase = SOLVING;
    if (session->proving) {
        proof_cancel(session->proving);
        session->proving = NULL;
    }
    free(session->challenge);
    session->challenge = NULL;
    login_refused(session->login, sqlstate);
    return NULL;
}

static void put_end(struct audit_line *line, const struct sm_wire_in *in)
{
    char outcome[16], sqlstate[8], text[SM_ERROR_TEXT_MAX];
    uint64_t number;
    (void)sm_wire_get_text(in, ORC_T_OUTCOME, outcome, sizeof outcome);
    (void)sm_wire_get_text(in, ORC_T_SQLSTATE, sqlstate, sizeof sqlstate);
    (void)sm_wire_get_text(in, ORC_T_TEXT, text, sizeof text);
    audit_put(line, "outcome", outcome);
    audit_put(line, "sqlstate", sqlstate);
    audit_put(line, "text", text);
    if (sm_wire_get_u64(in, ORC_T_BYTES_IN, &number))
        audit_put_number(line, "bytes_in", number);
    if (sm_wire_get_u64(in, ORC_T_BYTES_OUT, &number))
        audit_put_number(line, "bytes_out", number);
    if (sm_wire_get_u64(in, ORC_T_DURATION_MS, &number))
        audit_put_number(line, "duration_ms", number);
}

static const char *take_ended(struct session *session, const struct sm_wire_in *in)
{
    struct audit_line line;
    audit_session(&line, session, "end");
    put_end(&line, in);
    audit_fact(session, &line);
    free_session(session);
    return NULL;
}

static const char *take_cancelled(struct session *session, const struct sm_wire_in *in)
{
    struct audit_line line;
    (void)sm_wire_get_u32(in, ORC_T_BACKEND_PID, &session->backend_pid);
    audit_session(&line, session, "cancel");
    audit_fact(session, &line);
    return NULL;
}

/* ---- after a restart of the keeper ---- */

static const char *take_alive(struct relay *relay, uint64_t id, const struct sm_wire_in *in)
{
    char text[NAME_TEXT_MAX];
    uint64_t duration = 0;
    struct session *session = add_session(relay->keeper->sessions, relay, id);
    if (!session)
        return NULL; /* it goes on, unseen */
    session->phase = OPEN;
    session->resumed = true;
    (void)sm_wire_get_text(in, ORC_T_TARGET, session->target_name, sizeof session->target_name);
    (void)sm_wire_get_u32(in, ORC_T_BACKEND_PID, &session->backend_pid);
    (void)sm_wire_get_u64(in, ORC_T_DURATION_MS, &duration);
    session->started_ms -= (int64_t)(duration < INT64_MAX ? duration : 0);
    (void)sm_wire_get_text(in, ORC_T_USER, text, sizeof text);
    bool kept = keep_text(&session->user, text);
    (void)sm_wire_get_text(in, ORC_T_DBNAME, text, sizeof text);
    kept = keep_text(&session->dbname, text) && kept;
    (void)sm_wire_get_text(in, ORC_T_VERSION, text, sizeof text);
    kept = keep_text(&session->version_id, text) && kept;
    struct audit_line line;
    audit_session(&line, session, "resumed");
    audit_fact(session, &line);
    return kept ? NULL : "memory is short";
}

/* The end of a session that the keeper before knew and this one never heard of. */
static void take_late_end(struct relay *relay, uint64_t id, const struct sm_wire_in *in)
{
    struct audit_line line;
    audit_begin(&line, sm_wall_ms(), "end");
    audit_put_id(&line, "id", id);
    audit_put(&line, "operator", relay->operator_name);
    audit_put_number(&line, "uid", relay->uid);
    put_end(&line, in);
    if (!keeper_audit(relay->keeper, &line))
        log_error("the end of session=%016llx is not in the audit log", (unsigned long long)id);
}

/* ---- dispatch ---- */

static const struct {
    enum orc_verb verb;
    const char *(*take)(struct session *session, const struct sm_wire_in *in);
} verbs[] = {
    {ORC_OPEN, take_open},           {ORC_SCRAM, take_scram},         {ORC_MD5, take_md5},
    {ORC_CLEARTEXT, take_cleartext}, {ORC_LOGGED_IN, take_logged_in}, {ORC_REFUSED, take_refused},
    {ORC_ENDED, take_ended},         {ORC_CANCELLED, take_cancelled},
};

const char *sessions_message(struct relay *relay, const struct sm_wire_in *in)
{
    uint64_t id = 0;
    if (!sm_wire_get_u64(in, ORC_T_SESSION, &id) || id == 0)
        return "it sent a message without a session";
    struct session *session = find(relay->keeper->sessions, id);
    if (session && session->relay != relay)
        return "it spoke about another relay's session";
    if (in->header.verb == ORC_ALIVE)
        return session ? "it says twice that a session lives" : take_alive(relay, id, in);
    if (!session && in->header.verb == ORC_ENDED) {
        take_late_end(relay, id, in);
        return NULL;
    }
    if (!session)
        return "it spoke about a session that does not exist";
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (verbs[i].verb == in->header.verb)
            return verbs[i].take(session, in);
    return "it sent an unknown verb";
}

void sessions_walk(const struct sessions *sessions,
                   void (*each)(void *arg, const struct sessions_state *state), void *arg)
{
    static const char *const names[] = {
        [WAITING] = "waiting", [ASKED] = "waiting", [SOLVING] = "login",
        [TRYING] = "login",    [OPEN] = "open",     [REFUSED] = "refused"};
    for (const struct table_entry *entry = sessions->table.oldest; entry; entry = entry->newer) {
        const struct session *session = (const struct session *)entry;
        struct sessions_state state = {
            .id = session->id,
            .uid = session->peer.uid,
            .operator_name = session->relay->operator_name,
            .target = session->target_name,
            .state = names[session->phase],
            .user = session->user ? session->user : "",
            .dbname = session->dbname ? session->dbname : "",
            .version_id = session->version_id ? session->version_id : "",
            .endpoint = session->endpoint,
            .backend_pid = session->backend_pid,
            .pid = session->peer.pid,
            .age_ms = sm_boot_ms() - session->started_ms,
        };
        each(arg, &state);
    }
}
