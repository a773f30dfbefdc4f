/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_mysql_kept.c - when a server's connection outlives its client, who logs in over it, and that
 * a login goes on over a connection of its own where it will not do.
 */
#include "tests/lib/sm_test.h"

#include "common/clock.h"
#include "relay/mysql_packet.h"
#include "tests/relay/alone.h"
#include "tests/relay/talk.h"

#define PORT     3306
#define KEEP_MS  60000
#define NATIVE   "mysql_native_password"
#define NONCE    "1234567890abcdefghij"
#define OTHER    "abcdefghij1234567890"
#define PROOF    "proofproofproofproof"
#define OK(n)    "\7\0\0" n "\0\0\0\2\0\0\0"
#define REFUSED  "\xff\x15\4#28000no"
#define GONE     "\xff\xbf\x0f#HY000inactive"
#define QUIT     "\1\0\0\0\1"
#define RESET    "\1\0\0\0\x1f"
#define SELECT_1 "\x9\0\0\0\3select 1"
#define WORD     "00000000000000000000000000000000" /* as alone.h's randomness has it */
#define ECHO                                                                                       \
    OK("\1")                                                                                       \
    OK("\1")                                                                                       \
    "\1\0\0\1\1\6\0\0\2\3def\0\0\5\0\0\3\xfe\0\0\2\0\x21\0\0\4\x20" WORD "\5\0\0\5\xfe\0\0\2\0"

#define CAPABILITIES                                                                               \
    (MYSQL_PROTOCOL_41 | MYSQL_SECURE_CONNECTION | MYSQL_PLUGIN_AUTH | MYSQL_WITH_DB)
#define FOUND_ROWS 2u

static const struct relay_deadlines deadlines = {
    .startup_ms = 9000000, .connect_ms = 8000000, .keeper_ms = 1000000, .login_ms = 7000000};

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

/* ---- what is said ---- */

static void says_packet(int fd, struct relay_buffer *words)
{
    struct sm_bytes all = relay_buffer_view(words);
    says(fd, all.data, all.len);
    relay_buffer_clear(words);
}

static void greets_with(uint32_t thread_id, uint32_t capabilities)
{
    struct relay_buffer words = relay_buffer(512);
    struct mysql_greeting greeting = {.version = "10.11.2-MariaDB",
                                      .thread_id = thread_id,
                                      .capabilities = capabilities,
                                      .charset = 45,
                                      .status = 2,
                                      .plugin = NATIVE};
    memcpy(greeting.nonce, NONCE, sizeof greeting.nonce);
    assert_int_equal(mysql_greeting_write(&words, 0, &greeting), SMCRED_OK);
    says_packet(server(), &words);
}

static void greets(uint32_t thread_id)
{
    greets_with(thread_id, CAPABILITIES | FOUND_ROWS);
}

/* The client reads our greeting and answers. */
static void answers(uint64_t id, uint32_t capabilities)
{
    struct relay_buffer words = relay_buffer(512);
    struct mysql_response response = {.capabilities = capabilities,
                                      .max_packet = 1 << 24,
                                      .charset = 45,
                                      .user = "alice",
                                      .database = "ledger",
                                      .plugin = NATIVE};
    hears(client(id), "10.11.2-MariaDB");
    assert_int_equal(mysql_response_write(&words, 1, &response), SMCRED_OK);
    says_packet(client(id), &words);
}

static void switches(uint8_t sequence, const char *nonce)
{
    struct relay_buffer words = relay_buffer(512);
    assert_int_equal(mysql_switch_write(&words, sequence, NATIVE, sm_bytes(nonce, MYSQL_NONCE)),
                     SMCRED_OK);
    says_packet(server(), &words);
}

static void server_fails(uint8_t sequence, const char *text, size_t len)
{
    struct relay_buffer words = relay_buffer(64);
    const struct sm_bytes body = sm_bytes(text, len);
    assert_int_equal(mysql_packet_write(&words, sequence, &body, 1), SMCRED_OK);
    says_packet(server(), &words);
}

