/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_sessions.c - the keeper's half of S2, spoken to by a relay that this test plays: a good one,
 * and every way we know of being a bad one.
 */
#include "tests/lib/freed.h"
#include "tests/lib/stack.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/parent.h"
#include "common/seqpacket.h"
#include "keeper/audit.h"
#include "keeper/localca.h"
#include "keeper/relays.h"
#include "keeper/session.h"
#include "keeper/sessions.h"
#include "tests/keeper/parts.h"
#include "tests/keeper/world.h"

#define PATIENCE_MS 20000
#define RELAY_PID   0x7ffffff0 /* nobody's */

static struct keeper keeper;
static int parent_end; /* the parent's end of S0 */
static int relay_end;  /* the relay's of S2; -1: there is none yet */
static int client_end; /* of the last session */
static char audit_path[64];
static uint8_t packet[16384]; /* the last one received; what is parsed borrows it */

static int setup(void **state)
{
    (void)state;
    struct sm_error err = {0};
    int pair[2];
    world_begin(1, 100);
    relay_end = client_end = -1;
    keeper = (struct keeper){.base = world.base, .vault = world.vault};
    assert_true(parts_new(&keeper, world.workers, sm_boot_ms, world_random));
    snprintf(audit_path, sizeof audit_path, "/tmp/test_sessions.XXXXXX");
    int fd = mkstemp(audit_path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(audit_new(audit_path, &keeper.audit, &err), SMCRED_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
    keeper.parent_fd = pair[0];
    parent_end = pair[1];
    assert_int_equal(relays_new(&keeper, &keeper.relays), SMCRED_OK);
    assert_int_equal(sessions_new(&keeper, &keeper.sessions), SMCRED_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sessions_free(keeper.sessions);
    relays_free(keeper.relays);
    parts_free_logins(&keeper);
    world_stop_workers();
    parts_free(&keeper);
    audit_free(keeper.audit);
    world_end(); /* the vault checks that no secret is left */
    close(keeper.parent_fd);
    close(parent_end);
    if (relay_end >= 0)
        close(relay_end);
    if (client_end >= 0)
        close(client_end);
    unlink(audit_path);
    return 0;
}

/* ---- what the keeper says ---- */

/* The keeper's loop runs until it has said something at `fd`.  False: it closed it. */
static bool hear(int fd, struct sm_wire_in *out_in)
{
    struct sm_fds fds;
    size_t len;
    for (int64_t until = sm_boot_ms() + PATIENCE_MS; sm_boot_ms() < until;) {
        enum smcred_status status = sm_seqpacket_receive(fd, packet, sizeof packet, &fds, 0, &len);
        if (status == SMCRED_UNAVAILABLE)
            return false;
        if (status == SMCRED_OK) {
            sm_fds_close(&fds);
            assert_int_equal(sm_wire_parse(sm_bytes(packet, len), out_in), SMCRED_OK);
            return true;
        }
        assert_int_equal(status, SMCRED_TIMED_OUT);
        assert_int_not_equal(event_base_loop(world.base, EVLOOP_NONBLOCK), -1);
        (void)poll(NULL, 0, 1);
    }
    fail_msg("the keeper says nothing");
    return false;
}

static struct sm_wire_in expect(int fd, uint16_t verb)
{
    struct sm_wire_in in;
    assert_true(hear(fd, &in));
    assert_int_equal(in.header.verb, verb);
    return in;
}

static void expect_text(const struct sm_wire_in *in, uint16_t tag, const char *expected)
{
    char text[SM_ERROR_TEXT_MAX];
    assert_true(sm_wire_get_text(in, tag, text, sizeof text));
    assert_string_equal(text, expected);
}

/* The line of the audit log that has all of these, or NULL; valid until the next call. */
static const char *audited(const char *one, const char *two)
{
    static char line[AUDIT_LINE_MAX];
    FILE *file = fopen(audit_path, "r");
    assert_non_null(file);
    bool found = false;
    while (!found && fgets(line, sizeof line, file))
        found = strstr(line, one) && strstr(line, two);
    fclose(file);
    return found ? line : NULL;
}

/* The keeper's loop runs until there is such a line. */
static const char *will_be_audited(const char *one, const char *two)
{
    const char *line = audited(one, two);
    for (int64_t until = sm_boot_ms() + PATIENCE_MS; !line && sm_boot_ms() < until;) {
        assert_int_not_equal(event_base_loop(world.base, EVLOOP_NONBLOCK), -1);
        (void)poll(NULL, 0, 1);
        line = audited(one, two);
    }
    assert_non_null(line);
    return line;
}

/* ---- what a relay says ---- */

struct message {
    uint8_t buffer[4096];
    struct sm_wire_out out;
};

static struct message *about(uint64_t session, uint16_t verb)
{
    static struct message message;
    sm_wire_begin(&message.out, message.buffer, sizeof message.buffer, verb, SMCRED_OK, 0);
    sm_wire_put_u64(&message.out, ORC_T_SESSION, session);
    return &message;
}

static void say(struct message *message)
{
    assert_int_equal(sm_wire_finish(&message->out), SMCRED_OK);
    assert_int_equal(
        sm_seqpacket_send(relay_end, sm_bytes(message->out.data, message->out.len), NULL, 0),
        SMCRED_OK);
}

static void say_open(uint64_t session)
{
    struct message *message = about(session, ORC_OPEN);
    sm_wire_put_text(&message->out, ORC_T_APPLICATION, "psql");
    say(message);
}

static void say_scram(uint64_t session, const char *salt)
{
    struct message *message = about(session, ORC_SCRAM);
    sm_wire_put_text(&message->out, ORC_T_MECHANISM, "SCRAM-SHA-256");
    sm_wire_put_text(&message->out, ORC_T_SALT, salt);
    sm_wire_put_u32(&message->out, ORC_T_ITERATIONS, 4096);
    sm_wire_put_text(&message->out, ORC_T_AUTH_MESSAGE, "n=,r=a,r=ab,s=..,i=..,c=biws,r=ab");
    say(message);
}

/* `verified`: it says that the server has shown who it is. */
static void say_cleartext(uint64_t session, bool verified)
{
    struct message *message = about(session, ORC_CLEARTEXT);
    sm_wire_put_text(&message->out, ORC_T_MECHANISM, "password");
    if (verified)
        sm_wire_put(&message->out, ORC_T_TLS_VERIFIED, sm_bytes("", 0));
    say(message);
}

static void say_md5(uint64_t session)
{
    struct message *message = about(session, ORC_CHALLENGE);
    sm_wire_put_text(&message->out, ORC_T_MECHANISM, "md5");
    sm_wire_put(&message->out, ORC_T_SALT, sm_bytes("salt", 4));
    say(message);
}

static void say_refused(uint64_t session, const char *sqlstate)
{
    struct message *message = about(session, ORC_REFUSED);
    sm_wire_put_text(&message->out, ORC_T_SQLSTATE, sqlstate);
    say(message);
}

static void say_alive(uint64_t session)
{
    struct message *message = about(session, ORC_ALIVE);
    sm_wire_put_text(&message->out, ORC_T_TARGET, "orders");
    sm_wire_put_text(&message->out, ORC_T_VERSION, "v0");
    say(message);
}

/* ---- from a client's arrival on ---- */

static void relay_arrives(void)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
    relay_end = pair[1];
    relays_arrived(keeper.relays, getuid(), RELAY_PID, pair[0]);
    world_settle(); /* its operator's name is looked up */
}

/* A client of `target` comes; its end is `client_end`. */
static void come(const char *target)
{
    struct sm_peer peer = {.pid = getpid(),
                           .uid = getuid(),
                           .gid = getgid(),
                           .loginuid = SM_ID_UNKNOWN,
                           .audit_session = SM_ID_UNKNOWN,
                           .pidfd = -1};
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    if (client_end >= 0)
        close(client_end);
    client_end = pair[1];
    sessions_start(keeper.sessions, config_find(keeper.config, target), &peer, pair[0], false);
}

/* The same; returns the session's id, of which the relay has been told. */
static uint64_t arrive(const char *target)
{
    uint64_t id = 0;
    come(target);
    if (relay_end < 0) {
        struct sm_wire_in spawn = expect(parent_end, PAR_SPAWN);
        uint32_t uid = 0;
        assert_true(sm_wire_get_u32(&spawn, PAR_T_UID, &uid));
        assert_int_equal(uid, getuid());
        relay_arrives();
    }
    struct sm_wire_in in = expect(relay_end, ORC_SESSION);
    assert_true(sm_wire_get_u64(&in, ORC_T_SESSION, &id));
    expect_text(&in, ORC_T_TARGET, target);
    return id;
}

/* With a CA; its files are gone again when this returns, as it needs them no more. */
static void have_local_tls(void)
{
    static const char *const files[] = {LOCALCA_KEY_FILE, LOCALCA_CERT_FILE};
    char directory[] = "/tmp/test_sessions.XXXXXX", path[64];
    struct sm_error err = {0};
    assert_non_null(mkdtemp(directory));
    assert_int_equal(localtls_update(keeper.localtls, directory, directory, keeper.config,
                                     sm_wall_ms() / 1000, &err),
                     SMCRED_OK);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(directory), 0);
}

/* OPENED of an attempt; the endpoint's introduction before it may come or not. */
static struct sm_wire_in expect_opened(void)
{
    struct sm_wire_in in;
    assert_true(hear(relay_end, &in));
    if (in.header.verb == ORC_ENDPOINT)
        assert_true(hear(relay_end, &in));
    assert_int_equal(in.header.verb, ORC_OPENED);
    return in;
}

static uint64_t start_login(const char *target)
{
    uint64_t id = arrive(target);
    say_open(id);
    struct sm_wire_in in = expect_opened();
    assert_int_equal(in.header.status, SMCRED_OK);
    return id;
}

static uint64_t log_in(const char *salt)
{
    uint64_t id = start_login("orders");
    say_scram(id, salt);
    (void)expect(relay_end, ORC_PROOF);
    say(about(id, ORC_LOGGED_IN));
    (void)will_be_audited("\"event\":\"login\"", "\"outcome\":\"accepted\"");
    return id;
}

static void a_login_from_arrival_to_end(void **state)
{
    (void)state;
    char id[40];
    uint64_t session = log_in("salt");
    snprintf(id, sizeof id, "\"id\":\"%016llx\"", (unsigned long long)session);
    assert_int_equal(sessions_count(keeper.sessions), 1);
    struct message *message = about(session, ORC_ENDED);
    sm_wire_put_u64(&message->out, ORC_T_BYTES_IN, 17);
    sm_wire_put_text(&message->out, ORC_T_OUTCOME, "closed");
    say(message);
    say(about(1, ORC_ENDED)); /* of nobody: that is no offence */
    (void)will_be_audited("\"event\":\"end\"", "0000000000000001");
    assert_non_null(audited("\"event\":\"decision\"", id));
    assert_non_null(audited("\"event\":\"login\"", id));
    const char *end = audited("\"event\":\"end\"", id);
    assert_non_null(end);
    assert_non_null(strstr(end, "\"bytes_in\":17"));
    assert_non_null(strstr(end, "\"outcome\":\"closed\""));
    assert_int_equal(sessions_count(keeper.sessions), 0);
    assert_int_equal(recv(relay_end, packet, sizeof packet, MSG_DONTWAIT), -1);
}

/* The number of the next identity, or 0: there comes a session at once. */
static uint32_t expect_identity(void)
{
    struct sm_wire_in in;
    uint32_t number = 0, told = 0;
    assert_true(hear(relay_end, &in));
    if (in.header.verb == ORC_IDENTITY) {
        assert_true(sm_wire_get_u32(&in, ORC_T_IDENTITY, &number));
        in = expect(relay_end, ORC_SESSION);
    }
    assert_int_equal(in.header.verb, ORC_SESSION);
    assert_true(sm_wire_get_u32(&in, ORC_T_IDENTITY, &told));
    assert_true(number == 0 || number == told);
    return number;
}

static void what_clients_are_shown_is_told_once(void **state)
{
    (void)state;
    arrive("orders"); /* without a CA there is nothing to show */
    have_local_tls();
    come("orders");
    uint32_t number = expect_identity();
    assert_int_not_equal(number, 0);
    come("orders");
    assert_int_equal(expect_identity(), 0);
    come("mine");
    assert_int_not_equal(expect_identity(), number);
    relays_forget_identity(keeper.relays, number); /* it was made anew */
    come("orders");
    assert_int_equal(expect_identity(), number);
}

static void the_target_goes_over_the_secret(void **state)
{
    (void)state;
    uint32_t port = 0;
    uint64_t id = arrive("orders");
    say_open(id);
    struct sm_wire_in in = expect_opened();
    expect_text(&in, ORC_T_HOST, "127.0.0.2");
    expect_text(&in, ORC_T_DBNAME, "of_the_secret");
    assert_true(sm_wire_get_u32(&in, ORC_T_PORT, &port));
    assert_int_equal(port, 1111);
    id = arrive("mine");
    say_open(id);
    in = expect_opened();
    expect_text(&in, ORC_T_HOST, "127.0.0.3");
    expect_text(&in, ORC_T_DBNAME, "of_the_target");
    assert_true(sm_wire_get_u32(&in, ORC_T_PORT, &port));
    assert_int_equal(port, 2222);
}

static void an_engine_that_is_not_spoken_is_refused_by_name(void **state)
{
    (void)state;
    secret.engine = "mysql";
    uint64_t id = arrive("orders");
    say_open(id);
    struct sm_wire_in in = expect_opened();
    assert_int_equal(in.header.status, SMCRED_UNSUPPORTED);
    char text[SM_ERROR_TEXT_MAX];
    assert_true(sm_wire_get_text(&in, ORC_T_TEXT, text, sizeof text));
    assert_non_null(strstr(text, "engine \"mysql\""));
    (void)start_login("mine"); /* which says engine = postgres */
}

static void other_spellings_of_an_engine_are_known(void **state)
{
    (void)state;
    secret.engine = "Aurora-PostgreSQL";
    (void)start_login("orders");
}

static void without_tls_nobody_leaves_this_host(void **state)
{
    (void)state;
    secret.host = "192.0.2.1";
    say_open(arrive("orders"));
    struct sm_wire_in in = expect_opened();
    char text[SM_ERROR_TEXT_MAX];
    assert_int_equal(in.header.status, SMCRED_DENIED);
    assert_true(sm_wire_get_text(&in, ORC_T_TEXT, text, sizeof text));
    assert_non_null(strstr(text, "tls = disable is for loopback and Unix sockets"));
}

static void who_is_not_allowed_is_told_the_rule(void **state)
{
    (void)state;
    uint64_t id = arrive("others");
    say_open(id);
    struct sm_wire_in in = expect_opened();
    assert_int_equal(in.header.status, SMCRED_DENIED);
    expect_text(&in, ORC_T_SQLSTATE, "28000");
    assert_non_null(audited("\"event\":\"decision\"", "\"outcome\":\"refused\""));
}

static void a_changed_salt_is_answered_with_the_new_version(void **state)
{
    (void)state;
    (void)log_in("salt of old");
    secret.version = "v2";
    secret.password = "of v2";
    uint64_t id = start_login("orders");
    say_scram(id, "salt of new");
    struct sm_wire_in in = expect(relay_end, ORC_PROOF);
    assert_int_equal(in.header.status, SMCRED_OK);
    expect_text(&in, ORC_T_VERSION, "v2");
    assert_non_null(audited("\"event\":\"proof\"", "\"outcome\":\"renewed\""));
    say_refused(id, "28P01"); /* and if it was wrong: nothing is left to try */
    in = expect_opened();
    assert_int_equal(in.header.status, SMCRED_DENIED);
}

static void a_revoked_version_is_not_proved_in_anothers_place(void **state)
{
    (void)state;
    struct sm_error err;
    struct revocation revoked = {REVOKED_VERSION, "prod/orders/db", "v2",        0,
                                 "root",          "it leaked",      sm_wall_ms()};
    (void)log_in("salt");
    secret.version = "v2";
    secret.password = "of v2";
    assert_int_equal(revocations_add(keeper.revocations, &revoked, &err), SMCRED_SYSTEM);
    uint64_t id = start_login("orders");
    say_scram(id, "another salt");
    struct sm_wire_in in = expect(relay_end, ORC_PROOF);
    assert_int_equal(in.header.status, SMCRED_REVOKED);
    assert_null(audited("\"outcome\":\"renewed\"", "v2"));
}

static void who_waits_for_a_rotation_is_told_so(void **state)
{
    (void)state;
    uint32_t wait_ms = 0, attempt = 0;
    logins_set_rotation_wait(keeper.logins, 60000);
    (void)log_in("salt");
    uint64_t id = start_login("orders");
    say_scram(id, "another salt");
    (void)expect(relay_end, ORC_PROOF);
    say_refused(id, "28P01");
    struct sm_wire_in in = expect(relay_end, ORC_WAIT);
    assert_true(sm_wire_get_u32(&in, ORC_T_WAIT_MS, &wait_ms));
    assert_in_range(wait_ms, 1, 2000);
    secret.version = "v2";
    secret.password = "of v2";
    do
        assert_true(hear(relay_end, &in));
    while (in.header.verb == ORC_WAIT);
    assert_int_equal(in.header.verb, ORC_OPENED);
    expect_text(&in, ORC_T_VERSION, "v2");
    assert_true(sm_wire_get_u32(&in, ORC_T_ATTEMPT, &attempt));
    assert_int_equal(attempt, 2);
    struct message *crossed = about(id, ORC_REFUSED); /* of the attempt before: passed over */
    sm_wire_put_u32(&crossed->out, ORC_T_ATTEMPT, 1);
    sm_wire_put_text(&crossed->out, ORC_T_SQLSTATE, "28P01");
    say(crossed);
    say_scram(id, "another salt");
    in = expect(relay_end, ORC_PROOF);
    assert_int_equal(in.header.status, SMCRED_OK);
}

static void a_refused_password_is_followed_by_the_next_version(void **state)
{
    (void)state;
    uint64_t id = start_login("orders");
    say_scram(id, "salt");
    (void)expect(relay_end, ORC_PROOF);
    secret.version = "v2";
    secret.password = "of v2";
    say_refused(id, "28P01");
    struct sm_wire_in in = expect_opened();
    assert_int_equal(in.header.status, SMCRED_OK);
    expect_text(&in, ORC_T_VERSION, "v2");
    say_scram(id, "salt"); /* one proof per attempt, and this is another attempt */
    in = expect(relay_end, ORC_PROOF);
    assert_int_equal(in.header.status, SMCRED_OK);
}

/* A version that is believed wrong. */
static void note_wrong(void *arg, const struct logins_state *fact)
{
    *(unsigned *)arg += !fact->right;
}

static void no_password_is_wrong_that_was_not_given(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t id = start_login("orders");
        say_refused(id, "28P01");
        struct sm_wire_in in = expect_opened();
        assert_int_equal(in.header.status, SMCRED_DENIED);
        say(about(id, ORC_ENDED));
    }
    assert_non_null(audited("\"event\":\"login\"", "\"proof\":\"none\""));
    logins_walk(keeper.logins, note_wrong, &wrong);
    assert_int_equal(wrong, 0);
    uint64_t id = start_login("orders");
    say_scram(id, "salt");
    struct sm_wire_in in = expect(relay_end, ORC_PROOF);
    assert_int_equal(in.header.status, SMCRED_OK);
    say_refused(id, "28P01");
    (void)expect_opened();
    logins_walk(keeper.logins, note_wrong, &wrong);
    assert_int_equal(wrong, 1);
}

