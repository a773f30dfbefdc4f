/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_session.c - who is waited for, and until when; what a session does without a keeper; whose
 * query a cancel request may end; and that a proof leaves nothing behind.
 */
#include "tests/lib/freed.h"
#include "tests/lib/stack.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>

#include "common/clock.h"
#include "tests/relay/alone.h"
#include "tests/relay/talk.h"

/* Each far from the others, so that a deadline shows whose it is. */
static const struct relay_deadlines deadlines = {
    .startup_ms = 9000000, .connect_ms = 8000000, .keeper_ms = 1000000, .login_ms = 7000000};

#define AUTH_SASL        "R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"
#define AUTH_CONTINUE    "R\0\0\0\x3e\0\0\0\x0br=" ALONE_NONCE "server,s=c2FsdHNhbHQ=,i=4096"
#define AUTH_CLEAR       "R\0\0\0\x08\0\0\0\x03"
#define AUTH_OK          "R\0\0\0\x08\0\0\0\0"
#define KEY              "K\0\0\0\x0c\0\0\x12\x67SECR"
#define READY            "Z\0\0\0\x05I"
#define REFUSED          "E\0\0\0\x1aSFATAL\0C28P01\0Mwrong\0\0"
#define BACKEND_PID      0x1267
#define CANCEL(pid, key) "\0\0\0\x10\x04\xd2\x16\x2e" pid key

static int setup(void **state)
{
    (void)state;
    alone_begin(&deadlines);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    alone_end();
    return 0;
}

static void comes(uint64_t id)
{
    comes_to(id, "postgres");
}

static void asks(uint64_t id)
{
    comes(id);
    SAYS(client(id), "\0\0\0\x14\0\x03\0\0user\0alice\0\0");
    (void)hear(ORC_OPEN);
    is_in(id, RELAY_ASKING);
}

static void is_opened_at(uint64_t id, uint16_t port)
{
    is_opened_to(id, port, 0);
}

static void logs_in_at(uint64_t id, uint16_t port)
{
    asks(id);
    is_opened_at(id, port);
    is_in(id, RELAY_LOGIN);
}

static void is_challenged(uint64_t id)
{
    logs_in_at(id, 5432);
    SAYS(server(), AUTH_SASL);
    SAYS(server(), AUTH_CONTINUE);
    (void)hear(ORC_SCRAM);
    is_in(id, RELAY_PROVING);
}

static void is_in_at(uint64_t id, uint16_t port)
{
    logs_in_at(id, port);
    SAYS(server(), AUTH_OK KEY READY);
    (void)hear(ORC_LOGGED_IN);
    is_in(id, RELAY_COPYING);
    hears(client(id), "SECR");
}

/* ---- deadlines ---- */

static int64_t before_ms;

/* The session's deadline was set since before_ms, to so much later. */
static void is_given(uint64_t id, int64_t patience_ms)
{
    assert_in_range(session_of(id)->deadline.at_ms, before_ms + patience_ms,
                    sm_boot_ms() + patience_ms);
}

static void time_passes(void)
{
    assert_non_null(alone.relay->loop.timers);
    alone.relay->loop.timers->at_ms = 1;
    alone_turn();
}

static void ends_without_a_keeper(uint64_t id)
{
    hears(client(id), "57P03");
    assert_null(relay_find_session(alone.relay, id));
}

static void a_client_has_time_to_say_what_it_wants(void **state)
{
    (void)state;
    before_ms = sm_boot_ms();
    comes(1);
    is_given(1, deadlines.startup_ms);
    time_passes();
    hears(client(1), "no startup packet came in time");
}

/* A pool of Redis connections may say nothing before its first use. */
static void a_silent_client_of_redis_is_logged_in(void **state)
{
    (void)state;
    comes_to(1, "redis");
    time_passes();
    (void)hear(ORC_OPEN);
    is_in(1, RELAY_ASKING);
    comes_to(2, "redis");
    SAYS(client(2), "*2\r\n$4\r\nAUTH"); /* it has begun to say something */
    while (relay_find_session(alone.relay, 2))
        time_passes();
    hears(client(2), "no startup packet came in time");
}