/* The keeper is asked about this nonce, and answers. */
static void is_proven(uint64_t id, const char *nonce)
{
    struct sm_wire_in in = hear(ORC_CHALLENGE);
    struct sm_bytes salt;
    assert_true(sm_wire_get(&in, ORC_T_SALT, &salt));
    assert_true(sm_bytes_is(salt, nonce));
    is_in(id, RELAY_PROVING);
    about(ORC_PROOF, id);
    sm_wire_put(&out, ORC_T_PROOF, sm_bytes_of(PROOF));
    sm_wire_put_text(&out, ORC_T_DBNAME, "ledger");
    tell_relay(-1);
    alone_turn();
}

/* ---- stories ---- */

static void opens(uint64_t id)
{
    comes_to(id, "mysql");
    (void)hear(ORC_OPEN);
    is_opened_to(id, PORT, KEEP_MS);
}

static void is_logged_in(uint64_t id)
{
    (void)hear(ORC_LOGGED_IN);
    is_in(id, RELAY_COPYING);
    hears(client(id), "\2"); /* the OK */
}

/* Over a connection of its own, the server's `count`th. */
static void logs_in_afresh(uint64_t id, size_t count)
{
    assert_int_equal(alone.servers.count, count);
    greets((uint32_t)(100 + count));
    if (alone.relay->sessions->phase == RELAY_STARTUP)
        answers(id, CAPABILITIES);
    is_proven(id, NONCE);
    hears(server(), "app");
    SAYS(server(), OK("\2"));
    is_logged_in(id);
}

static void leaves(uint64_t id)
{
    SAYS(client(id), QUIT);
    (void)hear(ORC_ENDED);
    assert_null(relay_find_session(alone.relay, id));
}

static bool is_kept(void)
{
    return alone.relay->kept.server.fd >= 0;
}

/* Session 1 has left its connection behind. */
static void is_left_behind(void)
{
    opens(1);
    logs_in_afresh(1, 1);
    leaves(1);
    hears(server(), WORD);
    SAYS(server(), ECHO);
    assert_true(is_kept() && alone.relay->kept.is_ready);
}

/* Session 2 has come, and its client was greeted before the keeper has said anything. */
static void is_greeted(void)
{
    is_left_behind();
    comes_to(2, "mysql");
    (void)hear(ORC_OPEN);
    is_in(2, RELAY_ASKING);
    assert_false(is_kept());
}

/* Session 2 has got it, and its client has answered. */
static void is_used(void)
{
    is_greeted();
    is_opened_to(2, PORT, KEEP_MS);
    assert_int_equal(alone.servers.count, 1);
    is_in(2, RELAY_STARTUP);
    answers(2, CAPABILITIES);
    assert_int_equal(session_of(2)->backend_pid, 101);
}

/* The server was told to end it, or nothing, and has read its end. */
static void has_ended(int fd, bool is_told)
{
    char words[4096];
    ssize_t len = recv(fd, words, sizeof words, MSG_DONTWAIT);
    if (is_told) {
        assert_int_equal(len, sizeof QUIT - 1);
        assert_memory_equal(words, QUIT, sizeof QUIT - 1);
        len = recv(fd, words, sizeof words, MSG_DONTWAIT);
    }
    assert_int_equal(len, 0);
}

/* ---- what is kept ---- */

static void nothing_is_kept_where_the_target_does_not_say_so(void **state)
{
    (void)state;
    comes_to(1, "mysql");
    (void)hear(ORC_OPEN);
    is_opened_to(1, PORT, 0);
    logs_in_afresh(1, 1);
    SAYS(client(1), QUIT);
    hears(server(), QUIT);
    assert_false(is_kept());
    is_in(1, RELAY_COPYING); /* until the server hangs up */
}

static void a_connection_is_kept_once_nothing_is_left_unread(void **state)
{
    (void)state;
    is_left_behind();
    assert_in_range(alone.relay->kept.deadline.at_ms, sm_boot_ms() + KEEP_MS - 30000,
                    sm_boot_ms() + KEEP_MS);
    hears(server(), "");
}