static void sessions_go_on_when_the_keeper_stops(void **state)
{
    (void)state;
    (void)log_in("salt");
    (void)start_login("orders");
    sessions_free(keeper.sessions);
    assert_non_null(audited("\"event\":\"detached\"", "\"target\":\"orders\""));
    assert_non_null(audited("\"event\":\"end\"", "\"outcome\":\"lost\"")); /* of the login */
    assert_int_equal(sessions_new(&keeper, &keeper.sessions), SMCRED_OK);
}

static void sessions_of_the_keeper_before_are_resumed(void **state)
{
    (void)state;
    relay_arrives();
    say_alive(77);
    (void)will_be_audited("\"event\":\"resumed\"", "\"version\":\"v0\"");
    assert_int_equal(sessions_count(keeper.sessions), 1);
}

/* ---- logins of PAM's ---- */

/* Who runs this logs in by PAM; the kernel's audit session is made up. */
static void open_pam(uint64_t id, const char *user)
{
    const struct human_login *login;
    struct humans_claim claim = {user, "sshd", "pts/3", "192.0.2.7", ""};
    struct sm_peer opener = {.pid = getpid(),
                             .uid = getuid(),
                             .loginuid = SM_ID_UNKNOWN,
                             .audit_session = SM_ID_UNKNOWN,
                             .pidfd = -1};
    assert_int_equal(humans_open(keeper.humans, id, &claim, &opener, 1000, &login), SMCRED_OK);
}

