/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql.c - MySQL's and MariaDB's protocol: the client's side of a login, and the table of the
 * rest.
 *
 * The client is greeted in the server's words, with a nonce of our own.  How it proves itself is
 * nobody's business here - the kernel has said who it is - so its answer is wiped unread, and it is
 * led through a conversation that ends well with its plugin, whichever that is.
 */
#include "relay/mysql.h"

#include <openssl/rand.h>
#include <stdio.h>

#include "relay/client.h"
#include "relay/login.h"
#include "relay/mysql_guard.h"
#include "relay/mysql_kill.h"
#include "relay/relay.h"
#include "relay/upstream.h"

static const struct relay_login_buffer buffers[] = {
    {offsetof(struct mysql, from_client), MYSQL_HEADER + MYSQL_PACKET_MAX},
    {offsetof(struct mysql, response), MYSQL_HEADER + MYSQL_PACKET_MAX},
    {offsetof(struct mysql, from_server), MYSQL_HEADER + MYSQL_PACKET_MAX},
    {offsetof(struct mysql, to_server), 2 * MYSQL_PACKET_MAX},
    {offsetof(struct mysql, refusal), MYSQL_HEADER + MYSQL_PACKET_MAX},
    {0},
};

static bool begin(struct relay_session *session)
{
    return relay_login_begin(session, sizeof(struct mysql), buffers);
}

static void finish(struct relay_session *session)
{
    relay_login_finish(session, sizeof(struct mysql), buffers);
}

static enum smcred_status write_error(const struct relay_session *session, struct relay_buffer *out,
                                      const struct relay_error *error)
{
    const struct mysql *mysql = session->state;
    if (!mysql) /* logged in: as if it were the answer to the client's next command */
        return mysql_error_write(out, 1, error, true);
    return mysql_error_write(out, mysql->client_sequence, error,
                             mysql->client >= MYSQL_CLIENT_SWITCHED);
}

/* ---- greeting ---- */

static bool is_known_plugin(const char *plugin)
{
    return strcmp(plugin, MYSQL_NATIVE) == 0 || strcmp(plugin, MYSQL_SHA2) == 0;
}

/* What a client of such a server knows best: MySQL 9 has no native password, old MariaDB no SHA-2.
 */
static const char *plugin_of_family(const struct mysql_greeting *greeting)
{
    bool is_mariadb = !(greeting->capabilities & MYSQL_CLIENT_MYSQL) ||
                      strstr(greeting->version, "MariaDB") != NULL;
    return is_mariadb || strcmp(greeting->plugin, MYSQL_NATIVE) == 0 ? MYSQL_NATIVE : MYSQL_SHA2;
}

/* Printable, as some clients take a nonce for a text. */
static bool make_nonce(uint8_t nonce[MYSQL_NONCE])
{
    if (RAND_bytes(nonce, MYSQL_NONCE) != 1)
        return false;
    for (size_t i = 0; i < MYSQL_NONCE; i++)
        nonce[i] = (uint8_t)('0' + nonce[i] % 64);
    return true;
}

/* Sends what was written for the client, which reads it: there is nothing else in its socket. */
static bool say(struct relay_session *session, struct relay_buffer *words,
                enum smcred_status written)
{
    bool went = written == SMCRED_OK && relay_client_say(session, relay_buffer_view(words));
    relay_buffer_clear(words);
    if (!went)
        relay_session_end(session, "closed", NULL, "the client left during the login");
    return went;
}

/* Where no server could be reached: so much that every client answers. */
static const struct mysql_greeting nobodys_greeting = {
    .version = "8.0.0-smcred",
    .capabilities = MYSQL_PROTOCOL_41 | MYSQL_SECURE_CONNECTION | MYSQL_PLUGIN_AUTH |
                    MYSQL_ATTRIBUTES | MYSQL_WITH_DB | MYSQL_CLIENT_MYSQL,
    .charset = 45, /* utf8mb4_general_ci */
    .status = 2,   /* autocommit */
    .plugin = MYSQL_NATIVE,
};

