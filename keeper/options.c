/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.c - one table, for getopt_long() and for --help.
 */
#include "keeper/options.h"

#include <getopt.h>
#include <stdio.h>

#include "keeper/config.h"

#define RUNTIME_DIR_DEFAULT SM_RUNSTATEDIR "/smcred"
#define STATE_DIR_DEFAULT   SM_LOCALSTATEDIR "/lib/smcred"

enum { OPTION_HELP = 1, OPTION_VERSION, OPTION_CHECK, OPTION_LEVEL, OPTION_TEXT };

static const struct row {
    const char *name;
    const char *argument; /* NULL: takes none */
    int action;
    size_t offset; /* of OPTION_TEXT */
    const char *help;
} rows[] = {
    {"config", "FILE", OPTION_TEXT, offsetof(struct options, config_file),
     "the configuration (" CONFIG_FILE_DEFAULT "); conf.d/*.conf beside it is read too"},
    {"runtime-dir", "DIR", OPTION_TEXT, offsetof(struct options, runtime_dir),
     "sockets and index (" RUNTIME_DIR_DEFAULT ")"},
    {"state-dir", "DIR", OPTION_TEXT, offsetof(struct options, state_dir),
     "what outlives a restart (" STATE_DIR_DEFAULT
     "; beside the sockets if --runtime-dir is given)"},
    {"user", "USER", OPTION_TEXT, offsetof(struct options, user),
     "whom the keeper runs as, if started by root (smcred)"},
    {"relay-user", "USER", OPTION_TEXT, offsetof(struct options, relay_user),
     "whom relays run as, if started by root (smcred-relay)"},
    {"relay-program", "FILE", OPTION_TEXT, offsetof(struct options, relay_program),
     "the relay (" SM_LIBEXECDIR "/smcred-relay)"},
    {"log-level", "LEVEL", OPTION_LEVEL, 0, "error, warning, info or debug; over log_level's"},
    {"check-config", NULL, OPTION_CHECK, 0, "say whether the configuration is good, and exit"},
    {"help", NULL, OPTION_HELP, 0, "show this, and exit"},
    {"version", NULL, OPTION_VERSION, 0, "show the version, and exit"},
};

#define ROW_COUNT (sizeof rows / sizeof *rows)

static void print_help(void)
{
    (void)puts("usage: smcredd [OPTION]...\n"
               "Keeps database credentials and logs operators in without giving them away.");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char left[40];
        (void)snprintf(left, sizeof left, "--%s %s", rows[i].name,
                       rows[i].argument ? rows[i].argument : "");
        (void)printf("  %-22s  %s\n", left, rows[i].help);
    }
}

const char *const *options_names(void)
{
    static const char *names[ROW_COUNT + 1];
    for (size_t i = 0; i < ROW_COUNT; i++)
        names[i] = rows[i].name;
    return names;
}

static bool take(const struct row *row, const char *value, struct options *options)
{
    switch (row->action) {
    case OPTION_HELP:
        print_help();
        exit(0);
    case OPTION_VERSION:
        (void)puts("smcredd " PACKAGE_VERSION);
        exit(0);
    case OPTION_CHECK:
        options->check_config = true;
        return true;
    case OPTION_LEVEL:
        options->log_level_given = true;
        if (log_level_parse(value, &options->log_level))
            return true;
        (void)fprintf(stderr, "smcredd: --log-level is error, warning, info or debug\n");
        return false;
    default:
        *(const char **)((char *)options + row->offset) = value;
        return true;
    }
}

bool options_read(int argc, char **argv, struct options *out_options)
{
    struct option longs[ROW_COUNT + 1] = {0};
    struct options options = {.config_file = CONFIG_FILE_DEFAULT,
                              .user = "smcred",
                              .relay_user = "smcred-relay",
                              .relay_program = SM_LIBEXECDIR "/smcred-relay",
                              .log_level = LOG_LEVEL_INFO,
                              .config_owner = geteuid()};
    int index = 0, found;
    for (size_t i = 0; i < ROW_COUNT; i++)
        longs[i] = (struct option){rows[i].name, rows[i].argument != NULL, NULL, 0};
    while ((found = getopt_long(argc, argv, "", longs, &index)) != -1)
        if (found != 0 || !take(&rows[index], optarg, &options))
            return false;
    if (optind < argc) {
        (void)fprintf(stderr, "smcredd: no operand is expected; --help lists the options\n");
        return false;
    }
    if (!options.state_dir)
        options.state_dir = options.runtime_dir ? options.runtime_dir : STATE_DIR_DEFAULT;
    if (!options.runtime_dir)
        options.runtime_dir = RUNTIME_DIR_DEFAULT;
    *out_options = options;
    return true;
}
