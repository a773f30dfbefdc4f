/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trail.c - appends lines of JSON, one write(2) each.  Called by http, once per call, before the
 * answer leaves: what is not in the trail has not been answered.
 */
#include "server/trail.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "server/dispatch.h"
#include "server/json.h"

#define TEXT_MAX 512 /* bytes of what the caller wrote; names fit, floods do not */

struct server_trail {
    char *path;
    pthread_mutex_t lock; /* calls write in one thread, SIGHUP reopens in another */
    int fd;
};

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

enum smcred_status server_trail_open(const char *path, struct server_trail **out_trail,
                                     struct sm_error *err)
{
    struct server_trail *trail = calloc(1, sizeof *trail);
    if (!trail || !(trail->path = strdup(path))) {
        free(trail);
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    (void)pthread_mutex_init(&trail->lock, NULL); /* default attributes: cannot fail on Linux */
    trail->fd = open_file(path);
    if (trail->fd < 0) {
        enum smcred_status status =
            sm_error_set(err, SMCRED_SYSTEM, "cannot open %s: %s", path, strerror(errno));
        server_trail_close(trail);
        return status;
    }
    *out_trail = trail;
    return SMCRED_OK;
}

void server_trail_close(struct server_trail *trail)
{
    if (!trail)
        return;
    sm_close_fd(&trail->fd);
    (void)pthread_mutex_destroy(&trail->lock); /* nobody holds it */
    free(trail->path);
    free(trail);
}

enum smcred_status server_trail_reopen(struct server_trail *trail)
{
    int fd = open_file(trail->path);
    if (fd < 0)
        return SMCRED_SYSTEM;
    (void)pthread_mutex_lock(&trail->lock); /* fails only when misused */
    sm_close_fd(&trail->fd);
    trail->fd = fd;
    (void)pthread_mutex_unlock(&trail->lock);
    return SMCRED_OK;
}

static void add_time(cJSON *line, int64_t wall_ms)
{
    char text[64];
    time_t seconds = wall_ms / 1000;
    struct tm utc;
    if (!gmtime_r(&seconds, &utc))
        return;
    size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(text + len, sizeof text - len, ".%03dZ", (int)(wall_ms % 1000)); /* fits */
    server_json_add(line, "time", text);
}

static void add_outside(cJSON *line, const char *name, const char *value)
{
    char text[TEXT_MAX + 1];
    (void)snprintf(text, sizeof text, "%s", value); /* cut as need be */
    server_json_clean(text);
    server_json_add(line, name, text);
}

static char *line_of(const struct server_call *call)
{
    server_autojson cJSON *line = cJSON_CreateObject();
    add_time(line, call->now_ms);
    server_json_add(line, "request_id", call->request_id);
    server_json_add(line, "source", call->source);
    server_json_add(line, "who", call->principal);
    add_outside(line, "access_key_id", call->access_key_id);
    server_json_add(line, "operation", server_dispatch_name(call));
    add_outside(line, "secret_id", server_dispatch_secret_id(call));
    server_json_add(line, "arn", call->secret.arn);
    server_json_add(line, "version_id", call->version_id);
    server_json_add(line, "result",
                    call->error == SERVER_OK ? "ok" : server_error_form(call->error)->type);
    char *text = cJSON_PrintUnformatted(line);
    if (server_json_failed()) {
        cJSON_free(text);
        return NULL;
    }
    return text;
}

enum smcred_status server_trail_write(struct server_trail *trail, const struct server_call *call)
{
    char *text = line_of(call);
    if (!text)
        return SMCRED_NO_MEMORY;
    size_t len = strlen(text);
    text[len] = '\n';                       /* in place of the NUL: a line must be one write */
    (void)pthread_mutex_lock(&trail->lock); /* as above */
    ssize_t written = write(trail->fd, text, len + 1);
    (void)pthread_mutex_unlock(&trail->lock);
    int saved = errno;
    cJSON_free(text);
    errno = written < 0 ? saved : ENOSPC;
    return written == (ssize_t)len + 1 ? SMCRED_OK : SMCRED_SYSTEM;
}
