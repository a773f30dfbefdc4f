/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * invocation.c - starts a rotation function, reads what it says, ends it in time.
 *
 * Called by the rotator's thread.  Between fork() and execve() only what is safe in the child of a
 * process with threads is called.
 *
 *      server ── watcher ── function ── whatever it starts
 *
 * The watcher is what the server knows of a run.  It adopts all that the function leaves behind and
 * ends it, when the function has ended, when the server says so and when the server is no more;
 * then it ends as the function did.
 */
#include "server/invocation.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/clock.h"

#define SAID_MAX   65536 /* bytes of a run that are kept */
#define NO_ID      ((uid_t)-1)
#define ROUNDS_MAX 500      /* of killing, for who forks faster than that, or does not die */
#define END_IT     SIGRTMIN /* to the watcher; nobody sends it to a whole group */
#define LOCK_FD    3        /* of the watcher, not of the function */

struct server_invocation {
    pid_t pid;
    int pidfd;
    int output; /* its standard output and error */
    int64_t deadline_ms;
    bool timed_out;
    struct sm_secret *said; /* it may be a value */
    char *text;             /* its bytes */
    char why[128];
};

/* --- in the child ----------------------------------------------------------------------------- */

struct child {
    const struct server_invocation_plan *plan;
    pid_t parent;
    int input, output;
    uid_t uid; /* NO_ID: as it is */
    gid_t gid;
};

__attribute__((noreturn)) static void fail_child(const char *what)
{
    const char *why = strerrordesc_np(errno);
    (void)!write(STDERR_FILENO, what, strlen(what)); /* nobody else to tell */
    (void)!write(STDERR_FILENO, why, strlen(why));
    _exit(126);
}

/* The raw calls: glibc's would tell threads that are not there. */
static bool become(uid_t uid, gid_t gid)
{
    return syscall(SYS_setgroups, 0, NULL) == 0 && syscall(SYS_setresgid, gid, gid, gid) == 0 &&
           syscall(SYS_setresuid, uid, uid, uid) == 0;
}

__attribute__((noreturn)) static void run_function(const struct child *child, pid_t watcher)
{
    char *const arguments[] = {(char *)(uintptr_t)child->plan->path, NULL};
    sigset_t none;
    if (child->uid != NO_ID && !become(child->uid, child->gid))
        fail_child("cannot become its user: ");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        fail_child("cannot give up privileges: ");
    if (getppid() != watcher)
        _exit(126);           /* it ended before it could be asked to take us along */
    (void)sigemptyset(&none); /* cannot fail, as the next ones */
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)execve(child->plan->path, arguments, child->plan->environment);
    fail_child("cannot be run: ");
}

/* --- the watcher ------------------------------------------------------------------------------ */

__attribute__((noreturn)) static void end_group(void)
{
    (void)kill(0, SIGKILL); /* us too */
    _exit(126);
}

/* Kills the children there are; theirs are ours then.  Without /proc the group has to do. */
static void kill_children(void)
{
    char text[4096];
    sm_autoclose int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (len < 0)
        end_group();
    text[len] = '\0';
    for (char *at = text, *end; strtol(at, &end, 10) > 0 && *end == ' '; at = end)
        (void)kill((pid_t)strtol(at, NULL, 10), SIGKILL); /* not reaped: the number is no other's */
}

/* Reaps what has ended.  Answers false when there is nobody left. */
static bool reap_children(pid_t function, int *function_status)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == function)
            *function_status = status;
    }
    return pid == 0;
}

/* Until nobody is left; the function may end by itself before that. */
static int watch(pid_t function)
{
    static const struct timespec a_while = {.tv_nsec = 100000000};
    int function_status = -1;
    bool is_over = false;
    int rounds = 0;
    sigset_t awaited;
    (void)sigemptyset(&awaited); /* cannot fail, as the next ones */
    (void)sigaddset(&awaited, SIGCHLD);
    (void)sigaddset(&awaited, END_IT);
    while (reap_children(function, &function_status)) {
        is_over = is_over || function_status != -1;
        if (is_over && rounds++ == ROUNDS_MAX)
            end_group();
        if (is_over)
            kill_children();
        is_over = sigtimedwait(&awaited, NULL, is_over ? &a_while : NULL) == END_IT || is_over;
    }
    return function_status;
}

