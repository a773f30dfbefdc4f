/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * relays.c - a list of relays: there is one per operator who works now, so it is short.
 */
#include "keeper/relays.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/oracle.h"
#include "common/parent.h"
#include "keeper/people.h"
#include "keeper/sessions.h"

#define READS_PER_TURN 64 /* packets of one relay before others have their turn */

struct relays {
    struct keeper *keeper;
    struct relay *first;
    uint8_t packet[SM_WIRE_MAX]; /* of whoever has its turn; a relay tells us no secret */
};

struct relay_packet {
    struct relay_packet *next;
    struct sm_fds fds;
    size_t len;
    uint8_t data[];
};

enum smcred_status relays_new(struct keeper *keeper, struct relays **out_relays)
{
    struct relays *relays = calloc(1, sizeof *relays);
    if (!relays)
        return SMCRED_NO_MEMORY;
    relays->keeper = keeper;
    *out_relays = relays;
    return SMCRED_OK;
}

struct relay *relays_first(const struct relays *relays)
{
    return relays->first;
}

/* ---- sending ---- */

/* A packet may have held a proof, or a password. */
static void free_packet(struct relay_packet *packet)
{
    sm_fds_close(&packet->fds);
    explicit_bzero(packet->data, packet->len);
    free(packet);
}

static void drop_first_packet(struct relay *relay)
{
    struct relay_packet *packet = relay->first;
    relay->first = packet->next;
    if (!relay->first)
        relay->last = NULL;
    relay->waiting -= packet->len;
    free_packet(packet);
}

/* False: the socket is broken. */
static bool flush(struct relay *relay)
{
    while (relay->first && relay->fd >= 0) {
        struct relay_packet *packet = relay->first;
        enum smcred_status status =
            sm_seqpacket_send(relay->fd, sm_bytes(packet->data, packet->len), &packet->fds, 0);
        if (status == SMCRED_TIMED_OUT)
            return event_add(relay->writable, NULL) == 0;
        if (status != SMCRED_OK)
            return false;
        drop_first_packet(relay);
    }
    return true;
}

static void on_writable(evutil_socket_t fd, short events, void *arg)
{
    struct relay *relay = arg;
    (void)fd;
    (void)events;
    if (!flush(relay))
        relays_drop(relay, "its socket is broken");
}

static struct relay_packet *new_packet(const struct sm_wire_out *out, const struct sm_fds *fds)
{
    struct relay_packet *packet = malloc(sizeof *packet + out->len);
    if (!packet)
        return NULL;
    *packet = (struct relay_packet){.len = out->len};
    memcpy(packet->data, out->data, out->len);
    for (size_t i = 0; fds && i < fds->count; i++) {
        int copy = fcntl(fds->fd[i], F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            free_packet(packet);
            return NULL;
        }
        packet->fds.fd[packet->fds.count++] = copy;
    }
    return packet;
}

bool relays_send(struct relay *relay, struct sm_wire_out *out, const struct sm_fds *fds)
{
    struct relay_packet *packet = NULL;
    if (sm_wire_finish(out) == SMCRED_OK && relay->waiting + out->len <= RELAYS_QUEUE_MAX)
        packet = new_packet(out, fds);
    if (!packet) {
        relays_drop(relay, "it does not read what it is sent, or memory is short");
        return false;
    }
    if (relay->last)
        relay->last->next = packet;
    else
        relay->first = packet;
    relay->last = packet;
    relay->waiting += packet->len;
    if (flush(relay))
        return true;
    relays_drop(relay, "its socket is broken");
    return false;
}

/* ---- numbers a relay has been told about ---- */

bool relays_knows(const struct relay_known *known, uint32_t number)
{
    return number / 8 < known->size && known->bits[number / 8] & 1 << number % 8;
}

bool relays_mark(struct relay_known *known, uint32_t number)
{
    size_t need = number / 8 + 1;
    if (need > known->size) {
        uint8_t *grown = realloc(known->bits, need);
        if (!grown)
            return false;
        memset(grown + known->size, 0, need - known->size);
        known->bits = grown;
        known->size = need;
    }
    known->bits[number / 8] |= (uint8_t)(1 << number % 8);
    return true;
}

