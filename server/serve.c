/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * serve.c - smcred-server --init and --dir: options, start, stop.  Called by main.
 */
#include "server/serve.h"

#include <ctype.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/clock.h"
#include "server/config.h"
#include "server/faults.h"
#include "server/http.h"
#include "server/listen.h"
#include "server/names.h"
#include "server/replicator.h"
#include "server/rotator.h"
#include "server/setup.h"
#include "server/trail.h"

#define PEM_MAX     65536 /* bytes of a certificate chain or key */
#define OTHER_FILES 128   /* of databases, functions, and connections that are being closed */

struct options {
    const char *init, *directory, *where, *tls_cert, *tls_key, *region, *account, *regions, *faults,
        *clock, *endpoint;
    unsigned connections_max, timeout_s, trail_max_mib, trail_keep;
    enum log_level level;
};

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

static bool is_url(const char *text)
{
    return (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0) &&
           strlen(text) < SERVER_URL_MAX;
}

/* Answers false after having said why. */
static bool parse_option(int option, struct options *options)
{
    switch (option) {
    case 'i':
        options->init = optarg;
        return true;
    case 'd':
        options->directory = optarg;
        return true;
    case 'l':
        options->where = optarg;
        return true;
    case 'c':
        options->tls_cert = optarg;
        return true;
    case 'k':
        options->tls_key = optarg;
        return true;
    case 'r':
        options->region = optarg;
        if (!server_region_is_valid(optarg))
            log_error("%s is not a region", log_quote(optarg));
        return server_region_is_valid(optarg);
    case 'R':
        options->regions = optarg;
        if (server_regions_are_valid(optarg))
            return true;
        log_error("--regions is REGION,REGION,...");
        return false;
    case 'a':
        options->account = optarg;
        if (!server_admin_is_account(optarg))
            log_error("an account is twelve digits, not %s", log_quote(optarg));
        return server_admin_is_account(optarg);
    case 'f': /* server_config_take() has read it */
        return true;
    case 'F':
        options->faults = optarg;
        return true;
    case 'C':
        options->clock = optarg;
        return true;
    case 'm':
        if (parse_number(optarg, 1, 10000, &options->connections_max))
            return true;
        log_error("--max-connections is 1 to 10000");
        return false;
    case 't':
        if (parse_number(optarg, 1, 3600, &options->timeout_s))
            return true;
        log_error("--timeout is 1 to 3600 seconds");
        return false;
    case 'e':
        options->endpoint = optarg;
        if (is_url(optarg))
            return true;
        log_error("--endpoint is http://HOST:PORT or https://HOST:PORT");
        return false;
    case 'x':
        if (parse_number(optarg, 0, 1024 * 1024, &options->trail_max_mib))
            return true;
        log_error("--trail-max-mib is 0 to 1048576");
        return false;
    case 'K':
        if (parse_number(optarg, 1, SERVER_TRAIL_KEEP_MAX, &options->trail_keep))
            return true;
        log_error("--trail-keep is 1 to %d", SERVER_TRAIL_KEEP_MAX);
        return false;
    case 'L':
        if (log_level_parse(optarg, &options->level))
            return true;
        log_error("--log-level is error, warning, info or debug");
        return false;
    default:
        return false; /* getopt_long() has said why */
    }
}

static bool check_options(const struct options *options)
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

static const struct option known[] = {
    {"init", required_argument, NULL, 'i'},       {"dir", required_argument, NULL, 'd'},
    {"listen", required_argument, NULL, 'l'},     {"tls-cert", required_argument, NULL, 'c'},
    {"tls-key", required_argument, NULL, 'k'},    {"region", required_argument, NULL, 'r'},
    {"account", required_argument, NULL, 'a'},    {"regions", required_argument, NULL, 'R'},
    {"endpoint", required_argument, NULL, 'e'},   {"max-connections", required_argument, NULL, 'm'},
    {"timeout", required_argument, NULL, 't'},    {"trail-max-mib", required_argument, NULL, 'x'},
    {"trail-keep", required_argument, NULL, 'K'}, {"log-level", required_argument, NULL, 'L'},
    {"config", required_argument, NULL, 'f'},     {"faults", required_argument, NULL, 'F'},
    {"clock", required_argument, NULL, 'C'},      {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},          {NULL, 0, NULL, 0}};

