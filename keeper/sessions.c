/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sessions.c - all sessions, and a relay's messages about them: each is checked against where its
 * session stands.
 */
#include "keeper/sessions.h"

#include <stdio.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/refusal.h"
#include "keeper/canary.h"
#include "keeper/drift.h"
#include "keeper/engine.h"
#include "keeper/localtls.h"
#include "keeper/login.h"
#include "keeper/proof.h"
#include "keeper/resolver.h"
#include "keeper/session.h"
#include "keeper/verdict.h"

#define TOO_MANY "too many sessions"

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

bool session_keep_text(char **field, const char *text)
{
    free(*field);
    *field = strdup(text);
    return *field != NULL;
}

void session_forget_challenge(struct session *session)
{
    if (session->proving)
        proof_cancel(session->proving);
    free(session->challenge);
    session->proving = NULL;
    session->challenge = NULL;
}

void session_end_login(struct session *session)
{
    login_free(session->login);
    session_forget_challenge(session);
    if (session->resolving)
        resolver_cancel(session->resolving);
    sm_snapshot_unref(session->snapshot);
    config_unref(session->config);
    session->login = NULL;
    session->resolving = NULL;
    session->snapshot = NULL;
    session->config = NULL;
    session->target = NULL;
}

static void free_session(struct session *session)
{
    session_end_login(session);
    if (session->phase == OPEN && !session->canary)
        drift_note_end(session->owner->keeper->drift, session);
    if (session->canary)
        canary_ended(session->canary, session);
    table_remove(&session->owner->table, &session->entry);
    if (session->relay)
        session->relay->session_count--;
    sm_close_fd(&session->client_fd);
    sm_peer_done(&session->peer);
    free(session->refusal);
    human_unref(session->human);
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

void sessions_free(struct sessions *sessions)
{
    if (!sessions)
        return;
    while (sessions->table.oldest) {
        struct session *session = (struct session *)sessions->table.oldest;
        session_audit_detached(session);
        free_session(session);
    }
    table_done(&sessions->table);
    free(sessions);
}

/* ---- to the relay ---- */

void session_begin_message(struct sm_wire_out *out, void *buffer, size_t size,
                           const struct session *session, enum orc_verb verb,
                           enum smcred_status status)
{
    sm_wire_begin(out, buffer, size, (uint16_t)verb, status, 0);
    sm_wire_put_u64(out, ORC_T_SESSION, session->id);
}

void session_send_refusal(struct session *session, enum orc_verb verb, enum smcred_status status,
                          const char *sqlstate, const char *text, const char *hint)
{
    uint8_t buffer[4096];
    struct sm_wire_out out;
    char whole[SM_ERROR_TEXT_MAX];
    (void)snprintf(whole, sizeof whole, "%.440s (audit id %016llx)", text,
                   (unsigned long long)session->id);
    session_begin_message(&out, buffer, sizeof buffer, session, verb, status);
    sm_wire_put_text(&out, ORC_T_SQLSTATE, sqlstate);
    sm_wire_put_text(&out, ORC_T_TEXT, whole);
    sm_wire_put_text(&out, ORC_T_HINT, hint);
    (void)relays_send(session->relay, &out, NULL); /* a failure has ended the session */
}

void session_refuse(struct session *session, enum smcred_status status, const char *sqlstate,
                    const char *text, const char *hint)
{
    if (!session_audit_decision(session, "refused", sqlstate, text))
        log_warning("a refusal of session=%016llx is not in the audit log",
                    (unsigned long long)session->id);
    if (session->canary)
        canary_refused(session->canary, status, text);
    session->phase = REFUSED;
    session_end_login(session);
    session_send_refusal(session, ORC_OPENED, status, sqlstate, text, hint);
}

/* ---- from the client's arrival to OPEN ---- */

/* What the target shows to clients; 0: nothing, so they get no TLS. */
static uint32_t identity_of(const struct session *session, struct localtls_identity *out_identity)
{
    struct keeper *keeper = session->owner->keeper;
    const struct config_target *target = config_find(keeper->config, session->target_name);
    struct sm_error err = {0};
    if (!target || session->canary)
        return 0;
    enum smcred_status status =
        localtls_identity(keeper->localtls, target, sm_wall_ms() / 1000, out_identity, &err);
    if (status == SMCRED_OK)
        return out_identity->number;
    if (status != SMCRED_NOT_FOUND)
        log_error("target=%s has no certificate for its clients: %s", target->name, err.text);
    return 0;
}

/* Tells the relay what the target shows, once.  False: the relay is gone, and the session. */
static bool introduce_identity(struct session *session, uint32_t *out_number)
{
    uint8_t buffer[64];
    struct sm_wire_out out;
    struct localtls_identity identity;
    struct relay *relay = session->relay;
    uint32_t number = identity_of(session, &identity);
    *out_number = number;
    if (number != 0 && identity.fresh)
        relays_forget_identity(relay->keeper->relays, number);
    if (number == 0 || relays_knows(&relay->identities, number))
        return true;
    if (!relays_mark(&relay->identities, number)) {
        *out_number = 0;
        return true;
    }
    struct sm_fds fds = {{identity.fd, -1}, 1};
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_IDENTITY, SMCRED_OK, 0);
    sm_wire_put_u32(&out, ORC_T_IDENTITY, number);
    return relays_send(relay, &out, &fds);
}

