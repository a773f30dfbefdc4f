/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config.c - INI to arguments.  Called by serve before it reads its options.
 */
#include "server/config.h"

#include <ini.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/status.h"

/* The arguments in the making. */
struct arguments {
    char **argv;
    int argc, room;
};

/* What the command line alone may say. */
static bool is_allowed(const char *name)
{
    static const char *const never[] = {"config", "init", "help", "version", "faults", "clock"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        if (strcmp(name, never[i]) == 0)
            return false;
    }
    return true;
}

/* 0 is an error to libinih, which then tells the line. */
static int take_setting(void *context, const char *section, const char *name, const char *value)
{
    struct arguments *arguments = context;
    char *argument;
    if (strcmp(section, "server") != 0 || !is_allowed(name) || arguments->argc == arguments->room ||
        asprintf(&argument, "--%s=%s", name, value) < 0)
        return 0;
    arguments->argv[arguments->argc++] = argument;
    return 1;
}

static enum smcred_status read_file(const char *path, struct arguments *arguments,
                                    struct sm_error *err)
{
    struct stat about;
    FILE *file = fopen(path, "re");
    if (!file || fstat(fileno(file), &about) != 0) {
        if (file)
            (void)fclose(file); /* only read, as below */
        return sm_error_set(err, SMCRED_SYSTEM, "cannot open %s: %s", path, strerror(errno));
    }
    bool trusted =
        (about.st_uid == 0 || about.st_uid == geteuid()) && !(about.st_mode & (S_IWGRP | S_IWOTH));
    int line = trusted ? ini_parse_file(file, take_setting, arguments) : 0;
    (void)fclose(file);
    if (!trusted)
        return sm_error_set(err, SMCRED_DENIED, "%s may be written by others", path);
    if (line != 0)
        return sm_error_set(err, SMCRED_INVALID,
                            "%s:%d: not an option, or not in the section [server]", path, line);
    return SMCRED_OK;
}

/* The file that is named; NULL for none. */
static const char *config_path(int argc, char **argv)
{
    static const char option[] = "--config";
    size_t len = sizeof option - 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], option) == 0 && i + 1 < argc)
            return argv[i + 1];
        if (strncmp(argv[i], option, len) == 0 && argv[i][len] == '=')
            return argv[i] + len + 1;
    }
    return NULL;
}

enum smcred_status server_config_take(int *inout_argc, char ***inout_argv, struct sm_error *err)
{
    const char *path = config_path(*inout_argc, *inout_argv);
    if (!path)
        return SMCRED_OK;
    struct arguments arguments = {
        .argv = calloc((size_t)*inout_argc + SERVER_CONFIG_OPTIONS + 1, sizeof(char *)),
        .argc = 1,
        .room = SERVER_CONFIG_OPTIONS};
    if (!arguments.argv)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    arguments.argv[0] = (*inout_argv)[0];
    enum smcred_status status = read_file(path, &arguments, err);
    if (status != SMCRED_OK) {
        while (--arguments.argc > 0)
            free(arguments.argv[arguments.argc]);
        free(arguments.argv);
        return status;
    }
    for (int i = 1; i < *inout_argc; i++)
        arguments.argv[arguments.argc++] = (*inout_argv)[i];
    *inout_argc = arguments.argc;
    *inout_argv = arguments.argv;
    return SMCRED_OK;
}
