/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_relays.c - relays come, are given packets, and go.  The test plays the parent, the relays
 * and sessions.c.
 */
#include "tests/lib/freed.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/oracle.h"
#include "common/parent.h"
#include "keeper/people.h"
#include "keeper/relays.h"
#include "keeper/sessions.h"
#include "keeper/workers.h"

#define ALICE  4000000001u /* nobody's: their names are their numbers */
#define MALICE 4000000002u
#define PID    0x7ffffff0

static struct keeper keeper;
static struct config config;
static int parent_end, relay_end;

/* What sessions.c hears, and its verdict on each message. */
static struct {
    int ready, lost, messages, of_malice;
    char why[100];
    const char *verdict;
} heard;

void __wrap_sessions_relay_ready(struct relay *relay);
void __wrap_sessions_relay_ready(struct relay *relay)
{
    assert_true(relay->fd >= 0);
    heard.ready++;
}

void __wrap_sessions_relay_lost(struct relay *relay, const char *why);
void __wrap_sessions_relay_lost(struct relay *relay, const char *why)
{
    (void)relay;
    heard.lost++;
    strncpy(heard.why, why, sizeof heard.why - 1);
}

const char *__wrap_sessions_message(struct relay *relay, const struct sm_wire_in *in);
const char *__wrap_sessions_message(struct relay *relay, const struct sm_wire_in *in)
{
    (void)in;
    heard.messages++;
    heard.of_malice += relay->uid == MALICE;
    return heard.verdict;
}

static bool look_up(const char *key, struct person *out_person)
{
    (void)snprintf(out_person->name, sizeof out_person->name, "user %s", key);
    return true;
}

/* The directory answers. */
static void look_all_up(void)
{
    workers_work(keeper.directory);
}

static int setup(void **state)
{
    (void)state;
    int pair[2];
    memset(&heard, 0, sizeof heard);
    config = (struct config){.relay_idle_ms = 60000};
    keeper = (struct keeper){.base = event_base_new(), .config = &config};
    assert_non_null(keeper.base);
    assert_int_equal(workers_new_idle(keeper.base, 8, &keeper.directory), SMCRED_OK);
    const struct people_options by_uid = {keeper.base, keeper.directory, look_up};
    assert_int_equal(people_new(&by_uid, &keeper.names), SMCRED_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
    keeper.parent_fd = pair[0];
    parent_end = pair[1];
    relay_end = -1;
    return relays_new(&keeper, &keeper.relays) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    relays_free(keeper.relays);
    workers_free(keeper.directory);
    people_free(keeper.names);
    event_base_free(keeper.base);
    close(keeper.parent_fd);
    close(parent_end);
    sm_close_fd(&relay_end);
    return 0;
}

/* ---- the parent's and the relay's ends ---- */

/* One packet that is there already; its verb. */
static uint16_t hear(int fd, uint16_t tag, uint32_t *out_number, int *out_fd)
{
    static uint8_t packet[16384];
    struct sm_fds fds;
    struct sm_wire_in in;
    size_t len;
    assert_int_equal(sm_seqpacket_receive(fd, packet, sizeof packet, &fds, 0, &len), SMCRED_OK);
    assert_int_equal(sm_wire_parse(sm_bytes(packet, len), &in), SMCRED_OK);
    if (out_number)
        assert_true(sm_wire_get_u32(&in, tag, out_number));
    if (out_fd && fds.count > 0)
        *out_fd = sm_take_fd(&fds.fd[0]);
    sm_fds_close(&fds);
    return in.header.verb;
}

static void hears_nothing(int fd)
{
    char byte;
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
}

static void is_asked(uint16_t verb, uint16_t tag, uint32_t number)
{
    uint32_t asked = 0;
    assert_int_equal(hear(parent_end, tag, &asked, NULL), verb);
    assert_int_equal(asked, number);
}

static int arrives(uid_t uid, pid_t pid)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
    relays_arrived(keeper.relays, uid, pid, pair[0]);
    look_all_up();
    return pair[1];
}

