/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.c - from the command line, and the file that it may name, to checked options.
 *
 * Each option is a line of the table below.  Called by serve.c, once.
 */
#include "server/options.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/admin.h"
#include "server/listen.h"
#include "server/names.h"
#include "server/trail.h"

static void print_help(void)
{
    puts(
        "usage: smcred-server --init DIR [--region REGION] [--account ID]\n"
        "       smcred-server --dir DIR --listen WHERE [OPTIONS]\n"
        "       smcred-server COMMAND ...; see smcred-server help\n"
        "An AWS Secrets Manager that keeps its secrets in a directory.\n"
        "\n"
        "  --init DIR             make a store in DIR and print its access key pair, once\n"
        "  --region REGION        region of a new store (us-east-1)\n"
        "  --account ID           account of a new store (000000000000)\n"
        "  --dir DIR              serve the store in DIR\n"
        "  --listen WHERE         ADDRESS:PORT, [ADDRESS]:PORT or unix:/PATH; port 0 takes a free\n"
        "                         one; without TLS loopback and Unix sockets only\n"
        "  --regions LIST         serve these regions, separated by commas (any)\n"
        "  --tls-cert FILE        certificate chain, PEM\n"
        "  --tls-key FILE         its private key, PEM, readable by its owner only\n"
        "  --endpoint URL         where rotation functions find it, if not as it listens\n"
        "  --max-connections N    connections at a time (64)\n"
        "  --timeout SECONDS      for a request to arrive (30)\n"
        "  --trail-max-mib N      of the event trail, before a new file begins (64; 0: never)\n"
        "  --trail-keep N         full files of the event trail to keep (10)\n"
        "  --log-level LEVEL      error, warning, info or debug (info)\n"
        "  --config FILE          options from an INI file, [server]\n"
        "  --faults FILE          for tests: failures on demand\n"
        "  --clock FILE           for tests: FILE says how many seconds the clock is ahead\n"
        "  --help, --version");
}

static bool is_url(const char *text)
{
    return (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0) &&
           strlen(text) < SERVER_URL_MAX;
}

static bool is_level(const char *text)
{
    enum log_level level;
    return log_level_parse(text, &level);
}

#define AT(member) offsetof(struct server_options, member)

static const struct form {
    const char *name;
    size_t offset;                      /* of a const char *, or of an unsigned */
    bool (*is_valid)(const char *text); /* NULL: any text will do */
    const char *rule;                   /* what it has to be, in words */
    unsigned least, most;               /* of a number; most 0: it is a text */
} forms[] = {
    {.name = "init", .offset = AT(init)},
    {.name = "dir", .offset = AT(directory)},
    {.name = "listen", .offset = AT(where)},
    {.name = "tls-cert", .offset = AT(tls_cert)},
    {.name = "tls-key", .offset = AT(tls_key)},
    {.name = "region",
     .offset = AT(region),
     .is_valid = server_region_is_valid,
     .rule = "a region's name"},
    {.name = "regions",
     .offset = AT(regions),
     .is_valid = server_regions_are_valid,
     .rule = "REGION,REGION,..."},
    {.name = "account",
     .offset = AT(account),
     .is_valid = server_admin_is_account,
     .rule = "twelve digits"},
    {.name = "endpoint",
     .offset = AT(endpoint),
     .is_valid = is_url,
     .rule = "http://HOST:PORT or https://HOST:PORT"},
    {.name = "max-connections", .offset = AT(connections_max), .least = 1, .most = 10000},
    {.name = "timeout", .offset = AT(timeout_s), .least = 1, .most = 3600},
    {.name = "trail-max-mib", .offset = AT(trail_max_mib), .least = 0, .most = 1024 * 1024},
    {.name = "trail-keep", .offset = AT(trail_keep), .least = 1, .most = SERVER_TRAIL_KEEP_MAX},
    {.name = "log-level",
     .offset = AT(level_name),
     .is_valid = is_level,
     .rule = "error, warning, info or debug"},
    {.name = "config", .offset = AT(config)}, /* server_config_take() has read it */
    {.name = "faults", .offset = AT(faults)},
    {.name = "clock", .offset = AT(clock)},
};

