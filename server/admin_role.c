/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin_role.c - smcred-server role: put, list, show, delete; and tag.
 */
#include <stdio.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/command.h"
#include "server/setup.h"

#define SESSION_MIN_S 3600
#define SESSION_MAX_S 43200

static bool parse_session(const char *text, int64_t *out_s)
{
    char *end;
    long number = text ? strtol(text, &end, 10) : SESSION_MIN_S;
    if (text && (end == text || *end || number < SESSION_MIN_S || number > SESSION_MAX_S)) {
        log_error("--session-max is %d to %d seconds", SESSION_MIN_S, SESSION_MAX_S);
        return false;
    }
    *out_s = number;
    return true;
}

static enum smcred_status store_role(struct server *server, const char *arn, const char *trust,
                                     int64_t session_max_s)
{
    enum smcred_status status = server_store_begin(server->store);
    if (status != SMCRED_OK)
        return status;
    status = server_store_principal_add(server->store, arn, server->now_ms());
    if (status == SMCRED_OK)
        status = server_store_principal_trust(server->store, arn, trust, session_max_s);
    if (status == SMCRED_OK)
        status = server_store_commit(server->store);
    if (status != SMCRED_OK)
        server_store_rollback(server->store);
    return status;
}

static int put(const char *path, int argc, char **argv)
{
    struct server server;
    const char *directory = NULL, *name = NULL, *account = NULL, *session = NULL, *file = NULL;
    char arn[SERVER_PRINCIPAL_MAX + 1];
    int64_t session_max_s;
    const struct server_option options[] = {
        {"dir", "DIR", true, &directory},   {"role", "NAME", true, &name},
        {"account", "ID", false, &account}, {"session-max", "SECONDS", false, &session},
        {"trust", "FILE", true, &file},     {.out = NULL}};
    int code = server_command_options(
        path, "Makes a role, or changes its trust policy: who may assume it.", options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!parse_session(session, &session_max_s))
        return SERVER_EXIT_USAGE;
    sm_autofree char *trust = server_admin_read_policy(file, SERVER_IAM_TRUST);
    if (!trust || !server_admin_open(directory, &server))
        return EXIT_FAILURE;
    if (!server_admin_principal(&server, NULL, name, account, arn)) {
        server_setup_close(&server);
        return SERVER_EXIT_USAGE;
    }
    enum smcred_status status = store_role(&server, arn, trust, session_max_s);
    if (status == SMCRED_OK)
        puts(arn);
    return server_admin_done(directory, &server, status, "cannot put the role",
                             &(struct server_deed){"iam", "UpdateAssumeRolePolicy", {"role", arn}});
}

static void print_role(void *context, const char *arn, const char *session_max_s)
{
    (void)context;
    printf("%s  %s s\n", arn, session_max_s);
}

static int list(const char *path, int argc, char **argv)
{
    struct server server;
    const char *directory = NULL;
    const struct server_option options[] = {{"dir", "DIR", true, &directory}, {.out = NULL}};
    int code =
        server_command_options(path, "Lists roles: ARN, longest session.", options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!server_admin_open(directory, &server))
        return EXIT_FAILURE;
    return server_admin_end(&server, server_store_roles(server.store, print_role, NULL),
                            "cannot list the roles");
}

/* Opens the store and finds the role; SERVER_GO_ON, or the exit code. */
static int begin(const char *path, int argc, char **argv, const char *about,
                 const char **out_directory, struct server *out_server,
                 struct server_principal *out_role)
{
    const char *name = NULL, *account = NULL;
    char arn[SERVER_PRINCIPAL_MAX + 1];
    const struct server_option options[] = {{"dir", "DIR", true, out_directory},
                                            {"role", "NAME", true, &name},
                                            {"account", "ID", false, &account},
                                            {.out = NULL}};
    int code = server_command_options(path, about, options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!server_admin_open(*out_directory, out_server))
        return EXIT_FAILURE;
    if (!server_admin_principal(out_server, NULL, name, account, arn)) {
        server_setup_close(out_server);
        return SERVER_EXIT_USAGE;
    }
    enum smcred_status status = server_store_principal(out_server->store, arn, out_role);
    return status == SMCRED_OK ? SERVER_GO_ON : server_admin_end(out_server, status, arn);
}

static int show(const char *path, int argc, char **argv)
{
    struct server server;
    struct server_principal role;
    const char *directory = NULL;
    int code = begin(path, argc, argv, "Prints a role's trust policy.", &directory, &server, &role);
    if (code != SERVER_GO_ON)
        return code;
    puts(role.trust);
    return server_admin_end(&server, SMCRED_OK, "");
}

static int delete (const char *path, int argc, char **argv)
{
    struct server server;
    struct server_principal role;
    const char *directory = NULL;
    int code = begin(path, argc, argv,
                     "Deletes a role with its policies and tags; its sessions end at once.",
                     &directory, &server, &role);
    if (code != SERVER_GO_ON)
        return code;
    return server_admin_done(
        directory, &server, server_store_principal_delete(server.store, role.arn),
        "cannot delete the role", &(struct server_deed){"iam", "DeleteRole", {"role", role.arn}});
}

int server_admin_role(const char *path, int argc, char **argv)
{
    static const struct server_command commands[] = {
        {"put", "make a role, or change who may assume it", put},
        {"list", "list the roles", list},
        {"show", "print who may assume one", show},
        {"delete", "delete one; its sessions end", delete},
        {.name = NULL},
    };
    return server_command_run(path, commands, argc, argv);
}

/* --- tags of either -----------------------------------------------------------------------------
 */

int server_admin_tag(const char *path, int argc, char **argv)
{
    struct server server;
    const char *directory = NULL, *user = NULL, *role = NULL, *account = NULL, *key = NULL;
    const char *value = NULL;
    char arn[SERVER_PRINCIPAL_MAX + 1];
    const struct server_option options[] = {{"dir", "DIR", true, &directory},
                                            {"user", "NAME", false, &user},
                                            {"role", "NAME", false, &role},
                                            {"account", "ID", false, &account},
                                            {NULL, "KEY", true, &key},
                                            {NULL, "VALUE", true, &value},
                                            {.out = NULL}};
    int code = server_command_options(
        path, "Tags a user or role, for aws:PrincipalTag/KEY in policies.", options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (strlen(key) > 128 || strlen(value) > 256) {
        log_error("a tag's key has at most 128 bytes, its value 256");
        return SERVER_EXIT_USAGE;
    }
    if (!server_admin_open(directory, &server))
        return EXIT_FAILURE;
    if (!server_admin_principal(&server, user, role, account, arn)) {
        server_setup_close(&server);
        return SERVER_EXIT_USAGE;
    }
    return server_admin_done(
        directory, &server, server_store_principal_tag(server.store, arn, key, value), "cannot tag",
        &(struct server_deed){
            "iam", user ? "TagUser" : "TagRole", {"principal", arn, "key", key, "value", value}});
}
