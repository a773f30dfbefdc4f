/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * humans_file.c - a login in a file of its own, named by its id: the frame of wire.h on disk.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/wire.h"
#include "keeper/humans.h"

#define FILE_MAX 4096
#define ID_LEN   16

enum file_tag {
    F_USER = 1,
    F_SERVICE,
    F_OPENED_BY,
    F_LOGINUID,
    F_AUDIT_SESSION,
    F_PID,
    F_STARTED,
    F_OPENED_AT_MS,
    F_INSIDE,
    F_HUMAN,
    F_HUMAN_USER,
    F_HUMAN_SERVICE,
    F_HUMAN_TTY,
    F_HUMAN_RHOST,
};

static void path_of(char *out, size_t size, const char *directory, const char *mark, uint64_t id)
{
    (void)snprintf(out, size, "%s/%s%016llx", directory, mark, (unsigned long long)id);
}

static void put(struct sm_wire_out *out, const struct human_login *login)
{
    sm_wire_put_text(out, F_USER, login->user);
    sm_wire_put_text(out, F_SERVICE, login->service);
    sm_wire_put_u32(out, F_OPENED_BY, login->opened_by);
    sm_wire_put_u32(out, F_LOGINUID, login->loginuid);
    sm_wire_put_u32(out, F_AUDIT_SESSION, login->audit_session);
    sm_wire_put_u32(out, F_PID, (uint32_t)login->process.pid);
    sm_wire_put_u64(out, F_STARTED, login->process.started);
    sm_wire_put_u64(out, F_OPENED_AT_MS, (uint64_t)login->opened_at_ms);
    sm_wire_put_u64(out, F_INSIDE, login->inside);
    sm_wire_put_u64(out, F_HUMAN, login->human->login);
    sm_wire_put_text(out, F_HUMAN_USER, login->human->user);
    sm_wire_put_text(out, F_HUMAN_SERVICE, login->human->service);
    sm_wire_put_text(out, F_HUMAN_TTY, login->human->tty);
    sm_wire_put_text(out, F_HUMAN_RHOST, login->human->rhost);
}

enum smcred_status humans_store(const char *directory, const struct human_login *login)
{
    uint8_t bytes[FILE_MAX];
    char fresh[512], path[512];
    struct sm_wire_out out;
    path_of(fresh, sizeof fresh, directory, ".", login->id);
    path_of(path, sizeof path, directory, "", login->id);
    sm_wire_begin(&out, bytes, sizeof bytes, 0, SMCRED_OK, login->id);
    put(&out, login);
    if (sm_wire_finish(&out) != SMCRED_OK)
        return SMCRED_TOO_LARGE;
    sm_autoclose int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return SMCRED_SYSTEM;
    if (write(fd, out.data, out.len) == (ssize_t)out.len && rename(fresh, path) == 0)
        return SMCRED_OK;
    (void)unlink(fresh); /* it may be there */
    return SMCRED_SYSTEM;
}

void humans_remove(const char *directory, uint64_t id)
{
    char path[512];
    path_of(path, sizeof path, directory, "", id);
    (void)unlink(path); /* it may never have been written */
}

static struct human *take_human(const struct sm_wire_in *in)
{
    struct human *human = calloc(1, sizeof *human);
    if (!human)
        return NULL;
    human->references = 1;
    bool whole = sm_wire_get_u64(in, F_HUMAN, &human->login) && human->login != 0 &&
                 sm_wire_get_text(in, F_HUMAN_USER, human->user, sizeof human->user) &&
                 sm_wire_get_text(in, F_HUMAN_SERVICE, human->service, sizeof human->service) &&
                 sm_wire_get_text(in, F_HUMAN_TTY, human->tty, sizeof human->tty) &&
                 sm_wire_get_text(in, F_HUMAN_RHOST, human->rhost, sizeof human->rhost);
    if (whole)
        return human;
    human_unref(human);
    return NULL;
}

static bool take(const struct sm_wire_in *in, struct human_login *login)
{
    uint32_t uid, pid;
    uint64_t opened_at_ms;
    bool whole = sm_wire_get_text(in, F_USER, login->user, sizeof login->user) &&
                 sm_wire_get_text(in, F_SERVICE, login->service, sizeof login->service) &&
                 sm_wire_get_u32(in, F_OPENED_BY, &uid) &&
                 sm_wire_get_u32(in, F_LOGINUID, &login->loginuid) &&
                 sm_wire_get_u32(in, F_AUDIT_SESSION, &login->audit_session) &&
                 sm_wire_get_u32(in, F_PID, &pid) && pid <= INT32_MAX &&
                 sm_wire_get_u64(in, F_STARTED, &login->process.started) &&
                 sm_wire_get_u64(in, F_OPENED_AT_MS, &opened_at_ms) &&
                 sm_wire_get_u64(in, F_INSIDE, &login->inside);
    if (!whole)
        return false;
    login->opened_by = uid;
    login->process.pid = (pid_t)pid;
    login->opened_at_ms = (int64_t)opened_at_ms;
    login->human = take_human(in);
    return login->human != NULL;
}

struct human_login *humans_restore(const char *directory, const char *name)
{
    uint8_t bytes[FILE_MAX];
    char path[512];
    struct sm_wire_in in;
    if (strlen(name) != ID_LEN || strspn(name, "0123456789abcdef") != ID_LEN)
        return NULL;
    uint64_t id = strtoull(name, NULL, 16);
    path_of(path, sizeof path, directory, "", id);
    sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t len = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
    if (len <= 0 || sm_wire_parse(sm_bytes(bytes, (size_t)len), &in) != SMCRED_OK ||
        in.header.request_id != id || id == 0)
        return NULL;
    struct human_login *login = calloc(1, sizeof *login);
    if (!login)
        return NULL;
    login->id = id;
    if (take(&in, login))
        return login;
    humans_free_login(login);
    return NULL;
}