static void a_keeper_has_time_to_answer(void **state)
{
    (void)state;
    before_ms = sm_boot_ms();
    asks(1);
    is_given(1, deadlines.keeper_ms);
    time_passes();
    hears(client(1), "smcred: the keeper does not answer");
    assert_null(relay_find_session(alone.relay, 1));
}

static void a_keeper_has_time_for_a_proof(void **state)
{
    (void)state;
    before_ms = sm_boot_ms();
    is_challenged(1);
    is_given(1, deadlines.keeper_ms);
    time_passes();
    hears(client(1), "smcred: the keeper does not answer");
}

/* Then it is the server's own word that the client is told. */
static void a_keeper_has_time_for_another_attempt(void **state)
{
    (void)state;
    before_ms = sm_boot_ms();
    logs_in_at(1, 5432);
    SAYS(server(), REFUSED);
    (void)hear(ORC_REFUSED);
    is_in(1, RELAY_ASKING);
    is_given(1, deadlines.keeper_ms);
    time_passes();
    hears(client(1), "C28P01");
}

/* However often the keeper answers: one login has one deadline. */
static void a_server_has_time_for_a_login(void **state)
{
    (void)state;
    before_ms = sm_boot_ms();
    is_challenged(1);
    int64_t login_ms = session_of(1)->login_deadline_ms;
    assert_in_range(login_ms, before_ms + deadlines.login_ms, sm_boot_ms() + deadlines.login_ms);
    about(ORC_PROOF, 1);
    sm_wire_put(&out, ORC_T_PROOF, sm_bytes(buffer, 32));
    sm_wire_put(&out, ORC_T_SERVER_SIGNATURE, sm_bytes(buffer, 32));
    tell_relay(-1);
    alone_turn();
    is_in(1, RELAY_LOGIN);
    assert_int_equal(session_of(1)->deadline.at_ms, login_ms);
    time_passes();
    hears(client(1), "did not finish the login in time");
}

static void nobody_is_waited_for_after_the_login(void **state)
{
    (void)state;
    is_in_at(1, 5432);
    assert_null(alone.relay->loop.timers);
}

/* ---- without a keeper ---- */

static void keeper_dies(void)
{
    sm_close_fd(&alone.keeper);
    alone_turn();
}

static void a_login_ends_with_its_keeper(void **state)
{
    (void)state;
    comes(1); /* each in another phase */
    asks(2);
    logs_in_at(3, 5432);
    is_challenged(4);
    keeper_dies();
    for (uint64_t id = 1; id <= 4; id++)
        ends_without_a_keeper(id);
    assert_null(alone.relay->loop.timers);
}

static void a_refused_login_is_told_the_servers_word(void **state)
{
    (void)state;
    logs_in_at(1, 5432);
    SAYS(server(), REFUSED);
    keeper_dies();
    hears(client(1), "C28P01");
}

static void a_session_goes_on_without_its_keeper(void **state)
{
    (void)state;
    is_in_at(1, 5432);
    keeper_dies();
    SAYS(client(1), "Q\0\0\0\x05;");
    hears(server(), ";");
    SAYS(server(), "answer");
    hears(client(1), "answer");
}

static void who_comes_between_two_keepers_is_told(void **state)
{
    (void)state;
    comes(1);
    is_in_at(2, 5432);
    keeper_dies();
    hears(client(1), "57P03");
    alone_new_keeper();
    alone_turn();
    (void)hear(ORC_ALIVE); /* of the one that lives, and nothing of the other */
    asks(3);
}

/* The new keeper has never heard of it, and its audit log must. */
static void an_end_is_kept_for_the_next_keeper(void **state)
{
    (void)state;
    uint64_t id = 0;
    is_in_at(1, 5432);
    keeper_dies();
    sm_close_fd(&alone.clients.fd[0]);
    alone_turn();
    assert_null(relay_find_session(alone.relay, 1));
    alone_new_keeper();
    alone_turn();
    (void)hear(ORC_ALIVE);
    struct sm_wire_in in = hear(ORC_ENDED);
    assert_true(sm_wire_get_u64(&in, ORC_T_SESSION, &id));
    assert_int_equal(id, 1);
}