static void the_end_of_a_login_ends_its_sessions_and_no_others(void **state)
{
    (void)state;
    uint64_t id = 0;
    (void)log_in("salt"); /* nobody's */
    open_pam(500, "alice");
    uint64_t hers = log_in("salt");
    assert_non_null(
        will_be_audited("\"human\":\"alice\",\"login_service\":\"sshd\",\"login_tty\":\"pts/3\","
                        "\"login_rhost\":\"192.0.2.7\",\"login_session\":\"00000000000001f4\"",
                        "\"outcome\":\"accepted\""));
    assert_int_equal(sessions_end_login(keeper.sessions, 499, "57P01", "x"), 0);
    assert_int_equal(sessions_end_login(keeper.sessions, 500, "57P01", "the login has ended"), 1);
    struct sm_wire_in in = expect(relay_end, ORC_END);
    assert_true(sm_wire_get_u64(&in, ORC_T_SESSION, &id));
    assert_int_equal(id, hers);
    humans_close(keeper.humans, 500);
}

static void a_login_that_ends_takes_those_inside_it_along(void **state)
{
    (void)state;
    uint64_t id = 0;
    open_pam(500, "alice");
    (void)log_in("salt"); /* hers, before sudo */
    open_pam(501, "root");
    open_pam(502, "daemon");
    uint64_t innermost = log_in("salt");
    assert_int_equal(sessions_end_login(keeper.sessions, 501, "57P01", "sudo has ended"), 1);
    struct sm_wire_in in = expect(relay_end, ORC_END);
    assert_true(sm_wire_get_u64(&in, ORC_T_SESSION, &id));
    assert_int_equal(id, innermost);
    for (uint64_t login = 502; login >= 500; login--)
        humans_close(keeper.humans, login);
}

