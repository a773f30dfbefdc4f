/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_redis_filter.c - what a server of Redis hears of what its clients say. */
#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "relay/redis_filter.h"

#define OK   "+OK\r\n"
#define PING "*1\r\n$4\r\nPING\r\n"

/* What comes of a client's words. */
struct heard {
    char server[8192], client[1024];
    size_t server_len, client_len;
    bool goodbye;
};

static void put(char *text, size_t *len, size_t size, struct sm_bytes bytes)
{
    assert_true(*len + bytes.len < size);
    if (bytes.len > 0)
        memcpy(text + *len, bytes.data, bytes.len);
    *len += bytes.len;
    text[*len] = '\0';
}

static void listen_to(struct redis_filter *filter, struct sm_bytes words, struct heard *heard)
{
    while (words.len > 0) {
        struct relay_sifted sifted;
        struct relay_buffer instead = relay_buffer(REDIS_INSTEAD_MAX);
        struct relay_buffer answer = relay_buffer(REDIS_INSTEAD_MAX);
        assert_true(redis_filter_sift(filter, words, &sifted, &instead, &answer));
        assert_true(sifted.pass <= sifted.taken && sifted.taken <= words.len);
        put(heard->server, &heard->server_len, sizeof heard->server,
            sm_bytes(words.data, sifted.pass));
        put(heard->server, &heard->server_len, sizeof heard->server, relay_buffer_view(&instead));
        put(heard->client, &heard->client_len, sizeof heard->client, relay_buffer_view(&answer));
        relay_buffer_clear(&instead);
        relay_buffer_clear(&answer);
        words = sm_bytes((const char *)words.data + sifted.taken, words.len - sifted.taken);
    }
}

/* In pieces of so many bytes. */
static void listen_in_pieces(struct redis_filter *filter, const char *words, size_t len,
                             size_t piece, struct heard *heard)
{
    for (size_t at = 0; at < len; at += piece)
        listen_to(filter, sm_bytes(words + at, len - at < piece ? len - at : piece), heard);
}

static struct heard hear(const char *user, const char *words, size_t len, size_t piece)
{
    struct heard heard = {.server_len = 0};
    struct redis_filter filter = redis_filter(user, "alice", false);
    listen_in_pieces(&filter, words, len, piece, &heard);
    heard.goodbye = filter.goodbye;
    redis_filter_done(&filter);
    return heard;
}

/* However the words come in pieces, server and client hear the same. */
static struct heard check(const char *user, const char *words, size_t len, const char *server,
                          const char *client)
{
    struct heard heard;
    for (size_t piece = len; piece > 0; piece--) {
        heard = hear(user, words, len, piece);
        assert_string_equal(heard.server, server);
        assert_string_equal(heard.client, client);
    }
    return heard;
}
#define CHECK(words, server, client) check("app", words, sizeof(words) - 1, server, client)
#define PASSES(words)                CHECK(words, words, "")

/* ---- most commands ---- */

static void what_is_not_looked_at_goes_by(void **state)
{
    (void)state;
    PASSES(PING PING "*3\r\n$3\r\nset\r\n$1\r\na\r\n$4\r\n\r\n*1\r\n" PING);
    PASSES("*2\r\n$3\r\nGET\r\n$0\r\n\r\n*0\r\n*-1\r\n" PING);
    PASSES("*1\r\n$11\r\nAUTHENTICATE\r\n*1\r\n$11\r\nRESETTLE-IT\r\n");
    PASSES("*2\r\n$4\r\nECHO\r\n$4\r\nAUTH\r\n*2\r\n$4\r\nECHO\r\n$20\r\n*1\r\n$"
           "5\r\nRESET\r\n\r\n\r\n\r\n\r\n");
    PASSES("set a 1\r\n\r\n  get a\nping\r\n");
}

static void a_name_in_the_middle_of_a_value_is_none(void **state)
{
    (void)state;
    PASSES("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$24\r\n\r\n*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n\r\n" PING);
}

static void what_is_left_of_the_protocol_is_the_servers_to_refuse(void **state)
{
    (void)state;
    CHECK("*1\r\nPING\r\n" PING, "*1\r\n!\r\n", "");
    CHECK(PING "*01\r\n$4\r\nPING\r\n", PING "*1\r\n!\r\n", "");
    CHECK("*1\r\n$-1\r\n", "*1\r\n!\r\n", "");
    CHECK("*99999999999\r\n", "*1\r\n!\r\n", "");
    CHECK("get \0\r\nreset\r\n", "*1\r\n!\r\n", "");
    struct heard heard = hear("app", "*2\r\n$3\r\nGET\r\n+a\r\n" PING, 17, 4);
    assert_string_equal(heard.server, "*2\r\n$3\r\nGET\r\n!\r\n"); /* in the middle of a command */
}

