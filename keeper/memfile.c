/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memfile.c - memfd_create(2), write, seal.
 */
#include "keeper/memfile.h"

#include <fcntl.h>
#include <sys/mman.h>

enum smcred_status memfile_new(const char *name, struct sm_bytes content, int *out_fd)
{
    sm_autoclose int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    size_t done = 0;
    while (fd >= 0 && done < content.len) {
        ssize_t put =
            pwrite(fd, (const char *)content.data + done, content.len - done, (off_t)done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return SMCRED_SYSTEM;
        done += (size_t)put;
    }
    if (fd < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        return SMCRED_SYSTEM;
    *out_fd = sm_take_fd(&fd);
    return SMCRED_OK;
}