static void its_server_has_until_then_to_say_so(void **state)
{
    (void)state;
    opens(1);
    logs_in_afresh(1, 1);
    leaves(1);
    assert_false(alone.relay->kept.is_ready);
    assert_true(alone.relay->kept.deadline.at_ms > 0);
    opens(2); /* it is not for this one yet */
    assert_int_equal(alone.servers.count, 2);
    alone.relay->kept.deadline.expired(&alone.relay->kept.deadline);
    assert_false(is_kept());
}

static void an_answer_that_was_left_ends_it(void **state)
{
    (void)state;
    opens(1);
    logs_in_afresh(1, 1);
    SAYS(client(1), SELECT_1 SELECT_1);
    SAYS(server(), OK("\1"));
    leaves(1);
    hears(server(), WORD);
    SAYS(server(), OK("\1") ECHO);
    assert_false(is_kept());
    has_ended(server(), true);
}

static void a_client_that_was_not_answered_leaves_nothing(void **state)
{
    (void)state;
    opens(1);
    logs_in_afresh(1, 1);
    SAYS(client(1), SELECT_1);
    SAYS(client(1), QUIT);
    assert_false(is_kept());
    is_in(1, RELAY_COPYING);
}

static void what_no_reset_undoes_is_not_kept(void **state)
{
    (void)state;
    opens(1);
    logs_in_afresh(1, 1);
    SAYS(client(1), "\3\0\0\0\x1b\0\0"); /* COM_SET_OPTION: multi-statements */
    SAYS(server(), "\5\0\0\1\xfe\0\0\2\0");
    SAYS(client(1), QUIT);
    assert_false(is_kept());
}

static void a_client_that_breaks_off_leaves_nothing(void **state)
{
    (void)state;
    opens(1);
    logs_in_afresh(1, 1);
    sm_close_fd(&alone.clients.fd[0]);
    alone_turn();
    (void)hear(ORC_ENDED);
    assert_false(is_kept());
}

static void each_end_is_said_to_the_server(void **state)
{
    (void)state;
    is_left_behind();
    about(ORC_FORGET, 0);
    tell_relay(-1);
    alone_turn();
    assert_false(is_kept());
    has_ended(server(), true);
}

static void its_time_ends(void **state)
{
    (void)state;
    is_left_behind();
    alone.relay->kept.deadline.expired(&alone.relay->kept.deadline);
    assert_false(is_kept());
    has_ended(server(), true);
}

static void it_ends_with_its_keeper(void **state)
{
    (void)state;
    is_left_behind();
    sm_close_fd(&alone.keeper);
    alone_turn();
    assert_false(is_kept());
}

static void it_does_not_hold_up_a_relay_that_is_replaced(void **state)
{
    (void)state;
    is_left_behind();
    about(ORC_DRAIN, 0);
    tell_relay(-1);
    alone_turn();
    assert_false(is_kept());
    assert_true(alone.relay->loop.stop);
}

static void a_server_that_speaks_by_itself_ends_it(void **state)
{
    (void)state;
    is_left_behind();
    server_fails(0, GONE, sizeof GONE - 1);
    assert_false(is_kept());
}

static void one_at_a_time_is_kept(void **state)
{
    (void)state;
    opens(1);
    logs_in_afresh(1, 1);
    opens(2);
    logs_in_afresh(2, 2);
    leaves(1);
    leaves(2);
    hears(alone.servers.fd[0], RESET);
    hears(alone.servers.fd[1], WORD);
    assert_true(is_kept());
    has_ended(alone.servers.fd[0], false);
}

/* ---- who has it next ---- */

static void the_next_login_is_a_change_of_user(void **state)
{
    (void)state;
    is_used();
    is_proven(2, NONCE);
    hears(server(), "\x11"
                    "app");
    switches(1, NONCE);
    hears(server(), PROOF); /* and the keeper is not asked again */
    SAYS(server(), OK("\3"));
    is_logged_in(2);
    leaves(2);
    hears(server(), WORD);
}

