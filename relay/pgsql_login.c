/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pgsql_login.c - PostgreSQL's protocol: logging in at the server.
 *
 * Nothing of it reaches the client before ReadyForQuery: a refused password costs another attempt,
 * and the client must not have seen the first.
 */
#include "relay/pgsql.h"

#include <openssl/rand.h>

#include "relay/login.h"

enum relay_starttls pgsql_starttls(struct relay_session *session)
{
    uint8_t answer = 0;
    size_t len = 0;
    if (!session->route->asked_for_tls) {
        static const uint8_t request[8] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
        session->route->asked_for_tls = true;
        if (relay_send(session->server.fd, sm_bytes(request, sizeof request), &len) !=
                RELAY_IO_DONE ||
            len != sizeof request) {
            relay_login_fail(session, RELAY_CANNOT_CONNECT, "closed the connection before TLS");
            return RELAY_STARTTLS_FAILED;
        }
    }
    /* One byte and no more: what a stranger put behind it must not pass for something from TLS. */
    enum relay_io io = relay_receive(session->server.fd, &answer, 1, &len);
    if (io == RELAY_IO_AGAIN)
        return RELAY_STARTTLS_WAIT;
    if (io == RELAY_IO_DONE && answer == 'S')
        return RELAY_STARTTLS_GO;
    if (io != RELAY_IO_DONE)
        relay_login_fail(session, RELAY_CANNOT_CONNECT, "closed the connection before TLS");
    else if (answer == 'N')
        relay_login_fail(session, RELAY_CANNOT_CONNECT,
                         "does not offer TLS, and without it nothing is sent");
    else
        relay_login_fail(session, RELAY_CANNOT_CONNECT,
                         "answered the request for TLS with something else");
    return RELAY_STARTTLS_FAILED;
}

/* Sends one message; false if the session ended. */
static bool say(struct relay_session *session, uint8_t type, const struct sm_bytes *pieces,
                size_t count)
{
    struct pgsql *pgsql = session->state;
    if (pgsql_message_write(&pgsql->to_server, type, pieces, count) != SMCRED_OK) {
        struct relay_error error = relay_error(RELAY_NO_MEMORY, "no room for a login message");
        relay_session_fail(session, "failed", &error);
        return false;
    }
    return relay_login_flush(session, &pgsql->to_server);
}

static void send_cancel(struct relay_session *session)
{
    struct pgsql *pgsql = session->state;
    if (relay_buffer_add(&pgsql->to_server, pgsql->startup.packet) == SMCRED_OK)
        (void)relay_login_flush(
            session, &pgsql->to_server); /* then the server closes, which server_ready() sees */
}

void pgsql_server_connected(struct relay_session *session)
{
    struct pgsql *pgsql = session->state;
    const struct relay_route *route = session->route;
    session->phase = RELAY_LOGIN;
    relay_buffer_clear(&pgsql->from_server);
    relay_buffer_clear(&pgsql->to_server);
    relay_buffer_clear(&pgsql->greeting);
    relay_buffer_clear(&pgsql->notices);
    explicit_bzero(&pgsql->scram, sizeof pgsql->scram); /* this attempt may be of another method */
    pgsql->step = PGSQL_STEP_START;
    if (session->is_cancel) {
        send_cancel(session);
        return;
    }
    enum smcred_status status =
        pgsql_startup_write(&pgsql->to_server, &pgsql->startup, route->user,
                            route->dbname[0] != '\0' ? route->dbname : NULL,
                            route->application[0] != '\0' ? route->application : NULL);
    if (status != SMCRED_OK) {
        struct relay_error error =
            relay_error(RELAY_PROTOCOL_BROKEN, "the startup packet is too long for the server");
        relay_session_fail(session, "failed", &error);
        return;
    }
    if (relay_login_flush(session, &pgsql->to_server))
        pgsql_server_ready(session);
}

/* RFC 5929, 4.1: the certificate under the hash of its signature, but nothing weaker than SHA-256.
 */
