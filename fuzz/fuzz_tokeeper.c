/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_tokeeper.c - the keeper's half of S2 between two people's relays that say what they like.
 *
 * Whatever they say: each relay hears of its own sessions alone; a session is given one proof an
 * attempt at most, or three of MySQL's; the password itself goes where the target permits it and
 * nowhere else; the parent hears nothing but words; an audit line is one line; and nothing is left
 * behind. Workers are this one thread, when the script lets them work.
 */
#include <event2/event.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/oracle.h"
#include "common/seqpacket.h"
#include "fuzz/script.h"
#include "keeper/audit.h"
#include "keeper/relays.h"
#include "keeper/sessions.h"
#include "keeper/word.h"
#include "keeper/workers.h"
#include "tests/keeper/parts.h"

#define SESSIONS_KNOWN 32
#define JOBS_MAX       64
#define RELAY_PID      0x7ffffff0 /* nobody's, nor those below it */
#define CANARY         "password-5up3r-53cr37"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
enum smcred_status __wrap_workers_submit(struct workers *workers, workers_run *run,
                                         workers_done *done, void *arg);
enum smcred_status __wrap_audit_write(struct audit *audit, struct audit_line *line);

static const char *const targets[] = {"orders", "mine", "clear", "open", "others", "billing"};

/* What a relay was told of. */
struct known {
    uint64_t id;
    size_t relay;
    unsigned opened, proofs;
    unsigned proofs_max; /* of one attempt */
    bool cleartext;      /* its target permits it */
};

static struct world {
    struct keeper keeper;
    int parent;     /* our end of S0 */
    int relay[2];   /* our ends of S2, by operator; -1: there is none */
    pid_t pid[2];   /* of those relays, 0 likewise */
    pid_t last_pid; /* that was given away */
    struct known known[SESSIONS_KNOWN];
    size_t known_count;
    struct job {
        workers_run *run;
        workers_done *done;
        void *arg;
    } jobs[JOBS_MAX];
    size_t job_count;
    int64_t now_ms;
    bool audit_fails;
} world;

/* ---- what the keeper stands on ---- */

static int64_t now_ms(void)
{
    return world.now_ms;
}

static uint32_t random_number(void)
{
    return 4; /* it need not be one */
}

enum smcred_status __wrap_workers_submit(struct workers *workers, workers_run *run,
                                         workers_done *done, void *arg)
{
    (void)workers;
    if (world.job_count == JOBS_MAX)
        return SMCRED_LIMITED;
    world.jobs[world.job_count++] = (struct job){run, done, arg};
    return SMCRED_OK;
}

static void work(bool run)
{
    while (world.job_count > 0) {
        struct job job = world.jobs[0];
        memmove(world.jobs, world.jobs + 1, --world.job_count * sizeof job);
        if (run)
            job.run(job.arg);
        job.done(job.arg, run);
    }
}

enum smcred_status __wrap_audit_write(struct audit *audit, struct audit_line *line)
{
    (void)audit;
    if (line->len >= sizeof line->data || script_finds(line->data, line->len, CANARY))
        abort();
    for (size_t i = 0; i < line->len; i++)
        if ((unsigned char)line->data[i] < ' ')
            abort();
    return world.audit_fails ? SMCRED_SYSTEM : SMCRED_OK;
}

static uid_t operator_of(size_t relay)
{
    return getuid() + (uid_t)relay;
}

/* ---- what must be true ---- */

static struct known *know(uint64_t id)
{
    for (size_t i = 0; i < world.known_count; i++)
        if (world.known[i].id == id)
            return &world.known[i];
    return NULL;
}

static void learn(size_t relay, uint64_t id, const struct sm_wire_in *in)
{
    char target[INDEX_TARGET_MAX];
    if (know(id) || !sm_wire_get_text(in, ORC_T_TARGET, target, sizeof target))
        abort();
    bool greets = strcmp(target, "billing") == 0;
    if (world.known_count < SESSIONS_KNOWN)
        world.known[world.known_count++] =
            (struct known){.id = id,
                           .relay = relay,
                           .proofs_max = greets ? ORC_CHALLENGES_MAX : 1,
                           .cleartext = greets || strcmp(target, "clear") == 0};
}

static void check_about(struct known *known, const struct sm_wire_in *in)
{
    bool ok = in->header.status == SMCRED_OK;
    if (in->header.verb == ORC_OPENED && ok)
        known->opened++;
    if (in->header.verb == ORC_PROOF && ok && ++known->proofs > known->opened * known->proofs_max)
        abort();
    bool permitted = known->cleartext && in->header.verb == ORC_PROOF && ok;
    if (!permitted && script_finds(in->body.data, in->body.len, CANARY))
        abort();
}

static void listen_as_relay(size_t relay)
{
    static uint8_t packet[SM_WIRE_MAX];
    struct sm_fds fds;
    struct sm_wire_in in;
    size_t len = 0;
    uint64_t id = 0;
    while (world.relay[relay] >= 0 &&
           sm_seqpacket_receive(world.relay[relay], packet, sizeof packet, &fds, 0, &len) ==
               SMCRED_OK) {
        sm_fds_close(&fds);
        if (sm_wire_parse(sm_bytes(packet, len), &in) != SMCRED_OK ||
            in.header.verb < ORC_SESSION || in.header.verb > ORC_DRAIN)
            abort();
        if (in.header.verb == ORC_ENDPOINT || in.header.verb == ORC_DRAIN)
            continue;
        if (!sm_wire_get_u64(&in, ORC_T_SESSION, &id))
            abort();
        if (in.header.verb == ORC_SESSION)
            learn(relay, id, &in);
        struct known *known = know(id);
        if (known && known->relay != relay)
            abort();
        if (known)
            check_about(known, &in);
    }
}

