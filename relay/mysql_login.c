/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_login.c - MySQL's and MariaDB's protocol: logging in at the server.
 *
 * The server greets, in plain text, before TLS.  The first challenge is answered in the response:
 * with the greeting's nonce and its plugin, or with mysql_native_password if that plugin is not
 * one that answers so; a server whose account has another plugin switches then.  Nothing of it
 * reaches the client before the verdict.
 */
#include "relay/mysql.h"

#include "common/clock.h"
#include "common/oracle.h"
#include "relay/login.h"
#include "relay/relay.h"

#define STAMP           "smcred_operator" /* the connection attribute that names the human */
#define FAST_OK         3                 /* caching_sha2_password: you are known */
#define FULL_PLEASE     4                 /* caching_sha2_password: you are not, say the password */
#define PARSEC_PBKDF2   'P'
#define PARSEC_FACTOR   20 /* at most: iterations are 1024 << factor, in 32 bits */
#define PARSEC_SALT_LEN 18
#define QUESTION_ROOM   2048 /* bytes of a message to the keeper */

/* How an account proves itself, as the server calls it. */
struct mysql_method {
    const char *plugin;
    size_t nonce_len; /* bytes of the server's nonce; a NUL behind them is not one */
    bool (*begin)(struct relay_session *session);
    /* What else the plugin says.  NULL: it says nothing. */
    bool (*hear)(struct relay_session *session, struct sm_bytes words);
};

static bool ask_for_scramble(struct relay_session *session);
static bool ask_for_password(struct relay_session *session);
static bool ask_for_cleartext(struct relay_session *session);
static bool ask_for_salt(struct relay_session *session);
static bool hear_sha2(struct relay_session *session, struct sm_bytes words);
static bool hear_salt(struct relay_session *session, struct sm_bytes words);

static const struct mysql_method methods[] = {
    {MYSQL_NATIVE, MYSQL_NONCE, ask_for_scramble, NULL},
    {MYSQL_SHA2, MYSQL_NONCE, ask_for_scramble, hear_sha2},
    {"client_ed25519", 32, ask_for_scramble, NULL},
    {"parsec", 32, ask_for_salt, hear_salt},
    {"sha256_password", MYSQL_NONCE, ask_for_password, NULL},
    {"mysql_clear_password", 0, ask_for_cleartext, NULL},
};

static const struct mysql_method *method_of(const char *plugin)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(methods[i].plugin, plugin) == 0)
            return &methods[i];
    }
    return NULL;
}

/* ---- the server's greeting ---- */

static void begin_attempt(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    free(session->standing);
    session->standing = NULL;
    relay_buffer_clear(&mysql->from_server);
    relay_buffer_clear(&mysql->to_server);
    explicit_bzero(mysql->nonce, sizeof mysql->nonce);
    explicit_bzero(mysql->proof, sizeof mysql->proof);
    mysql->step = MYSQL_STEP_SILENT;
    mysql->server_sequence = 0;
    mysql->method = NULL;
    mysql->responded = false;
    mysql->challenges = 0;
    mysql->begun = 0;
    mysql->proof_len = 0;
    mysql->foretold = mysql->renewed = false;
}

/* Whatever the client was told of, the server of another attempt must have too. */
static bool can_still_serve(struct relay_session *session)
{
    const struct mysql *mysql = session->state;
    if ((mysql->wish.capabilities & ~mysql->greeting.capabilities & ~MYSQL_CLIENT_MYSQL) == 0 &&
        (mysql->wish.extended & ~mysql->greeting.extended) == 0)
        return true;
    relay_login_fail(session, RELAY_CANNOT_CONNECT,
                     "is another one than a moment ago: it can do less");
    return false;
}

static void server_error(struct relay_session *session, const struct mysql_packet *packet);