static bool hash_certificate(const SSL *ssl, struct scram *scram)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    int digest = NID_undef;
    unsigned len = 0;
    if (!certificate || X509_get_signature_info(certificate, &digest, NULL, NULL, NULL) != 1)
        return false;
    if (digest == NID_md5 || digest == NID_sha1)
        digest = NID_sha256;
    const EVP_MD *method = EVP_get_digestbynid(digest);
    if (!method || (size_t)EVP_MD_get_size(method) > sizeof scram->certificate_hash ||
        X509_digest(certificate, method, scram->certificate_hash, &len) != 1)
        return false; /* such as Ed25519, for which the RFC names no hash */
    scram->certificate_hash_len = len;
    return true;
}

static enum scram_binding choose_binding(struct relay_session *session, struct sm_bytes mechanisms)
{
    struct scram *scram = &((struct pgsql *)session->state)->scram;
    if (!session->stream.ssl || !hash_certificate(session->stream.ssl, scram))
        return SCRAM_BINDING_NONE;
    return pgsql_sasl_offers(mechanisms, "SCRAM-SHA-256-PLUS") ? SCRAM_BINDING_CERTIFICATE
                                                               : SCRAM_BINDING_NOT_OFFERED;
}

static const char *mechanism_of(const struct pgsql *pgsql)
{
    return pgsql->scram.binding == SCRAM_BINDING_CERTIFICATE ? "SCRAM-SHA-256-PLUS"
                                                             : "SCRAM-SHA-256";
}

static bool begin_scram(struct relay_session *session, struct sm_bytes mechanisms)
{
    struct pgsql *pgsql = session->state;
    uint8_t random[SCRAM_NONCE_RAW];
    char first[128];
    if (RAND_bytes(random, sizeof random) != 1) {
        relay_login_fail(session, RELAY_CONNECTION_FAILED,
                         "was given no nonce: there is no randomness");
        return false;
    }
    scram_begin(&pgsql->scram, random);
    pgsql->scram.binding = choose_binding(session, mechanisms);
    if (!pgsql_sasl_offers(mechanisms, mechanism_of(pgsql))) {
        relay_login_fail(
            session, RELAY_NOT_SUPPORTED,
            "offers no SASL mechanism that is spoken here (SCRAM-SHA-256, SCRAM-SHA-256-PLUS)");
        return false;
    }
    uint32_t len = (uint32_t)scram_write_first(&pgsql->scram, first, sizeof first);
    uint8_t length_word[4] = {0, 0, (uint8_t)(len >> 8), (uint8_t)len};
    const char *mechanism = mechanism_of(pgsql);
    const struct sm_bytes pieces[] = {sm_bytes(mechanism, strlen(mechanism) + 1),
                                      sm_bytes(length_word, sizeof length_word),
                                      sm_bytes(first, len)};
    pgsql->step = PGSQL_STEP_SASL_FIRST;
    return say(session, 'p', pieces, 3);
}

static bool ask_for_scram(struct relay_session *session, struct sm_bytes server_first)
{
    struct pgsql *pgsql = session->state;
    struct scram *scram = &pgsql->scram;
    uint8_t buffer[ORC_AUTH_MESSAGE_MAX + ORC_SALT_MAX + 512];
    struct sm_wire_out out;
    enum smcred_status status = scram_challenge_parse(scram, server_first);
    if (status != SMCRED_OK) {
        relay_login_fail(session,
                         status == SMCRED_UNSUPPORTED ? RELAY_NOT_SUPPORTED : RELAY_PROTOCOL_BROKEN,
                         status == SMCRED_UNSUPPORTED
                             ? "wants a SCRAM extension that is not spoken here"
                             : "sent a SCRAM challenge that is malformed or no answer to ours");
        return false;
    }
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_SCRAM);
    sm_wire_put_u32(&out, ORC_T_ATTEMPT, session->attempt);
    sm_wire_put_text(&out, ORC_T_MECHANISM, mechanism_of(pgsql));
    sm_wire_put(&out, ORC_T_SALT, sm_bytes(scram->salt, scram->salt_len));
    sm_wire_put_u32(&out, ORC_T_ITERATIONS, scram->iterations);
    sm_wire_put(&out, ORC_T_AUTH_MESSAGE, sm_bytes(scram->auth_message, scram->auth_message_len));
    pgsql->step = PGSQL_STEP_ASKED;
    return relay_session_ask(session, &out, RELAY_PROVING);
}

