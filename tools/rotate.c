/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rotate.c - `smcred rotate`: RotateSecret with an administrator's own AWS credentials, watched to
 * its end, and proven by a login of the keeper's.
 */
#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "tools/commands.h"
#include "tools/manager.h"
#include "tools/render.h"

#define CALL_TIMEOUT_MS 60000
#define WAIT_S_DEFAULT  60
#define WAIT_S_MAX      86400
#define POLL_FIRST_MS   200 /* doubled up to ... */
#define POLL_LAST_MS    2000
#define VERSION_SIZE    65 /* bytes of a version's id, NUL included */

static const struct tool_option options[] = {
    {"wait", "SECONDS", "how long to wait for the end: 60; 0 starts the rotation and no more"},
    {"endpoint-url", "URL", "where Secrets Manager is, if not AWS's own place"},
    {"region", "REGION", "the AWS region"},
    {"profile", "PROFILE", "the profile of the AWS configuration files"},
    {NULL, NULL, NULL},
};

struct rotation {
    const struct tool_context *ctx;
    struct manager *manager;
    const char *target;
    const char *secret;
    char version[VERSION_SIZE]; /* the new one */
    int64_t began_ms, step_ms;
    cJSON *document;
    cJSON *steps;
};

/* ---- what is shown ---- */

/* A step is over: said at once, and kept for --json. */
static void step(struct rotation *rotation, const char *name, const char *text)
{
    int64_t now_ms = sm_boot_ms();
    double took_ms = (double)(now_ms - rotation->step_ms);
    cJSON *object = cJSON_CreateObject();
    rotation->step_ms = now_ms;
    if (!cJSON_AddStringToObject(object, "step", name) ||
        !cJSON_AddNumberToObject(object, "took_ms", took_ms) ||
        !cJSON_AddItemToArray(rotation->steps, object))
        cJSON_Delete(object); /* the document has one step less */
    if (rotation->ctx->json)
        return;
    (void)printf("%8.1f s  %-12s  ", took_ms / 1000, name);
    (void)render_text(stdout, text);
    (void)putchar('\n');
    (void)fflush(stdout); /* checked when it is closed */
}

static int finish(struct rotation *rotation, const char *outcome, int code)
{
    if (!rotation->ctx->json)
        return code;
    (void)cJSON_AddStringToObject(rotation->document, "outcome", outcome);
    int printed = document_print(rotation->ctx, rotation->document);
    return printed == TOOL_EXIT_OK ? code : printed;
}

/* With --json the document says it, and standard error alone. */
static int finish_saying(struct rotation *rotation, const char *outcome, int code, const char *text)
{
    (void)fprintf(stderr, "%s: ", rotation->ctx->name);
    (void)render_text(stderr, text);
    (void)fputc('\n', stderr);
    (void)cJSON_AddStringToObject(rotation->document, "text", text);
    return finish(rotation, outcome, code);
}

/* ---- Secrets Manager ---- */

static int call(struct rotation *rotation, const char *operation, cJSON **out_answer)
{
    autorequest struct request *request = NULL;
    int code = manager_request(rotation->ctx, rotation->manager, &request);
    if (code != TOOL_EXIT_OK)
        return code;
    request_text(request, "SecretId", rotation->secret);
    return manager_call(rotation->ctx, rotation->manager, operation, request, out_answer);
}

static bool has_label(const cJSON *description, const char *version, const char *label)
{
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(description, "VersionIdsToStages");
    const cJSON *labels = cJSON_GetObjectItemCaseSensitive(map, version), *item;
    cJSON_ArrayForEach(item, labels)
    {
        const char *text = cJSON_GetStringValue(item);
        if (text && strcmp(text, label) == 0)
            return true;
    }
    return false;
}

static void pause_ms(int64_t ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL); /* a signal makes it shorter */
}

enum end { CURRENT, GIVEN_UP, SLOW, UNKNOWN };

