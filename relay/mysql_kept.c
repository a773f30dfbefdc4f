/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_kept.c - who has a kept connection, and when it ends.
 *
 * The client says COM_QUIT; instead of hearing that, the server is asked for its echo
 * (mysql_echo.h), and the connection is ready once that was all it said.  It ends when its time is
 * over, when the server says anything by itself, when the keeper says so (a reload, a revocation),
 * goes or drains the relay, and when a session with another way to the same target comes.
 */
#include "relay/mysql_kept.h"

#include "common/clock.h"
#include "relay/mysql.h"
#include "relay/mysql_guard.h"
#include "relay/relay.h"
#include "relay/upstream.h"

/* Capabilities that the server is told of whatever the client says: mysql_login.c. */
#define SAID_ANYWAY (MYSQL_WITH_DB | MYSQL_PLUGIN_AUTH | MYSQL_ATTRIBUTES)

/* ---- its end ---- */

static void say_quit(struct relay_stream *stream)
{
    static const uint8_t quit[] = {1, 0, 0, 0, MYSQL_COM_QUIT};
    size_t sent = 0;
    (void)relay_stream_write(stream, sm_bytes(quit, sizeof quit), &sent); /* a courtesy */
}

static void forget(struct mysql_kept *kept)
{
    relay_buffer_clear(&kept->said);
    free(kept->target);
    free(kept->standing);
    kept->target = NULL;
    kept->standing = NULL;
}

void mysql_let_go(struct relay *relay)
{
    struct mysql_kept *kept = &relay->kept;
    if (kept->server.fd < 0)
        return;
    relay_loop_disarm(&relay->loop, &kept->deadline);
    say_quit(&kept->stream);
    relay_stream_done(&kept->stream);
    int fd = relay_loop_forget(&relay->loop, &kept->server);
    sm_close_fd(&fd);
    forget(kept);
}

static struct relay *relay_of(struct mysql_kept *kept)
{
    return (struct relay *)((char *)kept - offsetof(struct relay, kept));
}

static void on_deadline(struct relay_timer *timer)
{
    mysql_let_go(
        relay_of((struct mysql_kept *)((char *)timer - offsetof(struct mysql_kept, deadline))));
}

/* ---- while it is kept ---- */

/* A server has no reason to speak; TLS may, below. */
static bool is_silent(struct mysql_kept *kept)
{
    uint8_t byte;
    size_t len = 0;
    return relay_stream_read(&kept->stream, &byte, sizeof byte, &len) == RELAY_IO_AGAIN;
}

static enum relay_io read_echo(struct mysql_kept *kept)
{
    uint8_t chunk[MYSQL_ECHO_MAX];
    size_t len = 0;
    enum relay_io io = RELAY_IO_DONE;
    while (io == RELAY_IO_DONE) {
        io = relay_stream_read(&kept->stream, chunk, sizeof chunk, &len);
        if (io == RELAY_IO_DONE && relay_buffer_add(&kept->said, sm_bytes(chunk, len)) != SMCRED_OK)
            return RELAY_IO_ERROR;
    }
    return io;
}

static bool hear_echo(struct mysql_kept *kept)
{
    if (read_echo(kept) != RELAY_IO_AGAIN)
        return false;
    enum smcred_status status =
        mysql_echo_parse(relay_buffer_view(&kept->said), kept->standing->capabilities, kept->word);
    if (status != SMCRED_OK)
        return status == SMCRED_NOT_FOUND; /* there is more to come */
    relay_buffer_clear(&kept->said);
    kept->is_ready = true;
    relay_loop_arm(&relay_of(kept)->loop, &kept->deadline, kept->until_ms);
    return true;
}

static void on_server(struct relay_watch *watch, uint32_t events)
{
    struct mysql_kept *kept =
        (struct mysql_kept *)((char *)watch - offsetof(struct mysql_kept, server));
    (void)events;
    if (kept->is_ready ? !is_silent(kept) : !hear_echo(kept))
        mysql_let_go(relay_of(kept));
}

/* ---- its beginning ---- */

void mysql_stand(struct relay_session *session)
{
    const struct mysql *mysql = session->state;
    if (session->keep_ms == 0 || session->standing)
        return;
    session->standing = malloc(sizeof *session->standing); /* without it nothing is kept */
    if (session->standing)
        *session->standing = (struct mysql_standing){.greeting = mysql->greeting,
                                                     .endpoint = session->endpoint,
                                                     .capabilities = session->recall.capabilities,
                                                     .extended = session->recall.extended,
                                                     .max_packet = session->recall.max_packet};
}

static bool may_be_kept(const struct relay_session *session)
{
    const struct relay *relay = session->relay;
    return session->standing && !relay->draining && relay->keeper.watch.fd >= 0 &&
           !session->recall.flow.leaves_traces && session->pump.to_client.len == 0 &&
           session->pump.to_server.len == 0 && !session->stream.hung_up;
}

