/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trail.c - appends lines of JSON, and begins a new file when one is full.  Called by http, once
 * per call, before the answer leaves: what is not in the trail has not been answered.
 */
#include "server/trail.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/log.h"
#include "server/json.h"

struct server_trail {
    char *path;
    pthread_mutex_t lock; /* two threads write, SIGHUP reopens in a third */
    int fd;
    int64_t size;
    int64_t max_bytes; /* 0: none */
    unsigned keep;
};

static int64_t size_of(int fd)
{
    struct stat file;
    return fstat(fd, &file) == 0 ? file.st_size : 0;
}

/* A line that a kill or a power cut has left without its end must not swallow the next one. */
static bool end_last_line(int fd)
{
    char last = '\n';
    int64_t size = size_of(fd);
    bool known = size == 0 || pread(fd, &last, 1, size - 1) == 1;
    return known && (last == '\n' || write(fd, "\n", 1) == 1);
}

static int open_file(const char *path)
{
    sm_autoclose int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd >= 0 && end_last_line(fd) ? sm_take_fd(&fd) : -1;
}

enum smcred_status server_trail_open(const char *path, struct server_trail **out_trail,
                                     struct sm_error *err)
{
    struct server_trail *trail = calloc(1, sizeof *trail);
    if (!trail || !(trail->path = strdup(path))) {
        free(trail);
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    (void)pthread_mutex_init(&trail->lock, NULL); /* default attributes: cannot fail on Linux */
    trail->fd = open_file(path);
    if (trail->fd < 0) {
        enum smcred_status status =
            sm_error_set(err, SMCRED_SYSTEM, "cannot open %s: %s", path, strerror(errno));
        server_trail_close(trail);
        return status;
    }
    trail->size = size_of(trail->fd);
    *out_trail = trail;
    return SMCRED_OK;
}

void server_trail_close(struct server_trail *trail)
{
    if (!trail)
        return;
    sm_close_fd(&trail->fd);
    (void)pthread_mutex_destroy(&trail->lock); /* nobody holds it */
    free(trail->path);
    free(trail);
}

void server_trail_limit(struct server_trail *trail, int64_t max_bytes, unsigned keep)
{
    trail->max_bytes = max_bytes;
    trail->keep = keep;
}

enum smcred_status server_trail_reopen(struct server_trail *trail)
{
    int fd = open_file(trail->path);
    if (fd < 0)
        return SMCRED_SYSTEM;
    (void)pthread_mutex_lock(&trail->lock); /* fails only when misused */
    sm_close_fd(&trail->fd);
    trail->fd = fd;
    trail->size = size_of(fd);
    (void)pthread_mutex_unlock(&trail->lock);
    return SMCRED_OK;
}

/* PATH.number, PATH itself for 0. */
static void numbered(const struct server_trail *trail, unsigned number, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, number > 0 ? "%s.%u" : "%s", trail->path,
                   number); /* the directory's path was checked to leave room */
}

/* Moves every file one on, the oldest away, and begins a new one. */
static bool rotate(struct server_trail *trail)
{
    char from[PATH_MAX], to[PATH_MAX];
    for (unsigned number = trail->keep; number-- > 0;) {
        numbered(trail, number, from);
        numbered(trail, number + 1, to);
        if (rename(from, to) != 0 && errno != ENOENT)
            return false;
    }
    int fd = open_file(trail->path);
    if (fd < 0)
        return false;
    sm_close_fd(&trail->fd);
    trail->fd = fd;
    trail->size = 0;
    return true;
}

/* What a full disk took of a line is of no use, and would run into the next one. */
static void take_back(const struct server_trail *trail, ssize_t written)
{
    if (written > 0)
        (void)!ftruncate(trail->fd, size_of(trail->fd) - written); /* the lock is ours */
}

/* One write(2), so that a line is there whole or not at all. */
static bool append(struct server_trail *trail, const char *text, size_t len)
{
    if (trail->max_bytes > 0 && trail->size > 0 && trail->size + (int64_t)len > trail->max_bytes &&
        !rotate(trail))
        log_error("cannot rotate the event trail: %s; it grows", strerror(errno));
    ssize_t written = write(trail->fd, text, len);
    if (written == (ssize_t)len) {
        trail->size += written;
        return true;
    }
    take_back(trail, written);
    if (written >= 0)
        errno = ENOSPC;
    return false;
}

enum smcred_status server_trail_write(struct server_trail *trail, char *line)
{
    if (!line)
        return SMCRED_NO_MEMORY;
    size_t len = strlen(line);
    line[len] = '\n';                       /* in place of the NUL */
    (void)pthread_mutex_lock(&trail->lock); /* as above */
    bool written = append(trail, line, len + 1);
    (void)pthread_mutex_unlock(&trail->lock);
    int saved = errno;
    line[len] = '\0';
    cJSON_free(line);
    errno = saved;
    return written ? SMCRED_OK : SMCRED_SYSTEM;
}
