/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin.c - what the commands share.  Called by the admin_*.c files and serve.
 */
#include "server/admin.h"

#include <stdio.h>

#include "common/log.h"
#include "server/setup.h"

bool server_admin_open(const char *directory, struct server *out_server)
{
    struct sm_error err = {.text = ""};
    if (server_setup_open(directory, SERVER_SETUP_BESIDE, out_server, &err) == SMCRED_OK)
        return true;
    log_error("%s", err.text);
    return false;
}

int server_admin_end(struct server *server, enum smcred_status status, const char *what)
{
    if (status == SMCRED_SYSTEM)
        log_error("%s: %s", what, server_store_error(server->store));
    else if (status != SMCRED_OK)
        log_error("%s: %s", what, sm_status_text(status));
    server_setup_close(server);
    return status == SMCRED_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

bool server_admin_show_key(const char *id, const struct sm_secret *secret)
{
    static char room[256];
    (void)setvbuf(stdout, room, _IOFBF, sizeof room); /* a buffer we can wipe */
    printf("AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", id,
           (const char *)sm_secret_view(secret).data);
    bool shown = fflush(stdout) == 0;
    explicit_bzero(room, sizeof room);
    return shown;
}
