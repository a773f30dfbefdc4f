/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * setup.c - what stands in the directory given by --init and --dir.  Called by main.
 */
#include "server/setup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "server/envelope.h"
#include "server/names.h"
#include "server/trail.h"

struct paths {
    char key[PATH_MAX], store[PATH_MAX], trail[PATH_MAX];
};

/* The master key as systemd hands it over (LoadCredential=), if it does. */
static bool credential(char out_path[PATH_MAX])
{
    const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");
    return directory && *directory &&
           snprintf(out_path, PATH_MAX, "%s/" SERVER_CREDENTIAL, directory) < PATH_MAX &&
           access(out_path, F_OK) == 0;
}

static enum smcred_status make_paths(const char *directory, struct paths *out, struct sm_error *err)
{
    if (strlen(directory) > PATH_MAX - 32)
        return sm_error_set(err, SMCRED_TOO_LARGE, "the directory's path is too long");
    if (!credential(out->key))
        (void)snprintf(out->key, sizeof out->key, "%s/master.key", directory);  /* fits */
    (void)snprintf(out->store, sizeof out->store, "%s/store.db", directory);    /* fits */
    (void)snprintf(out->trail, sizeof out->trail, "%s/trail.jsonl", directory); /* fits */
    return SMCRED_OK;
}

static enum smcred_status check_directory(const char *directory, struct sm_error *err)
{
    struct stat file;
    if (stat(directory, &file) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "%s: %s", directory, strerror(errno));
    if (!S_ISDIR(file.st_mode))
        return sm_error_set(err, SMCRED_INVALID, "%s is not a directory", directory);
    if (file.st_uid != geteuid())
        return sm_error_set(err, SMCRED_DENIED, "%s belongs to another user", directory);
    if (file.st_mode & (S_IRWXG | S_IRWXO))
        return sm_error_set(err, SMCRED_DENIED, "%s is open to others; chmod 0700 %s", directory,
                            directory);
    return SMCRED_OK;
}

enum smcred_status server_setup_open_lock(const char *directory, const char *name, int *out_fd,
                                          struct sm_error *err)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
        return sm_error_set(err, SMCRED_TOO_LARGE, "the directory's path is too long");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot open %s: %s", path, strerror(errno));
    *out_fd = fd;
    return SMCRED_OK;
}

enum smcred_status server_setup_lock(const char *directory, int *out_fd, struct sm_error *err)
{
    sm_autoclose int fd = -1;
    enum smcred_status status = server_setup_open_lock(directory, "lock", &fd, err);
    if (status != SMCRED_OK)
        return status;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? sm_error_set(err, SMCRED_UNAVAILABLE,
                                                   "the store is in use by another smcred-server")
                                    : sm_error_set(err, SMCRED_SYSTEM, "cannot lock %s/lock: %s",
                                                   directory, strerror(errno));
    *out_fd = sm_take_fd(&fd);
    return SMCRED_OK;
}

/* What only the one that serves has. */
static enum smcred_status open_serving(const char *directory, const char *trail,
                                       struct server *server, struct sm_error *err)
{
    enum smcred_status status = server_setup_lock(directory, &server->lock_fd, err);
    return status == SMCRED_OK ? server_trail_open(trail, &server->trail, err) : status;
}

static enum smcred_status open_store(const char *path, struct server_store **out_store,
                                     struct sm_error *err)
{
    if (access(path, F_OK) != 0) /* SQLite would make an empty one */
        return sm_error_set(err, SMCRED_SYSTEM, "no store at %s: %s", path, strerror(errno));
    return server_store_open(path, out_store, err);
}

/* Opens what is in `paths`; on failure what is open so far stays in `server`. */
static enum smcred_status open_paths(const struct paths *paths, struct server *server,
                                     struct sm_error *err)
{
    enum smcred_status status = sm_vault_new(&server->vault);
    if (status == SMCRED_OK)
        status = server_master_read(server->vault, paths->key, &server->master_key, err);
    if (status == SMCRED_OK)
        status = open_store(paths->store, &server->store, err);
    return status == SMCRED_OK ? server_init(server, err) : status;
}

/* Hands the server out, or closes what is open of it. */
static enum smcred_status hand_out(struct server *server, enum smcred_status status,
                                   struct server *out_server)
{
    if (status == SMCRED_OK)
        *out_server = *server;
    else
        server_setup_close(server);
    return status;
}

/* Every store has an access key sealed under its master key: with another, nothing is to be
 * written. */
static enum smcred_status check_master(const struct server *server, const char *path,
                                       struct sm_error *err)
{
    enum smcred_status status = server_keys_check(server);
    return status == SMCRED_DENIED
               ? sm_error_set(err, status, "%s is not the master key of this store", path)
           : status != SMCRED_OK ? sm_error_set(err, status, "cannot read the store: %s",
                                                server_store_error(server->store))
                                 : SMCRED_OK;
}

enum smcred_status server_setup_open(const char *directory, enum server_setup_use use,
                                     struct server *out_server, struct sm_error *err)
{
    struct paths paths;
    struct server server = {.lock_fd = -1};
    enum smcred_status status = make_paths(directory, &paths, err);
    if (status == SMCRED_OK)
        status = check_directory(directory, err);
    if (status == SMCRED_OK && use == SERVER_SETUP_SERVE)
        status = open_serving(directory, paths.trail, &server, err);
    if (status == SMCRED_OK)
        status = open_paths(&paths, &server, err);
    if (status == SMCRED_OK)
        status = check_master(&server, paths.key, err);
    return hand_out(&server, status, out_server);
}