static void a_resumed_session_is_still_a_persons(void **state)
{
    (void)state;
    relay_arrives();
    open_pam(500, "alice");
    struct message *message = about(78, ORC_ALIVE);
    sm_wire_put_text(&message->out, ORC_T_TARGET, "orders");
    sm_wire_put_u64(&message->out, ORC_T_LOGIN, 500);
    say(message);
    (void)will_be_audited("\"event\":\"resumed\"", "\"human\":\"alice\"");
    humans_close(keeper.humans, 500);
}

/* ---- bad relays ---- */

/* The relay is dropped, the parent told to end it, and its sessions are written off. */
static void is_dropped(size_t sessions_before)
{
    struct sm_wire_in in;
    uint32_t pid = 0;
    assert_int_equal(sessions_count(keeper.sessions), sessions_before);
    while (hear(relay_end, &in))
        assert_int_not_equal(in.header.verb, ORC_PROOF);
    in = expect(parent_end, PAR_END);
    assert_true(sm_wire_get_u32(&in, PAR_T_PID, &pid));
    assert_int_equal(pid, RELAY_PID);
    assert_int_equal(sessions_count(keeper.sessions), 0);
    assert_null(relays_first(keeper.relays));
    assert_non_null(audited("\"event\":\"end\"", "\"outcome\":\"lost\""));
}

static void garbage_drops_a_relay(void **state)
{
    (void)state;
    (void)start_login("orders");
    assert_int_equal(send(relay_end, "garbage", 7, 0), 7);
    is_dropped(1);
}

static void a_descriptor_drops_a_relay(void **state)
{
    (void)state;
    uint64_t id = start_login("orders");
    struct message *message = about(id, ORC_CHALLENGE);
    struct sm_fds fds = {{relay_end, -1}, 1};
    assert_int_equal(sm_wire_finish(&message->out), SMCRED_OK);
    assert_int_equal(
        sm_seqpacket_send(relay_end, sm_bytes(message->out.data, message->out.len), &fds, 0),
        SMCRED_OK);
    is_dropped(1);
}

static void a_message_about_no_session_drops_a_relay(void **state)
{
    (void)state;
    (void)start_login("orders");
    say(about(0, ORC_OPEN));
    is_dropped(1);
}

static void a_message_about_a_session_of_nobody_drops_a_relay(void **state)
{
    (void)state;
    uint64_t id = start_login("orders");
    say_scram(id + 1, "salt");
    is_dropped(1);
}