__attribute__((noreturn)) static void end_as(int status)
{
    sigset_t all;
    if (WIFEXITED(status))
        _exit(WEXITSTATUS(status));
    (void)sigfillset(&all);
    (void)signal(WTERMSIG(status), SIG_DFL);
    (void)raise(WTERMSIG(status));
    (void)sigprocmask(SIG_UNBLOCK, &all, NULL);
    _exit(126); /* there is no such signal */
}

static bool keep_lock(int fd)
{
    return fd == LOCK_FD || dup3(fd, LOCK_FD, O_CLOEXEC) == LOCK_FD;
}

__attribute__((noreturn)) static void run_watcher(const struct child *child)
{
    sigset_t all;
    if (dup2(child->input, STDIN_FILENO) < 0 || dup2(child->output, STDOUT_FILENO) < 0 ||
        dup2(child->output, STDERR_FILENO) < 0 || !keep_lock(child->plan->lock_fd))
        _exit(126);
    (void)sigfillset(&all); /* cannot fail, as the next */
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)umask(077);
    if (setpgid(0, 0) != 0 || close_range(LOCK_FD + 1, ~0U, 0) != 0 || chdir("/") != 0 ||
        prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || prctl(PR_SET_PDEATHSIG, END_IT) != 0)
        fail_child("cannot set up: ");
    if (getppid() != child->parent)
        _exit(126); /* the server ended before it could be asked to take us along */
    pid_t watcher = getpid();
    pid_t function = _Fork();
    if (function == 0)
        run_function(child, watcher);
    if (function < 0)
        fail_child("cannot fork: ");
    (void)close_range(0, STDERR_FILENO, 0); /* what it says ends with it */
    end_as(watch(function));
}

/* --- starting --------------------------------------------------------------------------------- */

static enum smcred_status find_user(const char *name, struct child *child, struct sm_error *err)
{
    struct passwd entry, *found = NULL;
    char room[4096];
    child->uid = NO_ID;
    child->gid = NO_ID;
    if (!*name && geteuid() == 0)
        return sm_error_set(err, SMCRED_DENIED, "root runs no function without --user");
    if (!*name)
        return SMCRED_OK;
    if (getpwnam_r(name, &entry, room, sizeof room, &found) != 0 || !found)
        return sm_error_set(err, SMCRED_NOT_FOUND, "there is no user %s", name);
    if (entry.pw_uid == geteuid() && entry.pw_uid != 0)
        return SMCRED_OK; /* it is that user already, and cannot become another */
    child->uid = entry.pw_uid;
    child->gid = entry.pw_gid;
    return SMCRED_OK;
}

/* The event is smaller than a pipe's buffer, so it is written before anybody reads it. */
static int event_pipe(const char *event)
{
    int ends[2];
    size_t len = strlen(event);
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    ssize_t written = write(ends[1], event, len);
    sm_close_fd(&ends[1]);
    if (written != (ssize_t)len || fcntl(ends[0], F_SETFL, 0) != 0)
        sm_close_fd(&ends[0]);
    return ends[0];
}

