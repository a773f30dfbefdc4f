/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.c - one table, for getopt_long() and for --help.
 */
#include "rotate/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "rotate/engine.h"

enum action {
    ACT_TEXT,
    ACT_FLAG,
    ACT_SINGLE,
    ACT_ALTERNATING,
    ACT_ALL,
    ACT_STEP,
    ACT_HELP,
    ACT_VERSION
};

static const struct row {
    const char *name;
    const char *argument; /* NULL: takes none */
    enum action action;
    size_t offset; /* of ACT_TEXT and ACT_FLAG */
    const char *help;
} rows[] = {
    {"single-user", NULL, ACT_SINGLE, 0, "the secret's user changes its own password"},
    {"alternating-users", NULL, ACT_ALTERNATING, 0,
     "the superuser of masterarn sets that of the user's twin"},
    {"mend", NULL, ACT_FLAG, offsetof(struct options, mend),
     "where no version lets in, the superuser gives AWSCURRENT's password back"},
    {"masterarn", "ID", ACT_TEXT, offsetof(struct options, masterarn),
     "the superuser's secret, whatever the secret's masterarn says"},
    {"secret-id", "ID", ACT_TEXT, offsetof(struct options, secret_id),
     "name or ARN of the secret to rotate"},
    {"all-steps", NULL, ACT_ALL, 0, "a whole rotation, or the rest of one"},
    {"step", "STEP", ACT_STEP, 0, "createSecret, setSecret, testSecret or finishSecret alone"},
    {"token", "TOKEN", ACT_TEXT, offsetof(struct options, token),
     "the version that rotates in; the pending one, or a new one"},
    {"ca-file", "FILE", ACT_TEXT, offsetof(struct options, ca_file),
     "who may have signed the database's certificate"},
    {"client-cert", "FILE", ACT_TEXT, offsetof(struct options, client_cert),
     "a certificate to show the database"},
    {"client-key", "FILE", ACT_TEXT, offsetof(struct options, client_key), "and its key"},
    {"host", "NAME", ACT_TEXT, offsetof(struct options, host),
     "where the database is; secrets that name another are refused"},
    {"hostaddr", "ADDRESS", ACT_TEXT, offsetof(struct options, hostaddr),
     "its numeric address, if the name does not resolve"},
    {"allow-plain", NULL, ACT_FLAG, offsetof(struct options, allow_plain),
     "follow a secret that says \"ssl\": false also over a network"},
    {"exclude-characters", "CHARS", ACT_TEXT, offsetof(struct options, excluded),
     "what no password contains (:/@\"'\\)"},
    {"password-length", "N", ACT_TEXT, offsetof(struct options, password_length),
     "how long passwords are (32)"},
    {"endpoint-url", "URL", ACT_TEXT, offsetof(struct options, endpoint_url),
     "where Secrets Manager is, if not AWS's own place"},
    {"region", "REGION", ACT_TEXT, offsetof(struct options, region), "the AWS region"},
    {"profile", "PROFILE", ACT_TEXT, offsetof(struct options, profile),
     "the profile of the AWS configuration files"},
    {"json", NULL, ACT_FLAG, offsetof(struct options, json),
     "answer with one JSON document on standard output"},
    {"help", NULL, ACT_HELP, 0, "show this, and exit"},
    {"version", NULL, ACT_VERSION, 0, "show the version, and exit"},
};

#define ROW_COUNT (sizeof rows / sizeof *rows)

static void print_help(void)
{
    (void)puts(
        "usage: smcred-rotate [ENGINE] [OPTION]...                 an event on standard input\n"
        "       smcred-rotate [ENGINE] --secret-id ID --all-steps  a rotation by hand\n"
        "Gives the user of a database secret a new password, in four steps as AWS has them.\n"
        "ENGINE is postgres, mysql, mariadb or redis; if it is not given, the secret says.\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char left[40];
        (void)snprintf(left, sizeof left, "--%s %s", rows[i].name,
                       rows[i].argument ? rows[i].argument : "");
        (void)printf("  %-26s  %s\n", left, rows[i].help);
    }
}