static void says(int fd)
{
    uint8_t buffer[64];
    struct sm_wire_out out;
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_ENDED, SMCRED_OK, 0);
    sm_wire_put_u64(&out, ORC_T_SESSION, 1);
    assert_int_equal(sm_wire_finish(&out), SMCRED_OK);
    assert_int_equal(sm_seqpacket_send(fd, sm_bytes(out.data, out.len), NULL, 0), SMCRED_OK);
}

static void turn(void)
{
    assert_int_not_equal(event_base_loop(keeper.base, EVLOOP_NONBLOCK), -1);
}

/* Alice's relay, and nobody else's. */
static struct relay *alices(void)
{
    struct relay *relay = relays_for(keeper.relays, ALICE);
    assert_non_null(relay);
    is_asked(PAR_SPAWN, PAR_T_UID, ALICE);
    relay_end = arrives(ALICE, PID);
    assert_int_equal(heard.ready, 1);
    assert_int_equal(relay->pid, PID);
    return relay;
}

/* ---- coming ---- */

static void each_person_has_one_relay(void **state)
{
    (void)state;
    struct relay *relay = relays_for(keeper.relays, ALICE);
    assert_non_null(relay);
    is_asked(PAR_SPAWN, PAR_T_UID, ALICE);
    assert_ptr_equal(relays_for(keeper.relays, ALICE), relay); /* while it is waited for */
    relay_end = arrives(ALICE, PID);
    assert_ptr_equal(relays_for(keeper.relays, ALICE), relay);
    hears_nothing(parent_end);
    assert_ptr_not_equal(relays_for(keeper.relays, MALICE), relay);
    is_asked(PAR_SPAWN, PAR_T_UID, MALICE);
}

static void one_that_lives_on_is_taken_over(void **state)
{
    (void)state;
    relay_end = arrives(ALICE, PID);
    assert_int_equal(heard.ready, 1);
    assert_int_equal(relays_for(keeper.relays, ALICE)->pid, PID);
    hears_nothing(parent_end);
}

/* A directory that hangs holds up those who are in it, and them for a while. */
static void one_whose_operator_has_no_name_yet_waits_for_it(void **state)
{
    (void)state;
    int pair[2];
    struct relay *relay = relays_for(keeper.relays, ALICE);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
    relay_end = pair[1];
    relays_arrived(keeper.relays, ALICE, PID, pair[0]);
    says(relay_end);
    turn();
    assert_int_equal(heard.ready, 0);
    assert_int_equal(heard.messages, 0);
    look_all_up();
    turn();
    assert_int_equal(heard.ready, 1);
    assert_int_equal(heard.messages, 1);
    assert_string_equal(relay->operator_name, "user 4000000001");
}

static void one_whose_operator_gets_no_name_has_a_number(void **state)
{
    (void)state;
    int pair[2];
    struct relay *relay = relays_for(keeper.relays, ALICE);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
    relay_end = pair[1];
    relays_arrived(keeper.relays, ALICE, PID, pair[0]);
    while (heard.ready == 0)
        assert_int_not_equal(event_base_loop(keeper.base, EVLOOP_ONCE), -1);
    assert_string_equal(relay->operator_name, "4000000001");
    look_all_up();
    assert_string_equal(relay->operator_name, "4000000001");
    assert_ptr_equal(relays_for(keeper.relays, ALICE), relay); /* for the next session it asks */
    look_all_up();
    assert_string_equal(relay->operator_name, "user 4000000001");
    assert_int_equal(heard.ready, 1);
}

static void one_that_goes_before_it_has_a_name_leaves_nothing(void **state)
{
    (void)state;
    assert_non_null(relays_for(keeper.relays, ALICE));
    relays_failed(keeper.relays, ALICE, "no room");
    look_all_up();
    assert_null(relays_first(keeper.relays));
}

static void one_that_cannot_be_started_loses_who_waits(void **state)
{
    (void)state;
    assert_non_null(relays_for(keeper.relays, ALICE));
    relays_failed(keeper.relays, MALICE, "another's");
    assert_int_equal(heard.lost, 0);
    relays_failed(keeper.relays, ALICE, "no room");
    assert_int_equal(heard.lost, 1);
    assert_string_equal(heard.why, "no room");
    assert_null(relays_first(keeper.relays));
}

