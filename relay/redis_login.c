/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis_login.c - Redis's and Valkey's protocol: logging in at the server.
 *
 * TLS from the first byte.  There is one method, the password itself, which the keeper gives for a
 * verified server or a Unix socket alone.  The database and the human's name are said in the same
 * breath, so a login costs one round trip; nothing of it reaches the client.  One that is refused
 * leaves the connection as it was, for the next.
 */
#include "relay/redis.h"

#include "relay/login.h"

enum relay_starttls redis_starttls(struct relay_session *session)
{
    (void)session; /* nothing is said before */
    return RELAY_STARTTLS_GO;
}

/* Whether the keeper gives the password away depends on what is said here, so it must be true. */
void redis_server_connected(struct relay_session *session)
{
    struct redis *redis = session->state;
    uint8_t buffer[256];
    struct sm_wire_out out;
    session->phase = RELAY_LOGIN;
    relay_buffer_clear(&redis->to_server);
    if (!session->route->again) {
        relay_buffer_clear(&redis->from_server);
        redis->unheard = 0;
    }
    redis->step = REDIS_STEP_SILENT;
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_CLEARTEXT);
    sm_wire_put_u32(&out, ORC_T_ATTEMPT, session->attempt);
    sm_wire_put_text(&out, ORC_T_MECHANISM, "AUTH");
    if (relay_login_is_verified(session))
        sm_wire_put(&out, ORC_T_TLS_VERIFIED, sm_bytes("", 0));
    (void)relay_session_ask(session, &out, RELAY_PROVING); /* it handles its own failure */
}

/* Servers older than users know the form without one, and newer ones mean "default" by it. */
static enum smcred_status write_auth(struct relay_session *session, struct sm_bytes password)
{
    struct relay_buffer *out = &((struct redis *)session->state)->to_server;
    const char *user = session->route->user;
    const struct sm_bytes named[] = {sm_bytes_of("AUTH"), sm_bytes_of(user), password};
    const struct sm_bytes nameless[] = {sm_bytes_of("AUTH"), password};
    if (strcmp(user, "default") == 0)
        return redis_command_write(out, nameless, 2);
    return redis_command_write(out, named, 3);
}

static bool names_database(const struct relay_session *session)
{
    const char *dbname = session->route->dbname;
    return dbname[0] != '\0' && strcmp(dbname, "0") != 0; /* 0 is where everybody begins */
}

static enum smcred_status write_rest(struct relay_session *session)
{
    struct redis *redis = session->state;
    char name[REDIS_NAME_MAX];
    size_t len = redis_stamp(session->operator_name, sm_bytes_of(redis->name), name);
    const struct sm_bytes select[] = {sm_bytes_of("SELECT"), sm_bytes_of(session->route->dbname)};
    const struct sm_bytes set_name[] = {sm_bytes_of("CLIENT"), sm_bytes_of("SETNAME"),
                                        sm_bytes(name, len)};
    enum smcred_status status = SMCRED_OK;
    if (names_database(session))
        status = redis_command_write(&redis->to_server, select, 2);
    if (status == SMCRED_OK)
        status = redis_command_write(&redis->to_server, set_name, 3);
    return status;
}

void redis_proof(struct relay_session *session, struct sm_bytes proof,
                 struct sm_bytes server_signature)
{
    struct redis *redis = session->state;
    (void)server_signature; /* the method shows none */
    session->phase = RELAY_LOGIN;
    if (proof.len == 0) {
        relay_login_fail(session, RELAY_CANNOT_NOW, "cannot be answered: the keeper sent no proof");
        return;
    }
    if (write_auth(session, proof) != SMCRED_OK || write_rest(session) != SMCRED_OK) {
        relay_login_fail(session, RELAY_NO_MEMORY, "cannot be answered: the password is too long");
        return;
    }
    redis->step = REDIS_STEP_PROVEN;
    if (relay_login_flush(session, &redis->to_server)) /* wiped once it is sent */
        redis_server_ready(session);
}

/* ---- answers ---- */

/* One line of the server's, without its end; borrowed. */
struct answer {
    struct sm_bytes whole;
    bool is_error;
    char text[SM_ERROR_TEXT_MAX]; /* cut if need be */
};

