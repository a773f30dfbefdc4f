/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peer.c - SO_PEERCRED and what /proc adds to it.
 */
#include "common/peer.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

#define OVERFLOW_UID 65534 /* every unmapped uid of a user namespace looks like this */

/* The first bytes of /proc/PID/NAME as a string; "" if it cannot be read. */
static void read_proc(pid_t pid, const char *name, char *buffer, size_t size)
{
    char path[64];
    buffer[0] = '\0';
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name); /* always fits */
    sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, buffer, size - 1);
    if (len <= 0)
        return;
    buffer[len] = '\0';
}

static uint32_t read_proc_id(pid_t pid, const char *name)
{
    char text[32];
    read_proc(pid, name, text, sizeof text);
    return text[0] ? (uint32_t)strtoul(text, NULL, 10) : SM_ID_UNKNOWN;
}

static void name_tty(unsigned dev_major, unsigned dev_minor, char *buffer, size_t size)
{
    if (dev_major >= 136 && dev_major <= 143) /* Unix98 ptys, devices.txt */
        (void)snprintf(buffer, size, "pts/%u", (dev_major - 136) * 256 + dev_minor);
    else if (dev_major == 4)
        (void)snprintf(buffer, size, "tty%u", dev_minor);
    else
        (void)snprintf(buffer, size, "%u:%u", dev_major, dev_minor);
}

/* The 2nd word of stat, in brackets, is comm and may hold anything; tty_nr is the 7th. */
static void read_stat(struct sm_peer *peer)
{
    char stat[512];
    read_proc(peer->pid, "stat", stat, sizeof stat);
    const char *name = strchr(stat, '('), *after = strrchr(stat, ')');
    if (!name || !after)
        return;
    (void)snprintf(peer->program, sizeof peer->program, "%.*s", (int)(after - name - 1), name + 1);
    for (int word = 2; after && word < 7; word++)
        after = strchr(after + 1, ' ');
    int tty = after ? (int)strtol(after, NULL, 10) : 0;
    if (tty != 0)
        name_tty(major((dev_t)tty), minor((dev_t)tty), peer->tty, sizeof peer->tty);
}

/* A pidfd becomes readable when its process has exited. */
static bool still_runs(int pidfd)
{
    struct pollfd state = {.fd = pidfd, .events = POLLIN};
    return pidfd < 0 || poll(&state, 1, 0) == 0;
}

static void read_groups(int fd, struct sm_peer *peer)
{
    socklen_t len = sizeof peer->groups;
#ifdef SO_PEERGROUPS
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &len) == 0)
        peer->group_count = len / sizeof *peer->groups;
#endif
}

enum smcred_status sm_peer_of(int fd, struct sm_peer *out_peer)
{
    struct ucred cred;
    socklen_t len = sizeof cred;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
        return SMCRED_SYSTEM;
    if (cred.uid == OVERFLOW_UID || cred.uid == (uid_t)-1)
        return SMCRED_DENIED;
    *out_peer = (struct sm_peer){.pid = cred.pid,
                                 .uid = cred.uid,
                                 .gid = cred.gid,
                                 .loginuid = SM_ID_UNKNOWN,
                                 .audit_session = SM_ID_UNKNOWN,
                                 .pidfd = -1};
    int pidfd = -1;
    len = sizeof pidfd;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0)
        out_peer->pidfd = pidfd;
    read_groups(fd, out_peer);
    if (cred.pid <= 0)
        return SMCRED_OK; /* a peer outside our pid namespace */
    struct sm_peer told = *out_peer;
    told.loginuid = read_proc_id(cred.pid, "loginuid");
    if (told.loginuid != SM_ID_UNKNOWN) /* the kernel sets both at once */
        told.audit_session = read_proc_id(cred.pid, "sessionid");
    read_stat(&told);
    if (still_runs(told.pidfd))
        *out_peer = told;
    return SMCRED_OK;
}

void sm_peer_done(struct sm_peer *peer)
{
    sm_close_fd(&peer->pidfd);
}

bool sm_peer_in_group(const struct sm_peer *peer, gid_t gid)
{
    if (peer->gid == gid)
        return true;
    for (size_t i = 0; i < peer->group_count; i++)
        if (peer->groups[i] == gid)
            return true;
    return false;
}
