/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resolve_probe.c - times libsmcred: a mapped read and a first resolve in a new process; beside
 * them what the machine takes for the bare exchange under a first resolve, and one signed call to
 * Secrets Manager.  Run by bench/resolve.
 *
 * usage: resolve_probe NAME MODULE SECRET ENDPOINT
 * Prints mapped_ns_p50, first_us_p50, first_us_p10, bare_us_p50 and signed_call_us_p50, interleaved
 * in rounds.
 */
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "common/clock.h"
#include "common/seqpacket.h"
#include "common/source.h"
#include "libsmcred/smcred.h"

enum { ROUNDS = 60, READS = 1000 };

static double now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(double *values, size_t count, size_t percent)
{
    qsort(values, count, sizeof *values, ascending);
    return values[count * percent / 100];
}

static void fail(const char *what, enum smcred_status status, const char *why)
{
    (void)fprintf(stderr, "resolve_probe: %s: %s: %s\n", what, smcred_status_text(status), why);
    exit(1);
}

static void get_once(struct smcred *cred, const char *name)
{
    struct smcred_snapshot *snap;
    enum smcred_status status = smcred_get(cred, name, NULL, &snap);
    if (status != SMCRED_OK)
        fail(name, status, smcred_error(cred));
    smcred_snapshot_free(snap);
}

/* One hit, averaged over READS of them: a clock read costs a quarter of one. */
static double mapped_ns(struct smcred *cred, const char *name)
{
    double start = now_ns();
    for (int i = 0; i < READS; i++)
        get_once(cred, name);
    return (now_ns() - start) / READS;
}

/* Runs `each` in a child that has never done so, and gives the microseconds it answers. */
static double in_child(double (*each)(const char *name), const char *name)
{
    int ends[2], state;
    double took = 0;
    if (pipe(ends) != 0)
        exit(1);
    pid_t child = fork();
    if (child == 0) {
        took = each(name);
        _exit(write(ends[1], &took, sizeof took) == sizeof took ? 0 : 1);
    }
    if (child < 0 || waitpid(child, &state, 0) != child || state != 0 ||
        read(ends[0], &took, sizeof took) != sizeof took)
        exit(1);
    (void)close(ends[0]); /* a pipe of ours */
    (void)close(ends[1]); /* likewise */
    return took;
}

/* Open, ask the keeper, map, copy. */
static double first_us(const char *name)
{
    struct smcred *cred;
    double start = now_ns();
    if (smcred_open(NULL, &cred) != SMCRED_OK)
        _exit(1);
    get_once(cred, name);
    double took = (now_ns() - start) / 1000;
    smcred_close(cred);
    return took;
}

/* ---- the bare exchange: connect, ask, SO_PEERCRED, a descriptor back, map ---- */

static void serve_bare(int listener, int page)
{
    for (;;) {
        struct pollfd ready = {.fd = listener, .events = POLLIN};
        char question[64];
        size_t len;
        struct ucred who;
        socklen_t who_len = sizeof who;
        struct sm_fds answer = {{page, -1}, 1};
        (void)poll(&ready, 1, -1); /* until it is killed */
        sm_autoclose int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &who_len) == 0 &&
            sm_seqpacket_receive(fd, question, sizeof question, NULL, sm_boot_ms() + 1000, &len) ==
                SMCRED_OK)
            (void)!sm_seqpacket_send(fd, sm_bytes(question, len), &answer, 0);
    }
}

static pid_t start_bare(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path); /* short */
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int page = memfd_create("bare", MFD_CLOEXEC);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 16) != 0 || page < 0 || ftruncate(page, 4096) != 0 ||
        pwrite(page, "page", 4, 0) != 4)
        exit(1);
    pid_t server = fork();
    if (server == 0)
        serve_bare(listener, page);
    (void)close(listener); /* the server's now */
    (void)close(page);     /* likewise */
    return server;
}

static double bare_us(const char *path)
{
    char question[64] = "";
    size_t len;
    struct sm_fds fds;
    int fd;
    double start = now_ns();
    int64_t deadline_ms = sm_boot_ms() + 1000;
    if (sm_seqpacket_connect(path, deadline_ms, &fd) != SMCRED_OK ||
        sm_seqpacket_send(fd, sm_bytes(question, sizeof question), NULL, deadline_ms) !=
            SMCRED_OK ||
        sm_seqpacket_receive(fd, question, sizeof question, &fds, deadline_ms, &len) != SMCRED_OK)
        _exit(1);
    const volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fds.fd[0], 0);
    if (page == MAP_FAILED || page[0] != 'p')
        _exit(1);
    sm_fds_close(&fds);
    sm_close_fd(&fd);
    return (now_ns() - start) / 1000;
}

static double signed_call_us(const struct sm_source_ops *ops, struct sm_source *source,
                             const char *secret)
{
    struct sm_source_query query = {.secret_id = secret, .deadline_ms = sm_boot_ms() + 5000};
    struct sm_snapshot *snapshot;
    struct sm_error err = {.text = ""};
    double start = now_ns();
    enum smcred_status status = ops->fetch(source, &query, &snapshot, &err);
    if (status != SMCRED_OK)
        fail(secret, status, err.text);
    double took = (now_ns() - start) / 1000;
    sm_snapshot_unref(snapshot);
    return took;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        (void)fprintf(stderr, "usage: %s NAME MODULE SECRET ENDPOINT\n", argv[0]);
        return 2;
    }
    void *module = dlopen(argv[2], RTLD_NOW);
    const struct sm_source_ops *ops = module ? dlsym(module, SM_SOURCE_SYMBOL) : NULL;
    if (!ops)
        fail(argv[2], SMCRED_NOT_FOUND, dlerror());
    struct sm_source_setting setting = {"endpoint_url", argv[4]};
    struct sm_source_settings settings = {&setting, 1};
    struct sm_vault *vault;
    struct sm_source *source;
    struct smcred *cred;
    struct sm_error err = {.text = ""};
    enum smcred_status status = sm_vault_new(&vault);
    if (status == SMCRED_OK)
        status = ops->open(&settings, vault, &source, &err);
    if (status == SMCRED_OK)
        status = smcred_open(NULL, &cred);
    if (status != SMCRED_OK)
        fail("open", status, err.text);
    get_once(cred, argv[1]); /* so that the keeper is warm, as a host that runs is */

    char place[] = "/tmp/smcred-bare.XXXXXX", path[64];
    if (!mkdtemp(place))
        return 1;
    (void)snprintf(path, sizeof path, "%s/socket", place); /* fits */
    pid_t server = start_bare(path);
    static double mapped[ROUNDS], first[ROUNDS], bare[ROUNDS], call[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        mapped[i] = mapped_ns(cred, argv[1]);
        first[i] = in_child(first_us, argv[1]);
        bare[i] = in_child(bare_us, path);
        call[i] = signed_call_us(ops, source, argv[3]);
    }
    printf("\"mapped_ns_p50\": %.1f, \"first_us_p50\": %.1f, \"first_us_p10\": %.1f, "
           "\"bare_us_p50\": %.1f, \"signed_call_us_p50\": %.1f\n",
           percentile(mapped, ROUNDS, 50), percentile(first, ROUNDS, 50),
           percentile(first, ROUNDS, 10), percentile(bare, ROUNDS, 50),
           percentile(call, ROUNDS, 50));
    (void)kill(server, SIGKILL); /* it knows no other end */
    (void)waitpid(server, NULL, 0);
    (void)unlink(path);
    (void)rmdir(place);
    smcred_close(cred);
    ops->close(source);
    sm_vault_free(vault);
    return 0;
}
