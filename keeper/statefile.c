/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * statefile.c - written beside, synced, and renamed.  Called by revocations.c,
 * record.c and localca.c.
 */
#include "keeper/statefile.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, const char *text)
{
    for (size_t len = strlen(text); len > 0;) {
        ssize_t put = write(fd, text, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        text += put;
        len -= (size_t)put;
    }
    return true;
}

/* The directory too, or the new name may not outlive a power cut. */
static enum smcred_status sync_directory(const char *path)
{
    sm_autofree char *directory = strdup(path);
    if (!directory)
        return SMCRED_NO_MEMORY;
    *strrchr(directory, '/') = '\0';
    sm_autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? SMCRED_OK : SMCRED_SYSTEM;
}

static enum smcred_status replace(const char *path, const char *text, mode_t mode, bool synced)
{
    char fresh[4096];
    int len = snprintf(fresh, sizeof fresh, "%s.new", path);
    if (len < 0 || (size_t)len >= sizeof fresh)
        return SMCRED_TOO_LARGE;
    (void)unlink(fresh); /* of a keeper that died before its last line here */
    sm_autoclose int fd =
        open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (fd < 0 || fchmod(fd, mode) != 0 || !write_all(fd, text) || (synced && fsync(fd) != 0) ||
        rename(fresh, path) != 0)
        return SMCRED_SYSTEM;
    return SMCRED_OK;
}

enum smcred_status statefile_replace(const char *path, const char *text)
{
    enum smcred_status status = replace(path, text, S_IRUSR | S_IWUSR, true);
    return status == SMCRED_OK ? sync_directory(path) : status;
}

enum smcred_status statefile_publish(const char *path, const char *text)
{
    return replace(path, text, S_IRUSR | S_IRGRP | S_IROTH, false);
}

enum smcred_status statefile_read(const char *path, char **out_text, struct sm_error *err)
{
    struct stat about;
    sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *out_text = NULL;
    if (fd < 0 && errno == ENOENT)
        return SMCRED_OK;
    if (fd < 0 || fstat(fd, &about) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "%s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode) || about.st_size > STATEFILE_SIZE_MAX)
        return sm_error_set(err, SMCRED_TOO_LARGE, "%s is no file of at most 4 MiB", path);
    size_t size = (size_t)about.st_size, len = 0;
    sm_autofree char *text = malloc(size + 1);
    if (!text)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    while (len < size) {
        ssize_t got = read(fd, text + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return sm_error_set(err, SMCRED_SYSTEM, "%s: %s", path,
                                got < 0 ? strerror(errno) : "became shorter");
        len += (size_t)got;
    }
    text[len] = '\0';
    *out_text = text;
    text = NULL;
    return SMCRED_OK;
}
