/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session.c - the story of one session: who is asked next, until when, and how it ends.
 *
 * What the bytes mean is the protocol's business (protocol.h); how the server is reached,
 * upstream.c's; how bytes are copied afterwards, pump.c's.
 */
#include "relay/session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/un.h>

#include "common/clock.h"
#include "common/log.h"
#include "relay/client.h"
#include "relay/relay.h"
#include "relay/upstream.h"

#define NO_KEEPER   "the keeper does not answer; try again in a moment"
#define ROUTINE_MAX 64     /* bytes of the name that the server gives of its own function */
#define WAIT_MAX_MS 60000  /* that the keeper may ask for at a time */
#define LINGER_MS   600000 /* that a client may take to read why its session has ended */

/* Each engine that is spoken here. */
static const struct relay_protocol *const protocols[] = {&relay_pgsql, &relay_mysql, &relay_redis};

static void arm(struct relay_session *session, int64_t in_ms)
{
    int64_t at_ms = sm_boot_ms() + in_ms;
    if (session->login_deadline_ms != 0 && session->login_deadline_ms < at_ms)
        at_ms = session->login_deadline_ms;
    relay_loop_arm(&session->relay->loop, &session->deadline, at_ms);
}

/* ---- the end ---- */

static void report_end(const struct relay_session *session, const char *outcome,
                       const char *sqlstate, const char *text)
{
    uint8_t buffer[1024];
    struct sm_wire_out out;
    bool was_open = session->phase == RELAY_COPYING;
    if (was_open && session->relay->keeper.watch.fd < 0)
        relay_session_say_alive(session); /* the next keeper has never heard of it */
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_ENDED);
    sm_wire_put_u64(&out, ORC_T_BYTES_IN, session->pump.bytes_in);
    sm_wire_put_u64(&out, ORC_T_BYTES_OUT, session->pump.bytes_out);
    sm_wire_put_u64(&out, ORC_T_DURATION_MS, (uint64_t)(sm_boot_ms() - session->started_ms));
    sm_wire_put_text(&out, ORC_T_OUTCOME, outcome);
    sm_wire_put_text(&out, ORC_T_SQLSTATE, sqlstate);
    if (text)
        sm_wire_put(&out, ORC_T_TEXT, sm_bytes(text, strnlen(text, SM_ERROR_TEXT_MAX - 1)));
    if (sm_wire_finish(&out) != SMCRED_OK || !relay_keeper_send(session->relay, &out, was_open))
        log_warning("nobody was told that session=%016llx has ended: %s",
                    (unsigned long long)session->id, outcome);
    else if (was_open && session->relay->parent.fd < 0) /* no keeper will come and read it */
        log_warning("session=%016llx has ended after smcredd did: %s",
                    (unsigned long long)session->id, outcome);
}

/* For everybody but the client. */
static void leave(struct relay_session *session, enum relay_phase phase, const char *outcome,
                  const char *sqlstate, const char *text)
{
    log_debug("session=%016llx %s: %s", (unsigned long long)session->id, outcome,
              text ? log_quote(text) : "");
    report_end(session, outcome, sqlstate, text);
    session->phase = phase;
    relay_loop_disarm(&session->relay->loop, &session->deadline);
    relay_upstream_close(session);
}

void relay_session_end(struct relay_session *session, const char *outcome, const char *sqlstate,
                       const char *text)
{
    if (session->phase == RELAY_OVER)
        return;
    if (session->phase != RELAY_LINGERING)
        leave(session, RELAY_OVER, outcome, sqlstate, text);
    session->phase = RELAY_OVER;
    relay_loop_disarm(&session->relay->loop, &session->deadline);
    relay_client_hang_up(session);
    session->protocol->finish(session);
    relay_bury_session(session->relay, session);
}

/* A client that reads when it has said something is let say it: it learns why then. */
static void linger(struct relay_session *session, const struct relay_error *error)
{
    leave(session, RELAY_LINGERING, "ended", error->sqlstate, error->text);
    relay_stream_shut(&session->client_stream);
    session->login_deadline_ms = 0; /* that was another matter */
    arm(session, LINGER_MS);
}

void relay_session_free(struct relay_session *session)
{
    relay_pump_done(&session->pump);
    explicit_bzero(session->key, sizeof session->key);
    free(session->route);
    free(session->target);
    free(session->operator_name);
    free(session->user);
    free(session->dbname);
    free(session->version);
    free(session->standing);
    free(session);
}

