/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main.c - smcred-server: its commands.  They work on a store whether or not it is being served.
 */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/command.h"
#include "server/json.h"
#include "server/serve.h"

static const struct server_command commands[] = {
    {"function", "what rotates secrets: register, list, remove", server_admin_function},
    {"access-key", "who may call: create, list, disable, delete", server_admin_access_key},
    {"issuer", "issuers of web identities: put, list, delete", server_admin_issuer},
    {"key", "keys of KMS: create, list, disable, alias, rotate, policy ...", server_admin_kms},
    {"policy", "what users and roles may do: put, list, show, delete", server_admin_policy},
    {"remote", "other servers to replicate to: put, list, delete", server_admin_remote},
    {"role", "roles and who may assume them: put, list, show, delete", server_admin_role},
    {"tag", "tag a user or role", server_admin_tag},
    {"trail", "who did what, when", server_admin_trail},
    {"backup", "one moment of a store, in a file", server_admin_backup},
    {"restore", "a backup becomes the store", server_admin_restore},
    {"check", "is everything in a store as it must be?", server_admin_check},
    {.name = NULL},
};

/* Nobody looks into this process, and nothing of it is left on disk. */
static void harden(void)
{
    const struct rlimit no_core = {0, 0};
    (void)prctl(PR_SET_DUMPABLE, 0);        /* cannot fail with this value */
    (void)setrlimit(RLIMIT_CORE, &no_core); /* lowering is always allowed */
    (void)umask(077);
}

int main(int argc, char **argv)
{
    log_open("smcred-server", LOG_LEVEL_INFO);
    harden();
    server_json_init();
    if (argc < 2 || argv[1][0] == '-')
        return server_serve(argc, argv);
    return server_command_run("smcred-server", commands, argc, argv);
}