SM_PRINTF(1, 2)
static int misused(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("smcred-rotate: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputs("; --help lists the options\n", stderr);
    va_end(args);
    return EXIT_USAGE;
}

static int take_strategy(struct options *options, enum strategy strategy)
{
    if (options->strategy != STRATEGY_OF_SECRET && options->strategy != strategy)
        return misused("--single-user and --alternating-users exclude each other");
    options->strategy = strategy;
    return OPTIONS_GO_ON;
}

static int take_step(struct options *options, const char *name)
{
    if (!step_parse(name, &options->first))
        return misused("%s is no step", name);
    options->last = options->first;
    return OPTIONS_GO_ON;
}

static int take(const struct row *row, const char *value, struct options *options)
{
    switch (row->action) {
    case ACT_TEXT:
        if (!*value)
            return misused("--%s is empty", row->name);
        *(const char **)((char *)options + row->offset) = value;
        return OPTIONS_GO_ON;
    case ACT_FLAG:
        *(bool *)((char *)options + row->offset) = true;
        return OPTIONS_GO_ON;
    case ACT_SINGLE:
        return take_strategy(options, STRATEGY_SINGLE_USER);
    case ACT_ALTERNATING:
        return take_strategy(options, STRATEGY_ALTERNATING);
    case ACT_ALL:
        return OPTIONS_GO_ON; /* counted by the caller */
    case ACT_STEP:
        return take_step(options, value);
    case ACT_HELP:
        print_help();
        return EXIT_DONE;
    case ACT_VERSION:
        (void)puts("smcred-rotate " PACKAGE_VERSION);
        return EXIT_DONE;
    }
    return EXIT_USAGE;
}

static int take_operands(int count, char **operands, struct options *options)
{
    if (count > 1)
        return misused("%s: one engine is expected, and no other operand", operands[1]);
    if (count == 1 && !(options->engine = engine_find(operands[0])))
        return misused("there is no engine %s; there are postgres, mysql, mariadb and redis",
                       operands[0]);
    return OPTIONS_GO_ON;
}

/* How often --step and --all-steps were given together. */
static int check(const struct options *options, int steps_given)
{
    if (options->secret_id && steps_given != 1)
        return misused("--secret-id needs either --all-steps or one --step");
    if (!options->secret_id && (steps_given > 0 || options->token))
        return misused("--all-steps, --step and --token need a --secret-id");
    if (!options->secret_id && isatty(STDIN_FILENO))
        return misused("no event comes from a terminal; say --secret-id and --all-steps");
    if (!options->client_cert != !options->client_key)
        return misused("--client-cert and --client-key go together");
    if (options->password_length &&
        (strlen(options->password_length) > 4 ||
         strspn(options->password_length, "0123456789") != strlen(options->password_length)))
        return misused("--password-length is a number of characters");
    return OPTIONS_GO_ON;
}

int options_read(int argc, char **argv, struct options *out_options)
{
    struct option longs[ROW_COUNT + 1] = {0};
    struct options options = {.first = STEP_CREATE, .last = STEP_FINISH};
    int index = 0, found, steps_given = 0;
    for (size_t i = 0; i < ROW_COUNT; i++)
        longs[i] = (struct option){rows[i].name, rows[i].argument != NULL, NULL, 0};
    while ((found = getopt_long(argc, argv, "", longs, &index)) != -1) {
        int code = found == 0 ? take(&rows[index], optarg, &options) : EXIT_USAGE;
        if (code != OPTIONS_GO_ON)
            return code;
        steps_given += rows[index].action == ACT_ALL || rows[index].action == ACT_STEP;
    }
    int code = take_operands(argc - optind, argv + optind, &options);
    if (code == OPTIONS_GO_ON)
        code = check(&options, steps_given);
    if (code == OPTIONS_GO_ON)
        *out_options = options;
    return code;
}
