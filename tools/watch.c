/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch.c - the three processes of `smcred exec --seccomp`.
 *
 *   front       what the shell started: passes signals on, and ends as the program ended
 *   supervisor  its child: answers the program's connect() calls, and those of the program's own
 *               children, for as long as one of them lives
 *   program     the supervisor's child, so that the supervisor may read its memory even where only
 *               ancestors may (Yama)
 *
 * The supervisor is not the front, because a program may leave children behind that go on, and
 * whose connect() would fail with ENOSYS were nobody there to answer.
 */
#include "tools/watch.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/seqpacket.h"
#include "tools/launch.h"

#define WORKERS      4 /* calls that may wait for the keeper at once */
#define WORKER_STACK (128u << 10)
#define HANDOVER_MS  10000 /* for the program's filter to arrive; it takes no time at all */

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#if defined(__x86_64__)
#define WATCHED_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define WATCHED_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define WATCHED_ARCH AUDIT_ARCH_RISCV64
#endif

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

/* What the front is told, one record at a time, through a pipe. */
struct report {
    enum { REPORT_FAILED, REPORT_ENDED } what;
    const char *step; /* FAILED: what could not be done; a string of ours, the same in all three */
    int value;        /* FAILED: errno; ENDED: as waitpid() says */
    bool last;        /* ENDED: nobody is left, and the supervisor ends as well */
};

static void tell(int report_fd, struct report report)
{
    ssize_t written = write(report_fd, &report, sizeof report); /* whole: less than PIPE_BUF */
    (void)written; /* the front is gone: nobody to tell */
}

/* ---- the program, before it is one ---- */

#ifdef WATCHED_ARCH
/* Stops at connect() of this machine's own ABI; other ABIs (32 bit, x32) pass by. */
static int install_filter(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, WATCHED_ARCH, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_connect, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof steps / sizeof *steps, .filter = steps};
    unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
    /*
     * With WAIT_KILLABLE (Linux 5.19) a signal does not restart a call that we are answering: the
     * second try would find its socket connected, and fail.
     */
    long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                      flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
    if (fd < 0 && errno == EINVAL)
        fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    return (int)fd;
}
#else
static int install_filter(void)
{
    errno = ENOSYS;
    return -1;
}
#endif

static _Noreturn void give_up(int report_fd, const char *step)
{
    tell(report_fd, (struct report){.what = REPORT_FAILED, .step = step, .value = errno});
    _exit(LAUNCH_CANNOT_RUN);
}

static _Noreturn void become_program(char *const argv[], int handover, int report_fd)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        give_up(report_fd, "set no_new_privs");
    int listener = install_filter();
    if (listener < 0)
        give_up(report_fd, "watch connect()");
    struct sm_fds fds = {.fd = {listener}, .count = 1};
    if (sm_seqpacket_send(handover, sm_bytes("", 1), &fds, sm_boot_ms() + HANDOVER_MS) != SMCRED_OK)
        give_up(report_fd, "hand over to the supervisor");
    (void)close(listener); /* the program has no business with it */
    (void)execvp(argv[0], argv);
    give_up(report_fd, NULL);
}

/* ---- the supervisor ---- */

/* Room for a notification and an answer as large as this kernel's, which may be newer than we. */
struct exchange {
    struct seccomp_notif *call;
    struct seccomp_notif_resp *reply;
    size_t call_size, reply_size;
};

static bool exchange_init(struct exchange *exchange)
{
    struct seccomp_notif_sizes sizes;
    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0)
        return false;
    exchange->call_size =
        sizes.seccomp_notif > sizeof *exchange->call ? sizes.seccomp_notif : sizeof *exchange->call;
    exchange->reply_size = sizes.seccomp_notif_resp > sizeof *exchange->reply
                               ? sizes.seccomp_notif_resp
                               : sizeof *exchange->reply;
    exchange->call = calloc(1, exchange->call_size);
    exchange->reply = calloc(1, exchange->reply_size);
    return exchange->call && exchange->reply;
}