static void listen_as_parent(void)
{
    uint8_t packet[512];
    struct word word;
    size_t len = 0;
    while (sm_seqpacket_receive(world.parent, packet, sizeof packet, NULL, 0, &len) == SMCRED_OK)
        if (!word_parse(sm_bytes(packet, len), &word))
            abort();
}

static void take_turn(void)
{
    for (int i = 0; i < 3; i++)
        if (event_base_loop(world.keeper.base, EVLOOP_NONBLOCK) < 0)
            abort();
    listen_as_relay(0);
    listen_as_relay(1);
    listen_as_parent();
}

/* ---- who does what ---- */

static void no_value(struct sm_wire_out *out, uint16_t tag)
{
    sm_wire_put(out, tag, sm_bytes("", 0));
}

static void come(struct script *script)
{
    size_t relay = script_byte(script) % 2;
    const char *name = targets[script_byte(script) % (sizeof targets / sizeof *targets)];
    struct sm_peer peer = {.pid = getpid(),
                           .uid = operator_of(relay),
                           .gid = getgid(),
                           .loginuid = SM_ID_UNKNOWN,
                           .audit_session = SM_ID_UNKNOWN,
                           .pidfd = -1};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        abort();
    sessions_start(world.keeper.sessions, config_find(world.keeper.config, name), &peer, pair[0],
                   script_byte(script) % 2 != 0);
    sm_close_fd(&pair[1]);
}

static void forget_relay(size_t relay)
{
    sm_close_fd(&world.relay[relay]);
    world.pid[relay] = 0;
}

/* One that was asked for, or one that lives on from the keeper before. */
static void arrive(size_t relay)
{
    int pair[2];
    if (world.relay[relay] >= 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return;
    world.relay[relay] = pair[0];
    world.pid[relay] = --world.last_pid;
    relays_arrived(world.keeper.relays, operator_of(relay), world.pid[relay], pair[1]);
}

static void speak_as_relay(struct script *script)
{
    static uint8_t buffer[SM_WIRE_MAX];
    struct sm_wire_out out;
    size_t relay = script_byte(script) % 2;
    uint16_t verb = script_byte(script);
    size_t which = script_byte(script);
    sm_wire_begin(&out, buffer, sizeof buffer, verb, SMCRED_OK, 0);
    sm_wire_put_u64(&out, ORC_T_SESSION,
                    which < world.known_count ? world.known[which].id : (uint64_t)which);
    script_fields(script, &out, no_value);
    if (world.relay[relay] >= 0)
        script_send(world.relay[relay], &out, NULL);
}

static void speak_raw(struct script *script)
{
    size_t relay = script_byte(script) % 2;
    struct sm_bytes words = script_bytes(script);
    if (world.relay[relay] >= 0)
        (void)send(world.relay[relay], words.data, words.len, MSG_NOSIGNAL);
}

static void rotate(void)
{
    static const char *const versions[] = {"v1", "v2", "v3"};
    size_t next = (size_t)(secret.version[1] - '0') % 3;
    secret.version = versions[next];
}

static void step(struct script *script)
{
    uint8_t what = script_byte(script);
    size_t relay;
    switch (what & 0x7f) {
    case 0:
        come(script);
        break;
    case 1:
        speak_as_relay(script);
        break;
    case 2:
        speak_raw(script);
        break;
    case 3:
        work(true);
        break;
    case 4:
        world.now_ms += (int64_t)script_byte(script) * 1000;
        relays_tick(world.keeper.relays, sm_boot_ms() + (int64_t)script_byte(script) * 1000);
        break;
    case 5:
        arrive(script_byte(script) % 2);
        break;
    case 6:
        relays_failed(world.keeper.relays, operator_of(script_byte(script) % 2),
                      "it was not to be");
        break;
    case 7:
        relay = script_byte(script) % 2;
        if (world.pid[relay] != 0)
            relays_gone(world.keeper.relays, operator_of(relay), world.pid[relay]);
        forget_relay(relay);
        break;
    case 8:
        forget_relay(script_byte(script) % 2);
        break;
    case 9:
        rotate();
        break;
    case 10:
        world.audit_fails = !world.audit_fails;
        break;
    default:
        return;
    }
    if ((what & 0x80) == 0) /* else the next happens at the same time */
        take_turn();
}

static void begin(void)
{
    int pair[2];
    world = (struct world){.relay = {-1, -1}, .last_pid = RELAY_PID, .now_ms = 1000000};
    struct keeper *keeper = &world.keeper;
    keeper->base = event_base_new();
    if (!keeper->base || sm_vault_new(&keeper->vault) != SMCRED_OK ||
        !parts_new(keeper, NULL, now_ms, random_number) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0 ||
        relays_new(keeper, &keeper->relays) != SMCRED_OK ||
        sessions_new(keeper, &keeper->sessions) != SMCRED_OK)
        abort();
    keeper->parent_fd = pair[0];
    world.parent = pair[1];
    secret.password = CANARY;
}

static void end(void)
{
    struct keeper *keeper = &world.keeper;
    sessions_free(keeper->sessions);
    relays_free(keeper->relays);
    parts_free_logins(keeper);
    work(false);
    parts_free(keeper);
    sm_vault_free(keeper->vault); /* it checks that no secret is left */
    event_base_free(keeper->base);
    sm_close_fd(&keeper->parent_fd);
    sm_close_fd(&world.parent);
    forget_relay(0);
    forget_relay(1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script = {data, size};
    int lowest = script_lowest_descriptor();
    begin();
    while (script.left > 0)
        step(&script);
    take_turn();
    end();
    if (script_lowest_descriptor() != lowest)
        abort();
    return 0;
}