static void an_unknown_verb_drops_a_relay(void **state)
{
    (void)state;
    uint64_t id = start_login("orders");
    say(about(id, 99));
    is_dropped(1);
}

/* One operator's relay, broken into, speaks about another operator's session. */
static void a_message_about_anothers_session_drops_a_relay(void **state)
{
    (void)state;
    uint64_t id = start_login("orders");
    int pair[2], owner = relay_end;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
    relays_arrived(keeper.relays, getuid() + 1, RELAY_PID - 1, pair[0]);
    world_settle();
    relay_end = pair[1];
    say_scram(id, "salt");
    struct sm_wire_in in = expect(parent_end, PAR_END);
    uint32_t pid = 0;
    assert_true(sm_wire_get_u32(&in, PAR_T_PID, &pid));
    assert_int_equal(pid, RELAY_PID - 1);
    assert_false(hear(relay_end, &in));
    close(relay_end);
    relay_end = owner;
    say_scram(id, "salt");
    (void)expect(relay_end, ORC_PROOF);
}

static void a_second_open_drops_a_relay(void **state)
{
    (void)state;
    uint64_t id = start_login("orders");
    say_open(id);
    is_dropped(1);
}

static void a_challenge_before_the_login_drops_a_relay(void **state)
{
    (void)state;
    say_scram(arrive("orders"), "salt");
    is_dropped(1);
}

static void a_second_challenge_in_one_attempt_drops_a_relay(void **state)
{
    (void)state;
    uint64_t id = start_login("orders");
    say_scram(id, "salt");
    (void)expect(relay_end, ORC_PROOF);
    say_scram(id, "another");
    is_dropped(1);
}

static void a_challenge_after_the_login_drops_a_relay(void **state)
{
    (void)state;
    say_scram(log_in("salt"), "another");
    is_dropped(1);
}

static void a_login_that_was_not_under_way_drops_a_relay(void **state)
{
    (void)state;
    say(about(arrive("orders"), ORC_LOGGED_IN));
    is_dropped(1);
}

static void a_refusal_of_no_attempt_drops_a_relay(void **state)
{
    (void)state;
    say_refused(log_in("salt"), "28P01");
    is_dropped(1);
}

static void one_session_that_lives_twice_drops_a_relay(void **state)
{
    (void)state;
    relay_arrives();
    say_alive(77);
    say_alive(77);
    is_dropped(0);
}

/* It could fill our memory, one message each. */
static void more_sessions_alive_than_it_may_have_drop_a_relay(void **state)
{
    (void)state;
    relay_arrives();
    relays_first(keeper.relays)->session_count = SESSIONS_PER_UID_MAX - 1;
    say_alive(77);
    say_alive(78);
    is_dropped(0);
}

static void a_relay_that_goes_leaves_its_sessions_lost(void **state)
{
    (void)state;
    (void)log_in("salt");
    close(relay_end);
    relay_end = -1;
    relays_gone(keeper.relays, getuid(), RELAY_PID);
    assert_int_equal(sessions_count(keeper.sessions), 0);
    assert_non_null(audited("\"event\":\"end\"", "\"outcome\":\"lost\""));
}

static void a_relay_that_does_not_read_is_dropped(void **state)
{
    (void)state;
    struct sm_wire_out out;
    static uint8_t buffer[8192];
    bool sent = true;
    (void)arrive("orders");
    for (int i = 0; i < 10000 && sent; i++) { /* 80 MB, if somebody took them */
        sm_wire_begin(&out, buffer, sizeof buffer, ORC_END, SMCRED_OK, 0);
        sm_wire_put(&out, ORC_T_TEXT, sm_bytes(packet, 8000));
        sent = relays_send(relays_first(keeper.relays), &out, NULL);
    }
    assert_false(sent);
    is_dropped(0);
}

static void expect_no_proof(const char *why)
{
    struct sm_wire_in in = expect(relay_end, ORC_PROOF);
    struct sm_bytes value;
    char text[SM_ERROR_TEXT_MAX];
    assert_int_equal(in.header.status, SMCRED_DENIED);
    assert_false(sm_wire_get(&in, ORC_T_PROOF, &value));
    assert_true(sm_wire_get_text(&in, ORC_T_TEXT, text, sizeof text));
    assert_non_null(strstr(text, why));
}

static void a_password_goes_only_where_the_target_permits_it(void **state)
{
    (void)state;
    say_cleartext(start_login("orders"), true);
    expect_no_proof("cleartext = yes");
}

/* The relay says that the peer was verified; the target's tls = disable cannot have done that. */
static void a_password_goes_to_no_peer_that_was_not_verified(void **state)
{
    (void)state;
    say_cleartext(start_login("open"), true);
    expect_no_proof("was not verified");
    say_cleartext(start_login("open"), false);
    expect_no_proof("was not verified");
}

static void md5_is_refused_where_the_target_says_so(void **state)
{
    (void)state;
    say_md5(start_login("clear"));
    expect_no_proof("md5 = no");
}

/* ---- a server that speaks first: MySQL ---- */

static struct message *challenge(uint64_t session, const char *method, size_t salt_len)
{
    static const uint8_t salt[64] = {1};
    struct message *message = about(session, ORC_CHALLENGE);
    sm_wire_put_text(&message->out, ORC_T_MECHANISM, method);
    sm_wire_put(&message->out, ORC_T_SALT, sm_bytes(salt, salt_len));
    return message;
}

static void ask_for(struct message *message, const char *user, const char *dbname)
{
    sm_wire_put_text(&message->out, ORC_T_USER, user);
    sm_wire_put_text(&message->out, ORC_T_DBNAME, dbname);
    sm_wire_put_text(&message->out, ORC_T_APPLICATION, "mariadb");
    say(message);
}

/* OPEN says nothing. */
static uint64_t dial_billing(void)
{
    uint64_t id = arrive("billing");
    say(about(id, ORC_OPEN));
    struct sm_wire_in in = expect_opened();
    assert_int_equal(in.header.status, SMCRED_OK);
    return id;
}

static struct sm_wire_in expect_proof(size_t len)
{
    struct sm_wire_in in = expect(relay_end, ORC_PROOF);
    struct sm_bytes proof;
    assert_int_equal(in.header.status, SMCRED_OK);
    assert_true(sm_wire_get(&in, ORC_T_PROOF, &proof));
    assert_int_equal(proof.len, len);
    return in;
}