bool mysql_greet_client(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    struct relay_buffer words = relay_buffer(MYSQL_PACKET_MAX);
    mysql->shown = mysql->greeting;
    mysql->family = plugin_of_family(&mysql->greeting);
    mysql->shown.capabilities &= ~MYSQL_NOT_PASSED;
    mysql->shown.extended &= ~MYSQL_MULTI; /* commands are looked for where packets begin */
    if (mysql->shown.version[0] == '\0')
        mysql->shown = nobodys_greeting;
    if (relay_client_may_have_tls(session))
        mysql->shown.capabilities |= MYSQL_SSL;
    if (!is_known_plugin(mysql->shown.plugin))
        (void)snprintf(mysql->shown.plugin, sizeof mysql->shown.plugin, "%s",
                       mysql->family); /* they fit */
    mysql->client = MYSQL_CLIENT_GREETED;
    if (!make_nonce(mysql->shown.nonce)) {
        relay_login_refuse(session, RELAY_CANNOT_NOW, "there is no randomness");
        return false;
    }
    mysql->client_sequence = 1;
    session->told_pid = mysql->shown.thread_id;
    return say(session, &words, mysql_greeting_write(&words, 0, &mysql->shown));
}

static void part(struct relay_session *session)
{
    static const uint8_t quit[] = {1, 0, 0, 0, MYSQL_COM_QUIT};
    size_t sent = 0;
    (void)relay_stream_write(&session->stream, sm_bytes(quit, sizeof quit), &sent); /* a courtesy */
}

/*
 * An error instead of a greeting is shown by clients as one of the network, or with a warning that
 * anybody may have sent it.
 */
void mysql_greet_before_end(struct relay_session *session, const char *outcome)
{
    struct mysql *mysql = session->state;
    mysql->outcome = outcome;
    if (session->standing)
        part(session);
    relay_upstream_close(session);
    session->login_deadline_ms = 0; /* there is no login any more, but a client with some time */
    if (mysql->client != MYSQL_CLIENT_UNGREETED || mysql_greet_client(session))
        relay_session_await_client(session);
}

/* The client cannot be told anything now: it has something to hear first, or to say. */
static bool waits_for_word(const struct relay_session *session)
{
    const struct mysql *mysql = session->state;
    return mysql->client == MYSQL_CLIENT_UNGREETED ||
           (mysql->client == MYSQL_CLIENT_GREETED && session->phase == RELAY_ASKING);
}

static bool postpone(struct relay_session *session, const char *outcome,
                     const struct relay_error *error)
{
    struct mysql *mysql = session->state;
    if (mysql && session->phase == RELAY_LOGIN && session->route->is_kept) {
        mysql_dial_instead(session);
        return true;
    }
    if (!mysql || !waits_for_word(session))
        return false;
    relay_buffer_clear(&mysql->refusal); /* an earlier attempt's */
    mysql->error = *error;
    mysql_greet_before_end(session, outcome);
    return true;
}

/* ---- the client's response ---- */

/*
 * The plugin to switch the client to; NULL: it is in the right conversation already.  A client that
 * named another plugin than the greeting has not looked at the greeting's nonce, and waits for one.
 */
static const char *plugin_to_switch_to(const struct mysql *mysql)
{
    const char *plugin = mysql->wish.plugin;
    if (!(mysql->wish.capabilities & MYSQL_PLUGIN_AUTH))
        return NULL;
    if (!is_known_plugin(plugin))
        return mysql->family;
    return strcmp(plugin, mysql->shown.plugin) == 0 ? NULL : plugin;
}

static void wipe(struct sm_bytes bytes)
{
    if (bytes.len > 0)
        explicit_bzero((void *)(uintptr_t)bytes.data, bytes.len);
}

