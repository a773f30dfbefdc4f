/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_listen.c - a socket per target, through reloads, and pairs that no stranger gets into. */
#include "tests/lib/sm_test.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "keeper/listen.h"
#include "keeper/spare.h"

static char directory[64];
static struct options options;
static struct keeper keeper;

static int setup(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/test_listen.XXXXXX");
    assert_non_null(mkdtemp(directory));
    options = (struct options){.runtime_dir = directory};
    keeper = (struct keeper){.options = &options, .base = event_base_new()};
    assert_non_null(keeper.base);
    return listeners_new(&keeper, &keeper.listeners) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    listeners_free(keeper.listeners);
    config_unref(keeper.config);
    event_base_free(keeper.base);
    assert_int_equal(rmdir(directory), 0); /* nothing was left in it */
    return 0;
}

static enum smcred_status update(const char *text)
{
    struct config_problems problems;
    struct config_options how = {.file = "c.conf", .owner = getuid(), .without_files = true};
    config_unref(keeper.config);
    keeper.config = NULL;
    assert_int_equal(config_parse(&how, sm_bytes_of(text), &keeper.config, &problems), SMCRED_OK);
    return listeners_update(keeper.listeners, keeper.config);
}

static const char *path_of(const char *name)
{
    static char path[100];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

/* 0 if there is none. */
static ino_t socket_at(const char *name)
{
    struct stat about;
    return lstat(path_of(name), &about) == 0 && S_ISSOCK(about.st_mode) ? about.st_ino : 0;
}

#define A         "[target a]\nsecret = s\ntls = disable\n"
#define B         "[target b]\nsecret = s\ntls = disable\n"
#define SOCKET(x) x "/.s.PGSQL.5432"

static void every_target_has_a_socket_for_everybody(void **state)
{
    (void)state;
    struct stat about;
    assert_int_equal(update(A B), SMCRED_OK);
    assert_int_not_equal(socket_at("control.sock"), 0);
    assert_int_not_equal(socket_at(SOCKET("a")), 0);
    assert_int_not_equal(socket_at(SOCKET("b")), 0);
    assert_int_equal(stat(path_of(SOCKET("a")), &about), 0);
    assert_int_equal(about.st_mode & 07777, 0666);
}

static void a_reload_touches_only_what_changed(void **state)
{
    (void)state;
    assert_int_equal(update(A), SMCRED_OK);
    ino_t control = socket_at("control.sock"), kept = socket_at(SOCKET("a"));
    assert_int_equal(update(A B), SMCRED_OK);
    assert_int_equal(socket_at("control.sock"), control);
    assert_int_equal(socket_at(SOCKET("a")), kept);
    assert_int_not_equal(socket_at(SOCKET("b")), 0);
    assert_int_equal(update(B), SMCRED_OK);
    assert_int_equal(access(path_of("a"), F_OK), -1); /* with its directory */
}

static void what_a_dead_keeper_left_is_replaced(void **state)
{
    (void)state;
    struct sockaddr_un left = {.sun_family = AF_UNIX};
    assert_int_equal(mkdir(path_of("a"), 0755), 0);
    snprintf(left.sun_path, sizeof left.sun_path, "%s", path_of(SOCKET("a")));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&left, sizeof left), 0);
    close(fd);
    assert_int_equal(update(A), SMCRED_OK);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&left, sizeof left), 0);
    close(fd);
}

/* A keeper that hangs has accepted nobody; what he said so far lies in the socket. */
static void who_waits_is_told_when_the_keeper_gives_up(void **state)
{
    (void)state;
    struct sockaddr_un target = {.sun_family = AF_UNIX};
    char words[512];
    assert_int_equal(update(A B), SMCRED_OK);
    snprintf(target.sun_path, sizeof target.sun_path, "%s", path_of(SOCKET("a")));
    int clients[2];
    for (int i = 0; i < 2; i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        assert_int_equal(connect(clients[i], (struct sockaddr *)&target, sizeof target), 0);
        assert_int_equal(send(clients[i], "startup", 7, 0), 7);
    }
    listeners_give_up(keeper.listeners);
    for (int i = 0; i < 2; i++) {
        ssize_t len = recv(clients[i], words, sizeof words, MSG_DONTWAIT);
        assert_true(len > 0 && words[0] == 'E');
        assert_non_null(memmem(words, (size_t)len, "C57P03", 6));
        assert_non_null(memmem(words, (size_t)len, "smcred: the keeper does not answer", 34));
        close(clients[i]);
    }
}