static void say(struct relay_session *session, struct sm_bytes words)
{
    if (relay_client_say(session, words)) /* else it gets no explanation */
        session->pump.bytes_out += words.len;
}

static void say_error(struct relay_session *session, const struct relay_error *error)
{
    struct relay_buffer words = relay_buffer(4 * SM_ERROR_TEXT_MAX);
    if (!session->is_cancel && session->protocol->write_error(session, &words, error) == SMCRED_OK)
        say(session, relay_buffer_view(&words));
    relay_buffer_clear(&words);
}

void relay_session_fail(struct relay_session *session, const char *outcome,
                        const struct relay_error *error)
{
    if (session->protocol->postpone && session->protocol->postpone(session, outcome, error))
        return;
    say_error(session, error);
    relay_session_end(session, outcome, error->sqlstate, error->text);
}

void relay_session_relay_error(struct relay_session *session, struct sm_bytes words,
                               const char *sqlstate, const char *text)
{
    say(session, words);
    relay_session_end(session, "refused", strlen(sqlstate) == 5 ? sqlstate : NULL, text);
}

/* ---- messages to the keeper ---- */

void relay_session_message(const struct relay_session *session, struct sm_wire_out *out,
                           void *buffer, size_t size, enum orc_verb verb)
{
    sm_wire_begin(out, buffer, size, (uint16_t)verb, SMCRED_OK, 0);
    sm_wire_put_u64(out, ORC_T_SESSION, session->id);
}

static void fail_without_keeper(struct relay_session *session)
{
    struct relay_error error = relay_error(RELAY_CANNOT_NOW, NO_KEEPER);
    relay_session_fail(session, "failed", &error);
}

static void copy(struct relay_session *session)
{
    relay_loop_disarm(&session->relay->loop, &session->deadline);
    session->protocol->finish(session);
    free(session->route);
    session->route = NULL;
    session->phase = RELAY_COPYING;
    relay_stream_share(&session->stream, &session->relay->wire);
    relay_stream_share(&session->client_stream, &session->relay->wire);
    /* Either side may have sent more already, and its edge was seen. */
    relay_loop_again(&session->relay->loop, &session->server);
    relay_loop_again(&session->relay->loop, &session->client);
}

/* It is not to be another login: says why, and goes on with the one there is. */
static void stay(struct relay_session *session, const struct relay_error *error)
{
    session->is_anew = false;
    say_error(session, error);
    copy(session);
}

static void stay_without_keeper(struct relay_session *session)
{
    struct relay_error error = relay_error(RELAY_CANNOT_NOW, NO_KEEPER);
    stay(session, &error);
}

bool relay_session_ask(struct relay_session *session, struct sm_wire_out *out,
                       enum relay_phase phase)
{
    session->phase = phase;
    if (sm_wire_finish(out) != SMCRED_OK || !relay_keeper_send(session->relay, out, false)) {
        if (session->is_anew)
            stay_without_keeper(session);
        else
            fail_without_keeper(session);
        return false;
    }
    arm(session, session->relay->deadlines.keeper_ms);
    return true;
}

/* For what needs no answer. */
static void tell(const struct relay_session *session, struct sm_wire_out *out)
{
    if (sm_wire_finish(out) != SMCRED_OK || !relay_keeper_send(session->relay, out, false))
        log_warning("the keeper was not told about session=%016llx",
                    (unsigned long long)session->id);
}

void relay_session_say_alive(const struct relay_session *session)
{
    uint8_t buffer[6 * RELAY_NAME_MAX];
    struct sm_wire_out out;
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_ALIVE);
    sm_wire_put_text(&out, ORC_T_ENGINE, session->protocol->engine);
    sm_wire_put_text(&out, ORC_T_TARGET, session->target);
    sm_wire_put_text(&out, ORC_T_USER, session->user);
    sm_wire_put_text(&out, ORC_T_DBNAME, session->dbname);
    sm_wire_put_text(&out, ORC_T_VERSION, session->version);
    sm_wire_put_text(&out, ORC_T_OPERATOR, session->operator_name);
    sm_wire_put_u64(&out, ORC_T_LOGIN, session->login);
    sm_wire_put_u32(&out, ORC_T_BACKEND_PID, session->backend_pid);
    sm_wire_put_u64(&out, ORC_T_DURATION_MS, (uint64_t)(sm_boot_ms() - session->started_ms));
    if (sm_wire_finish(&out) == SMCRED_OK)
        (void)relay_keeper_send(session->relay, &out, true); /* it logs its own failure */
}

