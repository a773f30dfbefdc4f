/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tools.h - what the subcommands share: the table's rows, their options, answers and exit codes.
 *
 * A new subcommand is one file that defines a `const struct tool_command` and one line in
 * commands.c; its options and --help come from the row itself.
 */
#ifndef TOOLS_TOOLS_H
#define TOOLS_TOOLS_H

#include "common/bytes.h"
#include "common/status.h"

/* What the shell sees; smcred(1) documents each.  `exec` and `connect` become another program. */
enum tool_exit {
    TOOL_EXIT_OK = 0,
    TOOL_EXIT_FAILED = 1,       /* refused by policy, not found, or failed */
    TOOL_EXIT_USAGE = 2,        /* the command line is wrong; nothing was done */
    TOOL_EXIT_UNAVAILABLE = 3,  /* the keeper or Secrets Manager did not answer */
    TOOL_EXIT_SLOW = 4,         /* rotate: the rotation is still under way */
    TOOL_EXIT_CANNOT_RUN = 126, /* exec, connect: the program was found and could not be started */
    TOOL_EXIT_NO_PROGRAM = 127, /* exec, connect: no such program */
};

/* One long option.  --help, --json, --socket and --timeout are everybody's and not listed. */
struct tool_option {
    const char *name;  /* without the dashes; NULL ends a list */
    const char *value; /* what its argument is called in --help; NULL: a flag */
    const char *help;  /* one line */
};
#define TOOL_OPTIONS_MAX 16 /* of one subcommand, the common ones included */

struct tool_context;

/* One row of the table of subcommands. */
struct tool_command {
    const char *name;
    const char *summary;  /* one line, no full stop */
    const char *operands; /* as --help shows them, such as "TARGET [-- ARG...]"; or "" */
    const struct tool_option *options; /* ended by a row without a name; NULL: none */
    int64_t timeout_ms;                /* what --timeout is by default; 0: CTL_TIMEOUT_MS */
    bool runs_program; /* options end at the first operand: the rest belongs to another program */
    /*
     * Options are parsed and common ones handled.
     *   argc, argv  the operands alone, without the subcommand's name; argv[argc] is NULL
     * Returns an exit code: enum tool_exit, or that of the program it ran.
     */
    int (*run)(const struct tool_context *ctx, int argc, char **argv);
};

/* One run of one subcommand. */
struct tool_context {
    const struct tool_command *command;
    const char *name;        /* "smcred targets", for messages */
    const char *socket_path; /* --socket, $SMCRED_SOCKET, or the one compiled in */
    int64_t timeout_ms;      /* patience for one answer */
    bool json;               /* --json: standard output is one JSON document, whatever happens */
    bool colour;             /* standard output is a terminal and NO_COLOR is unset */
    const char *values[TOOL_OPTIONS_MAX]; /* by tool_value() */
};

/* The rows, in the order of --help; NULL ends them. */
extern const struct tool_command *const tool_commands[];

/* Parses argv and runs what it says; main() is no more than this. */
int tool_main(int argc, char **argv);

/* The argument of an option, "" for a flag; NULL if it was not given. */
const char *tool_value(const struct tool_context *ctx, const char *option);

/*
 * Says on standard error, and with --json also on standard output, why the subcommand fails.
 *   format  a sentence without program name and newline; never a secret
 * Returns the exit code.
 */
int tool_failed(const struct tool_context *ctx, enum smcred_status status, const char *format, ...)
    SM_PRINTF(3, 4);
/* The same for a wrong command line. */
int tool_misused(const struct tool_context *ctx, const char *format, ...) SM_PRINTF(2, 3);

#endif