static enum smcred_status answer_parse(struct sm_bytes bytes, size_t max, struct answer *out)
{
    const char *at = bytes.data, *end = bytes.len > 0 ? memchr(at, '\n', bytes.len) : NULL;
    if (bytes.len > 0 && *at != '+' && *at != '-')
        return SMCRED_INVALID;
    if (!end)
        return bytes.len < max ? SMCRED_NOT_FOUND : SMCRED_INVALID;
    size_t len = (size_t)(end - at) + 1;
    if (len < 3 || end[-1] != '\r' || memchr(at, '\0', len))
        return SMCRED_INVALID;
    out->whole = sm_bytes(at, len);
    out->is_error = *at == '-';
    size_t text_len = len - 3 < sizeof out->text ? len - 3 : sizeof out->text - 1;
    memcpy(out->text, at + 1, text_len);
    out->text[text_len] = '\0';
    return SMCRED_OK;
}

/* A refused password may be a rotated one: the keeper decides.  Other errors are the client's. */
static void server_error(struct relay_session *session, const struct answer *answer)
{
    static const char wrong[] = "WRONGPASS"; /* also: no such user, or it is off */
    struct redis *redis = session->state;
    bool is_refusal =
        redis->step == REDIS_STEP_PROVEN && strncmp(answer->text, wrong, sizeof wrong - 1) == 0;
    relay_buffer_clear(&redis->refusal);
    if (!is_refusal || relay_buffer_add(&redis->refusal, answer->whole) != SMCRED_OK) {
        relay_session_relay_error(session, answer->whole, "", answer->text);
        return;
    }
    relay_buffer_consume(&redis->from_server, answer->whole.len);
    redis->unheard = names_database(session) ? 2 : 1; /* SELECT, CLIENT SETNAME */
    relay_session_refused(
        session, &(struct relay_verdict){.sqlstate = RELAY_BAD_PASSWORD, .text = answer->text});
}

bool redis_say_refusal(struct relay_session *session)
{
    struct redis *redis = session->state;
    struct answer answer;
    if (!redis ||
        answer_parse(relay_buffer_view(&redis->refusal), redis->refusal.max, &answer) != SMCRED_OK)
        return false;
    relay_session_relay_error(session, answer.whole, RELAY_BAD_PASSWORD, answer.text);
    return true;
}

/* The client's first words wait to be said. */
static void log_in(struct relay_session *session)
{
    struct redis *redis = session->state;
    struct relay_buffer greeting = relay_buffer(RELAY_PUMP_MAX);
    if (redis_say_all(session, &greeting) &&
        relay_buffer_add(&greeting, relay_buffer_view(&redis->from_server)) == SMCRED_OK) {
        relay_session_logged_in(session, &greeting);
        return;
    }
    relay_buffer_clear(&greeting);
    relay_login_fail(session, RELAY_NO_MEMORY, "cannot be told all that the client says");
}

/* Takes one answer.  False when there is nothing more to do now. */
static bool take_answer(struct relay_session *session, const struct answer *answer)
{
    struct redis *redis = session->state;
    if (redis->unheard > 0) {
        redis->unheard--;
        relay_buffer_consume(&redis->from_server, answer->whole.len);
        return true;
    }
    bool may_fail = redis->step == REDIS_STEP_NAMED; /* a name is for people, where it is allowed */
    if (answer->is_error && !may_fail) {
        server_error(session, answer);
        return false;
    }
    size_t len = answer->whole.len;
    switch (redis->step) {
    case REDIS_STEP_SILENT:
        relay_login_fail(session, RELAY_NOT_AUTHORIZED, "accepted the login without a password");
        return false;
    case REDIS_STEP_PROVEN:
        redis->step = names_database(session) ? REDIS_STEP_SELECTED : REDIS_STEP_NAMED;
        break;
    case REDIS_STEP_SELECTED:
        redis->step = REDIS_STEP_NAMED;
        break;
    case REDIS_STEP_NAMED:
        relay_buffer_consume(&redis->from_server, len);
        log_in(session);
        return false;
    }
    relay_buffer_consume(&redis->from_server, len);
    return true;
}

/* Takes the answers that are here.  False if the session went on to another phase. */
static bool take_answers(struct relay_session *session)
{
    struct redis *redis = session->state;
    struct answer answer;
    while (session->phase == RELAY_LOGIN) {
        enum smcred_status status =
            answer_parse(relay_buffer_view(&redis->from_server), redis->from_server.max, &answer);
        if (status == SMCRED_NOT_FOUND)
            return true;
        if (status != SMCRED_OK) {
            relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "does not speak Redis's protocol");
            return false;
        }
        if (!take_answer(session, &answer))
            return false;
    }
    return false;
}

void redis_server_ready(struct relay_session *session)
{
    struct redis *redis = session->state;
    if (!relay_login_flush(session, &redis->to_server))
        return;
    relay_login_listen(session, &redis->from_server, take_answers);
}
