/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * command.c - finds commands and reads options.  Called by main and the admin_*.c files.
 */
#include "server/command.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

#define OPTIONS_MAX 16
#define CODE_FIRST  256 /* the first option's, beyond every character */
#define WHOLE_MAX   96  /* bytes of "smcred-server access-key create" */

static void list_commands(const char *path, const struct server_command *commands)
{
    printf("usage: %s COMMAND ...; each has --help\n", path);
    for (; commands->name; commands++)
        printf("  %-12s %s\n", commands->name, commands->about);
}

int server_command_run(const char *path, const struct server_command *commands, int argc,
                       char **argv)
{
    char whole[WHOLE_MAX];
    if (argc < 2) {
        log_error("which command? see %s help", path);
        return SERVER_EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
        list_commands(path, commands);
        return 0;
    }
    for (; commands->name; commands++) {
        if (strcmp(commands->name, argv[1]) != 0)
            continue;
        (void)snprintf(whole, sizeof whole, "%s %s", path, commands->name); /* ours, and short */
        return commands->run(whole, argc - 1, argv + 1);
    }
    log_error("%s is no command; see %s help", log_quote(argv[1]), path);
    return SERVER_EXIT_USAGE;
}

static void print_help(const char *path, const char *about, const struct server_option *options)
{
    printf("usage: %s", path);
    for (; options->out; options++) {
        const char *open = options->required ? "" : "[", *close = options->required ? "" : "]";
        if (options->name)
            printf(" %s--%s%s%s%s", open, options->name, options->argument ? " " : "",
                   options->argument ? options->argument : "", close);
        else
            printf(" %s%s%s", open, options->argument, close);
    }
    printf("\n%s\n", about);
}

/* The words that are no options, to the rows without a name. */
static bool take_words(const struct server_option *options, int argc, char **argv)
{
    for (; options->out; options++) {
        if (!options->name && optind < argc)
            *options->out = argv[optind++];
    }
    if (optind < argc)
        log_error("what is %s?", log_quote(argv[optind]));
    return optind >= argc;
}

static bool has_required(const char *path, const struct server_option *options)
{
    for (; options->out; options++) {
        if (!options->required || *options->out)
            continue;
        log_error("%s needs %s%s", path, options->name ? "--" : "",
                  options->name ? options->name : options->argument);
        return false;
    }
    return true;
}

int server_command_options(const char *path, const char *about, const struct server_option *options,
                           int argc, char **argv)
{
    struct option known[OPTIONS_MAX + 2] = {{"help", no_argument, NULL, 'h'}};
    size_t count = 1;
    int code;
    for (const struct server_option *each = options; each->out; each++) {
        assert(count <= OPTIONS_MAX);
        if (each->name)
            known[count++] =
                (struct option){each->name, each->argument ? required_argument : no_argument, NULL,
                                CODE_FIRST + (int)(each - options)};
    }
    optind = 1;
    while ((code = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (code == 'h') {
            print_help(path, about, options);
            return 0;
        }
        if (code < CODE_FIRST)
            return SERVER_EXIT_USAGE; /* getopt_long() has said why */
        const struct server_option *given = &options[code - CODE_FIRST];
        *given->out = given->argument ? optarg : "";
    }
    return take_words(options, argc, argv) && has_required(path, options) ? SERVER_GO_ON
                                                                          : SERVER_EXIT_USAGE;
}