void relay_session_open(struct relay_session *session, struct sm_wire_out *out)
{
    if (session->relay->draining &&
        !session->is_anew) { /* a cancel request does not come here, and is still welcome */
        struct relay_error error =
            relay_error(RELAY_CANNOT_NOW, "this relay is being replaced; try again");
        relay_session_fail(session, "refused", &error);
        return;
    }
    (void)relay_session_ask(session, out, RELAY_ASKING); /* it handles its own failure */
}

void relay_session_await_client(struct relay_session *session)
{
    session->phase = RELAY_STARTUP;
    arm(session, session->relay->deadlines.startup_ms);
    session->protocol->client_ready(session); /* it may have been too eager to wait */
}

void relay_session_go_on(struct relay_session *session)
{
    session->phase = RELAY_DIALLING;
    arm(session, session->relay->deadlines.connect_ms);
    relay_upstream_step(session);
}

void relay_session_refused(struct relay_session *session, const struct relay_verdict *verdict)
{
    uint8_t buffer[1024];
    struct sm_wire_out out;
    if (!session->protocol->hears_again)
        relay_upstream_close(session);
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_REFUSED);
    sm_wire_put_u32(&out, ORC_T_ATTEMPT, session->attempt);
    sm_wire_put_text(&out, ORC_T_SQLSTATE, verdict->sqlstate);
    if (verdict->code != 0)
        sm_wire_put_u32(&out, ORC_T_CODE, verdict->code);
    if (verdict->routine)
        sm_wire_put(&out, ORC_T_ROUTINE,
                    sm_bytes(verdict->routine, strnlen(verdict->routine, ROUTINE_MAX)));
    sm_wire_put(&out, ORC_T_TEXT,
                sm_bytes(verdict->text, strnlen(verdict->text, SM_ERROR_TEXT_MAX - 1)));
    session->phase = RELAY_ASKING;
    if (sm_wire_finish(&out) == SMCRED_OK && relay_keeper_send(session->relay, &out, false))
        arm(session, session->relay->deadlines.keeper_ms);
    else if (!session->protocol->say_refusal(session))
        fail_without_keeper(session);
}

void relay_session_again(const struct relay_session *session)
{
    uint8_t buffer[64];
    struct sm_wire_out out;
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_AGAIN);
    sm_wire_put_u32(&out, ORC_T_ATTEMPT, session->attempt);
    tell(session, &out);
}

struct relay_error relay_session_own_password(const struct relay_session *session)
{
    struct relay_error error =
        relay_error(RELAY_NOT_PRIVILEGED,
                    "the password of \"%s\" is the secret of target \"%s\" and is changed by "
                    "rotation only, as everybody would be locked out until the next one",
                    session->user, session->target);
    (void)snprintf(error.hint, sizeof error.hint, /* it fits */
                   "Ask an administrator to rotate the secret; nobody needs to know the new "
                   "password.");
    return error;
}

/* Another login of this client's, in the course of which nothing is copied. */
static void log_in_anew(struct relay_session *session, struct sm_bytes words)
{
    session->phase = RELAY_STARTUP;
    session->login_deadline_ms = 0;
    session->is_anew = true;
    session->client_stream.wire = NULL; /* what it says is asked for packet by packet */
    arm(session, session->relay->deadlines.startup_ms);
    if (session->protocol->begin(session))
        session->protocol->log_in_anew(session, words);
    else
        relay_session_end(session, "failed", RELAY_NO_MEMORY, "no room for another login");
}

static struct relay_session *session_of(struct relay_pump *pump)
{
    return (struct relay_session *)((char *)pump - offsetof(struct relay_session, pump));
}

