/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resolve_probe.c - times libsmcred: a mapped read, a first resolve in a new process, and one signed
 * call to Secrets Manager for comparison.  Run by bench/resolve.
 *
 * usage: resolve_probe NAME MODULE SECRET ENDPOINT
 * Prints mapped_ns_p50, first_us_p50 and signed_call_us_p50, interleaved in rounds.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "common/clock.h"
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

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, ascending);
    return values[count / 2];
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

/* Open, ask the keeper, map, copy, close, in a child that has never done so. */
static double first_us(const char *name)
{
    int ends[2];
    double took = 0;
    if (pipe(ends) != 0)
        exit(1);
    pid_t child = fork();
    if (child == 0) {
        struct smcred *cred;
        double start = now_ns();
        if (smcred_open(NULL, &cred) != SMCRED_OK)
            _exit(1);
        get_once(cred, name);
        took = (now_ns() - start) / 1000;
        smcred_close(cred);
        _exit(write(ends[1], &took, sizeof took) == sizeof took ? 0 : 1);
    }
    int state;
    if (child < 0 || waitpid(child, &state, 0) != child || state != 0 ||
        read(ends[0], &took, sizeof took) != sizeof took)
        exit(1);
    (void)close(ends[0]); /* a pipe of ours */
    (void)close(ends[1]); /* likewise */
    return took;
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

    static double mapped[ROUNDS], first[ROUNDS], call[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        mapped[i] = mapped_ns(cred, argv[1]);
        first[i] = first_us(argv[1]);
        call[i] = signed_call_us(ops, source, argv[3]);
    }
    printf("\"mapped_ns_p50\": %.1f, \"first_us_p50\": %.1f, \"signed_call_us_p50\": %.1f\n",
           median(mapped, ROUNDS), median(first, ROUNDS), median(call, ROUNDS));
    smcred_close(cred);
    ops->close(source);
    sm_vault_free(vault);
    return 0;
}