/* ---- logging in ---- */

static void a_login_is_answered_here_and_no_server_hears_a_password(void **state)
{
    (void)state;
    CHECK("*2\r\n$4\r\nAUTH\r\n$4\r\nabcd\r\n", "", OK);
    CHECK("*3\r\n$4\r\nauth\r\n$3\r\napp\r\n$4\r\nabcd\r\n" PING, PING, OK);
    CHECK("*3\r\n$4\r\nAUTH\r\n$5\r\nalice\r\n$4\r\nabcd\r\n" PING, PING, OK);
    CHECK("*3\r\n$4\r\nAUTH\r\n$7\r\ndefault\r\n$1\r\nx\r\n*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n", "",
          OK OK);
    CHECK("*3\r\n$4\r\nAUTH\r\n$0\r\n\r\n$4\r\nabcd\r\n" PING, PING, OK);
    CHECK("AUTH abcd\r\n auth \"app\" 'ab cd'\r\n" PING, PING, OK OK);
    PASSES("*1\r\n$4\r\nAUTH\r\n"); /* it says what is wrong with that */
}

static void the_login_of_another_user_is_refused(void **state)
{
    (void)state;
    const char *said =
        "-WRONGPASS smcred: this connection is logged in as the target's user, and as "
        "no other; leave the user out\r\n";
    CHECK("*3\r\n$4\r\nAUTH\r\n$4\r\nroot\r\n$4\r\nabcd\r\n" PING, PING, said);
    CHECK("*3\r\n$4\r\nAUTH\r\n$3\r\nAPP\r\n$4\r\nabcd\r\n", "", said);
}

/* As a server hears it: a command that it does not know. */
static const char *refusal(const char *before, const char *text, const char *after)
{
    static char words[512];
    (void)snprintf(words, sizeof words, "%s*1\r\n$%zu\r\nsmcred: %s\r\n%s", before,
                   strlen("smcred: ") + strlen(text), text, after);
    assert_true(strlen(text) + strlen("smcred: ") <= 128); /* all of it is said again */
    return words;
}
#define LATE       "you are logged in already, and no password is needed"
#define NO_LOGIN   "AUTH takes a password, or a user and a password"
#define OTHER_USER "the user of a connection cannot be changed"
#define LOGS_OUT   "RESET would log this connection out; connect anew"
#define OWN        "the password of this user is the target's secret and is changed by rotation only"

/* Its place among the server's answers is not known here. */
static void a_login_in_the_middle_of_things_is_refused_by_the_server_in_its_turn(void **state)
{
    (void)state;
    CHECK(PING "*2\r\n$4\r\nAUTH\r\n$4\r\nabcd\r\n" PING, refusal(PING, LATE, PING), "");
    CHECK("PING\r\nAUTH x\r\n", refusal("PING\r\n", LATE, ""), "");
    CHECK(PING "*3\r\n$4\r\nAUTH\r\n$1\r\nx\r\n$4\r\nabcd\r\n", refusal(PING, OTHER_USER, ""), "");
}

/* As it is typed by who forgets a quote. */
static void a_login_that_is_none_takes_no_password_with_it(void **state)
{
    (void)state;
    CHECK("AUTH ab cd ef\r\n" PING, refusal("", NO_LOGIN, PING), "");
    CHECK("*4\r\n$4\r\nAUTH\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n", refusal("", NO_LOGIN, ""), "");
    CHECK("AUTH \"abcd\r\n" PING, "\"\r\n" PING, "");
    CHECK(PING "hello 3 auth app 'ab'cd\r\n", PING "\"\r\n", "");
}

static void hello_goes_without_its_login_and_with_the_humans_name(void **state)
{
    (void)state;
    PASSES("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n");
    PASSES("*1\r\n$5\r\nhello\r\n");
    CHECK("*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$3\r\napp\r\n$4\r\nabcd\r\n",
          "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n", "");
    CHECK(PING "*7\r\n$5\r\nhello\r\n$1\r\n2\r\n$4\r\nauth\r\n$7\r\ndefault\r\n$4\r\nabcd\r\n"
               "$7\r\nsetname\r\n$2\r\nw1\r\n",
          PING "*4\r\n$5\r\nHELLO\r\n$1\r\n2\r\n$7\r\nsetname\r\n$15\r\nsmcred:alice:w1\r\n", "");
    CHECK("HELLO 3 AUTH app 'a b'\r\n", "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n", "");
    CHECK("*4\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$4\r\nabcd\r\n",
          "*3\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n", "");
    CHECK("*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$1\r\nx\r\n$4\r\nabcd\r\n" PING,
          refusal("", OTHER_USER, PING), "");
}