static enum relay_overheard overhear(struct relay_pump *pump, struct sm_bytes words,
                                     struct relay_buffer *answer)
{
    struct relay_session *session = session_of(pump);
    enum relay_overheard heard = session->protocol->overhear(session, words, answer);
    if (heard == RELAY_ANEW && pump->to_client.len > 0)
        return RELAY_PASS_ON; /* it has not read what it was told before */
    if (heard == RELAY_ANEW)
        log_in_anew(session, words);
    if (heard == RELAY_GOODBYE && session->protocol->keep && session->protocol->keep(session))
        return RELAY_KEPT;
    return heard;
}

static bool sift(struct relay_pump *pump, struct sm_bytes words, struct relay_sifted *out_sifted,
                 struct relay_buffer *instead, struct relay_buffer *answer)
{
    struct relay_session *session = session_of(pump);
    return session->protocol->sift(session, words, out_sifted, instead, answer);
}

static void follow(struct relay_pump *pump, struct sm_bytes words)
{
    struct relay_session *session = session_of(pump);
    session->protocol->follow(session, words);
}

static const char *tls_version_of(const struct relay_stream *stream)
{
    return stream->ssl ? SSL_get_version(stream->ssl) : NULL;
}

void relay_session_logged_in(struct relay_session *session, struct relay_buffer *greeting)
{
    uint8_t buffer[256];
    struct sm_wire_out out;
    relay_pump_greet(&session->pump, greeting);
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_LOGGED_IN);
    sm_wire_put_u32(&out, ORC_T_BACKEND_PID, session->backend_pid);
    sm_wire_put_text(&out, ORC_T_TLS_VERSION, tls_version_of(&session->stream));
    sm_wire_put_text(&out, ORC_T_CLIENT_TLS, tls_version_of(&session->client_stream));
    tell(session, &out);
    session->pump.overhear = session->protocol->overhear ? overhear : NULL;
    session->pump.sift = session->protocol->sift ? sift : NULL;
    session->pump.follow = session->protocol->follow ? follow : NULL;
    copy(session);
}

/* ---- messages from the keeper ---- */

/* Keeps a text of the message, or "" if it has none; an older value goes. */
static bool keep_text(char **out_text, const struct sm_wire_in *message, enum orc_tag tag)
{
    char text[RELAY_NAME_MAX];
    struct sm_bytes value;
    if (!sm_wire_get_text(message, (uint16_t)tag, text, sizeof text) &&
        sm_wire_get(message, (uint16_t)tag, &value))
        return false; /* too long, or with a NUL inside */
    free(*out_text);
    *out_text = strdup(text);
    return *out_text != NULL;
}

static struct relay_error error_of(const struct sm_wire_in *message)
{
    struct relay_error error = relay_error(RELAY_CANNOT_NOW, "the keeper gave no reason");
    char sqlstate[sizeof error.sqlstate], text[sizeof error.text];
    if (sm_wire_get_text(message, ORC_T_SQLSTATE, sqlstate, sizeof sqlstate) &&
        strlen(sqlstate) == 5)
        memcpy(error.sqlstate, sqlstate, sizeof sqlstate);
    if (sm_wire_get_text(message, ORC_T_TEXT, text, sizeof text))
        memcpy(error.text, text, sizeof text);
    (void)sm_wire_get_text(message, ORC_T_HINT, error.hint, sizeof error.hint); /* or "" */
    return error;
}

static bool is_address(struct sm_bytes address)
{
    sa_family_t family;
    if (address.len < sizeof family || address.len > sizeof(struct sockaddr_storage))
        return false;
    memcpy(&family, address.data, sizeof family);
    switch (family) {
    case AF_INET:
        return address.len == sizeof(struct sockaddr_in);
    case AF_INET6:
        return address.len == sizeof(struct sockaddr_in6);
    case AF_UNIX:
        return address.len > offsetof(struct sockaddr_un, sun_path) + 1 &&
               address.len <= sizeof(struct sockaddr_un);
    default:
        return false;
    }
}

static bool take_addresses(struct relay_route *route, const struct sm_wire_in *message)
{
    size_t cursor = 0;
    uint16_t tag;
    struct sm_bytes value;
    while (sm_wire_next(message, &cursor, &tag, &value)) {
        if (tag != ORC_T_ADDRESS)
            continue;
        if (route->count == ORC_ADDRESSES_MAX || !is_address(value))
            return false;
        memcpy(&route->addresses[route->count], value.data, value.len);
        route->lengths[route->count++] = (socklen_t)value.len;
    }
    return route->count > 0;
}

