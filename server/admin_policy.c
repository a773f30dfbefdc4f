/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin_policy.c - smcred-server policy: put, list, show, delete; the policies of users and roles.
 */
#include <stdio.h>

#include "server/admin.h"
#include "server/command.h"
#include "server/setup.h"

/* What all four take. */
struct order {
    const char *directory, *user, *role, *account, *name, *file;
    struct server server;
    char principal[SERVER_PRINCIPAL_MAX + 1];
};

/* Opens the store and finds out who is meant; SERVER_GO_ON, or the exit code. */
static int begin(struct order *order)
{
    struct server_principal known;
    if (!server_admin_open(order->directory, &order->server))
        return EXIT_FAILURE;
    if (!server_admin_principal(&order->server, order->user, order->role, order->account,
                                order->principal)) {
        server_setup_close(&order->server);
        return SERVER_EXIT_USAGE;
    }
    enum smcred_status status =
        server_store_principal(order->server.store, order->principal, &known);
    return status == SMCRED_OK ? SERVER_GO_ON
                               : server_admin_end(&order->server, status, order->principal);
}

static int done(struct order *order, enum smcred_status status, const char *what, const char *event)
{
    return server_admin_done(
        order->directory, &order->server, status, what,
        &(struct server_deed){
            "iam", event, {"principal", order->principal, "policyName", order->name}});
}

#define WHO                                                                                        \
    {"dir", "DIR", true, &order.directory}, {"user", "NAME", false, &order.user},                  \
        {"role", "NAME", false, &order.role},                                                      \
    {                                                                                              \
        "account", "ID", false, &order.account                                                     \
    }
#define NAMED                                                                                      \
    {                                                                                              \
        "name", "POLICY", true, &order.name                                                        \
    }

static int put(const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    const struct server_option options[] = {
        WHO, NAMED, {NULL, "FILE", true, &order.file}, {.out = NULL}};
    int code = server_command_options(
        path, "Gives a user or role the policy in FILE (- is standard input) under a name.",
        options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    sm_autofree char *text = server_admin_read_policy(order.file, SERVER_IAM_IDENTITY);
    if (!text)
        return EXIT_FAILURE;
    code = begin(&order);
    if (code != SERVER_GO_ON)
        return code;
    return done(&order,
                server_store_policy_put(order.server.store, order.principal, order.name, text),
                "cannot put the policy", order.user ? "PutUserPolicy" : "PutRolePolicy");
}

static int delete (const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    const struct server_option options[] = {WHO, NAMED, {.out = NULL}};
    int code = server_command_options(path, "Takes a policy away from a user or role.", options,
                                      argc, argv);
    if (code == SERVER_GO_ON)
        code = begin(&order);
    if (code != SERVER_GO_ON)
        return code;
    return done(&order, server_store_policy_delete(order.server.store, order.principal, order.name),
                "cannot delete the policy", order.user ? "DeleteUserPolicy" : "DeleteRolePolicy");
}

static void print_name(void *context, const char *name, const char *document)
{
    (void)context;
    (void)document;
    puts(name);
}

static int list(const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    const struct server_option options[] = {WHO, {.out = NULL}};
    int code = server_command_options(path, "Lists the names of a user's or role's policies.",
                                      options, argc, argv);
    if (code == SERVER_GO_ON)
        code = begin(&order);
    if (code != SERVER_GO_ON)
        return code;
    return server_admin_end(
        &order.server, server_store_policies(order.server.store, order.principal, print_name, NULL),
        "cannot list the policies");
}

struct wanted {
    const char *name;
    bool found;
};

static void print_document(void *context, const char *name, const char *document)
{
    struct wanted *wanted = context;
    if (strcmp(name, wanted->name) != 0)
        return;
    puts(document);
    wanted->found = true;
}

static int show(const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    const struct server_option options[] = {WHO, NAMED, {.out = NULL}};
    int code =
        server_command_options(path, "Prints a policy of a user or role.", options, argc, argv);
    if (code == SERVER_GO_ON)
        code = begin(&order);
    if (code != SERVER_GO_ON)
        return code;
    struct wanted wanted = {.name = order.name};
    enum smcred_status status =
        server_store_policies(order.server.store, order.principal, print_document, &wanted);
    if (status == SMCRED_OK && !wanted.found)
        status = SMCRED_NOT_FOUND;
    return server_admin_end(&order.server, status, "cannot show the policy");
}

int server_admin_policy(const char *path, int argc, char **argv)
{
    static const struct server_command commands[] = {
        {"put", "give a user or role a policy", put},
        {"list", "list their names", list},
        {"show", "print one", show},
        {"delete", "take one away", delete},
        {.name = NULL},
    };
    return server_command_run(path, commands, argc, argv);
}
