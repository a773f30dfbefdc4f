/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis.c - Redis's and Valkey's protocol: the client's side, and the table of the rest.
 *
 * The client speaks first.  If its first command is a login, it is not the client's to make, and
 * its user is the keeper's to judge; whatever it is, it waits until the relay has logged in, and
 * then goes the way of all commands, through redis_filter.c.
 */
#include "relay/redis.h"

#include <stdio.h>

#include "common/refusal.h"
#include "relay/client.h"
#include "relay/login.h"

#define SERVER_LINE_MAX 4096        /* bytes of an answer during the login */
#define LOGIN_MAX       (2 * 65536) /* bytes of all that is said to the server during the login */
#define TLS_HANDSHAKE   0x16        /* the first byte of who wants TLS here */

static const struct relay_login_buffer buffers[] = {
    {offsetof(struct redis, from_client), REDIS_COMMAND_MAX},
    {offsetof(struct redis, from_server), SERVER_LINE_MAX},
    {offsetof(struct redis, to_server), LOGIN_MAX},
    {offsetof(struct redis, refusal), SERVER_LINE_MAX},
    {0},
};

static bool begin(struct relay_session *session)
{
    return relay_login_begin(session, sizeof(struct redis), buffers);
}

static void finish(struct relay_session *session)
{
    struct redis *redis = session->state;
    if (!redis)
        return;
    relay_login_clear(session, buffers);
    if (session->phase != RELAY_OVER)
        return; /* what it says from now on has to be sifted */
    redis_filter_done(&redis->filter);
    relay_login_finish(session, sizeof *redis, buffers);
}

static enum smcred_status write_error(const struct relay_session *session, struct relay_buffer *out,
                                      const struct relay_error *error)
{
    char line[3 * SM_ERROR_TEXT_MAX];
    (void)session; /* an error stands for itself */
    int len =
        snprintf(line, sizeof line - 2, "-%s smcred: %s%s%s", refusal_redis_code(error->sqlstate),
                 error->text, error->hint[0] != '\0' ? " - " : "", error->hint); /* it fits */
    for (int i = 0; i < len; i++) {
        if (line[i] == '\r' || line[i] == '\n')
            line[i] = ' ';
    }
    line[len++] = '\r';
    line[len++] = '\n';
    return relay_buffer_add(out, sm_bytes(line, (size_t)len));
}

/* ---- the first command ---- */

/* A name is a text here.  False: it cannot be one. */
static bool take_text(struct sm_bytes bytes, char out[RELAY_NAME_MAX])
{
    if (bytes.len >= RELAY_NAME_MAX || (bytes.len > 0 && memchr(bytes.data, '\0', bytes.len)))
        return false;
    if (bytes.len > 0)
        memcpy(out, bytes.data, bytes.len);
    out[bytes.len] = '\0';
    return true;
}

static void ask_to_open(struct relay_session *session, const struct redis_wish *wish)
{
    struct redis *redis = session->state;
    uint8_t buffer[1024];
    struct sm_wire_out out;
    char user[RELAY_NAME_MAX];
    if (!take_text(wish->user, user) || !take_text(wish->name, redis->name)) {
        relay_login_refuse(session, RELAY_PROTOCOL_BROKEN,
                           "the client's user or its connection has a name that is too long");
        return;
    }
    bool names_user = user[0] != '\0' && strcmp(user, "default") != 0;
    relay_session_message(session, &out, buffer, sizeof buffer, ORC_OPEN);
    sm_wire_put_text(&out, ORC_T_USER, names_user ? user : NULL);
    sm_wire_put_text(&out, ORC_T_APPLICATION, redis->name[0] != '\0' ? redis->name : NULL);
    relay_session_open(session, &out);
}

/* Looks at what is here.  True if more is to be read. */
static bool look(struct relay_session *session)
{
    const struct redis *redis = session->state;
    struct redis_wish wish;
    struct sm_bytes words = relay_buffer_view(&redis->from_client);
    if (words.len > 0 && *(const uint8_t *)words.data == TLS_HANDSHAKE) {
        relay_login_refuse(
            session, RELAY_PROTOCOL_BROKEN,
            "the client wants TLS, and this target has none for it: leave --tls out; the "
            "server is reached over TLS all the same");
        return false;
    }
    if (!redis_wish_parse(words, &wish))
        return true;
    ask_to_open(session, &wish);
    return false;
}

static enum relay_io read_client(struct relay_session *session)
{
    struct redis *redis = session->state;
    return relay_login_read_some(&session->client_stream, &redis->from_client);
}

/* One of a pool's connections, which waits for its first use. */
static bool is_silent(const struct relay_session *session)
{
    return ((const struct redis *)session->state)->from_client.len == 0;
}

static void client_ready(struct relay_session *session)
{
    if (is_silent(session) && relay_client_begins_with_tls(session))
        relay_client_secure(session);
    else
        relay_login_hear_client(session, read_client, look,
                                "the client's first command is malformed");
}

/* ---- once it is logged in ---- */

static bool sift(struct relay_session *session, struct sm_bytes words,
                 struct relay_sifted *out_sifted, struct relay_buffer *instead,
                 struct relay_buffer *answer)
{
    struct redis_filter *filter = &((struct redis *)session->state)->filter;
    bool done = redis_filter_sift(filter, words, out_sifted, instead, answer);
    session->pump.goodbye = filter->goodbye;
    return done;
}

bool redis_say_all(struct relay_session *session, struct relay_buffer *greeting)
{
    struct redis *redis = session->state;
    struct relay_buffer *to_server = &session->pump.to_server;
    struct sm_bytes all = relay_buffer_view(&redis->from_client);
    redis->filter = redis_filter(session->user, session->operator_name, session->may_replicate);
    for (size_t at = 0; at < all.len;) {
        struct relay_sifted sifted;
        struct relay_buffer instead = relay_buffer(REDIS_INSTEAD_MAX);
        struct sm_bytes words = sm_bytes((const uint8_t *)all.data + at, all.len - at);
        bool said = sift(session, words, &sifted, &instead, greeting) &&
                    relay_buffer_add(to_server, sm_bytes(words.data, sifted.pass)) == SMCRED_OK &&
                    relay_buffer_add(to_server, relay_buffer_view(&instead)) == SMCRED_OK;
        relay_buffer_clear(&instead);
        if (!said)
            return false;
        at += sifted.taken;
    }
    session->pump.bytes_in = to_server->len;
    return true;
}

/*
 * The end of an answer, or a line's in the middle of one: then the client hears of an end at all.
 * A replica hears nothing but its server: it would count our bytes among those it has of it, and go
 * on from the wrong place.
 */
static bool may_interrupt(const struct relay_session *session)
{
    const struct redis *redis = session->state;
    return !redis->filter.replicates && memcmp(session->pump.tail + RELAY_TAIL - 2, "\r\n", 2) == 0;
}

const struct relay_protocol relay_redis = {
    .engine = "redis",
    .begin = begin,
    .finish = finish,
    .client_ready = client_ready,
    .is_silent = is_silent,
    .starttls = redis_starttls,
    .server_connected = redis_server_connected,
    .server_ready = redis_server_ready,
    .proof = redis_proof,
    .say_refusal = redis_say_refusal,
    .write_error = write_error,
    .sift = sift,
    .sift_failed = "a command, or what is to be answered in the server's stead, is too long",
    .may_interrupt = may_interrupt,
    .hears_again = true,
};
