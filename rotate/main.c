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

/* The secret and the options say which database is meant, and how: no PGHOST, no LIBMYSQL_PLUGINS.
 */
static bool is_setting(const char *variable)
{
    static const char *const prefixes[] = {"PG", "MYSQL_", "MARIADB_", "LIBMYSQL_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return false;
}

static void forget_settings(void)
{
    char name[64];
    for (char **at = environ; at && *at;) {
        size_t len = strcspn(*at, "=");
        if (is_setting(*at) && len < sizeof name) {
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
    forget_settings();
    return rotate_main(argc, argv);
}