static struct relay_route *route_of(const struct sm_wire_in *message)
{
    struct sm_bytes value;
    sm_autofree struct relay_route *route = calloc(1, sizeof *route);
    if (!route || !take_addresses(route, message) ||
        !sm_wire_get_text(message, ORC_T_USER, route->user, sizeof route->user))
        return NULL;
    if (!sm_wire_get_text(message, ORC_T_DBNAME, route->dbname, sizeof route->dbname) &&
        sm_wire_get(message, ORC_T_DBNAME, &value))
        return NULL; /* too long: another database must not be meant */
    (void)sm_wire_get_text(message, ORC_T_APPLICATION, route->application,
                           sizeof route->application); /* the stamp is for people */
    return sm_take_ptr(&route);
}

static void dial(struct relay_session *session)
{
    if (session->is_anew)
        session->protocol->part(session);
    session->is_anew = false;
    if (session->login_deadline_ms == 0)
        session->login_deadline_ms = sm_boot_ms() + session->relay->deadlines.login_ms;
    if (!session->protocol->go_on_early || !session->protocol->go_on_early(session))
        relay_upstream_dial(session);
}

/* Has the server not hung up, of which the loop may have told before this was asked? */
static bool still_listens(const struct relay_session *session)
{
    struct pollfd server = {.fd = session->server.fd, .events = POLLRDHUP};
    return server.fd >= 0 && poll(&server, 1, 0) == 0;
}

/* Is the place that the last attempt came to one that this one may go to?  Then it stays there. */
static bool is_there(const struct relay_session *session, const struct relay_endpoint *before)
{
    const struct relay_route *route = session->route;
    if (!session->protocol->hears_again || session->endpoint != before || !still_listens(session))
        return false;
    for (size_t i = 0; i < route->count; i++) {
        if (route->lengths[i] == session->address_len &&
            memcmp(&route->addresses[i], &session->address, session->address_len) == 0)
            return true;
    }
    return false;
}

/* The server has refused one attempt, and hears another. */
static void log_in_again(struct relay_session *session)
{
    session->route->connected = session->route->again = true;
    relay_loop_arm(&session->relay->loop, &session->deadline, session->login_deadline_ms);
    session->protocol->server_connected(session);
}

static void go_to(struct relay_session *session, const struct sm_wire_in *message)
{
    const struct relay_endpoint *before = session->endpoint;
    uint32_t number = 0;
    free(session->route);
    session->route = route_of(message);
    struct sm_bytes none;
    session->may_replicate = sm_wire_get(message, ORC_T_REPLICATION, &none);
    uint32_t keep_ms = 0;
    (void)sm_wire_get_u32(message, ORC_T_KEEP_MS, &keep_ms); /* or not at all */
    session->keep_ms = keep_ms;
    session->endpoint = NULL;
    session->attempt = 0;
    (void)sm_wire_get_u32(message, ORC_T_ATTEMPT, &session->attempt); /* only the keeper reads it */
    if (sm_wire_get_u32(message, ORC_T_ENDPOINT, &number))
        session->endpoint = relay_find_endpoint(session->relay, number);
    if (!session->route || !session->endpoint || !keep_text(&session->user, message, ORC_T_USER) ||
        !keep_text(&session->dbname, message, ORC_T_DBNAME) ||
        !keep_text(&session->version, message, ORC_T_VERSION)) {
        struct relay_error error = relay_error(
            RELAY_CANNOT_NOW, "the keeper's answer cannot be used: endpoint %u, %s", number,
            session->endpoint ? "its addresses or names" : "which is not known here");
        relay_session_fail(session, "failed", &error);
        return;
    }
    if (is_there(session, before))
        log_in_again(session);
    else
        dial(session);
}

/* The keeper gives no proof for this attempt.  False: it was not asked for anything. */
static bool stop_proving(struct relay_session *session)
{
    if (session->phase == RELAY_PROVING) {
        relay_upstream_close(session);
        session->phase = RELAY_ASKING;
    }
    return session->phase == RELAY_ASKING;
}

