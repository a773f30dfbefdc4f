/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * executable.c - looks at a rotation function and at all above it.
 *
 * Called by admin_functions.c when it is registered and by the rotator each time before it runs.
 */
#include "server/executable.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

/* In a sticky directory others cannot rename what is not theirs. */
static bool is_closed(const struct stat *file)
{
    bool is_sticky = S_ISDIR(file->st_mode) && (file->st_mode & S_ISVTX);
    return (file->st_uid == 0 || file->st_uid == geteuid()) &&
           (is_sticky || !(file->st_mode & (S_IWGRP | S_IWOTH)));
}

static enum smcred_status check(const char *path, struct stat *out_file, struct sm_error *err)
{
    if (lstat(path, out_file) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "%s: %s", path, strerror(errno));
    if (S_ISLNK(out_file->st_mode))
        return sm_error_set(err, SMCRED_INVALID, "%s is a symbolic link", path);
    return is_closed(out_file)
               ? SMCRED_OK
               : sm_error_set(err, SMCRED_DENIED, "%s can be changed by others", path);
}

enum smcred_status server_executable_check(const char *path, struct sm_error *err)
{
    struct stat file;
    char above[PATH_MAX];
    if (*path != '/' || snprintf(above, sizeof above, "%s", path) >= (int)sizeof above)
        return sm_error_set(err, SMCRED_INVALID, "%s is not an absolute path", path);
    enum smcred_status status = check(path, &file, err);
    if (status != SMCRED_OK)
        return status;
    if (!S_ISREG(file.st_mode) || !(file.st_mode & S_IXUSR))
        return sm_error_set(err, SMCRED_INVALID, "%s is not an executable file", path);
    for (char *slash; status == SMCRED_OK && (slash = strrchr(above, '/'));) {
        *slash = '\0';
        status = check(*above ? above : "/", &file, err);
    }
    return status;
}
