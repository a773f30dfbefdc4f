/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * serve.c - smcred-server --init and --dir: start, stop.  Called by main.
 */
#include "server/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/clock.h"
#include "server/faults.h"
#include "server/http.h"
#include "server/listen.h"
#include "server/options.h"
#include "server/replicator.h"
#include "server/rotator.h"
#include "server/setup.h"
#include "server/trail.h"

#define PEM_MAX     65536 /* bytes of a certificate chain or key */
#define OTHER_FILES 128   /* of databases, functions, and connections that are being closed */

static int init_store(const struct server_options *options)
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

static int serve_http(struct server *server, const struct server_options *options,
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

/* What tests alone ask for. */
static bool arm(struct server *server, const struct server_options *options,
                struct server_faults **out_faults)
{
    struct sm_error err = {.text = ""};
    if (options->clock) {
        log_warning("for tests alone: a clock that %s moves", log_quote(options->clock));
        server_clock_set(options->clock);
        server->signed_ms = server->now_ms;
        server->now_ms = server_clock_ms;
    }
    if (!options->faults)
        return true;
    log_warning("for tests alone: faults on demand, as %s says", log_quote(options->faults));
    if (server_faults_read(options->faults, out_faults, &err) == SMCRED_OK)
        return true;
    log_error("%s", err.text);
    return false;
}

static int serve(const struct server_options *options)
{
    struct server server;
    struct sm_error err = {.text = ""};
    struct sm_secret *cert = NULL, *key = NULL;
    struct server_faults *faults = NULL;
    int code = EXIT_FAILURE;
    if (!allow_descriptors(options->connections_max))
        return EXIT_FAILURE;
    if (server_setup_open(options->directory, SERVER_SETUP_SERVE, &server, &err) != SMCRED_OK) {
        log_error("%s", err.text);
        return EXIT_FAILURE;
    }
    server.regions = options->regions;
    server.tls = options->tls_cert != NULL;
    server_trail_limit(server.trail, (int64_t)options->trail_max_mib << 20, options->trail_keep);
    bool ready = arm(&server, options, &faults);
    if (server.tls) {
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
    struct server_options options;
    server_autoconfig struct server_config config = {.argv = NULL};
    if (!server_options_parse(argc, argv, &config, &options))
        return 2;
    log_open("smcred-server", options.level);
    return options.init ? init_store(&options) : serve(&options);
}
