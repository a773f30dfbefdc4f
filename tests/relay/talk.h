/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * talk.h - what keeper, clients and servers of alone.h say, and what they hear.
 *
 * Included once, by test_session.c and test_mysql_kept.c.
 */
#ifndef TESTS_RELAY_TALK_H
#define TESTS_RELAY_TALK_H

#include "tests/lib/sm_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "tests/relay/alone.h"

static struct sm_wire_out out;
static uint8_t buffer[4096];

static void about(uint16_t verb, uint64_t session)
{
    sm_wire_begin(&out, buffer, sizeof buffer, verb, SMCRED_OK, 0);
    if (session != 0)
        sm_wire_put_u64(&out, ORC_T_SESSION, session);
}

static void tell_relay(int fd)
{
    struct sm_fds fds = {{fd, -1}, fd >= 0 ? 1 : 0};
    assert_int_equal(sm_wire_finish(&out), SMCRED_OK);
    assert_int_equal(sm_seqpacket_send(alone.keeper, sm_bytes(out.data, out.len), &fds, 0),
                     SMCRED_OK);
}

static void says(int fd, const void *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
    alone_turn();
}
#define SAYS(fd, text) says(fd, text, sizeof(text) - 1)

static int client(size_t session)
{
    return alone.clients.fd[session - 1];
}

/* The server that was dialled last. */
static int server(void)
{
    assert_true(alone.servers.count > 0);
    return alone.servers.fd[alone.servers.count - 1];
}

/* The next message of the relay to its keeper. */
static struct sm_wire_in hear(uint16_t verb)
{
    static uint8_t packet[SM_WIRE_MAX];
    struct sm_wire_in in;
    size_t len;
    assert_int_equal(sm_seqpacket_receive(alone.keeper, packet, sizeof packet, NULL, 0, &len),
                     SMCRED_OK);
    assert_int_equal(sm_wire_parse(sm_bytes(packet, len), &in), SMCRED_OK);
    assert_int_equal(in.header.verb, verb);
    return in;
}

/* All that is there to be read holds this text; "": nothing is. */
static void hears(int fd, const char *text)
{
    char words[4096];
    ssize_t len = recv(fd, words, sizeof words, MSG_DONTWAIT);
    if (!*text)
        assert_int_equal(len, -1);
    else
        assert_true(len > 0 && memmem(words, (size_t)len, text, strlen(text)));
}

static const struct relay_session *session_of(uint64_t id)
{
    const struct relay_session *session = relay_find_session(alone.relay, id);
    assert_non_null(session);
    return session;
}

static void is_in(uint64_t id, enum relay_phase phase)
{
    assert_int_equal(session_of(id)->phase, phase);
}

/* Session `id`, whose client is the id-th. */
static void comes_to(uint64_t id, const char *engine)
{
    int theirs = alone_pair(&alone.clients);
    about(ORC_SESSION, id);
    sm_wire_put_text(&out, ORC_T_ENGINE, engine);
    sm_wire_put_text(&out, ORC_T_TARGET, "orders");
    sm_wire_put_text(&out, ORC_T_OPERATOR, "alice");
    tell_relay(theirs);
    close(theirs);
    alone_turn();
}

/* Over no TLS.  The connection may be kept for so long afterwards; 0: it is not. */
static void is_opened_by(uint64_t id, uint32_t endpoint, uint16_t port, uint32_t keep_ms)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (!relay_find_endpoint(alone.relay, endpoint)) {
        about(ORC_ENDPOINT, 0);
        sm_wire_put_u32(&out, ORC_T_ENDPOINT, endpoint);
        sm_wire_put_text(&out, ORC_T_HOST, "db.internal");
        sm_wire_put_u32(&out, ORC_T_TLS, ORC_TLS_DISABLE);
        tell_relay(-1);
    }
    about(ORC_OPENED, id);
    sm_wire_put_u32(&out, ORC_T_ENDPOINT, endpoint);
    sm_wire_put(&out, ORC_T_ADDRESS, sm_bytes(&address, sizeof address));
    sm_wire_put_text(&out, ORC_T_USER, "app");
    sm_wire_put_text(&out, ORC_T_DBNAME, "orders");
    sm_wire_put_text(&out, ORC_T_VERSION, "v1");
    sm_wire_put_u32(&out, ORC_T_ATTEMPT, 1);
    if (keep_ms > 0)
        sm_wire_put_u32(&out, ORC_T_KEEP_MS, keep_ms);
    tell_relay(-1);
    alone_turn();
}

/* The endpoint has the number of its port. */
static void is_opened_to(uint64_t id, uint16_t port, uint32_t keep_ms)
{
    is_opened_by(id, port, port, keep_ms);
}

#endif
