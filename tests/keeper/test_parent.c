/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_parent.c - the parent in a process of its own, with a keeper that this test scripts and
 * relays that are this very program.  Each of them tells the test what it meets, one line each.
 */
#include "tests/lib/sm_test.h"

#include <dirent.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/parent.h"
#include "common/seqpacket.h"
#include "keeper/keeper.h"
#include "keeper/parent.h"

#define PATIENCE_MS 60000
#define ALICE       4000000001u

static char directory[64];
static struct options options;
static pid_t parent;
static int report;                       /* the test's end of the lines */
static void (*script)(int life, int s0); /* the keeper's */
static int *lives;                       /* of the keeper, shared by all processes */

/* ---- what children say to the test: their standard output is a packet socket ---- */

SM_PRINTF(1, 2) static void tell(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vdprintf(STDOUT_FILENO, format, args);
    va_end(args);
}

static const char *told(void)
{
    static char line[256];
    struct pollfd ready = {.fd = report, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
    ssize_t len = recv(report, line, sizeof line - 1, 0);
    assert_true(len >= 0);
    line[len] = '\0';
    return line;
}

/* Lines of parent, keeper and relay come as they come: waits for this one, others are ignored. */
static void will_tell(const char *expected)
{
    const char *line = told();
    while (strcmp(line, expected) != 0) {
        if (!*line)
            fail_msg("nobody is left to say: %s", expected);
        line = told();
    }
}

/* ---- what keeper and relay have in common ---- */

static unsigned long status_hex(const char *name)
{
    char line[256];
    unsigned long value = ~0ul;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtoul(line + strlen(name), NULL, 16);
    if (file)
        (void)fclose(file);
    return value;
}

/* Descriptors from 3 on, but for the one that looks. */
static int open_descriptors(void)
{
    int count = 0;
    DIR *all = opendir("/proc/self/fd");
    for (const struct dirent *one; all && (one = readdir(all));)
        count += atoi(one->d_name) > STDERR_FILENO && atoi(one->d_name) != dirfd(all);
    if (all)
        (void)closedir(all);
    return count;
}

static void tell_what_it_may(const char *who)
{
    struct rlimit core = {1, 1};
    (void)getrlimit(RLIMIT_CORE, &core);
    bool none = status_hex("CapPrm:") == 0 && status_hex("CapEff:") == 0 &&
                status_hex("CapInh:") == 0 && status_hex("CapAmb:") == 0 &&
                (geteuid() != 0 || status_hex("CapBnd:") == 0);
    tell("%s capabilities=%s new_privileges=%d core=%d descriptors=%d", who, none ? "none" : "some",
         prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0, core.rlim_max != 0, open_descriptors());
}

static void say(int fd, uint16_t verb, uint16_t tag, uint32_t number)
{
    uint8_t buffer[64];
    struct sm_wire_out out;
    sm_wire_begin(&out, buffer, sizeof buffer, verb, SMCRED_OK, 0);
    if (tag != 0)
        sm_wire_put_u32(&out, tag, number);
    if (sm_wire_finish(&out) != SMCRED_OK ||
        sm_seqpacket_send(fd, sm_bytes(out.data, out.len), NULL, sm_boot_ms() + PATIENCE_MS) !=
            SMCRED_OK)
        tell("cannot say %u", verb);
}

struct word_heard {
    uint16_t verb;
    uint32_t uid, pid;
    int fd; /* that came with it, or -1 */
};

/* Verb 0: the parent is gone. */
static struct word_heard hear(int s0)
{
    uint8_t packet[512];
    struct sm_fds fds = {.count = 0};
    struct sm_wire_in in;
    size_t len;
    struct word_heard word = {.fd = -1};
    if (sm_seqpacket_receive(s0, packet, sizeof packet, &fds, sm_boot_ms() + PATIENCE_MS, &len) !=
            SMCRED_OK ||
        sm_wire_parse(sm_bytes(packet, len), &in) != SMCRED_OK)
        return word;
    word.verb = in.header.verb;
    (void)sm_wire_get_u32(&in, PAR_T_UID, &word.uid);
    (void)sm_wire_get_u32(&in, PAR_T_PID, &word.pid);
    if (fds.count == 1)
        word.fd = fds.fd[0];
    return word;
}

/* ---- the relay: this program, started by the parent ---- */

static int run_relay(char **environment)
{
    char byte;
    int count = 0;
    for (char **at = environment; *at; at++) /* the sanitizers' own are not counted */
        count += strncmp(*at, "PATH=", 5) == 0 || strncmp(*at, "SMCRED=", 7) == 0 ? 1 : 100;
    tell("relay environment=%d", count);
    tell_what_it_may("relay");
    for (;;) {
        struct word_heard word = hear(PARENT_FD);
        if (word.verb == 0)
            break;
        struct pollfd keeper = {.fd = word.fd, .events = POLLIN};
        if (word.verb == PAR_KEEPER && poll(&keeper, 1, PATIENCE_MS) == 1 &&
            recv(word.fd, &byte, 1, 0) == 1)
            tell("relay hears %c from its keeper", byte);
        sm_close_fd(&word.fd);
    }
    tell("relay ends");
    return 0;
}

/* ---- the keeper: the scripted one in the place of keeper.c's ---- */

int __wrap_keeper_run(const struct options *how, int parent_fd);
int __wrap_keeper_run(const struct options *how, int parent_fd)
{
    (void)how;
    script(++*lives, parent_fd);
    _exit(0);
}

/* ---- the parent's time: it listens to a keeper this many times in vain after each real event ----
 */

#define LISTEN_MS 10000 /* parent.c's */

static int waits_in_vain; /* 0: its time is the real one */
static int waits_left;

int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    if (waits_in_vain == 0 || getpid() != parent)
        return __real_poll(fds, count, timeout_ms);
    if (timeout_ms != LISTEN_MS) { /* it waits for something else */
        waits_left = waits_in_vain;
        return __real_poll(fds, count, timeout_ms);
    }
    int ready = __real_poll(fds, count, 0);
    if (ready == 0 && waits_left-- > 0)
        return 0;
    if (ready == 0)
        ready = __real_poll(fds, count, -1);
    waits_left = waits_in_vain;
    return ready;
}

