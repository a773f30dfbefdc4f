/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_humans.c - whose process is it: by audit session, by descent, after a restart. */
#include "tests/lib/sm_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/humans.h"

static struct humans *humans;
static char directory[] = "/tmp/humans-XXXXXX";

static int setup(void **state)
{
    (void)state;
    return humans_new(NULL, &humans) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    humans_free(humans);
    return 0;
}

static struct sm_peer peer(pid_t pid, uint32_t audit_session)
{
    return (struct sm_peer){.pid = pid,
                            .uid = 0,
                            .loginuid = audit_session == SM_ID_UNKNOWN ? SM_ID_UNKNOWN : 1000,
                            .audit_session = audit_session,
                            .pidfd = -1};
}

static const struct human_login *open_login(uint64_t id, const char *user, const char *service,
                                            struct sm_peer opener)
{
    const struct human_login *login;
    struct humans_claim claim = {user, service, "pts/3", "192.0.2.7", ""};
    assert_int_equal(humans_open(humans, id, &claim, &opener, 1000 + (int64_t)id, &login),
                     SMCRED_OK);
    return login;
}

static const char *human_of(struct sm_peer of)
{
    const struct human_login *login = humans_of(humans, &of);
    return login ? login->human->user : "(nobody)";
}

/* A process that lives until its end of the pipe is closed. */
static pid_t child(int *out_end)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char byte;
        close(ends[1]);
        while (read(ends[0], &byte, 1) > 0)
            continue;
        _exit(0);
    }
    close(ends[0]);
    *out_end = ends[1];
    return pid;
}

static void end(pid_t pid, int fd)
{
    close(fd);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void an_audit_session_is_a_login_whatever_the_process(void **state)
{
    (void)state;
    open_login(1, "alice", "sshd", peer(1, 7));
    open_login(2, "bob", "sshd", peer(1, 8));
    assert_string_equal(human_of(peer(getpid(), 7)), "alice");
    assert_string_equal(human_of(peer(0, 8)), "bob"); /* also one whose pid nobody knows */
    assert_string_equal(human_of(peer(0, 9)), "(nobody)");
}

static void sudo_and_su_are_inside(void **state)
{
    (void)state;
    open_login(1, "alice", "sshd", peer(1, 7));
    const struct human_login *sudo = open_login(2, "root", "sudo", peer(1, 7));
    const struct human_login *su = open_login(3, "bob", "su", peer(1, 7));
    assert_string_equal(sudo->human->user, "alice");
    assert_string_equal(su->human->user, "alice");
    assert_string_equal(su->human->tty, "pts/3");
    assert_int_equal(su->human->login, 1);
    humans_close(humans, 1); /* she has gone, and what she left running is still hers */
    assert_string_equal(human_of(peer(getpid(), 7)), "alice");
    assert_int_equal(humans_count(humans), 2);
}

static void descent_tells_where_the_kernel_has_no_audit_session(void **state)
{
    (void)state;
    int fd;
    pid_t pid = child(&fd);
    open_login(1, "alice", "sshd", peer(getpid(), SM_ID_UNKNOWN));
    assert_string_equal(human_of(peer(pid, SM_ID_UNKNOWN)), "alice");
    assert_string_equal(human_of(peer(getppid(), SM_ID_UNKNOWN)), "(nobody)");
    const struct human_login *sudo = open_login(2, "root", "sudo", peer(pid, SM_ID_UNKNOWN));
    assert_int_equal(sudo->inside, 1);
    assert_string_equal(human_of(peer(pid, SM_ID_UNKNOWN)), "alice");
    struct sm_peer inner = peer(pid, SM_ID_UNKNOWN);
    assert_int_equal(humans_of(humans, &inner)->id, 2); /* which one of hers it is, too */
    end(pid, fd);
}

static void a_login_before_pam_loginuid_is_found_by_descent(void **state)
{
    (void)state;
    int fd;
    pid_t pid = child(&fd);
    open_login(1, "alice", "sshd", peer(getpid(), SM_ID_UNKNOWN));
    assert_string_equal(human_of(peer(pid, 12)), "alice");
    end(pid, fd);
}

/* sshd was started by hand from alice's shell; the kernel says that bob has logged in. */
static void an_audit_session_of_its_own_is_a_person_of_its_own(void **state)
{
    (void)state;
    int fd;
    pid_t pid = child(&fd);
    open_login(1, "alice", "sshd", peer(getpid(), 7));
    const struct human_login *bob = open_login(2, "bob", "sshd", peer(pid, 8));
    assert_string_equal(bob->human->user, "bob");
    assert_string_equal(human_of(peer(pid, 8)), "bob");
    end(pid, fd);
}

/* Her own login was opened while no keeper was there, or has ended, and left a tmux behind. */
static void without_a_login_around_sudo_says_who_called_it(void **state)
{
    (void)state;
    struct sm_peer opener = peer(getpid(), 7);
    const struct human_login *login;
    struct humans_claim claim = {"root", "sudo", "pts/3", "", "alice"};
    assert_int_equal(humans_open(humans, 1, &claim, &opener, 1, &login), SMCRED_OK);
    assert_string_equal(login->human->user, "alice");
    assert_string_equal(login->user, "root");
    claim = (struct humans_claim){"deploy", "su", "pts/3", "", "root"};
    assert_int_equal(humans_open(humans, 2, &claim, &opener, 2, &login), SMCRED_OK);
    assert_string_equal(login->human->user, "alice"); /* the outermost knows better */
    opener.audit_session = 8;
    claim = (struct humans_claim){"bob", "rshd", "", "192.0.2.7", "alice"};
    assert_int_equal(humans_open(humans, 3, &claim, &opener, 3, &login), SMCRED_OK);
    assert_string_equal(login->human->user, "bob"); /* alice of another host is another */
}

static void two_modules_in_one_stack_are_one_person(void **state)
{
    (void)state;
    open_login(1, "alice", "sshd", peer(getpid(), SM_ID_UNKNOWN));
    const struct human_login *again = open_login(2, "alice", "sshd", peer(getpid(), SM_ID_UNKNOWN));
    assert_int_equal(again->human->login, 1);
    humans_close(humans, 2);
    assert_string_equal(human_of(peer(getpid(), SM_ID_UNKNOWN)), "alice");
}

static void who_dies_without_a_word_is_an_orphan(void **state)
{
    (void)state;
    int fd;
    pid_t pid = child(&fd);
    open_login(1, "alice", "sshd", peer(getpid(), 7));
    open_login(2, "bob", "sshd", peer(pid, 8));
    assert_null(humans_orphan(humans));
    end(pid, fd);
    assert_int_equal(humans_orphan(humans)->id, 2);
    humans_close(humans, 2);
    assert_null(humans_orphan(humans));
}

/* ---- kept ---- */

static int setup_kept(void **state)
{
    (void)state;
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    return !mkdtemp(directory) || humans_new(directory, &humans) != SMCRED_OK;
}

static void empty(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    assert_int_equal(system(command), 0);
}

static int teardown_kept(void **state)
{
    empty();
    return teardown(state);
}

static void restart(void)
{
    humans_free(humans);
    assert_int_equal(humans_new(directory, &humans), SMCRED_OK);
}

static void a_restart_forgets_nobody(void **state)
{
    (void)state;
    char longest[CTL_PAM_USER_MAX + 1];
    for (size_t i = 0; i < sizeof longest; i++)
        longest[i] = (char)(i + 1); /* every byte */
    longest[255] = '\0';
    open_login(5, "alice", "sshd", peer(getpid(), 7));
    open_login(9, "root", "sudo", peer(getpid(), 7));
    open_login(11, longest, "su", peer(getpid(), 11));
    restart();
    assert_int_equal(humans_count(humans), 3);
    assert_string_equal(human_of(peer(0, 7)), "alice");
    assert_string_equal(human_of(peer(0, 11)), longest);
    const struct human_login *sudo = humans_find(humans, 9);
    assert_string_equal(sudo->service, "sudo");
    assert_int_equal(sudo->inside, 5);
    assert_ptr_equal(sudo->human, humans_find(humans, 5)->human);
    assert_string_equal(sudo->human->rhost, "192.0.2.7");
    assert_null(humans_orphan(humans));
    humans_close(humans, 5);
    restart();
    assert_int_equal(humans_count(humans), 2);
    assert_string_equal(human_of(peer(0, 7)), "alice");
}

static void plant(const char *name, const void *bytes, size_t len)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && close(fd) == 0);
}