void relays_forget_identity(struct relays *relays, uint32_t number)
{
    for (struct relay *relay = relays->first; relay; relay = relay->next)
        if (relays_knows(&relay->identities, number))
            relay->identities.bits[number / 8] &= (uint8_t) ~(1 << number % 8);
}

/* ---- coming and going ---- */

static void unlink_relay(struct relays *relays, struct relay *relay)
{
    struct relay **at = &relays->first;
    while (*at != relay)
        at = &(*at)->next;
    *at = relay->next;
}

static void free_relay(struct relay *relay)
{
    while (relay->first)
        drop_first_packet(relay);
    people_cancel(relay->naming);
    if (relay->readable)
        event_free(relay->readable);
    if (relay->writable)
        event_free(relay->writable);
    sm_close_fd(&relay->fd);
    free(relay->endpoints.bits);
    free(relay->identities.bits);
    free(relay);
}

/* The relay and what it served are over for us. */
static void lose(struct relay *relay, const char *why)
{
    struct relays *relays = relay->keeper->relays;
    unlink_relay(relays, relay);
    sessions_relay_lost(relay, why);
    free_relay(relay);
}

void relays_drop(struct relay *relay, const char *why)
{
    log_error("relay pid=%d of uid=%u is dropped: %s", (int)relay->pid, (unsigned)relay->uid, why);
    if (relay->pid > 0 &&
        !keeper_ask_parent(relay->keeper, PAR_END, PAR_T_PID, (uint32_t)relay->pid))
        log_error("the parent was not told to end relay pid=%d", (int)relay->pid);
    lose(relay, why);
}

/* False: this relay is gone, or has nothing more to say. */
static bool read_packet(struct relay *relay)
{
    struct relays *relays = relay->keeper->relays;
    struct sm_wire_in in;
    size_t len = 0;
    enum smcred_status status =
        sm_seqpacket_receive(relay->fd, relays->packet, sizeof relays->packet, NULL, 0, &len);
    if (status == SMCRED_TIMED_OUT)
        return false;
    if (status == SMCRED_UNAVAILABLE) {
        lose(relay, "the relay has ended");
        return false;
    }
    if (status == SMCRED_OK)
        status = sm_wire_parse(sm_bytes(relays->packet, len), &in);
    if (status != SMCRED_OK) {
        relays_drop(relay, "it sent a malformed packet");
        return false;
    }
    const char *why = sessions_message(relay, &in);
    if (why)
        relays_drop(relay, why);
    return why == NULL;
}

static struct relay *find_pid(const struct relays *relays, pid_t pid)
{
    struct relay *relay = relays->first;
    while (relay && relay->pid != pid)
        relay = relay->next;
    return relay;
}

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
    struct relay *relay = arg;
    struct relays *relays = relay->keeper->relays;
    pid_t pid = relay->pid;
    (void)fd;
    (void)events;
    /* What a message leads to may drop the relay: it is looked up again each time. */
    for (int i = 0; i < READS_PER_TURN && find_pid(relays, pid) == relay; i++)
        if (!read_packet(relay))
            return;
}

static void begin_serving(struct relay *relay)
{
    if (event_add(relay->readable, NULL) != 0) {
        relays_drop(relay, "memory is short");
        return;
    }
    relay->ready = true;
    sessions_relay_ready(relay);
}

static void on_named(void *arg, enum smcred_status status, const struct person *person)
{
    struct relay *relay = arg;
    relay->naming = NULL;
    relay->named = status == SMCRED_OK;
    if (relay->named)
        memcpy(relay->operator_name, person->name, sizeof relay->operator_name);
    if (relay->fd >= 0 && !relay->ready)
        begin_serving(relay);
}

/* Nothing is done with it before its operator has a name, or the directory takes too long. */
static void name_relay(struct relay *relay)
{
    char uid[16];
    (void)snprintf(uid, sizeof uid, "%u", (unsigned)relay->uid); /* fits */
    people_find(relay->keeper->names, uid, PEOPLE_NAME_MS, on_named, relay, &relay->naming);
}