/* ---- the test ---- */

static int setup(void **state)
{
    (void)state;
    const struct passwd *me = getpwuid(getuid());
    assert_non_null(me);
    (void)snprintf(directory, sizeof directory, "/tmp/test_parent.XXXXXX");
    assert_non_null(mkdtemp(directory));
    options = (struct options){.runtime_dir = directory,
                               .state_dir = directory,
                               .user = me->pw_name,
                               .relay_user = me->pw_name,
                               .relay_program = "/proc/self/exe"};
    lives = mmap(NULL, sizeof *lives, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(lives, MAP_FAILED);
    parent = 0;
    waits_in_vain = 0;
    report = -1;
    return 0;
}

static void start(void (*keepers_script)(int life, int s0))
{
    int pair[2];
    script = keepers_script;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        parent = getpid();
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0); /* a failed test leaves nobody behind */
        if (dup2(pair[1], STDOUT_FILENO) != STDOUT_FILENO)
            _exit(99);
        _exit(parent_run(&options));
    }
    close(pair[1]);
    report = pair[0];
}

static int ends(void)
{
    int how = -1;
    for (int64_t until = sm_boot_ms() + PATIENCE_MS; waitpid(parent, &how, WNOHANG) == 0;) {
        assert_true(sm_boot_ms() < until);
        (void)poll(NULL, 0, 5);
    }
    parent = 0;
    assert_true(WIFEXITED(how));
    return WEXITSTATUS(how);
}

static int stops(void)
{
    assert_int_equal(kill(parent, SIGTERM), 0);
    return ends();
}

static int teardown(void **state)
{
    (void)state;
    char path[100];
    if (parent > 0) {
        (void)kill(parent, SIGKILL);
        (void)waitpid(parent, NULL, 0);
    }
    sm_close_fd(&report);
    (void)snprintf(path, sizeof path, "%s/.lock", directory);
    (void)unlink(path);
    (void)munmap(lives, sizeof *lives);
    return rmdir(directory);
}

static void wait_for_the_end(int s0)
{
    while (hear(s0).verb != 0)
        ;
    _exit(0);
}

/* ---- */

static void dies_before_it_is_ready(int life, int s0)
{
    (void)life;
    (void)s0;
    _exit(3);
}

static void a_keeper_that_was_never_ready_ends_the_parent(void **state)
{
    (void)state;
    start(dies_before_it_is_ready);
    assert_int_equal(ends(), 1);
    assert_int_equal(*lives, 1);
}

static void asks_for_a_relay(int life, int s0)
{
    (void)life;
    tell_what_it_may("keeper");
    tell("keeper is %s", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? "hidden" : "dumpable");
    say(s0, PAR_READY, 0, 0);
    say(s0, PAR_SPAWN, PAR_T_UID, ALICE);
    wait_for_the_end(s0);
}

