/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * herd_probe.c - COUNT processes that ask for one secret at the same instant.  Run by bench/herd.
 *
 * usage: herd_probe COUNT NAME
 * All children stand at a barrier (a pipe whose write end closes), then resolve NAME.  Prints how
 * many were served.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libsmcred/smcred.h"

static int child(int barrier, const char *name)
{
    char byte;
    struct smcred *cred;
    struct smcred_snapshot *snap;
    if (read(barrier, &byte, 1) != 0 || smcred_open(NULL, &cred) != SMCRED_OK)
        return 1;
    enum smcred_status status = smcred_get(cred, name, NULL, &snap);
    if (status != SMCRED_OK) {
        (void)fprintf(stderr, "herd_probe: %s: %s\n", smcred_status_text(status),
                      smcred_error(cred));
        return 1;
    }
    size_t len;
    (void)smcred_snapshot_password(snap, &len);
    smcred_snapshot_free(snap);
    smcred_close(cred);
    return len > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    int ends[2];
    int count = argc == 3 ? atoi(argv[1]) : 0;
    if (count <= 0 || pipe(ends) != 0) {
        (void)fprintf(stderr, "usage: %s COUNT NAME\n", argv[0]);
        return 2;
    }
    int started = 0;
    for (; started < count; started++) {
        pid_t pid = fork();
        if (pid < 0)
            break;
        if (pid == 0) {
            (void)close(ends[1]); /* or the barrier would never open */
            _exit(child(ends[0], argv[2]));
        }
    }
    (void)close(ends[1]); /* go */
    int served = 0, state;
    for (int i = 0; i < started; i++)
        served += wait(&state) > 0 && WIFEXITED(state) && WEXITSTATUS(state) == 0;
    printf("%d\n", served);
    return 0;
}