static bool ask_for_md5(struct relay_session *session, struct sm_bytes salt)
{
    uint8_t buffer[256];
    struct sm_wire_out out;
    if (salt.len != 4) {
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN,
                         "sent an md5 challenge of an impossible length");
        return false;
    }
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_CHALLENGE);
    sm_wire_put_u32(&out, ORC_T_ATTEMPT, session->attempt);
    sm_wire_put_text(&out, ORC_T_MECHANISM, "md5");
    sm_wire_put(&out, ORC_T_SALT, salt);
    ((struct pgsql *)session->state)->step = PGSQL_STEP_ASKED;
    return relay_session_ask(session, &out, RELAY_PROVING);
}

/* Whether the keeper gives the password away depends on what is said here, so it must be true. */
static bool ask_for_cleartext(struct relay_session *session)
{
    uint8_t buffer[256];
    struct sm_wire_out out;
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_CLEARTEXT);
    sm_wire_put_u32(&out, ORC_T_ATTEMPT, session->attempt);
    sm_wire_put_text(&out, ORC_T_MECHANISM, "password");
    if (relay_login_is_verified(session))
        sm_wire_put(&out, ORC_T_TLS_VERIFIED, sm_bytes("", 0));
    ((struct pgsql *)session->state)->step = PGSQL_STEP_ASKED;
    return relay_session_ask(session, &out, RELAY_PROVING);
}

static bool check_server_signature(struct relay_session *session, struct sm_bytes server_final)
{
    struct pgsql *pgsql = session->state;
    enum smcred_status status = scram_final_check(
        server_final, sm_bytes(pgsql->server_signature, sizeof pgsql->server_signature));
    if (status != SMCRED_OK) {
        relay_login_fail(session, RELAY_NOT_AUTHORIZED,
                         "does not know the password itself: its SCRAM signature is wrong");
        return false;
    }
    pgsql->step = PGSQL_STEP_PROVEN;
    return true;
}

static bool accept_login(struct relay_session *session, const struct pgsql_message *message)
{
    struct pgsql *pgsql = session->state;
    if (pgsql->step != PGSQL_STEP_PROVEN && pgsql->step != PGSQL_STEP_START) {
        relay_login_fail(session, RELAY_NOT_AUTHORIZED,
                         "accepted the login without showing its SCRAM signature");
        return false;
    }
    pgsql->step = PGSQL_STEP_ACCEPTED;
    if (relay_buffer_add(&pgsql->greeting, message->whole) == SMCRED_OK &&
        relay_buffer_add(&pgsql->greeting, relay_buffer_view(&pgsql->notices)) == SMCRED_OK)
        return true;
    relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "sent too much during the login");
    return false;
}

static bool is_known_request(uint32_t request)
{
    return request == PGSQL_AUTH_OK || request == PGSQL_AUTH_CLEARTEXT ||
           request == PGSQL_AUTH_MD5 ||
           (request >= PGSQL_AUTH_SASL && request <= PGSQL_AUTH_SASL_FINAL);
}

/* The steps of AuthenticationXXX, each only where it may come. */
static bool authenticate(struct relay_session *session, const struct pgsql_message *message)
{
    enum pgsql_step step = ((struct pgsql *)session->state)->step;
    uint32_t request = 0;
    struct sm_bytes rest = {NULL, 0};
    if (!pgsql_authentication_parse(message, &request, &rest)) {
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN,
                         "sent an authentication request that is cut off");
        return false;
    }
    if (request == PGSQL_AUTH_OK && step != PGSQL_STEP_ACCEPTED)
        return accept_login(session, message);
    if (request == PGSQL_AUTH_SASL && step == PGSQL_STEP_START)
        return begin_scram(session, rest);
    if (request == PGSQL_AUTH_SASL_CONTINUE && step == PGSQL_STEP_SASL_FIRST)
        return ask_for_scram(session, rest);
    if (request == PGSQL_AUTH_SASL_FINAL && step == PGSQL_STEP_SASL_FINAL)
        return check_server_signature(session, rest);
    if (request == PGSQL_AUTH_MD5 && step == PGSQL_STEP_START)
        return ask_for_md5(session, rest);
    if (request == PGSQL_AUTH_CLEARTEXT && step == PGSQL_STEP_START)
        return ask_for_cleartext(session);
    if (!is_known_request(request))
        relay_login_fail(
            session, RELAY_NOT_SUPPORTED,
            "asks for an authentication method that is not spoken here (it may be GSSAPI or SSPI)");
    else
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN,
                         "sent an authentication request out of turn");
    return false;
}