static void a_connections_name_says_whose_it_is(void **state)
{
    (void)state;
    CHECK("*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$2\r\nw1\r\n",
          "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$15\r\nsmcred:alice:w1\r\n", "");
    PASSES("*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$15\r\nsmcred:alice:w1\r\n");
    CHECK("*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$0\r\n\r\n",
          "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$12\r\nsmcred:alice\r\n", "");
    CHECK("CLIENT SETNAME smcred:alicea\r\n", /* who is somebody else */
          "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$26\r\nsmcred:alice:smcred:alicea\r\n", "");
    PASSES("*2\r\n$6\r\nCLIENT\r\n$4\r\nLIST\r\n");
    PASSES("*2\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n");
}

static void nobody_is_logged_out(void **state)
{
    (void)state;
    CHECK(PING "*1\r\n$5\r\nReset\r\n" PING, refusal(PING, LOGS_OUT, PING), "");
    CHECK("\"\\x72eset\"\r\n", refusal("", LOGS_OUT, ""), "");
    CHECK("re'set'\n", refusal("", LOGS_OUT, ""), "");
}

static void who_quits_is_known(void **state)
{
    (void)state;
    assert_true(PASSES("*1\r\n$4\r\nQUIT\r\n").goodbye);
    assert_false(PASSES(PING).goodbye);
}

/* ---- the guard ---- */

static void what_the_guard_objects_to_the_server_never_hears(void **state)
{
    static const char requirepass[] = "CONFIG SET requirepass x\r\n";
    (void)state;
    CHECK("*4\r\n$3\r\nacl\r\n$7\r\nSETUSER\r\n$3\r\napp\r\n$2\r\n>x\r\n" PING,
          refusal("", OWN, PING), "");
    check("default", requirepass, sizeof requirepass - 1, refusal("", OWN, ""), "");
    PASSES("ACL setuser application >new\r\n");
    PASSES(requirepass);
}

/* ---- replication ---- */

#define SYNCS    "SYNC\r\n*3\r\n$5\r\npsync\r\n$1\r\n?\r\n$2\r\n-1\r\n"
#define NO_COPY  "this target permits no replication; replication = yes in smcred.conf would"
#define REPLCONF "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n0\r\n"

static void nobody_copies_all_where_the_target_says_nothing_of_replication(void **state)
{
    (void)state;
    CHECK("sync\r\n" PING, refusal("", NO_COPY, PING), "");
    CHECK("*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n", refusal("", NO_COPY, ""), "");
    CHECK(PING REPLCONF, refusal(PING, NO_COPY, ""), "");
    PASSES("*1\r\n$5\r\nSYNCS\r\n*1\r\n$9\r\nREPLICAOF\r\n");
}

static void who_may_is_a_replica_and_goes_on_talking(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < sizeof SYNCS; piece++) {
        struct heard heard = {.server_len = 0};
        struct redis_filter filter = redis_filter("app", "alice", true);
        listen_in_pieces(&filter, PING, sizeof PING - 1, piece, &heard);
        assert_false(filter.replicates);
        listen_in_pieces(&filter, SYNCS "\n\n" REPLCONF, sizeof SYNCS "\n\n" REPLCONF - 1, piece,
                         &heard);
        assert_true(filter.replicates);
        assert_string_equal(heard.server, PING SYNCS "\n\n" REPLCONF);
        redis_filter_done(&filter);
    }
}

/* ---- limits ---- */

static void a_command_that_is_looked_at_has_a_limit(void **state)
{
    static char words[REDIS_COMMAND_MAX + 100];
    (void)state;
    int len = snprintf(words, sizeof words, "*2\r\n$4\r\nAUTH\r\n$%d\r\n", 2 * REDIS_COMMAND_MAX);
    memset(words + len, 'a', sizeof words - (size_t)len);
    for (size_t piece = sizeof words; piece > 1000; piece /= 3) {
        struct heard heard = hear("app", words, sizeof words, piece);
        assert_string_equal(heard.server, refusal("", "the command is too long", "*1\r\n!\r\n"));
    }
    memset(words, 'a', sizeof words);
    struct heard heard = hear("app", words, sizeof words, 5000);
    assert_string_equal(heard.server, refusal("", "the command is too long", "*1\r\n!\r\n"));
}

