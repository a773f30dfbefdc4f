/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_peer.c - who is at the other end is what the kernel says, not what a process calls itself.
 */
#include "tests/lib/sm_test.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/peer.h"

static void knows_this_process(void **state)
{
    (void)state;
    int pair[2];
    struct sm_peer peer;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(sm_peer_of(pair[0], &peer), SMCRED_OK);
    assert_int_equal(peer.pid, getpid());
    assert_int_equal(peer.uid, geteuid());
    assert_int_equal(peer.gid, getegid());
    assert_true(sm_peer_in_group(&peer, getegid()));
    assert_false(sm_peer_in_group(&peer, 4000000000u));
    if (!sm_under_valgrind())
        assert_int_equal(strncmp(peer.program, "test_peer", 9), 0);
    sm_peer_done(&peer);
    assert_int_equal(peer.pidfd, -1);
    sm_peer_done(&peer); /* twice is once */
    sm_close_fd(&pair[0]);
    sm_close_fd(&pair[1]);
}

static void knows_every_supplementary_group(void **state)
{
    (void)state;
    int pair[2];
    struct sm_peer peer;
    gid_t groups[SM_PEER_GROUPS_MAX];
    int count = getgroups(SM_PEER_GROUPS_MAX, groups);
    assert_true(count >= 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(sm_peer_of(pair[0], &peer), SMCRED_OK);
    assert_int_equal(peer.group_count, count);
    for (int i = 0; i < count; i++)
        assert_true(sm_peer_in_group(&peer, groups[i]));
    sm_peer_done(&peer);
    sm_close_fd(&pair[0]);
    sm_close_fd(&pair[1]);
}

/* A name with brackets and blanks must not shift the words of /proc/PID/stat. */
static void a_wild_program_name_is_only_a_name(void **state)
{
    (void)state;
    int pair[2];
    struct sm_peer plain, wild;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(sm_peer_of(pair[0], &plain), SMCRED_OK);
    assert_int_equal(prctl(PR_SET_NAME, ") R 1 1 1 9 "), 0);
    assert_int_equal(sm_peer_of(pair[0], &wild), SMCRED_OK);
    assert_string_equal(wild.program, ") R 1 1 1 9 ");
    assert_string_equal(wild.tty, plain.tty);
    assert_int_equal(wild.uid, plain.uid);
    sm_peer_done(&plain);
    sm_peer_done(&wild);
    sm_close_fd(&pair[0]);
    sm_close_fd(&pair[1]);
}

/* What /proc says of a process on a terminal, and of one without. */
static void knows_the_terminal(void **state)
{
    (void)state;
    int pair[2], how;
    sm_autoclose int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master) | unlockpt(master), 0);
    const char *path = ptsname(master);
    assert_non_null(path);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* SO_PEERCRED of a pair is whoever made it, so the child makes its own */
        struct sm_peer peer;
        if (setsid() < 0 || open(path, O_RDWR | O_CLOEXEC) < 0 ||
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
            sm_peer_of(pair[0], &peer) != SMCRED_OK)
            _exit(2);
        _exit(strcmp(peer.tty, path + strlen("/dev/")) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
}

/* The kernel's word on a peer, as if it were another's. */
static uid_t pretended_uid;

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    int result = __real_getsockopt(fd, level, name, value, len);
    if (result == 0 && level == SOL_SOCKET && name == SO_PEERCRED && pretended_uid != 0)
        ((struct ucred *)value)->uid = pretended_uid;
    return result;
}

/* Whoever a user namespace does not map looks like this, so it is nobody's identity. */
static void who_is_not_mapped_is_nobody(void **state)
{
    (void)state;
    static const uid_t nobodies[] = {65534, (uid_t)-1};
    int pair[2];
    struct sm_peer peer;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    for (size_t i = 0; i < sizeof nobodies / sizeof *nobodies; i++) {
        pretended_uid = nobodies[i];
        assert_int_equal(sm_peer_of(pair[0], &peer), SMCRED_DENIED);
    }
    pretended_uid = 65533;
    assert_int_equal(sm_peer_of(pair[0], &peer), SMCRED_OK);
    pretended_uid = 0;
    sm_peer_done(&peer);
    sm_close_fd(&pair[0]);
    sm_close_fd(&pair[1]);
}

/* The same by the kernel itself, where it lets us have a namespace. */
static void in_a_namespace_without_users_everybody_is_nobody(void **state)
{
    (void)state;
    int how;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int pair[2];
        struct sm_peer peer;
        if (unshare(CLONE_NEWUSER) != 0)
            _exit(77);
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
            _exit(2);
        _exit(sm_peer_of(pair[0], &peer) == SMCRED_DENIED ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    if (WEXITSTATUS(how) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(how), 0);
}

static void what_is_no_unix_socket_has_no_peer(void **state)
{
    (void)state;
    struct sm_peer peer;
    sm_autoclose int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(sm_peer_of(fd, &peer), SMCRED_SYSTEM);
    assert_int_equal(sm_peer_of(-1, &peer), SMCRED_SYSTEM);
}

SM_TEST_MAIN(cmocka_unit_test(knows_this_process),
             cmocka_unit_test(knows_every_supplementary_group),
             cmocka_unit_test(a_wild_program_name_is_only_a_name),
             cmocka_unit_test(knows_the_terminal), cmocka_unit_test(who_is_not_mapped_is_nobody),
             cmocka_unit_test(in_a_namespace_without_users_everybody_is_nobody),
             cmocka_unit_test(what_is_no_unix_socket_has_no_peer))
