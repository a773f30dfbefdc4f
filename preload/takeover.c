/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * takeover.c - another socket in the place of the caller's, who must not notice.
 */
#include "common/takeover.h"

#include <errno.h>
#include <fcntl.h>

#include "common/raw.h"
#include "preload/shim.h"

static void copy_options(int from, int to)
{
    _Alignas(8) char value[TAKEOVER_OPTION_MAX];
    for (size_t i = 0; i < sizeof takeover_options / sizeof *takeover_options; i++) {
        int level = takeover_options[i].level, name = takeover_options[i].name;
        socklen_t len = sizeof value;
        if (RAW(SYS_getsockopt, from, level, name, value, &len) == 0)
            (void)RAW(SYS_setsockopt, to, level, name, value, len); /* see takeover.h */
    }
}

static int put_over(int fd, int from)
{
    long fd_flags = RAW(SYS_fcntl, fd, F_GETFD);
    long file_flags = RAW(SYS_fcntl, fd, F_GETFL);
    long from_flags = RAW(SYS_fcntl, from, F_GETFL);
    if (fd_flags < 0 || file_flags < 0 || from_flags < 0)
        return -EBADF;
    long flags = (from_flags & ~(long)O_NONBLOCK) | (file_flags & O_NONBLOCK);
    long result = RAW(SYS_fcntl, from, F_SETFL, flags);
    if (result < 0)
        return (int)result;
    copy_options(fd, from);
    struct shim_watches watches;
    shim_watches_lift(fd, &watches);
    do
        result = RAW(SYS_dup3, from, fd, (fd_flags & FD_CLOEXEC) ? O_CLOEXEC : 0);
    while (result == -EINTR || result == -EBUSY);
    shim_watches_put(fd, &watches);
    return result < 0 ? (int)result : 0;
}

int shim_take_over(int fd, int from)
{
    int result = put_over(fd, from);
    (void)RAW(SYS_close, from); /* lives on as `fd`, or is of no use */
    return result;
}
