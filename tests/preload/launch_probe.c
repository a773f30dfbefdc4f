/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* launch_probe.c - `smcred exec` alone: launch_probe [--seccomp] -- COMMAND... */
#include <stdio.h>

#include "common/bytes.h"
#include "tools/launch.h"

int main(int argc, char **argv)
{
    struct sm_error err;
    bool seccomp = argc > 1 && strcmp(argv[1], "--seccomp") == 0;
    int first = seccomp ? 3 : 2;
    if (argc <= first)
        return 2;
    int code = launch_program(argv + first, seccomp, &err);
    if (err.text[0] != '\0')
        fprintf(stderr, "smcred exec: %s\n", err.text);
    return code;
}