void relay_session_wait(struct relay_session *session, const struct sm_wire_in *message)
{
    uint32_t wait_ms = 0;
    if (!sm_wire_get_u32(message, ORC_T_WAIT_MS, &wait_ms) || wait_ms > WAIT_MAX_MS)
        wait_ms = WAIT_MAX_MS;
    if (!stop_proving(session))
        return;
    if (session->protocol->hears_again)
        relay_upstream_close(session);
    if (session->login_deadline_ms != 0)
        session->login_deadline_ms += wait_ms; /* it is the server's time, and this is not */
    arm(session, wait_ms + session->relay->deadlines.keeper_ms);
}

void relay_session_opened(struct relay_session *session, const struct sm_wire_in *message)
{
    if (!stop_proving(session))
        return;
    if (message->header.status == SMCRED_OK) {
        go_to(session, message);
        return;
    }
    struct sm_bytes none;
    struct relay_error error = error_of(message);
    if (session->is_anew && sm_wire_get(message, ORC_T_STAYS, &none))
        stay(session, &error);
    else if (!session->protocol->say_refusal(session))
        relay_session_fail(session, "refused", &error);
}

/* What the client's wishes come to, where OPENED was said before they were known. */
static bool take_names(struct relay_session *session, const struct sm_wire_in *message)
{
    struct relay_route *route = session->route;
    char application[sizeof route->application];
    struct sm_bytes value;
    if (sm_wire_get_text(message, ORC_T_APPLICATION, application, sizeof application))
        memcpy(route->application, application, sizeof application);
    if (!sm_wire_get(message, ORC_T_DBNAME, &value))
        return true;
    return sm_wire_get_text(message, ORC_T_DBNAME, route->dbname, sizeof route->dbname) &&
           keep_text(&session->dbname, message, ORC_T_DBNAME);
}

void relay_session_proof(struct relay_session *session, const struct sm_wire_in *message)
{
    struct sm_bytes proof = {NULL, 0}, signature = {NULL, 0}, version;
    if (session->phase != RELAY_PROVING)
        return;
    if (message->header.status != SMCRED_OK) {
        struct relay_error error = error_of(message);
        relay_session_fail(session, "refused", &error);
        return;
    }
    (void)sm_wire_get(message, ORC_T_PROOF, &proof); /* the protocol judges what is missing */
    (void)sm_wire_get(message, ORC_T_SERVER_SIGNATURE, &signature);
    if (sm_wire_get(message, ORC_T_VERSION, &version) &&
        !keep_text(&session->version, message, ORC_T_VERSION))
        log_warning("session=%016llx goes by its first version: memory is short",
                    (unsigned long long)session->id);
    if (!take_names(session, message)) {
        struct relay_error error =
            relay_error(RELAY_CANNOT_NOW, "the keeper's answer cannot be used: its names");
        relay_session_fail(session, "failed", &error);
        return;
    }
    arm(session, session->relay->deadlines.login_ms);
    session->protocol->proof(session, proof, signature);
}

/* In the middle of a message an explanation would be garbage. */
static bool may_speak(const struct relay_session *session)
{
    return session->pump.to_client.len == 0 && session->protocol->may_interrupt(session);
}

void relay_session_interrupt(struct relay_session *session, const struct sm_wire_in *message)
{
    struct relay_error error = error_of(message);
    if (session->phase == RELAY_LINGERING)
        return;
    if (session->phase != RELAY_COPYING) {
        relay_session_fail(session, "ended", &error);
    } else if (!may_speak(session)) {
        relay_session_end(session, "ended", error.sqlstate, error.text);
    } else {
        say_error(session, &error);
        if (session->protocol->reads_late && !session->relay->draining)
            linger(session, &error);
        else
            relay_session_end(session, "ended", error.sqlstate, error.text);
    }
}

void relay_session_orphaned(struct relay_session *session)
{
    if (session->phase == RELAY_COPYING || session->phase == RELAY_LINGERING || session->is_cancel)
        return;
    if (session->is_anew)
        stay_without_keeper(session);
    else if (session->phase != RELAY_ASKING || !session->protocol->say_refusal(session))
        fail_without_keeper(session);
}

/* ---- cancel requests ---- */

const struct relay_session *relay_session_of_key(const struct relay *relay, uint32_t backend_pid,
                                                 struct sm_bytes key)
{
    const struct relay_session *found = NULL;
    for (const struct relay_session *at = relay->sessions; at; at = at->next) {
        if (at->phase == RELAY_COPYING && at->backend_pid == backend_pid && at->key_len > 0 &&
            at->key_len == key.len && CRYPTO_memcmp(at->key, key.data, key.len) == 0)
            found = at;
    }
    return found;
}