/* Takes one call and answers it.  False when there will be no more. */
static bool serve_one(int listener, const struct exchange *exchange)
{
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    if (poll(&ready, 1, -1) < 0) /* for as long as the program lives: that is our deadline */
        return errno == EINTR;
    if (!(ready.revents & POLLIN))
        return false;                               /* everybody who was watched is gone */
    memset(exchange->call, 0, exchange->call_size); /* the kernel insists */
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, exchange->call) != 0)
        return true; /* the caller died first, or another worker was faster */
    memset(exchange->reply, 0, exchange->reply_size);
    redirect_call(listener, exchange->call, exchange->reply);
    (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, exchange->reply); /* fails if the caller died */
    return true;
}

static void *work(void *argument)
{
    int listener = (int)(intptr_t)argument;
    struct exchange exchange = {0};
    if (exchange_init(&exchange))
        while (serve_one(listener, &exchange))
            continue;
    free(exchange.call);
    free(exchange.reply);
    return NULL;
}

static int start_workers(int listener)
{
    pthread_attr_t attributes;
    int started = 0;
    if (pthread_attr_init(&attributes) != 0)
        return 0;
    (void)pthread_attr_setstacksize(&attributes, WORKER_STACK); /* else it is larger: no harm */
    for (int i = 0; i < WORKERS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, work, (void *)(intptr_t)listener) == 0)
            started++;
    }
    (void)pthread_attr_destroy(&attributes);
    return started;
}

/* Whoever reads the program's output until its end must not wait for us. */
static void let_go_of_terminal(void)
{
    sm_autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return;
    for (int fd = 0; fd <= 2; fd++)
        (void)dup2(null, fd); /* then we hold it a little longer: no harm */
}

/* Those whom the supervisor looks after. */
struct family {
    pid_t program; /* -1 when it has been reaped */
    int status;    /* then: how it ended */
    bool told;     /* and the front knows */
};

/* Reaps what has ended.  False when nobody is left. */
static bool reap(struct family *family)
{
    for (;;) {
        int status;
        pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended == 0)
            return true;
        if (ended < 0 && errno != EINTR)
            return false;
        if (ended == family->program) {
            family->program = -1;
            family->status = status;
        }
    }
}

/* Lives until the last process below has ended.  Signals are blocked, and taken here. */
static void look_after(struct family *family, int report_fd, const sigset_t *signals, pid_t front)
{
    for (;;) {
        bool left = reap(family);
        if (family->program < 0 && !family->told) {
            tell(report_fd,
                 (struct report){.what = REPORT_ENDED, .value = family->status, .last = !left});
            family->told = true;
        }
        if (!left)
            return;
        siginfo_t info;
        int number = sigwaitinfo(signals, &info);
        /* The terminal's signals reach the program without us. */
        if (number > 0 && number != SIGCHLD && info.si_pid == front && family->program > 0)
            (void)kill(family->program, number); /* not reaped yet, so it is still that process */
    }
}

static void watched_signals(sigset_t *out_set)
{
    (void)sigemptyset(out_set); /* these cannot fail with valid numbers */
    (void)sigaddset(out_set, SIGCHLD);
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
        (void)sigaddset(out_set, passed_on[i]);
}

static int receive_listener(int handover)
{
    char byte;
    size_t len;
    struct sm_fds fds = {.count = 0};
    if (sm_seqpacket_receive(handover, &byte, sizeof byte, &fds, sm_boot_ms() + HANDOVER_MS,
                             &len) != SMCRED_OK ||
        fds.count != 1) {
        sm_fds_close(&fds);
        return -1;
    }
    return fds.fd[0];
}