/* Parses the command line; exits for --help and --version. */
static bool parse_options(int argc, char **argv, struct options *options)
{
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            exit(EXIT_SUCCESS);
        }
        if (option == 'V') {
            puts("smcred-server " PACKAGE_VERSION);
            exit(EXIT_SUCCESS);
        }
        if (!parse_option(option, options))
            return false;
    }
    if (optind < argc) {
        log_error("what is %s?", log_quote(argv[optind]));
        return false;
    }
    return check_options(options);
}

static int init_store(const struct options *options)
{
    struct server server = {.vault = NULL};
    struct sm_secret *secret = NULL;
    char id[SERVER_KEY_ID_LEN + 1];
    struct sm_error err = {.text = ""};
    enum smcred_status status = server_setup_create(options->init, options->region,
                                                    options->account, &server, id, &secret, &err);
    if (status == SMCRED_OK && !server_admin_show_key(id, secret))
        status = sm_error_set(&err, SMCRED_SYSTEM,
                              "cannot print the access key: %s; the store is made, access-key "
                              "create --user admin makes another",
                              strerror(errno));
    if (status != SMCRED_OK)
        log_error("%s", err.text);
    sm_secret_free(secret);
    if (server.vault)
        server_setup_close(&server);
    return status == SMCRED_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The text of a PEM file in a secret; NULL after having said why. */
static struct sm_secret *read_pem(struct sm_vault *vault, const char *path, bool private)
{
    struct stat file;
    struct sm_secret *text = NULL;
    size_t room;
    sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &file) != 0) {
        log_error("cannot open %s: %s", log_quote(path), strerror(errno));
        return NULL;
    }
    if (private && (file.st_mode & (S_IRWXG | S_IRWXO))) {
        log_error("%s may be read by others; chmod 0600 it", log_quote(path));
        return NULL;
    }
    if (sm_secret_alloc(vault, PEM_MAX, &text) != SMCRED_OK) {
        log_error("out of memory");
        return NULL;
    }
    ssize_t len = read(fd, sm_secret_room(text, &room), PEM_MAX);
    if (len <= 0 || len == PEM_MAX) {
        log_error("%s cannot be read, or is no PEM file", log_quote(path));
        sm_secret_free(text);
        return NULL;
    }
    sm_secret_grow(text, (size_t)len);
    return text;
}

/* Until SIGTERM or SIGINT. */
static void wait_for_end(struct server *server, struct server_http *http, const sigset_t *signals)
{
    const struct timespec second = {.tv_sec = 1};
    for (;;) {
        int signal = sigtimedwait(signals, NULL, &second);
        if (signal == SIGTERM || signal == SIGINT)
            return;
        if (signal == SIGHUP && server_trail_reopen(server->trail) != SMCRED_OK)
            log_error("cannot open the event trail again: %s", strerror(errno));
        server_http_sweep(http);
    }
}