static bool take_greeting(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    struct mysql_packet packet;
    enum smcred_status status = mysql_packet_parse(relay_buffer_view(&mysql->from_server), &packet);
    if (status == SMCRED_OK && packet.body.len > 0 &&
        *(const uint8_t *)packet.body.data == MYSQL_ERROR) {
        server_error(session, &packet);
        return false;
    }
    if (status == SMCRED_OK)
        status = mysql_greeting_parse(packet.body, &mysql->greeting);
    if (status == SMCRED_OK && packet.sequence != 0)
        status = SMCRED_PROTOCOL;
    relay_buffer_clear(&mysql->from_server);
    if (status != SMCRED_OK) {
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN,
                         "does not speak MySQL's protocol (version 10)");
        return false;
    }
    mysql->step = MYSQL_STEP_GREETED;
    mysql->server_sequence = 1;
    session->backend_pid = mysql->greeting.thread_id;
    return true;
}

/* Not a byte further than its first packet: what is behind that must not pass for TLS. */
static enum relay_starttls read_greeting(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    switch (relay_login_read_packet(&session->stream, &mysql->from_server, mysql_packet_len)) {
    case RELAY_IO_AGAIN:
        return RELAY_STARTTLS_WAIT;
    case RELAY_IO_DONE:
        return take_greeting(session) ? RELAY_STARTTLS_GO : RELAY_STARTTLS_FAILED;
    case RELAY_IO_ERROR:
        if (errno == EPROTO) {
            relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "does not speak MySQL's protocol");
            return RELAY_STARTTLS_FAILED;
        }
        break;
    case RELAY_IO_EOF:
        break;
    }
    relay_login_fail(session, RELAY_CONNECTION_FAILED, "closed the connection before its greeting");
    return RELAY_STARTTLS_FAILED;
}

enum relay_starttls mysql_hear_server(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    if (!session->route->hearing)
        begin_attempt(session);
    session->route->hearing = true;
    if (mysql->step == MYSQL_STEP_SILENT) {
        enum relay_starttls heard = read_greeting(session);
        if (heard != RELAY_STARTTLS_GO)
            return heard;
    }
    if (mysql->client == MYSQL_CLIENT_HEARD)
        return can_still_serve(session) ? RELAY_STARTTLS_GO : RELAY_STARTTLS_FAILED;
    if (mysql->client == MYSQL_CLIENT_UNGREETED && !mysql_greet_client(session))
        return RELAY_STARTTLS_FAILED;
    relay_session_await_client(session);
    return RELAY_STARTTLS_WAIT;
}

/* ---- the response ---- */

/*
 * What the server is told, but for the proof.  Servers read the flags of the request for TLS only,
 * and that comes before the keeper has said which database it will be: there is always one, or "".
 */
static struct mysql_response response_to(const struct relay_session *session)
{
    const struct mysql *mysql = session->state;
    struct mysql_response response = mysql->wish;
    response.capabilities |= MYSQL_PROTOCOL_41 | MYSQL_SECURE_CONNECTION | MYSQL_WITH_DB;
    response.capabilities |= mysql->greeting.capabilities & (MYSQL_PLUGIN_AUTH | MYSQL_ATTRIBUTES);
    if (session->endpoint->tls != ORC_TLS_DISABLE)
        response.capabilities |= MYSQL_SSL;
    response.user = session->route->user;
    response.database = session->route->dbname;
    return response;
}

enum relay_starttls mysql_starttls(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    struct relay_buffer words = relay_buffer(MYSQL_PACKET_MAX);
    struct mysql_response response = response_to(session);
    if (!(mysql->greeting.capabilities & MYSQL_SSL)) {
        relay_login_fail(session, RELAY_CANNOT_CONNECT,
                         "does not offer TLS, and without it nothing is sent");
        return RELAY_STARTTLS_FAILED;
    }
    bool fits = mysql_tls_request_write(&words, mysql->server_sequence++, &response) == SMCRED_OK &&
                relay_stream_precede(&session->stream, relay_buffer_view(&words));
    relay_buffer_clear(&words);
    if (!fits) {
        relay_login_fail(session, RELAY_NO_MEMORY, "cannot be asked for TLS: there is no room");
        return RELAY_STARTTLS_FAILED;
    }
    return RELAY_STARTTLS_GO;
}