static void what_a_client_asks_for_may_come_with_the_first_challenge(void **state)
{
    (void)state;
    char stamp[128];
    struct passwd *me = getpwuid(getuid());
    snprintf(stamp, sizeof stamp, "smcred:%s:mariadb", me->pw_name);
    uint64_t id = dial_billing();
    ask_for(challenge(id, "mysql_native_password", 20), me->pw_name, "ledger");
    struct sm_wire_in in = expect_proof(20);
    expect_text(&in, ORC_T_DBNAME, "ledger");
    expect_text(&in, ORC_T_APPLICATION, stamp);
    say(about(id, ORC_LOGGED_IN));
    const char *line = will_be_audited("\"event\":\"login\"", "\"asked_dbname\":\"ledger\"");
    assert_non_null(strstr(line, "\"dbname\":\"ledger\""));
    assert_non_null(strstr(line, "/nowhere/mysqld.sock"));
}

static void a_client_of_mysql_without_a_database_gets_the_secrets(void **state)
{
    (void)state;
    ask_for(challenge(dial_billing(), "caching_sha2_password", 20), "app", NULL);
    struct sm_wire_in in = expect_proof(32);
    expect_text(&in, ORC_T_DBNAME, "of_the_secret");
}

/* The first challenge is where OPEN's rules apply, and it is refused with the same words. */
static void who_asks_late_for_another_user_is_refused(void **state)
{
    (void)state;
    char text[SM_ERROR_TEXT_MAX];
    ask_for(challenge(dial_billing(), "mysql_native_password", 20), "boss", NULL);
    struct sm_wire_in in = expect(relay_end, ORC_PROOF);
    assert_int_equal(in.header.status, SMCRED_DENIED);
    expect_text(&in, ORC_T_SQLSTATE, "28000");
    assert_true(sm_wire_get_text(&in, ORC_T_TEXT, text, sizeof text));
    assert_non_null(strstr(text, "logs in as \"app\""));
    assert_non_null(audited("\"asked_user\":\"boss\"", "\"outcome\":\"refused\""));
    assert_non_null(audited("\"asked_user\":\"boss\"", "\"rule\":\"target billing: user\""));
}

static void a_server_may_change_the_method(void **state)
{
    (void)state;
    uint64_t id = dial_billing();
    ask_for(challenge(id, "mysql_native_password", 20), NULL, NULL);
    (void)expect_proof(20);
    say(challenge(id, "caching_sha2_password", 20));
    (void)expect_proof(32);
    struct message *message = about(id, ORC_CLEARTEXT);
    sm_wire_put_text(&message->out, ORC_T_MECHANISM, "caching_sha2_password");
    say(message);
    (void)expect_proof(strlen(secret.password));
    say(about(id, ORC_LOGGED_IN));
    (void)will_be_audited("\"event\":\"login\"", "\"outcome\":\"accepted\"");
}

static void one_method_twice_in_one_attempt_drops_a_relay(void **state)
{
    (void)state;
    uint64_t id = dial_billing();
    ask_for(challenge(id, "mysql_native_password", 20), NULL, NULL);
    (void)expect_proof(20);
    say(challenge(id, "mysql_native_password", 20));
    is_dropped(1);
}

static void a_method_of_another_engine_drops_a_relay(void **state)
{
    (void)state;
    say(challenge(dial_billing(), "md5", 4));
    is_dropped(1);
}

/* The server's fault, so the relay's other sessions go on. */
static void a_nonce_of_another_length_is_not_answered(void **state)
{
    (void)state;
    say(challenge(dial_billing(), "mysql_native_password", 21));
    expect_no_proof("impossible length");
    say(challenge(dial_billing(), "parsec", 18));
    expect_no_proof("iterations");
}

static void a_refusal_of_mysqls_without_its_number_drops_a_relay(void **state)
{
    (void)state;
    uint64_t id = dial_billing();
    ask_for(challenge(id, "mysql_native_password", 20), NULL, NULL);
    (void)expect_proof(20);
    say_refused(id, "28000");
    is_dropped(1);
}

static void say_number(uint64_t id, uint32_t code)
{
    struct message *message = about(id, ORC_REFUSED);
    sm_wire_put_text(&message->out, ORC_T_SQLSTATE, "28000");
    sm_wire_put_u32(&message->out, ORC_T_CODE, code);
    say(message);
}

static void a_wrong_password_of_mysqls_is_followed_by_the_next_version(void **state)
{
    (void)state;
    uint64_t id = dial_billing();
    ask_for(challenge(id, "mysql_native_password", 20), NULL, "ledger");
    (void)expect_proof(20);
    secret.version = "v2";
    secret.password = "of v2";
    say_number(id, 1045);
    struct sm_wire_in in = expect_opened();
    expect_text(&in, ORC_T_VERSION, "v2");
    expect_text(&in, ORC_T_DBNAME, "ledger");
    say(challenge(id, "mysql_native_password", 20)); /* the client is not asked again */
    in = expect_proof(20);
    expect_text(&in, ORC_T_DBNAME, "ledger");
}

/* COM_CHANGE_USER: what the client asks for comes with OPEN, as there is nothing to hear before. */
static void ask_anew(uint64_t id, const char *user, const char *dbname)
{
    ask_for(about(id, ORC_OPEN), user, dbname);
}

static uint64_t log_in_at_billing(void)
{
    uint64_t id = dial_billing();
    ask_for(challenge(id, "mysql_native_password", 20), NULL, "ledger");
    (void)expect_proof(20);
    say(about(id, ORC_LOGGED_IN));
    return id;
}

static void whoever_is_logged_in_may_log_in_anew(void **state)
{
    (void)state;
    uint64_t id = log_in_at_billing();
    secret.version = "v2";
    secret.password = "of v2";
    ask_anew(id, "app", "archive");
    struct sm_wire_in in = expect_opened();
    assert_int_equal(in.header.status, SMCRED_OK);
    expect_text(&in, ORC_T_DBNAME, "archive");
    say(challenge(id, "mysql_native_password", 20));
    (void)expect_proof(20);
    say_number(id, 1045); /* within the budget, and to the next version, as ever */
    in = expect_opened();
    expect_text(&in, ORC_T_VERSION, "v2");
    say(challenge(id, "mysql_native_password", 20));
    (void)expect_proof(20);
    say(about(id, ORC_LOGGED_IN));
    (void)will_be_audited("\"outcome\":\"refused\",\"sqlstate\"", "\"version\":\"v1\"");
    const char *line = will_be_audited("\"outcome\":\"accepted\"", "\"asked_dbname\":\"archive\"");
    assert_non_null(strstr(line, "\"version\":\"v2\""));
    ask_anew(id, NULL, NULL);
    in = expect_opened();
    expect_text(&in, ORC_T_DBNAME, "of_the_secret"); /* what was asked for before is forgotten */
}

