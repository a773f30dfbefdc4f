/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor.c - `smcred doctor`: what on this host, and around this user, is not as it should be.
 *
 * Looks and asks, changes nothing.  Whether a database is reached past smcred is tried with libc's
 * own functions, as the shim may be loaded.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tools/commands.h"
#include "tools/index_map.h"
#include "tools/launch.h"
#include "tools/render.h"

#define REACH_MS 2000

enum level { FINE, ADVICE, WARNING, ERROR };

struct visit {
    const struct tool_context *ctx;
    cJSON *checks;
    enum level worst;
};

static void say(struct visit *visit, enum level level, const char *target, const char *finding,
                const char *advice)
{
    static const char *const names[] = {"ok", "advice", "warning", "error"};
    cJSON *object = cJSON_CreateObject();
    if (level > visit->worst)
        visit->worst = level;
    if (!cJSON_AddStringToObject(object, "level", names[level]) ||
        !cJSON_AddStringToObject(object, "target", target) ||
        !cJSON_AddStringToObject(object, "finding", finding) ||
        !cJSON_AddStringToObject(object, "advice", advice) ||
        !cJSON_AddItemToArray(visit->checks, object))
        cJSON_Delete(object); /* memory is short; the exit code knows it all the same */
}

/* ---- the keeper ---- */

/* False: there is no keeper to ask. */
static bool check_keeper(struct visit *visit)
{
    struct question question;
    struct sm_error err = {0};
    autodocument cJSON *status = NULL;
    char scratch[DOCUMENT_SCRATCH];
    question_begin(&question, CTL_STATUS);
    enum smcred_status asked = document_try(visit->ctx, &question, &status, &err);
    if (asked != SMCRED_OK) {
        say(visit, ERROR, "", err.text, "start it: systemctl start smcredd; its log says more");
        return false;
    }
    bool well = strcmp(document_text(status, "state", scratch), "ok") == 0;
    say(visit, well ? FINE : WARNING, "", well ? "the keeper answers" : "the keeper is degraded",
        well ? "" : document_text(status, "text", scratch));
    if (strcmp(document_text(status, "hidden_memory", scratch), "yes") != 0)
        say(visit, ADVICE, "", "secrets are in locked memory, which root can read",
            "a kernel with memfd_secret(2) hides them: secretmem.enable=1");
    return true;
}

/* ---- this user ---- */

static void check_shim(struct visit *visit)
{
    const char *shim = launch_shim_path();
    if (index_map_usable())
        say(visit, FINE, "", "the index of targets is there", "");
    else
        say(visit, ERROR, "", "there is no usable index of targets",
            "the keeper writes it; SMCRED_INDEX may name another one");
    if (access(shim, R_OK) != 0)
        say(visit, ERROR, "", "the shim cannot be read", shim);
    else if (!launch_is_preloaded(shim))
        say(visit, ADVICE, "", "this shell's programs do not go through smcred by themselves",
            "use smcred exec, a target's socket, or put the shim into LD_PRELOAD at login");
    else
        say(visit, FINE, "", "programs of this shell go through smcred", "");
}

static void check_passwords(struct visit *visit)
{
    struct stat about;
    const char *home = getenv("HOME"), *file = getenv("PGPASSFILE");
    sm_autofree char *path = NULL;
    if (getenv("PGPASSWORD") || getenv("MYSQL_PWD") || getenv("REDISCLI_AUTH"))
        say(visit, WARNING, "", "a database password is in the environment",
            "unset PGPASSWORD, MYSQL_PWD, REDISCLI_AUTH: smcred needs none");
    if (!file && home && asprintf(&path, "%s/.pgpass", home) < 0)
        path = NULL;
    if (!file)
        file = path;
    if (file && stat(file, &about) == 0 && about.st_size > 0)
        say(visit, WARNING, "", "a password file is there", file);
}

/* ---- past smcred ---- */

typedef int getaddrinfo_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef int connect_fn(int, const struct sockaddr *, socklen_t);

/* Connects to one address; closes at once. */
static bool reaches_address(connect_fn *libc_connect, const struct addrinfo *at)
{
    sm_autoclose int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;
    socklen_t len = sizeof error;
    if (fd < 0)
        return false;
    if (libc_connect(fd, at->ai_addr, at->ai_addrlen) == 0)
        return true;
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    return errno == EINPROGRESS && poll(&ready, 1, REACH_MS) == 1 &&
           getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0;
}

static bool reaches(const char *host, const char *port)
{
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    getaddrinfo_fn *look_up = NULL;
    connect_fn *libc_connect = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    bool reached = false;
    if (libc) {
        *(void **)&look_up = dlsym(libc, "getaddrinfo");
        *(void **)&libc_connect = dlsym(libc, "connect");
    }
    if (!look_up || !libc_connect || look_up(host, port, &hints, &list) != 0)
        return false;
    for (const struct addrinfo *at = list; at && !reached; at = at->ai_next)
        reached = reaches_address(libc_connect, at);
    freeaddrinfo(list);
    return reached;
}