/*
 * A server asks for the proof once more when it has heard who it is now.  One that is known to ask
 * for the same gets both in one breath.
 */
static enum smcred_status write_change(struct relay_session *session,
                                       const struct mysql_response *response)
{
    struct mysql *mysql = session->state;
    enum smcred_status status = mysql_change_user_write(&mysql->to_server, response);
    mysql->proof_len = 0;
    if (mysql->is_password || response->proof.len > sizeof mysql->proof)
        return status;
    memcpy(mysql->proof, response->proof.data, response->proof.len);
    mysql->proof_len = response->proof.len;
    mysql->foretold = session->standing->repeats_nonce;
    return status == SMCRED_OK && mysql->foretold
               ? mysql_packet_write(&mysql->to_server, 2, &response->proof, 1)
               : status;
}

static enum smcred_status write_response(struct relay_session *session, struct sm_bytes proof)
{
    struct mysql *mysql = session->state;
    struct relay_buffer attributes = relay_buffer(MYSQL_ATTRIBUTES_MAX);
    struct mysql_response response = response_to(session);
    enum smcred_status status =
        mysql_attributes_write(&attributes, response.attributes, STAMP, session->operator_name);
    if (status == SMCRED_OK) {
        response.attributes = relay_buffer_view(&attributes);
        response.plugin = mysql->method->plugin;
        response.proof = proof;
        status = session->route->is_kept
                     ? write_change(session, &response)
                     : mysql_response_write(&mysql->to_server, mysql->server_sequence, &response);
        mysql->server_sequence++;
    }
    relay_buffer_clear(&attributes);
    mysql->responded = true;
    return status;
}

static enum smcred_status write_answer(struct mysql *mysql, struct sm_bytes proof)
{
    const struct sm_bytes pieces[] = {proof, sm_bytes("", mysql->is_password ? 1 : 0)};
    return mysql_packet_write(&mysql->to_server, mysql->server_sequence++, pieces, 2);
}

/* Answers the server's question.  False: the session ended. */
static bool answer(struct relay_session *session, struct sm_bytes proof)
{
    struct mysql *mysql = session->state;
    enum smcred_status status =
        mysql->responded ? write_answer(mysql, proof) : write_response(session, proof);
    mysql->step = MYSQL_STEP_PROVEN;
    if (session->route->is_kept) /* it may be dead, and another one still has to be made */
        relay_loop_arm(&session->relay->loop, &session->deadline,
                       sm_boot_ms() + session->relay->deadlines.connect_ms / 4);
    if (status == SMCRED_OK)
        return relay_login_flush(session, &mysql->to_server);
    relay_login_fail(session, RELAY_PROTOCOL_BROKEN,
                     "cannot be told all that the client says: it is too long");
    return false;
}

void mysql_proof(struct relay_session *session, struct sm_bytes proof,
                 struct sm_bytes server_signature)
{
    const struct mysql *mysql = session->state;
    (void)server_signature; /* no method here shows one */
    session->phase = RELAY_LOGIN;
    if (proof.len == 0 || (mysql->is_password && memchr(proof.data, 0, proof.len))) {
        relay_login_fail(session, RELAY_CANNOT_NOW, "cannot be answered: the keeper sent no proof");
        return;
    }
    if (answer(session, proof))
        mysql_server_ready(session);
}

/* ---- questions to the keeper ---- */

struct question {
    struct sm_wire_out out;
    uint8_t buffer[QUESTION_ROOM];
};