const struct relay_session *relay_session_of_told(const struct relay_session *session,
                                                  uint32_t told_pid)
{
    for (const struct relay_session *at = session->relay->sessions; at; at = at->next) {
        if (at->phase == RELAY_COPYING && at->protocol == session->protocol &&
            at->told_pid == told_pid && at->backend_pid != told_pid &&
            at->address_len == session->address_len &&
            memcmp(&at->address, &session->address, at->address_len) == 0)
            return at;
    }
    return NULL;
}

void relay_session_cancel(struct relay_session *session, const struct relay_session *other)
{
    uint8_t buffer[256];
    struct sm_wire_out out;
    session->is_cancel = true;
    session->endpoint = other->endpoint;
    session->route = calloc(1, sizeof *session->route);
    if (!session->route) {
        relay_session_end(session, "failed", RELAY_NO_MEMORY, "no room for a cancel request");
        return;
    }
    session->route->addresses[0] = other->address;
    session->route->lengths[0] = other->address_len;
    session->route->count = 1;
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_CANCELLED);
    sm_wire_put_u32(&out, ORC_T_BACKEND_PID, other->backend_pid);
    tell(session, &out);
    dial(session);
}

/* ---- events ---- */

static void take_pumped(struct relay_session *session, enum relay_pumped pumped)
{
    struct relay_error error;
    switch (pumped) {
    case RELAY_PUMP_ON:
        return;
    case RELAY_PUMP_CLOSED:
        relay_session_end(session, "closed", NULL, NULL);
        return;
    case RELAY_PUMP_RESET:
        relay_client_reset(session);
        /* fallthrough */
    case RELAY_PUMP_BROKEN:
        relay_session_end(session, "failed", RELAY_CONNECTION_FAILED,
                          "the connection to the server broke");
        return;
    case RELAY_PUMP_REFUSED:
        error = relay_error(RELAY_NOT_SUPPORTED, "%s", session->protocol->sift_failed);
        relay_session_fail(session, "refused", &error);
        return;
    }
}

static void on_client(struct relay_watch *watch, uint32_t events)
{
    struct relay_session *session =
        (struct relay_session *)((char *)watch - offsetof(struct relay_session, client));
    switch (session->phase) {
    case RELAY_STARTUP:
        relay_client_step(session);
        return;
    case RELAY_ASKING:
    case RELAY_DIALLING:
    case RELAY_LOGIN:
    case RELAY_PROVING:
        if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) && !session->is_cancel)
            relay_session_end(session, "closed", NULL, "the client left during the login");
        return;
    case RELAY_COPYING:
        take_pumped(session, relay_pump_client(&session->pump, events));
        return;
    case RELAY_LINGERING:
        relay_session_end(session, "ended", NULL, NULL);
        return;
    case RELAY_OVER:
        return;
    }
}

void relay_session_server_event(struct relay_watch *watch, uint32_t events)
{
    struct relay_session *session =
        (struct relay_session *)((char *)watch - offsetof(struct relay_session, server));
    switch (session->phase) {
    case RELAY_STARTUP:
    case RELAY_ASKING:
    case RELAY_LINGERING:
    case RELAY_OVER:
        return;
    case RELAY_DIALLING:
        relay_upstream_step(session);
        return;
    case RELAY_LOGIN:
        session->protocol->server_ready(session);
        return;
    case RELAY_PROVING: /* what it says meanwhile is read afterwards; its end ends the login */
        if (events & (EPOLLHUP | EPOLLERR) && !session->route->is_kept) {
            session->phase = RELAY_LOGIN;
            session->protocol->server_ready(session);
        }
        return;
    case RELAY_COPYING:
        take_pumped(session, relay_pump_server(&session->pump, events));
        return;
    }
}

static void open_unheard(struct relay_session *session)
{
    uint8_t buffer[64];
    struct sm_wire_out out;
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_OPEN);
    relay_session_open(session, &out);
}

