/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keeper.c - S2, as oracle.h defines it, from the relay's end.
 *
 * The keeper is trusted; what it sends is checked all the same, because a message that is misread
 * here may send a session to the wrong server.
 */
#include "relay/keeper.h"

#include <sys/epoll.h>

#include "common/log.h"
#include "common/oracle.h"
#include "common/seqpacket.h"
#include "relay/relay.h"

struct relay_letter {
    struct relay_letter *next;
    size_t len;
    uint8_t packet[];
};

static struct relay *relay_of(struct relay_watch *watch)
{
    return (struct relay *)((char *)watch - offsetof(struct relay, keeper.watch));
}

static void append(struct relay_keeper *keeper, struct relay_letter *letter)
{
    letter->next = NULL;
    if (keeper->last)
        keeper->last->next = letter;
    else
        keeper->first = letter;
    keeper->last = letter;
    keeper->waiting++;
}

static bool enqueue(struct relay_keeper *keeper, struct sm_bytes packet)
{
    if (keeper->waiting >= RELAY_QUEUE_MAX)
        return false;
    struct relay_letter *letter = malloc(sizeof *letter + packet.len);
    if (!letter)
        return false;
    letter->len = packet.len;
    memcpy(letter->packet, packet.data, packet.len);
    append(keeper, letter);
    return true;
}

static void drop_first(struct relay_keeper *keeper)
{
    struct relay_letter *letter = keeper->first;
    keeper->first = letter->next;
    if (!keeper->first)
        keeper->last = NULL;
    keeper->waiting--;
    free(letter);
}

static void send_waiting(struct relay *relay)
{
    struct relay_keeper *keeper = &relay->keeper;
    while (keeper->first && keeper->watch.fd >= 0) {
        struct sm_bytes packet = sm_bytes(keeper->first->packet, keeper->first->len);
        enum smcred_status status = sm_seqpacket_send(keeper->watch.fd, packet, NULL, 0);
        if (status == SMCRED_TIMED_OUT) {
            relay_loop_want_write(&relay->loop, &keeper->watch, true);
            return;
        }
        if (status == SMCRED_UNAVAILABLE)
            return; /* its end is noticed when it is read */
        if (status != SMCRED_OK)
            log_error("cannot tell the keeper: %s", sm_status_text(status));
        drop_first(keeper);
    }
    relay_loop_want_write(&relay->loop, &keeper->watch, false);
}

bool relay_keeper_send(struct relay *relay, const struct sm_wire_out *message, bool keep)
{
    struct relay_keeper *keeper = &relay->keeper;
    if (keeper->watch.fd < 0 && !keep)
        return false;
    if (!enqueue(keeper, sm_bytes(message->data, message->len))) {
        log_error("a message to the keeper is lost: %zu wait already", keeper->waiting);
        return false;
    }
    send_waiting(relay);
    return true;
}

/* One line per session that outlived the keeper before. */
static void tell_who_lives(struct relay *relay)
{
    for (struct relay_session *session = relay->sessions; session; session = session->next) {
        if (session->phase == RELAY_COPYING)
            relay_session_say_alive(session);
    }
}

/* Text fields of SESSION and ENDPOINT stand in the message; a missing one is an error of the
 * keeper. */
static void take_endpoint(struct relay *relay, const struct sm_wire_in *message,
                          const struct sm_fds *fds)
{
    uint32_t number, tls;
    char host[RELAY_HOST_MAX];
    struct relay_endpoint *endpoint;
    struct relay_error error;
    struct relay_endpoint_files files = {.ca_fd = fds->count > 0 ? fds->fd[0] : -1,
                                         .identity_fd = fds->count > 1 ? fds->fd[1] : -1};
    if (!sm_wire_get_u32(message, ORC_T_ENDPOINT, &number) ||
        !sm_wire_get_u32(message, ORC_T_TLS, &tls) || tls > ORC_TLS_VERIFY_FULL ||
        !sm_wire_get_text(message, ORC_T_HOST, host, sizeof host)) {
        log_error("the keeper sent an endpoint without number, host or TLS mode");
        return;
    }
    if (relay_endpoint_new(number, host, (enum orc_tls)tls, files, &endpoint, &error) !=
        SMCRED_OK) {
        log_error("cannot use endpoint=%u: %s", number, error.text);
        return;
    }
    relay_add_endpoint(relay, endpoint);
}

static void take_identity(struct relay *relay, const struct sm_wire_in *message,
                          const struct sm_fds *fds)
{
    uint32_t number = 0;
    enum smcred_status status = SMCRED_INVALID;
    if (sm_wire_get_u32(message, ORC_T_IDENTITY, &number) && fds->count == 1)
        status = relay_identity_put(&relay->identities, number, fds->fd[0]);
    if (status != SMCRED_OK)
        log_error("cannot use identity=%u: %s", number, sm_status_text(status));
}