static void a_session_stays_that_asks_to_be_another_users(void **state)
{
    (void)state;
    struct sm_bytes none;
    char text[SM_ERROR_TEXT_MAX];
    uint64_t id = log_in_at_billing();
    ask_anew(id, "boss", NULL);
    struct sm_wire_in in = expect(relay_end, ORC_OPENED);
    assert_int_equal(in.header.status, SMCRED_DENIED);
    assert_true(sm_wire_get(&in, ORC_T_STAYS, &none));
    expect_text(&in, ORC_T_SQLSTATE, "28000");
    assert_true(sm_wire_get_text(&in, ORC_T_TEXT, text, sizeof text));
    assert_non_null(strstr(text, "logs in as \"app\""));
    assert_non_null(audited("\"asked_user\":\"boss\"", "\"outcome\":\"refused\""));
    assert_non_null(audited("\"asked_user\":\"boss\"", "\"rule\":\"target billing: user\""));
    ask_anew(id, "app", NULL);
    in = expect_opened();
    assert_int_equal(in.header.status, SMCRED_OK);
    (void)will_be_audited("\"rule\":\"target billing: allow", "\"asked_user\":\"app\"");
}

static void a_resumed_session_may_log_in_anew(void **state)
{
    (void)state;
    relay_arrives();
    struct message *message = about(79, ORC_ALIVE);
    sm_wire_put_text(&message->out, ORC_T_ENGINE, "mysql");
    sm_wire_put_text(&message->out, ORC_T_TARGET, "billing");
    sm_wire_put_text(&message->out, ORC_T_USER, "app");
    say(message);
    ask_anew(79, "app", NULL);
    struct sm_wire_in in = expect_opened();
    assert_int_equal(in.header.status, SMCRED_OK);
}

static void another_login_of_postgres_drops_a_relay(void **state)
{
    (void)state;
    say_open(log_in("salt"));
    is_dropped(1);
}

static void a_blocked_host_is_no_reason_to_try_another_version(void **state)
{
    (void)state;
    uint64_t id = dial_billing();
    secret.version = "v2";
    secret.password = "of v2";
    say_number(id, 1129);
    struct sm_wire_in in = expect_opened();
    assert_int_equal(in.header.status, SMCRED_DENIED);
}

/* At a local socket, so that only the rule is asked. */
static void mysqls_own_methods_alone_have_the_password_by_themselves(void **state)
{
    (void)state;
    uint64_t id = dial_billing();
    struct message *message = about(id, ORC_CLEARTEXT);
    sm_wire_put_text(&message->out, ORC_T_MECHANISM, "mysql_clear_password");
    say(message);
    expect_no_proof("cleartext = yes");
    id = dial_billing();
    message = about(id, ORC_CLEARTEXT);
    sm_wire_put_text(&message->out, ORC_T_MECHANISM, "sha256_password");
    say(message);
    (void)expect_proof(strlen(secret.password));
}

/* ---- Redis ---- */

static void say_auth(uint64_t session, const char *method)
{
    struct message *message = about(session, ORC_CLEARTEXT);
    sm_wire_put_text(&message->out, ORC_T_MECHANISM, method);
    say(message);
}

static void redis_has_no_other_method_than_the_password(void **state)
{
    (void)state;
    say_auth(start_login("cache"), "AUTH");
    (void)expect_proof(strlen(secret.password));
    say_auth(start_login("cache"), "password");
    is_dropped(2);
}

/* Whoever is faster than the database may have the port. */
static void redis_at_a_port_of_this_host_is_not_told_it(void **state)
{
    (void)state;
    say_auth(start_login("cache-port"), "AUTH");
    expect_no_proof("was not verified");
}

static void a_wrong_password_of_redis_is_followed_by_the_next_version(void **state)
{
    (void)state;
    uint64_t id = start_login("cache");
    say_auth(id, "AUTH");
    (void)expect_proof(strlen(secret.password));
    secret.version = "v2";
    secret.password = "of the second";
    say_refused(id, "28P01");
    struct sm_wire_in in = expect_opened();
    assert_int_equal(in.header.status, SMCRED_OK);
    say_auth(id, "AUTH");
    (void)expect_proof(strlen(secret.password));
}

static void *hear_proof(void *arg)
{
    struct sm_wire_in in = expect(relay_end, ORC_PROOF);
    *(int *)arg = (int)in.header.status;
    return NULL;
}

/* By the stack it was written on, and the packet it waited in. */
static void a_password_leaves_nothing_behind(void **state)
{
    (void)state;
    int status = -1;
    if (!stack_is_seen())
        skip();
    secret.password = FREED_CANARY;
    say_cleartext(start_login("clear"), false);
    freed_begin();
    assert_false(stack_keeps(sm_bytes_of(FREED_CANARY), hear_proof, &status));
    assert_int_equal(status, SMCRED_OK);
    assert_non_null(memmem(packet, sizeof packet, FREED_CANARY, strlen(FREED_CANARY)));
    explicit_bzero(packet, sizeof packet);
    assert_int_equal(freed_with_canary, 0);
}

static void *take_message(void *arg)
{
    return (void *)(uintptr_t)sessions_message(relays_first(keeper.relays), arg);
}

/* md5("md5(password user)" salt), with the user "app".  Looked for at once: what the loop does next
 * would cover the place it was written to. */
static void an_md5_answer_leaves_nothing_behind(void **state)
{
    (void)state;
    static const char answer[] = "md51b1c799363120d498cbe5e9fcc4dadf8";
    if (!stack_is_seen())
        skip();
    secret.password = FREED_CANARY;
    struct message *message = about(start_login("orders"), ORC_CHALLENGE);
    struct sm_wire_in in;
    sm_wire_put_text(&message->out, ORC_T_MECHANISM, "md5");
    sm_wire_put(&message->out, ORC_T_SALT, sm_bytes("salt", 4));
    assert_int_equal(sm_wire_finish(&message->out), SMCRED_OK);
    assert_int_equal(sm_wire_parse(sm_bytes(message->out.data, message->out.len), &in), SMCRED_OK);
    assert_false(stack_keeps(sm_bytes_of(answer), take_message, &in));
    in = expect(relay_end, ORC_PROOF);
    assert_int_equal(in.header.status, SMCRED_OK);
    assert_non_null(memmem(packet, sizeof packet, answer, strlen(answer)));
}