static void what_is_no_login_of_ours_is_passed_over(void **state)
{
    (void)state;
    char path[128];
    uint8_t bytes[4096];
    open_login(5, "alice", "sshd", peer(getpid(), 7));
    snprintf(path, sizeof path, "%s/%016x", directory, 5);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = read(fd, bytes, sizeof bytes);
    assert_true(len > 0 && close(fd) == 0);
    plant("0000000000000006", bytes, (size_t)len); /* another's */
    plant(".0000000000000005", bytes, (size_t)len);
    plant("readme", "hello", 5);
    plant("0000000000000000", "", 0);
    snprintf(path, sizeof path, "%s/000000000000000a", directory);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    for (size_t cut = 0; cut < (size_t)len; cut += 5) {
        plant("0000000000000005", bytes, cut);
        restart();
        assert_int_equal(humans_count(humans), 0);
    }
    plant("0000000000000005", bytes, (size_t)len);
    restart();
    assert_int_equal(humans_count(humans), 1);
}

static void nobody_takes_all_the_room(void **state)
{
    (void)state;
    const struct human_login *login;
    struct humans_claim claim = {"alice", "sshd", "", "", ""};
    struct sm_peer opener = peer(getpid(), SM_ID_UNKNOWN);
    for (uint64_t id = 1; id <= HUMANS_EACH_MAX; id++)
        open_login(id, "alice", "sshd", opener);
    opener.pid = 1; /* of none of those */
    assert_int_equal(humans_open(humans, 9000, &claim, &opener, 1, &login), SMCRED_LIMITED);
    claim.user = "bob";
    assert_int_equal(humans_open(humans, 9001, &claim, &opener, 1, &login), SMCRED_OK);
    humans_close(humans, 7);
    claim.user = "alice";
    assert_int_equal(humans_open(humans, 9002, &claim, &opener, 1, &login), SMCRED_OK);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define kept(test) cmocka_unit_test_setup_teardown(test, setup_kept, teardown_kept)

SM_TEST_MAIN(unit(an_audit_session_is_a_login_whatever_the_process), unit(sudo_and_su_are_inside),
             unit(descent_tells_where_the_kernel_has_no_audit_session),
             unit(a_login_before_pam_loginuid_is_found_by_descent),
             unit(an_audit_session_of_its_own_is_a_person_of_its_own),
             unit(without_a_login_around_sudo_says_who_called_it),
             unit(two_modules_in_one_stack_are_one_person),
             unit(who_dies_without_a_word_is_an_orphan), unit(nobody_takes_all_the_room),
             kept(a_restart_forgets_nobody), kept(what_is_no_login_of_ours_is_passed_over))