static void hand_over(struct session *session)
{
    uint8_t buffer[512];
    struct sm_wire_out out;
    uint32_t identity = 0;
    if (!introduce_identity(session, &identity))
        return;
    sm_autoclose int fd = sm_take_fd(&session->client_fd);
    struct sm_fds fds = {{fd, -1}, 1};
    session->phase = ASKED;
    session_begin_message(&out, buffer, sizeof buffer, session, ORC_SESSION, SMCRED_OK);
    sm_wire_put_text(&out, ORC_T_ENGINE, engine_name(session->engine));
    sm_wire_put_text(&out, ORC_T_TARGET, session->target_name);
    sm_wire_put_text(&out, ORC_T_OPERATOR, session->relay->operator_name);
    sm_wire_put_u64(&out, ORC_T_LOGIN, session->human_login);
    if (session->tcp)
        sm_wire_put(&out, ORC_T_TCP, sm_bytes("", 0));
    if (identity != 0)
        sm_wire_put_u32(&out, ORC_T_IDENTITY, identity);
    (void)relays_send(session->relay, &out, &fds); /* a failure has ended the session */
}

void sessions_send_away(int fd, uint32_t engine, const char *sqlstate, const char *why)
{
    char message[REFUSAL_MAX], unread[1024];
    size_t len = refusal_write(message, engine, sqlstate, why);
    (void)send(fd, message, len, MSG_DONTWAIT | MSG_NOSIGNAL); /* a client that left knows why */
    /* TCP would throw the refusal away if bytes were left when the socket is closed. */
    (void)recv(fd, unread, sizeof unread, MSG_DONTWAIT);
}

static void belongs_to(struct session *session, const struct human_login *login)
{
    session->human_login = login ? login->id : 0;
    session->human = login ? human_ref(login->human) : NULL;
}

/* A session of this peer, whose relay is there or comes.  NULL: why there is none. */
static struct session *begin(struct sessions *sessions, const struct config_target *target,
                             struct sm_peer *peer, const char **out_why)
{
    struct relay *relay = NULL;
    struct session *session = NULL;
    bool full = sessions->table.count >= SESSIONS_MAX;
    if (!full)
        relay = relays_for(sessions->keeper->relays, peer->uid);
    full = full || (relay && relay->session_count >= SESSIONS_PER_UID_MAX);
    if (relay && !full)
        session = add_session(sessions, relay, keeper_random_id());
    if (!session) {
        *out_why = full ? TOO_MANY : "no relay could be started";
        log_warning("a connection of uid=%u to target=%s is refused: %s", (unsigned)peer->uid,
                    target->name, *out_why);
        sm_peer_done(peer);
        return NULL;
    }
    belongs_to(session, humans_of(sessions->keeper->humans, peer));
    session->peer = *peer;
    peer->pidfd = -1;
    session->engine = target->engine;
    (void)snprintf(session->target_name, sizeof session->target_name, "%s", target->name);
    return session;
}

void sessions_start(struct sessions *sessions, const struct config_target *target,
                    struct sm_peer *peer, int fd, bool tcp)
{
    sm_autoclose int owned = fd;
    const char *why = NULL;
    struct session *session = begin(sessions, target, peer, &why);
    if (!session) {
        sessions_send_away(owned, target->engine,
                           strcmp(why, TOO_MANY) == 0 ? REFUSAL_TOO_MANY : REFUSAL_NOT_NOW, why);
        return;
    }
    session->client_fd = sm_take_fd(&owned);
    session->tcp = tcp;
    if (session->relay->ready)
        hand_over(session);
}

void sessions_start_canary(struct sessions *sessions, const struct config_target *target,
                           struct sm_peer *peer, int fd, struct canary *canary)
{
    sm_autoclose int owned = fd;
    const char *why = NULL;
    struct session *session = begin(sessions, target, peer, &why);
    if (!session) {
        canary_refused(canary, SMCRED_LIMITED, why);
        canary_ended(canary, NULL);
        return;
    }
    session->client_fd = sm_take_fd(&owned);
    session->canary = canary;
    if (session->relay->ready)
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
        session_audit_lost(session, why);
        if (session->phase == WAITING)
            sessions_send_away(session->client_fd, session->engine, REFUSAL_NOT_NOW, why);
        free_session(session);
    }
}

