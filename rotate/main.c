/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main.c - smcred-rotate: rotation functions for databases, run by smcred-server or by hand.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/bytes.h"
#include "rotate/command.h"

/* Nobody looks into this process, and nothing of it is left on disk. */
static void harden(void)
{
    const struct rlimit no_core = {0, 0};
    (void)prctl(PR_SET_DUMPABLE, 0);        /* cannot fail with this value */
    (void)setrlimit(RLIMIT_CORE, &no_core); /* lowering is always allowed */
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN); /* a valid signal; writes say EPIPE */
}

/* The secret and the options say which database is meant, and how: no PGHOST, no PGSSLMODE. */
static void forget_libpq_settings(void)
{
    char name[64];
    for (char **at = environ; at && *at;) {
        size_t len = strcspn(*at, "=");
        if (strncmp(*at, "PG", 2) == 0 && len < sizeof name) {
            memcpy(name, *at, len);
            name[len] = '\0';
            (void)unsetenv(name); /* moves the rest up */
        } else {
            at++;
        }
    }
}

int main(int argc, char **argv)
{
    harden();
    forget_libpq_settings();
    return rotate_main(argc, argv);
}