/* The first one of a session says what the client asked for. */
void mysql_put_wishes(struct relay_session *session, struct sm_wire_out *out)
{
    struct mysql *mysql = session->state;
    char program[RELAY_NAME_MAX];
    const struct mysql_response *wish = &mysql->wish;
    if (mysql->names_are_known)
        return;
    mysql->names_are_known = true;
    sm_wire_put_text(out, ORC_T_USER, wish->user[0] != '\0' ? wish->user : NULL);
    sm_wire_put_text(out, ORC_T_DBNAME, wish->database[0] != '\0' ? wish->database : NULL);
    if (mysql_attribute(wish->attributes, "program_name", program, sizeof program))
        sm_wire_put_text(out, ORC_T_APPLICATION, program);
}

static void begin_question(struct relay_session *session, struct question *question,
                           enum orc_verb verb, const char *mechanism)
{
    struct mysql *mysql = session->state;
    relay_session_message(session, &question->out, question->buffer, sizeof question->buffer, verb);
    sm_wire_put_u32(&question->out, ORC_T_ATTEMPT, session->attempt);
    sm_wire_put_text(&question->out, ORC_T_MECHANISM, mechanism);
    mysql_put_wishes(session, &question->out);
    mysql->is_password = verb == ORC_CLEARTEXT;
}

static bool ask(struct relay_session *session, struct question *question)
{
    ((struct mysql *)session->state)->step = MYSQL_STEP_ASKED;
    return relay_session_ask(session, &question->out, RELAY_PROVING);
}

static struct sm_bytes nonce_of(const struct mysql *mysql)
{
    return sm_bytes(mysql->nonce, mysql->nonce_len);
}

static bool ask_with_nonce(struct relay_session *session, const char *mechanism)
{
    struct question question;
    begin_question(session, &question, ORC_CHALLENGE, mechanism);
    sm_wire_put(&question.out, ORC_T_SALT, nonce_of(session->state));
    return ask(session, &question);
}

static bool ask_for_scramble(struct relay_session *session)
{
    return ask_with_nonce(session, ((struct mysql *)session->state)->method->plugin);
}

/* Whether the keeper gives the password away depends on what is said here, so it must be true. */
static bool ask_for_cleartext(struct relay_session *session)
{
    struct question question;
    begin_question(session, &question, ORC_CLEARTEXT,
                   ((struct mysql *)session->state)->method->plugin);
    if (relay_login_is_verified(session))
        sm_wire_put(&question.out, ORC_T_TLS_VERIFIED, sm_bytes("", 0));
    return ask(session, &question);
}

/*
 * These servers want the password itself where nobody can listen, or else encrypted for their key.
 * To sha256_password, which has no words of its own, a Unix socket is no such place.
 */
static bool ask_for_password(struct relay_session *session)
{
    const struct mysql *mysql = session->state;
    bool is_sha2 = mysql->method->hear != NULL;
    if (session->stream.ssl || (is_sha2 && session->address.ss_family == AF_UNIX))
        return ask_for_cleartext(session);
    return ask_with_nonce(session, is_sha2 ? MYSQL_SHA2 ":full" : mysql->method->plugin);
}

static bool hear_sha2(struct relay_session *session, struct sm_bytes words)
{
    uint8_t word = words.len == 1 ? *(const uint8_t *)words.data : 0;
    if (word == FAST_OK)
        return true; /* and now the verdict */
    if (word == FULL_PLEASE)
        return ask_for_password(session);
    relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "says what " MYSQL_SHA2 " does not know");
    return false;
}

/* The account's salt is asked for by an empty packet. */
static bool ask_for_salt(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    mysql->is_password = false;
    bool sent = answer(session, sm_bytes("", 0));
    mysql->step = MYSQL_STEP_SALT;
    return sent;
}

