/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * relay.c - the process's own state, and S0: the parent hands over a keeper, and that is all it
 * does.
 */
#include "relay/relay.h"

#include "common/log.h"
#include "common/parent.h"
#include "common/seqpacket.h"

const struct relay_deadlines relay_deadlines_default = {
    .startup_ms = 30000, .connect_ms = 10000, .keeper_ms = 10000, .login_ms = 30000};

static struct relay *relay_of_parent(struct relay_watch *watch)
{
    return (struct relay *)((char *)watch - offsetof(struct relay, parent));
}

static void stop_if_done(struct relay *relay)
{
    if (relay->draining && !relay->sessions)
        relay->loop.stop = true;
}

void relay_drain(struct relay *relay)
{
    relay->draining = true;
    mysql_let_go(relay);
    stop_if_done(relay);
}

static void lose_parent(struct relay *relay)
{
    int fd = relay_loop_forget(&relay->loop, &relay->parent);
    sm_close_fd(&fd);
    log_warning("the parent is gone; this relay ends with its last session");
    relay_drain(relay);
}

static void take_order(struct relay *relay, struct sm_bytes packet, struct sm_fds *fds)
{
    struct sm_wire_in message;
    if (sm_wire_parse(packet, &message) == SMCRED_OK && message.header.verb == PAR_KEEPER &&
        fds->count == 1)
        relay_keeper_attach(relay, sm_take_fd(&fds->fd[0]));
    else
        log_error("the parent sent something unknown");
    sm_fds_close(fds);
}

static void on_parent(struct relay_watch *watch, uint32_t events)
{
    struct relay *relay = relay_of_parent(watch);
    (void)events;
    while (watch->fd >= 0) {
        uint8_t packet[512];
        struct sm_fds fds = {.count = 0};
        size_t len = 0;
        enum smcred_status status =
            sm_seqpacket_receive(watch->fd, packet, sizeof packet, &fds, 0, &len);
        if (status == SMCRED_TIMED_OUT)
            return;
        if (status == SMCRED_OK)
            take_order(relay, sm_bytes(packet, len), &fds);
        else if (status != SMCRED_PROTOCOL) /* such a packet was thrown away */
            lose_parent(relay);
    }
}

static void after_round(struct relay_loop *loop)
{
    struct relay *relay = (struct relay *)((char *)loop - offsetof(struct relay, loop));
    while (relay->over) {
        struct relay_session *session = relay->over;
        relay->over = session->next;
        relay_session_free(session);
    }
    stop_if_done(relay);
}

enum smcred_status relay_new(int parent_fd, const struct relay_deadlines *deadlines,
                             struct relay **out_relay)
{
    sm_autoclose int fd = parent_fd;
    struct relay *relay = calloc(1, sizeof *relay);
    if (!relay)
        return SMCRED_NO_MEMORY;
    relay->deadlines = *deadlines;
    relay->parent = (struct relay_watch){.fd = -1, .ready = on_parent};
    relay->keeper.watch.fd = -1;
    relay->kept.server.fd = -1;
    enum smcred_status status = relay_loop_init(&relay->loop);
    relay->loop.after_round = after_round;
    if (status == SMCRED_OK)
        status = relay_loop_watch(&relay->loop, &relay->parent, fd, false);
    if (status != SMCRED_OK) {
        relay_free(relay);
        return status;
    }
    (void)sm_take_fd(&fd); /* the watch has it */
    *out_relay = relay;
    return SMCRED_OK;
}

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    int saved = errno;
    while (relay->sessions)
        relay_session_end(relay->sessions, "closed", NULL, "the relay stops");
    after_round(&relay->loop);
    mysql_let_go(relay);
    int keeper_fd = relay_loop_forget(&relay->loop, &relay->keeper.watch);
    int parent_fd = relay_loop_forget(&relay->loop, &relay->parent);
    sm_close_fd(&keeper_fd);
    sm_close_fd(&parent_fd);
    relay_keeper_done(&relay->keeper);
    while (relay->endpoints) {
        struct relay_endpoint *endpoint = relay->endpoints;
        relay->endpoints = endpoint->next;
        relay_endpoint_free(endpoint);
    }
    relay_identities_done(&relay->identities);
    relay_loop_done(&relay->loop);
    free(relay);
    errno = saved;
}

void relay_run(struct relay *relay)
{
    relay_loop_run(&relay->loop);
}

struct relay_session *relay_find_session(const struct relay *relay, uint64_t id)
{
    struct relay_session *session = relay->sessions;
    while (session && session->id != id)
        session = session->next;
    return session;
}

struct relay_endpoint *relay_find_endpoint(const struct relay *relay, uint32_t number)
{
    struct relay_endpoint *endpoint = relay->endpoints;
    while (endpoint && endpoint->number != number)
        endpoint = endpoint->next;
    return endpoint;
}

void relay_add_endpoint(struct relay *relay, struct relay_endpoint *endpoint)
{
    if (relay->endpoint_count >= RELAY_ENDPOINTS_MAX) {
        log_error("endpoint=%u is one too many", endpoint->number);
        relay_endpoint_free(endpoint);
        return;
    }
    /* The newest of a number stands first: sessions may still use the one before. */
    endpoint->next = relay->endpoints;
    relay->endpoints = endpoint;
    relay->endpoint_count++;
}

void relay_add_session(struct relay *relay, struct relay_session *session)
{
    session->previous = NULL;
    session->next = relay->sessions;
    if (session->next)
        session->next->previous = session;
    relay->sessions = session;
    relay->session_count++;
}

void relay_bury_session(struct relay *relay, struct relay_session *session)
{
    if (session->previous)
        session->previous->next = session->next;
    else
        relay->sessions = session->next;
    if (session->next)
        session->next->previous = session->previous;
    session->previous = NULL;
    session->next = relay->over;
    relay->over = session;
    relay->session_count--;
}
