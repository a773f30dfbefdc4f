/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redirect.c - one connect() of a watched program: not ours, connected by the keeper, or refused.
 *
 * The caller may be any program of the operator's, and may change its memory and descriptors while
 * we look.  That gains nothing: what it can reach this way, it can reach by asking the keeper
 * itself. What must hold is that we neither mistake one process for another nor stumble.
 */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "common/clock.h"
#include "common/control.h"
#include "common/controlclient.h"
#include "common/last_words.h"
#include "common/refusal.h"
#include "common/takeover.h"
#include "tools/index_map.h"
#include "tools/watch.h"
#include "tools/watches.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define STATUS_MAX                                                                                 \
    4096 /* bytes of /proc/PID/status that we read; Tgid stands in its first lines                 \
          */
#define FDINFO_MAX 1024

/* The caller's socket, as a descriptor of our own, and how the caller holds it. */
struct caller_socket {
    int pidfd; /* of the caller */
    int fd;    /* a duplicate: same socket, our table */
    bool cloexec;
};

static bool still_waits(int listener, const struct seccomp_notif *call)
{
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) == 0;
}

static bool read_address(const struct seccomp_notif *call, struct sockaddr_storage *out_address,
                         size_t *out_len)
{
    size_t len = call->data.args[2] & UINT32_MAX;
    if (len < sizeof(sa_family_t) || len > sizeof *out_address)
        return false;
    struct iovec here = {out_address, len};
    struct iovec there = {(void *)(uintptr_t)call->data.args[1], len};
    if (process_vm_readv((pid_t)call->pid, &here, 1, &there, 1, 0) != (ssize_t)len)
        return false;
    *out_len = len;
    return true;
}

/* Reads a small /proc file of the calling thread; text ends in NUL.  False if it cannot. */
static bool read_proc(uint32_t tid, const char *what, char *text, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%u/%s", tid,
                   what); /* fits: a number and a short name */
    sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, text, size - 1);
    text[len > 0 ? len : 0] = '\0';
    return len > 0;
}

/* The process that a thread belongs to, or -1: pidfd_open() takes processes alone. */
static pid_t process_of(uint32_t tid)
{
    char text[STATUS_MAX];
    int process;
    if (!read_proc(tid, "status", text, sizeof text))
        return -1;
    const char *line = strstr(text, "\nTgid:");
    return line && sscanf(line, "\nTgid:%d", &process) == 1 ? (pid_t)process : -1;
}

static bool is_cloexec(uint32_t tid, int fd)
{
    char what[32], text[FDINFO_MAX];
    unsigned flags;
    (void)snprintf(what, sizeof what, "fdinfo/%d", fd); /* fits */
    if (!read_proc(tid, what, text, sizeof text))
        return true; /* the safe side: not leaked into the next program */
    const char *line = strstr(text, "flags:");
    return !line || sscanf(line, "flags: %o", &flags) != 1 || (flags & O_CLOEXEC);
}

