/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connect.c - `smcred connect`: starts the right client for a target, on the target's socket.
 *
 * Needs no shim.  psql gets host, port, user and database by its own environment variables, so
 * that its own options (-d otherdb) still win; clients of MySQL, whose option files would go over
 * variables, get options, in front of their own.
 */
#include <limits.h>
#include <stdio.h>

#include "tools/commands.h"
#include "tools/document.h"

static const struct tool_option options[] = {
    {"program", "PROGRAM", "another client than the engine's own, such as pg_dump or pgcli"},
    {NULL, NULL, NULL},
};

/* What would lead libpq past PGHOST, or hold a credential that is not needed here. */
static const char *const postgres_unset[] = {"PGHOSTADDR", "PGSERVICE", "PGPASSWORD", NULL};

static bool set(const char *name, const char *value)
{
    return (*value ? setenv(name, value, 1) : unsetenv(name)) == 0;
}

#define OPTIONS_MAX 5

/* What is started: the first of `programs` that there is, with `options` before the caller's. */
struct launch {
    const char *programs[3];
    char *options[OPTIONS_MAX];
    size_t option_count;
    const char *const *first; /* which of the caller's must come before ours; NULL: none */
};

static void launch_done(struct launch *launch)
{
    while (launch->option_count > 0)
        free(launch->options[--launch->option_count]);
}
#define autolaunch __attribute__((cleanup(launch_done)))

/* What clients of MySQL know as their first words alone. */
static const char *const mysql_first[] = {"--no-defaults",
                                          "--print-defaults",
                                          "--defaults-file=",
                                          "--defaults-extra-file=",
                                          "--defaults-group-suffix=",
                                          "--login-path=",
                                          "--no-login-paths",
                                          NULL};

/* How many of the caller's words come before our options. */
static size_t count_first(const char *const *first, int argc, char *const *argv)
{
    for (int i = 0; i < argc; i++) {
        size_t known = 0;
        while (first && first[known] && strncmp(argv[i], first[known], strlen(first[known])) != 0)
            known++;
        if (!first || !first[known])
            return (size_t)i;
    }
    return (size_t)argc;
}

static bool add_word(struct launch *launch, const char *word)
{
    char *option = launch->option_count < OPTIONS_MAX ? strdup(word) : NULL;
    if (option)
        launch->options[launch->option_count++] = option;
    return option != NULL;
}

static bool add_option(struct launch *launch, const char *name, const char *value)
{
    sm_autofree char *option = NULL;
    return asprintf(&option, "--%s=%s", name, value) >= 0 && add_word(launch, option);
}

/*
 * PGHOST is the socket's directory; the port is the end of its name, ".s.PGSQL.5432".  PGUSER is
 * the operator's own name: the secret's user changes where rotations alternate between two, and
 * psql would ask for the old one at its next \c.
 */
