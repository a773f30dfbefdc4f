/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * refresh.c - `smcred refresh`: have the keeper read secrets again now.  For administrators.
 */
#include "tools/commands.h"
#include "tools/render.h"

#define REFRESH_TIMEOUT_MS 60000 /* the keeper asks Secrets Manager, with its retries */

static const struct tool_option options[] = {
    {"all", NULL, "every secret of the configuration"},
    {NULL, NULL, NULL},
};

/* One row per secret; a secret that could not be read makes the whole a failure. */
static int judge(const cJSON *document)
{
    char scratch[DOCUMENT_SCRATCH];
    const cJSON *row;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(document, "refreshed"))
    {
        if (strcmp(document_text(row, "status", scratch), sm_status_text(SMCRED_OK)) != 0)
            return TOOL_EXIT_FAILED;
    }
    if (cJSON_HasObjectItem(document, "unread"))
        return TOOL_EXIT_FAILED;
    return TOOL_EXIT_OK;
}

static int run(const struct tool_context *ctx, int argc, char **argv)
{
    struct question question;
    autodocument cJSON *document = NULL;
    bool all = tool_value(ctx, "all");
    if (all ? argc != 0 : argc != 1)
        return tool_misused(ctx, "one target or secret, or --all, is expected");
    question_begin(&question, CTL_REFRESH);
    if (all)
        sm_wire_put(&question.wire, CTL_ALL, sm_bytes("", 0));
    else
        sm_wire_put_text(&question.wire, CTL_NAME, argv[0]);
    int code = document_ask(ctx, &question, &document);
    if (code != TOOL_EXIT_OK)
        return code;
    if (ctx->json)
        code = document_print(ctx, document);
    else
        render_object(ctx, document);
    return code == TOOL_EXIT_OK ? judge(document) : code;
}

const struct tool_command tool_refresh = {
    .name = "refresh",
    .summary = "Have the keeper read a secret, or all of them, again now",
    .operands = "TARGET|--all",
    .options = options,
    .timeout_ms = REFRESH_TIMEOUT_MS,
    .run = run,
};