static struct relay *add_relay(struct relays *relays, uid_t uid)
{
    struct relay *relay = calloc(1, sizeof *relay);
    if (!relay)
        return NULL;
    relay->keeper = relays->keeper;
    relay->uid = uid;
    relay->fd = -1;
    relay->asked_ms = relay->idle_since_ms = sm_boot_ms();
    (void)snprintf(relay->operator_name, sizeof relay->operator_name, "%u", (unsigned)uid);
    relay->next = relays->first;
    relays->first = relay;
    name_relay(relay);
    return relay;
}

/* The one of this uid that takes sessions; `waiting`: only one that is not there yet. */
static struct relay *find_uid(const struct relays *relays, uid_t uid, bool waiting)
{
    for (struct relay *relay = relays->first; relay; relay = relay->next)
        if (relay->uid == uid && !relay->draining && (!waiting || relay->pid == 0))
            return relay;
    return NULL;
}

struct relay *relays_for(struct relays *relays, uid_t uid)
{
    struct relay *relay = find_uid(relays, uid, false);
    if (relay) {
        if (!relay->named && !relay->naming)
            name_relay(relay);
        return relay;
    }
    relay = add_relay(relays, uid);
    if (relay && !keeper_ask_parent(relays->keeper, PAR_SPAWN, PAR_T_UID, uid)) {
        lose(relay, "the parent cannot be asked for a relay");
        return NULL;
    }
    return relay;
}

void relays_arrived(struct relays *relays, uid_t uid, pid_t pid, int fd)
{
    sm_autoclose int owned = fd;
    struct relay *relay = find_uid(relays, uid, true);
    if (!relay)
        relay = add_relay(relays, uid); /* it lives on from the keeper before */
    if (!relay)
        return;
    relay->pid = pid;
    relay->fd = sm_take_fd(&owned);
    struct event_base *base = relays->keeper->base;
    relay->readable = event_new(base, relay->fd, EV_READ | EV_PERSIST, on_readable, relay);
    relay->writable = event_new(base, relay->fd, EV_WRITE, on_writable, relay);
    if (!relay->readable || !relay->writable) {
        relays_drop(relay, "memory is short");
        return;
    }
    if (!relay->naming)
        begin_serving(relay);
}

void relays_failed(struct relays *relays, uid_t uid, const char *why)
{
    struct relay *relay = find_uid(relays, uid, true);
    if (relay)
        lose(relay, why);
}

void relays_gone(struct relays *relays, uid_t uid, pid_t pid)
{
    struct relay *relay = find_pid(relays, pid);
    if (relay && relay->uid == uid) {
        /* What it said before it went is still in the socket. */
        while (find_pid(relays, pid) == relay && read_packet(relay))
            ;
        if (find_pid(relays, pid) == relay)
            lose(relay, "the relay has ended");
    }
}

static bool drain(struct relay *relay)
{
    uint8_t buffer[64];
    struct sm_wire_out out;
    relay->draining = true;
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_DRAIN, SMCRED_OK, 0);
    return relays_send(relay, &out, NULL);
}

void relays_forget_kept(struct relays *relays)
{
    for (struct relay *relay = relays->first, *next; relay; relay = next) {
        uint8_t buffer[64];
        struct sm_wire_out out;
        next = relay->next;
        sm_wire_begin(&out, buffer, sizeof buffer, ORC_FORGET, SMCRED_OK, 0);
        if (relay->fd >= 0)
            (void)relays_send(relay, &out, NULL); /* a failure has dropped it */
    }
}

void relays_tick(struct relays *relays, int64_t now_ms)
{
    for (struct relay *relay = relays->first, *next; relay; relay = next) {
        next = relay->next;
        if (relay->session_count > 0)
            relay->idle_since_ms = now_ms;
        if (relay->pid == 0 && now_ms - relay->asked_ms > RELAYS_SPAWN_MS)
            lose(relay, "no relay could be started in time");
        else if (relay->pid > 0 && !relay->draining &&
                 now_ms - relay->idle_since_ms > relays->keeper->config->relay_idle_ms)
            (void)drain(relay); /* a failure has dropped it */
    }
}

void relays_free(struct relays *relays)
{
    if (!relays)
        return;
    for (struct relay *relay = relays->first, *next; relay; relay = next) {
        next = relay->next;
        if (relay->pid > 0 && !relay->draining && !drain(relay))
            continue; /* it is dropped */
        unlink_relay(relays, relay);
        free_relay(relay);
    }
    free(relays);
}