static void whoever_answers_sooner_than_the_keeper_is_heard(void **state)
{
    (void)state;
    is_greeted();
    answers(2, CAPABILITIES);
    is_in(2, RELAY_ASKING);
    is_opened_to(2, PORT, KEEP_MS);
    is_proven(2, NONCE);
    hears(server(), "\x11"
                    "app");
}

static void a_client_that_is_refused_answers_first(void **state)
{
    (void)state;
    is_greeted();
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_OPENED, SMCRED_DENIED, 0);
    sm_wire_put_u64(&out, ORC_T_SESSION, 2);
    sm_wire_put_text(&out, ORC_T_SQLSTATE, "28000");
    sm_wire_put_text(&out, ORC_T_TEXT, "not you");
    tell_relay(-1);
    alone_turn();
    has_ended(server(), true);
    is_in(2, RELAY_STARTUP);
    answers(2, CAPABILITIES);
    (void)hear(ORC_ENDED);
    hears(client(2), "\2\xff\x15\4#28000smcred: not you");
}

static void so_does_one_whose_keeper_has_gone(void **state)
{
    (void)state;
    is_greeted();
    sm_close_fd(&alone.keeper);
    alone_turn();
    answers(2, CAPABILITIES);
    hears(client(2), "\2\xff");
}

static void another_server_must_do_what_the_client_was_told(void **state)
{
    (void)state;
    is_left_behind();
    comes_to(2, "mysql");
    (void)hear(ORC_OPEN);
    answers(2, CAPABILITIES | FOUND_ROWS);
    is_opened_to(2, PORT + 1, KEEP_MS);
    has_ended(alone.servers.fd[0], true);
    greets_with(102, CAPABILITIES);
    (void)hear(ORC_ENDED);
    hears(client(2), "it can do less");
}

static void and_the_one_behind_it_says_all_in_one_breath(void **state)
{
    (void)state;
    the_next_login_is_a_change_of_user(state);
    SAYS(server(), ECHO);
    opens(3);
    answers(3, CAPABILITIES);
    is_proven(3, NONCE);
    hears(server(), "\x14\0\0\2" PROOF);
    switches(1, NONCE);
    hears(server(), "");
    SAYS(server(), OK("\3"));
    is_logged_in(3);
}

static void a_server_that_asks_otherwise_then_is_left(void **state)
{
    (void)state;
    the_next_login_is_a_change_of_user(state);
    SAYS(server(), ECHO);
    opens(3);
    answers(3, CAPABILITIES);
    is_proven(3, NONCE);
    switches(1, OTHER);
    (void)hear(ORC_AGAIN);
    logs_in_afresh(3, 2);
}

static void another_nonce_has_another_proof(void **state)
{
    (void)state;
    is_used();
    is_proven(2, NONCE);
    switches(1, OTHER);
    (void)hear(ORC_AGAIN);
    is_proven(2, OTHER);
    SAYS(server(), OK("\3"));
    is_logged_in(2);
}

static void but_not_a_third_one(void **state)
{
    (void)state;
    is_used();
    is_proven(2, NONCE);
    switches(1, OTHER);
    (void)hear(ORC_AGAIN);
    is_proven(2, OTHER);
    switches(3, NONCE);
    (void)hear(ORC_AGAIN);
    logs_in_afresh(2, 2);
}

static void a_refusal_is_the_keepers_business(void **state)
{
    (void)state;
    is_used();
    is_proven(2, NONCE);
    switches(1, NONCE);
    server_fails(3, REFUSED, sizeof REFUSED - 1);
    (void)hear(ORC_REFUSED);
    is_opened_to(2, PORT, KEEP_MS);
    logs_in_afresh(2, 2);
}

static void a_client_that_names_no_database_has_it_too(void **state)
{
    (void)state;
    is_left_behind();
    opens(2);
    answers(2, CAPABILITIES & ~MYSQL_WITH_DB);
    is_proven(2, NONCE);
    hears(server(), "\x11"
                    "app");
}