static bool prepare_postgres(const cJSON *document, const cJSON *target, struct launch *launch)
{
    char scratch[DOCUMENT_SCRATCH];
    sm_autofree char *directory = strdup(document_text(target, "socket", scratch));
    if (!directory || !*directory)
        return false;
    const char *port = "";
    (void)launch; /* the variables say it all */
    char *name = strrchr(directory, '/');
    if (name && strncmp(name, "/.s.PGSQL.", 10) == 0) {
        port = name + 10;
        *name = '\0';
    }
    for (size_t i = 0; postgres_unset[i]; i++)
        if (!set(postgres_unset[i], ""))
            return false;
    return set("PGHOST", directory) && set("PGPORT", port) &&
           set("PGUSER", document_text(document, "operator", scratch)) &&
           set("PGDATABASE", document_text(target, "dbname", scratch));
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What execvp() would start by this name, behind all symbolic links; false if there is nothing. */
static bool find_program(const char *name, char out_path[PATH_MAX])
{
    const char *path = getenv("PATH");
    if (strchr(name, '/'))
        return realpath(name, out_path) != NULL;
    while (path && *path) {
        char candidate[PATH_MAX];
        size_t len = strcspn(path, ":");
        int put = snprintf(candidate, sizeof candidate, "%.*s/%s", (int)len, path, name);
        if (put > 0 && (size_t)put < sizeof candidate && access(candidate, X_OK) == 0)
            return realpath(candidate, out_path) != NULL;
        path += len + (path[len] == ':');
    }
    return false;
}

/* MariaDB's, also where it is called mysql. */
static bool is_mariadb(const struct launch *launch)
{
    char path[PATH_MAX];
    for (size_t i = 0; launch->programs[i]; i++) {
        if (find_program(launch->programs[i], path))
            return strncmp(file_name(path), "mariadb", 7) == 0;
    }
    return false;
}

/*
 * It knows no "protocol", and without a port it takes any socket of some MySQL's that it finds.  It
 * takes $DSN for the name of a section of its own.
 */
static bool is_mycli(const char *program)
{
    return strcmp(file_name(program), "mycli") == 0;
}

/*
 * "localhost" is what means a socket to all of them, unless an option file says protocol=tcp.  No
 * database: the keeper knows the target's.  Option files may hold a password, which is sent to
 * nobody: the relay asks for none in clear.  From 11.4 on MariaDB's insist on TLS, at a socket too;
 * whose that is the kernel has said.
 */
static bool prepare_mysql(const cJSON *document, const cJSON *target, struct launch *launch)
{
    char scratch[DOCUMENT_SCRATCH];
    const char *path = document_text(target, "socket", scratch);
    launch->first = mysql_first;
    return *path && set("MYSQL_PWD", "") && add_option(launch, "host", "localhost") &&
           add_option(launch, "socket", path) &&
           (is_mycli(launch->programs[0]) ? set("DSN", "") && add_option(launch, "port", "3306")
                                          : add_option(launch, "protocol", "socket")) &&
           (!is_mariadb(launch) || add_word(launch, "--skip-ssl-verify-server-cert")) &&
           add_option(launch, "user", document_text(document, "operator", scratch));
}

/* The database is the keeper's, too; a password would only be wiped. */
static bool prepare_redis(const cJSON *document, const cJSON *target, struct launch *launch)
{
    char scratch[DOCUMENT_SCRATCH];
    const char *path = document_text(target, "socket", scratch);
    (void)document; /* it has nothing to say here */
    return *path && set("REDISCLI_AUTH", "") && add_word(launch, "-s") && add_word(launch, path);
}

static const struct client {
    const char *engine;
    const char *programs[3]; /* NULL-terminated */
    /* False: the target says too little, or no memory. */
    bool (*prepare)(const cJSON *document, const cJSON *target, struct launch *launch);
} clients[] = {
    {"postgres", {"psql", "pgcli"}, prepare_postgres},
    {"mysql", {"mysql", "mariadb"}, prepare_mysql},
    {"redis", {"redis-cli", "valkey-cli"}, prepare_redis},
    {NULL, {NULL}, NULL},
};

static const struct client *client_of(const char *engine)
{
    for (const struct client *client = clients; client->engine; client++)
        if (strcmp(client->engine, engine) == 0)
            return client;
    return NULL;
}

static const cJSON *find_target(const cJSON *document, const char *name)
{
    char scratch[DOCUMENT_SCRATCH];
    const cJSON *target;
    cJSON_ArrayForEach(target, cJSON_GetObjectItemCaseSensitive(document, "targets"))
    {
        if (strcmp(document_text(target, "name", scratch), name) == 0)
            return target;
    }
    return NULL;
}

/* Becomes the client; comes back only to say why it could not. */
static int become(const struct tool_context *ctx, const struct launch *launch, int argc,
                  char **argv)
{
    size_t count = launch->option_count;
    sm_autofree char **args = calloc(1 + count + (size_t)argc + 1, sizeof *args);
    int error = ENOENT;
    if (!args)
        return tool_failed(ctx, SMCRED_NO_MEMORY, "out of memory");
    size_t first = count_first(launch->first, argc, argv);
    memcpy(args + 1, argv, first * sizeof *args);
    memcpy(args + 1 + first, launch->options, count * sizeof *args);
    memcpy(args + 1 + first + count, argv + first, ((size_t)argc - first) * sizeof *args);
    for (size_t i = 0; launch->programs[i] && error == ENOENT; i++) {
        args[0] = (char *)(uintptr_t)launch->programs[i]; /* execvp() does not write to it */
        (void)execvp(args[0], args);
        error = errno;
    }
    (void)tool_failed(ctx, SMCRED_SYSTEM, "cannot start %s: %s", args[0], strerror(error));
    return error == ENOENT ? TOOL_EXIT_NO_PROGRAM : TOOL_EXIT_CANNOT_RUN;
}

static int connect_to(const struct tool_context *ctx, const cJSON *document, int argc, char **argv)
{
    char scratch[DOCUMENT_SCRATCH];
    const cJSON *target = find_target(document, argv[0]);
    if (!target)
        return tool_failed(ctx, SMCRED_NOT_FOUND,
                           "there is no target %s that you may reach; 'smcred targets' lists them",
                           argv[0]);
    const char *engine = document_text(target, "engine", scratch);
    const struct client *client = client_of(engine);
    if (!client)
        return tool_failed(ctx, SMCRED_UNSUPPORTED, "no client is known for engine %s", engine);
    autolaunch struct launch launch = {.option_count = 0};
    const char *program = tool_value(ctx, "program");
    if (program)
        launch.programs[0] = program;
    else
        memcpy(launch.programs, client->programs, sizeof launch.programs);
    if (!client->prepare(document, target, &launch))
        return tool_failed(ctx, SMCRED_PROTOCOL, "the keeper names no socket for %s", argv[0]);
    int skip = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
    return become(ctx, &launch, argc - skip, argv + skip);
}

static int run(const struct tool_context *ctx, int argc, char **argv)
{
    struct question question;
    autodocument cJSON *document = NULL;
    if (argc == 0)
        return tool_misused(ctx, "a target is missing; 'smcred targets' lists them");
    question_begin(&question, CTL_TARGETS);
    int code = document_ask(ctx, &question, &document);
    return code == TOOL_EXIT_OK ? connect_to(ctx, document, argc, argv) : code;
}

const struct tool_command tool_connect = {
    .name = "connect",
    .summary = "Start the right client for a target",
    .operands = "TARGET [--] [ARG...]",
    .options = options,
    .runs_program = true,
    .run = run,
};
