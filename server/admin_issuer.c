/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin_issuer.c - smcred-server issuer: put, list, delete.
 */
#include <stdio.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/command.h"
#include "server/jwt.h"
#include "server/setup.h"

static bool fill(struct server_issuer *issuer, const char *url, const char *audiences,
                 const char *account, const char *keys)
{
    if (strncmp(url, "https://", 8) != 0 || !url[8] || strlen(url) > SERVER_ISSUER_MAX) {
        log_error("an issuer is an https:// URL of at most %d characters", SERVER_ISSUER_MAX);
        return false;
    }
    if (strlen(audiences) > SERVER_AUDIENCES_MAX || !server_admin_is_account(account)) {
        log_error("audiences have at most %d characters, an account twelve digits",
                  SERVER_AUDIENCES_MAX);
        return false;
    }
    if (server_jwt_keys(keys) == 0) {
        log_error("there is no public key in PEM, RSA of 2048 bits or more or EC P-256");
        return false;
    }
    (void)snprintf(issuer->account, sizeof issuer->account, "%s", account); /* all fit */
    (void)snprintf(issuer->url, sizeof issuer->url, "%s", url);
    (void)snprintf(issuer->audiences, sizeof issuer->audiences, "%s", audiences);
    (void)snprintf(issuer->keys, sizeof issuer->keys, "%s", keys);
    return true;
}

static int put(const char *path, int argc, char **argv)
{
    struct server server;
    struct server_issuer issuer;
    const char *directory = NULL, *url = NULL, *audiences = NULL, *account = NULL, *file = NULL;
    const struct server_option options[] = {
        {"dir", "DIR", true, &directory},       {"url", "URL", true, &url},
        {"audience", "LIST", true, &audiences}, {"keys", "FILE", true, &file},
        {"account", "ID", false, &account},     {.out = NULL}};
    int code = server_command_options(
        path, "Trusts an issuer of web identities: its public keys, PEM, and for which audiences.",
        options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    sm_autofree char *keys = server_admin_read(file, SERVER_ISSUER_KEYS_MAX);
    if (!keys || !server_admin_open(directory, &server))
        return EXIT_FAILURE;
    if (!fill(&issuer, url, audiences, account ? account : server.home.account, keys)) {
        server_setup_close(&server);
        return SERVER_EXIT_USAGE;
    }
    return server_admin_done(
        directory, &server, server_store_issuer_put(server.store, &issuer), "cannot put the issuer",
        &(struct server_deed){"iam",
                              "CreateOpenIDConnectProvider",
                              {"account", issuer.account, "url", url, "audiences", audiences}});
}

static void print_issuer(void *context, const struct server_issuer *issuer)
{
    (void)context;
    printf("%s  %s  %s  %u keys\n", issuer->account, issuer->url, issuer->audiences,
           server_jwt_keys(issuer->keys));
}

static int list(const char *path, int argc, char **argv)
{
    struct server server;
    const char *directory = NULL;
    const struct server_option options[] = {{"dir", "DIR", true, &directory}, {.out = NULL}};
    int code = server_command_options(path, "Lists issuers: account, URL, audiences, keys.",
                                      options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!server_admin_open(directory, &server))
        return EXIT_FAILURE;
    return server_admin_end(&server, server_store_issuers(server.store, print_issuer, NULL),
                            "cannot list the issuers");
}

static int delete (const char *path, int argc, char **argv)
{
    struct server server;
    const char *directory = NULL, *url = NULL, *account = NULL;
    const struct server_option options[] = {{"dir", "DIR", true, &directory},
                                            {"url", "URL", true, &url},
                                            {"account", "ID", false, &account},
                                            {.out = NULL}};
    int code = server_command_options(
        path, "Trusts an issuer no more; sessions it has led to last until they end.", options,
        argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!server_admin_open(directory, &server))
        return EXIT_FAILURE;
    if (!account)
        account = server.home.account;
    return server_admin_done(
        directory, &server, server_store_issuer_delete(server.store, account, url),
        "cannot delete the issuer",
        &(struct server_deed){
            "iam", "DeleteOpenIDConnectProvider", {"account", account, "url", url}});
}

int server_admin_issuer(const char *path, int argc, char **argv)
{
    static const struct server_command commands[] = {
        {"put", "trust an issuer, or change its keys", put},
        {"list", "list those that are trusted", list},
        {"delete", "trust one no more", delete},
        {.name = NULL},
    };
    return server_command_run(path, commands, argc, argv);
}
