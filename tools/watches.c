/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watches.c - as preload/epoll.c, from outside.  Called by redirect.c.
 *
 * The kernel keeps a registration by the file and the number that it was registered by, so whoever
 * makes one must have that file at that number.  We have other things there; a thread with a table
 * of descriptors of its own may put there what it likes.
 */
#include "tools/watches.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/bytes.h"

#define PATH_SIZE    64
#define LINE_SIZE    128 /* "tfd: N events: N data: N  pos:N ino:N sdev:N", as far as we read */
#define WATCHES_MAX  16  /* epoll instances that are told; as many as the shim's */
#define THREAD_STACK (64u << 10)

struct told {
    int epoll; /* ours */
    struct epoll_event event;
};

/* All descriptors are at higher numbers than the socket's over there. */
struct move {
    int number, before, now;
    size_t count;
    struct told told[WATCHES_MAX];
};

static int above(int number, int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, number + 1);
}

static bool is_epoll(int directory, const char *name)
{
    static const char epoll[] = "anon_inode:[eventpoll]";
    char link[sizeof epoll];
    ssize_t len = readlinkat(directory, name, link, sizeof link);
    return len == sizeof epoll - 1 && memcmp(link, epoll, sizeof epoll - 1) == 0;
}

/* Notes each thing that was said of that number: of two, one is about a socket that was. */
static void note(struct move *move, int epoll)
{
    char path[PATH_SIZE], line[LINE_SIZE];
    (void)snprintf(path, sizeof path, "/proc/self/fdinfo/%d", epoll); /* fits */
    FILE *stream = fopen(path, "re");
    if (!stream)
        return;
    while (move->count < WATCHES_MAX && fgets(line, sizeof line, stream)) {
        int number;
        unsigned events;
        unsigned long long data;
        if (sscanf(line, "tfd: %d events: %x data: %llx", &number, &events, &data) != 3 ||
            number != move->number)
            continue;
        struct told *told = &move->told[move->count];
        told->event = (struct epoll_event){.events = events, .data.u64 = data};
        told->epoll = above(move->number, epoll);
        move->count += told->epoll >= 0;
    }
    (void)fclose(stream); /* only read */
}

static void note_all(struct move *move, const struct watches_change *change)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "/proc/%u/fd", change->tid); /* fits */
    DIR *directory = opendir(path);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        if (!is_epoll(dirfd(directory), entry->d_name))
            continue;
        int theirs = (int)strtol(entry->d_name, NULL, 10);
        sm_autoclose int epoll = (int)syscall(SYS_pidfd_getfd, change->pidfd, theirs, 0);
        if (epoll >= 0)
            note(move, epoll);
    }
    if (directory)
        (void)closedir(directory); /* only read */
}

static void *move_all(void *arg)
{
    struct move *move = arg;
    if (unshare(CLONE_FILES) != 0)
        return NULL;
    for (size_t i = 0; i < move->count; i++) {
        struct told *told = &move->told[i];
        if (dup3(move->before, move->number, O_CLOEXEC) < 0 ||
            epoll_ctl(told->epoll, EPOLL_CTL_DEL, move->number, &told->event) != 0)
            continue;
        if (dup3(move->now, move->number, O_CLOEXEC) >= 0)
            (void)epoll_ctl(told->epoll, EPOLL_CTL_ADD, move->number,
                            &told->event); /* it had room a moment ago */
    }
    return NULL;
}

static void run_apart(struct move *move)
{
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return;
    (void)pthread_attr_setstacksize(&attributes, THREAD_STACK); /* else it is larger: no harm */
    if (pthread_create(&thread, &attributes, move_all, move) == 0)
        (void)pthread_join(thread, NULL); /* ours, joined once */
    (void)pthread_attr_destroy(&attributes);
}

void watches_follow(const struct watches_change *change)
{
    struct move move = {.number = change->number};
    note_all(&move, change);
    if (move.count == 0)
        return;
    move.before = above(move.number, change->before);
    move.now = above(move.number, change->now);
    if (move.before >= 0 && move.now >= 0)
        run_apart(&move);
    sm_close_fd(&move.before);
    sm_close_fd(&move.now);
    for (size_t i = 0; i < move.count; i++)
        sm_close_fd(&move.told[i].epoll);
}
