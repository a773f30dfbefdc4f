/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin_kms.c - smcred-server key: create, list, disable, enable, alias, unalias, rotate, policy,
 * delete.
 */
#include <stdio.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/command.h"
#include "server/iam.h"
#include "server/json.h"
#include "server/kms.h"
#include "server/names.h"
#include "server/setup.h"

/* What all of them take. */
struct order {
    const char *directory, *region, *account, *key, *alias, *id, *file;
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
        (order->account && !server_admin_is_account(order->account))) {
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

static enum smcred_status commit(const struct order *order, enum smcred_status status)
{
    if (status == SMCRED_OK)
        status = server_store_commit(order->server.store);
    if (status != SMCRED_OK)
        server_store_rollback(order->server.store);
    return status;
}

/* Where nothing was changed. */
static int end(struct order *order, enum smcred_status status, const char *what)
{
    return server_admin_end(&order->server, commit(order, status), what);
}

static int done(struct order *order, enum smcred_status status, const char *what, const char *event)
{
    char arn[SERVER_KMS_ARN_MAX];
    server_kms_arn(&order->place, order->found.id, arn);
    return server_admin_done(
        order->directory, &order->server, commit(order, status), what,
        &(struct server_deed){
            "kms",
            event,
            {"keyId", *order->found.id ? arn : "", "aliasName", order->alias ? order->alias : ""}});
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
    code = done(&order, status, "cannot make the key", "CreateKey");
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
    return done(&order, server_store_kms_state(order.server.store, order.found.row, state),
                "cannot change the key", state == SERVER_KMS_ENABLED ? "EnableKey" : "DisableKey");
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
    return done(&order, server_store_kms_alias(order.server.store, &order.found, order.alias),
                "cannot set the alias", "UpdateAlias");
}

static int unalias(const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    const struct server_option options[] = {
        WHERE, {NULL, "alias/NAME", true, &order.alias}, {.out = NULL}};
    int code = server_command_options(path,
                                      "Takes an alias away; secrets that name a key by it "
                                      "can be read, and not written.",
                                      options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!is_alias(order.alias))
        return SERVER_EXIT_USAGE;
    code = begin(&order);
    if (code != SERVER_GO_ON)
        return code;
    return done(&order, server_store_kms_unalias(order.server.store, &order.place, order.alias),
                "cannot take the alias away", "DeleteAlias");
}

/* Refused as long as something could not be read without it. */
static int delete (const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    int64_t count = 0;
    const struct server_option options[] = {WHERE, {NULL, "KEY", true, &order.key}, {.out = NULL}};
    int code = server_command_options(path, "Deletes a key that wraps nothing any more.", options,
                                      argc, argv);
    if (code == SERVER_GO_ON)
        code = begin_with_key(&order);
    if (code != SERVER_GO_ON)
        return code;
    enum smcred_status status = server_store_kms_wraps(order.server.store, order.found.row, &count);
    if (status == SMCRED_OK && count > 0) {
        log_error("the key wraps %lld data keys: without it their values could not be read",
                  (long long)count);
        status = SMCRED_DENIED;
    }
    if (status == SMCRED_OK)
        status = server_store_kms_delete(order.server.store, order.found.row);
    return done(&order, status, "cannot delete the key", "DeleteKey");
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
    code = done(&order, server_kms_rotate(&order.server, &order.found, &count),
                "cannot rotate the key", "RotateKeyOnDemand");
    if (code == EXIT_SUCCESS)
        printf("%lld data keys wrapped anew\n", (long long)count);
    return code;
}

/* --- policies -----------------------------------------------------------------------------------
 */

static int put_policy(const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    const struct server_option options[] = {
        WHERE, {NULL, "KEY", true, &order.key}, {NULL, "FILE", true, &order.file}, {.out = NULL}};
    int code = server_command_options(path,
                                      "Gives a key the policy in FILE (- is standard input): who "
                                      "may use it.",
                                      options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    sm_autofree char *text = server_admin_read_policy(order.file, SERVER_IAM_RESOURCE);
    if (!text)
        return EXIT_FAILURE;
    code = begin_with_key(&order);
    if (code != SERVER_GO_ON)
        return code;
    return done(&order, server_store_kms_policy_put(order.server.store, order.found.row, text),
                "cannot put the policy", "PutKeyPolicy");
}

static int show_policy(const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    sm_autofree char *text = NULL;
    const struct server_option options[] = {WHERE, {NULL, "KEY", true, &order.key}, {.out = NULL}};
    int code = server_command_options(path, "Prints a key's policy.", options, argc, argv);
    if (code == SERVER_GO_ON)
        code = begin_with_key(&order);
    if (code != SERVER_GO_ON)
        return code;
    enum smcred_status status =
        server_kms_policy(&order.server, &order.found.place, order.found.id, &text);
    if (status == SMCRED_OK)
        puts(text);
    return end(&order, status, "cannot show the policy");
}

static int delete_policy(const char *path, int argc, char **argv)
{
    struct order order = {.directory = NULL};
    const struct server_option options[] = {WHERE, {NULL, "KEY", true, &order.key}, {.out = NULL}};
    int code = server_command_options(
        path, "Takes a key's policy away: policies of its account's users and roles decide.",
        options, argc, argv);
    if (code == SERVER_GO_ON)
        code = begin_with_key(&order);
    if (code != SERVER_GO_ON)
        return code;
    return done(&order, server_store_kms_policy_put(order.server.store, order.found.row, ""),
                "cannot delete the policy", "DeleteKeyPolicy");
}

static int policy(const char *path, int argc, char **argv)
{
    static const struct server_command commands[] = {
        {"put", "say who may use a key", put_policy},
        {"show", "print what is said", show_policy},
        {"delete", "leave it to its account", delete_policy},
        {.name = NULL},
    };
    return server_command_run(path, commands, argc, argv);
}

int server_admin_kms(const char *path, int argc, char **argv)
{
    static const struct server_command commands[] = {
        {"create", "make a key", create},
        {"list", "list the keys", list},
        {"disable", "disable one", disable},
        {"enable", "enable it again", enable},
        {"alias", "give one an alias", alias},
        {"unalias", "take one away", unalias},
        {"rotate", "new material; data keys wrapped anew", rotate},
        {"policy", "who may use one: put, show, delete", policy},
        {"delete", "delete one that wraps nothing", delete},
        {.name = NULL},
    };
    return server_command_run(path, commands, argc, argv);
}
