/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connect.c - `smcred connect`: starts the right client for a target, on the target's socket.
 *
 * Needs no shim: the client gets host, port, user and database by its own environment variables,
 * so that its own options (-d otherdb) still win.
 */
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

/*
 * PGHOST is the socket's directory; the port is the end of its name, ".s.PGSQL.5432".  PGUSER is
 * the operator's own name: the secret's user changes where rotations alternate between two, and
 * psql would ask for the old one at its next \c.
 */
static bool prepare_postgres(const cJSON *document, const cJSON *target)
{
    char scratch[DOCUMENT_SCRATCH];
    sm_autofree char *directory = strdup(document_text(target, "socket", scratch));
    if (!directory || !*directory)
        return false;
    const char *port = "";
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

static const struct client {
    const char *engine;
    const char *program;
    bool (*prepare)(const cJSON *document,
                    const cJSON *target); /* false: the target says too little, or no memory */
} clients[] = {
    {"postgres", "psql", prepare_postgres},
    {NULL, NULL, NULL},
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
static int become(const struct tool_context *ctx, const char *program, int argc, char **argv)
{
    sm_autofree char **args = calloc((size_t)argc + 2, sizeof *args);
    if (!args)
        return tool_failed(ctx, SMCRED_NO_MEMORY, "out of memory");
    args[0] = (char *)(uintptr_t)program; /* execvp() does not write to it */
    for (int i = 0; i < argc; i++)
        args[i + 1] = argv[i];
    (void)execvp(program, args);
    int error = errno;
    (void)tool_failed(ctx, SMCRED_SYSTEM, "cannot start %s: %s", program, strerror(error));
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
    if (!client->prepare(document, target))
        return tool_failed(ctx, SMCRED_PROTOCOL, "the keeper names no socket for %s", argv[0]);
    const char *program = tool_value(ctx, "program");
    int skip = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
    return become(ctx, program ? program : client->program, argc - skip, argv + skip);
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
