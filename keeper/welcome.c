/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * welcome.c - targets in words.
 */
#include "keeper/welcome.h"

#include <stdio.h>

#include "keeper/index.h"
#include "keeper/policy.h"

#define MORE_ROOM 64 /* bytes kept for the last line */

static const char *client_of(const struct config_target *target)
{
    switch ((enum index_engine)target->engine) {
    case INDEX_POSTGRES:
        return "psql";
    case INDEX_MYSQL:
        return "mysql";
    case INDEX_REDIS:
        return "redis-cli";
    }
    return "";
}

/* What its client wants to be told of a socket. */
static void say_socket(char *out, size_t size, const struct config_target *target,
                       const char *runtime_dir)
{
    char path[INDEX_PATH_MAX] = "";
    if (target->engine == INDEX_POSTGRES)
        (void)snprintf(out, size, "psql -h %s/%s", runtime_dir, target->name);
    else if (index_socket_path(runtime_dir, target, path))
        (void)snprintf(out, size, "%s %s %s", client_of(target),
                       target->engine == INDEX_REDIS ? "-s" : "-S", path);
    else
        (void)snprintf(out, size, "%s", client_of(target));
}

/* "  psql -h orders-db.internal    orders: the shop's orders" */
static int say_target(char *out, size_t size, const struct config_target *target,
                      const char *runtime_dir)
{
    char typed[INDEX_HOST_MAX + INDEX_PATH_MAX];
    if (target->match_count > 0 && target->matches[0].port != 0)
        (void)snprintf(typed, sizeof typed, "%s -h %s -p %u", client_of(target),
                       target->matches[0].host, (unsigned)target->matches[0].port);
    else if (target->match_count > 0)
        (void)snprintf(typed, sizeof typed, "%s -h %s", client_of(target), target->matches[0].host);
    else
        say_socket(typed, sizeof typed, target, runtime_dir);
    return snprintf(out, size, "\n  %-38s %s%s%.80s", typed, target->name,
                    target->description ? ": " : "",
                    target->description ? target->description : "");
}

void welcome_say(const struct config *config, const char *runtime_dir,
                 const struct sm_peer *account, char out_text[WELCOME_MAX])
{
    static const char head[] = "Databases for you, with nothing to type but this:";
    size_t len = 0, left_out = 0;
    out_text[0] = '\0';
    for (size_t i = 0; i < config->target_count; i++) {
        char line[INDEX_HOST_MAX + INDEX_PATH_MAX + 256];
        if (!policy_granted(&config->targets[i].allow, account))
            continue;
        int put = say_target(line, sizeof line, &config->targets[i], runtime_dir);
        size_t need = put > 0 ? (size_t)put : 0;
        if (len == 0)
            len = (size_t)snprintf(out_text, WELCOME_MAX, "%s", head);
        if (need >= sizeof line || len + need + MORE_ROOM >= WELCOME_MAX) {
            left_out++;
            continue;
        }
        memcpy(out_text + len, line, need + 1);
        len += need;
    }
    if (left_out > 0)
        (void)snprintf(out_text + len, WELCOME_MAX - len, "\n  and %zu more: smcred targets",
                       left_out);
}