static void children_have_nothing_of_the_parents(void **state)
{
    (void)state;
    start(asks_for_a_relay);
    /* S0, and of the keeper's also the runtime directory's lock */
    will_tell("keeper capabilities=none new_privileges=0 core=0 descriptors=2");
    will_tell("keeper is hidden");
    will_tell("relay environment=2");
    will_tell("relay capabilities=none new_privileges=0 core=0 descriptors=1");
    assert_int_equal(stops(), 0);
    will_tell("relay ends"); /* as there is nobody who could give it another keeper */
}

/* Dies twice, and each time meets the relay of its first life. */
static void dies_twice(int life, int s0)
{
    static const char letters[] = "?ABC";
    say(s0, PAR_READY, 0, 0);
    if (life == 1)
        say(s0, PAR_SPAWN, PAR_T_UID, ALICE);
    struct word_heard word = hear(s0);
    if (word.verb != PAR_RELAY || word.uid != ALICE || word.pid == 0 || word.fd < 0)
        tell("no relay");
    if (send(word.fd, &letters[life], 1, MSG_NOSIGNAL) != 1)
        tell("relay is deaf");
    if (life < 3)
        _exit(3);
    wait_for_the_end(s0);
}

static void a_keeper_that_dies_is_started_again_and_meets_its_relays(void **state)
{
    (void)state;
    start(dies_twice);
    will_tell("relay hears A from its keeper");
    will_tell("relay hears B from its keeper");
    will_tell("relay hears C from its keeper");
    assert_int_equal(stops(), 0);
    assert_int_equal(*lives, 3);
}

static void send_raw(int s0, const void *bytes, size_t len, int fd)
{
    struct sm_fds fds = {{fd, -1}, fd >= 0 ? 1 : 0};
    if (sm_seqpacket_send(s0, sm_bytes(bytes, len), &fds, sm_boot_ms() + PATIENCE_MS) != SMCRED_OK)
        tell("cannot send");
}

/* A keeper that was broken into: it may end its relays, and nobody else. */
static void says_all_there_is(int life, int s0)
{
    (void)life;
    say(s0, PAR_READY, 0, 0);
    send_raw(s0, "garbage", 7, -1);
    send_raw(s0, "with a descriptor", 17, s0);
    for (uint16_t verb = 0; verb < 20; verb++)
        if (verb != PAR_SPAWN)
            say(s0, verb, PAR_T_UID, ALICE);
    say(s0, PAR_END, PAR_T_PID, (uint32_t)getpid());
    say(s0, PAR_END, PAR_T_PID, (uint32_t)getppid());
    say(s0, PAR_END, PAR_T_PID, 1);
    say(s0, PAR_END, PAR_T_PID, 0);
    say(s0, PAR_END, PAR_T_PID, (uint32_t)-1);
    say(s0, PAR_SPAWN, PAR_T_UID, (uint32_t)-1);
    say(s0, PAR_SPAWN, PAR_T_UID, ALICE);
    struct word_heard relay = hear(s0);
    if (relay.verb == PAR_RELAY && relay.uid == ALICE)
        tell("keeper has a relay");
    say(s0, PAR_END, PAR_T_PID, relay.pid);
    struct word_heard gone = hear(s0);
    if (gone.verb == PAR_GONE && gone.uid == ALICE && gone.pid == relay.pid)
        tell("keeper has ended it");
    wait_for_the_end(s0);
}

static void a_keeper_ends_its_relays_and_nobody_else(void **state)
{
    (void)state;
    start(says_all_there_is);
    will_tell("keeper has a relay");
    will_tell("keeper has ended it");
    assert_int_equal(*lives, 1);
    assert_int_equal(stops(), 0);
}

static void wants_a_relay_that_there_is_not(int life, int s0)
{
    (void)life;
    say(s0, PAR_READY, 0, 0);
    say(s0, PAR_SPAWN, PAR_T_UID, ALICE);
    struct word_heard relay = hear(s0), gone = hear(s0);
    if (relay.verb == PAR_RELAY && gone.verb == PAR_GONE && gone.pid == relay.pid)
        tell("keeper knows");
    wait_for_the_end(s0);
}

static void the_keeper_hears_of_a_relay_that_cannot_be_started(void **state)
{
    (void)state;
    options.relay_program = "/nonexistent/smcred-relay";
    start(wants_a_relay_that_there_is_not);
    will_tell("keeper knows");
    assert_int_equal(stops(), 0);
}