/* Until the new version is AWSCURRENT, or AWSPENDING no more. */
static enum end watch(struct rotation *rotation, int64_t until_ms, int *out_code)
{
    int64_t wait_ms = POLL_FIRST_MS;
    bool was_pending = false;
    for (;;) {
        autodocument cJSON *description = NULL;
        *out_code = call(rotation, "DescribeSecret", &description);
        if (*out_code != TOOL_EXIT_OK)
            return UNKNOWN;
        if (has_label(description, rotation->version, "AWSCURRENT"))
            return CURRENT;
        bool pending = has_label(description, rotation->version, "AWSPENDING");
        if (pending && !was_pending)
            step(rotation, "pending", "the new version is AWSPENDING: its function is at work");
        if (was_pending && !pending)
            return GIVEN_UP;
        was_pending = pending;
        if (sm_boot_ms() + wait_ms > until_ms)
            return SLOW;
        pause_ms(wait_ms);
        wait_ms = wait_ms * 2 < POLL_LAST_MS ? wait_ms * 2 : POLL_LAST_MS;
    }
}

/* ---- the keeper ---- */

static int ask(const struct tool_context *ctx, enum ctl_verb verb, enum ctl_tag tag,
               const char *name, cJSON **out_document)
{
    struct question question;
    question_begin(&question, verb);
    sm_wire_put_text(&question.wire, (uint16_t)tag, name);
    return document_ask(ctx, &question, out_document);
}

/* The keeper reads the new version, so that no login needs to find out, and logs in with it. */
static int prove(struct rotation *rotation)
{
    autodocument cJSON *refreshed = NULL;
    char scratch[DOCUMENT_SCRATCH], text[1024];
    cJSON *proof = NULL;
    int code = ask(rotation->ctx, CTL_REFRESH, CTL_NAME, rotation->target, &refreshed);
    if (code == TOOL_EXIT_OK)
        code = ask(rotation->ctx, CTL_PROVE, CTL_TARGET, rotation->target, &proof);
    if (code != TOOL_EXIT_OK)
        return code;
    if (!cJSON_AddItemToObject(rotation->document, "proof", proof)) {
        cJSON_Delete(proof);
        return tool_failed(rotation->ctx, SMCRED_NO_MEMORY, "out of memory");
    }
    bool in = strcmp(document_text(proof, "outcome", scratch), "proven") == 0;
    bool same = strcmp(document_text(proof, "version", scratch), rotation->version) == 0;
    if (in && same) {
        (void)snprintf(text, sizeof text, "logged in as %s at %s with it",
                       document_text(proof, "user", scratch),
                       document_text(proof, "endpoint", scratch));
        step(rotation, "proven", text);
        return finish(rotation, "rotated", TOOL_EXIT_OK);
    }
    (void)snprintf(text, sizeof text, "the new version does not log in: %s",
                   in ? "the one before still does" : document_text(proof, "text", scratch));
    return finish_saying(rotation, "failed", TOOL_EXIT_FAILED, text);
}

/* ---- all of it ---- */

static int watch_and_prove(struct rotation *rotation, int64_t wait_s)
{
    int code = TOOL_EXIT_OK;
    switch (watch(rotation, rotation->began_ms + wait_s * 1000, &code)) {
    case CURRENT:
        step(rotation, "current", "the new version is AWSCURRENT");
        return prove(rotation);
    case GIVEN_UP:
        return finish_saying(rotation, "failed", TOOL_EXIT_FAILED,
                             "the new version is AWSPENDING no more, and did not become "
                             "AWSCURRENT: the rotation was cancelled or replaced");
    case SLOW:
        return finish_saying(rotation, "slow", TOOL_EXIT_SLOW,
                             "the rotation is still under way, or its function has failed, which "
                             "Secrets Manager does not tell: the function's own log does");
    case UNKNOWN:
        break;
    }
    return code;
}

/* ---- how it begins ---- */

static void begin(struct rotation *rotation, const char *version, const char *step_name,
                  const char *what)
{
    char text[256];
    (void)snprintf(rotation->version, sizeof rotation->version, "%s", version);
    (void)cJSON_AddStringToObject(rotation->document, "version", rotation->version);
    (void)snprintf(text, sizeof text, "version %s of %.128s%s", rotation->version, rotation->secret,
                   what);
    step(rotation, step_name, text);
}

