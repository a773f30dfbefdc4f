/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event.c - reads the event of a step.  Called when no --secret-id says what to do.
 */
#include "rotate/event.h"

#include <poll.h>

#include "common/clock.h"
#include "common/log.h"
#include "sources/json.h"

static enum smcred_status copy(const cJSON *json, const char *member, char *out, size_t size,
                               struct sm_error *err)
{
    const char *text = json_text(json, member);
    if (!text || !*text)
        return sm_error_set(err, SMCRED_INVALID, "the event has no %s", member);
    if (strlen(text) >= size)
        return sm_error_set(err, SMCRED_INVALID, "the event's %s is longer than %zu bytes", member,
                            size - 1);
    memcpy(out, text, strlen(text) + 1);
    return SMCRED_OK;
}

static enum smcred_status take_step(const cJSON *json, struct event *event, struct sm_error *err)
{
    const char *name = json_text(json, "Step");
    if (!name)
        return sm_error_set(err, SMCRED_INVALID, "the event has no Step");
    if (!step_parse(name, &event->step))
        return sm_error_set(err, SMCRED_INVALID, "Invalid step parameter %s for secret %s",
                            log_quote(name), event->secret_id);
    return SMCRED_OK;
}

enum smcred_status event_parse(struct sm_bytes text, struct event *out_event, struct sm_error *err)
{
    json_auto cJSON *json = json_parse(text);
    struct event event = {.rotation_token = ""};
    if (!cJSON_IsObject(json))
        return sm_error_set(err, SMCRED_INVALID, "the event is not a JSON object");
    enum smcred_status status =
        copy(json, "SecretId", event.secret_id, sizeof event.secret_id, err);
    if (status == SMCRED_OK)
        status = copy(json, "ClientRequestToken", event.token, sizeof event.token, err);
    if (status == SMCRED_OK)
        status = take_step(json, &event, err);
    if (status == SMCRED_OK && json_text(json, "RotationToken"))
        status =
            copy(json, "RotationToken", event.rotation_token, sizeof event.rotation_token, err);
    if (status == SMCRED_OK)
        *out_event = event;
    return status;
}

static bool wait_readable(int fd, int64_t deadline_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    int64_t left_ms;
    int ready = 0;
    do {
        left_ms = deadline_ms - sm_boot_ms();
        ready = left_ms > 0 ? poll(&poll_fd, 1, (int)left_ms) : 0;
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

enum smcred_status event_read(int fd, int64_t deadline_ms, struct event *out_event,
                              struct sm_error *err)
{
    char text[EVENT_MAX];
    size_t len = 0;
    for (;;) {
        if (!wait_readable(fd, deadline_ms))
            return sm_error_set(err, SMCRED_TIMED_OUT, "no event came on standard input");
        ssize_t got = read(fd, text + len, sizeof text - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sm_error_set(err, SMCRED_SYSTEM, "cannot read the event: %s", strerror(errno));
        if (got == 0)
            return event_parse(sm_bytes(text, len), out_event, err);
        len += (size_t)got;
        if (len == sizeof text)
            return sm_error_set(err, SMCRED_TOO_LARGE, "the event is longer than %d bytes",
                                EVENT_MAX - 1);
    }
}