/* Of what the client said; what it proves itself with is wiped. */
static bool forget_proof(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    mysql->owes_fast_ok = mysql->wish.proof.len > 1; /* one byte says that there is no password */
    wipe(mysql->wish.proof);
    mysql->wish.proof = sm_bytes(NULL, 0);
    if (strlen(mysql->wish.user) < RELAY_NAME_MAX && strlen(mysql->wish.database) < RELAY_NAME_MAX)
        return true;
    relay_login_refuse(session, RELAY_PROTOCOL_BROKEN,
                       "the client's user or database has a name that is too long");
    return false;
}

/* Keeps the response, without what it proves itself with. */
static bool take_response(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    struct mysql_packet packet;
    mysql->response = mysql->from_client;
    mysql->from_client = relay_buffer(mysql->response.max);
    enum smcred_status status = mysql_packet_parse(relay_buffer_view(&mysql->response), &packet);
    if (status == SMCRED_OK)
        status = mysql_response_parse(packet.body, &mysql->wish);
    if (status == SMCRED_UNSUPPORTED) {
        relay_login_refuse(session, RELAY_NOT_SUPPORTED,
                           "clients from before MySQL 4.1 are not served");
        return false;
    }
    if (status != SMCRED_OK) {
        relay_login_refuse(
            session, RELAY_PROTOCOL_BROKEN,
            "the client's response is malformed, or asks for TLS where none is offered");
        return false;
    }
    if (!forget_proof(session))
        return false;
    mysql->wish.capabilities &= (mysql->shown.capabilities & ~MYSQL_SSL) | MYSQL_CLIENT_MYSQL;
    mysql->wish.extended &= mysql->shown.extended;
    session->recall = (struct relay_recall){.capabilities = mysql->wish.capabilities,
                                            .extended = mysql->wish.extended,
                                            .max_packet = mysql->wish.max_packet,
                                            .charset = mysql->wish.charset,
                                            .plugin = mysql->family};
    return true;
}

/* A request for TLS, where it is on offer: what comes next is that, and then the response. */
static bool asks_for_tls(const struct relay_session *session)
{
    const struct mysql *mysql = session->state;
    struct mysql_packet packet;
    return relay_client_may_have_tls(session) &&
           mysql_packet_parse(relay_buffer_view(&mysql->from_client), &packet) == SMCRED_OK &&
           mysql_is_tls_request(packet.body);
}

/* Of whatever kind it is, it is not looked at. */
static void take_switched(struct mysql *mysql)
{
    mysql->owes_fast_ok = mysql->from_client.len > MYSQL_HEADER + 1;
    relay_buffer_clear(&mysql->from_client);
}

static bool switch_client(struct relay_session *session, const char *plugin)
{
    struct mysql *mysql = session->state;
    struct relay_buffer words = relay_buffer(MYSQL_PACKET_MAX);
    struct sm_bytes nonce = sm_bytes(mysql->shown.nonce, sizeof mysql->shown.nonce);
    mysql->client = MYSQL_CLIENT_SWITCHED;
    mysql->conversation = plugin;
    mysql->owes_fast_ok = false;
    return say(session, &words,
               mysql_switch_write(&words, mysql->client_sequence++, plugin, nonce));
}

static void ask_anew(struct relay_session *session)
{
    uint8_t buffer[4 * RELAY_NAME_MAX];
    struct sm_wire_out out;
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_OPEN);
    mysql_put_wishes(session, &out);
    relay_session_open(session, &out);
}

/* The client's part is over; the server may go on. */
static void go_on(struct relay_session *session, const char *plugin)
{
    struct mysql *mysql = session->state;
    mysql->client = MYSQL_CLIENT_HEARD;
    if (mysql->outcome) {
        struct relay_error error = mysql->error;
        if (!mysql_say_refusal(session))
            relay_session_fail(session, mysql->outcome, &error);
        return;
    }
    mysql->owes_fast_ok &= strcmp(plugin, MYSQL_SHA2) == 0;
    if (mysql->is_anew)
        ask_anew(session);
    else
        relay_session_go_on(session);
}