/* Blocked before the first thread starts, so that they arrive in sigtimedwait() alone. */
static void block_signals(sigset_t *out_signals)
{
    (void)sigemptyset(out_signals); /* cannot fail, as the next ones */
    (void)sigaddset(out_signals, SIGTERM);
    (void)sigaddset(out_signals, SIGINT);
    (void)sigaddset(out_signals, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, out_signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static int serve_http(struct server *server, const struct options *options,
                      struct server_faults *faults, const struct sm_secret *cert,
                      const struct sm_secret *key)
{
    struct sm_error err = {.text = ""};
    struct server_http *http;
    char url[SERVER_URL_MAX];
    sigset_t signals;
    struct server_http_settings settings = {
        .tls_cert = cert ? sm_secret_view(cert).data : NULL,
        .tls_key = key ? sm_secret_view(key).data : NULL,
        .connections_max = options->connections_max,
        .timeout_s = options->timeout_s,
        .faults = faults,
    };
    block_signals(&signals);
    if (server_rotator_new(server, options->directory, &server->rotator, &err) != SMCRED_OK ||
        server_listen(options->where, cert != NULL, &settings.listen_fd, url, &err) != SMCRED_OK ||
        server_http_start(server, &settings, &http, &err) != SMCRED_OK) {
        log_error("%s", err.text);
        return EXIT_FAILURE;
    }
    struct server_replicator *replicator = NULL;
    const char *endpoint = options->endpoint ? options->endpoint : url;
    if (server_rotator_start(server->rotator, endpoint, &err) != SMCRED_OK ||
        server_replicator_start(server, options->directory, &replicator, &err) != SMCRED_OK) {
        log_error("%s", err.text);
        server_http_stop(http);
        return EXIT_FAILURE;
    }
    printf("listening on %s\n", url);
    (void)fflush(stdout); /* who waits for the line may be gone; others may not */
    log_info("serving %s, region %s, account %s", url, server->regions ? server->regions : "any",
             server->home.account);
    wait_for_end(server, http, &signals);
    server_http_stop(http);
    server_replicator_stop(replicator);
    if (strncmp(url, "unix:", 5) == 0)
        (void)unlink(url + 5); /* the next start would replace it */
    log_info("stopped");
    return EXIT_SUCCESS;
}

/* Each connection is a descriptor; where they run out nobody would make room for anybody. */
static bool allow_descriptors(unsigned connections_max)
{
    struct rlimit files;
    rlim_t needed = connections_max + OTHER_FILES;
    (void)getrlimit(RLIMIT_NOFILE, &files); /* cannot fail */
    if (files.rlim_cur >= needed)
        return true;
    files.rlim_cur = needed;
    if (files.rlim_max >= needed && setrlimit(RLIMIT_NOFILE, &files) == 0)
        return true;
    log_error("--max-connections %u needs %lu open files; the limit is %lu", connections_max,
              (unsigned long)needed, (unsigned long)files.rlim_max);
    return false;
}

static int serve(const struct options *options)
{
    struct server server;
    struct sm_error err = {.text = ""};
    struct sm_secret *cert = NULL, *key = NULL;
    int code = EXIT_FAILURE;
    if (!allow_descriptors(options->connections_max))
        return EXIT_FAILURE;
    if (server_setup_open(options->directory, SERVER_SETUP_SERVE, &server, &err) != SMCRED_OK) {
        log_error("%s", err.text);
        return EXIT_FAILURE;
    }
    server.regions = options->regions;
    if (options->clock) {
        server_clock_set(options->clock);
        server.signed_ms = server.now_ms;
        server.now_ms = server_clock_ms;
    }
    server_trail_limit(server.trail, (int64_t)options->trail_max_mib << 20, options->trail_keep);
    server.tls = options->tls_cert != NULL;
    bool ready = true;
    struct server_faults *faults = NULL;
    if (options->faults && server_faults_read(options->faults, &faults, &err) != SMCRED_OK) {
        log_error("%s", err.text);
        ready = false;
    }
    if (options->faults)
        log_warning("for tests alone: faults on demand, as %s says", log_quote(options->faults));
    if (options->clock)
        log_warning("for tests alone: a clock that %s moves", log_quote(options->clock));
    if (options->tls_cert) {
        cert = read_pem(server.vault, options->tls_cert, false);
        key = read_pem(server.vault, options->tls_key, true);
        ready = ready && cert && key;
    }
    if (ready)
        code = serve_http(&server, options, faults, cert, key);
    server_faults_free(faults);
    server_rotator_free(server.rotator);
    sm_secret_free(cert);
    sm_secret_free(key);
    server_setup_close(&server);
    return code;
}

int server_serve(int argc, char **argv)
{
    struct options options = {.region = "us-east-1",
                              .account = "000000000000",
                              .connections_max = 64,
                              .timeout_s = 30,
                              .trail_max_mib = SERVER_TRAIL_MIB_DEFAULT,
                              .trail_keep = SERVER_TRAIL_KEEP_DEFAULT,
                              .level = LOG_LEVEL_INFO};
    struct sm_error err = {.text = ""};
    server_autoconfig struct server_config config = {.argv = NULL};
    if (server_config_take(known, &argc, &argv, &config, &err) != SMCRED_OK) {
        log_error("%s", err.text);
        return 2;
    }
    if (!parse_options(argc, argv, &options))
        return 2;
    log_open("smcred-server", options.level);
    return options.init ? init_store(&options) : serve(&options);
}
