/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_torelay.c - a relay between a keeper, clients and servers that say what they like (S2
 * towards the relay, and PostgreSQL's protocol on both sides of it).
 *
 * Whatever they say: what the relay tells the keeper is well formed, no client hears the keeper's
 * proof, the loop comes to rest, and nothing is left behind.
 */
#include <sys/mman.h>

#include "fuzz/script.h"
#include "tests/relay/alone.h"

#define CANARY "proof-5up3r-53cr37"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- what must be true ---- */

static bool is_relays_verb(uint16_t verb)
{
    return verb >= ORC_OPEN && verb <= ORC_CANCELLED;
}

static void listen_as_keeper(void)
{
    static uint8_t packet[SM_WIRE_MAX];
    struct sm_wire_in in;
    size_t len = 0;
    uint64_t id = 0;
    while (sm_seqpacket_receive(alone.keeper, packet, sizeof packet, NULL, 0, &len) == SMCRED_OK) {
        if (sm_wire_parse(sm_bytes(packet, len), &in) != SMCRED_OK ||
            !is_relays_verb(in.header.verb) || !sm_wire_get_u64(&in, ORC_T_SESSION, &id) || id == 0)
            abort();
        if (script_finds(packet, len, CANARY))
            abort();
    }
}

static void listen_as(const struct alone_peers *peers, bool may_know)
{
    char words[4096];
    for (size_t i = 0; i < peers->count; i++) {
        ssize_t len;
        while (peers->fd[i] >= 0 && (len = recv(peers->fd[i], words, sizeof words, 0)) > 0)
            if (!may_know && script_finds(words, (size_t)len, CANARY))
                abort();
    }
}

static void take_turn(void)
{
    alone_turn();
    listen_as_keeper();
    listen_as(&alone.clients, false);
    listen_as(&alone.servers, true);
}

/* ---- who says what ---- */

static void put_proof(struct sm_wire_out *out, uint16_t tag)
{
    if (tag == ORC_T_PROOF)
        sm_wire_put(out, tag, sm_bytes(CANARY, sizeof CANARY - 1));
}

/* A file of CA certificates. */
static int make_file(struct sm_bytes content)
{
    int fd = memfd_create("fuzz_torelay", MFD_CLOEXEC);
    ssize_t written = fd < 0 ? 0 : write(fd, content.data, content.len);
    (void)written; /* a shorter one is one as well */
    return fd;
}

static void add_descriptors(struct script *script, struct sm_fds *fds)
{
    uint8_t what = script_byte(script);
    if (what & 1)
        fds->fd[fds->count++] = alone_pair(&alone.clients);
    if (what & 2)
        fds->fd[fds->count++] = make_file(script_bytes(script));
    while (fds->count > 0 && fds->fd[fds->count - 1] < 0)
        fds->count--;
    if (fds->count == 2 && fds->fd[0] < 0)
        fds->fd[0] = fds->fd[--fds->count];
}

static void speak_as_keeper(struct script *script)
{
    static uint8_t buffer[SM_WIRE_MAX];
    struct sm_wire_out out;
    struct sm_fds fds = {.count = 0};
    uint16_t verb = script_byte(script);
    enum smcred_status status = (enum smcred_status)script_byte(script);
    uint64_t session = script_byte(script);
    add_descriptors(script, &fds);
    sm_wire_begin(&out, buffer, sizeof buffer, verb, status, 0);
    if (session != 0)
        sm_wire_put_u64(&out, ORC_T_SESSION, session);
    script_fields(script, &out, put_proof);
    script_send(alone.keeper, &out, &fds);
    sm_fds_close(&fds);
}

static void speak_as(const struct alone_peers *peers, struct script *script)
{
    size_t which = script_byte(script);
    struct sm_bytes words = script_bytes(script);
    if (which < peers->count && peers->fd[which] >= 0)
        (void)send(peers->fd[which], words.data, words.len, MSG_NOSIGNAL); /* it may not listen */
}

static void leave_as(struct alone_peers *peers, struct script *script)
{
    size_t which = script_byte(script);
    if (which < peers->count)
        sm_close_fd(&peers->fd[which]);
}

static void step(struct script *script)
{
    struct sm_bytes words;
    uint8_t what = script_byte(script);
    switch (what & 0x7f) {
    case 0:
        speak_as_keeper(script);
        break;
    case 1:
        words = script_bytes(script);
        (void)send(alone.keeper, words.data, words.len, MSG_NOSIGNAL);
        break;
    case 2:
        speak_as(&alone.clients, script);
        break;
    case 3:
        speak_as(&alone.servers, script);
        break;
    case 4:
        leave_as(&alone.clients, script);
        break;
    case 5:
        leave_as(&alone.servers, script);
        break;
    case 6: /* a deadline passes */
        if (alone.relay->loop.timers)
            alone.relay->loop.timers->at_ms = 1;
        break;
    case 7:
        alone_new_keeper();
        break;
    case 8:
        words = script_bytes(script);
        (void)send(alone.parent, words.data, words.len, MSG_NOSIGNAL);
        break;
    default:
        return;
    }
    if ((what & 0x80) == 0) /* else the next is said at the same time */
        take_turn();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script = {data, size};
    int lowest = script_lowest_descriptor();
    alone_begin(&relay_deadlines_default);
    while (script.left > 0)
        step(&script);
    take_turn();
    alone_end();
    if (script_lowest_descriptor() != lowest)
        abort();
    return 0;
}