static bool hear_salt(struct relay_session *session, struct sm_bytes words)
{
    struct question question;
    const struct mysql *mysql = session->state;
    const uint8_t *at = words.data;
    if (mysql->step != MYSQL_STEP_SALT || words.len != 2 + PARSEC_SALT_LEN ||
        at[0] != PARSEC_PBKDF2 || at[1] > PARSEC_FACTOR) {
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "sent a salt that parsec does not know");
        return false;
    }
    begin_question(session, &question, ORC_CHALLENGE, mysql->method->plugin);
    sm_wire_put(&question.out, ORC_T_SALT, sm_bytes(at + 2, PARSEC_SALT_LEN));
    sm_wire_put_u32(&question.out, ORC_T_ITERATIONS, 1024u << at[1]);
    sm_wire_put(&question.out, ORC_T_AUTH_MESSAGE, nonce_of(mysql));
    return ask(session, &question);
}

/* ---- the server's words ---- */

/* Takes what the server gives for this method.  False: the session ended. */
static bool begin_method(struct relay_session *session, const struct mysql_method *method,
                         struct sm_bytes nonce)
{
    struct mysql *mysql = session->state;
    if (!method) {
        relay_login_fail(session, RELAY_NOT_SUPPORTED,
                         "asks for an authentication method that is not spoken here (it may be "
                         "GSSAPI, PAM or the passwords of MySQL 4.0)");
        return false;
    }
    if (nonce.len < method->nonce_len || nonce.len > method->nonce_len + 1) {
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "sent a nonce of an impossible length");
        return false;
    }
    unsigned bit = 1U << (method - methods);
    if (++mysql->challenges > ORC_CHALLENGES_MAX || (mysql->begun & bit)) {
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "changes the method again and again");
        return false;
    }
    mysql->begun |= bit;
    mysql->method = method;
    mysql->nonce_len = method->nonce_len;
    if (method->nonce_len > 0)
        memcpy(mysql->nonce, nonce.data, method->nonce_len);
    return method->begin(session);
}

void mysql_server_connected(struct relay_session *session)
{
    const struct mysql *mysql = session->state;
    const char *plugin =
        strcmp(mysql->greeting.plugin, MYSQL_SHA2) == 0 ? MYSQL_SHA2 : MYSQL_NATIVE;
    session->phase = RELAY_LOGIN;
    if (session->route->is_kept && !mysql_is_fit(session)) {
        mysql_dial_instead(session);
        return;
    }
    (void)begin_method(session, method_of(plugin), /* it handles its own failure */
                       sm_bytes(mysql->greeting.nonce, sizeof mysql->greeting.nonce));
}

/* A change of user has this question in any case, and often for the nonce of the greeting. */
static bool repeat_proof(struct relay_session *session, const struct mysql_method *method,
                         struct sm_bytes nonce)
{
    struct mysql *mysql = session->state;
    bool is_same = mysql->proof_len > 0 && method == mysql->method &&
                   nonce.len >= mysql->nonce_len &&
                   memcmp(nonce.data, mysql->nonce, mysql->nonce_len) == 0;
    if ((mysql->foretold && !is_same) || mysql->renewed) {
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "does not ask as it did before");
        return false;
    }
    if (mysql->foretold) {
        mysql->server_sequence++;
        mysql->foretold = false;
        return true;
    }
    session->standing->repeats_nonce = is_same;
    if (is_same)
        return answer(session, sm_bytes(mysql->proof, mysql->proof_len));
    relay_session_again(session);
    mysql->renewed = true;
    mysql->challenges = 0;
    mysql->begun = 0;
    return begin_method(session, mysql->method, nonce);
}

static bool switch_method(struct relay_session *session, struct sm_bytes body)
{
    const struct mysql *mysql = session->state;
    struct mysql_switch it;
    if (!mysql_switch_parse(body, &it)) {
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "sent a change of method that is cut off");
        return false;
    }
    const struct mysql_method *method = method_of(it.plugin);
    if (session->route->is_kept && (method == mysql->method || mysql->foretold))
        return repeat_proof(session, method, it.data);
    return begin_method(session, method, it.data);
}

