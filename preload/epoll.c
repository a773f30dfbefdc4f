/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * epoll.c - what a program has told epoll about a socket before it connected it.
 *
 * The kernel keeps that with the socket and not with its number: when another socket takes the
 * number over, it is gone, and the program waits for ever.  /proc says what it was.  nginx and
 * netty's native transport register first; who registers after connect() has nothing here.
 * Without /proc (a chroot, an undumpable process) nothing is found, and nothing put back.
 */
#include "preload/shim.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>

#include "common/raw.h"

#define LINE_MAX_LEN 128 /* "tfd: N events: N data: N  pos:N ino:N sdev:N", as far as we read */
#define PATH_MAX_LEN 32  /* "/proc/self/fdinfo/2147483647" */

/* A file of /proc, line by line. */
struct lines {
    int fd;
    char buffer[512];
    size_t at, len;
    char line[LINE_MAX_LEN];
};

static int next_char(struct lines *lines)
{
    if (lines->at == lines->len) {
        long len = RAW(SYS_read, lines->fd, lines->buffer, sizeof lines->buffer);
        if (len <= 0)
            return -1;
        lines->at = 0;
        lines->len = (size_t)len;
    }
    return (unsigned char)lines->buffer[lines->at++];
}

/* The next line, cut to what `line` holds; false at the end. */
static bool next_line(struct lines *lines)
{
    size_t len = 0;
    int next = next_char(lines);
    if (next < 0)
        return false;
    for (; next >= 0 && next != '\n'; next = next_char(lines))
        if (len < sizeof lines->line - 1)
            lines->line[len++] = (char)next;
    lines->line[len] = '\0';
    return true;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Steps over `label` and blanks, and reads a number behind them; NULL if that is not what stands
 * there. */
static const char *number(const char *at, const char *label, int base, uint64_t *out_value)
{
    while (*at == ' ') /* NOLINT: the kernel has written it, if the caller has not */
        at++;
    for (; *label != '\0'; label++, at++)
        if (*at != *label)
            return NULL;
    while (*at == ' ')
        at++;
    if (digit(*at) >= base)
        return NULL;
    for (*out_value = 0; digit(*at) < base; at++)
        *out_value = *out_value * (uint64_t)base + (uint64_t)digit(*at);
    return at;
}

/* "tfd: 5 events: 19 data: 7f" of `fd`. */
static bool is_about(const char *line, int fd, struct epoll_event *out_event)
{
    uint64_t tfd, events, data;
    line = number(line, "tfd:", 10, &tfd);
    line = line ? number(line, "events:", 16, &events) : NULL;
    line = line ? number(line, "data:", 16, &data) : NULL;
    if (!line || tfd != (uint64_t)fd)
        return false;
    *out_event = (struct epoll_event){.events = (uint32_t)events, .data.u64 = data};
    return true;
}

/* Takes `fd` out of the epoll instance `epoll`; false if it was not in there. */
static bool lift(int epoll, int fd, struct epoll_event *out_event)
{
    char path[PATH_MAX_LEN];
    bool lifted = false;
    char *at = shim_put_text(path, "/proc/self/fdinfo/");
    *shim_put_number(at, (unsigned)epoll) = '\0';
    struct lines lines = {.fd = (int)RAW(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC)};
    if (lines.fd < 0)
        return false;
    while (!lifted && next_line(&lines)) /* of two with that number, one is a socket that was */
        lifted = is_about(lines.line, fd, out_event) &&
                 RAW(SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, fd, out_event) == 0;
    (void)RAW(SYS_close, lines.fd); /* read-only: nothing to lose */
    return lifted;
}

static bool is_epoll(int directory, const char *name)
{
    static const char epoll[] = "anon_inode:[eventpoll]";
    char link[sizeof epoll];
    long len = RAW(SYS_readlinkat, directory, name, link, sizeof link);
    if (len != sizeof epoll - 1)
        return false;
    for (long i = 0; i < len; i++)
        if (link[i] != epoll[i]) /* NOLINT: the kernel has written as many */
            return false;
    return true;
}

static void look_at(int directory, const char *name, int fd, struct shim_watches *watches)
{
    uint64_t epoll;
    if (watches->count < SHIM_WATCHES_MAX && number(name, "", 10, &epoll) &&
        is_epoll(directory, name) && lift((int)epoll, fd, &watches->of[watches->count].event))
        watches->of[watches->count++].epoll = (int)epoll;
}

void shim_watches_lift(int fd, struct shim_watches *out_watches)
{
    _Alignas(8) char entries[1024];
    long len, at;
    out_watches->count = 0;
    long directory = RAW(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return;
    while ((len = RAW(SYS_getdents64, directory, entries, sizeof entries)) > 0)
        for (at = 0; at < len; at += ((struct dirent64 *)(void *)(entries + at))->d_reclen)
            look_at((int)directory, ((struct dirent64 *)(void *)(entries + at))->d_name, fd,
                    out_watches);
    (void)RAW(SYS_close, directory); /* read-only: nothing to lose */
}

void shim_watches_put(int fd, struct shim_watches *watches)
{
    for (size_t i = 0; i < watches->count; i++)
        (void)RAW(SYS_epoll_ctl, watches->of[i].epoll, EPOLL_CTL_ADD, fd,
                  &watches->of[i].event); /* it had room a moment ago */
}
