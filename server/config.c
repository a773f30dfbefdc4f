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

/* getopt_long() takes beginnings of names as well: `fault` would be --faults. */
static bool is_whole(const struct option *known, const char *name)
{
    while (known->name && strcmp(known->name, name) != 0)
        known++;
    return known->name != NULL;
}

/* A file that is being read, up to `line`. */
struct reading {
    struct server_config *config;
    FILE *file;
    int line;
    int wrong_line; /* the first that is wrong; 0: none so far */
    const char *why;
};

static void complain(struct reading *reading, int line, const char *why)
{
    if (reading->wrong_line != 0 && reading->wrong_line <= line)
        return;
    reading->wrong_line = line;
    reading->why = why;
}

/* fgets() for libinih, which does not tell of a section without settings. */
static char *next_line(char *line, int size, void *stream)
{
    struct reading *reading = stream;
    char name[32];
    if (!fgets(line, size, reading->file))
        return NULL;
    reading->line++;
    if (sscanf(line, " [%31[^]]", name) == 1 && strcmp(name, "server") != 0)
        complain(reading, reading->line, "not the section [server]");
    return line;
}

static bool is_there(const struct server_config *config, const char *name)
{
    size_t len = strlen(name);
    for (int i = config->argc - config->count; i < config->argc; i++) {
        const char *known = config->argv[i] + strlen("--");
        if (strncmp(known, name, len) == 0 && known[len] == '=')
            return true;
    }
    return false;
}

static int take_setting(void *context, const char *section, const char *name, const char *value)
{
    struct reading *reading = context;
    struct server_config *config = reading->config;
    char *argument;
    if (strcmp(section, "server") != 0)
        complain(reading, reading->line, "not in the section [server]");
    else if (!is_allowed(name))
        complain(reading, reading->line, "an option for the command line only");
    else if (!is_whole(config->known, name))
        complain(reading, reading->line, "no option's whole name");
    else if (is_there(config, name))
        complain(reading, reading->line, "an option that is there twice");
    else if (config->count == SERVER_CONFIG_OPTIONS)
        complain(reading, reading->line, "one option too many");
    else if (asprintf(&argument, "--%s=%s", name, value) < 0)
        complain(reading, reading->line, "out of memory");
    else {
        config->argv[config->argc++] = argument;
        config->count++;
    }
    return 1;
}

static enum smcred_status read_file(const char *path, struct server_config *config,
                                    struct sm_error *err)
{
    struct stat about;
    struct reading reading = {.config = config, .file = fopen(path, "re")};
    if (!reading.file || fstat(fileno(reading.file), &about) != 0) {
        if (reading.file)
            (void)fclose(reading.file); /* only read, as below */
        return sm_error_set(err, SMCRED_SYSTEM, "cannot open %s: %s", path, strerror(errno));
    }
    bool trusted =
        (about.st_uid == 0 || about.st_uid == geteuid()) && !(about.st_mode & (S_IWGRP | S_IWOTH));
    int line = trusted ? ini_parse_stream(next_line, &reading, take_setting, &reading) : 0;
    (void)fclose(reading.file);
    if (!trusted)
        return sm_error_set(err, SMCRED_DENIED, "%s may be written by others", path);
    if (line != 0)
        complain(&reading, line, "neither [section] nor name = value");
    if (reading.wrong_line != 0)
        return sm_error_set(err, SMCRED_INVALID, "%s:%d: %s", path, reading.wrong_line,
                            reading.why);
    return SMCRED_OK;
}

/* The file that is named, as getopt_long() understands it; NULL for none. */
static const char *config_path(int argc, char **argv, const struct option *known)
{
    const char *path = NULL;
    int code, index = 0;
    opterr = 0; /* whoever reads the options says what is wrong with them */
    optind = 0; /* glibc: begin anew */
    while ((code = getopt_long(argc, argv, "", known, &index)) != -1) {
        if (code != '?' && strcmp(known[index].name, "config") == 0)
            path = optarg;
    }
    opterr = 1;
    optind = 0;
    return path;
}

enum smcred_status server_config_take(const struct option *known, int *inout_argc,
                                      char ***inout_argv, struct server_config *out_config,
                                      struct sm_error *err)
{
    const char *path = config_path(*inout_argc, *inout_argv, known);
    out_config->known = known;
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