static void on_deadline(struct relay_timer *timer)
{
    struct relay_session *session =
        (struct relay_session *)((char *)timer - offsetof(struct relay_session, deadline));
    struct relay_error error;
    switch (session->phase) {
    case RELAY_STARTUP:
        if (session->protocol->is_silent && session->protocol->is_silent(session) &&
            !relay_client_is_shaking_hands(session)) {
            open_unheard(session);
            return;
        }
        error = relay_error(RELAY_CANNOT_NOW, "no startup packet came in time");
        relay_session_fail(session, "failed", &error);
        return;
    case RELAY_ASKING:
        if (!session->protocol->say_refusal(session))
            fail_without_keeper(session);
        return;
    case RELAY_PROVING:
        fail_without_keeper(session);
        return;
    case RELAY_DIALLING:
        relay_upstream_expired(session);
        return;
    case RELAY_LOGIN:
        error = relay_error(RELAY_CANNOT_CONNECT, "server \"%s\" did not finish the login in time",
                            session->endpoint->host);
        relay_session_fail(session, "failed", &error);
        return;
    case RELAY_LINGERING:
        relay_session_end(session, "ended", NULL, NULL);
        return;
    case RELAY_COPYING:
    case RELAY_OVER:
        return;
    }
}

/* ---- the beginning ---- */

static const struct relay_protocol *protocol_of(const char *engine)
{
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (strcmp(protocols[i]->engine, engine) == 0)
            return protocols[i];
    }
    return NULL;
}

static void init_pump(struct relay_session *session)
{
    session->pump = (struct relay_pump){.loop = &session->relay->loop,
                                        .client = &session->client,
                                        .server = &session->server,
                                        .client_stream = &session->client_stream,
                                        .stream = &session->stream,
                                        .plain = session->relay->plain,
                                        .to_client = relay_buffer(RELAY_PUMP_MAX),
                                        .to_server = relay_buffer(RELAY_PUMP_MAX)};
}

static void tune_client(int fd)
{
    static const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a Unix socket says no */
}

static struct relay_session *new_session(struct relay *relay, const struct sm_wire_in *message)
{
    char engine[RELAY_NAME_MAX];
    uint32_t identity = 0;
    const struct relay_protocol *protocol = NULL;
    if (sm_wire_get_text(message, ORC_T_ENGINE, engine, sizeof engine))
        protocol = protocol_of(engine);
    struct relay_session *session = protocol ? calloc(1, sizeof *session) : NULL;
    if (!session)
        return NULL;
    session->relay = relay;
    session->protocol = protocol;
    session->started_ms = sm_boot_ms();
    session->client = (struct relay_watch){.fd = -1, .ready = on_client};
    session->server = (struct relay_watch){.fd = -1};
    session->deadline.expired = on_deadline;
    init_pump(session);
    (void)sm_wire_get_u64(message, ORC_T_LOGIN, &session->login); /* or 0 */
    if (sm_wire_get_u32(message, ORC_T_IDENTITY, &identity))
        session->identity = relay_identity_find(&relay->identities, identity);
    if (!sm_wire_get_u64(message, ORC_T_SESSION, &session->id) ||
        !keep_text(&session->target, message, ORC_T_TARGET) ||
        !keep_text(&session->operator_name, message, ORC_T_OPERATOR) || !protocol->begin(session)) {
        relay_session_free(session);
        return NULL;
    }
    return session;
}

void relay_session_start(struct relay *relay, const struct sm_wire_in *message, int fd)
{
    struct relay_session *session = new_session(relay, message);
    if (!session || relay_loop_watch(&relay->loop, &session->client, fd, false) != SMCRED_OK) {
        log_error("cannot serve a session: no such engine, or no memory");
        if (session) {
            session->phase = RELAY_OVER;
            session->protocol->finish(session);
            relay_session_free(session);
        }
        sm_close_fd(&fd);
        return;
    }
    tune_client(fd);
    relay_stream_init(&session->client_stream, fd);
    relay_add_session(relay, session);
    if (relay->session_count > RELAY_SESSIONS_MAX) {
        struct relay_error error = relay_error(RELAY_TOO_MANY, "too many sessions of one user");
        relay_session_fail(session, "refused", &error);
        return;
    }
    if (session->protocol->hear_server) {
        if (!session->protocol->greet_early || session->protocol->greet_early(session))
            open_unheard(session);
    } else {
        arm(session, relay->deadlines.startup_ms);
        session->protocol->client_ready(session);
    }
}