/* Borrows the socket that the call is about.  False: there is none, let the kernel say so. */
static bool take_socket(const struct seccomp_notif *call, struct caller_socket *out_socket)
{
    int fd = (int)call->data.args[0];
    pid_t process = process_of(call->pid);
    if (process < 0)
        return false;
    sm_autoclose int pidfd = (int)syscall(SYS_pidfd_open, process, 0);
    if (pidfd < 0)
        return false;
    int taken = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
    if (taken < 0)
        return false;
    *out_socket = (struct caller_socket){
        .pidfd = sm_take_fd(&pidfd), .fd = taken, .cloexec = is_cloexec(call->pid, fd)};
    return true;
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

static bool is_tcp_socket(int fd)
{
    int domain = option(fd, SO_DOMAIN), protocol = option(fd, SO_PROTOCOL);
    return (domain == AF_INET || domain == AF_INET6) && option(fd, SO_TYPE) == SOCK_STREAM &&
           (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

/* Makes `to` behave as the caller asked of `from`. */
static void copy_manners(int from, int to)
{
    char value[TAKEOVER_OPTION_MAX];
    for (size_t i = 0; i < sizeof takeover_options / sizeof *takeover_options; i++) {
        socklen_t len = sizeof value;
        int level = takeover_options[i].level, name = takeover_options[i].name;
        if (getsockopt(from, level, name, value, &len) == 0)
            (void)setsockopt(to, level, name, value, len); /* see takeover.h */
    }
    int wanted = fcntl(from, F_GETFL), flags = fcntl(to, F_GETFL);
    if (wanted >= 0 && flags >= 0)
        (void)fcntl(to, F_SETFL, (flags & ~O_NONBLOCK) | (wanted & O_NONBLOCK));
}

/* Asks the keeper for a connection; `err` says why not, for the client. */
static enum smcred_status ask_keeper(const struct index_place *place, int *out_fd,
                                     struct sm_error *err)
{
    uint8_t buffer[CTL_REQUEST_MAX];
    struct sm_wire_out question;
    sm_autocontrol struct sm_control control = {.fd = -1};
    sm_wire_begin(&question, buffer, sizeof buffer, CTL_CONNECT, SMCRED_OK, 1);
    sm_wire_put_text(&question, CTL_TARGET, place->target.name);
    enum smcred_status status = sm_control_ask(place->control_path, &question,
                                               sm_boot_ms() + CTL_TIMEOUT_MS, &control, err);
    return status == SMCRED_OK ? sm_control_answer(&control, out_fd, err) : status;
}

static const char *sqlstate_of(enum smcred_status status)
{
    return status == SMCRED_DENIED    ? REFUSAL_NOT_ALLOWED
           : status == SMCRED_LIMITED ? REFUSAL_TOO_MANY
                                      : REFUSAL_NOT_NOW;
}

/* What the caller gets for a target: a connection, or one that says why not; or a negative errno.
 */
static int socket_for(const struct index_place *place)
{
    char message[REFUSAL_MAX];
    struct sm_error err = {0};
    int fd = -1;
    enum smcred_status status = ask_keeper(place, &fd, &err);
    if (status == SMCRED_OK)
        return fd;
    int instead = status == SMCRED_DENIED      ? -EACCES
                  : status == SMCRED_TIMED_OUT ? -ETIMEDOUT
                                               : -ECONNREFUSED;
    size_t len = refusal_write(message, place->target.engine, sqlstate_of(status), err.text);
    if (len > 0)
        fd = sm_last_words(message, len);
    return fd < 0 ? instead : fd;
}

/* Returns 0, or a negative errno for the caller. */
static int connect_for(int listener, const struct seccomp_notif *call,
                       const struct index_place *place, const struct caller_socket *theirs)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    if (getpeername(theirs->fd, (struct sockaddr *)&peer, &len) == 0)
        return -EISCONN;
    sm_autoclose int ours = socket_for(place);
    if (ours < 0)
        return ours;
    copy_manners(theirs->fd, ours);
    struct seccomp_notif_addfd put = {
        .id = call->id,
        .flags = SECCOMP_ADDFD_FLAG_SETFD,
        .srcfd = (uint32_t)ours,
        .newfd = (uint32_t)call->data.args[0],
        .newfd_flags = theirs->cloexec ? O_CLOEXEC : 0,
    };
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &put) < 0)
        return -ECONNREFUSED;
    watches_follow(&(struct watches_change){.tid = call->pid,
                                            .pidfd = theirs->pidfd,
                                            .number = (int)call->data.args[0],
                                            .before = theirs->fd,
                                            .now = ours});
    return 0;
}

void redirect_call(int listener, const struct seccomp_notif *call,
                   struct seccomp_notif_resp *out_reply)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    struct index_address key;
    struct index_place place;
    size_t len;
    *out_reply =
        (struct seccomp_notif_resp){.id = call->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    if (!read_address(call, &address, &len) || !index_key((struct sockaddr *)&address, len, &key))
        return;
    enum index_match match = index_map_find(&key, &place);
    if (match == INDEX_NOT_OURS)
        return;
    struct caller_socket theirs;
    if (!take_socket(call, &theirs))
        return;
    sm_autoclose int taken = theirs.fd;
    sm_autoclose int process = theirs.pidfd;
    (void)process; /* clang: being closed is no use */
    /* All that was read so far was read of that process, and not of one that got its number. */
    if (!still_waits(listener, call) || !is_tcp_socket(taken))
        return;
    out_reply->flags = 0;
    out_reply->error =
        match == INDEX_OURS ? connect_for(listener, call, &place, &theirs) : -ECONNREFUSED;
}
