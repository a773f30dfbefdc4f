/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin_backup.c - smcred-server backup, restore.
 *
 * A backup is the database alone: values stay sealed, and the master key is kept elsewhere.  What
 * is restored was opened whole before anything is replaced.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/check.h"
#include "server/command.h"
#include "server/setup.h"
#include "server/store_check.h"

static int end(enum smcred_status status, const struct sm_error *err)
{
    if (status != SMCRED_OK)
        log_error("%s", err->text);
    return status == SMCRED_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* DIR/NAME; false, said, if that is too long. */
static bool make_path(const char *directory, const char *name, char out[PATH_MAX])
{
    bool fits = snprintf(out, PATH_MAX, "%s/%s", directory, name) < PATH_MAX;
    if (!fits)
        log_error("%s/%s is too long", directory, name);
    return fits;
}

/* The new name is there after a power cut, or the old file is. */
static enum smcred_status put_in_place(const char *from, const char *to, struct sm_error *err)
{
    char copy[PATH_MAX];
    if (rename(from, to) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot rename %s to %s: %s", from, to,
                            strerror(errno));
    (void)snprintf(copy, sizeof copy, "%s", to); /* dirname() writes into it */
    sm_autoclose int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot sync the directory of %s: %s", to,
                            strerror(errno));
    return SMCRED_OK;
}

/* An earlier backup may go, no other file, and of all files not the store. */
static enum smcred_status may_replace(const char *file, const char *store, struct sm_error *err)
{
    static const char magic[16] = "SQLite format 3";
    char head[sizeof magic] = "";
    struct stat there, ours;
    sm_autoclose int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return SMCRED_OK;
    if (fd < 0 || fstat(fd, &there) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "%s: %s", file, strerror(errno));
    if (stat(store, &ours) == 0 && there.st_ino == ours.st_ino && there.st_dev == ours.st_dev)
        return sm_error_set(err, SMCRED_DENIED, "%s is the store itself", file);
    if (read(fd, head, sizeof head) != sizeof head || memcmp(head, magic, sizeof magic) != 0)
        return sm_error_set(err, SMCRED_DENIED, "%s is there already, and is no backup", file);
    return SMCRED_OK;
}

int server_admin_backup(const char *path, int argc, char **argv)
{
    struct sm_error err = {.text = ""};
    const char *directory = NULL, *file = NULL;
    char store[PATH_MAX], temporary[PATH_MAX];
    const struct server_option options[] = {
        {"dir", "DIR", true, &directory}, {NULL, "FILE", true, &file}, {.out = NULL}};
    int code = server_command_options(path,
                                      "Writes one moment of a store to FILE, values sealed, while "
                                      "a server may go on.",
                                      options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!make_path(directory, "store.db", store))
        return EXIT_FAILURE;
    if (snprintf(temporary, sizeof temporary, "%s.%ld", file, (long)getpid()) >= PATH_MAX)
        return end(sm_error_set(&err, SMCRED_TOO_LARGE, "%s is too long", file), &err);
    enum smcred_status status = may_replace(file, store, &err);
    if (status == SMCRED_OK)
        status = server_store_copy(store, temporary, &err);
    if (status != SMCRED_OK)
        return end(status, &err);
    status = put_in_place(temporary, file, &err);
    if (status != SMCRED_OK)
        (void)unlink(temporary); /* of no use */
    return end(status, &err);
}

/* --- restore ---------------------------------------------------------------------------------- */

static void say_finding(void *context, const char *where, const char *what)
{
    (void)context;
    log_error("%s: %s", log_quote(where), what);
}

/* Opens everything in the copy with the master key of the directory. */
static enum smcred_status verify(const char *directory, const char *copy, struct sm_error *err)
{
    struct server server;
    struct server_check check = {.found = say_finding};
    enum smcred_status status = server_setup_open_copy(directory, copy, &server, err);
    if (status != SMCRED_OK)
        return status;
    status = server_check(&server, &check);
    if (status == SMCRED_OK && check.findings > 0)
        status = SMCRED_INVALID;
    server_setup_close(&server);
    return status == SMCRED_OK ? status
                               : sm_error_set(err, status,
                                              "the backup is not whole, or was made with another "
                                              "master key; nothing was changed");
}

/* The log of a store that goes would be taken for the new one's. */
static void remove_log(const char *store)
{
    static const char *const tails[] = {"-wal", "-shm", "-journal"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        if (snprintf(path, sizeof path, "%s%s", store, tails[i]) < PATH_MAX)
            (void)unlink(path); /* mostly not there */
    }
}

static enum smcred_status restore(const char *directory, const char *file, const char *store,
                                  const char *copy, struct sm_error *err)
{
    (void)unlink(copy); /* left by one that was interrupted; the lock is ours */
    enum smcred_status status = server_store_copy(file, copy, err);
    if (status != SMCRED_OK)
        return status;
    status = verify(directory, copy, err);
    if (status == SMCRED_OK) {
        server_store_fold_log(store); /* until the new one is in its place, the old one is whole */
        remove_log(store);
        status = put_in_place(copy, store, err);
    }
    if (status != SMCRED_OK)
        (void)unlink(copy); /* of no use */
    remove_log(copy);
    return status;
}

int server_admin_restore(const char *path, int argc, char **argv)
{
    struct sm_error err = {.text = ""};
    const char *directory = NULL, *file = NULL, *force = NULL;
    char store[PATH_MAX], copy[PATH_MAX];
    sm_autoclose int lock = -1;
    const struct server_option options[] = {{"dir", "DIR", true, &directory},
                                            {"force", NULL, false, &force},
                                            {NULL, "FILE", true, &file},
                                            {.out = NULL}};
    int code = server_command_options(path,
                                      "Makes FILE, a backup, the store in DIR, whose master key "
                                      "must be there; --force replaces the store that is.",
                                      options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!make_path(directory, "store.db", store) || !make_path(directory, "restoring.db", copy))
        return EXIT_FAILURE;
    enum smcred_status status = server_setup_lock(directory, &lock, &err);
    if (status == SMCRED_OK && !force && access(store, F_OK) == 0)
        status =
            sm_error_set(&err, SMCRED_DENIED, "%s is there already; --force replaces it", store);
    if (status == SMCRED_OK)
        status = restore(directory, file, store, copy, &err);
    return end(status, &err);
}