/* One that had stopped: Secrets Manager says no, and goes on with it all the same. */
static int begin_again(struct rotation *rotation, const struct sm_error *refusal)
{
    autodocument cJSON *description = NULL;
    const cJSON *labels;
    int code = call(rotation, "DescribeSecret", &description);
    if (code != TOOL_EXIT_OK)
        return code;
    cJSON_ArrayForEach(labels, cJSON_GetObjectItemCaseSensitive(description, "VersionIdsToStages"))
    {
        if (!has_label(description, labels->string, "AWSPENDING"))
            continue;
        begin(rotation, labels->string, "resumed", ", whose rotation had not come to its end");
        return TOOL_EXIT_OK;
    }
    return tool_failed(rotation->ctx, SMCRED_INVALID, "%s", refusal->text);
}

static int start(struct rotation *rotation)
{
    autorequest struct request *request = NULL;
    autodocument cJSON *answer = NULL;
    char scratch[DOCUMENT_SCRATCH];
    struct sm_error err = {0};
    int code = manager_request(rotation->ctx, rotation->manager, &request);
    if (code != TOOL_EXIT_OK)
        return code;
    request_text(request, "SecretId", rotation->secret);
    request_token(request);
    enum smcred_status status =
        manager_try(rotation->ctx, rotation->manager, "RotateSecret", request, &answer, &err);
    if (status == SMCRED_INVALID && strstr(err.text, "will be reattempted"))
        return begin_again(rotation, &err);
    if (status != SMCRED_OK)
        return tool_failed(rotation->ctx, status, "%s", err.text);
    begin(rotation, document_text(answer, "VersionId", scratch), "started", "");
    return TOOL_EXIT_OK;
}

static int rotate(struct rotation *rotation, int64_t wait_s)
{
    rotation->began_ms = rotation->step_ms = sm_boot_ms();
    int code = start(rotation);
    if (code != TOOL_EXIT_OK)
        return code;
    if (wait_s == 0)
        return finish(rotation, "started", TOOL_EXIT_OK);
    return watch_and_prove(rotation, wait_s);
}

/* False: it is no number of seconds. */
static bool read_wait(const struct tool_context *ctx, int64_t *out_s)
{
    const char *value = tool_value(ctx, "wait");
    char *end = NULL;
    *out_s = WAIT_S_DEFAULT;
    if (!value)
        return true;
    long seconds = strtol(value, &end, 10);
    *out_s = seconds;
    return *value >= '0' && *value <= '9' && *end == '\0' && seconds <= WAIT_S_MAX;
}

static int run(const struct tool_context *ctx, int argc, char **argv)
{
    automanager struct manager *manager = NULL;
    autodocument cJSON *explained = NULL;
    autodocument cJSON *document = cJSON_CreateObject();
    char scratch[DOCUMENT_SCRATCH];
    int64_t wait_s;
    if (argc != 1)
        return tool_misused(ctx, "one target is expected");
    if (!read_wait(ctx, &wait_s))
        return tool_misused(ctx, "--wait is a number of seconds up to %d", WAIT_S_MAX);
    int code = ask(ctx, CTL_EXPLAIN, CTL_HOST, argv[0], &explained);
    if (code != TOOL_EXIT_OK)
        return code;
    struct rotation rotation = {.ctx = ctx, .document = document};
    rotation.target = document_text(explained, "target", scratch);
    rotation.secret = document_text(explained, "secret", scratch);
    if (!*rotation.target)
        return tool_failed(ctx, SMCRED_NOT_FOUND, "no target has that name");
    if (!*rotation.secret)
        return tool_failed(ctx, SMCRED_DENIED, "only an administrator may rotate a secret");
    code = manager_new(ctx, &manager);
    if (code != TOOL_EXIT_OK)
        return code;
    rotation.manager = manager;
    (void)cJSON_AddStringToObject(document, "target", rotation.target);
    (void)cJSON_AddStringToObject(document, "secret", rotation.secret);
    rotation.steps = cJSON_AddArrayToObject(document, "steps");
    if (!rotation.steps)
        return tool_failed(ctx, SMCRED_NO_MEMORY, "out of memory");
    return rotate(&rotation, wait_s);
}

const struct tool_command tool_rotate = {
    .name = "rotate",
    .summary = "Rotate a target's secret now, and prove the new version by a login",
    .operands = "TARGET",
    .options = options,
    .timeout_ms = CALL_TIMEOUT_MS,
    .run = run,
};