static void take_message(struct relay *relay, const struct sm_wire_in *message, struct sm_fds *fds)
{
    uint64_t id = 0;
    struct relay_session *session = NULL;
    if (sm_wire_get_u64(message, ORC_T_SESSION, &id))
        session = relay_find_session(relay, id);
    switch (message->header.verb) {
    case ORC_SESSION:
        if (fds->count == 1 && id != 0 && !session)
            relay_session_start(relay, message, sm_take_fd(&fds->fd[0]));
        else
            log_error("the keeper sent a session without a number of its own or a descriptor");
        return;
    case ORC_ENDPOINT:
        take_endpoint(relay, message, fds);
        return;
    case ORC_IDENTITY:
        take_identity(relay, message, fds);
        return;
    case ORC_DRAIN:
        relay_drain(relay);
        return;
    case ORC_FORGET:
        mysql_let_go(relay);
        return;
    case ORC_OPENED:
        if (session)
            relay_session_opened(session, message);
        return; /* else: it ended while the keeper was thinking */
    case ORC_PROOF:
        if (session)
            relay_session_proof(session, message);
        return;
    case ORC_WAIT:
        if (session)
            relay_session_wait(session, message);
        return;
    case ORC_END:
        if (session)
            relay_session_interrupt(session, message);
        return;
    default:
        log_error("the keeper sent an unknown verb=%u", message->header.verb);
    }
}

/* Reads one message; false when there is none, or no keeper. */
static bool read_message(struct relay *relay)
{
    struct sm_fds fds = {.count = 0};
    struct sm_wire_in message;
    size_t len = 0;
    if (relay->keeper.watch.fd < 0)
        return false;
    enum smcred_status status = sm_seqpacket_receive(relay->keeper.watch.fd, relay->packet,
                                                     sizeof relay->packet, &fds, 0, &len);
    if (status == SMCRED_TIMED_OUT)
        return false;
    if (status == SMCRED_PROTOCOL) {
        log_error("the keeper sent a packet that is too large");
        return true;
    }
    if (status != SMCRED_OK) {
        relay_keeper_detach(relay);
        return false;
    }
    if (sm_wire_parse(sm_bytes(relay->packet, len), &message) == SMCRED_OK)
        take_message(relay, &message, &fds);
    else
        log_error("the keeper sent a malformed message");
    explicit_bzero(relay->packet, len); /* it may have been a proof */
    sm_fds_close(&fds);
    return true;
}

static void on_keeper(struct relay_watch *watch, uint32_t events)
{
    struct relay *relay = relay_of(watch);
    if (events & EPOLLOUT)
        send_waiting(relay);
    while (read_message(relay))
        ;
}

void relay_keeper_attach(struct relay *relay, int fd)
{
    struct relay_keeper *keeper = &relay->keeper;
    relay_keeper_detach(relay);
    relay->draining = false; /* the keeper that wanted so is no more, and this one counts on us */
    keeper->watch.ready = on_keeper;
    if (relay_loop_watch(&relay->loop, &keeper->watch, fd, false) != SMCRED_OK) {
        log_error("cannot listen to the keeper: %s", strerror(errno));
        sm_close_fd(&fd);
        return;
    }
    tell_who_lives(relay);
    send_waiting(relay);
}

static bool is_report(const struct relay_letter *letter)
{
    struct sm_wire_in message;
    return sm_wire_parse(sm_bytes(letter->packet, letter->len), &message) == SMCRED_OK &&
           (message.header.verb == ORC_ENDED || message.header.verb == ORC_ALIVE);
}

/* A new keeper knows nothing of the questions to the old one; what has ended it wants to know. */
static void keep_reports(struct relay_keeper *keeper)
{
    struct relay_letter *letter = keeper->first, *next;
    keeper->first = keeper->last = NULL;
    keeper->waiting = 0;
    for (; letter; letter = next) {
        next = letter->next;
        if (is_report(letter))
            append(keeper, letter);
        else
            free(letter);
    }
}

void relay_keeper_detach(struct relay *relay)
{
    int fd = relay_loop_forget(&relay->loop, &relay->keeper.watch);
    if (fd < 0)
        return;
    log_warning("the keeper is gone; open sessions go on");
    sm_close_fd(&fd);
    mysql_let_go(relay);
    keep_reports(&relay->keeper);
    for (struct relay_session *session = relay->sessions, *next; session; session = next) {
        next = session->next;
        relay_session_orphaned(session);
    }
}

void relay_keeper_done(struct relay_keeper *keeper)
{
    while (keeper->first)
        drop_first(keeper);
}