static void a_failure_does_not_touch_one_that_runs(void **state)
{
    (void)state;
    struct relay *relay = alices();
    relays_failed(keeper.relays, ALICE, "too late");
    assert_int_equal(heard.lost, 0);
    assert_ptr_equal(relays_first(keeper.relays), relay);
}

static void one_that_does_not_come_is_given_up(void **state)
{
    (void)state;
    const struct relay *relay = relays_for(keeper.relays, ALICE);
    int64_t asked_ms = relay->asked_ms;
    relays_tick(keeper.relays, asked_ms + RELAYS_SPAWN_MS);
    assert_int_equal(heard.lost, 0);
    relays_tick(keeper.relays, asked_ms + RELAYS_SPAWN_MS + 1);
    assert_int_equal(heard.lost, 1);
    assert_null(relays_first(keeper.relays));
}

static void without_a_parent_there_is_none(void **state)
{
    (void)state;
    shutdown(parent_end, SHUT_RDWR);
    assert_null(relays_for(keeper.relays, ALICE));
    assert_null(relays_first(keeper.relays));
}

/* ---- going ---- */

static void an_idle_one_is_drained_and_another_takes_its_place(void **state)
{
    (void)state;
    struct relay *relay = alices();
    int64_t idle_ms = relay->idle_since_ms;
    relay->session_count = 1;
    relays_tick(keeper.relays, idle_ms + 100000);
    relay->session_count = 0;
    relays_tick(keeper.relays, idle_ms + 160000); /* idle for as long as it may be */
    hears_nothing(relay_end);
    relays_tick(keeper.relays, idle_ms + 160001);
    assert_int_equal(hear(relay_end, 0, NULL, NULL), ORC_DRAIN);
    relays_tick(keeper.relays, idle_ms + 900000);
    hears_nothing(relay_end); /* it was told */
    assert_ptr_not_equal(relays_for(keeper.relays, ALICE), relay);
    is_asked(PAR_SPAWN, PAR_T_UID, ALICE);
}

static void what_it_said_before_it_went_is_heard(void **state)
{
    (void)state;
    (void)alices();
    says(relay_end);
    says(relay_end);
    sm_close_fd(&relay_end);
    relays_gone(keeper.relays, MALICE, PID); /* not hers */
    relays_gone(keeper.relays, ALICE, PID - 1);
    assert_int_equal(heard.messages, 0);
    relays_gone(keeper.relays, ALICE, PID);
    assert_int_equal(heard.messages, 2);
    assert_int_equal(heard.lost, 1);
    assert_null(relays_first(keeper.relays));
    hears_nothing(parent_end); /* which knows: nobody is to be ended */
}

static void one_whose_process_ended_goes_though_its_socket_lives(void **state)
{
    (void)state;
    (void)alices();
    relays_gone(keeper.relays, ALICE, PID);
    assert_int_equal(heard.lost, 1);
    assert_null(relays_first(keeper.relays));
}

static void one_that_breaks_the_protocol_is_ended(void **state)
{
    (void)state;
    (void)alices();
    heard.verdict = "it lies";
    says(relay_end);
    says(relay_end);
    turn();
    assert_int_equal(heard.messages, 1); /* the second is not listened to */
    assert_int_equal(heard.lost, 1);
    assert_string_equal(heard.why, "it lies");
    is_asked(PAR_END, PAR_T_PID, PID);
    assert_null(relays_first(keeper.relays));
}

static void all_are_drained_when_the_keeper_stops(void **state)
{
    (void)state;
    char byte;
    (void)alices();
    relays_free(keeper.relays);
    keeper.relays = NULL;
    assert_int_equal(hear(relay_end, 0, NULL, NULL), ORC_DRAIN);
    assert_int_equal(recv(relay_end, &byte, 1, MSG_DONTWAIT), 0);
}

/* ---- packets ---- */