static struct session *find_mending(struct sessions *sessions, const char *secret_id)
{
    for (struct table_entry *at = sessions->table.oldest; at; at = at->newer) {
        struct session *session = (struct session *)at;
        if (session->mending && strcmp(session->target->secret, secret_id) == 0)
            return session;
    }
    return NULL;
}

void sessions_mended(struct sessions *sessions, const char *secret_id, bool accepted)
{
    struct session *session; /* from the beginning each time: with one, its relay's others may go */
    while ((session = find_mending(sessions, secret_id))) {
        session->mending = false;
        session_go_on(session, accepted);
    }
}

/* ---- verdicts ---- */

static const char *take_logged_in(struct session *session, const struct sm_wire_in *in)
{
    struct audit_line line;
    char client_tls[sizeof session->tls_version];
    if (session->phase != TRYING)
        return "it reported a login that was not under way";
    (void)sm_wire_get_u32(in, ORC_T_BACKEND_PID, &session->backend_pid);
    (void)sm_wire_get_text(in, ORC_T_TLS_VERSION, session->tls_version,
                           sizeof session->tls_version);
    login_accepted(session->login);
    session->phase = OPEN;
    session->opened_ms = sm_boot_ms();
    session_audit_begin(&line, session, "login");
    if (engine_greets(session->engine)) /* the decision was without them */
        session_audit_wishes(&line, session);
    if (sm_wire_get_text(in, ORC_T_CLIENT_TLS, client_tls, sizeof client_tls))
        audit_put(&line, "client_tls", client_tls);
    audit_put(&line, "outcome", "accepted");
    session_audit_fact(session, &line);
    session_end_login(session);
    if (session->canary)
        canary_logged_in(session->canary, session);
    return NULL;
}

/* Its verdict and our next attempt have crossed. */
static bool was_given_up(const struct session *session, const struct sm_wire_in *in)
{
    uint32_t attempt = 0;
    bool under_way = session->phase == TRYING || session->phase == SOLVING;
    return under_way && sm_wire_get_u32(in, ORC_T_ATTEMPT, &attempt) &&
           (attempt != session->attempt || session->phase == SOLVING);
}

static const char *take_refused(struct session *session, const struct sm_wire_in *in)
{
    struct audit_line line;
    char sqlstate[8], routine[64], text[SM_ERROR_TEXT_MAX];
    if (was_given_up(session, in))
        return NULL;
    if (session->phase != TRYING)
        return "it reported a refusal of no attempt";
    struct verdict_refusal refusal = {
        .sqlstate = sqlstate, .routine = routine, .proved = session->is_proved};
    if (!sm_wire_get_text(in, ORC_T_SQLSTATE, sqlstate, sizeof sqlstate))
        return "it reported a refusal without an SQLSTATE";
    if (engine_greets(session->engine) && !sm_wire_get_u32(in, ORC_T_CODE, &refusal.code))
        return "it reported a refusal without its number";
    (void)sm_wire_get_text(in, ORC_T_TEXT, text, sizeof text);
    (void)sm_wire_get_text(in, ORC_T_ROUTINE, routine, sizeof routine);
    session_audit_begin(&line, session, "login");
    audit_put(&line, "outcome", "refused");
    audit_put(&line, "sqlstate", sqlstate);
    if (refusal.code > 0)
        audit_put_number(&line, "code", refusal.code);
    audit_put(&line, "text", text);
    if (!refusal.proved)
        audit_put(&line, "proof", "none");
    session_audit_fact(session, &line);
    if (session->canary)
        canary_refused(session->canary, SMCRED_DENIED, text);
    session->phase = SOLVING;
    session_forget_challenge(session);
    login_refused(session->login, &refusal);
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
    session_audit_begin(&line, session, "end");
    put_end(&line, in);
    session_audit_fact(session, &line);
    free_session(session);
    return NULL;
}

static const char *take_cancelled(struct session *session, const struct sm_wire_in *in)
{
    struct audit_line line;
    (void)sm_wire_get_u32(in, ORC_T_BACKEND_PID, &session->backend_pid);
    session_audit_begin(&line, session, "cancel");
    session_audit_fact(session, &line);
    return NULL;
}

/* ---- after a restart of the keeper ---- */

