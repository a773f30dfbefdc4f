/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin_trace.c - what a command has changed stands in the event trail, with who ran it.  Called by
 * the admin_*.c files that change something.
 */
#include <pwd.h>
#include <stdio.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/json.h"
#include "server/record.h"
#include "server/setup.h"
#include "server/trail.h"

#define NO_LOGIN 4294967295u /* in /proc/self/loginuid: of a service, or there is no audit */

/* Whoever logged in, also behind sudo and runuser; else the process's own user. */
static uid_t user_id(void)
{
    unsigned id = NO_LOGIN;
    FILE *file = fopen("/proc/self/loginuid", "re");
    if (file && fscanf(file, "%u", &id) != 1)
        id = NO_LOGIN;
    if (file)
        (void)fclose(file); /* only read from */
    return id == NO_LOGIN ? getuid() : (uid_t)id;
}

static void name_user(char *out, size_t size)
{
    uid_t id = user_id();
    const struct passwd *user = getpwuid(id); /* one thread */
    if (user)
        (void)snprintf(out, size, "%s", user->pw_name); /* cut as need be */
    else
        (void)snprintf(out, size, "%u", (unsigned)id); /* fits */
}

static enum smcred_status append(const char *directory, char *line, struct sm_error *err)
{
    struct server_trail *trail;
    enum smcred_status status = server_setup_open_trail(directory, &trail, err);
    if (status != SMCRED_OK) {
        cJSON_free(line);
        return status;
    }
    status = server_trail_write(trail, line);
    if (status != SMCRED_OK)
        (void)sm_error_set(err, status, "%s", strerror(errno));
    server_trail_close(trail);
    return status;
}

static enum smcred_status trace(const char *directory, struct server *server,
                                const struct server_deed *deed)
{
    struct server_call call;
    struct sm_error err = {.text = ""};
    char user[64];
    cJSON *details = cJSON_CreateObject();
    for (size_t i = 0; i + 1 < SERVER_DEED_DETAILS && deed->details[i]; i += 2)
        server_json_add(details, deed->details[i], deed->details[i + 1]);
    name_user(user, sizeof user);
    server_call_init(&call, server, "localhost");
    char *line = server_record_of_command(&call, user, deed->service, deed->event, details);
    server_call_done(&call);
    enum smcred_status status = append(directory, line, &err);
    if (status != SMCRED_OK)
        log_error("this was done, but cannot be written into the event trail: %s", err.text);
    return status;
}

int server_admin_done(const char *directory, struct server *server, enum smcred_status status,
                      const char *what, const struct server_deed *deed)
{
    bool traced = status != SMCRED_OK || trace(directory, server, deed) == SMCRED_OK;
    int code = server_admin_end(server, status, what);
    return traced ? code : EXIT_FAILURE;
}