static _Noreturn void supervise(char *const argv[], int report_fd, const sigset_t *original,
                                pid_t front)
{
    int handover[2];
    sigset_t signals;
    watched_signals(&signals);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0,
                0);                 /* else orphans are watched, but not waited for */
    (void)signal(SIGCHLD, SIG_DFL); /* where it is ignored, nobody hears how a child ended */
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, handover) != 0)
        give_up(report_fd, "make a socket pair");
    pid_t program = fork();
    if (program < 0)
        give_up(report_fd, "start a process");
    if (program == 0) {
        (void)sigprocmask(SIG_SETMASK, original, NULL); /* cannot fail */
        become_program(argv, handover[1], report_fd);
    }
    (void)close(handover[1]);
    let_go_of_terminal();
    int listener = receive_listener(handover[0]);
    /* Without a listener there was no filter, and the program has told why. */
    if (listener >= 0 && start_workers(listener) == 0) {
        (void)kill(program, SIGKILL); /* its connect() would hang */
        give_up(report_fd, "start a thread");
    }
    struct family family = {.program = program};
    look_after(&family, report_fd, &signals, front);
    _exit(0);
}

/* ---- the front ---- */

static volatile pid_t supervisor; /* for the handler; set before it is installed */

static void pass_on(int number, siginfo_t *info, void *context)
{
    (void)context;
    int saved = errno;
    if (info->si_code <= 0) /* sent by somebody: the terminal's own reach everybody anyway */
        (void)kill(supervisor, number);
    errno = saved;
}

static void pass_signals_on(void)
{
    struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART}, old;
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
        if (sigaction(passed_on[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
            continue; /* nohup: stays ignored, here and in the program */
        (void)sigaction(passed_on[i], &action, NULL); /* cannot fail with these numbers */
    }
}

static int exit_code_of(struct report report, const char *program, struct sm_error *err)
{
    if (report.what == REPORT_ENDED)
        return WIFSIGNALED(report.value) ? LAUNCH_SIGNAL + WTERMSIG(report.value)
                                         : WEXITSTATUS(report.value);
    if (report.step)
        (void)sm_error_set(err, SMCRED_SYSTEM, "cannot %s: %s%s", report.step,
                           strerror(report.value),
                           report.value == EBUSY
                               ? " (already inside a 'smcred exec --seccomp', or something like it)"
                               : "");
    else
        (void)sm_error_set(err, SMCRED_SYSTEM, "cannot run '%s': %s", program,
                           strerror(report.value));
    return !report.step && report.value == ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_CANNOT_RUN;
}

/* Waits for the program's end, however long it runs. */
static int wait_for_report(int report_fd, const char *program, struct sm_error *err)
{
    struct report report;
    ssize_t len;
    do
        len = read(report_fd, &report, sizeof report);
    while (len < 0 && errno == EINTR);
    if (len == (ssize_t)sizeof report) {
        if (report.what == REPORT_FAILED || report.last)
            (void)waitpid(supervisor, NULL,
                          0); /* ends now, and leaves no zombie to somebody else */
        return exit_code_of(report, program, err);
    }
    (void)sm_error_set(err, SMCRED_UNAVAILABLE, "the supervisor has died");
    return LAUNCH_CANNOT_RUN;
}

int watch_program(char *const argv[], struct sm_error *err)
{
    int report[2];
    sigset_t signals, original;
    pid_t front = getpid();
    if (pipe2(report, O_CLOEXEC) != 0) {
        (void)sm_error_set(err, SMCRED_SYSTEM, "cannot make a pipe: %s", strerror(errno));
        return LAUNCH_CANNOT_RUN;
    }
    sm_autoclose int reading = report[0];
    watched_signals(&signals);
    (void)sigprocmask(SIG_BLOCK, &signals, &original); /* cannot fail */
    supervisor = fork();
    if (supervisor == 0) {
        (void)close(reading);
        supervise(argv, report[1], &original, front);
    }
    (void)close(report[1]);
    if (supervisor < 0)
        (void)sm_error_set(err, SMCRED_SYSTEM, "cannot start a process: %s", strerror(errno));
    else
        pass_signals_on();
    (void)sigprocmask(SIG_SETMASK, &original, NULL); /* cannot fail */
    return supervisor < 0 ? LAUNCH_CANNOT_RUN : wait_for_report(reading, argv[0], err);
}