enum smcred_status server_setup_open_copy(const char *directory, const char *store,
                                          struct server *out_server, struct sm_error *err)
{
    struct paths paths;
    struct server server = {.lock_fd = -1};
    enum smcred_status status = make_paths(directory, &paths, err);
    if (status == SMCRED_OK)
        status = check_directory(directory, err);
    (void)snprintf(paths.store, sizeof paths.store, "%s", store); /* was opened by that name */
    if (status == SMCRED_OK)
        status = open_paths(&paths, &server, err);
    return hand_out(&server, status, out_server);
}

enum smcred_status server_setup_open_store(const char *directory, struct server_store **out_store,
                                           struct sm_error *err)
{
    struct paths paths;
    enum smcred_status status = make_paths(directory, &paths, err);
    return status == SMCRED_OK ? open_store(paths.store, out_store, err) : status;
}

enum smcred_status server_setup_open_trail(const char *directory, struct server_trail **out_trail,
                                           struct sm_error *err)
{
    struct paths paths;
    enum smcred_status status = make_paths(directory, &paths, err);
    return status == SMCRED_OK ? server_trail_open(paths.trail, out_trail, err) : status;
}

void server_setup_close(struct server *server)
{
    server_trail_close(server->trail);
    server_done(server);
    server_store_close(server->store);
    sm_secret_free(server->master_key);
    sm_vault_free(server->vault);
    sm_close_fd(&server->lock_fd);
    *server = (struct server){.lock_fd = -1};
}

static enum smcred_status create_store(const char *path, const char *region, const char *account,
                                       struct sm_error *err)
{
    struct server_store *store;
    enum smcred_status status = server_store_open(path, &store, err);
    if (status != SMCRED_OK)
        return status;
    status = server_store_setting_set(store, "region", region);
    if (status == SMCRED_OK)
        status = server_store_setting_set(store, "account", account);
    if (status != SMCRED_OK)
        (void)sm_error_set(err, status, "cannot write %s: %s", path, server_store_error(store));
    server_store_close(store);
    return status;
}

/* Makes the master key, unless systemd has one for us. */
static enum smcred_status make_master(const char *path, bool *out_made, struct sm_error *err)
{
    char given[PATH_MAX];
    enum smcred_status status = credential(given) ? SMCRED_OK : server_master_create(path, err);
    *out_made = status == SMCRED_OK && !credential(given);
    return status;
}

/* An empty file in the store's place: one that is there is not made again, whoever has its key. */
static enum smcred_status claim_store(const char *path, struct sm_error *err)
{
    sm_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return sm_error_set(err, SMCRED_DENIED, "there is a store already: %s", path);
    return fd < 0 ? sm_error_set(err, SMCRED_SYSTEM, "cannot create %s: %s", path, strerror(errno))
                  : SMCRED_OK;
}

/* What a failed --init has made; the directory may have been there. */
static void unmake(const struct paths *paths, bool made_master)
{
    static const char *const tails[] = {"", "-wal", "-shm"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        if (snprintf(path, sizeof path, "%s%s", paths->store, tails[i]) < PATH_MAX)
            (void)unlink(path); /* maybe not there */
    }
    if (made_master)
        (void)unlink(paths->key); /* nothing is sealed with it */
}

/* So that the names of the new files survive a power cut. */
static enum smcred_status sync_directory(const char *directory, struct sm_error *err)
{
    sm_autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot sync %s: %s", directory, strerror(errno));
    return SMCRED_OK;
}

/* The first user, who may do everything. */
static enum smcred_status make_admin(struct server *server, char out_key_id[SERVER_KEY_ID_LEN + 1],
                                     struct sm_secret **out_secret, struct sm_error *err)
{
    char principal[64];
    (void)snprintf(principal, sizeof principal, "arn:%s:iam::%s:user/admin",
                   server_partition(server->home.region), server->home.account); /* fits */
    enum smcred_status status = server_key_create(server, principal, out_key_id, out_secret);
    if (status == SMCRED_OK)
        status = server_store_policy_put(server->store, principal, "AdministratorAccess",
                                         SERVER_ADMINISTRATOR);
    return status == SMCRED_OK ? status
                               : sm_error_set(err, status, "cannot make the access key: %s",
                                              server_store_error(server->store));
}

enum smcred_status server_setup_create(const char *directory, const char *region,
                                       const char *account, struct server *out_server,
                                       char out_key_id[SERVER_KEY_ID_LEN + 1],
                                       struct sm_secret **out_secret, struct sm_error *err)
{
    struct paths paths;
    struct server server = {.lock_fd = -1};
    struct sm_secret *secret = NULL;
    bool made_master = false;
    enum smcred_status status = make_paths(directory, &paths, err);
    if (status != SMCRED_OK)
        return status;
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot make %s: %s", directory, strerror(errno));
    status = check_directory(directory, err);
    if (status == SMCRED_OK)
        status = claim_store(paths.store, err);
    if (status != SMCRED_OK)
        return status;
    status = make_master(paths.key, &made_master, err);
    if (status == SMCRED_OK)
        status = create_store(paths.store, region, account, err);
    if (status == SMCRED_OK)
        status = server_setup_open(directory, SERVER_SETUP_BESIDE, &server, err);
    if (status == SMCRED_OK)
        status = make_admin(&server, out_key_id, &secret, err);
    if (status == SMCRED_OK)
        status = sync_directory(directory, err);
    if (status != SMCRED_OK) {
        sm_secret_free(secret); /* before its vault */
        server_setup_close(&server);
        unmake(&paths, made_master);
        return status;
    }
    *out_server = server;
    *out_secret = secret;
    return SMCRED_OK;
}