/* What was asked of one keeper is not asked of the next; what has ended, it wants to know. */
static void a_keeper_that_does_not_listen_leaves_its_successor_the_ends(void **state)
{
    (void)state;
    is_in_at(1, 5432);
    while (alone.relay->keeper.waiting == 0) {
        about(ORC_CANCELLED, 9);
        assert_int_equal(sm_wire_finish(&out), SMCRED_OK);
        assert_true(relay_keeper_send(alone.relay, &out, false));
    }
    comes(2);
    SAYS(client(2), "\0\0\0\x14\0\x03\0\0user\0alice\0\0"); /* its question waits */
    sm_close_fd(&alone.clients.fd[0]);
    alone_turn(); /* and so does this end */
    sm_close_fd(&alone.keeper);
    alone_turn();
    alone_new_keeper();
    alone_turn();
    struct sm_wire_in in = hear(ORC_ENDED);
    uint64_t id = 0;
    assert_true(sm_wire_get_u64(&in, ORC_T_SESSION, &id));
    assert_int_equal(id, 1);
    assert_int_equal(alone.relay->keeper.waiting, 0);
}

/* ---- cancel requests ---- */

static void a_cancel_request_goes_to_the_server_of_its_key(void **state)
{
    (void)state;
    is_in_at(1, 1111);
    is_in_at(2, 2222);
    memcpy(relay_find_session(alone.relay, 2)->key, "OTHR", 4); /* the pids are equal */
    comes(3);
    SAYS(client(3), CANCEL("\0\0\x12\x67", "OTHR"));
    struct sm_wire_in in = hear(ORC_CANCELLED);
    uint32_t pid = 0;
    assert_true(sm_wire_get_u32(&in, ORC_T_BACKEND_PID, &pid));
    assert_int_equal(pid, BACKEND_PID);
    assert_int_equal(((struct sockaddr_in *)&alone.dialled)->sin_port, htons(2222));
    hears(server(), "OTHR");
}

static void guesses(const void *packet)
{
    is_in_at(1, 5432);
    comes(2);
    says(client(2), packet, 16);
    assert_int_equal(alone.servers.count, 1); /* nobody was dialled */
    (void)hear(ORC_ENDED);
    char byte;
    assert_int_equal(recv(client(2), &byte, 1, MSG_DONTWAIT), 0); /* without a word */
    is_in(1, RELAY_COPYING);
}

static void a_cancel_request_needs_the_whole_key(void **state)
{
    (void)state;
    guesses(CANCEL("\0\0\x12\x67", "SECX"));
}

static void and_the_pid(void **state)
{
    (void)state;
    guesses(CANCEL("\0\0\x12\x68", "SECR"));
}

/* A login that is not over has no query to be cancelled, and a key of no bytes is none. */
static void a_session_without_a_key_is_not_cancelled(void **state)
{
    (void)state;
    logs_in_at(1, 5432);
    SAYS(server(), AUTH_OK READY);
    (void)hear(ORC_LOGGED_IN);
    comes(2);
    SAYS(client(2), CANCEL("\0\0\0\0", "\0\0\0\0"));
    assert_int_equal(alone.servers.count, 1);
}

static void a_cancel_request_under_way_needs_no_keeper(void **state)
{
    (void)state;
    is_in_at(1, 5432);
    comes(2);
    SAYS(client(2), CANCEL("\0\0\x12\x67", "SECR"));
    keeper_dies();
    assert_non_null(relay_find_session(alone.relay, 2));
    hears(server(), "SECR");
}

/* ---- limits ---- */

static void one_session_too_many_is_told(void **state)
{
    (void)state;
    alone.relay->session_count = RELAY_SESSIONS_MAX;
    comes(1);
    alone.relay->session_count -= RELAY_SESSIONS_MAX;
    hears(client(1), "too many sessions of one user");
    assert_null(alone.relay->sessions);
}

/* ---- what is left of a proof ---- */

static void *turn_in_thread(void *arg)
{
    (void)arg;
    alone_turn();
    return NULL;
}

