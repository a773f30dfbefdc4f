/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * slow_disk.c - preloaded, a disk that hangs: nothing is synced for as long as the file $SLOW_DISK
 * is there.
 */
#include <dlfcn.h>
#include <unistd.h>

#include "common/bytes.h"
#include "libsmcred/smcred.h"

#define LOOKS   600
#define LOOK_US 100000

SMCRED_API int fsync(int fd); /* as glibc's, whose place it takes */

int fsync(int fd)
{
    int (*libc_fsync)(int);
    const char *file = getenv("SLOW_DISK");
    for (int i = 0; i < LOOKS && file && access(file, F_OK) == 0; i++)
        (void)usleep(LOOK_US); /* a pause */
    *(void **)&libc_fsync = dlsym(RTLD_NEXT, "fsync");
    return libc_fsync(fd);
}
