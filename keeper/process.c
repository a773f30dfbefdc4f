/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.c - /proc/PID/stat and /proc/PID/status.
 */
#include "keeper/process.h"

#include <fcntl.h>
#include <stdio.h>

#define PARENT_WORD  4
#define STARTED_WORD 22

static bool read_proc(pid_t pid, const char *name, char *buffer, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name); /* fits */
    sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, buffer, size - 1);
    if (len <= 0)
        return false;
    buffer[len] = '\0';
    return true;
}

/* The words behind the 2nd, which is the program's name in brackets and may hold anything. */
static const char *word_of(const char *stat, int number)
{
    const char *at = strrchr(stat, ')');
    for (int word = 2; at && word < number; word++)
        at = strchr(at + 1, ' ');
    return at;
}

bool process_read(pid_t pid, struct process *out_process)
{
    char stat[1024];
    if (pid <= 0 || !read_proc(pid, "stat", stat, sizeof stat))
        return false;
    const char *parent = word_of(stat, PARENT_WORD), *started = word_of(stat, STARTED_WORD);
    if (!parent || !started)
        return false;
    *out_process =
        (struct process){pid, (pid_t)strtol(parent, NULL, 10), strtoull(started, NULL, 10)};
    return true;
}

bool process_real_uid(pid_t pid, uid_t *out_uid)
{
    char status[1024];
    if (pid <= 0 || !read_proc(pid, "status", status, sizeof status))
        return false;
    const char *line = strstr(status, "\nUid:\t");
    if (!line)
        return false;
    *out_uid = (uid_t)strtoul(line + 6, NULL, 10);
    return true;
}

bool process_lives(const struct process *process)
{
    struct process now;
    return process_read(process->pid, &now) && now.started == process->started;
}
