/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * command.c - from an event, or from options, to the steps to take.
 */
#include "rotate/command.h"

#include <assert.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "rotate/event.h"
#include "rotate/manager.h"
#include "rotate/options.h"
#include "rotate/report.h"
#include "rotate/stages.h"
#include "rotate/steps.h"
#include "sources/json.h"
#include "sources/request.h"

#define EVENT_PATIENCE_MS 30000

static enum exit_code exit_code_of(enum smcred_status status)
{
    switch (status) {
    case SMCRED_OK:
        return EXIT_DONE;
    case SMCRED_UNAVAILABLE:
    case SMCRED_TIMED_OUT:
    case SMCRED_LIMITED:
        return EXIT_UNREACHABLE;
    case SMCRED_SYSTEM:
    case SMCRED_NOT_FOUND:
    case SMCRED_DENIED:
    case SMCRED_INVALID:
    case SMCRED_TOO_LARGE:
    case SMCRED_NO_MEMORY:
    case SMCRED_PROTOCOL:
    case SMCRED_REVOKED:
    case SMCRED_UNSUPPORTED:
        return EXIT_FAILED;
    }
    return EXIT_FAILED;
}

/* What there is to do. */
struct task {
    struct event event; /* its step is the first one */
    enum step last;
    bool alone;
};

/* By hand: a pending version is gone on with; a new one needs a step that makes it. */
static enum smcred_status choose_version(struct manager *manager, const struct options *options,
                                         struct event *event, struct sm_error *err)
{
    json_auto cJSON *description = NULL;
    enum smcred_status status = manager_describe(manager, options->secret_id, &description, err);
    if (status != SMCRED_OK)
        return status;
    const char *pending = stages_holder(description, STAGE_PENDING);
    if (pending &&
        (!stages_has(description, pending, STAGE_CURRENT) || options->first == STEP_FINISH)) {
        (void)snprintf(event->token, sizeof event->token, "%s", pending); /* of Secrets Manager */
        return SMCRED_OK;
    }
    if (options->first != STEP_CREATE)
        return sm_error_set(err, SMCRED_INVALID,
                            "secret %s has no pending version; begin with createSecret",
                            options->secret_id);
    static_assert(REQUEST_TOKEN_SIZE <= sizeof event->token, "a token fits");
    return request_token_new(event->token) ? SMCRED_OK
                                           : sm_error_set(err, SMCRED_SYSTEM, "no random bytes");
}

static enum smcred_status task_by_hand(struct manager *manager, const struct options *options,
                                       struct task *task, struct sm_error *err)
{
    struct event *event = &task->event;
    *task = (struct task){.alone = true, .last = options->last};
    event->step = options->first;
    if (strlen(options->secret_id) > EVENT_SECRET_ID_MAX)
        return sm_error_set(err, SMCRED_TOO_LARGE, "--secret-id has at most %d bytes",
                            EVENT_SECRET_ID_MAX);
    if (options->token && strlen(options->token) > EVENT_TOKEN_MAX)
        return sm_error_set(err, SMCRED_TOO_LARGE, "--token has at most %d bytes", EVENT_TOKEN_MAX);
    (void)snprintf(event->secret_id, sizeof event->secret_id, "%s", options->secret_id); /* fits */
    if (!options->token)
        return choose_version(manager, options, event, err);
    (void)snprintf(event->token, sizeof event->token, "%s", options->token); /* fits */
    return SMCRED_OK;
}

static enum smcred_status find_task(struct manager *manager, const struct options *options,
                                    struct task *task, struct sm_error *err)
{
    if (options->secret_id)
        return task_by_hand(manager, options, task, err);
    *task = (struct task){.alone = false};
    enum smcred_status status =
        event_read(STDIN_FILENO, sm_boot_ms() + EVENT_PATIENCE_MS, &task->event, err);
    task->last = task->event.step;
    return status;
}

static enum smcred_status take_steps(struct manager *manager, const struct options *options,
                                     const struct task *task, struct report *report)
{
    const struct rotation rotation = {
        .manager = manager,
        .options = options,
        .secret_id = task->event.secret_id,
        .token = task->event.token,
        .rotation_token = task->event.rotation_token,
        .alone = task->alone,
    };
    enum smcred_status status = SMCRED_OK;
    if (task->alone) /* else the caller knows what it called us for */
        report_begin(report, rotation.secret_id, rotation.token);
    for (enum step step = task->event.step; step <= task->last && status == SMCRED_OK; step++) {
        struct step_result result;
        struct sm_error err = {.text = ""};
        int64_t begun_ms = sm_boot_ms();
        report_step(report, step);
        status = steps_take(&rotation, step, &result, &err);
        if (status == SMCRED_OK)
            report_result(report, step, &result, sm_boot_ms() - begun_ms);
        else
            report_failure(report, &step, status, err.text);
    }
    return status;
}

static enum smcred_status run(const struct options *options, struct report *report)
{
    struct manager *manager = NULL;
    struct task task;
    struct sm_error err = {.text = ""};
    enum smcred_status status = manager_new(options, &manager, &err);
    if (status == SMCRED_OK)
        status = find_task(manager, options, &task, &err);
    if (status == SMCRED_OK)
        status = take_steps(manager, options, &task, report);
    else
        report_failure(report, NULL, status, err.text);
    manager_free(manager);
    return status;
}

int rotate_main(int argc, char **argv)
{
    struct options options;
    struct report report;
    int code = options_read(argc, argv, &options);
    if (code != OPTIONS_GO_ON)
        return code;
    enum smcred_status status = report_init(&report, options.json);
    if (status == SMCRED_OK)
        status = run(&options, &report);
    bool written = report_end(&report);
    report_done(&report);
    return status == SMCRED_OK && !written ? EXIT_FAILED : (int)exit_code_of(status);
}