static bool sends(struct relay *relay, uint32_t number, const char *text, const struct sm_fds *fds)
{
    static uint8_t buffer[8192];
    static char padding[4000];
    struct sm_wire_out out;
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_END, SMCRED_OK, 0);
    sm_wire_put_u32(&out, ORC_T_PORT, number);
    sm_wire_put_text(&out, ORC_T_TEXT, text);
    sm_wire_put(&out, ORC_T_HINT, sm_bytes(padding, sizeof padding));
    return relays_send(relay, &out, fds);
}

static void packets_keep_their_order_and_descriptors(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    struct relay *relay = alices();
    int pair[2], got = -1;
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_true(
            sends(relay, i, "x", i == COUNT - 1 ? &(struct sm_fds){{pair[1], -1}, 1} : NULL));
    assert_true(relay->waiting > 0); /* more than the socket takes */
    close(pair[1]);
    for (uint32_t i = 0, number = 0; i < COUNT; i++) {
        turn();
        assert_int_equal(hear(relay_end, ORC_T_PORT, &number, &got), ORC_END);
        assert_int_equal(number, i);
    }
    assert_int_equal(relay->waiting, 0);
    assert_int_equal(write(got, "y", 1), 1);
    close(got);
    close(pair[0]);
}

/* The last words for a relay may be a proof that it does not fetch any more. */
static void a_packet_that_is_not_fetched_is_wiped(void **state)
{
    (void)state;
    struct relay *relay = alices();
    for (uint32_t i = 0; relay->waiting == 0; i++)
        assert_true(sends(relay, i, "x", NULL));
    assert_true(sends(relay, 0, FREED_CANARY, NULL));
    freed_begin();
    relays_drop(relay, "it does not read");
    assert_int_equal(freed_with_canary, 0);
    freed_looks = false;
}

static void a_busy_one_leaves_others_their_turn(void **state)
{
    (void)state;
    (void)alices();
    int other = arrives(MALICE, PID - 1);
    for (int i = 0; i < 100; i++)
        says(relay_end);
    says(other);
    assert_int_not_equal(event_base_loop(keeper.base, EVLOOP_ONCE | EVLOOP_NONBLOCK), -1);
    assert_int_equal(heard.of_malice, 1);
    assert_true(heard.messages < 100);
    turn();
    assert_int_equal(heard.messages, 101);
    close(other);
}

static void it_is_known_which_endpoints_it_was_told_of(void **state)
{
    (void)state;
    struct relay *relay = alices();
    static const uint32_t numbers[] = {0, 7, 8, 999};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_false(relays_knows(&relay->endpoints, numbers[i]));
        assert_true(relays_mark(&relay->endpoints, numbers[i]));
        assert_true(relays_knows(&relay->endpoints, numbers[i]));
    }
    assert_false(relays_knows(&relay->endpoints, 1));
    assert_false(relays_knows(&relay->endpoints, 998));
    assert_false(relays_knows(&relay->endpoints, 100000));
    assert_true(relays_knows(&relay->endpoints, 7));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(each_person_has_one_relay), TEST(one_that_lives_on_is_taken_over),
             TEST(one_whose_operator_has_no_name_yet_waits_for_it),
             TEST(one_whose_operator_gets_no_name_has_a_number),
             TEST(one_that_goes_before_it_has_a_name_leaves_nothing),
             TEST(one_that_cannot_be_started_loses_who_waits),
             TEST(a_failure_does_not_touch_one_that_runs), TEST(one_that_does_not_come_is_given_up),
             TEST(without_a_parent_there_is_none),
             TEST(an_idle_one_is_drained_and_another_takes_its_place),
             TEST(what_it_said_before_it_went_is_heard),
             TEST(one_whose_process_ended_goes_though_its_socket_lives),
             TEST(one_that_breaks_the_protocol_is_ended),
             TEST(all_are_drained_when_the_keeper_stops),
             TEST(packets_keep_their_order_and_descriptors),
             TEST(a_packet_that_is_not_fetched_is_wiped), TEST(a_busy_one_leaves_others_their_turn),
             TEST(it_is_known_which_endpoints_it_was_told_of))