static bool is_refusal(const char *sqlstate)
{
    return strcmp(sqlstate, RELAY_BAD_PASSWORD) == 0 || strcmp(sqlstate, RELAY_NOT_AUTHORIZED) == 0;
}

/* A refused password may be a rotated one: the keeper decides.  Other errors are the client's. */
static void server_error(struct relay_session *session, const struct pgsql_message *message)
{
    struct pgsql *pgsql = session->state;
    const char *sqlstate = pgsql_error_field(message, 'C');
    const char *text = pgsql_error_field(message, 'M');
    relay_buffer_clear(&pgsql->refusal);
    if (!is_refusal(sqlstate) || relay_buffer_add(&pgsql->refusal, message->whole) != SMCRED_OK) {
        relay_session_relay_error(session, message->whole, sqlstate, text);
        return;
    }
    relay_session_refused(session,
                          &(struct relay_verdict){.sqlstate = sqlstate,
                                                  .routine = pgsql_error_field(message, 'R'),
                                                  .text = text});
}

bool pgsql_say_refusal(struct relay_session *session)
{
    struct pgsql *pgsql = session->state;
    struct pgsql_message message;
    if (!pgsql || pgsql_message_parse(relay_buffer_view(&pgsql->refusal), &message) != SMCRED_OK)
        return false;
    relay_session_relay_error(session, message.whole, pgsql_error_field(&message, 'C'),
                              pgsql_error_field(&message, 'M'));
    return true;
}

/* Keeps what the client shall read after AuthenticationOk. */
static bool keep(struct relay_session *session, struct relay_buffer *where,
                 const struct pgsql_message *message)
{
    if (relay_buffer_add(where, message->whole) == SMCRED_OK)
        return true;
    relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "sent too much during the login");
    return false;
}

static bool remember_key(struct relay_session *session, const struct pgsql_message *message)
{
    const uint8_t *at = message->body.data;
    if (message->body.len < 8 || message->body.len - 4 > sizeof session->key) {
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN,
                         "sent a cancel key of an impossible length");
        return false;
    }
    session->backend_pid = pgsql_u32(at);
    session->key_len = message->body.len - 4;
    memcpy(session->key, at + 4, session->key_len);
    return keep(session, &((struct pgsql *)session->state)->greeting, message);
}

/* The server is ready for the first query; bytes behind that are passed on as they are. */
static void log_in(struct relay_session *session, const struct pgsql_message *message)
{
    struct pgsql *pgsql = session->state;
    if (!keep(session, &pgsql->greeting, message))
        return;
    relay_buffer_consume(&pgsql->from_server, message->whole.len);
    if (relay_buffer_add(&pgsql->greeting, relay_buffer_view(&pgsql->from_server)) != SMCRED_OK) {
        relay_login_fail(session, RELAY_PROTOCOL_BROKEN, "sent too much during the login");
        return;
    }
    struct relay_buffer greeting = pgsql->greeting;
    pgsql->greeting = relay_buffer(0);
    relay_session_logged_in(session, &greeting);
}