static void check_reach(struct visit *visit, const cJSON *target)
{
    char scratch[DOCUMENT_SCRATCH], port[DOCUMENT_SCRATCH];
    const char *name = document_text(target, "name", scratch);
    const char *host = document_text(target, "hostaddr", scratch);
    if (!*host)
        host = document_text(target, "host", scratch);
    (void)snprintf(port, sizeof port, "%s", document_text(target, "port", scratch));
    if (!*host || *host == '/' || strcmp(port, "0") == 0 || !*port)
        return; /* a socket, or the secret was not read yet */
    if (reaches(host, port))
        say(visit, WARNING, name, "the database is reached past smcred by this user",
            "let out to it nobody but smcred-relay: smcred.nft in the documentation");
    else
        say(visit, FINE, name, "the database is not reached past smcred by this user", "");
}

/* Does what is typed lead to it? */
static void check_place(struct visit *visit, const cJSON *target)
{
    char scratch[DOCUMENT_SCRATCH];
    const char *name = document_text(target, "name", scratch);
    if (strcmp(document_text(target, "place_known", scratch), "no") == 0)
        say(visit, WARNING, name,
            "its secret could not be read yet: its own port and address go past smcred",
            "smcredd's log says why; smcred refresh");
}

/* Can who insists on TLS towards smcred have it? */
static void check_local_tls(struct visit *visit, const cJSON *target)
{
    char scratch[DOCUMENT_SCRATCH];
    const char *name = document_text(target, "name", scratch);
    const char *ca = document_text(target, "local_ca", scratch);
    if (strcmp(document_text(target, "local_tls", scratch), "yes") != 0)
        return;
    if (!*ca)
        say(visit, ERROR, name, "local_tls = yes, and there is no CA for it",
            "smcredd's log says why");
    else if (access(ca, R_OK) != 0)
        say(visit, ERROR, name, "the certificate of the local CA cannot be read", ca);
    else
        say(visit, FINE, name, "clients can verify smcred by the local CA", ca);
}

static void check_target(struct visit *visit, const cJSON *target)
{
    char scratch[DOCUMENT_SCRATCH];
    const char *name = document_text(target, "name", scratch);
    const char *host = document_text(target, "host", scratch);
    const char *tls = document_text(target, "tls", scratch);
    bool local = *host == '/';
    if (strcmp(tls, "verify-full") == 0 || local)
        say(visit, FINE, name, "the database must prove who it is", "");
    else
        say(visit, WARNING, name, "the database's name is not verified", "tls = verify-full");
    if (!local && strcmp(document_text(target, "client_cert", scratch), "yes") != 0)
        say(visit, ADVICE, name,
            "the password alone opens the database, from wherever it is reached",
            "client_cert and client_key, and clientcert=verify-ca in pg_hba.conf");
    check_place(visit, target);
    check_local_tls(visit, target);
    check_reach(visit, target);
}

/* False: the keeper has gone. */
static bool check_targets(struct visit *visit)
{
    struct question question;
    struct sm_error err = {0};
    autodocument cJSON *document = NULL;
    const cJSON *target;
    question_begin(&question, CTL_TARGETS);
    if (document_try(visit->ctx, &question, &document, &err) != SMCRED_OK) {
        say(visit, ERROR, "", err.text, "");
        return false;
    }
    const cJSON *targets = cJSON_GetObjectItemCaseSensitive(document, "targets");
    if (cJSON_GetArraySize(targets) == 0)
        say(visit, ADVICE, "", "no target allows this user", "allow = in smcred.conf(5)");
    cJSON_ArrayForEach(target, targets)
    {
        check_target(visit, target);
    }
    return true;
}

/* ---- all of it ---- */

static const struct render_column columns[] = {{"LEVEL", "level"},
                                               {"TARGET", "target"},
                                               {"FINDING", "finding"},
                                               {"ADVICE", "advice"},
                                               {NULL, NULL}};

static int run(const struct tool_context *ctx, int argc, char **argv)
{
    autodocument cJSON *document = cJSON_CreateObject();
    struct visit visit = {.ctx = ctx, .checks = cJSON_AddArrayToObject(document, "checks")};
    if (argc > 0)
        return tool_misused(ctx, "%s: no operand is expected", argv[0]);
    if (!visit.checks)
        return tool_failed(ctx, SMCRED_NO_MEMORY, "out of memory");
    bool asked = check_keeper(&visit);
    check_shim(&visit);
    check_passwords(&visit);
    asked = asked && check_targets(&visit);
    if (ctx->json) {
        int code = document_print(ctx, document);
        if (code != TOOL_EXIT_OK)
            return code;
    } else {
        render_table(ctx, visit.checks, columns);
    }
    if (!asked)
        return TOOL_EXIT_UNAVAILABLE;
    return visit.worst >= WARNING ? TOOL_EXIT_FAILED : TOOL_EXIT_OK;
}

const struct tool_command tool_doctor = {
    .name = "doctor",
    .summary = "Look for what on this host, or around this user, is not as it should be",
    .operands = "",
    .run = run,
};