/* The client reads an ErrorResponse of this SQLSTATE that says `why`, and then the end. */
static void expect_sent_away(const char *sqlstate, const char *why)
{
    char message[1024];
    ssize_t len = recv(client_end, message, sizeof message, MSG_WAITALL);
    assert_in_range(len, 8, sizeof message - 1);
    assert_int_equal(message[0], 'E');
    assert_non_null(memmem(message, (size_t)len, sqlstate, strlen(sqlstate)));
    assert_non_null(memmem(message, (size_t)len, why, strlen(why)));
}

static void a_relay_that_cannot_be_started_loses_who_waits(void **state)
{
    (void)state;
    come("orders");
    (void)expect(parent_end, PAR_SPAWN);
    relays_failed(keeper.relays, getuid(), "no relay could be started");
    assert_int_equal(sessions_count(keeper.sessions), 0);
    expect_sent_away("C57P03", "smcred: no relay could be started");
    assert_non_null(audited("\"event\":\"end\"", "no relay could be started"));
}

static void who_comes_while_no_relay_can_be_asked_for_is_told(void **state)
{
    (void)state;
    shutdown(parent_end, SHUT_RDWR);
    come("orders");
    assert_int_equal(sessions_count(keeper.sessions), 0);
    expect_sent_away("C57P03", "smcred: no relay could be started");
}

static void one_session_too_many_is_told(void **state)
{
    (void)state;
    (void)arrive("orders");
    struct relay *relay = relays_first(keeper.relays);
    relay->session_count += SESSIONS_PER_UID_MAX - 1;
    come("orders");
    relay->session_count -= SESSIONS_PER_UID_MAX - 1;
    assert_int_equal(sessions_count(keeper.sessions), 1);
    expect_sent_away("C53300", "smcred: too many sessions");
}

/* The host's limit, reached by several people's relays. */
static void one_session_too_many_of_all_is_told(void **state)
{
    (void)state;
    (void)arrive("orders");
    keeper.sessions->table.count += SESSIONS_MAX - 1;
    come("orders");
    keeper.sessions->table.count -= SESSIONS_MAX - 1;
    assert_int_equal(sessions_count(keeper.sessions), 1);
    expect_sent_away("C53300", "smcred: too many sessions");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(
    TEST(a_login_from_arrival_to_end), TEST(what_clients_are_shown_is_told_once),
    TEST(the_target_goes_over_the_secret), TEST(an_engine_that_is_not_spoken_is_refused_by_name),
    TEST(other_spellings_of_an_engine_are_known), TEST(who_is_not_allowed_is_told_the_rule),
    TEST(without_tls_nobody_leaves_this_host),
    TEST(a_changed_salt_is_answered_with_the_new_version),
    TEST(a_refused_password_is_followed_by_the_next_version),
    TEST(no_password_is_wrong_that_was_not_given),
    TEST(a_revoked_version_is_not_proved_in_anothers_place),
    TEST(who_waits_for_a_rotation_is_told_so), TEST(sessions_go_on_when_the_keeper_stops),
    TEST(sessions_of_the_keeper_before_are_resumed),
    TEST(the_end_of_a_login_ends_its_sessions_and_no_others),
    TEST(a_login_that_ends_takes_those_inside_it_along), TEST(a_resumed_session_is_still_a_persons),
    TEST(garbage_drops_a_relay), TEST(a_message_about_anothers_session_drops_a_relay),
    TEST(a_descriptor_drops_a_relay), TEST(a_message_about_no_session_drops_a_relay),
    TEST(a_message_about_a_session_of_nobody_drops_a_relay), TEST(an_unknown_verb_drops_a_relay),
    TEST(a_second_open_drops_a_relay), TEST(a_challenge_before_the_login_drops_a_relay),
    TEST(a_second_challenge_in_one_attempt_drops_a_relay),
    TEST(a_challenge_after_the_login_drops_a_relay),
    TEST(a_login_that_was_not_under_way_drops_a_relay), TEST(a_refusal_of_no_attempt_drops_a_relay),
    TEST(one_session_that_lives_twice_drops_a_relay),
    TEST(more_sessions_alive_than_it_may_have_drop_a_relay),
    TEST(a_relay_that_goes_leaves_its_sessions_lost), TEST(a_relay_that_does_not_read_is_dropped),
    TEST(a_relay_that_cannot_be_started_loses_who_waits),
    TEST(who_comes_while_no_relay_can_be_asked_for_is_told), TEST(one_session_too_many_is_told),
    TEST(one_session_too_many_of_all_is_told),
    TEST(a_password_goes_only_where_the_target_permits_it),
    TEST(a_password_goes_to_no_peer_that_was_not_verified),
    TEST(md5_is_refused_where_the_target_says_so), TEST(a_password_leaves_nothing_behind),
    TEST(an_md5_answer_leaves_nothing_behind),
    TEST(what_a_client_asks_for_may_come_with_the_first_challenge),
    TEST(a_client_of_mysql_without_a_database_gets_the_secrets),
    TEST(who_asks_late_for_another_user_is_refused), TEST(a_server_may_change_the_method),
    TEST(one_method_twice_in_one_attempt_drops_a_relay),
    TEST(a_method_of_another_engine_drops_a_relay), TEST(a_nonce_of_another_length_is_not_answered),
    TEST(a_refusal_of_mysqls_without_its_number_drops_a_relay),
    TEST(a_wrong_password_of_mysqls_is_followed_by_the_next_version),
    TEST(whoever_is_logged_in_may_log_in_anew), TEST(a_session_stays_that_asks_to_be_another_users),
    TEST(a_resumed_session_may_log_in_anew), TEST(another_login_of_postgres_drops_a_relay),
    TEST(a_blocked_host_is_no_reason_to_try_another_version),
    TEST(mysqls_own_methods_alone_have_the_password_by_themselves),
    TEST(redis_has_no_other_method_than_the_password),
    TEST(redis_at_a_port_of_this_host_is_not_told_it),
    TEST(a_wrong_password_of_redis_is_followed_by_the_next_version))
