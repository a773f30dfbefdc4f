/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_copy.c - one consistent moment of a database, whoever writes to it meanwhile.
 *
 * Called by admin_backup.c.  SQLite's online backup reads in one transaction; the copy is not in
 * write-ahead mode, so that it is one file.
 */
#include "server/store_check.h"

#include <fcntl.h>
#include <stdio.h>

#include "server/store_sql.h"

#define BUSY_MS 10000

static enum smcred_status open_both(const char *from, const char *to, sqlite3 *databases[2],
                                    struct sm_error *err)
{
    /* Read-write where it can be: a log left by a crash has to be taken in. */
    int code =
        sqlite3_open_v2(from, &databases[0], SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
    if (code == SQLITE_OK)
        (void)sqlite3_busy_timeout(databases[0], BUSY_MS); /* cannot fail */
    if (code != SQLITE_OK)
        return sm_error_set(err, store_status_of(code), "cannot open %s: %s", from,
                            sqlite3_errstr(code));
    code = sqlite3_open_v2(to, &databases[1], SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
    if (code != SQLITE_OK)
        return sm_error_set(err, store_status_of(code), "cannot open %s: %s", to,
                            sqlite3_errstr(code));
    return SMCRED_OK;
}

static int copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup)
        return sqlite3_errcode(to);
    int code = sqlite3_backup_step(backup, -1);
    int finished = sqlite3_backup_finish(backup);
    if (finished != SQLITE_OK)
        return finished;
    return code == SQLITE_DONE ? sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL)
                               : code;
}

static enum smcred_status copy(const char *from, const char *to, struct sm_error *err)
{
    sqlite3 *databases[2] = {NULL, NULL};
    enum smcred_status status = open_both(from, to, databases, err);
    if (status == SMCRED_OK) {
        int code = copy_pages(databases[0], databases[1]);
        if (code != SQLITE_OK)
            status = sm_error_set(err, store_status_of(code), "cannot copy %s to %s: %s", from, to,
                                  sqlite3_errstr(code));
    }
    (void)sqlite3_close(databases[1]); /* no statement is open in them */
    (void)sqlite3_close(databases[0]);
    return status;
}

enum smcred_status server_store_copy(const char *from, const char *to, struct sm_error *err)
{
    sm_autoclose int fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot create %s: %s", to, strerror(errno));
    enum smcred_status status = copy(from, to, err);
    if (status == SMCRED_OK && fsync(fd) != 0)
        status = sm_error_set(err, SMCRED_SYSTEM, "cannot sync %s: %s", to, strerror(errno));
    if (status != SMCRED_OK)
        (void)unlink(to); /* ours, and of no use */
    return status;
}

void server_store_fold_log(const char *path)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL) ==
        SQLITE_OK) {
        (void)sqlite3_busy_timeout(db, BUSY_MS); /* cannot fail */
        (void)sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL,
                           NULL); /* if it can be */
    }
    (void)sqlite3_close(db); /* no statement is open in it */
}