static bool ask_for_echo(struct mysql_kept *kept)
{
    struct relay_buffer words = relay_buffer(MYSQL_ECHO_MAX);
    size_t sent = 0;
    bool went =
        mysql_echo_make(kept->word) &&
        mysql_echo_write(&words, kept->standing->capabilities, kept->word) == SMCRED_OK &&
        relay_stream_write(&kept->stream, relay_buffer_view(&words), &sent) == RELAY_IO_DONE &&
        sent == words.len;
    relay_buffer_clear(&words);
    return went;
}

static void take_over(struct mysql_kept *kept, struct relay_session *session)
{
    kept->is_ready = false;
    kept->said = relay_buffer(MYSQL_ECHO_MAX);
    kept->until_ms = sm_boot_ms() + session->keep_ms;
    kept->address = session->address;
    kept->address_len = session->address_len;
    kept->target = strdup(session->target);
    kept->standing = session->standing;
    session->standing = NULL;
    relay_stream_move(&kept->stream, &session->stream);
}

bool mysql_keep(struct relay_session *session)
{
    struct relay *relay = session->relay;
    struct mysql_kept *kept = &relay->kept;
    if (!may_be_kept(session))
        return false;
    mysql_let_go(relay);
    kept->server.ready = on_server;
    kept->deadline.expired = on_deadline;
    int fd = relay_loop_forget(&relay->loop, &session->server);
    take_over(kept, session);
    if (relay_loop_watch(&relay->loop, &kept->server, fd, false) != SMCRED_OK) {
        relay_stream_done(&kept->stream);
        sm_close_fd(&fd);
        forget(kept);
        return true;
    }
    int64_t answer_ms = sm_boot_ms() + relay->deadlines.connect_ms;
    relay_loop_arm(&relay->loop, &kept->deadline,
                   answer_ms < kept->until_ms ? answer_ms : kept->until_ms);
    if (!kept->target || !ask_for_echo(kept))
        mysql_let_go(relay);
    return true;
}

/* ---- its next use ---- */

/* False: it is closed. */
static bool give(struct mysql_kept *kept, struct relay_session *session)
{
    struct mysql *mysql = session->state;
    struct relay_loop *loop = &session->relay->loop;
    relay_loop_disarm(loop, &kept->deadline);
    int fd = relay_loop_forget(loop, &kept->server);
    session->server.ready = relay_session_server_event;
    if (relay_loop_watch(loop, &session->server, fd, false) != SMCRED_OK) {
        relay_stream_done(&kept->stream);
        sm_close_fd(&fd);
        forget(kept);
        return false;
    }
    relay_stream_move(&session->stream, &kept->stream);
    session->address = kept->address;
    session->address_len = kept->address_len;
    session->standing = kept->standing;
    kept->standing = NULL;
    mysql->greeting = session->standing->greeting;
    session->backend_pid = mysql->greeting.thread_id;
    forget(kept);
    return true;
}

bool mysql_take_kept(struct relay_session *session)
{
    struct mysql_kept *kept = &session->relay->kept;
    if (kept->server.fd < 0 || !kept->is_ready || strcmp(kept->target, session->target) != 0)
        return false;
    if (is_silent(kept))
        return give(kept, session);
    mysql_let_go(session->relay);
    return false;
}

/* Which of the route's addresses it leads to, or their number. */
static size_t place_of(const struct relay_session *session)
{
    const struct relay_route *route = session->route;
    size_t at = 0;
    while (at < route->count &&
           (route->lengths[at] != session->address_len ||
            memcmp(&route->addresses[at], &session->address, session->address_len) != 0))
        at++;
    return at;
}

bool mysql_may_use_kept(struct relay_session *session)
{
    struct mysql *mysql = session->state;
    struct relay_route *route = session->route;
    if (!session->standing || mysql->client != MYSQL_CLIENT_GREETED)
        return false;
    if (session->keep_ms > 0 && session->standing->endpoint == session->endpoint &&
        place_of(session) < route->count) {
        route->connected = route->hearing = route->is_kept = true;
        mysql->step = MYSQL_STEP_GREETED;
        return true;
    }
    say_quit(&session->stream);
    return false;
}

bool mysql_is_fit(const struct relay_session *session)
{
    const struct mysql *mysql = session->state;
    const struct mysql_standing *standing = session->standing;
    return ((mysql->wish.capabilities ^ standing->capabilities) & ~SAID_ANYWAY) == 0 &&
           mysql->wish.extended == standing->extended &&
           mysql->wish.max_packet == standing->max_packet;
}

void mysql_dial_instead(struct relay_session *session)
{
    say_quit(&session->stream);
    free(session->standing);
    session->standing = NULL;
    session->route->next = 0;
    relay_session_again(session);
    relay_upstream_redial(session);
}
