/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin_keys.c - smcred-server access-key: create, list, disable, enable, delete.
 */
#include <stdio.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/command.h"
#include "server/keys.h"
#include "server/setup.h"

/* A key that nobody has seen is none. */
static int give_up(struct server *server, struct sm_secret *secret)
{
    log_error("cannot print the access key: %s; none was made", strerror(errno));
    server_store_rollback(server->store);
    sm_secret_free(secret); /* before its vault */
    server_setup_close(server);
    return EXIT_FAILURE;
}

static int create(const char *path, int argc, char **argv)
{
    struct server server;
    sm_autosecret struct sm_secret *secret = NULL;
    const char *directory = NULL, *user = NULL, *account = NULL;
    char principal[SERVER_PRINCIPAL_MAX + 1], id[SERVER_KEY_ID_LEN + 1];
    const struct server_option options[] = {{"dir", "DIR", true, &directory},
                                            {"user", "NAME", true, &user},
                                            {"account", "ID", false, &account},
                                            {.out = NULL}};
    int code = server_command_options(path, "Makes a key pair for a user and prints it, once.",
                                      options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!server_admin_open(directory, &server))
        return EXIT_FAILURE;
    if (!server_admin_principal(&server, user, NULL, account, principal)) {
        server_setup_close(&server);
        return SERVER_EXIT_USAGE;
    }
    enum smcred_status status = server_store_begin(server.store);
    if (status == SMCRED_OK)
        status = server_key_create(&server, principal, id, &secret);
    if (status == SMCRED_OK && !server_admin_show_key(id, secret))
        return give_up(&server, sm_take_ptr(&secret));
    if (status == SMCRED_OK)
        status = server_store_commit(server.store);
    sm_secret_free(sm_take_ptr(&secret)); /* before its vault */
    return server_admin_done(directory, &server, status, "cannot make the access key",
                             &(struct server_deed){"iam",
                                                   "CreateAccessKey",
                                                   {"principal", principal, "accessKeyId", id}});
}

static void show(void *context, const struct server_key *key)
{
    (void)context;
    printf("%-20s  %-8s  %s\n", key->id, key->disabled ? "disabled" : "enabled", key->principal);
}

static int list(const char *path, int argc, char **argv)
{
    struct server server;
    const char *directory = NULL;
    const struct server_option options[] = {{"dir", "DIR", true, &directory}, {.out = NULL}};
    int code =
        server_command_options(path, "Lists access keys: id, state, user.", options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!server_admin_open(directory, &server))
        return EXIT_FAILURE;
    return server_admin_end(&server, server_store_keys(server.store, show, NULL),
                            "cannot list the access keys");
}

/* What both kinds of change take: opens the store; SERVER_GO_ON, or the exit code. */
static int begin(const char *path, int argc, char **argv, const char *about,
                 const char **out_directory, const char **out_id, struct server *out_server)
{
    const struct server_option options[] = {
        {"dir", "DIR", true, out_directory}, {NULL, "KEY-ID", true, out_id}, {.out = NULL}};
    int code = server_command_options(path, about, options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    return server_admin_open(*out_directory, out_server) ? SERVER_GO_ON : EXIT_FAILURE;
}

static int delete (const char *path, int argc, char **argv)
{
    struct server server;
    const char *directory = NULL, *id = NULL;
    int code = begin(path, argc, argv, "Forgets an access key.", &directory, &id, &server);
    if (code != SERVER_GO_ON)
        return code;
    return server_admin_done(directory, &server, server_store_key_delete(server.store, id),
                             "cannot delete the access key",
                             &(struct server_deed){"iam", "DeleteAccessKey", {"accessKeyId", id}});
}

static int set_disabled(const char *path, int argc, char **argv, const char *about, bool disabled)
{
    struct server server;
    const char *directory = NULL, *id = NULL;
    int code = begin(path, argc, argv, about, &directory, &id, &server);
    if (code != SERVER_GO_ON)
        return code;
    return server_admin_done(
        directory, &server, server_store_key_disable(server.store, id, disabled),
        "cannot change the access key",
        &(struct server_deed){"iam",
                              "UpdateAccessKey",
                              {"accessKeyId", id, "status", disabled ? "Inactive" : "Active"}});
}

static int disable(const char *path, int argc, char **argv)
{
    return set_disabled(path, argc, argv, "Refuses an access key from now on.", true);
}

static int enable(const char *path, int argc, char **argv)
{
    return set_disabled(path, argc, argv, "Accepts an access key that was disabled.", false);
}

int server_admin_access_key(const char *path, int argc, char **argv)
{
    static const struct server_command commands[] = {
        {"create", "make a key pair for a user, and print it", create},
        {"list", "list the keys", list},
        {"disable", "refuse a key", disable},
        {"enable", "accept it again", enable},
        {"delete", "forget it", delete},
        {.name = NULL},
    };
    return server_command_run(path, commands, argc, argv);
}
