/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_seqpacket.c - packets and descriptors arrive whole or not at all, and nobody waits for ever.
 */
#include "tests/lib/sm_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/clock.h"
#include "common/seqpacket.h"

static int pair[2];

static int set_up(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int tear_down(void **state)
{
    (void)state;
    sm_close_fd(&pair[0]);
    sm_close_fd(&pair[1]);
    return 0;
}

static int64_t soon(void)
{
    return sm_boot_ms() + 2000;
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    assert_non_null(directory);
    while (readdir(directory))
        count++;
    (void)closedir(directory);
    return count;
}

static void a_packet_arrives_with_its_descriptors(void **state)
{
    (void)state;
    char buffer[16];
    size_t len;
    struct sm_fds sent = {.fd = {pair[0], pair[1]}, .count = 2}, got;
    assert_int_equal(sm_seqpacket_send(pair[0], sm_bytes_of("hello"), &sent, soon()), SMCRED_OK);
    assert_int_equal(sm_seqpacket_receive(pair[1], buffer, sizeof buffer, &got, soon(), &len),
                     SMCRED_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(buffer, "hello", 5);
    assert_int_equal(got.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_not_equal(got.fd[i], sent.fd[i]);
        assert_true(fcntl(got.fd[i], F_GETFD) & FD_CLOEXEC);
    }
    sm_fds_close(&got);
    assert_int_equal(got.count, 0);
}

static void unwanted_descriptors_are_closed_and_the_packet_refused(void **state)
{
    (void)state;
    char buffer[16];
    size_t len, before = open_descriptors();
    struct sm_fds sent = {.fd = {pair[0]}, .count = 1};
    assert_int_equal(sm_seqpacket_send(pair[0], sm_bytes_of("x"), &sent, soon()), SMCRED_OK);
    assert_int_equal(sm_seqpacket_receive(pair[1], buffer, sizeof buffer, NULL, soon(), &len),
                     SMCRED_PROTOCOL);
    assert_int_equal(open_descriptors(), before);
}

static void too_many_descriptors_leak_none(void **state)
{
    (void)state;
    char buffer[16];
    size_t len, before = open_descriptors();
    enum { MANY = 8 };
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int) * MANY)];
    } control = {0};
    struct iovec piece = {.iov_base = buffer, .iov_len = 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * MANY);
    for (size_t i = 0; i < MANY; i++)
        memcpy(CMSG_DATA(rights) + i * sizeof(int), &pair[0], sizeof(int));
    buffer[0] = 'x';
    assert_int_equal(sendmsg(pair[0], &message, 0), 1);
    struct sm_fds got = {.count = 0};
    assert_int_equal(sm_seqpacket_receive(pair[1], buffer, sizeof buffer, &got, soon(), &len),
                     SMCRED_PROTOCOL);
    assert_int_equal(got.count, 0);
    assert_int_equal(open_descriptors(), before);
}

static void a_packet_larger_than_the_buffer_is_thrown_away(void **state)
{
    (void)state;
    char buffer[4];
    size_t len;
    assert_int_equal(sm_seqpacket_send(pair[0], sm_bytes_of("hello"), NULL, soon()), SMCRED_OK);
    assert_int_equal(sm_seqpacket_send(pair[0], sm_bytes_of("next"), NULL, soon()), SMCRED_OK);
    assert_int_equal(sm_seqpacket_receive(pair[1], buffer, sizeof buffer, NULL, soon(), &len),
                     SMCRED_PROTOCOL);
    assert_int_equal(sm_seqpacket_receive(pair[1], buffer, sizeof buffer, NULL, soon(), &len),
                     SMCRED_OK);
    assert_memory_equal(buffer, "next", 4);
}

static void waiting_ends_with_the_deadline(void **state)
{
    (void)state;
    char buffer[4];
    size_t len;
    int64_t start = sm_boot_ms();
    assert_int_equal(sm_seqpacket_receive(pair[1], buffer, sizeof buffer, NULL, start + 30, &len),
                     SMCRED_TIMED_OUT);
    assert_in_range(sm_boot_ms() - start, 30, 1000);
    enum smcred_status status = SMCRED_OK;
    for (int i = 0; i < 100000 && status == SMCRED_OK; i++)
        status = sm_seqpacket_send(pair[0], sm_bytes_of("fill"), NULL, 0);
    assert_int_equal(status, SMCRED_TIMED_OUT);
}

static void a_peer_that_is_gone_is_unavailable(void **state)
{
    (void)state;
    char buffer[4];
    size_t len;
    sm_close_fd(&pair[0]);
    assert_int_equal(sm_seqpacket_receive(pair[1], buffer, sizeof buffer, NULL, soon(), &len),
                     SMCRED_UNAVAILABLE);
    assert_int_equal(sm_seqpacket_send(pair[1], sm_bytes_of("x"), NULL, soon()),
                     SMCRED_UNAVAILABLE); /* and no SIGPIPE */
}

static void only_a_listening_socket_can_be_connected_to(void **state)
{
    (void)state;
    char directory[] = "/tmp/smcred-sock-XXXXXX";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char long_path[200];
    int fd = -1;
    assert_non_null(mkdtemp(directory));
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/s", directory);
    assert_int_equal(sm_seqpacket_connect(address.sun_path, soon(), &fd), SMCRED_UNAVAILABLE);
    sm_autoclose int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(sm_seqpacket_connect(address.sun_path, soon(), &fd), SMCRED_UNAVAILABLE);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(sm_seqpacket_connect(address.sun_path, soon(), &fd), SMCRED_OK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    sm_close_fd(&fd);
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(sm_seqpacket_connect(long_path, soon(), &fd), SMCRED_INVALID);
    assert_int_equal(unlink(address.sun_path), 0);
    assert_int_equal(rmdir(directory), 0);
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
SM_TEST_MAIN(WITH_PAIR(a_packet_arrives_with_its_descriptors),
             WITH_PAIR(unwanted_descriptors_are_closed_and_the_packet_refused),
             WITH_PAIR(too_many_descriptors_leak_none),
             WITH_PAIR(a_packet_larger_than_the_buffer_is_thrown_away),
             WITH_PAIR(waiting_ends_with_the_deadline),
             WITH_PAIR(a_peer_that_is_gone_is_unavailable),
             cmocka_unit_test(only_a_listening_socket_can_be_connected_to))
