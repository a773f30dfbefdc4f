/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main.c - smcred-relay.  Started by smcredd's parent, with a socketpair as descriptor 3; by nobody
 * else.
 */
#include <getopt.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "common/log.h"
#include "common/parent.h"
#include "relay/relay.h"
#include "relay/sandbox.h"

static const char usage[] = "usage: smcred-relay [--log-level LEVEL] [--deadline-ms N]\n"
                            "Started by smcredd, with its socket as descriptor 3.\n"
                            "  --log-level LEVEL  error, warning, info (the default) or debug\n"
                            "  --deadline-ms N    wait for nobody longer than that; for tests\n";

static bool shorten(struct relay_deadlines *deadlines, const char *text)
{
    char *end;
    errno = 0;
    long long most = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || most < 1 || most > 3600000)
        return false;
    int64_t *each[] = {&deadlines->startup_ms, &deadlines->connect_ms, &deadlines->keeper_ms,
                       &deadlines->login_ms};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        *each[i] = *each[i] < most ? *each[i] : most;
    return true;
}

static bool read_options(int argc, char **argv, enum log_level *level,
                         struct relay_deadlines *deadlines)
{
    static const struct option options[] = {{"log-level", required_argument, NULL, 'l'},
                                            {"deadline-ms", required_argument, NULL, 'd'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        bool good = (option == 'l' && log_level_parse(optarg, level)) ||
                    (option == 'd' && shorten(deadlines, optarg));
        if (!good)
            return false;
    }
    return optind == argc;
}

/* OpenSSL reads its configuration and fetches its algorithms now, while there are files. */
static bool warm_up_openssl(void)
{
    unsigned char random[16];
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    SSL *ssl = context ? SSL_new(context) : NULL;
    bool warm = ssl && RAND_bytes(random, sizeof random) == 1 &&
                RAND_priv_bytes(random, sizeof random) == 1;
    SSL_load_error_strings();
    SSL_free(ssl);
    SSL_CTX_free(context);
    return warm;
}

static void allow_many_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* fewer sessions then */
    }
}

int main(int argc, char **argv)
{
    enum log_level level = LOG_LEVEL_INFO;
    struct relay_deadlines deadlines = relay_deadlines_default;
    struct relay *relay;
    if (!read_options(argc, argv, &level, &deadlines)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    log_open("smcred-relay", level);
    (void)signal(SIGPIPE, SIG_IGN); /* a valid signal; writes say EPIPE */
    allow_many_descriptors();
    if (!warm_up_openssl()) {
        log_error("cannot initialise OpenSSL");
        return 1;
    }
    enum smcred_status status = relay_new(PARENT_FD, &deadlines, &relay);
    if (status != SMCRED_OK) {
        log_error("descriptor %d is no socket of a parent: %s", PARENT_FD, strerror(errno));
        return 1;
    }
    relay_sandbox_enter();
    relay_run(relay);
    relay_free(relay);
    return 0;
}