/* One whole packet of the client's is here.  True if another one follows. */
static bool take_packet(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    struct mysql_packet packet;
    if (mysql_packet_parse(relay_buffer_view(&mysql->from_client), &packet) != SMCRED_OK ||
        packet.sequence != mysql->client_sequence++) {
        relay_login_refuse(session, RELAY_PROTOCOL_BROKEN, "the client's packets are out of order");
        return false;
    }
    if (mysql->client == MYSQL_CLIENT_SWITCHED) {
        take_switched(mysql);
        go_on(session, mysql->conversation);
        return false;
    }
    if (asks_for_tls(session)) {
        relay_buffer_clear(&mysql->from_client);
        relay_client_secure(session);
        return false;
    }
    if (!take_response(session))
        return false;
    const char *plugin = mysql->outcome ? NULL : plugin_to_switch_to(mysql);
    if (plugin)
        return switch_client(session, plugin);
    go_on(session, mysql->wish.plugin);
    return false;
}

static enum relay_io read_packet(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    enum relay_io io =
        relay_login_read_packet(&session->client_stream, &mysql->from_client, mysql_packet_len);
    if (io == RELAY_IO_ERROR)
        mysql->client_sequence++; /* what is said about the packet comes after it */
    return io;
}

static void client_ready(struct relay_session *session)
{
    relay_login_hear_client(session, read_packet, take_packet, "the client's packet is too long");
}

/* ---- once it is logged in ---- */

/* COM_CHANGE_USER: what it does not say holds as it was said at the login. */
static bool take_change(struct relay_session *session, struct sm_bytes words)
{
    struct mysql *mysql = session->state;
    struct mysql_packet packet;
    mysql->wish = (struct mysql_response){.capabilities = session->recall.capabilities,
                                          .extended = session->recall.extended,
                                          .max_packet = session->recall.max_packet,
                                          .charset = session->recall.charset};
    enum smcred_status status = relay_buffer_add(&mysql->response, words);
    wipe(words);
    if (status == SMCRED_OK)
        status = mysql_packet_parse(relay_buffer_view(&mysql->response), &packet);
    if (status == SMCRED_OK)
        status = mysql_change_user_parse(packet.body, &mysql->wish);
    if (status == SMCRED_OK)
        return forget_proof(session);
    relay_login_refuse(session, RELAY_PROTOCOL_BROKEN, "the client's change of user is malformed");
    return false;
}

/*
 * NULL: the client has proved itself with the nonce that it was greeted with, or has no password.
 * Those of SHA-2 wait for another one, as they do whose plugin is none of ours.
 */
static const char *plugin_to_change_to(const struct mysql *mysql)
{
    const char *plugin = mysql->wish.plugin;
    if (!(mysql->wish.capabilities & MYSQL_PLUGIN_AUTH) || strcmp(plugin, MYSQL_NATIVE) == 0)
        return NULL;
    if (!is_known_plugin(plugin))
        return mysql->family;
    return mysql->owes_fast_ok ? NULL : plugin;
}

static void log_in_anew(struct relay_session *session, struct sm_bytes words)
{
    struct mysql *mysql = session->state;
    mysql->is_anew = true;
    mysql->client = MYSQL_CLIENT_HEARD;
    mysql->client_sequence = 1;
    mysql->family = session->recall.plugin;
    if (!take_change(session, words))
        return;
    const char *plugin = plugin_to_change_to(mysql);
    if (!plugin)
        go_on(session, mysql->wish.plugin);
    else if (!make_nonce(mysql->shown.nonce))
        relay_login_refuse(session, RELAY_CANNOT_NOW, "there is no randomness");
    else if (switch_client(session, plugin))
        relay_session_await_client(session);
}

