/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec.c - `smcred exec`: runs a program whose connections to targets go through smcred.
 */
#include "tools/commands.h"
#include "tools/launch.h"

static const struct tool_option options[] = {
    {"seccomp", NULL, "also for static and Go programs, which LD_PRELOAD does not reach"},
    {NULL, NULL, NULL},
};

static int run(const struct tool_context *ctx, int argc, char **argv)
{
    struct sm_error err;
    if (argc > 0 && strcmp(argv[0], "--") == 0)
        argc--, argv++;
    if (argc == 0)
        return tool_misused(ctx, "a program is missing");
    /* The shim sees to it where libpq is a library; in a static program it would not be noticed. */
    if (tool_value(ctx, "seccomp") && getenv("PGHOSTADDR"))
        return tool_misused(ctx, "PGHOSTADDR leads past every host's name; unset it first");
    int code = launch_program(argv, tool_value(ctx, "seccomp") != NULL, &err);
    if (err.text[0] != '\0')
        (void)tool_failed(ctx, SMCRED_SYSTEM, "%s", err.text); /* the code says more than FAILED */
    return code;
}

const struct tool_command tool_exec = {
    .name = "exec",
    .summary = "Run a program whose connections to targets go through smcred",
    .operands = "-- COMMAND [ARG...]",
    .options = options,
    .runs_program = true,
    .run = run,
};