static const char *take_alive(struct relay *relay, uint64_t id, const struct sm_wire_in *in)
{
    char text[NAME_TEXT_MAX];
    uint64_t duration = 0, login = 0;
    if (relay->session_count >= SESSIONS_PER_UID_MAX)
        return "it says that more sessions live than it was ever given";
    struct session *session = add_session(relay->keeper->sessions, relay, id);
    if (!session)
        return NULL; /* it goes on, unseen */
    session->phase = OPEN;
    session->resumed = true;
    (void)sm_wire_get_text(in, ORC_T_TARGET, session->target_name, sizeof session->target_name);
    (void)sm_wire_get_text(in, ORC_T_ENGINE, text, sizeof text);
    (void)engine_find(text, &session->engine); /* or none, and no login anew */
    (void)sm_wire_get_u32(in, ORC_T_BACKEND_PID, &session->backend_pid);
    (void)sm_wire_get_u64(in, ORC_T_DURATION_MS, &duration);
    if (sm_wire_get_u64(in, ORC_T_LOGIN, &login))
        belongs_to(session, humans_find(relay->keeper->humans, login));
    session->started_ms -= (int64_t)(duration < INT64_MAX ? duration : 0);
    session->opened_ms = session->started_ms;
    (void)sm_wire_get_text(in, ORC_T_USER, text, sizeof text);
    bool kept = session_keep_text(&session->user, text);
    (void)sm_wire_get_text(in, ORC_T_DBNAME, text, sizeof text);
    kept = session_keep_text(&session->dbname, text) && kept;
    (void)sm_wire_get_text(in, ORC_T_VERSION, text, sizeof text);
    kept = session_keep_text(&session->version_id, text) && kept;
    struct audit_line line;
    session_audit_begin(&line, session, "resumed");
    session_audit_fact(session, &line);
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
    {ORC_OPEN, session_take_open},
    {ORC_SCRAM, session_take_scram},
    {ORC_CHALLENGE, session_take_challenge},
    {ORC_AGAIN, session_take_again},
    {ORC_CLEARTEXT, session_take_cleartext},
    {ORC_LOGGED_IN, take_logged_in},
    {ORC_REFUSED, take_refused},
    {ORC_ENDED, take_ended},
    {ORC_CANCELLED, take_cancelled},
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

/* As kept at the login; after a restart, as the target says. */
static const char *secret_of(const struct session *session)
{
    const struct config *config = session->owner->keeper->config;
    const struct config_target *target = config_find(config, session->target_name);
    return session->secret ? session->secret : target ? target->secret : "";
}

bool sessions_end(struct sessions *sessions, uint64_t id, const char *sqlstate, const char *text)
{
    uint8_t buffer[4096];
    struct sm_wire_out out;
    struct session *session = find(sessions, id);
    if (!session)
        return false;
    if (session->phase == WAITING) {
        session_audit_lost(session, text);
        sessions_send_away(session->client_fd, session->engine, sqlstate, text);
        free_session(session);
        return true;
    }
    session_begin_message(&out, buffer, sizeof buffer, session, ORC_END, SMCRED_OK);
    sm_wire_put_text(&out, ORC_T_SQLSTATE, sqlstate);
    sm_wire_put_text(&out, ORC_T_TEXT, text);
    (void)relays_send(session->relay, &out, NULL); /* a failure has ended the session */
    return true;
}

/* In it, or in one inside it.  The outermost is known though those between have ended. */
static bool was_opened_in(const struct session *session, const struct humans *humans,
                          uint64_t login)
{
    if (session->human_login == login || !session->human)
        return session->human_login == login;
    return session->human->login == login || humans_inside(humans, session->human_login, login);
}

size_t sessions_end_login(struct sessions *sessions, uint64_t login, const char *sqlstate,
                          const char *text)
{
    sm_autofree uint64_t *ids = calloc(sessions->table.count + 1, sizeof *ids);
    size_t count = 0, ended = 0;
    if (!ids)
        log_error("the sessions of login=%016llx are not ended: out of memory",
                  (unsigned long long)login);
    for (const struct table_entry *at = sessions->table.oldest; ids && at; at = at->newer) {
        const struct session *session = (const struct session *)at;
        if (was_opened_in(session, sessions->keeper->humans, login))
            ids[count++] = session->id;
    }
    for (size_t i = 0; i < count; i++)
        ended += sessions_end(sessions, ids[i], sqlstate, text);
    return ended;
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
            .secret = secret_of(session),
            .endpoint = session->endpoint,
            .backend_pid = session->backend_pid,
            .pid = session->peer.pid,
            .age_ms = sm_boot_ms() - session->started_ms,
            .opened_ms = session->opened_ms,
        };
        each(arg, &state);
    }
}