static void without_memory_or_room_it_fails(void **state)
{
    static const char words[] = "RESET\r\n";
    struct relay_sifted sifted;
    struct relay_buffer instead = relay_buffer(10), answer = relay_buffer(10);
    struct redis_filter filter = redis_filter("app", "alice", false);
    (void)state;
    assert_false(
        redis_filter_sift(&filter, sm_bytes(words, sizeof words - 1), &sifted, &instead, &answer));
    relay_buffer_clear(&instead);
    relay_buffer_clear(&answer);
    redis_filter_done(&filter);
}

/* ---- the first command ---- */

static bool wishes(const char *words, const char *user, const char *name)
{
    struct redis_wish wish;
    return redis_wish_parse(sm_bytes(words, strlen(words)), &wish) &&
           wish.user.len == strlen(user) &&
           memcmp(wish.user.len > 0 ? wish.user.data : "", user, wish.user.len) == 0 &&
           wish.name.len == strlen(name) &&
           memcmp(wish.name.len > 0 ? wish.name.data : "", name, wish.name.len) == 0;
}

static void the_first_command_says_who_the_client_wants_to_be(void **state)
{
    (void)state;
    assert_true(wishes(PING, "", ""));
    assert_true(wishes("PING\r\n", "", ""));
    assert_true(wishes("*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n", "", ""));
    assert_true(wishes("*3\r\n$4\r\nAUTH\r\n$4\r\nroot\r\n$1\r\nx\r\n", "root", ""));
    assert_true(wishes("*7\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$4\r\nroot\r\n$1\r\nx\r\n"
                       "$7\r\nSETNAME\r\n$2\r\nw1\r\n",
                       "root", "w1"));
    assert_true(wishes("*2\r\n$3\r\nGET\r\n$100\r\n", "", "")); /* it is long enough to know */
    assert_true(wishes("*x\r\n", "", ""));
}

static void until_it_is_known_more_is_read(void **state)
{
    struct redis_wish wish;
    static const char words[] = "*3\r\n$4\r\nAUTH\r\n$4\r\nroot\r\n$1\r\nx\r\n";
    (void)state;
    for (size_t len = 0; len < sizeof words - 1; len++)
        assert_false(redis_wish_parse(sm_bytes(words, len), &wish));
}

static void a_stamp_is_a_name_that_servers_take(void **state)
{
    char name[REDIS_NAME_MAX], operator_name[REDIS_NAME_MAX];
    (void)state;
    size_t len = redis_stamp("al ice", sm_bytes("w", 1), name);
    assert_memory_equal(name, "smcred:al_ice:w", len);
    memset(operator_name, 'o', sizeof operator_name);
    operator_name[sizeof operator_name - 1] = '\0';
    static const char client[2 * REDIS_NAME_MAX] = "worker";
    assert_true(redis_stamp(operator_name, sm_bytes(client, sizeof client), name) < REDIS_NAME_MAX);
}

SM_TEST_MAIN(cmocka_unit_test(what_is_not_looked_at_goes_by),
             cmocka_unit_test(a_name_in_the_middle_of_a_value_is_none),
             cmocka_unit_test(what_is_left_of_the_protocol_is_the_servers_to_refuse),
             cmocka_unit_test(a_login_is_answered_here_and_no_server_hears_a_password),
             cmocka_unit_test(the_login_of_another_user_is_refused),
             cmocka_unit_test(a_login_in_the_middle_of_things_is_refused_by_the_server_in_its_turn),
             cmocka_unit_test(a_login_that_is_none_takes_no_password_with_it),
             cmocka_unit_test(hello_goes_without_its_login_and_with_the_humans_name),
             cmocka_unit_test(a_connections_name_says_whose_it_is),
             cmocka_unit_test(nobody_is_logged_out), cmocka_unit_test(who_quits_is_known),
             cmocka_unit_test(what_the_guard_objects_to_the_server_never_hears),
             cmocka_unit_test(nobody_copies_all_where_the_target_says_nothing_of_replication),
             cmocka_unit_test(who_may_is_a_replica_and_goes_on_talking),
             cmocka_unit_test(a_command_that_is_looked_at_has_a_limit),
             cmocka_unit_test(without_memory_or_room_it_fails),
             cmocka_unit_test(the_first_command_says_who_the_client_wants_to_be),
             cmocka_unit_test(until_it_is_known_more_is_read),
             cmocka_unit_test(a_stamp_is_a_name_that_servers_take))
