/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin_kms.c - smcred-server key: create, list, disable, enable, alias, rotate.
 */
#include <stdio.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/command.h"
#include "server/kms.h"
#include "server/names.h"
#include "server/setup.h"

/* What all of them take. */
struct order {
    const char *directory, *region, *account, *key, *alias, *id;
    struct server server;
    struct server_place place;
    struct server_kms_key found;
};

#define WHERE                                                                                      \
    {"dir", "DIR", true, &order.directory}, {"region", "REGION", false, &order.region},            \
    {                                                                                              \
        "account", "ID", false, &order.account                                                     \
    }

static bool take_place(struct order *order)
{
    order->place = order->server.home;
    if ((order->region && !server_region_is_valid(order->region)) ||
        (order->account && strlen(order->account) != SERVER_ACCOUNT_LEN)) {
        log_error("a region is like us-east-1, an account twelve digits");
        return false;
    }
    if (order->region)
        (void)snprintf(order->place.region, sizeof order->place.region, "%s", order->region);
    if (order->account)
        (void)snprintf(order->place.account, sizeof order->place.account, "%s", order->account);
    return true;
}

/* Opens the store and begins a transaction; SERVER_GO_ON, or the exit code. */
static int begin(struct order *order)
{
    if (!server_admin_open(order->directory, &order->server))
        return EXIT_FAILURE;
    if (!take_place(order)) {
        server_setup_close(&order->server);
        return SERVER_EXIT_USAGE;
    }
    enum smcred_status status = server_store_begin(order->server.store);
    return status == SMCRED_OK ? SERVER_GO_ON
                               : server_admin_end(&order->server, status, "cannot write");
}

static int end(struct order *order, enum smcred_status status, const char *what)
{
    if (status == SMCRED_OK)
        status = server_store_commit(order->server.store);
    if (status != SMCRED_OK)
        server_store_rollback(order->server.store);
    return server_admin_end(&order->server, status, what);
}

/* begin(), and finds the key. */
static int begin_with_key(struct order *order)
{
    int code = begin(order);
    if (code != SERVER_GO_ON)
        return code;
    enum smcred_status status =
        server_kms_find(&order->server, &order->place, order->key, &order->found);
    return status == SMCRED_OK ? SERVER_GO_ON : end(order, status, "cannot find the key");
}

/* "alias/" and letters, digits and / _ -; not AWS's own. */
static bool is_alias(const char *alias)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_-";
    bool good = strncmp(alias, "alias/", 6) == 0 && alias[6] && strlen(alias) <= 256 &&
                alias[strspn(alias, allowed)] == '\0' && strncmp(alias, "alias/aws/", 10) != 0;
    if (!good)
        log_error("an alias is alias/NAME of A-Z a-z 0-9 / _ -, not alias/aws/");
    return good;
}

static bool is_id(const char *id)
{
    bool good =
        *id && strlen(id) <= SERVER_KMS_ID_MAX &&
        id[strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
    if (!good)
        log_error("an id is at most %d of A-Z a-z 0-9 -", SERVER_KMS_ID_MAX);
    return good;
}

static int create(const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    char arn[SERVER_KMS_ARN_MAX];
    const struct server_option options[] = {WHERE,
                                            {"alias", "alias/NAME", false, &order.alias},
                                            {"id", "ID", false, &order.id},
                                            {.out = NULL}};
    int code = server_command_options(path, "Makes a key and prints its ARN.", options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if ((order.alias && !is_alias(order.alias)) || (order.id && !is_id(order.id)))
        return SERVER_EXIT_USAGE;
    code = begin(&order);
    if (code != SERVER_GO_ON)
        return code;
    enum smcred_status status =
        server_kms_create(&order.server, &order.place, order.id, &order.found);
    if (status == SMCRED_OK && order.alias)
        status = server_store_kms_alias(order.server.store, &order.found, order.alias);
    server_kms_arn(&order.place, order.found.id, arn);
    code = end(&order, status, "cannot make the key");
    if (code == EXIT_SUCCESS)
        puts(arn);
    return code;
}

static void print_key(void *context, const struct server_kms_key *key, const char *aliases)
{
    char arn[SERVER_KMS_ARN_MAX];
    (void)context;
    server_kms_arn(&key->place, key->id, arn);
    printf("%s  %-8s  %s\n", arn, key->state == SERVER_KMS_ENABLED ? "enabled" : "disabled",
           aliases);
}

static int list(const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    const struct server_option options[] = {{"dir", "DIR", true, &order.directory}, {.out = NULL}};
    int code =
        server_command_options(path, "Lists keys: ARN, state, aliases.", options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!server_admin_open(order.directory, &order.server))
        return EXIT_FAILURE;
    return server_admin_end(&order.server,
                            server_store_kms_keys(order.server.store, print_key, NULL),
                            "cannot list the keys");
}

static int set_state(const char *path, int argc, char **argv, const char *about,
                     enum server_kms_state state)
{
    struct order order = {.directory = NULL};
    const struct server_option options[] = {WHERE, {NULL, "KEY", true, &order.key}, {.out = NULL}};
    int code = server_command_options(path, about, options, argc, argv);
    if (code == SERVER_GO_ON)
        code = begin_with_key(&order);
    if (code != SERVER_GO_ON)
        return code;
    return end(&order, server_store_kms_state(order.server.store, order.found.row, state),
               "cannot change the key");
}

static int disable(const char *path, int argc, char **argv)
{
    return set_state(path, argc, argv,
                     "Disables a key: what it wraps cannot be read until enabled.",
                     SERVER_KMS_DISABLED);
}

static int enable(const char *path, int argc, char **argv)
{
    return set_state(path, argc, argv, "Enables a key that was disabled.", SERVER_KMS_ENABLED);
}

static int alias(const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    const struct server_option options[] = {WHERE,
                                            {NULL, "KEY", true, &order.key},
                                            {NULL, "alias/NAME", true, &order.alias},
                                            {.out = NULL}};
    int code = server_command_options(path, "Gives a key an alias, from wherever it was.", options,
                                      argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!is_alias(order.alias))
        return SERVER_EXIT_USAGE;
    code = begin_with_key(&order);
    if (code != SERVER_GO_ON)
        return code;
    return end(&order, server_store_kms_alias(order.server.store, &order.found, order.alias),
               "cannot set the alias");
}

static int rotate(const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    int64_t count = 0;
    const struct server_option options[] = {WHERE, {NULL, "KEY", true, &order.key}, {.out = NULL}};
    int code = server_command_options(
        path, "Gives a key new material and wraps its data keys anew; values stay as they are.",
        options, argc, argv);
    if (code == SERVER_GO_ON)
        code = begin_with_key(&order);
    if (code != SERVER_GO_ON)
        return code;
    code = end(&order, server_kms_rotate(&order.server, &order.found, &count),
               "cannot rotate the key");
    if (code == EXIT_SUCCESS)
        printf("%lld data keys wrapped anew\n", (long long)count);
    return code;
}

int server_admin_kms(const char *path, int argc, char **argv)
{
    static const struct server_command commands[] = {
        {"create", "make a key", create},
        {"list", "list the keys", list},
        {"disable", "disable one", disable},
        {"enable", "enable it again", enable},
        {"alias", "give one an alias", alias},
        {"rotate", "new material; data keys wrapped anew", rotate},
        {.name = NULL},
    };
    return server_command_run(path, commands, argc, argv);
}