static void on_reload(int number)
{
    (void)number;
    tell("keeper reloads");
}

static void waits_for_a_reload(int life, int s0)
{
    (void)life;
    (void)signal(SIGHUP, on_reload);
    say(s0, PAR_READY, 0, 0);
    tell("keeper is there");
    wait_for_the_end(s0);
}

static void a_reload_is_passed_on(void **state)
{
    (void)state;
    start(waits_for_a_reload);
    will_tell("keeper is there");
    assert_int_equal(kill(parent, SIGHUP), 0);
    will_tell("keeper reloads");
    assert_int_equal(stops(), 0);
}

static void does_not_stop(int life, int s0)
{
    (void)life;
    (void)signal(SIGTERM, SIG_IGN);
    say(s0, PAR_READY, 0, 0);
    tell("keeper is there");
    for (;;)
        (void)pause();
}

static void a_keeper_that_does_not_stop_is_killed(void **state)
{
    (void)state;
    start(does_not_stop);
    will_tell("keeper is there");
    assert_int_equal(stops(), 0);
    assert_string_equal(told(), ""); /* and nobody is left */
}

static void on_give_up(int number)
{
    (void)number;
    tell("keeper gives up");
    _exit(70);
}

/* That it can be told that it hangs is up to it, or is not. */
static void hangs(int life, int s0)
{
    (void)signal(PARENT_GIVE_UP, on_give_up);
    if (life == 3) /* before the parent begins to count its silence */
        tell("keeper is back");
    say(s0, PAR_READY, 0, 0);
    if (life < 3)
        (void)raise(SIGSTOP);
    wait_for_the_end(s0);
}

static void hangs_and_is_deaf(int life, int s0)
{
    (void)signal(PARENT_GIVE_UP, SIG_IGN);
    if (life == 2) /* likewise */
        tell("keeper is back");
    say(s0, PAR_READY, 0, 0);
    while (life == 1)
        (void)pause();
    wait_for_the_end(s0);
}

static void a_keeper_that_hangs_gives_up_and_is_started_again(void **state)
{
    (void)state;
    waits_in_vain = 3;
    start(hangs);
    will_tell("keeper gives up");
    will_tell("keeper gives up"); /* the second has as much time as the first */
    will_tell("keeper is back");
}

/* By SIGKILL, when it had its time. */
static void or_is_killed(void **state)
{
    (void)state;
    waits_in_vain = 3;
    start(hangs_and_is_deaf);
    will_tell("keeper is back");
}

static void says_that_it_lives(int life, int s0)
{
    (void)signal(PARENT_GIVE_UP, on_give_up);
    say(s0, PAR_READY, 0, 0);
    for (int i = 0; i < 5; i++) {
        (void)poll(NULL, 0, 10);
        say(s0, PAR_ALIVE, 0, 0);
    }
    tell("keeper lives in its life %d", life);
    wait_for_the_end(s0);
}

static void a_keeper_that_says_so_lives_on(void **state)
{
    (void)state;
    waits_in_vain = 2; /* one less than it is given */
    start(says_that_it_lives);
    will_tell("keeper lives in its life 1");
    assert_int_equal(stops(), 0);
}

static void is_slow_to_start(int life, int s0)
{
    (void)poll(NULL, 0, 50);
    tell("keeper has started in its life %d", life);
    say(s0, PAR_READY, 0, 0);
    wait_for_the_end(s0);
}

/* It may wait for a directory of users, and has no sockets that anybody could wait at. */
static void one_that_is_not_ready_yet_may_be_silent(void **state)
{
    (void)state;
    waits_in_vain = 1000;
    start(is_slow_to_start);
    will_tell("keeper has started in its life 1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv, char **environment)
{
    const struct CMUnitTest tests[] = {
        TEST(a_keeper_that_was_never_ready_ends_the_parent),
        TEST(children_have_nothing_of_the_parents),
        TEST(a_keeper_that_dies_is_started_again_and_meets_its_relays),
        TEST(a_keeper_ends_its_relays_and_nobody_else),
        TEST(the_keeper_hears_of_a_relay_that_cannot_be_started),
        TEST(a_reload_is_passed_on),
        TEST(a_keeper_that_does_not_stop_is_killed),
        TEST(a_keeper_that_hangs_gives_up_and_is_started_again),
        TEST(or_is_killed),
        TEST(a_keeper_that_says_so_lives_on),
        TEST(one_that_is_not_ready_yet_may_be_silent)};
    if (argc > 1 && strcmp(argv[1], "--log-level") == 0)
        return run_relay(environment);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