static void other_capabilities_have_another_connection(void **state)
{
    (void)state;
    is_left_behind();
    opens(2);
    answers(2, CAPABILITIES | FOUND_ROWS);
    (void)hear(ORC_AGAIN);
    has_ended(alone.servers.fd[0], true);
    logs_in_afresh(2, 2);
    assert_int_equal(session_of(2)->told_pid, 101);
    assert_int_equal(session_of(2)->backend_pid, 102);
}

static void a_dead_one_costs_no_login(void **state)
{
    (void)state;
    is_used();
    sm_close_fd(&alone.servers.fd[0]);
    is_proven(2, NONCE);
    (void)hear(ORC_AGAIN);
    logs_in_afresh(2, 2);
}

static void nor_does_one_that_says_why_it_is_dead(void **state)
{
    (void)state;
    is_used();
    is_proven(2, NONCE);
    server_fails(1, GONE, sizeof GONE - 1);
    (void)hear(ORC_AGAIN);
    logs_in_afresh(2, 2);
}

static void nor_one_that_does_not_answer(void **state)
{
    (void)state;
    is_used();
    is_proven(2, NONCE);
    struct relay_session *session = relay_find_session(alone.relay, 2);
    assert_in_range(session->deadline.at_ms, sm_boot_ms(), sm_boot_ms() + deadlines.connect_ms / 4);
    session->deadline.expired(&session->deadline);
    (void)hear(ORC_AGAIN);
    logs_in_afresh(2, 2);
}

static void has_another_way(uint32_t endpoint, uint16_t port)
{
    is_left_behind();
    comes_to(2, "mysql");
    (void)hear(ORC_OPEN);
    is_opened_by(2, endpoint, port, KEEP_MS);
    assert_false(is_kept());
    has_ended(alone.servers.fd[0], true);
    logs_in_afresh(2, 2);
}

static void another_address_of_the_target_ends_it(void **state)
{
    (void)state;
    has_another_way(PORT, PORT + 1);
}

static void another_certificate_to_verify_ends_it(void **state)
{
    (void)state;
    has_another_way(PORT + 1, PORT);
}

#define KEPT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(
    KEPT_TEST(nothing_is_kept_where_the_target_does_not_say_so),
    KEPT_TEST(a_connection_is_kept_once_nothing_is_left_unread),
    KEPT_TEST(its_server_has_until_then_to_say_so), KEPT_TEST(an_answer_that_was_left_ends_it),
    KEPT_TEST(a_client_that_was_not_answered_leaves_nothing),
    KEPT_TEST(what_no_reset_undoes_is_not_kept), KEPT_TEST(a_client_that_breaks_off_leaves_nothing),
    KEPT_TEST(each_end_is_said_to_the_server), KEPT_TEST(its_time_ends),
    KEPT_TEST(it_ends_with_its_keeper), KEPT_TEST(it_does_not_hold_up_a_relay_that_is_replaced),
    KEPT_TEST(a_server_that_speaks_by_itself_ends_it), KEPT_TEST(one_at_a_time_is_kept),
    KEPT_TEST(the_next_login_is_a_change_of_user),
    KEPT_TEST(whoever_answers_sooner_than_the_keeper_is_heard),
    KEPT_TEST(a_client_that_is_refused_answers_first), KEPT_TEST(so_does_one_whose_keeper_has_gone),
    KEPT_TEST(another_server_must_do_what_the_client_was_told),
    KEPT_TEST(and_the_one_behind_it_says_all_in_one_breath),
    KEPT_TEST(a_server_that_asks_otherwise_then_is_left),
    KEPT_TEST(another_nonce_has_another_proof), KEPT_TEST(but_not_a_third_one),
    KEPT_TEST(a_refusal_is_the_keepers_business),
    KEPT_TEST(a_client_that_names_no_database_has_it_too),
    KEPT_TEST(other_capabilities_have_another_connection), KEPT_TEST(a_dead_one_costs_no_login),
    KEPT_TEST(nor_does_one_that_says_why_it_is_dead), KEPT_TEST(nor_one_that_does_not_answer),
    KEPT_TEST(another_address_of_the_target_ends_it),
    KEPT_TEST(another_certificate_to_verify_ends_it))
