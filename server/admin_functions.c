/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin_functions.c - smcred-server function: register, list, remove.
 */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/command.h"
#include "server/executable.h"
#include "server/setup.h"

#define TIMEOUT_DEFAULT_S 60
#define TIMEOUT_MAX_S     900 /* as Lambda has it */

/* arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME, with a qualifier if need be. */
static bool is_function_arn(const char *arn)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789:_-$.";
    const char *service = strstr(arn, ":lambda:");
    const char *function = strstr(arn, ":function:");
    return strncmp(arn, "arn:", 4) == 0 && service && function && service < function &&
           strlen(function) > strlen(":function:") && strlen(arn) <= 2048 &&
           arn[strspn(arn, allowed)] == '\0';
}

/* Of a secret; with wildcards, if need be. */
static bool is_secret_arn(const char *arn)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789/_+=.@!-:*?";
    return strncmp(arn, "arn:", 4) == 0 && strstr(arn, ":secret:") &&
           strlen(arn) <= SERVER_ARN_MAX && arn[strspn(arn, allowed)] == '\0';
}

/* The file itself, whatever links lead to it: who can change those cannot exchange it then. */
static bool resolve(const char *path, char out_path[PATH_MAX])
{
    struct sm_error err = {.text = ""};
    if (*path != '/') {
        log_error("%s is not an absolute path", log_quote(path));
        return false;
    }
    if (!realpath(path, out_path)) {
        log_error("%s: %s", log_quote(path), strerror(errno));
        return false;
    }
    if (server_executable_check(out_path, &err) == SMCRED_OK)
        return true;
    log_error("%s", err.text);
    return false;
}

/* Root runs nothing unasked: what is meant for one secret would have all of them. */
static bool is_user_said(const char *directory, const char *user)
{
    struct stat store;
    if (*user || stat(directory, &store) != 0 || store.st_uid != 0)
        return true; /* what cannot be opened is said later */
    log_error("the server of this store is root: --user says as whom the function runs");
    return false;
}

static bool parse_timeout(const char *text, int32_t *out_timeout_s)
{
    char *end;
    long seconds = text ? strtol(text, &end, 10) : TIMEOUT_DEFAULT_S;
    if (text &&
        (!isdigit((unsigned char)*text) || *end || seconds < 1 || seconds > TIMEOUT_MAX_S)) {
        log_error("--timeout is 1 to %d seconds", TIMEOUT_MAX_S);
        return false;
    }
    *out_timeout_s = (int32_t)seconds;
    return true;
}

static int register_function(const char *path, int argc, char **argv)
{
    struct server server;
    struct server_function function = {.timeout_s = 0};
    char executable[PATH_MAX];
    const char *directory = NULL, *arn = NULL, *file = NULL, *user = "", *timeout = NULL,
               *reads = "";
    const struct server_option options[] = {{"dir", "DIR", true, &directory},
                                            {"user", "NAME", false, &user},
                                            {"reads", "ARN", false, &reads},
                                            {"timeout", "SECONDS", false, &timeout},
                                            {NULL, "ARN", true, &arn},
                                            {NULL, "PATH", true, &file},
                                            {.out = NULL}};
    int code = server_command_options(
        path, "The executable that RotateSecret runs for this RotationLambdaARN, once a step.",
        options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!is_function_arn(arn) || strlen(user) > SERVER_FUNCTION_USER_MAX) {
        log_error("an ARN is arn:aws:lambda:REGION:ACCOUNT:function:NAME");
        return SERVER_EXIT_USAGE;
    }
    if (*reads && !is_secret_arn(reads)) {
        log_error("--reads is the ARN of a secret");
        return SERVER_EXIT_USAGE;
    }
    if (!parse_timeout(timeout, &function.timeout_s))
        return SERVER_EXIT_USAGE;
    if (!resolve(file, executable) || !is_user_said(directory, user) ||
        !server_admin_open(directory, &server))
        return EXIT_FAILURE;
    (void)snprintf(function.arn, sizeof function.arn, "%s", arn); /* fits, as the next ones */
    (void)snprintf(function.path, sizeof function.path, "%s", executable);
    (void)snprintf(function.user, sizeof function.user, "%s", user);
    (void)snprintf(function.reads, sizeof function.reads, "%s", reads);
    return server_admin_done(directory, &server, server_store_function_put(server.store, &function),
                             "cannot register the function",
                             &(struct server_deed){"secretsmanager",
                                                   "SmcredRegisterFunction",
                                                   {"functionArn", arn, "path", file, "user",
                                                    function.user, "reads", function.reads}});
}

static void show(void *context, const struct server_function *function)
{
    (void)context;
    printf("%s  %s  %s  %d s  %s\n", function->arn, function->path,
           *function->user ? function->user : "-", function->timeout_s,
           *function->reads ? function->reads : "-");
}

static int list(const char *path, int argc, char **argv)
{
    struct server server;
    const char *directory = NULL;
    const struct server_option options[] = {{"dir", "DIR", true, &directory}, {.out = NULL}};
    int code = server_command_options(
        path, "Lists functions: ARN, executable, user, timeout, what it reads.", options, argc,
        argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!server_admin_open(directory, &server))
        return EXIT_FAILURE;
    return server_admin_end(&server, server_store_functions(server.store, show, NULL),
                            "cannot list the functions");
}

static int remove_function(const char *path, int argc, char **argv)
{
    struct server server;
    const char *directory = NULL, *arn = NULL;
    const struct server_option options[] = {
        {"dir", "DIR", true, &directory}, {NULL, "ARN", true, &arn}, {.out = NULL}};
    int code = server_command_options(path, "Forgets a function; secrets keep its ARN.", options,
                                      argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!server_admin_open(directory, &server))
        return EXIT_FAILURE;
    return server_admin_done(
        directory, &server, server_store_function_remove(server.store, arn),
        "cannot remove the function",
        &(struct server_deed){"secretsmanager", "SmcredRemoveFunction", {"functionArn", arn}});
}

int server_admin_function(const char *path, int argc, char **argv)
{
    static const struct server_command commands[] = {
        {"register", "an executable for an ARN", register_function},
        {"list", "those there are", list},
        {"remove", "one", remove_function},
        {.name = NULL},
    };
    return server_command_run(path, commands, argc, argv);
}