static void a_proof_leaves_nothing_behind(void **state)
{
    (void)state;
    uint8_t proof[32];
    char text[64];
    if (!stack_is_seen())
        skip();
    memset(proof, 0xa5, sizeof proof);
    EVP_EncodeBlock((uint8_t *)text, proof, sizeof proof);
    is_challenged(1);
    about(ORC_PROOF, 1);
    sm_wire_put(&out, ORC_T_PROOF, sm_bytes(proof, sizeof proof));
    sm_wire_put(&out, ORC_T_SERVER_SIGNATURE, sm_bytes(text, 32));
    tell_relay(-1);
    assert_false(stack_keeps(sm_bytes_of(text), turn_in_thread, NULL));
    hears(server(), text);
    assert_null(memmem(alone.relay->packet, sizeof alone.relay->packet, proof, sizeof proof));
}

/* Nor does a password, in what was freed and in the packet it came with. */
static void a_password_leaves_nothing_behind(void **state)
{
    (void)state;
    logs_in_at(1, 5432);
    SAYS(server(), AUTH_CLEAR);
    (void)hear(ORC_CLEARTEXT);
    about(ORC_PROOF, 1);
    sm_wire_put_text(&out, ORC_T_PROOF, FREED_CANARY);
    tell_relay(-1);
    freed_begin();
    alone_turn();
    hears(server(), FREED_CANARY);
    SAYS(server(), AUTH_OK KEY READY);
    assert_int_equal(freed_with_canary, 0);
    freed_looks = false;
    assert_null(memmem(alone.relay->packet, sizeof alone.relay->packet, FREED_CANARY,
                       strlen(FREED_CANARY)));
}

static void a_password_of_redis_leaves_nothing_behind(void **state)
{
    (void)state;
    comes_to(1, "redis");
    SAYS(client(1), "*2\r\n$4\r\nAUTH\r\n$5\r\ntyped\r\n*1\r\n$4\r\nPING\r\n");
    (void)hear(ORC_OPEN);
    is_opened_at(1, 6379);
    (void)hear(ORC_CLEARTEXT);
    hears(server(), "");
    about(ORC_PROOF, 1);
    sm_wire_put_text(&out, ORC_T_PROOF, FREED_CANARY);
    tell_relay(-1);
    freed_begin();
    alone_turn();
    hears(server(), "*3\r\n$4\r\nAUTH\r\n$3\r\napp\r\n");
    SAYS(server(), "+OK\r\n+OK\r\n+OK\r\n"); /* AUTH, SELECT, CLIENT SETNAME */
    assert_int_equal(freed_with_canary, 0);
    freed_looks = false;
    (void)hear(ORC_LOGGED_IN);
    hears(client(1), "+OK\r\n");
    hears(server(), "*1\r\n$4\r\nPING\r\n");
    assert_null(memmem(alone.relay->packet, sizeof alone.relay->packet, FREED_CANARY,
                       strlen(FREED_CANARY)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(a_client_has_time_to_say_what_it_wants), TEST(a_keeper_has_time_to_answer),
             TEST(a_keeper_has_time_for_a_proof), TEST(a_keeper_has_time_for_another_attempt),
             TEST(a_server_has_time_for_a_login), TEST(nobody_is_waited_for_after_the_login),
             TEST(a_login_ends_with_its_keeper), TEST(a_refused_login_is_told_the_servers_word),
             TEST(a_session_goes_on_without_its_keeper),
             TEST(who_comes_between_two_keepers_is_told), TEST(an_end_is_kept_for_the_next_keeper),
             TEST(a_keeper_that_does_not_listen_leaves_its_successor_the_ends),
             TEST(a_cancel_request_goes_to_the_server_of_its_key),
             TEST(a_cancel_request_needs_the_whole_key), TEST(and_the_pid),
             TEST(a_session_without_a_key_is_not_cancelled),
             TEST(a_cancel_request_under_way_needs_no_keeper), TEST(one_session_too_many_is_told),
             TEST(a_proof_leaves_nothing_behind), TEST(a_password_leaves_nothing_behind),
             TEST(a_silent_client_of_redis_is_logged_in),
             TEST(a_password_of_redis_leaves_nothing_behind))