static bool hear_plugin(struct relay_session *session, struct sm_bytes words)
{
    const struct mysql *mysql = session->state;
    if (mysql->method && mysql->method->hear)
        return mysql->method->hear(session, words);
    relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "asks more than its method has to ask");
    return false;
}

/* The client's copy of a packet: the same words, under the next number of its conversation. */
static enum smcred_status write_for_client(struct mysql *mysql, struct relay_buffer *out,
                                           struct sm_bytes body)
{
    return mysql_packet_write(out, mysql->client_sequence++, &body, 1);
}

/* The server is ready for the first command; bytes behind that are passed on as they are. */
static void log_in(struct relay_session *session, const struct mysql_packet *packet)
{
    static const uint8_t fast_ok[2] = {MYSQL_MORE_DATA, FAST_OK};
    struct mysql *mysql = session->state;
    struct relay_buffer greeting = relay_buffer(2 * MYSQL_PACKET_MAX);
    struct sm_bytes all = relay_buffer_view(&mysql->from_server);
    struct sm_bytes rest =
        sm_bytes((const uint8_t *)all.data + packet->whole.len, all.len - packet->whole.len);
    enum smcred_status status = SMCRED_OK;
    mysql_stand(session);
    if (mysql->owes_fast_ok)
        status = write_for_client(mysql, &greeting, sm_bytes(fast_ok, sizeof fast_ok));
    if (status == SMCRED_OK)
        status = write_for_client(mysql, &greeting, packet->body);
    if (status == SMCRED_OK)
        status = relay_buffer_add(&greeting, rest);
    if (status != SMCRED_OK) {
        relay_buffer_clear(&greeting);
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "sent too much during the login");
        return;
    }
    session->recall.flow.answers = mysql_answers(mysql->wish.capabilities);
    mysql_answers_hear(&session->recall.flow.answers, rest);
    relay_session_logged_in(session, &greeting);
}

/*
 * About the account or its password, so that another version of the secret may help; the keeper
 * knows which is which.  What is about the host, the server or the database is not.
 */
static bool is_refusal(uint16_t code)
{
    static const uint16_t codes[] = {
        1045, /* ER_ACCESS_DENIED_ERROR */
        1698, /* ER_ACCESS_DENIED_NO_PASSWORD_ERROR */
        1820, /* ER_MUST_CHANGE_PASSWORD */
        1862, /* ER_MUST_CHANGE_PASSWORD_LOGIN */
        3118, /* ER_ACCOUNT_HAS_BEEN_LOCKED, MySQL */
        3955, /* ER_USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK */
        4151, /* ER_ACCOUNT_HAS_BEEN_LOCKED, MariaDB */
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i] == code)
            return true;
    }
    return false;
}

/* A server that has not heard yet that its client knows SQLSTATEs says none. */
static enum smcred_status write_error_for_client(struct mysql *mysql, struct relay_buffer *out,
                                                 struct sm_bytes body)
{
    const char *at = body.data;
    bool has_state = body.len > 3 && at[3] == '#';
    const struct sm_bytes pieces[] = {sm_bytes(at, 3), sm_bytes("#HY000", has_state ? 0 : 6),
                                      sm_bytes(at + 3, body.len - 3)};
    return mysql_packet_write(out, mysql->client_sequence++, pieces,
                              sizeof pieces / sizeof *pieces);
}

/* Says the server's error, which is kept, to the client, and ends the session. */
static void pass_error_on(struct relay_session *session, struct sm_bytes body,
                          const struct mysql_error *error)
{
    struct mysql *mysql = session->state;
    struct relay_buffer words = relay_buffer(2 * MYSQL_PACKET_MAX);
    if (mysql->client == MYSQL_CLIENT_UNGREETED)
        mysql_greet_before_end(session, "refused");
    else if (write_error_for_client(mysql, &words, body) == SMCRED_OK)
        relay_session_relay_error(session, relay_buffer_view(&words), error->sqlstate, error->text);
    else
        relay_session_end(session, "refused", error->sqlstate, error->text);
    relay_buffer_clear(&words);
}