/* KILL, of a connection whose client knows another number than the server. */
static bool rewords_kill(const struct relay_session *session, struct sm_bytes words,
                         struct relay_buffer *answer)
{
    struct mysql_kill kill;
    const struct relay_session *meant =
        mysql_kill_parse(words, &kill) ? relay_session_of_told(session, kill.thread_id) : NULL;
    return meant && mysql_kill_write(answer, words, &kill, meant->backend_pid) == SMCRED_OK;
}

static struct relay_error no_replication(const struct relay_session *session)
{
    return relay_error(RELAY_NOT_PRIVILEGED,
                       "target \"%s\" permits no replication connections, by rule \"replication = "
                       "no\"",
                       session->target);
}

/* What is answered here: the own password's change, and what the target does not permit. */
static bool answers(const struct relay_session *session, struct sm_bytes words,
                    struct relay_buffer *answer)
{
    struct relay_error error;
    if (mysql_says_sets_password(words, session->user))
        error = relay_session_own_password(session);
    else if (!session->may_replicate && mysql_is_of_replication(mysql_command_of(words)))
        error = no_replication(session);
    else
        return false;
    return mysql_error_write(answer, 1, &error, true) == SMCRED_OK;
}

static enum relay_overheard overhear(const struct relay_session *session, struct sm_bytes words,
                                     struct relay_buffer *answer)
{
    enum mysql_command command = mysql_command_of(words);
    if (!mysql_may_command(&session->recall.flow))
        return RELAY_PASS_ON; /* it only looks like one */
    if (command == MYSQL_COM_QUIT)
        return RELAY_GOODBYE;
    if (rewords_kill(session, words, answer))
        return RELAY_REWORDED;
    if (command == MYSQL_COM_CHANGE_USER)
        return RELAY_ANEW;
    return answers(session, words, answer) ? RELAY_ANSWERED : RELAY_PASS_ON;
}

/* All of it may be heard, but for what no server may, whose place another command takes. */
static bool sift(struct relay_session *session, struct sm_bytes words,
                 struct relay_sifted *out_sifted, struct relay_buffer *instead,
                 struct relay_buffer *answer)
{
    (void)instead;
    (void)answer;
    *out_sifted = (struct relay_sifted){.pass = words.len, .taken = words.len};
    return mysql_deny(&session->recall.flow, words, session->may_replicate);
}

static bool may_interrupt(const struct relay_session *session)
{
    return mysql_is_idle_after(session->pump.tail);
}

static void follow(struct relay_session *session, struct sm_bytes words)
{
    mysql_answers_hear(&session->recall.flow.answers, words);
}

/* The client is greeted in the words of a kept connection's server, while the keeper decides. */
static bool greet_early(struct relay_session *session)
{
    return !mysql_take_kept(session) || mysql_greet_client(session);
}

static bool go_on_early(struct relay_session *session)
{
    if (!mysql_may_use_kept(session))
        return false;
    relay_session_await_client(session);
    return true;
}

const struct relay_protocol relay_mysql = {
    .engine = "mysql",
    .begin = begin,
    .finish = finish,
    .client_ready = client_ready,
    .hear_server = mysql_hear_server,
    .starttls = mysql_starttls,
    .server_connected = mysql_server_connected,
    .server_ready = mysql_server_ready,
    .proof = mysql_proof,
    .say_refusal = mysql_say_refusal,
    .postpone = postpone,
    .write_error = write_error,
    .overhear = overhear,
    .log_in_anew = log_in_anew,
    .part = part,
    .keep = mysql_keep,
    .greet_early = greet_early,
    .go_on_early = go_on_early,
    .sift = sift,
    .sift_failed =
        "the file begins with what would be a command if the server had given it up: load "
        "it by a statement of its own",
    .may_interrupt = may_interrupt,
    .follow = follow,
    .reads_late = true,
};
