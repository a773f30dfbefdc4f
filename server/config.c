/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config.c - INI to arguments.  Called by serve before it reads its options.
 */
#include "server/config.h"

#include <ini.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/status.h"

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
    struct server_config *config = context;
    char *argument;
    if (strcmp(section, "server") != 0 || !is_allowed(name) ||
        config->count == SERVER_CONFIG_OPTIONS || asprintf(&argument, "--%s=%s", name, value) < 0)
        return 0;
    config->argv[config->argc++] = argument;
    config->count++;
    return 1;
}

static enum smcred_status read_file(const char *path, struct server_config *config,
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
    int line = trusted ? ini_parse_file(file, take_setting, config) : 0;
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

enum smcred_status server_config_take(int *inout_argc, char ***inout_argv,
                                      struct server_config *out_config, struct sm_error *err)
{
    const char *path = config_path(*inout_argc, *inout_argv);
    if (!path)
        return SMCRED_OK;
    out_config->argv = calloc((size_t)*inout_argc + SERVER_CONFIG_OPTIONS + 1, sizeof(char *));
    if (!out_config->argv)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    out_config->argv[out_config->argc++] = (*inout_argv)[0];
    enum smcred_status status = read_file(path, out_config, err);
    if (status != SMCRED_OK)
        return status;
    for (int i = 1; i < *inout_argc; i++)
        out_config->argv[out_config->argc++] = (*inout_argv)[i];
    *inout_argc = out_config->argc;
    *inout_argv = out_config->argv;
    return SMCRED_OK;
}

void server_config_done(struct server_config *config)
{
    for (int i = 1; i <= config->count; i++)
        free(config->argv[i]);
    free(config->argv);
}