/* Takes one message of the login; false when there is nothing more to do now. */
static bool take_message(struct relay_session *session, const struct pgsql_message *message)
{
    struct pgsql *pgsql = session->state;
    bool accepted = pgsql->step == PGSQL_STEP_ACCEPTED;
    switch (message->type) {
    case 'R':
        return authenticate(session, message);
    case 'E':
        server_error(session, message);
        return false;
    case 'N':
        return keep(session, accepted ? &pgsql->greeting : &pgsql->notices, message);
    case 'v': /* NegotiateProtocolVersion: the server's word on what the client asked for */
        if (!accepted)
            return keep(session, &pgsql->greeting, message);
        break;
    case 'K':
        if (accepted)
            return remember_key(session, message);
        break;
    case 'S':
    case 'A':
        if (accepted)
            return keep(session, &pgsql->greeting, message);
        break;
    case 'Z':
        if (accepted) {
            log_in(session, message);
            return false;
        }
        break;
    default:
        break;
    }
    relay_login_fail(session, RELAY_PROTOCOL_BROKEN,
                     "sent something that does not belong into a login");
    return false;
}

/* Takes the messages that are here.  False if the session went on to another phase. */
static bool take_messages(struct relay_session *session)
{
    struct pgsql *pgsql = session->state;
    struct pgsql_message message;
    while (session->phase == RELAY_LOGIN) {
        enum smcred_status status =
            pgsql_message_parse(relay_buffer_view(&pgsql->from_server), &message);
        if (status == SMCRED_NOT_FOUND)
            return true;
        if (status != SMCRED_OK) {
            relay_login_fail(session, RELAY_PROTOCOL_BROKEN,
                             "does not speak PostgreSQL's protocol");
            return false;
        }
        size_t len = message.whole.len;
        bool more = take_message(session, &message);
        if (!more)
            return false;
        relay_buffer_consume(&pgsql->from_server, len);
    }
    return false;
}

/* After a cancel request the server closes; whatever it says before, nobody listens. */
static void await_cancelled(struct relay_session *session)
{
    uint8_t chunk[512];
    size_t got = 0;
    enum relay_io io = RELAY_IO_DONE;
    for (int i = 0; i < 16 && io == RELAY_IO_DONE; i++)
        io = relay_stream_read(&session->stream, chunk, sizeof chunk, &got);
    if (io != RELAY_IO_AGAIN)
        relay_session_end(session, "cancelled", NULL, NULL);
}

void pgsql_server_ready(struct relay_session *session)
{
    if (!relay_login_flush(session, &((struct pgsql *)session->state)->to_server))
        return;
    if (session->is_cancel) {
        await_cancelled(session);
        return;
    }
    relay_login_listen(session, &((struct pgsql *)session->state)->from_server, take_messages);
}

static bool send_scram_proof(struct relay_session *session, struct sm_bytes proof,
                             struct sm_bytes server_signature)
{
    struct pgsql *pgsql = session->state;
    char final[640];
    size_t len = scram_write_final(&pgsql->scram, proof, final, sizeof final);
    if (len == 0 || server_signature.len != sizeof pgsql->server_signature) {
        relay_login_fail(session, RELAY_CANNOT_NOW, "cannot be answered: the keeper sent no proof");
        return false;
    }
    memcpy(pgsql->server_signature, server_signature.data, server_signature.len);
    const struct sm_bytes piece = sm_bytes(final, len);
    pgsql->step = PGSQL_STEP_SASL_FINAL;
    bool said = say(session, 'p', &piece, 1);
    explicit_bzero(final, sizeof final);
    return said;
}

/* The md5 answer or the password, as text; to_server wipes it once it is sent. */
static bool send_password(struct relay_session *session, struct sm_bytes text)
{
    const struct sm_bytes pieces[] = {text, sm_bytes("", 1)};
    if (text.len == 0 || memchr(text.data, 0, text.len)) {
        relay_login_fail(session, RELAY_CANNOT_NOW, "cannot be answered: the keeper sent no proof");
        return false;
    }
    ((struct pgsql *)session->state)->step = PGSQL_STEP_PROVEN;
    return say(session, 'p', pieces, 2);
}

void pgsql_proof(struct relay_session *session, struct sm_bytes proof,
                 struct sm_bytes server_signature)
{
    const struct pgsql *pgsql = session->state;
    bool scram = pgsql->scram.auth_message_len > 0;
    session->phase = RELAY_LOGIN;
    bool sent =
        scram ? send_scram_proof(session, proof, server_signature) : send_password(session, proof);
    if (sent)
        pgsql_server_ready(session);
}
