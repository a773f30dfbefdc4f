/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_keeper.c - what ended without a keeper is reported to the next one, all of it and in order.
 */
#include "tests/lib/sm_test.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/oracle.h"
#include "common/seqpacket.h"
#include "relay/relay.h"

static void attach(struct relay *relay, int *out_far)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends),
                     0);
    relay_keeper_attach(relay, ends[0]);
    *out_far = ends[1];
}

static bool say(struct relay *relay, enum orc_verb verb, uint64_t session)
{
    uint8_t buffer[64];
    struct sm_wire_out out;
    sm_wire_begin(&out, buffer, sizeof buffer, (uint16_t)verb, SMCRED_OK, 0);
    sm_wire_put_u64(&out, ORC_T_SESSION, session);
    assert_int_equal(sm_wire_finish(&out), SMCRED_OK);
    return relay_keeper_send(relay, &out, verb == ORC_ENDED);
}

/* The session that the next message is about; 0: there is none. */
static uint64_t hear(struct relay *relay, int far, enum orc_verb *out_verb)
{
    uint8_t packet[SM_WIRE_MAX];
    struct sm_wire_in message;
    uint64_t session = 0;
    size_t len = 0;
    if (relay)
        relay->keeper.watch.ready(&relay->keeper.watch, EPOLLOUT); /* there is room again */
    if (sm_seqpacket_receive(far, packet, sizeof packet, NULL, 0, &len) != SMCRED_OK)
        return 0;
    assert_int_equal(sm_wire_parse(sm_bytes(packet, len), &message), SMCRED_OK);
    assert_true(sm_wire_get_u64(&message, ORC_T_SESSION, &session));
    *out_verb = message.header.verb;
    return session;
}

/* Until no more can wait: a report, a question, a report, ...; returns the last session's number.
 */
static uint64_t fill(struct relay *relay)
{
    uint64_t session = 0;
    while (say(relay, session % 2 == 0 ? ORC_ENDED : ORC_SCRAM, session + 1))
        session++;
    assert_int_equal(relay->keeper.waiting, RELAY_QUEUE_MAX);
    return session;
}

static void a_full_queue_keeps_its_reports_for_the_next_keeper(void **state)
{
    (void)state;
    struct relay *relay = calloc(1, sizeof *relay);
    enum orc_verb verb = ORC_DRAIN;
    uint64_t heard = 0, session;
    int first, second;
    assert_non_null(relay);
    relay->keeper.watch.fd = -1;
    assert_int_equal(relay_loop_init(&relay->loop), SMCRED_OK);
    attach(relay, &first);
    uint64_t last = fill(relay);
    relay_keeper_detach(relay);
    while ((session = hear(NULL, first, &verb)) != 0)
        assert_int_equal(session, ++heard);
    attach(relay, &second);
    heard += heard % 2; /* only questions go with the keeper that was asked */
    while ((session = hear(relay, second, &verb)) != 0) {
        assert_int_equal(verb, ORC_ENDED);
        assert_int_equal(session, heard + 1);
        heard += 2;
    }
    assert_true(heard >= last);
    relay_keeper_detach(relay);
    relay_keeper_done(&relay->keeper);
    relay_loop_done(&relay->loop);
    assert_int_equal(close(first) | close(second), 0);
    free(relay);
}

SM_TEST_MAIN(cmocka_unit_test(a_full_queue_keeps_its_reports_for_the_next_keeper))
