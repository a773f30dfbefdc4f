/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * command.h - subcommands and their options, from tables that are their help as well.
 */
#ifndef SERVER_COMMAND_H
#define SERVER_COMMAND_H

#include <stdbool.h>

#define SERVER_EXIT_USAGE 2
#define SERVER_GO_ON      (-1)

/* A row without a name ends the table. */
struct server_command {
    const char *name;
    const char *about; /* one line */
    /* path  "smcred-server access-key create", for messages; argv[0] is not looked at */
    int (*run)(const char *path, int argc, char **argv);
};

/* Runs the command that argv[1] names and answers its exit code; "help" and --help list them. */
int server_command_run(const char *path, const struct server_command *commands, int argc,
                       char **argv);

/* A row without an `out` ends the table. */
struct server_option {
    const char *name;     /* "dir" for --dir; NULL: no option, but a word of its own */
    const char *argument; /* "DIR", as help shows it; NULL: a flag, set to "" where it is given */
    bool required;
    const char **out; /* borrowed from argv; untouched where it is not given */
};

/*
 * Reads the options.  --help prints the table below `about` and is done.
 * Answers SERVER_GO_ON, or the exit code to end with.
 */
int server_command_options(const char *path, const char *about, const struct server_option *options,
                           int argc, char **argv);

#endif