static enum smcred_status spawn(const struct server_invocation_plan *plan,
                                struct server_invocation *invocation, struct sm_error *err)
{
    int ends[2];
    struct child child = {.plan = plan, .parent = getpid()};
    enum smcred_status status = find_user(plan->user, &child, err);
    if (status != SMCRED_OK)
        return status;
    sm_autoclose int input = event_pipe(plan->event);
    if (input < 0 || pipe2(ends, O_CLOEXEC) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "no pipe: %s", strerror(errno));
    invocation->output = ends[0];
    child.input = input;
    child.output = ends[1];
    pid_t pid = fork();
    if (pid == 0)
        run_watcher(&child);
    sm_close_fd(&ends[1]);
    if (pid < 0)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot fork: %s", strerror(errno));
    (void)setpgid(pid, pid); /* the child does it too; whoever is first */
    invocation->pid = pid;
    invocation->pidfd = pidfd_open(pid, 0);
    if (invocation->pidfd < 0 || fcntl(invocation->output, F_SETFL, O_NONBLOCK) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot watch it: %s", strerror(errno));
    return SMCRED_OK;
}

enum smcred_status server_invocation_start(const struct server_invocation_plan *plan,
                                           struct server_invocation **out_invocation,
                                           struct sm_error *err)
{
    struct server_invocation *invocation = calloc(1, sizeof *invocation);
    if (!invocation)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    invocation->pidfd = invocation->output = -1;
    invocation->deadline_ms = sm_boot_ms() + plan->timeout_s * INT64_C(1000);
    size_t room;
    enum smcred_status status = sm_secret_alloc(plan->vault, SAID_MAX, &invocation->said);
    if (status == SMCRED_OK) {
        invocation->text = sm_secret_room(invocation->said, &room);
        status = spawn(plan, invocation, err);
    }
    if (status != SMCRED_OK) {
        server_invocation_free(invocation);
        return status;
    }
    *out_invocation = invocation;
    return SMCRED_OK;
}

static void end(struct server_invocation *invocation)
{
    if (invocation->pid > 0)
        (void)kill(invocation->pid, END_IT); /* not reaped: the number is no other's */
}

void server_invocation_free(struct server_invocation *invocation)
{
    siginfo_t info;
    if (!invocation)
        return;
    int saved = errno;
    end(invocation);
    if (invocation->pid > 0)
        (void)waitid(P_PID, (id_t)invocation->pid, &info, WEXITED); /* killed: it does not last */
    sm_close_fd(&invocation->pidfd);
    sm_close_fd(&invocation->output);
    sm_secret_free(invocation->said);
    free(invocation);
    errno = saved;
}

/* --- while it runs ---------------------------------------------------------------------------- */

void server_invocation_poll(const struct server_invocation *invocation,
                            struct pollfd out[SERVER_INVOCATION_FDS])
{
    out[0] = (struct pollfd){.fd = invocation->output, .events = POLLIN};
    out[1] = (struct pollfd){.fd = invocation->pidfd, .events = POLLIN};
}

int64_t server_invocation_deadline_ms(const struct server_invocation *invocation)
{
    return invocation->deadline_ms;
}

/* What does not fit is passed over. */
static void read_output(struct server_invocation *invocation)
{
    char text[4096];
    ssize_t len;
    while (invocation->output >= 0 && (len = read(invocation->output, text, sizeof text)) != -1) {
        size_t room;
        char *at = sm_secret_room(invocation->said, &room);
        size_t taken = (size_t)len < room ? (size_t)len : room;
        memcpy(at, text, taken);
        sm_secret_grow(invocation->said, taken);
        explicit_bzero(text, sizeof text);
        if (len == 0)
            sm_close_fd(&invocation->output);
    }
}

char *server_invocation_said(struct server_invocation *invocation, size_t *out_len)
{
    *out_len = sm_secret_view(invocation->said).len;
    return invocation->text;
}

/* Reaps the watcher that `info` says has ended, and whom one that was killed has left behind. */
static void reap(struct server_invocation *invocation, const siginfo_t *info)
{
    siginfo_t same;
    (void)kill(-invocation->pid, SIGKILL);                          /* ESRCH: nobody */
    (void)waitid(P_PIDFD, (id_t)invocation->pidfd, &same, WEXITED); /* has ended */
    invocation->pid = 0;
    read_output(invocation);
    if (invocation->timed_out)
        (void)snprintf(invocation->why, sizeof invocation->why, "it took too long");
    else if (info->si_code == CLD_EXITED && info->si_status != 0)
        (void)snprintf(invocation->why, sizeof invocation->why, "it exited with %d",
                       info->si_status);
    else if (info->si_code != CLD_EXITED)
        (void)snprintf(invocation->why, sizeof invocation->why, "it was ended by signal %d",
                       info->si_status);
}

bool server_invocation_look(struct server_invocation *invocation, int64_t boot_ms,
                            const char **out_why)
{
    siginfo_t info = {.si_pid = 0};
    read_output(invocation);
    if (waitid(P_PIDFD, (id_t)invocation->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid != 0) {
        reap(invocation, &info);
        *out_why = invocation->why;
        return true;
    }
    if (boot_ms >= invocation->deadline_ms && !invocation->timed_out) {
        invocation->timed_out = true;
        end(invocation);
    }
    return false;
}
