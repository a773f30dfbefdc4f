/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ownfile.c - opens first, then judges what it has opened: a name can change its meaning in
 * between.
 */
#include "sources/ownfile.h"

#include <fcntl.h>

static enum smcred_status open_file(const char *path, enum own_file_rule rule, int *out_fd,
                                    struct sm_error *err)
{
    /* O_NONBLOCK: a FIFO in the file's place must not hold us up. */
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = open(path, rule == OWN_FILE_SECRET ? flags | O_NOFOLLOW : flags);
    if (fd >= 0) {
        *out_fd = fd;
        return SMCRED_OK;
    }
    if (errno == ENOENT || errno == ENOTDIR)
        return sm_error_set(err, SMCRED_NOT_FOUND, "%s: there is no such file", path);
    if (errno == ELOOP)
        return sm_error_set(err, SMCRED_DENIED, "%s: is a symbolic link", path);
    if (errno == EACCES)
        return sm_error_set(err, SMCRED_DENIED, "%s: uid %u may not read it%s", path,
                            (unsigned)geteuid(),
                            rule == OWN_FILE_SECRET ? "; give it to that uid, with mode 0600" : "");
    return sm_error_set(err, SMCRED_SYSTEM, "%s: %s", path, strerror(errno));
}

static enum smcred_status judge(const char *path, enum own_file_rule rule, const struct stat *about,
                                struct sm_error *err)
{
    if (!S_ISREG(about->st_mode))
        return sm_error_set(err, SMCRED_DENIED, "%s: is not a regular file", path);
    if (about->st_size >= SM_BUFFER_MAX)
        return sm_error_set(err, SMCRED_TOO_LARGE, "%s: is larger than %d bytes", path,
                            SM_BUFFER_MAX - 1);
    if (rule == OWN_FILE_ANY)
        return SMCRED_OK;
    if (about->st_uid != 0 && about->st_uid != geteuid())
        return sm_error_set(err, SMCRED_DENIED,
                            "%s: belongs to uid %u; it must be root's or uid %u's", path,
                            (unsigned)about->st_uid, (unsigned)geteuid());
    if (about->st_mode & (S_IRWXG | S_IRWXO))
        return sm_error_set(err, SMCRED_DENIED,
                            "%s: has mode %04o, so others can get at it; chmod 0600 it", path,
                            (unsigned)about->st_mode & 07777);
    return SMCRED_OK;
}

static enum smcred_status read_all(int fd, struct sm_secret *text)
{
    for (;;) {
        size_t room;
        void *at = sm_secret_room(text, &room);
        if (room == 0)
            return SMCRED_TOO_LARGE; /* it grew meanwhile */
        ssize_t len = read(fd, at, room);
        if (len == 0)
            return SMCRED_OK;
        if (len > 0)
            sm_secret_grow(text, (size_t)len);
        else if (errno != EINTR)
            return SMCRED_SYSTEM;
    }
}

enum smcred_status own_file_read(const char *path, enum own_file_rule rule, struct sm_vault *vault,
                                 struct sm_secret **out_text, struct stat *out_about,
                                 struct sm_error *err)
{
    sm_autoclose int fd = -1;
    sm_autosecret struct sm_secret *text = NULL;
    struct stat about;
    enum smcred_status status = open_file(path, rule, &fd, err);
    if (status != SMCRED_OK)
        return status;
    if (fstat(fd, &about) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "%s: %s", path, strerror(errno));
    status = judge(path, rule, &about, err);
    if (status != SMCRED_OK)
        return status;
    status = sm_secret_alloc(vault, (size_t)about.st_size + 1, &text);
    if (status == SMCRED_OK)
        status = read_all(fd, text);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "%s: %s", path,
                            status == SMCRED_SYSTEM ? strerror(errno) : sm_status_text(status));
    if (out_about)
        *out_about = about;
    *out_text = text;
    text = NULL;
    return SMCRED_OK;
}