enum { FORMS = sizeof forms / sizeof *forms, SAY_HELP = FORMS, SAY_VERSION };

/* As getopt_long() wants them; an option's value is its line in the table. */
static void describe(struct option known[FORMS + 3])
{
    for (int i = 0; i < FORMS; i++)
        known[i] = (struct option){forms[i].name, required_argument, NULL, i};
    known[SAY_HELP] = (struct option){"help", no_argument, NULL, SAY_HELP};
    known[SAY_VERSION] = (struct option){"version", no_argument, NULL, SAY_VERSION};
    known[FORMS + 2] = (struct option){NULL, 0, NULL, 0};
}

static bool parse_number(const char *text, unsigned least, unsigned most, unsigned *out)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || errno || number < least || number > most)
        return false;
    *out = (unsigned)number;
    return true;
}

static bool take_number(const struct form *form, const char *text, unsigned *out)
{
    if (parse_number(text, form->least, form->most, out))
        return true;
    log_error("--%s is %u to %u", form->name, form->least, form->most);
    return false;
}

static bool take_text(const struct form *form, const char *text, const char **out)
{
    *out = text;
    if (!form->is_valid || form->is_valid(text))
        return true;
    log_error("--%s is %s, not %s", form->name, form->rule, log_quote(text));
    return false;
}

static bool take(const struct form *form, const char *text, struct server_options *options)
{
    void *member = (char *)options + form->offset;
    return form->most > 0 ? take_number(form, text, member) : take_text(form, text, member);
}

static bool check(const struct server_options *options)
{
    if (!options->init == !options->directory) {
        log_error("give either --init or --dir; see --help");
        return false;
    }
    if ((options->faults || options->clock) && options->where &&
        !server_listen_is_local(options->where)) {
        log_error("--faults and --clock are for tests: only on loopback or a Unix socket");
        return false;
    }
    if (options->directory && !options->where) {
        log_error("--dir needs --listen");
        return false;
    }
    if (!options->tls_cert != !options->tls_key) {
        log_error("--tls-cert and --tls-key go together");
        return false;
    }
    return true;
}

static bool parse(int argc, char **argv, const struct option *known, struct server_options *options)
{
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == SAY_HELP) {
            print_help();
            exit(EXIT_SUCCESS);
        }
        if (option == SAY_VERSION) {
            puts("smcred-server " PACKAGE_VERSION);
            exit(EXIT_SUCCESS);
        }
        if (option >= FORMS || !take(&forms[option], optarg, options))
            return false; /* it is said why, by getopt_long() where it is '?' */
    }
    if (optind < argc) {
        log_error("what is %s?", log_quote(argv[optind]));
        return false;
    }
    return check(options);
}

bool server_options_parse(int argc, char **argv, struct server_config *inout_config,
                          struct server_options *out_options)
{
    static struct option known[FORMS + 3]; /* which the file's options are looked up in, too */
    struct server_options options = {.region = "us-east-1",
                                     .account = "000000000000",
                                     .connections_max = 64,
                                     .timeout_s = 30,
                                     .trail_max_mib = SERVER_TRAIL_MIB_DEFAULT,
                                     .trail_keep = SERVER_TRAIL_KEEP_DEFAULT,
                                     .level_name = "info"};
    struct sm_error err = {.text = ""};
    describe(known);
    if (server_config_take(known, &argc, &argv, inout_config, &err) != SMCRED_OK) {
        log_error("%s", err.text);
        return false;
    }
    if (!parse(argc, argv, known, &options))
        return false;
    (void)log_level_parse(options.level_name, &options.level); /* it is one */
    *out_options = options;
    return true;
}