static void what_is_no_socket_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_of("a"), 0755), 0);
    FILE *file = fopen(path_of(SOCKET("a")), "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(update(A B), SMCRED_SYSTEM);
    assert_int_not_equal(socket_at(SOCKET("b")), 0); /* the others have theirs */
    assert_int_equal(unlink(path_of(SOCKET("a"))), 0);
    assert_int_equal(rmdir(path_of("a")), 0);
}

static void a_pair_is_connected_on_loopback(void **state)
{
    (void)state;
    int client, server;
    char byte = 0;
    struct sockaddr_in own, peer;
    socklen_t len = sizeof own;
    assert_int_equal(listen_tcp_pair(&client, &server), SMCRED_OK);
    assert_int_equal(write(client, "x", 1), 1);
    ssize_t got;
    while ((got = read(server, &byte, 1)) < 0) /* loopback: it is there, or about to be */
        assert_int_equal(errno, EAGAIN);
    assert_int_equal(byte, 'x');
    assert_int_equal(getsockname(client, (struct sockaddr *)&own, &len), 0);
    len = sizeof peer;
    assert_int_equal(getpeername(server, (struct sockaddr *)&peer, &len), 0);
    assert_int_equal(own.sin_port, peer.sin_port);
    assert_int_equal(ntohl(peer.sin_addr.s_addr), INADDR_LOOPBACK);
    close(client);
    close(server);
}

/* Who is faster than we are at our own listener. */
static int strangers[16];
static size_t stranger_count;
static size_t connects; /* of our own */

int __real_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    for (size_t i = 0; i < stranger_count; i++) {
        strangers[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(__real_connect(strangers[i], address, len), 0);
    }
    connects++;
    return __real_connect(fd, address, len);
}

/* They are connected to nobody any more. */
static void strangers_are_gone(void)
{
    char byte;
    for (size_t i = 0; i < stranger_count; i++) {
        assert_true(recv(strangers[i], &byte, 1, 0) <= 0); /* waits for the end */
        close(strangers[i]);
    }
    stranger_count = 0;
}

static void a_stranger_who_is_faster_gets_nothing(void **state)
{
    (void)state;
    int client, server;
    struct sockaddr_in own, peer;
    socklen_t len = sizeof own;
    stranger_count = 3;
    assert_int_equal(listen_tcp_pair(&client, &server), SMCRED_OK);
    assert_int_equal(getsockname(client, (struct sockaddr *)&own, &len), 0);
    len = sizeof peer;
    assert_int_equal(getpeername(server, (struct sockaddr *)&peer, &len), 0);
    assert_int_equal(own.sin_port, peer.sin_port);
    strangers_are_gone();
    close(client);
    close(server);
}

static void a_crowd_of_strangers_is_given_up_on(void **state)
{
    (void)state;
    int client, server;
    stranger_count = sizeof strangers / sizeof *strangers;
    assert_int_equal(listen_tcp_pair(&client, &server), SMCRED_LIMITED);
    strangers_are_gone();
}

static void the_next_pair_is_made_before_it_is_wanted(void **state)
{
    (void)state;
    struct spare *spare;
    int client, server, next_client, next_server;
    assert_int_equal(spare_new(keeper.base, &spare), SMCRED_OK);
    connects = 0;
    assert_int_equal(spare_take(spare, &client, &server), SMCRED_OK);
    assert_int_equal(connects, 1);
    assert_int_equal(event_base_loop(keeper.base, EVLOOP_ONCE), 0);
    assert_int_equal(connects, 2);
    assert_int_equal(spare_take(spare, &next_client, &next_server), SMCRED_OK);
    assert_int_equal(connects, 2);
    assert_int_not_equal(client, next_client);
    assert_int_equal(event_base_loop(keeper.base, EVLOOP_ONCE), 0); /* one that nobody wants */
    assert_int_equal(connects, 3);
    spare_free(spare);
    close(client);
    close(server);
    close(next_client);
    close(next_server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(every_target_has_a_socket_for_everybody),
             TEST(a_reload_touches_only_what_changed), TEST(what_a_dead_keeper_left_is_replaced),
             TEST(what_is_no_socket_is_left_alone),
             TEST(who_waits_is_told_when_the_keeper_gives_up),
             TEST(a_pair_is_connected_on_loopback), TEST(a_stranger_who_is_faster_gets_nothing),
             TEST(a_crowd_of_strangers_is_given_up_on),
             TEST(the_next_pair_is_made_before_it_is_wanted))