/*
 * A refused password may be a rotated one: the keeper decides.  Other errors are the client's, and
 * so is what anybody may say in plain text, before a password was asked for.
 */
static void server_error(struct relay_session *session, const struct mysql_packet *packet)
{
    struct mysql *mysql = session->state;
    struct mysql_error error;
    if (!mysql_error_parse(packet->body, &error)) {
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "sent an error that is cut off");
        return;
    }
    relay_buffer_clear(&mysql->refusal);
    bool is_kept = relay_buffer_add(&mysql->refusal, packet->whole) == SMCRED_OK;
    if (session->route->is_kept && (!mysql->responded || !is_refusal(error.code))) {
        mysql_dial_instead(session);
        return;
    }
    if (!mysql->responded || !is_refusal(error.code) || !is_kept) {
        pass_error_on(session, packet->body, &error);
        return;
    }
    relay_session_refused(session, &(struct relay_verdict){.sqlstate = error.sqlstate,
                                                           .code = error.code,
                                                           .text = error.text});
}

bool mysql_say_refusal(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    struct mysql_packet packet;
    struct mysql_error error;
    if (!mysql || mysql_packet_parse(relay_buffer_view(&mysql->refusal), &packet) != SMCRED_OK ||
        !mysql_error_parse(packet.body, &error))
        return false;
    pass_error_on(session, packet.body, &error);
    return true;
}

/* Takes one packet of the login; false when there is nothing more to do now. */
static bool take_packet(struct relay_session *session, const struct mysql_packet *packet)
{
    struct mysql *mysql = session->state;
    const uint8_t *body = packet->body.data;
    struct sm_bytes rest = sm_bytes(body + 1, packet->body.len - 1);
    if (body[0] == MYSQL_ERROR) {
        server_error(session, packet);
        return false;
    }
    if (packet->sequence != mysql->server_sequence++ ||
        (mysql->step != MYSQL_STEP_PROVEN && mysql->step != MYSQL_STEP_SALT)) {
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "says something out of turn");
        return false;
    }
    switch (body[0]) {
    case MYSQL_OK:
        if (mysql->foretold) /* not asked, and told all the same */
            relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "does not ask as it did before");
        else if (mysql->step == MYSQL_STEP_PROVEN)
            log_in(session, packet);
        else
            relay_login_fail(session, RELAY_NOT_AUTHORIZED, "accepted the login without a proof");
        return false;
    case MYSQL_SWITCH:
        return switch_method(session, packet->body);
    case MYSQL_MORE_DATA:
        return hear_plugin(session, rest);
    case MYSQL_NEXT_FACTOR:
        relay_login_fail(session, RELAY_NOT_SUPPORTED,
                         "asks for another factor, which is not spoken here");
        return false;
    default: /* MariaDB's plugins speak without a mark of their own */
        return hear_plugin(session, packet->body);
    }
}

/* Takes the packets that are here.  False if the session went on to another phase. */
static bool take_packets(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    struct mysql_packet packet;
    while (session->phase == RELAY_LOGIN) {
        enum smcred_status status =
            mysql_packet_parse(relay_buffer_view(&mysql->from_server), &packet);
        if (status == SMCRED_NOT_FOUND)
            return true;
        if (status != SMCRED_OK || packet.body.len == 0) {
            relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "does not speak MySQL's protocol");
            return false;
        }
        size_t len = packet.whole.len;
        if (!take_packet(session, &packet))
            return false;
        relay_buffer_consume(&mysql->from_server, len);
    }
    return false;
}

void mysql_server_ready(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    if (!relay_login_flush(session, &mysql->to_server))
        return;
    relay_login_listen(session, &mysql->from_server, take_packets);
}
